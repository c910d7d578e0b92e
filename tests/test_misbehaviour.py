"""A component may do what it likes: its cells fail with a reason, all others are there."""

import json
import os
import time

import numpy as np
import pytest

from sondage import api
from sondage.errors import ParameterError, SondageError

PROBES = """
    import json, os, sys, time, warnings, random
    import numpy as np, sondage
    from sondage.data import Outcomes, Result

    class Bad:
        def __init__(self, *, does: str = "nothing", strength: float = 1.0):
            self.does, self.strength = does, strength
        units = "vectors"
        randomness = ()
        def run_layers(self, problem):
            for layer in problem.layers:
                yield layer, 0, globals()[self.does](problem) or Result({"x": 0.5})

    def nothing(problem): pass
    def leaves(problem): sys.exit()
    def leaves_well(problem): sys.exit(0)
    def leaves_at_once(problem): os._exit(0)
    def interrupts(problem): raise KeyboardInterrupt
    def closes(problem): raise GeneratorExit
    def stops(problem): raise StopIteration
    def own(problem):
        class Odd(BaseException): pass
        raise Odd("odd")
    def mute(problem):
        class Mute(Exception):
            def __str__(self): raise ValueError
        raise Mute
    def mute_end(problem):
        class Mute(BaseException):
            def __str__(self): raise ValueError
        raise Mute
    def chained(problem):
        a, b = ValueError("a"), ValueError("b" * 10_000_000)
        raise a from b
    def store_error(problem): raise sondage.errors.ResultsError("mine")
    def asks(problem): input("well? ")
    def nan_table(problem): return Result({"x": 0.5}, tables={"t": {"c": [1.0, float("nan")]}})
    def inf_table(problem): return Result({"x": 0.5}, tables={"t": {"c": [float("inf")]}})
    def set_table(problem): return Result({"x": 0.5}, tables={"t": {"c": {1, 2}}})
    def deep(problem):
        x = []
        for _ in range(5000): x = [x]
        return Result({"x": 0.5}, tables={"t": {"c": x}})
    def endless_table(problem):
        x = []; x.append(x)
        return Result({"x": 0.5}, tables={"t": {"c": x}})
    def bytes_warning(problem): return Result({"x": 0.5}, warnings={"w": b"1"})
    def odd_key(problem): return Result({"x": 0.5}, tables={"t": {3: [1]}})
    def objects(problem): return Result({"x": 0.5}, arrays={"a": np.array([object()])})
    def no_result(problem): return 17
    def text_score(problem): return Result({"x": "high"})
    def relabels(problem): problem.data.target.y[:] = 0
    def numpys(problem):
        return Result({"x": np.float32(0.5)}, warnings={"w": np.int64(2)},
            tables={"t": {"c": [np.int64(1), np.bool_(True), np.str_("s")], "d": np.arange(3)}})
    def endless(problem):
        while True:
            try: time.sleep(0.01)
            except Exception: pass
    def moves(problem):
        os.chdir("/"); os.environ["SONDAGE_RUNS"] = "/nowhere"; os.environ["GUARDED"] = "1"
        np.random.seed(3); random.seed(3); np.seterr(all="raise")
        warnings.simplefilter("ignore"); sys.setrecursionlimit(200); sys.path.clear()
        np.set_printoptions(precision=1)
        json.dumps = None; np.mean = None; sondage.data.Labels.__len__ = None
        print("printed \\x1b[31m"); os.umask; sys.stdout.close()

    class Fine:
        def __init__(self, *, place: int = 0): self.place = place
        def fit(self, X, y, *, rng): self.y = y[0]; return self
        def predict(self, X): return np.full(len(X), self.y)

    @sondage.hookimpl
    def sondage_probes():
        about = dict(summary="s", reference="r")
        return [sondage.ProbeSpec(name="bad.bad", factory=Bad, **about),
                sondage.ProbeSpec(name="bad.fine", factory=Fine, **about)]
"""
FAILING = {
    "leaves": "sys.exit",
    "leaves_well": "sys.exit(0)",
    "leaves_at_once": "os._exit(0)",
    "interrupts": "KeyboardInterrupt by itself",
    "closes": "",
    "stops": "StopIteration",
    "own": "Odd: odd",
    "mute": "whose own text failed",
    "mute_end": "whose own text failed",
    "chained": "ValueError: a",
    "store_error": "mine",
    "asks": "EOF",
    "nan_table": "nan in 'tables' → 't' → 'c' → '1'",
    "inf_table": "inf",
    "set_table": "set",
    "deep": "nested too deeply",
    "endless_table": "nested too deeply",
    "bytes_warning": "",
    "odd_key": "the key 3",
    "objects": "",
    "no_result": "",
    "text_score": "",
    "relabels": "changed the arrays of task",
}


