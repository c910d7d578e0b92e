"""One declaration with several seeds is several encoders, wherever encoders are named."""

import pytest

from sondage import registry
from sondage.commands.validate import check_registry
from sondage.contracts import Encoder
from sondage.errors import ParameterError, RegistryError, UnknownComponentError
from sondage.host import Host, Offer
from sondage.plan import planner
from sondage.registry.build import Builder
from sondage.registry.document import parse_yaml
from sondage.registry.naming import joined, parted
from sondage.specs import EncoderSpec, MetricSpec, ProbeSpec, TaskSpec
from sondage.testing.toys import ToyEncoder, ToyTask


class Simple:
    def fit(self, X, y, *, rng):
        return self

    def predict(self, X):
        return X[:, 0] > 0


class Fixed:
    units, randomness = "vectors", ()


class Growing:
    """Three steps of training."""

    n_layers, width, views, steps = 1, 16, ("word",), (0, 5, 10)

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed
        self.fingerprint = f"growing {seed}"

    def at(self, step):
        return ToyEncoder(n_layers=1, seed=100 * self.seed + step)


class Cut(ToyEncoder):
    def __init__(self, *, base: Encoder, more: list[Encoder] | None = None, note: str = "") -> None:
        super().__init__(n_layers=1, seed=sum(map(ord, base.fingerprint)))
        self.base, self.more, self.note = base, more, note


def offer(kind, name, factory):
    spec = kind(name=name, factory=factory, summary="s", reference="r")
    return Offer(spec, "t", "sondage-t", "1")


HOST = Host(
    [],
    [
        offer(EncoderSpec, "t.encoder", ToyEncoder),
        offer(EncoderSpec, "t.series", Growing),
        offer(EncoderSpec, "t.cut", Cut),
        offer(TaskSpec, "t.task", ToyTask),
        offer(ProbeSpec, "t.simple", Simple),
        offer(MetricSpec, "t.fixed", Fixed),
    ],
)
HEAD = """\
version: 1
encoders:
  a: {use: t.encoder, n_layers: 1}
  many: {use: t.encoder, n_layers: 1, seeds: [3, 1]}
  other: {use: t.encoder, n_layers: 2, seeds: [1, 3]}
  grown: {use: t.series, seeds: [0, 1]}
  cut: {use: t.cut, base: grown@last, note: many}
  both: {use: t.cut, base: many, more: [a, many]}
  one: {use: t.cut, base: many#3}
compositions:
  c:
"""
BODY = "tasks: [t.task]\nprobes: [t.simple]\nlayers: [0]\nencoders: "


def registry_of(body, head=HEAD):
    text = head + "\n".join(f"    {line}" for line in body.strip().splitlines())
    return registry.registry_of(parse_yaml(text, "r.yaml"), {})


def make(body, head=HEAD):
    found = registry_of(body, head)
    return planner.make(found, Builder(HOST, found), "c")


def named(plan):
    return [cell.who for cell in plan.cells]


def test_a_name_stands_for_all_seeds_or_for_one():
    assert named(make(BODY + "[many]")) == ["many#3", "many#1"]
    assert named(make(BODY + "[many#1, a]")) == ["many#1", "a"]
    found = make(BODY + "[grown]")
    assert named(found) == [f"grown#{seed}@{step}" for seed in (0, 1) for step in (0, 5, 10)]
    assert named(make(BODY + "[grown@last, grown#0@5]")) == [
        "grown#0@10",
        "grown#1@10",
        "grown#0@5",
    ]


def test_each_is_what_the_seed_alone_declares():
    several, alone = make(BODY + "[many]"), make(BODY + "[{use: t.encoder, n_layers: 1, seed: 3}]")
    assert several.cells[0].id == alone.cells[0].id
    assert several.cells[0].encoder == "many#3"
    built = {b.label: b.parameters["seed"] for b in several.components if b.kind == "encoder"}
    assert built == {"many#3": 3, "many#1": 1}


def test_seeds_may_be_given_in_place():
    found = make(BODY + "[{use: t.encoder, n_layers: 1, seeds: [3, 1]}]")
    assert named(found) == ["t.encoder#3", "t.encoder#1"]
    assert [c.id for c in found.cells] == [c.id for c in make(BODY + "[many]").cells]


def test_what_is_made_of_several_is_several():
    found = make(BODY + "[cut]")
    assert named(found) == ["cut#0", "cut#1"]
    bases = [b.made_of[0].title for b in found.components if b.label.startswith("cut")]
    assert bases == ["grown#0@10", "grown#1@10"]
    found = make(BODY + "[both#1]")
    (built,) = (b for b in found.components if b.kind == "encoder")
    assert [b.label for b in built.made_of] == ["many#1", "a", "many#1"]
    # A text that happens to be a name is no reference, and one seed is one encoder.
    assert built.parameters["note"] == ""
    assert named(make(BODY + "[one]")) == ["one"]


def test_rules_name_all_or_one():
    body = BODY + "[many, grown, a]\nonly: {t.simple: {encoders: ["
    assert named(make(body + "many]}}")) == ["many#3", "many#1"]
    assert named(make(body + "many#1, a]}}")) == ["many#1", "a"]
    assert named(make(body + "grown@last]}}")) == ["grown#0@10", "grown#1@10"]
    assert named(make(body + "grown#1@5, 'grown#0@last']}}")) == ["grown#0@10", "grown#1@5"]
    found = make(body + "grown]\n      , steps: [first]}}".replace("\n      ", " "))
    assert named(found) == ["grown#0@0", "grown#1@0"]
    with pytest.raises(RegistryError, match="'many#7', which is not an encoder"):
        make(BODY + "[a, many]\nonly: {t.simple: {encoders: ['many#7']}}")


