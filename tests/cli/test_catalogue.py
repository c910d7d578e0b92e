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


SHOWN_PLUGIN = """
import numpy as np, sondage
from sondage.data import *

class Shared:
    fingerprint = corpus_fingerprint = "f"
    randomness = ()
    def __init__(self, *, n: int = 12): self.n = n

class Labelled(Shared):
    units = "words"
    def load(self):
        corpus = Corpus.of_words([["w%d" % i, "is", "\\x1bred"] for i in range(self.n)])
        units = Units.of_words(np.arange(self.n), np.zeros(self.n, int), np.full(self.n, 2))
        y = np.arange(self.n) % 2
        return TaskData(corpus, Labels(units, y, ("even", "odd")), warnings={"skipped-lines": 3})

class Several(Shared):
    units = "sentences"
    def load(self):
        y = np.array([[True, True], [False, False]])
        corpus = Corpus(["one", "two"], second=["three " * 100, None])
        return TaskData(corpus, Labels(Units.of_sentences(2), y, ("a", "b")))

class Tree(Shared):
    units = "trees"
    def load(self):
        corpus = Corpus.of_words([["x"], ["a", "dog", "barks"]])
        heads, rest = np.array([-1, 1, 2, -1]), np.zeros(4, int)
        return TaskData(corpus, Trees(heads, rest == 0, rest, ("dep",), np.array([1])))

class Ranked(Shared):
    units = "rankings"
    def load(self):
        corpus = Corpus.of_words([["who", "?"]], second=[["Ann", "Lee", "came"]])
        units = Units(np.zeros(3, int), np.array([[[0, 1]], [[2, 4]], [[4, 5]]]))
        ints = np.array
        return TaskData(corpus, Rankings(units, ints([0]), ints([1]), ints([2]), ints([0, 1])))

class Answered(Shared):
    units = "answers"
    def load(self):
        corpus = Corpus(["who?", "why?"], second=["x" * 500 + " Ann came", "no"])
        ints = np.array
        golds = ints([501, 501]), ints([504, 504]), ints([0, 2, 2]), ("Ann", "Ann"), ("1", "2")
        return TaskData(corpus, Answers(ints([0, 1]), *golds))

class Plain(Shared):
    units = "none"
    def load(self): return TaskData(Corpus(["a text", "another"]), None)

class Own(Plain):
    def examples(self, n): return Examples({"share": 0.12345}, ("item",), [("mine",)] * n)

class Bad(Plain):
    def load(self): raise ValueError("no luck")

@sondage.hookimpl
def sondage_tasks():
    return [sondage.TaskSpec(name="shown." + c.__name__.lower(), factory=c, summary="s",
                             reference="r")
            for c in (Labelled, Several, Tree, Ranked, Answered, Plain, Own, Bad)]
"""

LONG = "three " * 20


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("several", f"  items: 2\n  texts: 2\n\n1\n  label: a, b\n  text: one | {LONG} …\n"
                    "\n2\n  label: \n  text: two\n"),
        ("tree", "  items: 1\n  texts: 2\n\n1\n  heads: a < dog, dog < barks, barks < root\n"
                 "  text: a dog barks\n"),
        ("ranked", "  items: 1\n  texts: 1\n\n1\n  anchor: who\n  match: Ann Lee\n"
                   "  candidates: 1\n  text: who ? | Ann Lee came\n"),
        ("answered", "  items: 2\n  texts: 2\n\n1\n  question: who?\n  answers: Ann\n"
                     f"  context: … {'x' * 119} Ann came\n\n2\n  question: why?\n"
                     "  answers: none\n  context: no\n"),
        ("plain", "  items: 2\n  texts: 2\n\n1\n  text: a text\n\n2\n  text: another\n"),
    ],
)  # fmt: skip
def test_describe_shows_examples_of_every_target(call, make_plugin, name, said):
    make_plugin("shown", SHOWN_PLUGIN)
    ended = call("describe", "task", f"shown.{name}", "--examples")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"shown.{name}\n{said}".replace("label: \n", "label: \n")


def test_describe_shows_ten_examples_from_first_to_last(call, make_plugin):
    make_plugin("shown", SHOWN_PLUGIN)
    out = call("describe", "task", "shown.labelled", "--examples").out
    assert "  items: 12\n  texts: 12\n  skipped-lines: 3\n" in out
    assert "1\n  span 1: w0\n  span 2: \\x1bred\n  label: even\n  text: w0 is \\x1bred\n" in out
    assert out.count("span 1") == 10
    assert "10\n  span 1: w11\n" in out
    assert "\x1b" not in out


def test_describe_shows_what_a_task_shows_of_itself(call, make_plugin):
    make_plugin("shown", SHOWN_PLUGIN)
    out = call("describe", "task", "shown.own", "--examples").out
    assert out.startswith("shown.own\n  share: 0.123\n\n1\n  item: mine\n")
    assert out.count("mine") == 10


def test_describe_shows_examples_of_a_declared_task(call, make_plugin, tmp_path):
    make_plugin("shown", SHOWN_PLUGIN)
    registry = tmp_path / "r.yaml"
    registry.write_text("version: 1\ntasks:\n  mine: {use: shown.labelled, n: 3}\n")
    shown = call("describe", "task", "mine", "--examples", "--registry", registry).out
    assert "  items: 3\n" in shown
    parameters = tmp_path / "p.yaml"
    parameters.write_text("n: 4\n")
    shown = call("describe", "task", "shown.labelled", "--examples", "--params", parameters).out
    assert "  items: 4\n" in shown
    assert (
        "use shown.labelled, n: 3" in call("describe", "task", "mine", "--registry", registry).out
    )


def test_describe_has_no_examples_of_a_probe_or_of_what_fails(call, both, make_plugin):
    ended = call("describe", "probe", "toy.centroid", "--examples")
    assert (ended.code, ended.out) == (2, "")
    assert "only tasks have examples" in ended.err
    assert "closest: " in call("describe", "task", "toy.centroid", "--examples").err
    make_plugin("shown", SHOWN_PLUGIN)
    ended = call("describe", "task", "shown.bad", "--examples")
    assert ended.code == 2
    assert "ValueError: no luck" in ended.err
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
