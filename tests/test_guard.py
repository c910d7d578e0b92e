"""One turn of a component: what it raises is one error, what it sets is put back after it."""

import builtins
import json
import math
import os
import signal
import sys
import threading
import time
import warnings
import zipfile

import numpy as np
import pytest

from sondage import defects
from sondage.errors import PluginError
from sondage.guard import surroundings
from sondage.guard.guarded import TimeLimitReached, guarded, time_limit
from sondage.guard.isolation import Isolation


class Silent:
    def __call__(self, *_):
        pass

    def __eq__(self, other):
        return isinstance(other, Silent)

    __hash__ = None


class SpeechlessError(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (SystemExit(3), r"called sys\.exit\(3\)"),
        (GeneratorExit(), "raised GeneratorExit"),
        (BaseException("odd"), "raised BaseException: odd"),
        (SpeechlessError(), "whose own text failed with RuntimeError"),
        (ValueError("x" * 30_000), r"^ValueError: x{2000} \.\.\. \(30000 characters\)"),
    ],
)
def test_whatever_is_raised_is_one_error(raised, message):
    with pytest.raises(PluginError, match=message), guarded(Isolation()):
        raise raised


def test_an_ordinary_error_stays_what_it_is():
    with pytest.raises(KeyError), guarded(Isolation()):
        raise KeyError("name")


def test_ending_the_process_is_refused():
    leave = os._exit
    with pytest.raises(PluginError, match=r"os\._exit\(0\)"), guarded(Isolation()):
        os._exit(0)
    assert os._exit is leave


def test_a_time_limit_comes_between_steps_of_python_in_any_thread():
    def endless():
        while True:
            time.sleep(0.005)

    with pytest.raises(PluginError, match=r"limit of 0\.05 seconds"), guarded(Isolation(), 0.05):
        endless()
    ended = []

    def watched():
        try:
            with time_limit(0.05):
                endless()
        except TimeLimitReached:
            ended.append(True)

    thread = threading.Thread(target=watched)
    thread.start()
    thread.join(10)
    assert ended == [True]


def test_what_a_turn_sets_is_put_back_and_there_in_the_next(tmp_path, monkeypatch):
    monkeypatch.delenv("SONDAGE_TEST", raising=False)
    here, own, other = os.getcwd(), Isolation(), Isolation()
    with own.turn():
        os.chdir(tmp_path)
        os.environ["SONDAGE_TEST"] = "1"
        np.seterr(all="raise")
        np.random.seed(3)  # noqa: NPY002
        drawn = np.random.random()  # noqa: NPY002
        warnings.simplefilter("ignore")
    assert (os.getcwd(), os.environ.get("SONDAGE_TEST")) == (here, None)
    assert np.geterr()["over"] != "raise"
    with other.turn():
        assert "SONDAGE_TEST" not in os.environ
    with own.turn():
        assert (os.getcwd(), os.environ["SONDAGE_TEST"]) == (str(tmp_path), "1")
        assert np.geterr()["over"] == "raise"
        assert np.random.random() != drawn  # noqa: NPY002


def test_everything_taken_is_put_back_as_it_was(tmp_path):
    before = surroundings.take_all()
    sys.setrecursionlimit(sys.getrecursionlimit() + 1)
    sys.path.insert(0, str(tmp_path))
    os.umask(os.umask(0) ^ 0o7)
    surroundings.put_back(before)
    assert str(tmp_path) not in sys.path
    assert sys.getrecursionlimit() in before


def test_what_a_turn_replaces_or_takes_away_is_put_back():
    kept = json.dumps, os.path.join, defects.Defects.text, defects.check_file, builtins.all
    last = [*vars(zipfile)][-1]
    with Isolation().turn():
        json.dumps = os.path.join = builtins.all = builtins.map = builtins.zip = builtins.len = (
            print
        )
        defects.Defects.text = defects.Defects.lines
        del defects.check_file
        setattr(zipfile, f"{last}_", vars(zipfile).pop(last))
        sys.modules["json"] = sys.modules.pop("math")
    assert kept == (
        json.dumps, os.path.join, defects.Defects.text, defects.check_file, builtins.all,
    )  # fmt: skip
    assert (sys.modules["json"], sys.modules["math"]) == (json, math)
    delattr(zipfile, f"{last}_")
    assert list(map(len, zip("ab", "cd", strict=True))) == [2, 2]


def test_what_somebody_else_replaced_between_two_turns_stays(monkeypatch):
    for said in ("one", "two"):
        monkeypatch.setattr(json, "dumps", lambda *_, said=said: said)
        monkeypatch.setattr(defects.Defects, "text", lambda *_, said=said: said)
        with Isolation().turn():
            json.dumps = defects.Defects.text = None
        assert (json.dumps(1), defects.Defects().text("")) == (said, said)


def test_what_is_equal_and_yet_another_is_put_back():
    before, show, environment = Silent(), warnings.showwarning, os.environ
    handler = signal.signal(signal.SIGUSR1, before)
    try:
        with Isolation().turn():
            signal.signal(signal.SIGUSR1, Silent())
            os.environ = dict(os.environ)  # noqa: B003
            warnings.showwarning = Silent()
        assert signal.getsignal(signal.SIGUSR1) is before
        assert (os.environ, warnings.showwarning) == (environment, show)
        assert os.environ is environment
    finally:
        signal.signal(signal.SIGUSR1, handler)


def test_what_is_printed_goes_to_standard_error_cleaned_and_bounded(capfd):
    with Isolation().turn():
        print("seen \x1b[31m")
        os.write(1, b"by the system\n")
        print("y" * 200_000)
        print("after")
        assert sys.stdin.read() == ""
    out, err = capfd.readouterr()
    assert out == ""
    assert "seen \\x1b[31m" in err
    assert "by the system" in err
    assert "it prints more: left out" in err
    assert "after" not in err
