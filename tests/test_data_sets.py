"""Data sets on offer: described by plugins, looked for, unpacked, and named in registries."""

import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from sondage import registry
from sondage.commands import data
from sondage.errors import DataError, ParameterError, RegistryError
from sondage.files.catalogue import find, mending, why_ask
from sondage.files.catalogue.taking import take
from sondage.host import Host
from sondage.host.plugged import DataOffer
from sondage.registry.document import parse_yaml
from sondage.registry.named_data import NamedData
from sondage.specs import DataFile, DataSpec, Origin

SHA = hashlib.sha256(b"abc").hexdigest()
ABOUT = {"summary": "s", "licence": "CC0-1.0", "citation": "c"}


def file_of(path="a.txt", **more):
    return DataFile(
        **{"path": path, "sha256": SHA, "size": 3, "urls": ("https://x.test/a",)} | more
    )


def spec_of(*files, name="letters", **more):
    return DataSpec(**{"name": name, "files": files or (file_of(),)} | ABOUT | more)


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("SONDAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SONDAGE_DATA", str(tmp_path / "own"))


def put(folder, name, content=b"abc"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "../letters"}, "a-z"),
        ({"name": "Letters"}, "a-z"),
        ({"licence": ""}, "licence"),
        ({"files": ()}, "files"),
        ({"files": [file_of()]}, "files"),
        ({"files": (file_of(), file_of())}, "twice"),
        ({"files": (file_of(urls=()),)}, "instructions"),
        ({"parts": {"train": "b.txt"}}, "b.txt"),
    ],
)
def test_a_description_that_cannot_be_right_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        spec_of(**wrong)


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", "a\\b", "a//b", "", ".x", "c:x"])
def test_a_file_stays_in_its_folder(path):
    with pytest.raises(ValueError, match="within a folder"):
        file_of(path)
    with pytest.raises(ValueError, match="within a folder"):
        file_of(also={path: SHA})


@pytest.mark.parametrize(
    "wrong",
    [
        {"sha256": SHA[:-1]}, {"sha256": SHA.upper()}, {"size": -1}, {"urls": "https://x.test"},
        {"urls": ("file:///etc/passwd",)}, {"also": {"b": "no"}},
    ],
)  # fmt: skip
def test_a_file_has_checksum_size_and_addresses(wrong):
    with pytest.raises(ValueError, match=r"sha256|size|urls|begins"):
        file_of(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [{}, {"inside": "a", "lines": ":3"}, {"lines": "3"}, {"lines": "::0"}, {"lines": "-3:"}],
)
def test_an_origin_says_one_thing(wrong):
    with pytest.raises(ValueError, match=r"either|not like"):
        Origin(sha256=SHA, size=3, **wrong)


def test_one_file_is_a_tasks_files_and_several_are_what_is_said():
    assert spec_of().given == {"files": "a.txt"}
    two = (file_of(), file_of("b.txt"))
    assert spec_of(*two).given == {}
    assert spec_of(*two, parts={"train": "b.txt"}).given == {"train": "b.txt"}
    assert spec_of(*two).size == 6


@pytest.mark.parametrize(
    ("licence", "why"),
    [
        ("CC-BY-SA-4.0", ""), ("Apache-2.0", ""), ("MIT OR Apache-2.0", ""), ("(MIT AND ISC)", ""),
        ("CC-BY-NC-4.0", "non-commercial"), ("CC-BY-NC-SA-3.0", "non-commercial"),
        ("for non-commercial use", "non-commercial"), ("research only", "non-commercial"),
        ("none stated", "unknown"), ("MIT, mostly", "unknown"), ("MIT AND Proprietary", "unknown"),
        ("CC-BY-ND-4.0", "unknown"), ("see LICENSE", "unknown"),
    ],
)  # fmt: skip
def test_only_what_is_known_to_be_free_is_not_asked_about(licence, why):
    assert why_ask(licence) == why


