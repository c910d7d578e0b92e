"""Results on disk: one append-only JSON Lines file per run, one line per cell, fsynced.

A line holds a checksum over what it says (the cell's seconds excepted), so that a damaged
line is no result: it is set aside and its cell is run again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from sondage.errors import ResultsError
from sondage.records.arrays import save
from sondage.records.lines import Record, line, parsed, raw_lines, start_of
from sondage.store import disk

#: From 2 on, a line holds its checksum.
SCHEMA = 2


class RunFolder:
    """The folder of one run: ``run.json``, ``cells.jsonl`` and ``artifacts/``.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        # Whoever changes the working folder later changes nothing of where results go.
        self.path = path.absolute()
        self.cells = self.path / "cells.jsonl"
        # What this process has read of the file: appends look only at what is new.
        self._done: set[str] = set()
        self._at = 0
        self._inode = 0

    def open(self, header: Mapping[str, Any]) -> None:
        """Create the folder with its header; a header that is there and can be read stays.

        Raises
        ------
        ResultsError
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            there = self.header()
            # What it says of the composition goes into the summary, so it has to be this one's.
            if any(there.get(name) != json.loads(json.dumps(header.get(name))) for name in _FIXED):
                disk.write_atomic(self.path / "run.json", json.dumps(header, indent=1).encode())
        except OSError as error:
            raise _unwritten(error, self.path) from error

    def header(self) -> Record:
        """Return what ``run.json`` says; empty if it cannot be read."""
        try:
            return disk.note(self.path / "run.json")
        except (OSError, ValueError):
            return {}

    def components(self) -> list[Record]:
        """Return what ``run.json`` says of the components, as far as it can be read."""
        found = self.header().get("components")
        return [c for c in found if isinstance(c, dict)] if isinstance(found, list) else []

    def mend(self) -> int:
        """Set damaged lines aside, in ``cells.damaged``, and return how many there were.

        A finished cell whose arrays are gone or damaged counts as well.

        Raises
        ------
        ResultsError
        """
        try:
            if os.path.lexists(self.cells) and not self.cells.is_file():
                disk.take_away(self.cells)
                return 1
            if not self.cells.exists():
                return 0
            good, bad = self._sorted()
            if not bad:
                return 0
            with self._locked():
                good, bad = self._sorted()
                with open(self.path / "cells.damaged", "ab") as file:
                    file.writelines(raw.rstrip(b"\n") + b"\n" for raw in bad)
                disk.write_atomic(self.cells, b"".join(good))
        except OSError as error:
            raise _unwritten(error, self.cells) from error
        return len(bad)

    def _sorted(self) -> tuple[list[bytes], list[bytes]]:
        good: list[bytes] = []
        bad: list[bytes] = []
        for raw in raw_lines(self.cells):
            record = parsed(raw)
            (good if record is not None and self.holds(record) else bad).append(raw)
        return good, bad

    def holds(self, record: Record) -> bool:
        """Return whether the arrays that a record names, if any, are here and whole.

        Records of before there were checksums of arrays go by those within the file.
        """
        if "artifact" not in record:
            return True
        try:
            wanted = record.get("artifact_check")
            if wanted is not None and disk.checksum(self.path / record["artifact"]) != wanted:
                return False
            with zipfile.ZipFile(self.path / record["artifact"]) as file:
                return file.testzip() is None
        except (OSError, ValueError, zipfile.BadZipFile, EOFError, RuntimeError):
            return False
        except (zlib.error, NotImplementedError):
            return False

    def _locked(self) -> contextlib.AbstractContextManager[None]:
        return disk.locked(self.path / ".lock")

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
            with self._locked(), open(self.cells, "a+b") as file:
                self._catch_up(file)
                fresh = [r for r in records if r["id"] not in self._done]
                file.write(b"".join(line(r) for r in fresh))
                file.flush()
                os.fsync(file.fileno())
                self._at = file.tell()
                self._done.update(r["id"] for r in fresh if r["status"] == "done")
        except OSError as error:
            raise _unwritten(error, self.cells) from error
        return fresh

    def _catch_up(self, file: IO[bytes]) -> None:
        found = os.fstat(file.fileno())
        if found.st_ino != self._inode or found.st_size < self._at:
            # Another file than the one known: it was mended meanwhile.
            self._done, self._at, self._inode = set(), 0, found.st_ino
        file.seek(self._at)
        new = file.read()
        whole = new.rfind(b"\n") + 1
        if whole < len(new):
            file.truncate(self._at + whole)
        for raw in new[:whole].splitlines(keepends=True):
            record = parsed(raw) if start_of(raw)[1] == "done" else None
            if record is not None:
                self._done.add(record["id"])
        self._at += whole
        file.seek(self._at)

    def artifact(self, cell: str, arrays: Mapping[str, Any]) -> Record:
        """Write a cell's arrays beside the results; return the file's name and checksum."""
        name = f"artifacts/{cell}.npz"
        try:
            disk.make_folder(self.path / "artifacts", self.path)
            scratch = self.path / "artifacts" / f".{cell}.{os.getpid()}"
            try:
                with open(scratch, "wb") as file:
                    save(file, arrays)
                    file.flush()
                    os.fsync(file.fileno())
                check = disk.checksum(scratch)
                if (self.path / name).is_dir():
                    disk.take_away(self.path / name)
                scratch.replace(self.path / name)
            finally:
                scratch.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritten(error, self.path) from error
        return {"artifact": name, "artifact_check": check}

    def adopt(self, record: Record, root: Path) -> None:
        """Link a cell's arrays from the run under `root` that has them, if any has.

        Raises
        ------
        ResultsError
        """
        if self.holds(record):
            return
        mine = self.path / record["artifact"]
        for theirs in root.absolute().glob(f"*/{record['artifact']}"):
            if not RunFolder(theirs.parents[1]).holds(record):
                continue
            try:
                disk.make_folder(mine.parent, self.path)
                if os.path.lexists(mine):
                    disk.take_away(mine)
                with contextlib.suppress(FileExistsError):
                    mine.hardlink_to(theirs)
            except OSError:
                # Not every file system has hard links.
                scratch = mine.with_name(f".{mine.stem}.{os.getpid()}")
                try:
                    shutil.copyfile(theirs, scratch)
                    scratch.replace(mine)
                except OSError as error:
                    raise _unwritten(error, self.path) from error
            return

    def records(self) -> list[Record]:
        """Return one record per cell: the finished one, else the last failure.

        Raises
        ------
        ResultsError
            If the file cannot be read; damaged lines are left out.
        """
        best: dict[str, Record] = {}
        for raw in raw_lines(self.cells):
            record = parsed(raw)
            if record is None:
                continue
            old = best.get(record["id"])
            if old is None or old["status"] != "done":
                best[record["id"]] = record
        return list(best.values())


#: What of ``run.json`` is the same each time that a run is asked for.
_FIXED = ("composition", "declared", "components", "scores", "cells", "families")


def _unwritten(error: OSError, path: Path) -> ResultsError:
    return ResultsError(
        f"results cannot be written: {error.strerror or error}",
        where=str(path),
        hint="set SONDAGE_RUNS to a folder with room; what was finished is kept",
    )
