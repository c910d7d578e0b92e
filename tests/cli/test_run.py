"""plan, run and cache, from nothing to finished and back."""

import json
import re
import shutil

import pytest

from sondage import api
from sondage.cli import progress, text
from sondage.commands import plan
from sondage.commands import progress as counted
from sondage.errors import EncodingError
from sondage.guard.headway import Headway
from sondage.host import Host
from sondage.store import Store, paths

FAILING = """
    import sondage
    class Bad:
        def __init__(self, *, word: str = ""):
            self.word = word
        def fit(self, X, y, *, rng):
            raise ValueError("no \\x1b[31m" + self.word)
        def predict(self, X): ...
    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="bad.probe", factory=Bad, summary="s", reference="r")]
"""

FILED = """
    import sondage
    from sondage.parts import Parts
    from sondage.testing.toys import ToyTask

    class Filed(ToyTask):
        def __init__(self, *, train: str, test: list[str]):
            super().__init__(n=60)
            self.train, self.test = train, test
        @property
        def fingerprint(self):
            parts = Parts(task="filed.task", train=self.train, test=self.test)
            return "".join(parts.hashes)
    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="filed.task", factory=Filed, summary="s", reference="r")]
"""

READING = """tasks:
  read:
    use: filed.task
    train: {there}
    test: [nowhere/x.txt]
"""


def test_a_run_prints_tables_notes_warnings_and_where(call, both):
    ended = call("run", f"{both}:both")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == "t · slow · accuracy"
    assert lines[1].split() == ["layer", "a", "b"]
    assert [line.split()[0] for line in lines[2:6]] == ["0", "1", "2", "3"]
    assert "t · far.gap · gap" in lines
    assert "note: far.gap on t: a seed would vary nothing, so it is run once" in lines
    assert "warning: odd-rows: 3 in each of 4 cells of far.gap on t" in lines
    assert lines[-1].startswith("20 cells in ")
    assert "encode t with a" in ended.err


def test_the_same_command_again_prints_the_same_and_imports_nothing_heavy(script, both):
    first = script("run", f"{both}:both")
    again = script(
        "run", f"{both}:both", heavy=("torch", "dask", "distributed", "pandas", "scipy", "rich")
    )
    assert (first.returncode, again.returncode) == (0, 0)
    assert again.stdout == first.stdout
    assert again.stderr == "imported:\n"


def test_quiet_says_nothing_of_progress(call, both):
    ended = call("run", f"{both}:both", "--quiet")
    assert ended.err == ""
    assert "20 cells in" in ended.out


def test_layers_seeds_and_settings_narrow_and_change_a_run(call, both):
    ended = call(
        "run", f"{both}:both", "--layers", "0,2", "--seeds", "5-7", "--set", "wait=0",
        "--set", "metrics=[]", "--set", "tasks.t.n=50",
    )  # fmt: skip
    assert ended.code == 0
    run = api.results()
    assert {(r["layer"], r["seed"]) for r in run.folder.records()} == {
        (layer, seed) for layer in (0, 2) for seed in (5, 6, 7)
    }
    assert "12 cells" in ended.out
    wrong = call("run", f"{both}:both", "--set", "wate=0")
    assert wrong.code == 2
    assert "closest: wait" in wrong.err


def test_failed_cells_are_listed_and_end_with_1(call, both, make_plugin):
    make_plugin("bad", FAILING)
    ended = call("run", f"{both}:both", "--set", "probes=[slow, bad.probe]", "--layers", "0")
    assert ended.code == 1
    assert "t · slow · accuracy" in ended.out
    assert "4 cells failed:" in ended.err
    assert " · layer 0 · seed 0 and 3 more: ValueError: no \\x1b[31m" in ended.err
    assert "\x1b" not in ended.out + ended.err
    again = call("run", f"{both}:both", "--set", "probes=[slow, bad.probe]", "--layers", "0")
    assert again.code == 1
    failed = call("results", "--failed")
    assert failed.out.count("Traceback") == 4
    assert "\x1b" not in failed.out
    plan = call("plan", f"{both}:both", "--set", "probes=[slow, bad.probe]", "--layers", "0")
    assert "9 cells: 5 done, 4 failed before, 0 new" in plan.out


