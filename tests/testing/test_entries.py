"""Descriptions of data: each fault is found by name, and all that is offered here has none."""

import pytest

from sondage.errors import PluginError
from sondage.host import Host
from sondage.specs import DataFile, DataSpec, Origin, TaskSpec
from sondage.testing import data_conformance, data_problems

TASK = TaskSpec(
    name="a.task", factory="sondage.parts:FileTask", summary="s", reference="r"
)  # has 'files', 'train', 'dev', 'test'
ONE, TWO = "1" * 64, "2" * 64
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def entry(*, path="a.txt", sha256=ONE, size=3, urls=("https://e.org/v1/a",), origin=None, **more):
    file = DataFile(path=path, sha256=sha256, size=size, urls=urls, origin=origin)
    known = {
        "name": "letters", "summary": "s", "licence": "MIT", "citation": "Author 2020, a title",
        "source": "https://e.org", "files": (file,),
    }  # fmt: skip
    return DataSpec(**known | more)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ""),
        ({"summary": "two\nlines"}, "no short line"),
        ({"summary": "x" * 121}, "no short line"),
        ({"citation": "Author, a title"}, "no year"),
        ({"source": ""}, "no page"),
        ({"source": "http://e.org"}, "no page"),
        ({"licence": "?"}, "SPDX"),
        ({"urls": ("http://e.org/v1/a",)}, "https"),
        ({"urls": ("https://e.org/main/a",)}, "a branch"),
        ({"urls": ("https://e.org/resolve/master/a",)}, "a branch"),
        ({"urls": ("https://e.org/v1/a b",)}, "space"),
        ({"size": 0}, "of nothing"),
        ({"sha256": EMPTY}, "of nothing"),
        ({"origin": Origin(sha256=ONE, size=9, inside="a")}, "one checksum"),
        ({"origin": Origin(sha256=TWO, size=0, inside="a")}, "of nothing"),
        ({"parts": {"trains": "a.txt"}}, "parameter 'trains'"),
        ({"parts": {"train": "a.txt"}}, ""),
    ],
)
def test_each_fault_is_found(given, said):
    found = data_problems(entry(**given), [TASK])
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_files_that_are_one_are_found():
    two = tuple(DataFile(path=p, sha256=ONE, size=3, urls=("https://e.org/a",)) for p in "ab")
    assert data_problems(entry(files=two, parts={"train": "a"}), [TASK]) == [
        "'b' and 'a' have one checksum"
    ]


def test_all_that_is_offered_here_can_be_relied_on():
    host = Host.discover()
    tasks = {o.plugin: [] for o in host.data}
    for offer in host.offers("task"):
        tasks.setdefault(offer.plugin, []).append(offer.spec)
    found = {o.spec.name: data_problems(o.spec, tasks[o.plugin]) for o in host.data}
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_plugin_without_data_is_refused():
    with pytest.raises(PluginError, match="describes no data"):
        data_conformance("nobody")