def test_own_data_come_before_the_cache_and_other_packings_after_the_file(tmp_path):
    spec = spec_of(file_of(also={"a.txt.gz": SHA}))
    (file,) = spec.files
    assert find(spec, file) is None
    cached = put(tmp_path / "cache" / "letters", "a.txt")
    assert find(spec, file).path == cached
    packed = put(tmp_path / "own" / "letters", "a.txt.gz")
    assert (find(spec, file).path, find(spec, file).place) == (packed, "SONDAGE_DATA")
    own = put(tmp_path / "own" / "letters", "a.txt")
    assert find(spec, file).path == own


def test_without_variables_data_are_beside_the_store(monkeypatch, tmp_path):
    monkeypatch.delenv("SONDAGE_DATA")
    monkeypatch.delenv("SONDAGE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    put(tmp_path / "x" / "sondage" / "data" / "letters", "a.txt")
    assert find(spec_of(), file_of()).place == "cache"


@pytest.mark.parametrize(
    ("named", "command"),
    [
        ("/old/letters/a.txt", "sondage data get letters"),
        ("elsewhere/letters/b/c.txt.gz", "sondage data get letters"),
        ("/other/c.txt", "sondage data get letters"),
        ("/other/a.txt", ""),
        ("/other/d.txt", ""),
        ("", ""),
    ],
)
def test_a_missing_path_is_known_by_its_end(named, command):
    known = [spec_of(file_of(), file_of("b/c.txt", also={"b/c.txt.gz": SHA})), spec_of(name="more")]
    assert mending(named, known) == command


def archive_of(kind, members):
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for name, content in members.items():
                made.writestr(name, content)
    else:
        with tarfile.open(fileobj=out, mode=f"w:{kind}") as made:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                made.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("kind", ["zip", "gz", "xz", "bz2", ""])
def test_one_file_is_taken_out_of_an_archive_and_nothing_else_is_written(kind, tmp_path):
    members = {"../../evil": b"no", "/abs": b"no", "d/a.txt": b"abc", "d/big": b"0" * 10_000}
    source = put(tmp_path / "parts", "x", archive_of(kind, members))
    target = tmp_path / "parts" / "out"

    def taking(inside, size=3):
        take(Origin(sha256=SHA, size=1, inside=inside), source, target, size)

    taking("d/a.txt")
    assert target.read_bytes() == b"abc"
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["out", "parts", "x"]
    with pytest.raises(DataError, match=r"no file 'd/b.txt'"):
        taking("d/b.txt")
    with pytest.raises(DataError, match="more than the 9,999 bytes"):
        taking("d/big", 9_999)
    source.write_bytes(source.read_bytes()[: len(source.read_bytes()) // 2])
    with pytest.raises(DataError, match="archive"):
        taking("d/big", 10_000)


def test_a_link_in_an_archive_is_no_file(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        link = tarfile.TarInfo("a.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made.addfile(link)
    source = put(tmp_path, "x", out.getvalue())
    with pytest.raises(DataError, match="no file"):
        take(Origin(sha256=SHA, size=1, inside="a.txt"), source, tmp_path / "out", 3)


@pytest.mark.parametrize(
    ("lines", "wanted"), [("::3", b"0\n3\n6"), (":2", b"0\n1\n"), ("1:4:2", b"1\n3\n"), ("9:", b"")]
)
def test_lines_are_taken_as_python_slices(lines, wanted, tmp_path):
    source = put(tmp_path, "x", b"0\n1\n2\n3\n4\n5\n6")
    take(Origin(sha256=SHA, size=1, lines=lines), source, tmp_path / "out", 0)
    assert (tmp_path / "out").read_bytes() == wanted


PLUGIN = """
    import sondage
    @sondage.hookimpl
    def sondage_data():
        return [sondage.DataSpec(
            name="letters", summary="s", licence="{licence}", citation="c", files=(
                sondage.DataFile(path="a.txt", sha256="{sha}", size=3, urls=("https://x.test/a",)),
            ))]
"""


def test_any_plugin_may_offer_data(make_plugin):
    make_plugin("one", PLUGIN.format(licence="MIT", sha=SHA))
    make_plugin("two", PLUGIN.format(licence="MIT", sha=SHA))
    host = Host.discover()
    mine = [offer for offer in host.data if offer.spec.name == "letters"]
    assert [offer.plugin for offer in mine] == ["one"]
    assert host.find_data("letters") == mine[0].spec
    state = next(p for p in host.plugins if p.plugin == "one")
    assert (state.hooks, state.data) == (("sondage_data",), ("letters",))
    with pytest.raises(DataError, match="'lettres'") as caught:
        host.find_data("lettres")
    assert caught.value.near[0] == "letters"


def test_two_plugins_that_differ_are_named(make_plugin):
    make_plugin("one", PLUGIN.format(licence="MIT", sha=SHA))
    make_plugin("two", PLUGIN.format(licence="ISC", sha=SHA))
    with pytest.raises(
        DataError, match=r"sondage-one 0.1 and another in sondage-two 0.1"
    ) as caught:
        Host.discover().find_data("letters")
    assert "SONDAGE_BLOCK=two" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (PLUGIN.format(licence="MIT", sha="0"), "64 hex digits"),
        (PLUGIN.format(licence="", sha=SHA), "no licence"),
        ("import sondage\n@sondage.hookimpl\ndef sondage_data(): return [3]", "wanted DataSpec"),
        ("def sondage_data(): return []", "hookimpl"),
        ("import sondage\n@sondage.hookimpl\ndef sondage_dat(): return []", "sondage_data"),
        (PLUGIN.format(licence="MIT", sha=SHA).replace("return [", "return 2 * ["), "twice"),
    ],
)
def test_a_plugin_with_bad_data_is_broken_and_says_why(make_plugin, code, reason):
    make_plugin("bad", code)
    state = next(p for p in Host.discover().plugins if p.plugin == "bad")
    assert state.status == "broken"
    assert reason in state.reason


TWO = spec_of(file_of(), file_of("b.txt"), name="two", parts={"train": "a.txt", "test": "b.txt"})
LOOSE = spec_of(file_of(), file_of("b.txt"), name="loose")


def named(parameters, *, whole=True):
    host = Host([], [], [DataOffer(s, "p", "d", "1") for s in (spec_of(), TWO, LOOSE)])
    document = parse_yaml("tasks:\n  t:\n    data: x\n    files: y\n", "r.yaml")
    return NamedData(host, document).resolved(parameters, ("tasks", "t"), "task 't'", whole=whole)


def test_names_become_paths(tmp_path):
    own = tmp_path / "own"
    a, b = (str(put(own / "two", name)) for name in ("a.txt", "b.txt"))
    one = str(put(own / "letters", "a.txt"))
    assert named({"data": "letters", "n": 3}) == {"files": one, "n": 3}
    assert named({"data": "data:letters"}) == {"files": one}
    assert named({"data": "two"}) == {"train": a, "test": b}
    assert named({"data": "two", "test": "mine"}) == {"train": a, "test": "mine"}
    assert named({"files": "data:letters"}) == {"files": one}
    assert named({"files": ["data:two/b.txt", "x"], "o": {"k": "data:letters"}}) == {
        "files": [b, "x"], "o": {"k": one},
    }  # fmt: skip
    assert named({"data": "anything"}, whole=False) == {"data": "anything"}
    assert named({"text": "data: no name"}) == {"text": "data: no name"}


@pytest.mark.parametrize(
    ("parameters", "kind", "words", "line"),
    [
        ({"data": "letters"}, DataError, ["'a.txt' of data 'letters'", "data get letters"], 3),
        ({"data": "two"}, DataError, ["'a.txt', 'b.txt' of data 'two'", "data get two"], 3),
        ({"files": "data:two/b.txt"}, DataError, ["'b.txt'", "data get two"], 4),
        ({"data": "leters"}, DataError, ["'leters'", "closest: letters", "data list"], 3),
        ({"data": "loose"}, ParameterError, ["which parameter", "data:loose/a.txt"], 3),
        ({"data": 3}, ParameterError, ["is 3"], 3),
        ({"files": "data:two"}, ParameterError, ["2 files", "a.txt, b.txt"], 4),
        ({"files": "data:two/c.txt"}, ParameterError, ["'c.txt'", "closest"], 4),
    ],
)
def test_what_cannot_be_found_says_what_to_do(parameters, kind, words, line):
    with pytest.raises(kind) as caught:
        named(parameters)
    assert caught.value.where.startswith(f"r.yaml:{line}")
    assert all(word in str(caught.value) for word in ["task 't'", *words])


FILES = """
version: 1
encoders: {e: {use: toy.encoder}}
tasks: {t: {use: read.task, files: PATH}}
probes: {p: {use: toy.centroid}}
compositions: {c: {encoders: [e], tasks: [t], probes: [p]}}
"""

READER = """
    import sondage
    from dataclasses import dataclass
    from sondage.files import find_files
    from sondage.testing.toys import ToyTask

    @dataclass(kw_only=True)
    class Task:
        files: str
        units = "vectors"
        randomness = ()
        @property
        def fingerprint(self): return "-".join(find_files(self.files))
        corpus_fingerprint = fingerprint
        def load(self): return ToyTask().load()

    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="read.task", factory=Task, summary="s", reference="r")]
"""


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/old/letters/a.txt", "sondage data get letters"),
        ("data:letters", "sondage data get letters"),
        ("/old/z.txt", "any environment variable in it; what can be had: sondage data list"),
        ("/", "or a pattern such as folder/*.txt"),
    ],
)
def test_a_missing_file_ends_in_the_command_that_gets_it(make_plugin, tmp_path, path, hint):
    make_plugin("toy")
    make_plugin("read", READER)
    make_plugin("one", PLUGIN.format(licence="MIT", sha=SHA))
    (tmp_path / "r.yaml").write_text(FILES.replace("PATH", path))
    from sondage import api

    with pytest.raises(DataError) as caught:
        api.make_plan(f"{tmp_path / 'r.yaml'}:c")
    assert caught.value.hint.endswith(hint)
    assert "tasks.t.files" in caught.value.where


def test_a_folder_that_is_not_set_points_to_data_that_can_be_had(monkeypatch):
    monkeypatch.delenv("SONDAGE_DATA")
    with pytest.raises(RegistryError, match="sondage data list"):
        registry.substitute("${SONDAGE_DATA}/x", where="w")


def test_what_the_shipped_registry_names_is_on_offer():
    host, found = Host.discover(), registry.load()
    used = data.uses(found, host)
    assert len(used) > 15
    paths = {s.name: {f.path for f in s.files} for s in (offer.spec for offer in host.data)}
    assert set(used) <= set(paths)
    for name in used:
        # Plugins that describe the same data describe them alike.
        assert host.find_data(name).citation
    assert "SONDAGE_DATA" not in Path(registry.shipped()).read_text("utf-8")
    assert data.needed("pud-upos", host) == ["ud_english_pud"]
    assert "mnli" in data.needed("hao2020", host)
    assert data.needed("quickstart", host) == []


REAL = os.environ.get("SONDAGE_DATA", "")


@pytest.mark.skipif(not REAL, reason="SONDAGE_DATA is not set")
def test_real_files_are_those_described(monkeypatch):
    monkeypatch.setenv("SONDAGE_DATA", REAL)
    checked = list(data.verified([], Host.discover()))
    assert len(checked) > 40
    assert not [(path, wrong) for _, path, wrong in checked if wrong]