def registry(tmp_path, *does, **parameters):
    """A composition of probes, each misbehaving in its way, between two that are fine."""
    given = {"first": {"use": "bad.fine", "place": 1}}
    given |= {name: {"use": "bad.bad", "does": name, **parameters} for name in does}
    given["last"] = {"use": "bad.fine", "place": 2}
    path = tmp_path / "bad.yaml"
    declared = {
        "version": 1,
        "encoders": {"e": {"use": "toy.encoder", "n_layers": 1}},
        "tasks": {"t": {"use": "toy.task", "n": 40}},
        "probes": given,
        "compositions": {"c": {"encoders": ["e"], "tasks": ["t"], "probes": list(given)}},
    }
    path.write_text(json.dumps(declared), "utf-8")
    return f"{path}:c"


@pytest.fixture
def plugins(make_plugin):
    make_plugin("toy")
    make_plugin("bad", PROBES)


def outcomes(run):
    """Statuses and messages by component."""
    out = {}
    for record in run.folder.records():
        out.setdefault(record["component"], []).append(
            (record["status"], record.get("error", {}).get("message", ""), record)
        )
    return out


def test_whatever_a_probe_does_only_its_own_cells_fail(plugins, tmp_path):
    found = outcomes(api.run(registry(tmp_path, *FAILING)))
    assert set(found) == {"first", "last", *FAILING}
    for name, cells in found.items():
        wanted = "done" if name in ("first", "last") else "failed"
        assert [status for status, _, _ in cells] == [wanted] * 2, name
        for _, _, record in cells:
            error = record.get("error", {})
            said = error.get("traceback", "") + error.get("message", "")
            assert FAILING.get(name, "") in said, name
            assert len(json.dumps(record)) < 100_000, name
    assert found["first"][0][2]["scores"] == found["last"][0][2]["scores"]


def test_numpy_values_are_kept_as_plain_ones(plugins, tmp_path):
    found = outcomes(api.run(registry(tmp_path, "numpys")))
    (status, _, record), _ = found["numpys"]
    assert status == "done"
    assert record["tables"] == {"t": {"c": [1, True, "s"], "d": [0, 1, 2]}}
    assert record["warnings"]["w"] == 2


def test_what_a_probe_sets_prints_or_patches_stays_with_it(plugins, tmp_path, capfd):
    np.random.seed(11)  # noqa: NPY002
    before = os.getcwd(), dict(os.environ), np.geterr(), np.mean, json.dumps
    state = np.random.get_state()[1].tolist()  # noqa: NPY002
    found = outcomes(api.run(registry(tmp_path, "moves")))
    assert [s for name in found for s, _, _ in found[name]] == ["done"] * 6
    assert before == (os.getcwd(), dict(os.environ), np.geterr(), np.mean, json.dumps)
    assert state == np.random.get_state()[1].tolist()  # noqa: NPY002
    out, err = capfd.readouterr()
    assert out == ""
    assert "printed \\x1b[31m" in err


def test_a_cell_over_its_time_fails_and_the_others_are_run(plugins, tmp_path):
    start = time.monotonic()
    found = outcomes(api.run(registry(tmp_path, "endless"), cell_seconds=0.2))
    assert time.monotonic() - start < 5
    assert [s for s, _, _ in found["endless"]] == ["failed"] * 2
    assert "time limit of 0.2 seconds" in found["endless"][0][1]
    assert [s for s, _, _ in found["last"]] == ["done"] * 2