def test_blocking_a_plugin_says_so(call, both):
    ended = call("run", f"{both}:both", "--block", "toy")
    assert ended.code == 2
    assert "blocked" in ended.err


def test_plan_tells_what_would_be_done_and_does_nothing(call, both):
    ended = call("plan", f"{both}:both", "--layers", "1-2")
    assert ended.code == 0
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["slow", "t", "a", "4", "0", "0", "4"] in lines
    assert ["far.gap", "t", "a", "~", "b", "2", "0", "0", "2"] in lines
    assert "10 cells: 0 done, 0 failed before, 10 new" in ended.out
    # Rows × width 8 × 4 bytes × 2 layers, of the distinct sentences.
    builder = api.make_plan(f"{both}:both")
    corpus = builder.jobs[0].task.instance.load().corpus
    words = corpus.take(corpus.unique[0]).n_words
    size = text.size(words * 8 * 4 * 2)
    assert [*["a", "t", "word", "1-2", "0"], *size.split()] in lines
    assert not paths.runs_folder().exists()
    assert not paths.store_folder().exists()


def test_plan_bytes_are_what_the_run_writes(call, both):
    out = call("plan", f"{both}:both").out
    call("run", f"{both}:both", "--quiet")
    entries = list(Store(paths.store_folder()).entries())
    data = sum((e.folder / "data.npy").stat().st_size - 128 for e in entries)
    assert f"{text.size(data)} to write to " in out
    assert "nothing to encode" in call("plan", f"{both}:both").out
    assert "20 cells: 20 done, 0 failed before, 0 new" in call("plan", f"{both}:both").out


def test_plan_says_at_least_where_a_size_is_unknown(call, both, monkeypatch):
    whole = plan.layer_bytes

    def sizes(encoder, task, view, stored):
        if encoder.label == "b":
            raise EncodingError("no width yet")
        return whole(encoder, task, view, stored)

    monkeypatch.setattr(plan, "layer_bytes", sizes)
    lines = call("plan", f"{both}:both").out.splitlines()
    known = next(" ".join(line.split()[-2:]) for line in lines if line.split()[:2] == ["a", "t"])
    assert any(line.endswith("unknown: no width yet") for line in lines)
    assert f"at least {known} to write to {paths.store_folder()}" in lines


def test_plan_warns_of_a_store_without_room(call, both, monkeypatch):
    assert "warning" not in call("plan", f"{both}:both").out
    usage = shutil.disk_usage(paths.store_folder().parent)._replace(free=2048)
    asked = []
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: asked.append(folder) or usage)
    ended = call("plan", f"{both}:both")
    assert ended.code == 0
    assert f"warning: only {text.size(2048)} are free there" in ended.out
    # The store is made by the first run, so its parent is asked.
    assert asked == [paths.store_folder().parent]


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_a_missing_data_file_is_told_with_task_and_line(call, toy_registry, make_plugin, command):
    make_plugin("filed", FILED)
    content = toy_registry.read_text("utf-8").replace(
        "tasks:\n", READING.format(there=toy_registry), 1
    )
    content += "  reading: {encoders: [a], tasks: [read], probes: [slow]}\n"
    toy_registry.write_text(content, "utf-8")
    target = toy_registry if command == "validate" else f"{toy_registry}:reading"
    ended = call(command, target)
    assert ended.code == 2
    assert ended.err.splitlines()[0].startswith("task 'read': no file 'nowhere/x.txt': the folder")
    line = content.splitlines().index("    test: [nowhere/x.txt]") + 1
    assert f"  at {toy_registry}:{line}, tasks.read.test" in ended.err.splitlines()
    assert ended.err.count("nowhere/x.txt") == 1
    # A file may declare tasks whose data are elsewhere, as long as nothing here uses them.
    toy_registry.write_text(content.replace("tasks: [read]", "tasks: [t]"), "utf-8")
    assert call(command, target).code == 0


def test_a_misspelt_key_is_said_before_the_one_that_is_missing(call, both):
    both.write_text(both.read_text("utf-8").replace("encoders: [a, b]", "encodrs: [a, b]"), "utf-8")
    said = call("run", f"{both}:both").err.splitlines()
    assert said[0] == "compositions.small has no key 'encodrs' (and 3 more)"
    assert said[2:4] == ["  closest: encoders", f"  try: sondage validate {both}"]
    assert "try: sondage validate" not in call("validate", both).err


