"""An interrupt counts however a library took it, and a fit that did not end is said."""

import _thread
import builtins
import contextlib
import json
import signal
import threading
import warnings

import numpy as np
import pytest

from sondage import api
from sondage.data import Chunk, Result
from sondage.execute.encode import encode
from sondage.execute.training import trained
from sondage.guard import heed
from sondage.store import Key, Store
from sondage.testing.toys import word_corpus


@pytest.fixture(autouse=True)
def _interrupts_are_heard():
    """A shell starts what it runs in the background with interrupts ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


PROBES = """
    import signal, sondage, warnings
    import numpy as np
    from sondage.data import Result

    class ConvergenceWarning(UserWarning):
        pass

    class Guess:
        def fit(self, X, y, *, rng):
            self.learn()
            self.most_ = np.bincount(y).argmax()
            return self
        def predict(self, X):
            return np.full(len(X), self.most_)
        def learn(self):
            pass

    class Swallows(Guess):
        def learn(self):
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                warnings.warn("interrupted by user")

    class Graceful(Guess):
        def learn(self):
            signal.signal(signal.SIGINT, lambda *_: None)
            signal.raise_signal(signal.SIGINT)

    class Terminated(Guess):
        def learn(self):
            before = signal.signal(signal.SIGTERM, lambda *_: None)
            signal.raise_signal(signal.SIGTERM)
            signal.signal(signal.SIGTERM, before)

    class Turned(Guess):
        def learn(self):
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                raise RuntimeError("stopped") from None

    class Layered(Guess):
        units, joint, randomness, per_layer = "vectors", ("layer",), (), True
        def run_layers(self, problem):
            for i, layer in enumerate(problem.layers):
                try:
                    if i == 1:
                        signal.raise_signal(signal.SIGINT)
                except KeyboardInterrupt:
                    pass
                for seed in problem.seeds:
                    yield layer, seed, Result({"half": 0.5})

    class Slow(Guess):
        def learn(self):
            for _ in range(2):
                warnings.warn("lbfgs failed to converge", ConvergenceWarning)

    ABOUT = {"summary": "s", "reference": "r"}
    MADE = (Swallows, Graceful, Terminated, Turned, Layered, Slow)

    @sondage.hookimpl
    def sondage_probes():
        return [
            sondage.ProbeSpec(name=f"odd.{made.__name__.lower()}", factory=made, **ABOUT)
            for made in MADE
        ]
"""


@pytest.fixture
def odd(toy_registry, make_plugin):
    make_plugin("odd", PROBES)

    def composed(probe):
        text = toy_registry.read_text("utf-8").split("compositions:")[0]
        body = f"encoders: [a]\n    tasks: [t]\n    probes: [odd.{probe}]\n    seeds: [0]\n"
        toy_registry.write_text(f"{text}compositions:\n  c:\n    {body}", "utf-8")
        return f"{toy_registry}:c"

    return composed


@pytest.mark.filterwarnings("ignore:interrupted by user")
@pytest.mark.parametrize("probe", ["swallows", "graceful", "terminated", "turned"])
def test_an_interrupted_fit_leaves_nothing(odd, tmp_path, probe):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        api.run(odd(probe))
    assert "".join(f.read_text("utf-8") for f in tmp_path.rglob("cells.jsonl")) == ""
    assert signal.getsignal(signal.SIGINT) is handler
    assert signal.set_wakeup_fd(-1) == -1


def test_what_was_finished_before_an_interrupt_stays(odd, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        api.run(odd("layered"))
    (lines,) = (f.read_text("utf-8").splitlines() for f in tmp_path.rglob("cells.jsonl"))
    assert [json.loads(line)["layer"] for line in lines] == [0]


def test_fits_that_did_not_converge_are_counted_in_the_record(odd):
    run = api.run(odd("slow"))
    assert [r["warnings"].get("not-converged") for r in run.folder.records()] == [2] * 4


def test_a_warning_of_another_thread_belongs_to_those_that_are_open():
    class ConvergenceWarning(UserWarning):
        pass

    def warn(text="slow"):
        warnings.warn(text, ConvergenceWarning, stacklevel=1)

    with heed.unconverged() as outer:
        warn()
        with heed.unconverged() as inner:
            helper = threading.Thread(target=warn)
            helper.start()
            helper.join()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warn()
        assert (inner.count, outer.count) == (1, 2)
        with pytest.warns(UserWarning, match="another"):
            warnings.warn("another", UserWarning, stacklevel=1)
    with pytest.warns(ConvergenceWarning):
        warn()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("lbfgs failed to converge (status=1):\nSTOP: TOTAL NO. OF ITERATIONS", "UserWarning"),
        ("The max_iter was reached which means the coef_ did not converge", "UserWarning"),
        ("Maximum number of iterations has been exceeded.", "RuntimeWarning"),
        ("Desired error not necessarily achieved due to precision loss.", "RuntimeWarning"),
        ("Solution may be inaccurate. Try another solver", "UserWarning"),
        ("Solver terminated early (max_iter=3).", "UserWarning"),
        ("EM algorithm:\nit hasn't converged", "RuntimeWarning"),
        ("x", "ConvergenceWarning"),
        ("x", "IterationLimitWarning"),
    ],
)
def test_warnings_of_fits_that_did_not_end_are_told_by_name_or_words(said, kind):
    category = getattr(builtins, kind, None) or type(kind, (UserWarning,), {})
    with heed.unconverged() as tally:
        for _ in range(2):
            warnings.warn(said, category, stacklevel=1)
    assert tally.count == 2


@pytest.mark.parametrize("said", ["converged after 7 iterations", "not equal", "limit of 3"])
def test_other_warnings_are_let_through(said):
    with heed.unconverged() as tally, pytest.warns(UserWarning, match=said):
        warnings.warn(said, UserWarning, stacklevel=1)
    assert tally.count == 0


def test_an_interrupt_is_passed_on_to_the_outer_of_two():
    def inner():
        try:
            with heed.interrupts():
                _thread.interrupt_main()
        except KeyboardInterrupt:
            pass

    with pytest.raises(KeyboardInterrupt), heed.interrupts():
        inner()


def test_other_threads_are_let_alone():
    found = []

    def work():
        with heed.interrupts():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


class Swallowing:
    """Trains, and encodes, until it is told to stop; then it gives what it has."""

    n_layers, width, views = 0, 1, ("mean",)

    def place(self, folder):
        pass

    def train(self):
        self.stop()
        return Result({"loss": 1.0})

    def encode(self, corpus, request):
        for i in range(len(corpus)):
            if i == 1:
                self.stop()
            yield Chunk(np.array([i]), {"mean": np.zeros((1, 1, 1), np.float32)})

    def stop(self):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_an_interrupted_training_is_not_kept(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        trained(Swallowing(), tmp_path / "weights")
    assert not (tmp_path / "weights" / "trained.json").exists()


def test_an_interrupted_encoding_is_not_kept(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        encode(store, Swallowing(), word_corpus(), [Key("e", "c", "mean", 0)])
    assert not list(store.entries())
