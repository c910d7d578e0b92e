"""What a composition expands to, what is shared, and what cannot be composed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from sondage import registry
from sondage.commands import cache
from sondage.contracts import Encoder
from sondage.errors import DataError, ParameterError, RegistryError, UnknownComponentError
from sondage.host import Host, Offer
from sondage.plan import cells, planner
from sondage.records.folder import RunFolder
from sondage.registry.build import Builder
from sondage.registry.built import key_id
from sondage.registry.document import parse_yaml
from sondage.specs import EncoderSpec, MetricSpec, ProbeSpec, TaskSpec
from sondage.testing.toys import ToyEncoder, ToyTask


class Simple:
    def fit(self, X, y, *, rng):
        return self

    def predict(self, X):
        return np.zeros(len(X), int)


class Joint:
    units, joint, randomness, per_layer = "vectors", ("seed",), (), True

    def __init__(self, *, strength: float = 1.0) -> None:
        self.strength = strength

    def run_layers(self, problem):
        yield from ()


class Mix(Joint):
    joint, per_layer = ("layer",), False


class TreeProbe(Joint):
    units = "trees"


class Resampled:
    units, randomness = "vectors", ("resample",)


class Fixed:
    units, randomness = "vectors", ()


class Labelled(Fixed):
    units = "labelled"


class Attention(Fixed):
    units = "attention"


class Wrapper(Joint):
    @property
    def units(self):
        raise ParameterError("takes no other probe")


class Wide(Joint):
    wants_width = 12


class Double(Joint):
    wants_width = 16


class Choosy(Joint):
    wants_views = ("max",)


class Gazing(Joint):
    wants_views = ("max", "attention")


class Narrow(ToyEncoder):
    views = ("word", "attention")


class Plain(ToyTask):
    units = "none"


class OtherTarget(ToyTask):
    @property
    def fingerprint(self):
        return "other target"


class Whole(ToyTask):
    units = "sentences"


class Forest(ToyTask):
    units = "trees"


class Growing:
    """Three steps of training."""

    fingerprint, n_layers, width, views, steps = "growing", 2, 16, ("word",), (0, 5, 10)

    def at(self, step):
        return ToyEncoder(n_layers=2, seed=step)


class Telling(ToyEncoder):
    """Has something to say, or something that does not fit."""

    def __init__(self, *, base: Encoder | None = None, wrong: bool = False) -> None:
        super().__init__(n_layers=2, seed=7)
        self.base, self.wrong = base, wrong

    @property
    def notes(self):
        return ("two of three are one",)

    @property
    def fingerprint(self):
        if self.wrong:
            raise ParameterError("there is no block 9", where="t.telling")
        return "telling"


class Truncated(ToyEncoder):
    def __init__(self, *, base: ToyEncoder | None = None, n_layers: int = 1) -> None:
        super().__init__(n_layers=n_layers)


def offer(kind, name, factory):
    return Offer(
        kind(name=name, factory=factory, summary="s", reference="r"), "t", "sondage-t", "1"
    )


HOST = Host(
    [],
    [
        offer(EncoderSpec, "t.encoder", ToyEncoder),
        offer(TaskSpec, "t.task", ToyTask),
        offer(TaskSpec, "t.other", OtherTarget),
        offer(ProbeSpec, "t.simple", Simple),
        offer(ProbeSpec, "t.joint", Joint),
        offer(ProbeSpec, "t.mix", Mix),
        offer(ProbeSpec, "t.trees", TreeProbe),
        offer(TaskSpec, "t.forest", Forest),
        offer(EncoderSpec, "t.series", Growing),
        offer(MetricSpec, "t.resampled", Resampled),
        offer(MetricSpec, "t.fixed", Fixed),
        offer(MetricSpec, "t.labelled", Labelled),
        offer(MetricSpec, "t.attention", Attention),
        offer(ProbeSpec, "t.wide", Wide),
        offer(ProbeSpec, "t.wrapper", Wrapper),
        offer(ProbeSpec, "t.choosy", Choosy),
        offer(ProbeSpec, "t.double", Double),
        offer(TaskSpec, "t.whole", Whole),
        offer(ProbeSpec, "t.gazing", Gazing),
        offer(EncoderSpec, "t.narrow", Narrow),
        offer(TaskSpec, "t.plain", Plain),
        offer(EncoderSpec, "t.telling", Telling),
    ],
)
HEAD = """\
version: 1
encoders:
  a: {use: t.encoder, n_layers: 2}
  b: {use: t.encoder, n_layers: 2, seed: 1}
  shallow: {use: t.encoder, n_layers: 1}
  grown: {use: t.series}
  flat: {use: t.encoder, n_layers: 0}
  n: {use: t.narrow}
  told: {use: t.telling}
  upon: {use: t.telling, base: told}
  wrong: {use: t.telling, wrong: true}
  on-wrong: {use: t.telling, base: wrong}