def test_plan_counts_what_is_cached(call, both):
    call("run", f"{both}:both", "--layers", "0-1", "--set", "metrics=[]")
    lines = [line.split()[:5] for line in call("plan", f"{both}:both").out.splitlines()]
    assert ["a", "t", "word", "2-3", "2"] in lines


def test_plain_lines_come_seldom(both, monkeypatch, capsys):
    planned = api.make_plan(f"{both}:both")
    clock = [100.0]
    monkeypatch.setattr(counted.time, "monotonic", lambda: clock[0])
    with progress.progress_of(planned, quiet=False) as listener:
        for i in range(50):
            listener.started(f"job {i} \x1b[2J")
            clock[0] += 0.25
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "\x1b" not in "".join(lines)


def test_the_bar_on_a_terminal_counts_and_estimates(both, monkeypatch, capsys):
    monkeypatch.setattr(text, "on_terminal", lambda: True)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    planned = api.make_plan(f"{both}:both")
    with progress.progress_of(planned, quiet=False, workers=2) as listener:
        listener.said("[bold]kept[/bold] \x1b[2J")
        listener.started("a job [red]x[/red]")
        assert str(listener._counts) == "0/20 cells"
        assert listener._counts.left is None
        cells = [cell for cell in planned.cells if cell.component == "slow"]
        listener.recorded(
            [{"id": c.id, "component": c.component, "status": "done", "seconds": 3.0}
             for c in cells[:10]]
        )  # fmt: skip
        # What the cells of the probe take says nothing of those of the metric.
        assert listener._counts.left is None
        assert listener._counts.times.endswith("so far")
        (gap, *_) = [cell for cell in planned.cells if cell.component == "far.gap"]
        listener.recorded([{"id": gap.id, "component": "far.gap", "status": "done", "seconds": 1}])
        # What is to be encoded is unknown.
        assert listener._counts.left is None
        for name in "ab":
            listener.encoded(f"encode t with {name}", {}, 1.0)
        # Six cells of three seconds and three of one, by two workers.
        assert listener._counts.left == pytest.approx(10.5)
        listener.recorded([{"id": cells[10].id, "component": "slow", "status": "failed"}])
        assert str(listener._counts) == "11/20 cells, 1 failed"
        listener.started("train x")
        listener.advanced(Headway(30, 90, "steps", 6.0, {"loss": 0.25, "epoch": 1.0}, start=10))
        # At the pace of the twenty steps that this process made.
        assert listener._counts.times.endswith(", 18 s left of this")
        assert str(listener._counts.current) == "30 of 90 steps, epoch 1.0, loss 0.25"
        listener.encoded("encode t", {"lost-words": 2}, 61.0)
    out = capsys.readouterr().out
    assert "[bold]kept[/bold] \\x1b[2J" in out
    assert "encode t: 1 min 1 s, lost-words × 2" in out


def test_progress_in_python_is_lines(both, capsys, monkeypatch):
    monkeypatch.setattr(counted, "REDRAW", 0.0)
    lines = []
    api.run(f"{both}:both", progress=lines.append)
    assert any("of 60 sentences" in line and "words/s" in line for line in lines)
    assert any(line.startswith("both: 20/20 cells; ") for line in lines)
    assert capsys.readouterr().err == ""
    api.run(f"{both}:both", progress=True, seeds=[7])
    assert "encode" not in capsys.readouterr().out


def test_a_listener_that_hears_of_no_headway_is_enough(both):
    class Old:
        def started(self, title): ...
        def encoded(self, title, warnings, seconds): ...
        def recorded(self, records): ...
        def said(self, text): ...

    assert not api.run(f"{both}:both", listener=Old()).failed


def test_counts_begin_with_what_is_done(both, call):
    call("run", f"{both}:both", "--quiet", "--layers", "0")
    narrow = api.make_plan(f"{both}:both", layers=[0])
    counts = counted.Counts(narrow, 1)
    counts.begin()
    assert str(counts) == "5/5 cells"


