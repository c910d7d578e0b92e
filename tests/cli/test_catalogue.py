"""plugins, list, describe, validate and schema."""

import json

import pytest

EVIL_PLUGIN = '''
import sondage
class Thing:
    """Do \\x1b[31mnothing.

    Parameters
    ----------
    depth : int
        How \\x1b]0;deep it goes,
        in layers.
    """
    units, randomness, joint = "vectors", (), ("layer",)
    def __init__(self, *, depth: int, name: str | None = None): ...
@sondage.hookimpl
def sondage_probes():
    return [sondage.ProbeSpec(name="evil.thing", factory=Thing,
        summary="[red]s[/red] \\x1b[2J", reference="\\x9b31m ref")]
'''


def test_plugins_shows_status_and_reason(call, both, make_plugin):
    make_plugin("bad", "raise RuntimeError('broken \\x1b[31m on purpose')")
    ended = call("plugins")
    assert ended.code == 0
    rows = {line.split()[0]: line for line in ended.out.splitlines()}
    assert "broken" in rows["bad"]
    assert "RuntimeError: broken \\x1b[31m on purpose" in rows["bad"]
    assert "active" in rows["toy"]
    assert "3 components" in rows["toy"]
    assert "\x1b" not in ended.out


def test_plugins_for_programs(call, both, make_plugin):
    make_plugin("new", "", requires="sondage>=99")
    found = {p["plugin"]: p for p in json.loads(call("plugins", "--json").out)}
    assert found["toy"]["status"] == "active"
    assert found["toy"]["hooks"] == ["sondage_encoders", "sondage_probes", "sondage_tasks"]
    assert found["new"]["status"] == "incompatible"
    assert found["new"]["requires"] == "sondage>=99"


def test_plugins_with_hooks_and_requirements(call, both):
    out = call("plugins", "--hooks", "--requires").out
    assert "sondage_encoders, sondage_probes, sondage_tasks" in out
    assert out.splitlines()[0].split()[-2:] == ["hooks", "requires"]


def test_list_shows_components_and_what_a_file_declares(call, both):
    out = call("list", "encoders", both).out
    assert "toy.encoder" in out
    declared = out.partition("declared in")[2]
    assert "a" in declared
    assert "n_layers: 3" in declared


def test_list_compositions_of_a_file_and_of_the_shipped_registry(call, both):
    assert "a probe and a metric" in call("list", "compositions", both).out
    assert "quickstart" in call("list", "compositions").out


def test_list_refuses_other_kinds(call):
    assert call("list", "wonders").code == 2


def test_describe_shows_parameters_and_attributes(call, make_plugin):
    make_plugin("evil", EVIL_PLUGIN)
    ended = call("describe", "probe", "evil.thing")
    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert "\x9b" not in ended.out
    assert "[red]s[/red]" in ended.out
    assert "  units: vectors\n  randomness: none\n  joint: layer\n" in ended.out
    rows = [line.split("  ") for line in ended.out.splitlines()]
    depth = [c.strip() for c in next(r for r in rows if r[0] == "depth") if c.strip()]
    assert depth == ["depth", "int", "(required)", "How \\x1b]0;deep it goes, in layers."]
    name = [c.strip() for c in next(r for r in rows if r[0] == "name") if c.strip()]
    assert name == ["name", "text | null", "null"]
    assert "Parameters\n" not in ended.out


def test_describe_a_composition(call, both, tmp_path):
    rules = "only: {rsa: [{tasks: [words]}, {layers: [2, last]}]}"
    path = tmp_path / "of.yaml"
    path.write_text(
        f"""version: 1
encoders: {{mini: {{use: toy.encoder, depth: 2}}}}
tasks: {{words: {{use: toy.words}}}}
metrics: {{rsa: {{use: far.gap}}}}
compositions:
  one:
    summary: two in pairs
    encoders: [mini, {{use: toy.encoder}}]
    tasks: [words]
    metrics: [rsa]
    pairs: [[mini, mini]]
    {rules}
    settings: {{depth: encoders.mini.depth, n: tasks.words.n}}
"""
    )
    ended = call("describe", "composition", f"{path}:one")
    assert ended.code == 0
    said, table = ended.out.split("\n\n")
    assert said.splitlines() == [
        "one: two in pairs",
        "  encoders: [mini, {use: toy.encoder}]",
        "  tasks: [words]",
        "  metrics: [rsa]",
        "  pairs: mini ~ mini",
        "  only rsa: {tasks: [words]}",
        "  only rsa: {layers: [2, last]}",
    ]
    rows = [line.split() for line in table.splitlines()]
    assert ["--set", "depth=...", "encoders.mini.depth", "2"] in rows
    assert ["--set", "n=...", "tasks.words.n"] in rows


