"""The content-addressed store of activations on disk.

One entry is one layer of one view of one corpus under one encoder: a folder with a
``.npy`` memory map, ragged views' offsets, and a manifest that holds the entry's key in
clear, the checksums of both files, and one of its own. A folder is filled under a temporary
name and renamed, so an entry is whole or absent; two writers of one entry are both right.
Data are not fsynced: they can be remade, and the checksums find what a power cut damaged.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sondage.data import Ints, States, digest
from sondage.errors import StoreError
from sondage.store import disk
from sondage.store.disk import checksum
from sondage.store.half import widened
from sondage.store.machine import alive, this_machine
from sondage.store.writer import Writer

__all__ = ["Entry", "Key", "Store", "Writer", "checksum"]

ENTRY_FORMAT = 2
#: What another machine, or this one before it was started anew, left is swept when nothing in
#: it has changed for so long (seconds).
ABANDONED = 7 * 86_400


@dataclass(frozen=True)
class Key:
    """What identifies an entry.

    Parameters
    ----------
    encoder, corpus : str
        Hex digests.
    view : str
    layer : int
    stored : {'float32', 'float16', 'bfloat16'}
        What its numbers were rounded to.
    """

    encoder: str
    corpus: str
    view: str
    layer: int
    stored: str = "float32"

    @property
    def id(self) -> str:
        """32 hex digits; names the entry's folder."""
        rounded = () if self.stored == "float32" else (self.stored,)
        return digest(ENTRY_FORMAT, self.encoder, self.corpus, self.view, self.layer, *rounded)

    @property
    def told(self) -> dict[str, Any]:
        """The key in clear; of what is not rounded, as it was before there was rounding."""
        told = asdict(self)
        if self.stored == "float32":
            del told["stored"]
        return told


@dataclass(frozen=True)
class Entry:
    """One finished entry, as `Store.entries` lists it."""

    key: Key
    folder: Path
    bytes: int
    manifest: dict[str, Any]


