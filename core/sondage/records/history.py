"""When a run was worked on, by which command, from which commit: ``history.jsonl``, beside it.

It is told for people. Whatever is wrong with it, and where it cannot be written, results count.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sondage.records.folder import RunFolder
from sondage.records.lines import Record, raw_lines, start_of
from sondage.store import machine

_HISTORY = "history.jsonl"
#: Seconds that git may take, and characters of a command that are kept.
_PATIENCE, _LONGEST_COMMAND = 2.0, 4000


@dataclass(frozen=True)
class Event:
    """One time that a run was worked on.

    Attributes
    ----------
    begun : float
        Seconds since the epoch.
    seconds : float or None
        How long it took; None if it was killed, or is still at work.
    command, commit : str
        What was asked, and the commit of the folder it was asked in, ``+`` behind it where
        files differed from it; empty if that is not known.
    pid, host : int, str
        The process.
    versions : dict
    """

    begun: float
    seconds: float | None
    command: str
    commit: str
    pid: int
    host: str
    versions: dict[str, str]

    @property
    def at_work(self) -> bool:
        """Whether the process that began it is still alive, as far as this machine can tell."""
        here = self.host == machine.this_machine()
        return self.seconds is None and here and machine.alive(self.pid)


@contextlib.contextmanager
def worked_on(folder: RunFolder, command: str, versions: dict[str, str]) -> Iterator[None]:
    """Take down that a run is worked on, and when that ended, however it ends."""
    begun = time.time()
    _write(folder, {
        "begun": begun, "command": command[:_LONGEST_COMMAND], "commit": commit_of(Path.cwd()),
        "pid": os.getpid(), "host": machine.this_machine(), "versions": versions,
    })  # fmt: skip
    clock = time.monotonic()
    try:
        yield
    finally:
        seconds = round(time.monotonic() - clock, 3)
        _write(folder, {"ended": begun, "seconds": seconds} | _counted(folder))


def _counted(folder: RunFolder) -> Record:
    with contextlib.suppress(Exception):
        stat = folder.cells.stat()
        done, failed = counts(folder)
        return {"done": done, "failed": failed, "of": [stat.st_size, stat.st_mtime_ns]}
    return {}


def counts(folder: RunFolder) -> tuple[int, int]:
    """Return how many cells are done and how many only failed, by the lines' beginnings."""
    status: dict[str, bool] = {}
    for raw in raw_lines(folder.cells):
        id_, said = start_of(raw)
        if id_ and said in ("done", "failed"):
            status[id_] = status.get(id_, False) or said == "done"
    done = sum(status.values())
    return done, len(status) - done


def counts_known(folder: RunFolder) -> tuple[int, int]:
    """Return `counts`, without reading the results where they are as they were last left."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        stat = folder.cells.stat()
        last = [line for line in told_lines(folder) if "of" in line][-1:]
        if last and last[0]["of"] == [stat.st_size, stat.st_mtime_ns]:
            return int(last[0]["done"]), int(last[0]["failed"])
    return counts(folder)


def events(folder: RunFolder) -> list[Event]:
    """Return when a run was worked on, the first time first; empty for runs of before."""
    out: dict[float, Event] = {}
    for line in told_lines(folder):
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            if "begun" in line:
                out[float(line["begun"])] = Event(
                    float(line["begun"]), None, str(line["command"]), str(line["commit"]),
                    int(line["pid"]), str(line["host"]),
                    {str(k): str(v) for k, v in line["versions"].items()},
                )  # fmt: skip
            elif "ended" in line and float(line["ended"]) in out:
                known = out[float(line["ended"])]
                seconds = max(float(line["seconds"]), 0.0)
                out[known.begun] = Event(**{**vars(known), "seconds": seconds})
    return list(out.values())


def took(folder: RunFolder, paces: list[list[Any]], peak: int, workers: int) -> None:
    """Take down how long each kind of work took here, and the memory that the process had.

    Parameters
    ----------
    folder : RunFolder
    paces : list
        As `sondage.records.paces` reads them.
    peak : int
        Bytes.
    workers : int
    """
    if paces:
        host = machine.this_machine()
        _write(folder, {"took": paces, "host": host, "peak": peak, "workers": workers})


def told_lines(folder: RunFolder) -> list[Record]:
    """Return what is written of a run's history, as far as it can be read."""
    found: list[Any] = []
    with contextlib.suppress(OSError):
        for raw in (folder.path / _HISTORY).read_bytes().splitlines():
            with contextlib.suppress(ValueError, RecursionError):
                found.append(json.loads(raw))
    return [line for line in found if isinstance(line, dict)]


def _write(folder: RunFolder, line: Record) -> None:
    # One write, so that lines of two processes stay apart; a torn one before it is closed.
    with contextlib.suppress(OSError), open(folder.path / _HISTORY, "ab") as file:
        file.write(b"\n" * _torn(folder.path / _HISTORY) + json.dumps(line).encode() + b"\n")


def _torn(path: Path) -> bool:
    with contextlib.suppress(OSError), open(path, "rb") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    return False


def commit_of(folder: Path) -> str:
    """Return the git commit that a folder is at, ``+`` behind it where files differ; else ''."""
    head = _git(folder, "rev-parse", "--verify", "HEAD")
    if not head:
        return ""
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return head.strip() + "+" * bool(changed and changed.strip())


def _git(folder: Path, *arguments: str) -> str:
    # A folder's own settings may name programs that git would start.
    safe = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", *safe, "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=_PATIENCE, check=False, env=environment,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""