compositions:
  c:
"""


def make(body, **options):
    text = HEAD + "\n".join(f"    {line}" for line in body.strip().splitlines())
    found = registry.registry_of(parse_yaml(text, "r.yaml"), {})
    return planner.make(found, Builder(HOST, found), "c", **options)


def test_a_cell_for_each_layer_and_seed():
    found = make("encoders: [a, b]\ntasks: [t.task]\nprobes: [t.simple]\nseeds: [0, 1]")
    assert len(found.cells) == 2 * 3 * 2
    assert len({cell.id for cell in found.cells}) == 12
    assert {cell.controls for cell in found.cells} == {("split", "probe")}


def test_the_same_composition_has_the_same_ids_and_other_inputs_other_ids():
    body = "encoders: [a]\ntasks: [t.task]\nprobes: [t.simple]"
    ids = {cell.id for cell in make(body).cells}
    assert ids == {cell.id for cell in make(body).cells}
    for other in (
        body.replace("[a]", "[b]"),
        body.replace("t.task", "{use: t.task, n: 41}"),
        body.replace("t.simple", "t.joint"),
        body + "\nseeds: [1]",
    ):
        assert ids.isdisjoint(cell.id for cell in make(other).cells), other


def test_what_is_stored_in_halves_has_cells_and_entries_of_its_own():
    body = "encoders: [a, b]\nbaseline: b\ntasks: [t.task]\nprobes: [t.simple]\nmetrics: [t.fixed]"
    found = {
        dtype: make(body + f"\nstore_dtype: {dtype}")
        for dtype in ("float32", "float16", "bfloat16")
    }
    assert [c.id for c in found["float32"].cells] == [c.id for c in make(body).cells]
    ids = [{cell.id for cell in plan.cells} for plan in found.values()]
    entries = [{key.id for job in plan.jobs for key in job.needs} for plan in found.values()]
    for sets in (ids, entries):
        assert len(set().union(*sets)) == 3 * len(sets[0])
    assert found["float16"].jobs[0].key["store_dtype"] == "float16"
    assert "store_dtype" not in found["float32"].jobs[0].key


def test_no_wording_is_in_an_id(monkeypatch):
    body = "encoders: [a, b]\nbaseline: b\ntasks: [t.task]\nprobes: [t.joint]\nmetrics: [t.fixed]"
    found = make(body)
    offers = [
        replace(o, spec=replace(o.spec, summary="other", reference="words"))
        for o in HOST.catalogue.values()
    ]
    monkeypatch.setitem(globals(), "HOST", Host([], offers))
    renamed = make(body + "\nsummary: in other words")
    assert [cell.id for cell in found.cells] == [cell.id for cell in renamed.cells]
    assert [built.id for built in found.components] == [built.id for built in renamed.components]


class Missed(ToyTask):
    """Its file is missed in words that name no parameter, or more than one."""

    words = ""

    def __init__(self, *, train: str = "a", files: list[str] | None = None, dev: str = "a") -> None:
        super().__init__()

    @property
    def fingerprint(self):
        raise DataError(self.words, named="b.txt")


@pytest.mark.parametrize("words", ["no such thing", "no 'a', nor 'a' and 'b.txt'"])
def test_the_parameter_of_a_missing_file_is_found_whatever_the_message_says(monkeypatch, words):
    monkeypatch.setattr(Missed, "words", words)
    host = Host([], [offer(TaskSpec, "t.missed", Missed)])
    text = "version: 1\ntasks:\n  m:\n    use: t.missed\n    train: a\n    files: [c, b.txt]\n"
    found = registry.registry_of(parse_yaml(text, "r.yaml"), {})
    builder = Builder(host, found)
    with pytest.raises(DataError) as caught:
        builder.check_files(builder.build("task", "m", ("x",), "test"), ("x",))
    assert caught.value.where == "r.yaml:6, tasks.m.files"
    assert caught.value.message == f"task 'm': {words}"


def test_an_encoders_id_is_made_in_one_place(tmp_path):
    built = make("encoders: [a]\ntasks: [t.task]\nprobes: [t.simple]").components[0]
    folder = RunFolder(tmp_path / "c-1")
    kept = {"kind": "encoder", "label": "a", "key": json.loads(json.dumps(built.key))}
    folder.open({"schema": 1, "composition": "c", "components": [kept]})
    folder.cells.touch()
    assert cache.encoder_names(tmp_path) == {built.id: "a"}
    assert key_id(built.key) == built.id


def test_a_seed_that_varies_nothing_is_run_once_and_said():
    body = "encoders: [a, b]\nbaseline: b\ntasks: [t.task]\nmetrics: [t.fixed, t.resampled]"
    found = make(body + "\nseeds: [0, 1, 2]")
    seeds = {
        m: {c.seed for c in found.cells if c.component == m} for m in ("t.fixed", "t.resampled")
    }
    assert seeds == {"t.fixed": {0}, "t.resampled": {0, 1, 2}}
    assert any("t.fixed" in note for note in found.notes)


def test_joint_seeds_are_keyed_together_and_stay_whole():
    body = "encoders: [a]\ntasks: [t.task]\nprobes: [t.joint]\nseeds: "
    two, three = make(body + "[0, 1]"), make(body + "[0, 1, 2]")
    assert {c.id for c in two.cells}.isdisjoint(c.id for c in three.cells)
    left = two.pending([two.jobs[0].cells[0].id])
    assert [len(job.cells) for job in left] == [2, 2, 2]
    simple = make("encoders: [a]\ntasks: [t.task]\nprobes: [t.simple]\nseeds: [0, 1]")
    assert [len(j.cells) for j in simple.pending([simple.cells[0].id])] == [1, 2, 2]


def test_choosing_layers_leaves_other_cells_ids_as_they_are():
    body = "encoders: [a]\ntasks: [t.task]\nprobes: [t.joint]\nseeds: [0, 1]"
    all_layers = {c.id for c in make(body).cells}
    assert {c.id for c in make(body, layers=[1]).cells} < all_layers


def test_a_probe_over_all_layers_has_one_cell_a_seed():
    found = make("encoders: [a]\ntasks: [t.task]\nprobes: [t.mix]\nseeds: [0, 1]")
    assert [(c.layer, c.seed) for c in found.cells] == [(None, 0), (None, 1)]
    assert found.jobs[0].layers == (0, 1, 2)


def test_tasks_over_the_same_texts_share_one_pass_and_metrics_one_cell():
    found = make(
        "encoders: [a, b]\nbaseline: b\ntasks: [t.task, t.other]\n"
        "probes: [t.simple]\nmetrics: [t.resampled]"
    )
    needs = {k for job in found.jobs for k in job.needs}
    passes = cells.encodings(found.jobs, needs)
    assert [e.encoder.label for e in passes] == ["a", "b"]
    assert sum(c.kind == "metric" for c in found.cells) == 3


def test_only_missing_layers_are_encoded():
    found = make("encoders: [a]\ntasks: [t.task]\nprobes: [t.simple]")
    missing = {k for job in found.jobs for k in job.needs if k.layer == 2}
    (one,) = cells.encodings(found.jobs, missing)
    assert [k.layer for k in one.wants] == [2]
    assert cells.encodings(found.jobs, set()) == []


def test_encoders_of_different_depth_share_the_layers_that_both_have():
    found = make("encoders: [a, shallow]\nbaseline: a\ntasks: [t.task]\nmetrics: [t.fixed]")
    assert [c.layer for c in found.cells] == [0, 1]


ONLY = "encoders: [a]\ntasks: [t.task]\nprobes: [t.simple]\nonly:\n  "


def ran(found, component):
    return {(c.who, c.task, c.layer) for c in found.cells if c.component == component}


def test_only_keeps_a_probe_to_some_cells():
    found = make(
        """