def test_cache_lists_verifies_and_prunes(call, both):
    assert "0 B in" in call("cache", "ls").out
    call("run", f"{both}:both", "--quiet")
    lines = [line.split() for line in call("cache", "ls").out.splitlines()]
    assert [row[1:2] + row[3:5] for row in lines[1:3]] == [
        ["a", "word", "0-3"], ["b", "word", "0-3"],
    ] or [row[1:2] + row[3:5] for row in lines[1:3]] == [
        ["b", "word", "0-3"], ["a", "word", "0-3"],
    ]  # fmt: skip
    assert "8 entries whole, 0 discarded" in call("cache", "verify").out
    store = Store(paths.store_folder())
    victim = next(store.entries()).folder / "data.npy"
    raw = bytearray(victim.read_bytes())
    raw[-1] ^= 1
    victim.write_bytes(raw)
    out = call("cache", "verify").out
    assert "7 entries whole, 1 discarded" in out
    assert str(victim.parent) in out
    assert not victim.exists()


def test_cache_prune_removes_what_is_asked(call, both):
    call("run", f"{both}:both", "--quiet")
    store = Store(paths.store_folder())
    assert "removed" in call("cache", "prune").out
    assert len(list(store.entries())) == 8
    refused = call("cache", "prune", "--all")
    assert refused.code == 2
    assert "add --yes" in refused.err
    assert len(list(store.entries())) == 8
    assert call("cache", "prune", "--older-than", "1", "--yes").code == 0
    assert len(list(store.entries())) == 8
    encoder = next(store.entries()).key.encoder
    call("cache", "prune", "--encoder", encoder[:8], "--yes")
    assert {e.key.encoder for e in store.entries()}.isdisjoint({encoder})
    assert len(list(store.entries())) == 4
    call("cache", "prune", "--all", "--yes")
    assert not list(store.entries())


def test_new_writes_a_plugin(call, tmp_path):
    ended = call("new", "probe", "nearest", "--folder", tmp_path)
    assert ended.code == 0
    made = tmp_path / "sondage-nearest"
    assert (made / "pyproject.toml").is_file()
    assert f"pip install -e {made}" in ended.out
    assert call("new", "probe", "nearest", "--folder", tmp_path).code == 2
    assert call("new", "prob", "x").code == 2


def test_check_runs_the_kit_on_installed_and_declared_components(call, both, tmp_path):
    ended = call("check", "far.gap")
    assert "far.gap of sondage-far 0.1" in ended.out
    assert "passed" in ended.out
    declared = call("check", "slow", "--registry", both)
    assert declared.code in (0, 1)
    assert "toy.centroid of sondage-toy" in declared.out
    params = tmp_path / "p.yaml"
    params.write_text("waits: 1\n", "utf-8")
    wrong = call("check", "toy.centroid", "--params", params)
    assert wrong.code == 2
    assert "closest: wait" in wrong.err
    absent = call("check", "toy.centroids")
    assert absent.code == 2
    assert "closest: toy.centroid" in absent.err


def test_check_fails_with_1_where_a_promise_is_broken(call, make_plugin):
    make_plugin("bad", FAILING)
    ended = call("check", "bad.probe")
    assert ended.code == 1
    assert "failed" in ended.out
    assert "\x1b" not in ended.out


def test_check_takes_expected_failures_with_reasons(call, make_plugin):
    make_plugin("bad", FAILING)
    ended = call("check", "bad.probe")
    failed = re.findall(r"^failed +(check_\w+)", ended.out, re.M)
    assert failed
    expect = [word for name in failed for word in ("--expect", f"{name}=only to show")]
    known = call("check", "bad.probe", *expect)
    assert known.code == 0
    assert f"0 failed, {len(failed)} as expected" in known.out
    assert "only to show" in known.out
    passing = call("check", "bad.probe", *expect, "--expect", "check_pickles=no")
    assert passing.code == 1
    assert "expected to fail (no), but passed" in passing.out
    for wrong in ("check_pickles", "check_pickles= ", "check_pickle=misspelt"):
        assert call("check", "bad.probe", "--expect", wrong).code == 2


def test_check_says_one_reason_once(call, make_plugin):
    make_plugin("bad", FAILING)
    out = call("check", "bad.probe").out
    assert out.count("Traceback (most recent call last)") <= 1
    assert "as check_" in out


