"""What a composition lacks here: all of it, found without building anything."""

import pytest

from sondage import registry
from sondage.commands.lacking import lacks_here
from sondage.host import Host

PLUGIN = """
    import sondage
    from sondage.testing.toys import ToyTask

    class Filed(ToyTask):
        def __init__(self, *, train: str = "", other: str = ""):
            super().__init__(n=60)
            self.train, self.other = train, other

    class OfIt:
        def __init__(self, *, base: "sondage.contracts.Encoder", task: "sondage.contracts.Task"):
            self.base, self.task = base, task

    def entry(name, sha="0"):
        file = sondage.DataFile(path="a.txt", sha256=sha * 64, size=1, urls=("https://e.org/a",))
        return sondage.DataSpec(name=name, summary="s", licence="MIT", citation="c", files=(file,),
                                parts={"train": "a.txt"})

    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="filed.task", factory=Filed, summary="s", reference="r")]
    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="filed.of", factory=OfIt, summary="s", reference="r")]
    @sondage.hookimpl
    def sondage_data():
        return [entry("one"), entry("two"), entry("three")]
"""

REGISTRY = """
version: 1
encoders:
  a: {use: toy.encoder}
  made: {use: filed.of, base: far, task: third}
  far: {use: gone.encoder}
tasks:
  first: {use: filed.task, data: one}
  second: {use: filed.task, train: "data:two/a.txt", other: third}
  third: {use: filed.task, data: three}
  mine: {use: filed.task, train: "${NOT_SET_HERE}/x"}
compositions:
  all:
    encoders: [a, made]
    tasks: [first, second]
    probes: [missing.probe, toy.none, toy.centroid]
  some: {encoders: [a], tasks: [first, mine], probes: [toy.centroid]}
  none: {encoders: [a], tasks: [toy.task], probes: [toy.centroid]}
"""


@pytest.fixture
def file(tmp_path, toy_registry, make_plugin, monkeypatch):
    make_plugin("filed", PLUGIN)
    monkeypatch.setenv("SONDAGE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "my.yaml"
    path.write_text(REGISTRY, "utf-8")
    return path


def found(file, name):
    return lacks_here(registry.load(file), Host.discover(), name)


def test_all_plugins_and_data_that_are_not_here(file):
    said = found(file, "all")
    # 'third' is named by a parameter that is no reference in 'second', by one that is in 'made'.
    assert said.plugins == ("gone", "missing", "toy.none")
    assert set(said.data) == {"one", "two", "three"}
    assert str(found(file, "some")) == "data one, $NOT_SET_HERE"
    assert found(file, "some").commands == ["sondage data get one", "export NOT_SET_HERE=FOLDER"]
    assert not found(file, "none")


def test_data_that_are_here_are_not_lacking(file, tmp_path):
    (tmp_path / "data" / "one").mkdir(parents=True)
    (tmp_path / "data" / "one" / "a.txt").write_text("x")
    assert found(file, "some").data == ("$NOT_SET_HERE",)


def test_the_list_says_what_can_run_here(call, file):
    lines = call("list", "compositions", str(file)).out.splitlines()
    rows = {line.split()[0]: line for line in lines}
    assert rows["none"].endswith("yes")
    assert rows["some"].endswith("data one, $NOT_SET_HERE")
    assert "plugins gone, missing, toy.none; data" in rows["all"]


def test_a_plan_that_cannot_be_made_names_all_that_lacks(call, file):
    ended = call("plan", f"{file}:all")
    assert ended.code == 2
    assert "all lacks here: plugins gone, missing, toy.none; data " in ended.err
    assert "sondage data get " in ended.err
    # Narrowed by a setting, less is needed.
    less = [f"--set={s}" for s in ("encoders=[a]", "tasks=[second]", "probes=[toy.centroid]")]
    assert "lacks here: data two" in call("plan", f"{file}:all", *less).err
