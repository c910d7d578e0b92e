"""Trained weights in the store: made once, whole or absent, checked before use."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from sondage.contracts import Trained
from sondage.data import Result
from sondage.errors import StoreError
from sondage.heed import interrupts
from sondage.store import checksum

_MARK = "trained.json"


def trained(encoder: Trained, folder: Path) -> Result:
    """Return what an encoder's training found, training it first if it must.

    Parameters
    ----------
    encoder : Trained
    folder : Path
        Its own folder. While one process trains, others wait; what a killed one left is the
        encoder's to go on from. ``trained.json`` is written last and says that all is there.

    Returns
    -------
    Result
        Scores and tables; no outcomes and no arrays.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / ".lock", "w")  # noqa: SIM115  (closed below)
    except OSError as error:
        raise StoreError(
            f"trained weights cannot be kept: {error.strerror}", where=str(folder)
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = _read(folder)
        if kept is not None:
            return kept
        encoder.place(folder)
        with interrupts():
            result = encoder.train()
        _write(folder, result)
        return result


def _read(folder: Path) -> Result | None:
    try:
        kept = json.loads((folder / _MARK).read_text("utf-8"))
        files = {name: checksum(folder / name) for name in kept["files"]}
    except (OSError, ValueError, KeyError):
        return None
    if files != kept["files"]:
        # Something was damaged: what differs is thrown away and made again.
        (folder / _MARK).unlink()
        for name, found in files.items():
            if found != kept["files"][name]:
                (folder / name).unlink()
        return None
    return Result(kept["scores"], tables=kept["tables"], warnings=kept["warnings"])


def _write(folder: Path, result: Result) -> None:
    files = {
        str(path.relative_to(folder)): checksum(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (".lock", _MARK)
    }
    kept = {
        "files": files,
        "scores": dict(result.scores),
        "tables": {name: dict(table) for name, table in result.tables.items()},
        "warnings": dict(result.warnings),
    }
    scratch = folder / f".{_MARK}.{os.getpid()}"
    scratch.write_text(json.dumps(kept), "utf-8")
    scratch.replace(folder / _MARK)