def test_doctor_shows_tracebacks_and_goes_on(call, both, make_plugin, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    make_plugin("bad", "raise RuntimeError('on \\x1b[31m purpose')")
    ended = call("doctor")
    assert ended.code == 1
    assert "BAD  plugin bad: " in ended.out
    assert "Traceback" in ended.out
    assert "ok   plugin toy: sondage-toy 0.1 is active" in ended.out
    assert "torch: not importable" in ended.out
    assert "\x1b" not in ended.out


def test_doctor_survives_a_part_that_breaks(call, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)

    def broken(*args, **kwargs):
        raise OSError("no entry points today")

    monkeypatch.setattr(Host, "discover", broken)
    ended = call("doctor")
    assert ended.code == 1
    assert "BAD  plugins: OSError: no entry points today" in ended.out
    assert "registry: " in ended.out


def test_run_json_notes_are_kept(call, both):
    call("run", f"{both}:both", "--quiet")
    header = json.loads((api.results().folder.path / "run.json").read_text("utf-8"))
    assert header["notes"] == ["far.gap on t: a seed would vary nothing, so it is run once"]


def test_other_names_or_another_baseline_give_a_run_of_their_own(call, both):
    call("run", f"{both}:both", "--quiet", "--set", "metrics=[]")
    first = call("results", "--csv", "-").out
    call("run", f"{both}:both", "--quiet", "--set", "metrics=[]", "--set", "baseline=a")
    assert "probe,a,,,t,slow" in first
    rows = [line.split(",") for line in call("results", "--csv", "-").out.splitlines()]
    at = rows[0].index("difference")
    compared = {row[1] for row in rows[1:] if row[at]}
    assert compared == {"b"}
    both.write_text(
        both.read_text("utf-8").replace("a: {", "renamed: {").replace("[a,", "[renamed,")
    )
    call("run", f"{both}:both", "--quiet", "--set", "metrics=[]")
    assert "probe,renamed,,,t,slow" in call("results", "--csv", "-").out


UNREADABLE = """
    import sondage
    from sondage.errors import DataError
    from sondage.testing.toys import ToyTask
    class Absent(ToyTask):
        def load(self): raise DataError("no such file \\x1b[2J")
    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="away.task", factory=Absent, summary="s", reference="r")]
"""


def test_plan_says_why_bytes_are_unknown(call, both, make_plugin):
    make_plugin("away", UNREADABLE)
    ended = call("plan", f"{both}:both", "--set", "tasks=[away.task]")
    assert ended.code == 0
    assert "unknown: no such file \\x1b[2J" in ended.out
    assert "0 B to write" in ended.out


def test_a_component_that_breaks_is_no_traceback_of_validate(call, both, make_plugin):
    make_plugin(
        "odd",
        """
        import sondage
        class Odd:
            fingerprint, width, views = "x", 3, ("word",)
            @property
            def n_layers(self): raise KeyError("num_hidden_layers")
        class Worse:
            def __init__(self): raise RuntimeError("at once")
        @sondage.hookimpl
        def sondage_encoders():
            return [sondage.EncoderSpec(name="odd.x", factory=Odd, summary="s", reference="r"),
                    sondage.EncoderSpec(name="odd.y", factory=Worse, summary="s", reference="r")]
        """,
    )
    text = both.read_text("utf-8").replace("encoders: [a, b]", "encoders: [odd.x, b]", 1)
    both.write_text(text.replace("tasks:\n", "  y: {use: odd.y}\ntasks:\n", 1), "utf-8")
    ended = call("validate", both)
    assert ended.code == 2
    assert "encoder 'y' (odd.y): RuntimeError: at once" in ended.err
    assert "composition 'small' cannot be planned: KeyError: 'num_hidden_layers'" in ended.err
    assert "Traceback" not in ended.err
    assert ended.err.endswith("2 problems\n")


def test_a_plan_counts_halves_as_half(call, toy_registry):
    whole, half = (
        call("plan", f"{toy_registry}:small", *more).out
        for more in ((), ("--set", "store_dtype=bfloat16"))
    )
    said = [re.search(r"([\d.]+) (\w+) to write to", out) for out in (whole, half)]
    assert said[0][2] == said[1][2]
    assert float(said[0][1]) == pytest.approx(2 * float(said[1][1]), rel=0.02)
