"""Results on disk: one append-only JSON Lines file a run, a cell a line, fsynced."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from sondage.data import Outcomes
from sondage.errors import ResultsError

SCHEMA = 1
Record = dict[str, Any]


class RunFolder:
    """The folder of one run: ``run.json``, ``cells.jsonl`` and ``artifacts/``.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cells = path / "cells.jsonl"
        # What this process has read of the file: appends look only at what is new.
        self._done: set[str] = set()
        self._at = 0

    def open(self, header: Mapping[str, Any]) -> None:
        """Create the folder with its header; a header that is there stays.

        Raises
        ------
        ResultsError
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not (self.path / "run.json").exists():
                _write_atomic(self.path / "run.json", json.dumps(header, indent=1).encode())
        except OSError as error:
            raise _failed(error, self.path) from error

    def header(self) -> Record:
        """Return what ``run.json`` says; empty if it cannot be read."""
        try:
            found: Record = json.loads((self.path / "run.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def append(self, records: Iterable[Record]) -> list[Record]:
        """Write records and make them durable before returning.

        A record whose cell another process has finished meanwhile is dropped; a line that
        a killed process left half-written is cut off first.

        Returns
        -------
        list of the records written

        Raises
        ------
        ResultsError
        """
        records = list(records)
        if not records:
            return []
        try:
            with open(self.cells, "a+b") as file, _locked(file):
                self._catch_up(file)
                fresh = [r for r in records if r["id"] not in self._done]
                file.write(b"".join(_line(r) for r in fresh))
                file.flush()
                os.fsync(file.fileno())
                self._at = file.tell()
                self._done.update(r["id"] for r in fresh if r["status"] == "done")
        except OSError as error:
            raise _failed(error, self.cells) from error
        return fresh

    def _catch_up(self, file: IO[bytes]) -> None:
        file.seek(self._at)
        new = file.read()
        whole = new.rfind(b"\n") + 1
        if whole < len(new):
            file.truncate(self._at + whole)
        self._done.update(
            _id_of(line) for line in new[:whole].splitlines() if _DONE in line[: len(_PREFIX) + 60]
        )
        self._at += whole
        file.seek(self._at)

    def artifact(self, cell: str, arrays: Mapping[str, Any]) -> str:
        """Write a cell's arrays beside the results; return the file's name."""
        name = f"artifacts/{cell}.npz"
        try:
            (self.path / "artifacts").mkdir(exist_ok=True)
            scratch = self.path / "artifacts" / f".{cell}.{os.getpid()}"
            with open(scratch, "wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(self.path / name)
        except OSError as error:
            raise _failed(error, self.path) from error
        return name

    def adopt(self, cell: str, root: Path) -> None:
        """Link a cell's arrays from the run under `root` that has them, if any has.

        Raises
        ------
        ResultsError
        """
        mine = self.path / "artifacts" / f"{cell}.npz"
        if mine.exists():
            return
        for theirs in root.glob(f"*/artifacts/{cell}.npz"):
            try:
                mine.parent.mkdir(exist_ok=True)
                with contextlib.suppress(FileExistsError):
                    mine.hardlink_to(theirs)
            except OSError:
                # Not every file system has hard links.
                scratch = mine.with_name(f".{cell}.{os.getpid()}")
                try:
                    shutil.copyfile(theirs, scratch)
                    scratch.replace(mine)
                except OSError as error:
                    raise _failed(error, self.path) from error
            return

    def records(self) -> list[Record]:
        """Return one record a cell: the finished one, else the last failure."""
        best: dict[str, Record] = {}
        for record in _lines(self.cells):
            old = best.get(record["id"])
            if old is None or old["status"] != "done":
                best[record["id"]] = record
        return list(best.values())


def runs(root: Path) -> Iterator[RunFolder]:
    """Yield the run folders under `root`, by name."""
    for file in sorted(root.glob("*/cells.jsonl")):
        yield RunFolder(file.parent)


def provider(root: Path, kind: str, use: str) -> str:
    """Return ``distribution version`` of a component as an earlier run had it, else ''."""
    for folder in reversed(list(runs(root))):
        for component in folder.header().get("components", []):
            key = component.get("key", {})
            if component.get("kind") == kind and key.get("use") == use:
                return f"{component.get('distribution')} {key.get('version')}"
    return ""


def finished(root: Path, wanted: set[str]) -> dict[str, Record]:
    """Return the finished records of these cells, from whatever run has them."""
    found: dict[str, Record] = {}
    for folder in runs(root):
        if len(found) == len(wanted):
            break
        for raw in _raw_lines(folder.cells):
            id_ = _id_of(raw)
            if id_ in wanted and id_ not in found:
                record = _parsed(raw)
                if record is not None and record["status"] == "done":
                    found[id_] = record
    return found


# A line starts with its id and status, so that looking cells up parses no JSON.
_PREFIX = b'{"id": "'
_DONE = b'"status": "done"'


def _line(record: Record) -> bytes:
    ordered = {"id": record["id"], "status": record["status"], **record}
    return json.dumps(ordered, allow_nan=False).encode() + b"\n"


def _id_of(raw: bytes) -> str:
    return raw[len(_PREFIX) : len(_PREFIX) + 32].decode("ascii", "replace")


def _parsed(raw: bytes) -> Record | None:
    try:
        record: Record = json.loads(raw)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "id" in record and "status" in record else None


def _raw_lines(path: Path) -> Iterator[bytes]:
    try:
        with open(path, "rb") as file:
            yield from (line for line in file if line.startswith(_PREFIX) and line.endswith(b"\n"))
    except FileNotFoundError:
        return


def _lines(path: Path) -> Iterator[Record]:
    for raw in _raw_lines(path):
        record = _parsed(raw)
        if record is not None:
            yield record


@contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _write_atomic(path: Path, data: bytes) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with open(scratch, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def _failed(error: OSError, path: Path) -> ResultsError:
    return ResultsError(
        f"results cannot be written: {error.strerror}",
        where=str(path),
        hint="set SONDAGE_RUNS to a folder with room; what was finished is kept",
    )


def pack(outcomes: Outcomes) -> Record:
    """Return outcomes as JSON: zlib and base64 over difference-coded little-endian arrays."""
    exact = np.asarray(outcomes.values)
    kind = "bool" if exact.dtype == bool else "float64"
    values = np.packbits(exact) if kind == "bool" else exact.astype("<f8")
    return {
        "n": len(exact),
        "kind": kind,
        "items": _pack(np.diff(outcomes.items, prepend=0).astype("<i4")),
        "groups": _pack(np.diff(outcomes.groups, prepend=0).astype("<i4")),
        "values": _pack(values),
        "score": outcomes.score,
    }


def unpack(packed: Record) -> Outcomes:
    """Undo `pack`."""
    n = packed["n"]
    if packed["kind"] == "bool":
        bits = np.frombuffer(_unpack(packed["values"]), np.uint8)
        values: Any = np.unpackbits(bits, count=n).astype(bool)
    else:
        values = np.frombuffer(_unpack(packed["values"]), "<f8")
    items, groups = (
        np.cumsum(np.frombuffer(_unpack(packed[k]), "<i4").astype(np.int64))
        for k in ("items", "groups")
    )
    return Outcomes(items, groups, values, score=packed.get("score", ""))


def _pack(array: Any) -> str:
    return base64.b64encode(zlib.compress(array.tobytes(), 6)).decode("ascii")


def _unpack(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))
