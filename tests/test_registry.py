"""registry.yaml: data only, and every mistake points at its line."""

import contextlib
import json
import os
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage import api, registry
from sondage.errors import RegistryError, SondageError, UnknownComponentError, nearest
from sondage.registry import document
from sondage.registry.document import parse_yaml, read_yaml

GOOD = """\
version: 1
encoders:
  mini: {use: toy.encoder, seed: 3}
compositions:
  small:
    encoders: [mini]
    tasks: [toy.task]
    probes: [toy.centroid]
"""


def load(text):
    return registry.registry_of(parse_yaml(text, "r.yaml"), {})


def test_a_registry_is_read():
    found = load(GOOD)
    assert found.declared("encoder")["mini"].parameters == {"seed": 3}
    assert found.composition("small").seeds == [0]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("probes:", "probs:", 8, ["probs", "probes"]),
        ("    tasks: [toy.task]\n", "", 5, ["small", "tasks"]),
        ("version: 1", "version: 2", 1, ["version"]),
        ("encoders: [mini]", "encoders: mini", 6, ["encoders", "mini"]),
        ("encoders: [mini]", "encoders: []", 6, ["encoders"]),
        ("encoders: [mini]", "encoders: [mini]\n    layers: [0, x]", 7, ["layers", "x"]),
        ("encoders: [mini]", "encoders: [mini]\n    seeds: [-1]", 7, ["seeds"]),
        ("use: toy.encoder", "uses: toy.encoder", 3, ["mini", "use"]),
        ("  small:", "  ../small:", 5, ["../small"]),
        ("  mini:", "  mini: {use: a.b}\n  mini:", 4, ["mini", "repeated"]),
        ("seed: 3", "seed: 3, seed: 4", 3, ["seed", "repeated"]),
        ("seed: 3", "seed: !!python/object/apply:os.system ['true']", 3, ["tag"]),
        ("seed: 3", "seed: !include x", 3, ["tag"]),
        ("seed: 3", "seed: &a 3", 3, ["anchors"]),
        ("seed: 3", "seed: *a", 3, ["anchors"]),
        ("{use: toy.encoder, seed: 3}", "{use: toy.encoder, seed: 3", 4, ["YAML"]),
        ("{use: toy.encoder, seed: 3}", "{use: toy.encoder, 3: seed}", 3, ["quotes"]),
    ],
)
def test_a_mistake_is_told_with_its_line(old, new, line, words):
    assert old in GOOD
    with pytest.raises(RegistryError) as caught:
        load(GOOD.replace(old, new, 1))
    said = str(caught.value)
    assert f"r.yaml:{line}" in said
    assert all(word in said for word in words), said


def test_the_nearest_key_and_composition_are_named():
    with pytest.raises(RegistryError) as caught:
        load(GOOD.replace("probes:", "probs:"))
    assert caught.value.near[0] == "probes"
    with pytest.raises(UnknownComponentError) as unknown:
        load(GOOD).composition("smal")
    assert unknown.value.near == ("small",)


@pytest.mark.parametrize("text", ["", "3", "[]", "\ufeff", "a: \x00", "- " * 20_000, "{" * 3000])
def test_what_is_no_registry_is_refused(text):
    with pytest.raises(RegistryError):
        load(text)


def test_not_utf8_is_refused():
    with pytest.raises(RegistryError, match="UTF-8"):
        parse_yaml("version: 1 # caf\xe9".encode("latin-1"), "r.yaml")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RegistryError, match="cannot be read"):
        registry.load(tmp_path / "none.yaml")


def test_the_shipped_registry_is_valid():
    assert {"quickstart", "pud-upos"} <= set(registry.load().contents.compositions)


def test_overrides_reach_into_the_file():
    document = parse_yaml(GOOD, "r.yaml")
    found = registry.registry_of(
        document, {"encoders.mini.seed": 9, "compositions.small.seeds": [4]}
    )
    assert found.declared("encoder")["mini"].parameters == {"seed": 9}
    assert found.composition("small").seeds == [4]
    with pytest.raises(RegistryError, match="minni"):
        registry.registry_of(parse_yaml(GOOD, "r.yaml"), {"encoders.minni.seed": 9})


def test_variables_are_replaced_or_missed_by_name(monkeypatch):
    monkeypatch.setenv("SONDAGE_DATA", "/d")
    assert registry.substitute("${SONDAGE_DATA}/x", where="w") == "/d/x"
    monkeypatch.delenv("SONDAGE_DATA")
    with pytest.raises(RegistryError, match="SONDAGE_DATA"):
        registry.substitute("${SONDAGE_DATA}/x", where="w")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-4", 1e-4), ("1E5", 1e5), ("'1e-4'", "1e-4"), ("0x1F", 31), ("yes", True),
     ("2024-01-01", "2024-01-01"), ("~", None), (".5", 0.5)],
)  # fmt: skip
def test_scalars(text, value):
    assert parse_yaml(f"a: {text}", "r").data == {"a": value}


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(raw):
    with contextlib.suppress(SondageError):
        registry.registry_of(parse_yaml(raw, "r.yaml"), {})


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.text(string.ascii_letters + ". !*&", max_size=8)
)
KEYS = st.sampled_from(
    ["version", "encoders", "tasks", "compositions", "use", "mini", "layers", "seeds", "x"]
)
TREES = st.recursive(
    LEAVES, lambda s: st.lists(s, max_size=3) | st.dictionaries(KEYS, s, max_size=4), max_leaves=20
)