class Store:
    """Activations on disk.

    Parameters
    ----------
    root : Path
        Created when first written to.
    temporary : bool
        Whether what is written goes again when it has been read; see `claims`.
    """

    def __init__(self, root: Path, *, temporary: bool = False) -> None:
        self.root = root.absolute()
        self.temporary = temporary
        self._verified: dict[Path, tuple[int, ...]] = {}

    def folder(self, key: Key) -> Path:
        """Return where the entry is or would be."""
        return self.root / "entries" / key.id[:2] / key.id

    def has(self, key: Key) -> bool:
        """Return whether a whole entry with this key is there (data not yet checked)."""
        return not self.wrong(key)

    def wrong(self, key: Key) -> str:
        """Return why there is no whole entry with this key; 'absent' if nothing is there."""
        try:
            self._manifest(key)
        except (OSError, ValueError, RecursionError) as error:
            there = os.path.lexists(self.folder(key))
            return _reason(error) if there else "absent"
        return ""

    def _manifest(self, key: Key) -> dict[str, Any]:
        folder = self.folder(key)
        manifest = disk.unsealed(folder / "manifest.json")
        if manifest.get("key") != key.told:
            raise ValueError("its manifest is of another entry")
        for name in ("data.npy", "offsets.npy"):
            if not stat.S_ISREG((folder / name).stat().st_mode):
                raise ValueError(f"{name} is no plain file")
        if manifest["bytes"] != (folder / "data.npy").stat().st_size:
            raise ValueError("data.npy is of another size than its manifest says")
        return manifest

    def check(self, key: Key) -> None:
        """Verify the checksums of an entry, as `read` does and raising as it does."""
        self._open(key)

    def read(self, key: Key) -> tuple[States, dict[str, Any]]:
        """Open an entry as a read-only memory map, its checksum verified once a process.

        What is stored in two bytes a number is float32 in memory, and no map.

        Returns
        -------
        States, manifest

        Raises
        ------
        StoreError
            If the entry is absent or damaged; a damaged one is set aside first.
        """
        states, manifest = self._open(key)
        values = widened(states.values, key.stored)
        return (states if values is states.values else States(values, states.offsets)), manifest

    def _open(self, key: Key) -> tuple[States, dict[str, Any]]:
        folder = self.folder(key)
        if not os.path.lexists(folder):
            raise StoreError(f"the store has no whole entry for {key.told}", where=str(self.root))
        try:
            manifest = self._manifest(key)
            self._verify(folder / "data.npy", manifest["checksum"])
            raw = (folder / "offsets.npy").read_bytes()
            if disk.checksum_of(raw) != manifest["offsets"]:
                raise ValueError("the checksum of offsets.npy differs")
            values = np.load(folder / "data.npy", mmap_mode="r", allow_pickle=False)
            offsets = np.load(io.BytesIO(raw), allow_pickle=False)
        except (OSError, ValueError, RecursionError) as error:
            self.discard(key)
            raise StoreError(
                f"layer {key.layer} of view '{key.view}' in the store is damaged "
                f"({_reason(error)})",
                where=str(folder),
                hint="run the same command again: it is encoded anew",
            ) from error
        return States(values, offsets), manifest

    def _verify(self, data: Path, wanted: str) -> None:
        found = data.stat()
        # The change time cannot be set back as the time of last writing can.
        stamp = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        if self._verified.get(data) != stamp:
            if checksum(data) != wanted:
                raise ValueError("the checksum of data.npy differs")
            self._verified[data] = stamp

    def discard(self, key: Key) -> None:
        """Take an entry away, atomically.

        Raises
        ------
        StoreError
            If it cannot be moved or the store cannot be written.
        """
        folder = self.folder(key)
        if not os.path.lexists(folder):
            return
        trash = self.scratch()
        try:
            disk.unlock(folder)
            folder.rename(trash / "entry")
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreError(
                f"an entry of the store cannot be taken away: {error.strerror}",
                where=str(folder),
                hint="remove that folder by hand, or set SONDAGE_STORE to another",
            ) from error
        finally:
            _cleared(trash)

    def writer(self, keys: list[Key], width: int, dtype: np.dtype[Any], offsets: Ints) -> Writer:
        """Return a writer of several layers of one view.

        Raises
        ------
        StoreError
            If the disk has too little room; nothing is left behind.
        """
        return Writer(self, keys, width, dtype, offsets, self.scratch())

    def entries(self) -> Iterator[Entry]:
        """Yield every finished entry, damaged ones whose name can still be told among them."""
        for file in sorted(self.root.glob("entries/*/*/manifest.json")):
            try:
                manifest = disk.note(file)
                key = Key(**manifest["key"])
                if self.folder(key) != file.parent:
                    continue
            except (OSError, ValueError, TypeError, KeyError, AttributeError):
                continue
            yield Entry(key, file.parent, disk.folder_size(file.parent), manifest)

    def strays(self) -> Iterator[Path]:
        """Yield what lies among the entries and is none, such as one without its manifest."""
        known = {entry.folder for entry in self.entries()}
        for path in sorted(self.root.glob("entries/*")):
            if not path.is_dir():
                yield path
                continue
            yield from (below for below in sorted(path.iterdir()) if below not in known)

    def scratch(self) -> Path:
        """Return a new folder for this process; once it is dead, `sweep` removes it.

        Raises
        ------
        StoreError
        """
        folder = self.root / "tmp" / f"{this_machine()}-{os.getpid()}-{uuid.uuid4().hex}"
        try:
            disk.make_folder(folder, self.root)
        except OSError as error:
            raise StoreError(
                f"the store cannot be written: {error.strerror}",
                where=str(self.root),
                hint="set SONDAGE_STORE to a folder with room",
            ) from error
        return folder

    def sweep(self) -> int:
        """Remove what killed processes left; return the bytes freed.

        A process of this very machine is looked up; what another left goes when nothing in it
        has changed for a week.
        """
        freed = 0
        for folder in (*self.root.glob("tmp/*"), *self.root.glob("claims/*")):
            if abandoned(folder):
                freed += disk.folder_size(folder)
                _cleared(folder)
        return freed


def abandoned(path: Path, prefix: str = "") -> bool:
    """Whether the process that a file or folder is named after is gone, as far as can be told."""
    where, _, pid = path.name.removeprefix(prefix).rpartition("-")[0].rpartition("-")
    if where == this_machine() and pid.isdigit():
        return not alive(int(pid))
    return disk.age(path) > ABANDONED


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        name = Path(str(error.filename or "")).name
        return f"{name}: {error.strerror}" if name else str(error.strerror)
    return str(error)


def _cleared(folder: Path) -> None:
    try:
        disk.take_away(folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
