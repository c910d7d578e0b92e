"""``sondage data``: listed, got by who accepts the licence, found and verified."""

import hashlib

import pytest

PLUGIN = """
    import sondage
    def entry(name, licence, content, **more):
        import hashlib
        return sondage.DataSpec(
            name=name, summary="three letters", licence=licence, citation="Somebody 2020",
            files=(sondage.DataFile(
                path="a.txt", sha256=hashlib.sha256(content).hexdigest(), size=len(content),
                **{"urls": ("http://127.0.0.1:9/a.txt",)} | more.pop("file", {})),), **more)

    @sondage.hookimpl
    def sondage_data():
        return [
            entry("zfree", "CC-BY-4.0", b"abc"),
            entry("zpaid", "CC-BY-NC-4.0", b"abc"),
            entry("zodd", "none\\x1b[31m stated", b"abc"),
            entry("zhand", "none stated", b"abc", file={"urls": ()}, instructions="Ask Ann."),
        ]
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch, make_plugin):
    make_plugin("letters", PLUGIN)
    monkeypatch.setenv("SONDAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SONDAGE_DATA", raising=False)
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "a.txt").write_bytes(b"abc")


@pytest.fixture
def stick(tmp_path):
    return tmp_path / "stick"


def row(out, name):
    return next(line for line in out.splitlines() if line.startswith(name))


def test_data_are_listed_with_place_and_tasks(call, tmp_path, stick):
    (tmp_path / "r.yaml").write_text(
        "version: 1\ntasks:\n  t: {use: trec.fine, data: zfree}\n"
        "  u: {use: trec.fine, files: ['data:zfree/a.txt']}\n"
    )
    done = call("data", "list", tmp_path / "r.yaml")
    assert row(done.out, "zfree").split() == ["zfree", "3", "B", "CC-BY-4.0", "absent", "t,", "u"]
    assert "\x1b" not in done.out
    assert " * " in row(done.out, "zpaid")
    call("data", "get", "zfree", "--from", stick)
    assert "cache" in row(call("data", "list").out, "zfree")


def test_the_licence_is_shown_before_anything_is_got(call, stick, tmp_path):
    done = call("data", "get", "zfree", "--from", stick)
    assert done.code == 0
    assert done.out.index("licence: CC-BY-4.0") < done.out.index("got: ")
    assert "cite: Somebody 2020" in done.out
    assert "there: " in call("data", "get", "zfree").out


@pytest.mark.parametrize(("name", "why"), [("zpaid", "non-commercial"), ("zodd", "not known")])
def test_a_licence_that_is_not_free_is_accepted_first(call, stick, name, why, tmp_path):
    done = call("data", "get", name, "--from", stick)
    assert done.code == 2
    assert why in done.err
    assert f"sondage data get {name} --accept" in done.err
    assert not (tmp_path / "cache").exists()
    assert call("data", "get", name, "--from", stick, "--accept").code == 0
    assert call("data", "get", name).code == 0


def test_several_are_got_and_each_failure_is_told(call, stick):
    done = call("data", "get", "zpaid", "zfree", "--from", stick)
    assert done.code == 2
    assert "zpaid --accept" in done.err
    assert "got: " in done.out


def test_what_a_composition_reads_is_got(call, tmp_path, stick):
    (tmp_path / "r.yaml").write_text(
        "version: 1\ntasks: {t: {use: trec.fine, data: zfree}, u: {use: a.b, data: zpaid}}\n"
        "encoders: {e: {use: a.b, task: t}}\n"
        "compositions: {c: {encoders: [e@last], tasks: [x.y]}}\n"
    )
    done = call("data", "get", "--for", f"{tmp_path / 'r.yaml'}:c", "--from", stick)
    assert done.code == 0
    assert "zfree" in done.out
    assert "zpaid" not in done.out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["get", "zfre"], ["'zfre'", "closest: zfree", "sondage data list"]),
        (["get"], ["name data"]),
        (["get", "zhand", "--accept"], ["cannot be downloaded", "Ask Ann.", "Put it into"]),
        (["get", "zfree", "--from", "/nowhere"], ["no file '/nowhere/a.txt'"]),
        (["where", "zfree"], ["'a.txt'", "sondage data get zfree"]),
        (["where", "zfree/b.txt"], ["no file 'b.txt'", "closest: a.txt"]),
        (["verify", "zfre"], ["closest: zfree"]),
    ],
)
def test_what_cannot_be_done_says_what_can(call, given, words):
    done = call("data", *given)
    assert done.code == 2
    assert all(word in done.err for word in words), done.err
    assert "Traceback" not in done.err


def test_offline_it_says_how_to_go_on(call, monkeypatch):
    from sondage.files.catalogue import downloading

    monkeypatch.setattr(downloading, "PAUSE", 0.0)
    monkeypatch.setenv("NO_PROXY", "*")
    done = call("data", "get", "zfree")
    assert done.code == 2
    assert "Connection refused" in done.err
    assert "--from FOLDER" in done.err


def test_files_are_found_and_compared(call, stick, tmp_path, monkeypatch):
    call("data", "get", "zfree", "--from", stick)
    path = tmp_path / "cache" / "zfree" / "a.txt"
    assert call("data", "where", "zfree").out == f"{path}\n"
    assert call("data", "where", "zfree/a.txt").out == f"{path}\n"
    assert call("data", "verify", "zfree").out == "1 file as released, 0 not\n"
    monkeypatch.setenv("SONDAGE_DATA", str(tmp_path / "own"))
    (tmp_path / "own" / "zfree").mkdir(parents=True)
    (tmp_path / "own" / "zfree" / "a.txt").write_bytes(b"abd")
    done = call("data", "verify", "zfree")
    assert done.code == 2
    assert f"BAD  zfree: {tmp_path / 'own' / 'zfree' / 'a.txt'}" in done.out
    assert hashlib.sha256(b"abd").hexdigest()[:16] in done.out


def test_without_pooch_the_line_that_installs_it(call, monkeypatch):
    from sondage.host import extras

    monkeypatch.setattr(extras, "lacking", lambda extra: ["pooch"])
    done = call("data", "get", "zfree")
    assert done.code == 2
    assert 'pip install "sondage[data]"' in done.err