def test_describe_names_the_nearest_composition(call, both):
    ended = call("describe", "composition", "quickstar")
    assert ended.code == 2
    assert "closest: quickstart" in ended.err


def test_describe_names_the_nearest(call, both):
    ended = call("describe", "probe", "toy.centroids")
    assert ended.code == 2
    assert "closest: toy.centroid" in ended.err


def test_describe_a_component_that_cannot_be_imported(call, make_plugin):
    make_plugin(
        "gone",
        """
        import sondage
        @sondage.hookimpl
        def sondage_probes():
            return [sondage.ProbeSpec(name="gone.x", factory="no_such:X", summary="s",
                                      reference="r")]
        """,
    )
    ended = call("describe", "probe", "gone.x")
    assert ended.code == 2
    assert "ModuleNotFoundError" in ended.err
    assert "Traceback" not in ended.err


def test_validate_says_that_all_is_well(call, both):
    ended = call("validate", both)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{both}: ok (4 components, 2 compositions)\n"


WRONG = """\
version: 1
encoders:
  a: {use: toy.encoder, n_layer: 3, seed: x}
  c: {use: toy.encoder}
tasks:
  t: {use: toy.taks}
  v: {use: toy.task, n: "${NO_SUCH_VARIABLE}"}
probes:
  p: {use: absent.probe}
compositions:
  one: {encoders: [a], tasks: [t], probes: [p]}
  two: {encoders: [c], tasks: [toy.task], probes: [toy.centroid], layers: [0, 9]}
  fine: {encoders: [c], tasks: [toy.task], probes: [toy.centroid]}
"""


def test_validate_says_all_problems_each_with_its_line(call, make_plugin, tmp_path, monkeypatch):
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    make_plugin("toy")
    file = tmp_path / "wrong.yaml"
    file.write_text(WRONG, "utf-8")
    ended = call("validate", file)
    assert ended.code == 2
    where = [line.strip() for line in ended.err.splitlines() if line.startswith("  at ")]
    assert where == [
        f"at {file}:3, encoders.a.seed",
        f"at {file}:3, encoders.a.n_layer",
        f"at {file}:6, tasks.t.use",
        f"at {file}:7, tasks.v.n",
        f"at {file}:9, probes.p.use",
        f"at {file}:12, compositions.two.layers",
    ]
    assert "install the package that brings the plugin 'absent'" in ended.err
    assert "sondage-absent" not in ended.err
    assert "NO_SUCH_VARIABLE, which is not set" in ended.err
    assert ended.err.endswith("6 problems\n")


def test_validate_says_all_structural_problems(call, tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text("version: 2\nencoder: {}\ntasks: [a]\n", "utf-8")
    ended = call("validate", file)
    assert ended.code == 2
    assert [f":{n}, " in ended.err for n in (1, 2, 3)] == [True] * 3
    assert "closest: encoders" in ended.err
    assert ended.err.endswith("3 problems\n")


def test_validate_a_file_that_is_no_yaml(call, tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text("a: !!python/object:os.system x\n", "utf-8")
    assert call("validate", file).code == 2
    assert call("validate", tmp_path / "absent.yaml").code == 2


def test_schema_is_written_to_a_file(call, both, tmp_path):
    ended = call("schema", "--out", tmp_path / "schema.json")
    assert ended.code == 0
    written = json.loads((tmp_path / "schema.json").read_text("utf-8"))
    assert "probe:toy.centroid" in written["$defs"]
    assert json.loads(call("schema").out) == written
    assert call("schema", "--out", tmp_path / "no" / "schema.json").code == 2


@pytest.mark.parametrize("name", ["quickstart", "pud-upos"])
def test_the_shipped_registry_is_listed(call, name):
    assert name in call("list", "compositions").out


def test_validate_tells_every_fault_whatever_its_kind(call, both):
    text = both.read_text("utf-8")
    text = text.replace("  t: {use: toy.task, n: 60}", "  t: {use: toy.task, n: 60, m: 1}\n  v: 3")
    text = text.replace("encoders: [a, b]", "encoders: [nobody, a, noone]", 1)
    both.write_text(text, "utf-8")
    ended = call("validate", both)
    assert ended.code == 2
    for said in ("tasks: 'v' is '3'", "'nobody'", "'noone'", "'m'"):
        assert said in ended.err, said
    assert ended.err.endswith("4 problems\n")