METRICS = "tasks: [t.task]\nmetrics: [t.fixed]\nlayers: [0]\nencoders: "


def test_a_baseline_is_one_or_that_of_the_same_seed():
    def pairs(encoders, baseline):
        return named(make(f"{METRICS}{encoders}\nbaseline: {baseline}"))

    assert pairs("[many, a]", "a") == ["many#3 ~ a", "many#1 ~ a"]
    # Two seeds of one recipe: each against the first.
    assert pairs("[many]", "many#3") == ["many#1 ~ many#3"]
    assert pairs("[many, other]", "many") == ["other#1 ~ many#1", "other#3 ~ many#3"]
    assert pairs("[many, a]", "many") == ["a ~ many#3", "a ~ many#1"]
    assert pairs("[grown@last, cut]", "grown@last") == ["cut#0 ~ grown#0@10", "cut#1 ~ grown#1@10"]
    with pytest.raises(RegistryError, match="baseline 'many#2'"):
        pairs("[many, a]", "many#2")


def test_differences_are_to_the_baseline_of_the_same_seed(tmp_path):
    import numpy as np

    from sondage.data import Outcomes
    from sondage.records.folder import RunFolder
    from sondage.records.frames import summary
    from sondage.records.outcomes import pack

    def record(encoder, value):
        base = {"id": encoder + str(value), "status": "done", "kind": "probe", "task": "t"}
        items = np.arange(40)
        right = np.where(items % 10 < value, 1.0, 0.0)
        return base | {
            "encoder": encoder, "other": "", "component": "p", "view": "word", "layer": 0,
            "step": None, "seed": 0, "controls": [], "scores": {"accuracy": float(right.mean())},
            "outcomes": pack(Outcomes(items, items, right, score="accuracy")),
        }  # fmt: skip

    def found(baseline):
        folder = RunFolder(tmp_path / baseline.replace("#", "-"))
        folder.open({"schema": 1, "composition": "c", "declared": {"baseline": baseline}})
        folder.append(
            [record("x#0", 5), record("x#1", 9), record("b#0", 4), record("b#1", 4), record("a", 2)]
        )
        return summary(folder).set_index("encoder")["difference"].dropna().to_dict()

    assert found("b") == pytest.approx({"x#0": 0.1, "x#1": 0.5})
    assert found("a") == pytest.approx({"x#0": 0.3, "x#1": 0.7, "b#0": 0.2, "b#1": 0.2})
    assert found("b#1") == pytest.approx({"x#0": 0.1, "x#1": 0.5, "b#0": 0.0, "a": -0.2})


def encoders(line):
    return HEAD.replace("compositions:", f"  wrong: {line}\ncompositions:")


@pytest.mark.parametrize(
    ("line", "where", "words"),
    [
        ("{use: t.cut, base: a, seeds: [0]}", "wrong.seeds", "t.cut has no parameter 'seed'"),
        ("{use: t.encoder, seed: 1, seeds: [0]}", "wrong.seeds", "both 'seed' and 'seeds'"),
        ("{use: t.cut, base: many, seeds: [0]}", "wrong.seeds", "seeds of its own, and is made"),
        ("{use: t.cut, base: many, more: [grown@5]}", "wrong", "encoders with different seeds"),
        ("{use: t.encoder, seeds: []}", "wrong.seeds", "at least 1 item"),
        ("{use: t.encoder, seeds: 3}", "wrong.seeds", "valid array"),
        ("{use: t.encoder, seeds: [1, 1]}", "wrong.seeds", "given twice"),
        ("{use: t.encoder, seeds: [-1]}", "wrong.seeds.0", "greater than or equal to 0"),
        ("{use: t.cut, base: 'many#9'}", "wrong.base", "encoder 'many#9', which the registry"),
        ("{use: t.cut, base: {use: t.encoder, seeds: [0, 1]}}", "wrong.base", "is 2, one a seed"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(line, where, words):
    with pytest.raises((RegistryError, ParameterError, UnknownComponentError), match=words) as told:
        make(BODY + "[wrong]", encoders(line))
    assert told.value.where == f"r.yaml:10, encoders.{where}"


def test_one_encoder_cannot_be_several():
    found = registry_of(BODY + "[a]")
    with pytest.raises(RegistryError, match="test needs one encoder, but 'many' is 2") as told:
        Builder(HOST, found).build("encoder", "many", ("compositions", "c"), "test")
    assert told.value.near == ("many#3", "many#1") or list(told.value.near) == ["many#3", "many#1"]
    assert told.value.hint == "name one: many#3"


def test_a_loop_is_a_loop():
    head = encoders("{use: t.cut, base: wrong}")
    with pytest.raises(RegistryError, match="wrong -> wrong"):
        make(BODY + "[wrong]", head)


def test_validating_looks_at_every_seed(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(HEAD + "    " + (BODY + "[many, cut, grown]").replace("\n", "\n    "))
    assert check_registry(path, HOST).problems == []
    path.write_text(encoders("{use: t.cut, base: a, seeds: [0]}") + "    encoders: [a]\n"
                    "    tasks: [t.task]\n    probes: [t.simple]\n")  # fmt: skip
    (problem,) = check_registry(path, HOST).problems
    assert "has no parameter 'seed'" in problem.message


def test_names_come_apart_and_together():
    for name in ("a", "a#3", "a@last", "a#3@10", "a.b-c#0@0"):
        assert joined(*parted(name)) == name
    assert joined("a", 0, 0) == "a#0@0"
