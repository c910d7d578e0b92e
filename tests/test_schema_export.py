"""The JSON Schema accepts what a registry may say, and nothing else."""

import pytest

from sondage import registry
from sondage.commands.schema import DIALECT, export
from sondage.contracts import Encoder
from sondage.host import Host, Offer
from sondage.registry import models
from sondage.registry.document import parse_yaml, read_yaml
from sondage.registry.models import Contents
from sondage.specs import EncoderSpec, MetricSpec, ProbeSpec, TaskSpec
from sondage.testing.toys import ToyEncoder, ToyTask

jsonschema = pytest.importorskip("jsonschema")


class Cut:
    def __init__(self, *, base: Encoder, keep: int = 2): ...


class Thing:
    def __init__(self, *, names: list[str] | None = None, mode: str = "x"): ...


class Untyped:
    def __init__(self, *, depth): ...


def offer(spec):
    return Offer(spec, spec.name.partition(".")[0], "sondage-toy", "0.1")


def spec(kind, name, factory):
    return offer(kind(name=name, factory=factory, summary="sum", reference="ref"))


@pytest.fixture
def host():
    return Host(
        [],
        [
            spec(EncoderSpec, "toy.encoder", ToyEncoder),
            spec(EncoderSpec, "toy.cut", Cut),
            spec(TaskSpec, "toy.task", ToyTask),
            spec(ProbeSpec, "toy.probe", Thing),
            spec(ProbeSpec, "toy.untyped", Untyped),
            spec(ProbeSpec, "toy.gone", "no_such_module:X"),
        ],
    )


@pytest.fixture
def accepts(host):
    schema, _ = export(host)
    validator = jsonschema.validators.validator_for(schema)(schema)
    validator.check_schema(schema)
    return lambda text: validator.is_valid(parse_yaml(text, "x.yaml").data)


GOOD = """
version: 1
encoders:
  a: {use: toy.encoder, n_layers: 4}
  b: {use: toy.cut, base: a, keep: 1}
  c: {use: toy.cut, base: {use: toy.encoder}}
  d: {use: toy.encoder, seeds: [0, 1]}
tasks: {t: {use: toy.task}}
probes: {p: {use: toy.probe, names: [x, y]}, q: {use: toy.probe, names: null}}
compositions:
  one:
    encoders: [a, toy.encoder, {use: toy.encoder, seed: 3}]
    tasks: [t]
    probes: [p]
    layers: [0, 1]
    seeds: [1]
    settings: {x: encoders.a.seed}
"""


def test_a_good_registry_is_accepted(accepts):
    assert accepts(GOOD)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1", "version: 2"),
        ("version: 1", "versions: 1"),
        ("n_layers: 4", "n_layer: 4"),
        ("seeds: [0, 1]", "seeds: []"),
        ("seeds: [0, 1]", "seeds: 1"),
        ("keep: 1", "seeds: [1]"),
        ("n_layers: 4", "n_layers: four"),
        ("base: a, ", ""),
        ("base: a", "base: 3"),
        ("use: toy.task", "use: toy.tasks"),
        ("{use: toy.task}", "{n: 3}"),
        ("names: [x, y]", "names: [1]"),
        ("seeds: [1]", "seeds: []"),
        ("seeds: [1]", "seed: [1]"),
        ("layers: [0, 1]", "layers: [-1]"),
        ("layers: [0, 1]", "layers: most"),
        ("{use: toy.encoder, seed: 3}", "{use: toy.encoder, sed: 3}"),
        ("  one:", "  ../one:"),
    ],
)
def test_a_mistake_is_refused_by_the_schema_and_by_the_registry(accepts, host, old, new):
    assert old in GOOD
    wrong = GOOD.replace(old, new, 1)
    assert not accepts(wrong)


def test_components_that_cannot_be_read_are_left_out_with_the_reason(host):
    schema, skipped = export(host)
    assert set(skipped) == {"toy.untyped", "toy.gone"}
    assert "no type" in skipped["toy.untyped"]
    assert "ModuleNotFoundError" in skipped["toy.gone"]
    assert "probe:toy.probe" in schema["$defs"]
    assert "probe:toy.gone" not in schema["$defs"]


def test_the_schema_says_what_editors_show(host):
    schema, _ = export(host)
    assert schema["$schema"] == DIALECT
    cut = schema["$defs"]["encoder:toy.cut"]
    assert cut["description"] == "sum (ref)"
    assert cut["required"] == ["use", "base"]
    assert cut["properties"]["use"]["const"] == "toy.cut"
    assert cut["properties"]["keep"]["default"] == 2
    assert {branch.get("type") for branch in cut["properties"]["base"]["anyOf"]} == {
        "string", "object",
    }  # fmt: skip


def test_without_a_plugin_of_a_kind_its_section_is_open():
    metric = spec(MetricSpec, "toy.metric", Thing)
    schema, _ = export(Host([], [metric]))
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert validator.is_valid({"version": 1, "encoders": {"a": {"use": "any.thing"}}})
    assert not validator.is_valid({"version": 1, "metrics": {"a": {"use": "any.thing"}}})


def test_every_section_and_key_of_the_registry_is_in_the_schema(host):
    schema, _ = export(host)
    assert set(schema["properties"]) == set(Contents.model_fields)
    keys = set(models.Composition.model_fields)
    assert set(schema["$defs"]["composition"]["properties"]) == keys


def test_the_shipped_registry_is_accepted_where_its_plugins_are_installed():
    host = Host.discover(strict=False)
    document = read_yaml(registry.shipped())
    used = {d["use"] for s in models.SECTIONS for d in document.data.get(s, {}).values()}
    absent = used - {name for _, name in host.catalogue}
    if absent:
        pytest.skip(f"not installed: {sorted(absent)}")
    schema, _ = export(host)
    jsonschema.validate(document.data, schema)
