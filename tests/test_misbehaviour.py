"""A component may do what it likes: its cells fail with a reason, all others are there."""

import json
import os
import signal
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

    def huge_integer(problem): return Result({"x": 0.5}, tables={"t": {"c": [10**5000]}})
    def no_name(problem): return Result({None: 0.5})
    def half_character(problem): return Result({"x": 0.5}, tables={"t": {"c": ["\\ud800"]}})
    def half_name(problem): return Result({"\\ud800": 0.5})
    def empty_name(problem): return Result({"": 0.5})
    def bytes_score(problem): return Result({"x": b"0.5"})
    def complex_score(problem): return Result({"x": 1j})
    def ragged(problem): return Result({"x": 0.5}, tables={"t": {"c": [1], "d": [1, 2]}})
    def less_than_none(problem): return Result({"x": 0.5}, warnings={"w": -3})
    def twice(problem):
        class Key(str):
            __hash__ = object.__hash__
            __eq__ = object.__eq__
        return Result({"x": 0.5}, tables={Key("t"): {"c": [1]}, Key("t"): {"c": [2]}})
    def exits_as_number(problem):
        class Number:
            def __float__(self): sys.exit(0)
            def __array__(self, *_, **__): return np.array(0.5)
        return Result({"x": Number()})
    def interrupts_as_table(problem):
        class Table:
            def keys(self): raise KeyboardInterrupt
        return Result({"x": 0.5}, tables={"t": Table()})
    def path_name(problem): return Result({"x": 0.5}, arrays={"../../a": np.arange(3)})
    def few_groups(problem): return Result({"x": 0.5}, outcomes=Outcomes(
        np.array([1, 2]), np.array([0]), np.array([1.0])))
    def half_items(problem): return Result({"x": 0.5}, outcomes=Outcomes(
        np.array([1.5]), np.array([0]), np.array([1.0])))
    def far_items(problem): return Result({"x": 0.5}, outcomes=Outcomes(
        np.array([2**40]), np.array([0]), np.array([1.0])))
    def flat_not(problem): return Result({"x": 0.5}, outcomes=Outcomes(
        np.array([[1]]), np.array([[0]]), np.array([[1.0]])))
    def of_nothing(problem): return Result({"x": 0.5}, outcomes=Outcomes(
        np.array([1]), np.array([0]), np.array([1.0]), score="y"))
    def interrupted_text(problem):
        class Odd(Exception):
            def __str__(self): raise KeyboardInterrupt
        raise Odd
    def empties(problem): vars(problem.data.corpus).clear()
    def untargets(problem): object.__setattr__(problem.data, "target", None)

    def numbers(problem):
        import decimal
        return Result({"x": decimal.Decimal("0.5")}, tables={"t": {"c": range(2)}},
            arrays={"file": [1, 2], "allow_pickle": np.eye(2)},
            outcomes=Outcomes([], [], []))
    def writes(problem):
        import subprocess
        os.write(1, b"RAW"); subprocess.run(["echo", "RAW"]); os.close(1); os.close(0)
    def forks(problem):
        # What the copy does not end, it would go on with, as a second run.
        if not (pid := os.fork()): raise ValueError
        os.waitpid(pid, 0)
    def traces(problem):
        def no(frame, *_):
            if "sondage" in frame.f_code.co_filename: raise ValueError("traced")
        sys.setprofile(no)
    def rings(problem):
        import signal
        signal.signal(signal.SIGALRM, signal.SIG_DFL); signal.setitimer(signal.ITIMER_REAL, 60)
    def unloads(problem):
        import builtins, io, pathlib
        sys.modules["json"] = None; sys.meta_path = []; builtins.__import__ = None; io.open = None
        pathlib.Path.mkdir = None; os.umask(0o777); os.environ = {}; sys.modules.pop("numpy")
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE,
            (10, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

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
    "relabels": "changed the data of task",
    "huge_integer": "an integer of",
    "no_name": "the key None in 'scores'",
    "half_character": "half a character",
    "half_name": "a name",
    "empty_name": "a name of 0 characters",
    "bytes_score": "bytes b'0.5' for score 'x'",
    "complex_score": "complex 1j for score 'x'",
    "ragged": "columns of unlike lengths in table 't'",
    "less_than_none": "-3 for warning 'w'",
    "twice": "the key 't' twice",
    "exits_as_number": "sys.exit(0)",
    "interrupts_as_table": "KeyboardInterrupt by itself",
    "path_name": "'../../a' is no name of an array",
    "few_groups": "1 outcomes for 2 items and 1 groups",
    "half_items": "items are no flat list of whole numbers",
    "far_items": "items are no flat list of whole numbers",
    "flat_not": "items are no flat list of whole numbers",
    "of_nothing": "outcomes of score 'y'",
    "interrupted_text": "whose own text failed",
    "empties": "",
    "untargets": "changed the data of task",
}
#: What is not noticed by the others.
BRAZEN = ("numbers", "writes", "forks", "traces", "rings", "unloads")


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


def test_what_a_probe_does_to_its_process_is_undone(plugins, tmp_path, capfd):
    before = os.umask(0o022), os.environ
    found = outcomes(api.run(registry(tmp_path, *BRAZEN)))
    # What breaks the core's own code during a turn fails its own cells, and no others.
    failed = {name for name in found for status, _, _ in found[name] if status != "done"}
    assert failed <= {"traces", "unloads"}
    assert found["first"][0][2]["scores"] == found["last"][0][2]["scores"]
    assert found["numbers"][0][2]["tables"] == {"t": {"c": [0, 1]}}
    assert "outcomes" not in found["numbers"][0][2]
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert (os.umask(before[0]), os.environ) == (0o022, before[1])
    os.write(1, b"still open")
    assert capfd.readouterr().out == "still open"


def test_arrays_of_any_name_are_kept(plugins, tmp_path):
    for _, arrays in api.run(registry(tmp_path, "numbers")).arrays():
        assert {name: a.tolist() for name, a in arrays.items()} == {
            "file": [1, 2],
            "allow_pickle": [[1, 0], [0, 1]],
        }


TORCH = """
    import sondage
    from sondage.data import Result

    class Switch:
        units, randomness = "vectors", ()
        def __init__(self, *, place: int = 0) -> None:
            pass
        def run_layers(self, problem):
            import torch
            before = torch.get_default_dtype(), torch.is_grad_enabled(), torch.rand(1).item()
            torch.set_default_dtype(torch.float64); torch.set_grad_enabled(False)
            torch.set_default_device("meta"); torch.manual_seed(5)
            for layer in problem.layers:
                yield layer, 0, Result({"x": 0.5}, tables={"t": {"c": [str(b) for b in before]}})

    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="switch.switch", factory=Switch, summary="s",
            reference="r")]
"""


def test_what_a_probe_sets_in_torch_stays_with_it(plugins, make_plugin, tmp_path):
    torch = pytest.importorskip("torch")
    make_plugin("switch", TORCH)
    target = registry(tmp_path, "nothing")
    path = tmp_path / "bad.yaml"
    path.write_text(path.read_text("utf-8").replace("bad.fine", "switch.switch"), "utf-8")
    state = torch.get_rng_state()
    found = outcomes(api.run(target))
    assert found["first"][0][2]["tables"] == found["last"][0][2]["tables"]
    assert found["first"][0][2]["tables"]["t"]["c"][:2] == ["torch.float32", "True"]
    assert torch.equal(state, torch.get_rng_state())
    assert torch.get_default_device() == torch.device("cpu")


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