encoders: [a, grown]
baseline: a
tasks: [t.task, t.other]
probes: [t.simple, t.joint]
metrics: [t.fixed]
only:
  t.simple: {layers: [last], steps: [first, last]}
  t.fixed: {layers: [0, 1]}
  t.joint:
    - {encoders: [grown], tasks: [t.task]}
    - {encoders: [grown@10, a], layers: [1]}
"""
    )
    ends = ("a", "grown@0", "grown@10")
    steps = ("grown@0", "grown@5", "grown@10")
    tasks = ("t.task", "t.other")
    assert ran(found, "t.simple") == {(e, t, 2) for e in ends for t in tasks}
    assert ran(found, "t.joint") == (
        {(e, "t.task", layer) for e in steps for layer in (0, 1, 2)}
        | {(e, t, 1) for e in ("a", "grown@10") for t in tasks}
    )
    assert {c.layer for c in found.cells if c.component == "t.fixed"} == {0, 1}


def test_later_is_all_but_the_first():
    found = make(
        "encoders: [a, grown]\ntasks: [t.task]\nprobes: [t.simple]\nonly:\n"
        "  t.simple: {steps: [later], layers: [later]}"
    )
    # What is no series is not kept out by steps.
    whose = ("a", "grown@5", "grown@10")
    assert ran(found, "t.simple") == {(e, "t.task", layer) for e in whose for layer in (1, 2)}


def test_only_may_name_what_is_declared_and_was_taken_out():
    # As `--set encoders=[a]` does with a composition whose rules name the others too.
    found = make(ONLY + "t.simple: [{encoders: [grown@10]}, {encoders: [a], layers: [1]}]")
    assert ran(found, "t.simple") == {("a", "t.task", 1)}


def test_only_keeps_a_metric_to_a_view():
    found = make(
        "encoders: [a, b]\nbaseline: b\ntasks: [t.task]\nprobes: [t.simple]\nmetrics: [t.fixed]\n"
        "views: [word, subwords]\nonly:\n  t.fixed: {views: [subwords], layers: [last]}"
    )
    assert {(c.component, c.view) for c in found.cells} == {
        ("t.simple", "word"),
        ("t.fixed", "subwords"),
    }


def test_a_view_that_does_not_fit_is_refused_alone_and_told_beside_others():
    body = "encoders: [a]\ntasks: [t.task]\nprobes: [t.simple]\nviews: "
    with pytest.raises(RegistryError, match=r"'t.simple' takes no view of cls, mean on task"):
        make(body + "[cls, mean]")
    found = make(body + "[cls, word]")
    assert {c.view for c in found.cells} == {"word"}
    assert found.notes == ("t.simple on t.task takes no view of cls: run with word",)
    with pytest.raises(RegistryError, match="encoder 'a' has no view 'word-last'"):
        make(body + "[word-last]")
    assert make(body + "[word-last, word]").notes == (
        "encoder 'a' has no view 'word-last': run with word",
    )


def test_metrics_without_labels_take_rows_of_sentences_and_words_and_pieces():
    body = "encoders: [a, b]\nbaseline: b\ntasks: [t.task]\nmetrics: [t.fixed]\n"
    found = make(body + "views: [mean, word, subwords]\nlayers: [1]")
    assert [c.view for c in found.cells] == ["mean", "word", "subwords"]
    assert not found.notes
    assert {c.view for c in make(body).cells} == {"word"}


def test_a_metric_wants_its_view_of_the_baseline_too():
    body = "encoders: [a, n]\nbaseline: n\ntasks: [t.task]\nmetrics: [{use}]\nviews: [{view}]"
    with pytest.raises(RegistryError, match="encoder 'n' has no view 'subwords'"):
        make(body.format(use="t.fixed", view="subwords"))
    with pytest.raises(RegistryError, match="encoder 'a' does not hand its layers out"):
        make(body.format(use="t.attention", view="word"))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("encoders: [a]\ntasks: [t.plain]\nprobes: [t.simple]", "has no targets"),
        ("encoders: [a, b]\nbaseline: a\ntasks: [t.plain]\nmetrics: [t.labelled]", "labels"),
        ("encoders: [a]\nbaseline: a\ntasks: [t.plain]\nmetrics: [t.fixed]", "beside the base"),
        ("encoders: [a]\ntasks: [t.task]\nprobes: [t.wide]", "wants vectors of width 12"),
        ("encoders: [a]\ntasks: [t.task]\nprobes: [t.choosy]", "reads the view max, which"),
        (
            "encoders: [a]\ntasks: [t.task]\nprobes: [t.choosy]\nviews: [word]",
            "reads the view max, which",
        ),
    ],
)
def test_what_would_be_run_on_nothing_or_fail_later_is_refused(body, words):
    with pytest.raises(RegistryError, match=words):
        make(body)


def test_a_probe_that_wants_a_view_gets_it_and_the_others_are_told():
    body = "encoders: [n]\ntasks: [t.task]\nprobes: [t.gazing]\n"
    assert [(c.view, c.layer) for c in make(body).cells] == [("attention", 1), ("attention", 2)]
    found = make(body + "views: [word]")
    assert {c.view for c in found.cells} == {"attention"}
    assert found.notes == ("t.gazing on t.task takes no view of word: run with attention",)


def test_something_that_is_run_on_nothing_beside_others_is_told():
    found = make(
        "encoders: [a]\nbaseline: a\ntasks: [t.task]\nprobes: [t.simple]\nmetrics: [t.fixed]"
    )
    assert {c.component for c in found.cells} == {"t.simple"}
    assert "nothing for 't.fixed' to be run on" in found.notes[0]
    found = make("encoders: [a]\ntasks: [t.task, t.plain]\nprobes: [t.simple]")
    assert found.notes == ("t.simple takes vectors: not run on t.plain",)


def test_an_encoder_of_layer_0_alone_is_compared_with_every_layer_of_another():
    body = "tasks: [t.task]\nmetrics: [t.fixed]\n"
    for pair in ("encoders: [a, flat]\nbaseline: flat\n", "encoders: [a, flat]\nbaseline: a\n"):
        found = make(pair + body)
        assert [c.layer for c in found.cells] == [0, 1, 2]
        flat = [
            key.layer for job in found.jobs for key in job.needs if key.encoder not in deep(job)
        ]
        assert flat == [0, 0, 0]
    shallow = make("encoders: [a, shallow]\nbaseline: a\n" + body)
    assert [c.layer for c in shallow.cells] == [0, 1]


def deep(job):
    return {e.id for e in job.encoders if e.instance.n_layers}


def test_what_is_one_thing_by_two_names_is_run_once_and_said():
    body = "encoders: [a, twin]\nprobes: [t.joint, t.simple]\ntasks: [t.task]\nseeds: [0, 1]"
    text = HEAD.replace("  n: {", "  twin: {use: t.encoder, n_layers: 2}\n  n: {")
    text += "\n".join(f"    {line}" for line in body.splitlines())
    found = registry.registry_of(parse_yaml(text, "r.yaml"), {})
    planned = planner.make(found, Builder(HOST, found), "c")
    assert {cell.encoder for cell in planned.cells} == {"a"}
    assert len({cell.id for cell in planned.cells}) == len(planned.cells) == 2 * 3 * 2
    assert "'twin' is the same as 'a': run once, under that name" in planned.notes


def test_a_probe_runs_on_the_tasks_that_it_fits_and_the_others_are_named():
    found = make("encoders: [a]\ntasks: [t.task, t.forest]\nprobes: [t.simple, t.trees]")
    assert {(c.component, c.task) for c in found.cells} == {
        ("t.simple", "t.task"),
        ("t.trees", "t.forest"),
    }
    assert "t.trees takes trees: not run on t.task" in found.notes


def test_of_many_tasks_that_a_probe_does_not_fit_the_number_is_told():
    names = [f"t{n}" for n in range(9)]
    declared = "".join(f"  {name}: {{use: t.task, n: {40 + n}}}\n" for n, name in enumerate(names))
    text = HEAD.replace("compositions:", f"tasks:\n{declared}compositions:")
    text += f"    encoders: [a]\n    tasks: [t.forest, {', '.join(names)}]\n    probes: [t.trees]\n"
    declared_here = registry.registry_of(parse_yaml(text, "r.yaml"), {})
    found = planner.make(declared_here, Builder(HOST, declared_here), "c")
    assert found.notes == ("t.trees takes trees: not run on 9 of the 10 tasks",)


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ("encoders: [a]\ntasks: [t.task]", RegistryError, "no probes"),
        ("encoders: [aa]\ntasks: [t.task]\nprobes: [t.simple]", UnknownComponentError, "aa"),
        ("encoders: [a]\ntasks: [t.tsk]\nprobes: [t.simple]", UnknownComponentError, "t.task"),
        ("encoders: [a, a]\ntasks: [t.task]\nprobes: [t.simple]", RegistryError, "twice"),
        ("encoders: [a]\ntasks: [t.task]\nprobes: [t.trees]", RegistryError, "takes trees"),
        ("encoders: [a]\ntasks: [t.task]\nmetrics: [t.fixed]", RegistryError, "baseline"),
        (ONLY + "t.simpel: {layers: [last]}", RegistryError, "t.simple"),
        (ONLY + "t.simple: {tasks: [t.tsk]}", RegistryError, "t.task"),
        (ONLY + "t.simple: {encoders: [aa]}", RegistryError, "aa"),
        (ONLY + "t.simple: {layers: [7]}", RegistryError, "leaves nothing"),
        (ONLY + "t.simple: {layers: [lats]}", RegistryError, "last"),
        (ONLY + "t.simple: {layer: [1]}", RegistryError, "no key 'layer'"),
        ("encoders: [a]\ntasks: [t.task]\nmetrics: [t.fixed]\nbaseline: x", RegistryError, "x"),
        (
            "encoders: [a]\ntasks: [t.task]\nprobes: [t.simple]\nlayers: [9]",
            RegistryError,
            "layer 9",
        ),
        ("encoders: [a]\ntasks: [t.task]\nprobes: [t.simple]\nviews: [wrd]", RegistryError, "word"),
        (
            "encoders: [a]\ntasks: [t.task]\nprobes: [{use: t.joint, strenth: 2}]",
            ParameterError,
            "strength",
        ),
        (
            "encoders: [a]\ntasks: [t.task]\nprobes: [{use: t.joint, strength: big}]",
            ParameterError,
            "big",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(body, error, words):
    with pytest.raises(error) as caught:
        make(body)
    assert words in str(caught.value)
    assert "r.yaml:" in caught.value.where


def test_a_reference_is_built_and_its_key_goes_into_the_parameters():
    class OfBase(ToyEncoder):
        def __init__(self, *, base: "Encoder") -> None:
            super().__init__()
            self.base = base

    from sondage.contracts import Encoder

    OfBase.__init__.__annotations__["base"] = Encoder
    host = Host([], [*HOST.catalogue.values(), offer(EncoderSpec, "t.of", OfBase)])
    text = HEAD.replace("  shallow:", "  of: {use: t.of, base: a}\n  shallow:") + "    {}"
    found = registry.registry_of(
        parse_yaml(text.replace("    {}", "    encoders: [of]\n    tasks: [t.task]"), "r"), {}
    )
    builder = Builder(host, found)
    built = builder.build("encoder", "of", ("x",), "test")
    base = builder.build("encoder", "a", ("x",), "test")
    assert built.instance.base is base.instance
    assert built.parameters["base"] == base.key


def test_a_probe_may_name_a_probe():
    class Around(Joint):
        def __init__(self, *, probe) -> None:
            self.probe = probe

    from sondage.contracts import Probe

    Around.__init__.__annotations__["probe"] = Probe
    host = Host([], [*HOST.catalogue.values(), offer(ProbeSpec, "t.around", Around)])
    text = (
        "version: 1\nprobes:\n  inner: {use: t.joint, strength: 2.0}\n"
        "  x: {use: t.around, probe: inner}\n  y: {use: t.around, probe: {use: t.joint}}\n"
    )
    builder = Builder(host, registry.registry_of(parse_yaml(text, "r.yaml"), {}))
    x, y = (builder.build("probe", name, (), "test") for name in "xy")
    assert (x.instance.probe.strength, y.instance.probe.strength) == (2.0, 1.0)
    assert x.id != y.id
    assert x.made_of[0].use == "t.joint"


def test_a_metric_may_be_made_of_a_metric():
    from sondage.contracts import Metric

    class Halved:
        def __init__(self, *, metric: Metric | None = None, by: float = 2.0) -> None:
            self.metric, self.by = metric, by

    Halved.__init__.__annotations__["metric"] = Metric | None
    host = Host([], [offer(MetricSpec, "t.halved", Halved)])
    text = (
        "version: 1\nmetrics:\n  x: {use: t.halved, metric: y}\n"
        "  y: {use: t.halved, metric: {use: t.halved, by: 3.0}}\n"
        "  z: {use: t.halved, metric: nowhere}\n"
    )
    builder = Builder(host, registry.registry_of(parse_yaml(text, "r.yaml"), {}))
    x, y = (builder.build("metric", name, (), "test") for name in "xy")
    assert x.instance.metric is y.instance
    assert (y.instance.metric.by, y.instance.metric.metric) == (3.0, None)
    assert x.parameters["metric"] == y.key
    assert [one.use for one in x.made_of] == ["t.halved"]
    with pytest.raises(UnknownComponentError, match="metric 'z' needs metric 'nowhere'"):
        builder.build("metric", "z", (), "test")


def test_an_encoder_made_of_itself_is_refused():
    class OfBase(ToyEncoder):
        def __init__(self, *, base) -> None:
            super().__init__()

    from sondage.contracts import Encoder

    OfBase.__init__.__annotations__["base"] = Encoder
    host = Host([], [offer(EncoderSpec, "t.of", OfBase)])
    text = "version: 1\nencoders:\n  x: {use: t.of, base: y}\n  y: {use: t.of, base: x}\n"
    found = registry.registry_of(parse_yaml(text, "r.yaml"), {})
    with pytest.raises(RegistryError, match="x -> y -> x"):
        Builder(host, found).build("encoder", "x", (), "test")


def test_what_encoders_have_to_say_stands_among_the_notes():
    found = make("encoders: [upon, grown]\ntasks: [t.task]\nprobes: [t.simple]")
    said = [f"encoder '{name}': two of three are one" for name in ("told", "upon")]
    assert [note for note in found.notes if note.startswith("encoder ")] == said


@pytest.mark.parametrize("name", ["wrong", "on-wrong"])
def test_an_encoder_that_does_not_fit_is_told_with_its_name_and_line(name):
    with pytest.raises(ParameterError) as caught:
        make(f"encoders: [{name}]\ntasks: [t.task]\nprobes: [t.simple]")
    assert caught.value.message == "encoder 'wrong': there is no block 9"
    line = HEAD.splitlines().index("  wrong: {use: t.telling, wrong: true}") + 1
    assert caught.value.where == f"r.yaml:{line}, encoders.wrong"


def test_only_knows_the_last_step_by_that_name():
    found = make(
        "encoders: [a, grown]\ntasks: [t.task]\nprobes: [t.simple]\nonly:\n"
        "  t.simple: {encoders: [grown@last], layers: [1]}"
    )
    assert ran(found, "t.simple") == {("grown@10", "t.task", 1)}


def test_a_baseline_that_is_no_encoder_is_refused_though_nothing_is_compared_by_metrics():
    body = "encoders: [a, grown]\ntasks: [t.task]\nprobes: [t.simple]\nbaseline: "
    for wrong in ("aa", "t.simple", "grown", "grown@7", "a@0"):
        with pytest.raises(RegistryError, match=f"baseline '{wrong}'") as raised:
            make(body + wrong)
        assert raised.value.where.endswith("compositions.c.baseline")
        assert raised.value.near
    assert make(body + "grown@last").composition.baseline == "grown@10"


def test_a_baseline_that_was_taken_out_is_said():
    # As `--set encoders=[a]` does with a composition that compares with another.
    body = "encoders: [a]\nbaseline: b\ntasks: [t.task]\n"
    told = "baseline 'b' is not among the encoders: nothing is compared with it"
    assert told in make(body + "probes: [t.simple]").notes
    with pytest.raises(RegistryError, match="not among its encoders"):
        make(body + "probes: [t.simple]\nmetrics: [t.fixed]")


def test_a_probe_that_cannot_be_made_of_another_is_refused_at_its_line():
    with pytest.raises(ParameterError, match="takes no other") as raised:
        make("encoders: [a]\ntasks: [t.task]\nprobes: [t.wrapper]")
    assert raised.value.where.startswith("r.yaml:")
    assert raised.value.where.endswith("compositions.c.probes")


def test_only_pairs_join_two_vectors_to_the_width_that_a_probe_wants():
    body = "encoders: [a]\ntasks: [{}]\nprobes: [t.double]"
    assert make(body.format("t.task")).cells
    with pytest.raises(RegistryError, match="wants vectors of width 16, but those of encoder 'a'"):
        make(body.format("t.whole"))


def test_metrics_compare_the_pairs_that_are_named():
    body = "encoders: [a, b, n]\ntasks: [t.task]\nmetrics: [t.fixed]\nlayers: [1]\n"
    found = make(body + "pairs: [[a, b], [n, a], [a, b]]")
    assert [(c.encoder, c.other) for c in found.cells] == [("a", "b"), ("n", "a")]
    ruled = make(body + "pairs: [[a, b], [n, a]]\nonly: {t.fixed: {others: [b]}}")
    assert [(c.encoder, c.other) for c in ruled.cells] == [("a", "b")]
    with pytest.raises(RegistryError, match="'pairs' names 'c', which is not an encoder") as caught:
        make(body + "pairs: [[a, c]]")
    assert caught.value.where
    with pytest.raises(RegistryError, match="'pairs' compares 'a' with itself"):
        make(body + "pairs: [[a, a]]")
    with pytest.raises(RegistryError, match="should have at least 2 items"):
        make(body + "pairs: [[a]]")
