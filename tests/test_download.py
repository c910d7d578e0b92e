"""Downloads over real connections, good and bad, from a server of our own."""

import errno
import hashlib
import io
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from textwrap import dedent

import pytest

from sondage.errors import DataError
from sondage.files.catalogue import downloading, fetch, fetching
from sondage.specs import DataFile, DataSpec, Origin

CONTENT = random.Random(0).randbytes(300_000)
OTHER = bytes(len(CONTENT))
PAGE = b"<html>please log in</html>"


def sha(content):
    return hashlib.sha256(content).hexdigest()


class Server(BaseHTTPRequestHandler):
    """Answers by the first word of the path; counts what it sent to whom."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str]] = []  # noqa: RUF012
    files: dict[str, bytes] = {}  # noqa: RUF012

    def log_message(self, *_):
        pass

    def do_GET(self):
        how = self.path.split("/")[1]
        self.asked.append((self.path, self.headers.get("Range", "")))
        self.close_connection = True
        getattr(self, f"as_{how}")(self.files.get(self.path.rpartition("/")[2], CONTENT))

    def send(self, content, *, status=200, length=None, kind="text/plain", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        if length is not False:
            self.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def rest(self, content):
        """Return what is left after the range asked for, and what to say of it."""
        begin = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        if not begin:
            return content, {}
        said = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        return content[begin:], {"status": 206, "headers": [("Content-Range", said)]}

    def as_good(self, content):
        rest, said = self.rest(content)
        self.send(rest, **said)

    def as_noranges(self, content):
        self.send(content)

    def as_broken(self, content):
        """Break off after a third each time, and only then say where to go on."""
        rest, said = self.rest(content)
        self.send(rest[: len(content) // 3 + 1], length=len(rest), **said)

    def as_brokennoranges(self, content):
        first = sum(path == self.path for path, _ in self.asked) == 1
        self.send(content[: len(content) // 2] if first else content, length=len(content))

    def as_slow(self, content):
        rest, said = self.rest(content)
        self.send(b"", length=len(rest), **said)
        for i in range(0, len(rest), 30_000):
            time.sleep(0.05)
            self.wfile.write(rest[i : i + 30_000])

    def as_silent(self, content):
        self.send(content[:1000], length=len(content))
        time.sleep(3)

    def as_wrong(self, content):
        rest, said = self.rest(OTHER)
        self.send(rest, **said)

    def as_short(self, content):
        self.send(content[:1000])

    def as_shortunsaid(self, content):
        self.send(content[:1000], length=False)

    def as_longunsaid(self, content):
        self.send(content + b"more", length=False)

    def as_long(self, content):
        self.send(content + b"more")

    def as_moved(self, content):
        self.send(b"", status=302, headers=[("Location", self.path.replace("moved", "good"))])

    def as_login(self, content):
        self.send(b"", status=302, headers=[("Location", "/page/login.html")])

    def as_page(self, content):
        self.send(PAGE, kind="text/html; charset=utf-8")

    def as_round(self, content):
        self.send(b"", status=302, headers=[("Location", self.path)])

    def as_local(self, content):
        self.send(b"", status=302, headers=[("Location", "file:///etc/passwd")])

    def as_either(self, content):
        how = self.as_good if self.path.startswith("/either/x/") else self.as_gone
        how(content)

    def as_gone(self, content):
        self.send(b"no", status=404)

    def as_otherpart(self, content):
        rest, said = self.rest(content)
        if said:
            said["headers"] = [("Content-Range", "bytes 7-99/100")]
        self.send(rest[:100_000] if not said else rest, length=len(rest), **said)

    def as_shrunk(self, content):
        self.send(b"", status=416 if self.headers.get("Range") else 404)


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("SONDAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SONDAGE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(downloading, "PAUSE", 0.001)
    monkeypatch.setattr(downloading, "TIMEOUT", (5.0, 0.5))
    monkeypatch.setattr(Server, "asked", [])
    monkeypatch.setattr(Server, "files", {})


def spec_of(*urls, **more):
    file = {"path": "d/a.bin", "sha256": sha(CONTENT), "size": len(CONTENT), "urls": urls}
    return spec_with(DataFile(**file | more))


def spec_with(*files):
    return DataSpec(name="x", summary="s", licence="MIT", citation="c", files=files)


def get(spec, **more):
    heard = []
    found = fetch(spec, began=lambda path: lambda *n: heard.append(n), **more)
    return found, heard


@pytest.fixture
def part(tmp_path):
    return tmp_path / "cache" / "x" / ".parts" / sha(CONTENT)


@pytest.mark.parametrize(
    ("how", "asked"),
    [
        ("good", 1), ("noranges", 1), ("moved", 2), ("slow", 1), ("broken", None),
        ("brokennoranges", 2),
    ],
)  # fmt: skip
def test_what_can_be_got_is_got_whole(how, asked, address, tmp_path):
    (found,), heard = get(spec_of(f"{address}/{how}/a.bin"))
    assert not found.was_there
    assert found.path == tmp_path / "cache" / "x" / "d" / "a.bin"
    assert found.path.read_bytes() == CONTENT
    asked = asked or len(Server.asked)
    assert len(Server.asked) == asked
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    # Nothing else is left, and the second time nothing is asked.
    files = [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and p.name != ".lock"]
    assert files == [found.path]
    (again,), _ = get(spec_of(f"{address}/{how}/a.bin"))
    assert again.was_there
    assert len(Server.asked) == asked


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("wrong", ["sha256", sha(CONTENT)[:16]]),
        ("short", ["1,000 bytes (text/plain)", "300,000"]),
        ("shortunsaid", ["1,000 bytes", "300,000"]),
        ("long", ["300,004 bytes"]),
        ("longunsaid", ["more than the 300,000 bytes"]),
        ("login", ["26 bytes (text/html)", "/page/login.html"]),
        ("round", ["redirects"]),
        ("local", ["file:"]),
        ("gone", ["404"]),
        ("silent", ["the connection fails"]),
        ("shrunk", ["404"]),
    ],
)
def test_what_is_wrong_is_said_and_never_put_in_place(how, words, address, tmp_path):
    with pytest.raises(DataError) as caught:
        get(spec_of(f"{address}/{how}/a.bin"))
    for word in ["'x'", f"/{how}/a.bin", *words]:
        assert word in caught.value.message
    assert "--from" in caught.value.hint
    assert not (tmp_path / "cache" / "x" / "d" / "a.bin").exists()


def test_another_address_is_tried(address):
    (found,), _ = get(spec_of(*(f"{address}/{how}/a.bin" for how in ("gone", "wrong", "good"))))
    assert found.path.read_bytes() == CONTENT


def test_a_server_that_is_not_there_is_said_in_words():
    with pytest.raises(DataError) as caught:
        get(spec_of("http://127.0.0.1:9/a.bin"))
    assert "Connection refused" in caught.value.message
    assert "object at" not in caught.value.message
    assert "HTTPConnectionPool" not in caught.value.message


def test_what_was_got_is_gone_on_with(address, part):
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:100_000])
    (found,), heard = get(spec_of(f"{address}/good/a.bin"))
    assert Server.asked == [("/good/a.bin", "bytes=100000-")]
    assert heard[0] == (100_000, 300_000)
    assert found.path.read_bytes() == CONTENT


@pytest.mark.parametrize("left", [OTHER[:1000], OTHER, CONTENT + b"more"])
def test_a_rest_of_another_file_is_got_anew(left, address, part):
    part.parent.mkdir(parents=True)
    part.write_bytes(left)
    (found,), _ = get(spec_of(f"{address}/good/a.bin"))
    assert found.path.read_bytes() == CONTENT


def test_a_part_that_was_not_asked_for_is_refused(address):
    with pytest.raises(DataError, match="another part"):
        get(spec_of(f"{address}/otherpart/a.bin"))


def test_a_damaged_file_of_the_cache_is_got_again(address, tmp_path):
    (found,), _ = get(spec_of(f"{address}/good/a.bin"))
    found.path.write_bytes(OTHER)
    (again,), _ = get(spec_of(f"{address}/good/a.bin"))
    assert not again.was_there
    assert again.path.read_bytes() == CONTENT


def test_two_files_of_one_archive_are_one_download(address, tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("v1/a.txt", "abc")
        made.writestr("v1/b.txt", "def")
    raw = out.getvalue()
    Server.files["all.zip"] = raw
    files = [
        DataFile(
            path=f"{name}.txt", sha256=sha(content), size=3, urls=(f"{address}/good/all.zip",),
            origin=Origin(sha256=sha(raw), size=len(raw), inside=f"v1/{name}.txt"),
        )
        for name, content in (("a", b"abc"), ("b", b"def"))
    ]  # fmt: skip
    found, _ = get(spec_with(*files))
    assert [file.path.read_bytes() for file in found] == [b"abc", b"def"]
    assert len(Server.asked) == 1
    assert not (tmp_path / "cache" / "x" / ".parts").exists()


def test_what_is_taken_is_compared_too(address):
    Server.files["t.txt"] = b"1\n2\n3\n"
    origin = Origin(sha256=sha(b"1\n2\n3\n"), size=6, lines=":2")
    file = {"path": "t.txt", "size": 4, "urls": (f"{address}/good/t.txt",), "origin": origin}
    with pytest.raises(DataError, match="is not it"):
        get(spec_with(DataFile(sha256=sha(b"1\n3\n"), **file)))
    (found,), _ = get(spec_with(DataFile(sha256=sha(b"1\n2\n"), **file)))
    assert found.path.read_bytes() == b"1\n2\n"


def test_a_mirror_is_asked_instead(address, tmp_path):
    spec = spec_of("http://127.0.0.1:9/a.bin")
    (found,), _ = get(spec, mirror=f"{address}/good")
    assert Server.asked[0][0] == "/good/d/a.bin"
    found.path.unlink()
    get(spec, mirror=f"{address}/good/a.bin")
    assert Server.asked[1][0] == "/good/a.bin"
    found.path.unlink()
    get(spec, mirror=f"{address}/either")
    assert [path for path, _ in Server.asked[2:]] == ["/either/d/a.bin", "/either/x/d/a.bin"]


def test_a_folder_is_as_good(tmp_path):
    spec = spec_of("http://127.0.0.1:9/a.bin")
    (tmp_path / "stick" / "d").mkdir(parents=True)
    with pytest.raises(DataError, match="no file"):
        get(spec, mirror=str(tmp_path / "stick"))
    (tmp_path / "stick" / "d" / "a.bin").write_bytes(OTHER)
    with pytest.raises(DataError, match="another file"):
        get(spec, mirror=str(tmp_path / "stick"))
    (tmp_path / "stick" / "d" / "a.bin").write_bytes(CONTENT)
    (found,), _ = get(spec, mirror=str(tmp_path / "stick"))
    assert found.path.read_bytes() == CONTENT
    found.path.unlink()
    (tmp_path / "stick" / "d").rename(tmp_path / "d")
    (tmp_path / "stick" / "x").mkdir()
    (tmp_path / "d").rename(tmp_path / "stick" / "x" / "d")
    assert get(spec, mirror=str(tmp_path / "stick"))[0] == [found]


def test_a_disk_that_cannot_hold_it_is_said_before(address, monkeypatch):
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: _Usage())
    with pytest.raises(DataError, match=r"the disk is full: 300,000 bytes are needed and 5 are"):
        get(spec_of(f"{address}/good/a.bin"))
    assert not Server.asked


class _Usage:
    free = 5


def test_a_disk_that_fills_up_loses_nothing(address, monkeypatch, part):
    class Full(downloading._Sink):
        def write(self, data):
            if self._done > 100_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    with monkeypatch.context() as patch:
        patch.setattr(downloading, "_Sink", Full)
        with pytest.raises(DataError, match="the disk is full") as caught:
            get(spec_of(f"{address}/good/a.bin"))
    assert "SONDAGE_CACHE" in caught.value.hint
    had = part.stat().st_size
    assert 100_000 < had < 300_000
    (found,), _ = get(spec_of(f"{address}/good/a.bin"))
    assert Server.asked[-1][1] == f"bytes={had}-"
    assert found.path.read_bytes() == CONTENT


def test_a_cache_that_cannot_be_written_is_named(address, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SONDAGE_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match="cannot be written") as caught:
        get(spec_of(f"{address}/good/a.bin"))
    assert "SONDAGE_CACHE" in caught.value.hint
    assert str(tmp_path / "file") in caught.value.where


def test_instructions_help_where_no_address_does():
    file = DataFile(path="a", sha256=sha(b"a"), size=1, urls=("http://127.0.0.1:9/a",))
    with pytest.raises(DataError) as caught:
        get(
            DataSpec(
                name="x", summary="s", licence="MIT", citation="c", files=(file,),
                instructions="Ask the authors.",
            )
        )  # fmt: skip
    assert caught.value.hint.endswith("Ask the authors.")


def test_instructions_stand_for_an_address(address, tmp_path, monkeypatch):
    files = [
        DataFile(path="d/a.bin", sha256=sha(CONTENT), size=300_000, urls=(f"{address}/good/a",)),
        DataFile(path="b.bin", sha256=sha(b"b"), size=1),
    ]
    spec = DataSpec(
        name="x", summary="s", licence="MIT", citation="c", files=tuple(files),
        instructions="Ask the authors.",
    )  # fmt: skip
    with pytest.raises(DataError, match=r"'b.bin' cannot be downloaded") as caught:
        get(spec)
    assert caught.value.hint.startswith("Ask the authors. Put it into")
    # What can be had was.
    assert (tmp_path / "cache" / "x" / "d" / "a.bin").exists()
    (tmp_path / "own" / "x").mkdir(parents=True)
    (tmp_path / "own" / "x" / "b.bin").write_bytes(b"b")
    monkeypatch.setenv("SONDAGE_DATA", str(tmp_path / "own"))
    assert [file.was_there for file in get(spec)[0]] == [True, True]


def test_an_interrupted_download_goes_on_in_another_process(address, tmp_path, part):
    code = dedent(
        f"""
        from sondage.files.catalogue import fetch
        from sondage.specs import DataFile, DataSpec
        file = DataFile(path="d/a.bin", sha256={sha(CONTENT)!r}, size={len(CONTENT)},
                        urls=("{address}/slow/a.bin",))
        fetch(DataSpec(name="x", summary="s", licence="MIT", citation="c", files=(file,)),
              began=lambda path: lambda done, total: print(done, flush=True))
        """
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with process:
        while int(process.stdout.readline()) < 60_000:
            pass
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    had = part.stat().st_size
    assert 0 < had < len(CONTENT)
    (found,), _ = get(spec_of(f"{address}/good/a.bin"))
    assert Server.asked[-1][1] == f"bytes={had}-"
    assert found.path.read_bytes() == CONTENT