def test_the_same_holds_on_workers(plugins, tmp_path):
    does = ("leaves", "interrupts", "leaves_at_once", "endless", "nan_table")
    found = outcomes(api.run(registry(tmp_path, *does), workers=2, cell_seconds=0.5))
    assert {name: {s for s, _, _ in cells} for name, cells in found.items()} == {
        **{name: {"failed"} for name in does},
        "first": {"done"},
        "last": {"done"},
    }
    assert "time limit" in found["endless"][0][1]


def test_an_infinite_parameter_is_recorded_and_no_number_is_refused(plugins, tmp_path):
    target = registry(tmp_path, "nothing", strength=float("inf"))
    path = tmp_path / "bad.yaml"
    path.write_text(path.read_text("utf-8").replace("Infinity", ".inf"), "utf-8")
    found = outcomes(api.run(target))
    assert {s for name in found for s, _, _ in found[name]} == {"done"}
    assert found["nothing"][0][2]["key"]["component"]["parameters"]["strength"] == "inf"
    path.write_text(path.read_text("utf-8").replace(".inf", ".nan"), "utf-8")
    with pytest.raises(ParameterError, match=r"'strength' is \.nan") as error:
        api.run(target)
    assert "bad.yaml:1, probes.nothing.strength" in error.value.where


ODD = """
    import sys, sondage
    from sondage.testing.toys import ToyEncoder

    class Odd(ToyEncoder):
        def __init__(self, *, does: str, seed: int = 0, n_layers: int = 1):
            if does == "breaks": {}["a key"]
            if does == "exits": sys.exit(3)
            super().__init__(seed=seed, n_layers=n_layers)
            self.does = does
        @property
        def fingerprint(self):
            if self.does == "numbered": return 7
            if self.does == "raises": raise KeyError("lost")
            return super().fingerprint
        def encode(self, corpus, request):
            if self.does == "exits_late": sys.exit(0)
            for chunk in super().encode(corpus, request):
                yield chunk
                while self.does == "empty":
                    yield chunk.__class__(chunk.sentences[:0],
                        {k: v[:, :0] for k, v in chunk.rows.items()})

    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="odd.odd", factory=Odd, summary="s", reference="r")]
"""


@pytest.mark.parametrize(
    ("does", "said", "where"),
    [
        ("breaks", "KeyError: 'a key' (", "bad.yaml:1, encoders.e"),
        ("exits", "sys.exit(3)", "bad.yaml:1, encoders.e"),
        ("numbered", "fingerprint 7", ""),
        ("raises", "KeyError: 'lost'", ".py:"),
    ],
)
def test_a_component_that_cannot_be_planned_is_one_message(
    plugins, make_plugin, tmp_path, does, said, where
):
    make_plugin("odd", ODD)
    target = registry(tmp_path)
    path = tmp_path / "bad.yaml"
    odd = json.dumps({"use": "odd.odd", "does": does})
    path.write_text(path.read_text("utf-8").replace('{"use": "toy.encoder", "n_layers": 1}', odd))
    with pytest.raises(SondageError) as error:
        api.run(target)
    assert said in error.value.message
    assert where in error.value.where


@pytest.mark.parametrize(("does", "said"), [("exits_late", "sys.exit(0)"), ("empty", "chunks")])
def test_an_encoder_that_exits_or_never_ends_fails_its_cells(
    plugins, make_plugin, tmp_path, does, said
):
    make_plugin("odd", ODD)
    target = registry(tmp_path)
    path = tmp_path / "bad.yaml"
    content = json.loads(path.read_text("utf-8"))
    content["encoders"]["o"] = {"use": "odd.odd", "does": does, "seed": 5}
    content["compositions"]["c"]["encoders"] = ["o", "e"]
    path.write_text(json.dumps(content), "utf-8")
    records = api.run(target).folder.records()
    assert {(r["encoder"], r["status"]) for r in records} == {("o", "failed"), ("e", "done")}
    assert all(said in r["error"]["message"] for r in records if r["encoder"] == "o")