@settings(deadline=None, max_examples=300)
@given(TREES)
def test_any_tree_is_validated_or_refused_with_a_place(tree):
    import yaml

    text = yaml.safe_dump({"version": 1, "compositions": tree, "encoders": {"mini": tree}})
    places = ["r.yaml:1"]
    try:
        load(text)
    except SondageError as error:
        places.append(error.where)
    assert all(place.startswith("r.yaml:") for place in places)


def test_rules_are_written_out_as_they_were_declared():
    text = """
version: 1
compositions:
  c:
    encoders: [a]
    tasks: [t]
    probes: [p, q]
    only:
      p: {layers: [0, last]}
      q: [{steps: [5]}, {tasks: [t]}]
"""
    composition = registry.registry_of(parse_yaml(text, "r.yaml"), {}).composition("c")
    written = json.loads(composition.model_dump_json(exclude_none=True))["only"]
    assert written == {"p": {"layers": [0, "last"]}, "q": [{"steps": [5]}, {"tasks": ["t"]}]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: !!bool maybe", "'maybe' is no bool"),
        ("a: !!int x", "'x' is no int"),
        ("a: !!int ''", "'' is no int"),
        ("a: !!float ''", "'' is no float"),
        ("a: !!null x", "'x' is no null"),
        ("a: 0x" + "f" * 50_000, "a number of 50002 characters"),
        ("a: 1" + ":1" * 50_000, "a number of 100001 characters"),
        ('a: "\\U00110000"', "no such character"),
        ('a: "\\UFFFFFFFF"', "no such character"),
        ('a: "\\uD800"', "half a character"),
        ("a: " + "[" * 5_000, "nested too deeply"),
        ("- " * 5_000, "nested too deeply"),
    ],
)
def test_what_no_value_is_gets_a_message(text, said):
    with pytest.raises(RegistryError, match=said):
        parse_yaml(text, "x.yaml")


def test_a_registry_has_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(document, "MAX_NODES", 100)
    assert len(parse_yaml("[" + "1, " * 90 + "1]", "x.yaml").data) == 91
    with pytest.raises(RegistryError, match="at most 100 keys and values"):
        parse_yaml("[" + "1, " * 100 + "1]", "x.yaml")
    monkeypatch.setattr(document, "MAX_BYTES", 1000)
    large = tmp_path / "large.yaml"
    large.write_text("#" * 1001, "utf-8")
    with pytest.raises(RegistryError, match="too large"):
        read_yaml(large)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device here")
def test_a_registry_is_no_device_and_no_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (Path("/dev/zero"), pipe):
        with pytest.raises(RegistryError, match="is a device or a pipe"):
            read_yaml(path)
    with pytest.raises(RegistryError, match="no file name"):
        read_yaml(Path("a\0b"))


def test_a_file_with_one_composition_needs_no_name(tmp_path):
    path = tmp_path / "one.yaml"
    path.write_text("version: 1\ncompositions:\n  only: {encoders: [e], tasks: [t]}\n", "utf-8")
    assert api.split_target(str(path)) == (path, "only")
    path.write_text(path.read_text("utf-8") + "  more: {encoders: [e], tasks: [t]}\n", "utf-8")
    with pytest.raises(RegistryError, match="and has 2"):
        api.split_target(str(path))


@pytest.mark.parametrize(
    ("line", "said"),
    [("layers: 0-3", "'all' or a list of numbers"), ("encoders: [3]", "a name, or a mapping")],
)
def test_one_mistake_is_one_message(line, said):
    rest = "tasks: [t]" + ("" if line.startswith("encoders") else "\n    encoders: [e]")
    text = f"version: 1\ncompositions:\n  c:\n    {rest}\n    {line}\n"
    with pytest.raises(RegistryError) as caught:
        registry.registry_of(parse_yaml(text, "r.yaml"), {})
    assert caught.value.others == ()
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("section", "hint"),
    [
        ("metrics: {cka: similarity.cka}", "cka: {use: similarity.cka}"),
        ("tasks: {t: [a]}", ""),
        ("compositions: {c: mine}", ""),
    ],
)
def test_a_component_in_the_place_of_a_declaration(section, hint):
    with pytest.raises(RegistryError, match="Input should be an object") as caught:
        load(f"version: 1\n{section}\n")
    assert caught.value.hint == hint


def test_near_names_are_given_once():
    assert RegistryError("x", near=["word", "word", "subwords"]).near == ("word", "subwords")
    assert nearest("wrd", ["word", "word"]) == ("word",)
