"""Run the code blocks of one Markdown page, in order, as a reader would.

``python page.py PAGE.md FOLDER`` works in FOLDER. The blocks of a page share files,
environment and Python names:

- ``python``: executed; with a first line ``# file: NAME`` written to that file instead.
- ``console``: each line that begins with ``$ `` is run: ``sondage`` by its installed entry
  point, the rest by bash. What is shown below is compared if ``<!-- check output -->`` stands
  before the block: line by line, in order, blanks alike, ``...`` for anything.
- ``yaml``, ``toml``, ``json``: parsed; with ``# file: NAME`` written. YAML that declares
  something is checked as ``sondage validate`` does, unless it goes to a file of another kind.

A console line ends with ``# fails`` where an error is the point. ``pip install`` of a local
folder is done by hand (metadata and path, no build), so that nothing is installed for good;
``tests/install`` does it for real. ``<!-- not run: REASON -->`` before a block leaves it out,
and so does the name SONDAGE_DATA in it where that folder is not there, or YAML that names data.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import traceback
import types
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

LANGUAGES = ("python", "console", "yaml", "toml", "json")
_FENCE = re.compile(r"^( *)(`{3,}|:{3,})\s*([^\s`]*)[^`]*$")
_MARK = re.compile(r"<!--\s*(not run|check output)\s*:?\s*(.*?)\s*-->", re.S)
#: Data that a registry names, which are looked for in that folder, too.
_DATA = re.compile(r"\bdata: ?[a-z]")
_FILE = re.compile(r"^(?:#|//) file: (\S+)\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    language: str
    text: str
    line: int
    marks: dict[str, str]

    @property
    def file(self) -> str:
        """What the first line says to write, else ''."""
        found = _FILE.match(self.text.partition("\n")[0])
        return found[1] if found else ""


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a page that are in one of the languages."""
    lines = text.splitlines()
    before: list[str] = []
    i = 0
    while i < len(lines):
        opened = _FENCE.match(lines[i])
        if opened is None:
            # A mark counts for the block right below it.
            before = [*before, lines[i]] if lines[i].strip() else before
            if lines[i].strip() and "-->" not in lines[i] and not _inside(before):
                before = []
            i += 1
            continue
        indent, fence, language = len(opened[1]), opened[2], opened[3]
        start = i + 1
        i = start
        while i < len(lines) and not re.fullmatch(rf" *{fence[0]}{{{len(fence)},}}\s*", lines[i]):
            i += 1
        body = "\n".join(line[min(indent, len(line) - len(line.lstrip())):]
                         for line in lines[start:i])  # fmt: skip
        marks = {m[1]: " ".join(m[2].split()) for m in _MARK.finditer("\n".join(before))}
        before = []
        if language in LANGUAGES:
            yield Block(language, body + "\n", start + 1, marks)
        elif fence[0] == ":" or language.startswith("{"):
            # Directives may hold blocks.
            nested = "\n" * start + "\n".join(lines[start:i])
            yield from blocks(nested)
        i += 1


def _inside(lines: list[str]) -> bool:
    joined = "\n".join(lines)
    return joined.count("<!--") > joined.count("-->")


