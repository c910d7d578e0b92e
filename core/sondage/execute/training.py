"""Trained weights in the store: made once, whole or absent, checked before use."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Trained
from sondage.data import Result
from sondage.errors import StoreError
from sondage.execute.returned import checked
from sondage.guard.heed import interrupts
from sondage.records.arrays import save
from sondage.records.lines import Record
from sondage.records.outcomes import pack, unpack
from sondage.store import disk

#: Written last.
MARK = "trained.json"
LOCK = ".lock"
#: Arrays of what a training found, where it found some.
ARRAYS = "trained.npz"


def trained(encoder: Trained, folder: Path, who: str = "the encoder") -> Result:
    """Return what an encoder's training found, training it first if it must.

    Parameters
    ----------
    encoder : Trained
    folder : Path
        Its own folder. While one process trains, others wait; what a killed one left is the
        encoder's to go on from. ``trained.json`` is written last, says that all is there, and
        holds its own checksum and those of all files. Weights that are whole need no lock, and
        no right to write.
    who : str
        Its component, for messages.

    Returns
    -------
    Result
        Without outcomes where it was trained before these were kept.

    Raises
    ------
    PluginError
        If the training returns no result, or outcomes and scores that are none.
    StoreError
        If the folder cannot be written, or the disk is full.
    """
    kept = _whole_mark(folder)
    if kept is not None and not _scored_anew(encoder, kept):
        return _result(kept, folder)
    with ExitStack() as held:
        try:
            # Below the store's root: models, two digits, the encoder's id.
            disk.make_folder(folder, folder.parents[2])
            disk.unlock(folder)
            held.enter_context(disk.locked(folder / LOCK))
            kept = _whole_mark(folder)
            if kept is not None and not _scored_anew(encoder, kept):
                return _result(kept, folder)
            throw_away(folder)
        except OSError as error:
            if kept is not None:
                return _result(kept, folder)
            raise _unkept(error, folder) from error
        return _made(encoder, folder, who)


def _made(encoder: Trained, folder: Path, who: str) -> Result:
    encoder.place(folder)
    try:
        with interrupts():
            result = checked(encoder.train(), who)
    except Exception as error:
        if disk.is_full(error) or _nothing_free(folder):
            raise _full(folder) from error
        raise
    try:
        _finish(folder, result)
    except OSError as error:
        raise _unkept(error, folder) from error
    return result


def _nothing_free(folder: Path) -> bool:
    """Return whether less than a MiB is left: not every library says why it could not write."""
    try:
        return shutil.disk_usage(folder).free < 1 << 20
    except OSError:
        return False


def _full(folder: Path) -> StoreError:
    return StoreError(
        "the disk is full: the trained weights do not fit; what was finished is kept",
        where=str(folder),
        hint="make room ('sondage cache prune'), or set SONDAGE_STORE to another disk",
    )


def _unkept(error: OSError, folder: Path) -> StoreError:
    if disk.is_full(error):
        return _full(folder)
    return StoreError(
        f"trained weights cannot be kept: {error.strerror or error}",
        where=str(folder),
        hint="check whose folder it is, or set SONDAGE_STORE to one of your own",
    )


def is_whole(folder: Path) -> bool:
    """Return whether finished weights are there, as they were written."""
    return _whole_mark(folder) is not None


def _scored_anew(encoder: Trained, kept: Record) -> bool:
    """Return whether whole weights lack outcomes that their encoder can give without training."""
    return "outcomes" not in kept and bool(getattr(encoder, "rescores", False))


def _whole_mark(folder: Path) -> Record | None:
    """Return what is kept of a training if all is there, unchanged."""
    try:
        kept = disk.unsealed(folder / MARK)
    except (OSError, ValueError):
        return None
    if any(_checksum(folder / name) != wanted for name, wanted in kept["files"].items()):
        return None
    return kept


def _result(kept: Record, folder: Path) -> Result:
    outcomes = [unpack(one) for one in kept.get("outcomes", [])]
    arrays = _arrays(folder / ARRAYS) if ARRAYS in kept["files"] else {}
    first = outcomes[0] if outcomes else None
    return Result(kept["scores"], first, kept["tables"], arrays, kept["warnings"], outcomes[1:])


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def _checksum(path: Path) -> str:
    try:
        return disk.checksum(path)
    except OSError:
        return ""


def throw_away(folder: Path) -> None:
    """Remove what is not surely whole of a training that was finished; it is made again.

    What a killed training left, which no ``trained.json`` lists, is kept to go on from. A list
    that an older version wrote, or that is damaged itself, still proves the files that fit it.
    """
    mark = folder / MARK
    if not os.path.lexists(mark):
        return
    try:
        listed = disk.note(mark).get("files")
    except (OSError, ValueError):
        listed = None
    files = listed if isinstance(listed, dict) else {}
    for path in sorted(folder.rglob("*"), reverse=True):
        if path in (mark, folder / LOCK) or not os.path.lexists(path):
            continue
        name = path.relative_to(folder).as_posix()
        wanted = name in files and _checksum(path) == files[name]
        if not wanted and not (path.is_dir() and any(f.startswith(f"{name}/") for f in files)):
            disk.take_away(path)
    disk.take_away(mark)


def _finish(folder: Path, result: Result) -> None:
    (folder / ARRAYS).unlink(missing_ok=True)
    if result.arrays:
        with open(folder / ARRAYS, "wb") as file:
            save(file, result.arrays)
    files = {
        path.relative_to(folder).as_posix(): disk.checksum(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (LOCK, MARK)
    }
    kept = {
        "files": files,
        "scores": dict(result.scores),
        "tables": {name: dict(table) for name, table in result.tables.items()},
        "warnings": dict(result.warnings),
        "outcomes": [pack(one) for one in (result.outcomes, *result.further) if one is not None],
    }
    disk.write_atomic(folder / MARK, disk.sealed(kept).encode())