class Page:
    """The state that a page's blocks share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # As a module, in which dataclasses look up the names in their annotations.
        sys.modules["__page__"] = types.ModuleType("__page__")
        self.names: dict[str, Any] = vars(sys.modules["__page__"])
        self.site = folder.parent / "site"

    def run(self, block: Block) -> None:
        """Run one block; raises what goes wrong."""
        if block.file:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            # The first line is a comment, and keeps the reader's line numbers; JSON has none.
            rest = block.text.partition("\n")[2]
            path.write_text(rest if block.language == "json" else block.text, "utf-8")
            importlib.invalidate_caches()
        getattr(self, f"_{block.language}")(block)

    def _python(self, block: Block) -> None:
        code = compile("\n" * (block.line - 1) + block.text, "<page>", "exec", dont_inherit=True)
        if block.file:
            return
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, self.names)
        sys.stdout.write(printed.getvalue())

    def _json(self, block: Block) -> None:
        json.loads(block.text)

    def _toml(self, block: Block) -> None:
        tomllib.loads(block.text)

    def _yaml(self, block: Block) -> None:
        from sondage.registry import models
        from sondage.registry.document import parse_yaml

        document = parse_yaml(block.text.encode(), block.file or "block.yaml")
        keys = set(document.data) if isinstance(document.data, dict) else set()
        if block.file and not block.file.endswith((".yaml", ".yml")):
            return
        if keys & {*models.SECTIONS, "compositions"}:
            path = self.folder / (block.file or ".block.yaml")
            if not block.file:
                head = "" if "version" in keys else "version: 1\n"
                path.write_text(head + block.text, "utf-8")
            self._sondage(["sondage", "validate", str(path)])
            if not block.file:
                path.unlink()

    def _console(self, block: Block) -> None:
        expected: list[str] = []
        printed = ""
        for line in [*_joined(block.text), "$ "]:
            if not line.startswith("$ "):
                expected.append(line)
                continue
            if "check output" in block.marks:
                compare(expected, printed)
            expected = []
            printed = self.command(line[2:]) if line != "$ " else ""

    def command(self, line: str) -> str:
        """Run a line of a console; return what it printed."""
        line, fails, _ = line.partition("  # fails")
        words = [] if any(c in line for c in "|><;&`") else shlex.split(line)
        if words[:1] == ["cd"]:
            os.chdir(words[1])
            return ""
        if words[:1] == ["export"]:
            name, _, value = words[1].partition("=")
            os.environ[name] = os.path.expandvars(value)
            return ""
        if words[:2] in (["pip", "install"], ["pip", "uninstall"]):
            return self._pip(words[1:])
        if words[:1] == ["sondage"] and not {"--workers", "new", "check"} & set(words):
            return self._sondage([os.path.expandvars(w) for w in words], fails=bool(fails))
        done = subprocess.run(
            ["bash", "-c", line], capture_output=True, text=True, timeout=300, check=False
        )
        return _judged(line, done.returncode, done.stdout + done.stderr, fails=bool(fails))

    def _sondage(self, words: list[str], *, fails: bool = False) -> str:
        (entry,) = [e for e in entry_points(group="console_scripts") if e.name == "sondage"]
        printed, argv = io.StringIO(), sys.argv
        sys.argv = words
        code: Any = 0
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                entry.load()()
        except SystemExit as stop:
            code = stop.code
        finally:
            sys.argv = argv
        return _judged(" ".join(words), code or 0, printed.getvalue(), fails=fails)

    def _pip(self, words: list[str]) -> str:
        for word in words[1:]:
            if words[0] == "uninstall":
                for file in self.site.glob(f"{word.replace('-', '_')}-*.dist-info/*"):
                    file.unlink()
                for info in self.site.glob(f"{word.replace('-', '_')}-*.dist-info"):
                    info.rmdir()
            elif not word.startswith("-"):
                self._install((self.folder / word).resolve())
        importlib.invalidate_caches()
        return ""

    def _install(self, source: Path) -> None:
        project = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))["project"]
        name, version = project["name"], project["version"]
        info = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        meta = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        meta += [f"Requires-Dist: {needed}" for needed in project.get("dependencies", [])]
        (info / "METADATA").write_text("\n".join(meta) + "\n", "utf-8")
        groups = project.get("entry-points", {})
        lines = []
        for group, entries in groups.items():
            lines += [f"[{group}]", *(f"{k} = {v}" for k, v in entries.items())]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")
        code = source / "src" if (source / "src").is_dir() else source
        paths = [str(self.site), str(code)]
        sys.path[:0] = [p for p in paths if p not in sys.path]
        old = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = os.pathsep.join([*paths, old])


def _joined(text: str) -> Iterator[str]:
    """Yield lines, those that end in a backslash with the next."""
    held = ""
    for line in text.splitlines():
        if line.endswith("\\") and (held or line.startswith("$ ")):
            held += line[:-1].rstrip() + " "
        else:
            yield held + (line.strip() if held else line)
            held = ""


def _judged(line: str, code: int, printed: str, *, fails: bool) -> str:
    sys.stdout.write(f"$ {line}\n{printed}")
    if bool(code) != fails:
        raise AssertionError(f"'{line}' ended with {code}, printing\n{printed}")
    return printed


def compare(expected: list[str], printed: str) -> None:
    """Look for the shown lines in what was printed, in order."""
    left = [" ".join(line.split()) for line in printed.splitlines()]
    for line in expected:
        shown = " ".join(line.split())
        if shown in ("", "..."):
            continue
        pattern = ".*".join(re.escape(part) for part in shown.split("..."))
        while left and not re.fullmatch(pattern, left[0]):
            left.pop(0)
        if not left:
            raise AssertionError(f"not printed: {line!r}, but\n{printed}")
        left.pop(0)


def lacks_data(block: Block) -> bool:
    """Return whether a block needs data sets that are not here."""
    needs = "SONDAGE_DATA}" in block.text or 'environ["SONDAGE_DATA"]' in block.text
    needs |= block.language == "yaml" and bool(_DATA.search(block.text))
    return needs and not Path(os.environ.get("SONDAGE_DATA", "")).is_dir()


def main(source: Path, folder: Path) -> int:
    """Run a page; say where it fails."""
    (folder / "work").mkdir(parents=True, exist_ok=True)
    os.chdir(folder / "work")
    page = Page(folder / "work")
    for block in blocks(source.read_text("utf-8")):
        if "not run" in block.marks or lacks_data(block):
            continue
        try:
            page.run(block)
        except BaseException:
            traceback.print_exc()
            print(f"FAILED: {source.name}:{block.line}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
