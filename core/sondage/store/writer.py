"""Fill entries of the store row by row and publish them whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.errors import EncodingError, StoreError
from sondage.store import disk
from sondage.store.half import narrowed, on_disk, widened

if TYPE_CHECKING:
    from sondage.store import Key, Store

#: Of a manifest. It is no part of an entry's name: an older entry is made again in its place.
MANIFEST = 3
#: A file in an entry that goes when it has been read.
TEMPORARY = "temporary"


class Writer:
    """Fills entries row by row, in any order, and publishes them whole."""

    def __init__(
        self,
        store: Store,
        keys: list[Key],
        width: int,
        dtype: np.dtype[Any],
        offsets: Ints,
        scratch: Path,
    ) -> None:
        self._store = store
        self._keys = keys
        self._offsets = offsets
        self._scratch = scratch
        self._width, self._dtype = width, dtype
        self._stored = keys[0].stored if keys else "float32"
        kept = on_disk(dtype, self._stored)
        self._row = width * kept.itemsize
        self.nonfinite = dict.fromkeys((k.layer for k in keys), 0)
        self._files: list[tuple[int, int]] = []
        try:
            for key in keys:
                self._files.append(self._open(key, (int(offsets[-1]), width), kept))
        except OSError as error:
            self.abandon()
            raise unwritable(error, store.root) from error

    def _open(self, key: Key, shape: tuple[int, int], dtype: np.dtype[Any]) -> tuple[int, int]:
        folder = self._scratch / key.id
        folder.mkdir()
        np.save(folder / "offsets.npy", self._offsets, allow_pickle=False)
        with open(folder / "data.npy", "wb") as file:
            header = {"descr": dtype.str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            start = file.tell()
        number = os.open(folder / "data.npy", os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            # Claims the room now: a full disk is found before hours of encoding.
            disk.claim(number, start + shape[0] * self._row)
        except OSError:
            os.close(number)
            raise
        return number, start

    def write(self, sentences: Ints, rows: NDArray[Any], places: list[int]) -> None:
        """Write some sentences' rows.

        Parameters
        ----------
        sentences : int64 array, shape (b,)
        rows : array, shape (layers, r, width)
        places : list of int
            For each of this writer's keys, its index on the first axis of `rows`.

        Raises
        ------
        EncodingError
            If the rows are not of the width, type or number that the entry is of.
        StoreError
            If the disk fails.
        """
        starts = self._offsets[sentences]
        ends = self._offsets[sentences + 1]
        cuts = np.concatenate([[0], np.cumsum(ends - starts)])
        self._check(rows, int(cuts[-1]))
        for key, place, (number, base) in zip(self._keys, places, self._files, strict=True):
            layer = np.ascontiguousarray(narrowed(rows[place], self._stored))
            self.nonfinite[key.layer] += _nonfinite_rows(widened(layer, self._stored))
            raw = memoryview(layer.reshape(-1).view(np.uint8).data)
            try:
                for i, start in enumerate(starts):
                    chosen = raw[cuts[i] * self._row : cuts[i + 1] * self._row]
                    disk.write_at(number, chosen, base + int(start) * self._row)
            except OSError as error:
                raise unwritable(error, self._store.root) from error

    def _check(self, rows: NDArray[Any], wanted: int) -> None:
        if rows.ndim != 3 or rows.shape[1] != wanted:
            raise EncodingError(f"rows of shape {rows.shape} came for {wanted} rows")
        if wanted and (rows.shape[2], rows.dtype) != (self._width, self._dtype):
            raise EncodingError(
                f"the encoder sent rows of width {rows.shape[2]} and type {rows.dtype} after rows "
                f"of width {self._width} and type {self._dtype}, in one view",
                where=f"view '{self._keys[0].view}'",
                hint="every chunk of a view has the same width and dtype",
            )

    def publish(self, notes: dict[str, Any]) -> None:
        """Close, checksum and rename into place; `notes` go into each manifest."""
        try:
            for key in self._keys:
                os.close(self._files.pop(0)[0])
                folder = self._scratch / key.id
                manifest = {
                    "key": key.told,
                    "format": MANIFEST,
                    "checksum": disk.checksum(folder / "data.npy"),
                    "offsets": disk.checksum(folder / "offsets.npy"),
                    "bytes": (folder / "data.npy").stat().st_size,
                    "nonfinite_rows": self.nonfinite[key.layer],
                    **notes,
                }
                if self._store.temporary:
                    (folder / TEMPORARY).touch()
                (folder / "manifest.json").write_text(disk.sealed(manifest), "utf-8")
                self._place(key, folder)
        except OSError as error:
            raise unwritable(error, self._store.root) from error
        finally:
            self.abandon()

    def _place(self, key: Key, folder: Path) -> None:
        target = self._store.folder(key)
        for _ in range(3):
            disk.make_folder(target.parent, self._store.root)
            # Windows, and some systems for an empty folder, would not tell these apart.
            if os.path.lexists(target):
                if self._store.has(key):
                    return
                self._store.discard(key)
            try:
                folder.rename(target)
                return
            except OSError:
                if not os.path.lexists(target):
                    raise
        raise StoreError(f"the entry {target} cannot be put in place", where=str(target))

    def abandon(self) -> None:
        """Leave nothing behind."""
        for number, _ in self._files:
            os.close(number)
        self._files = []
        shutil.rmtree(self._scratch, ignore_errors=True)


def _nonfinite_rows(rows: NDArray[Any]) -> int:
    flat = rows.reshape(-1)
    with np.errstate(all="ignore"):
        # One fast product settles the usual case.
        if np.isfinite(np.dot(flat, flat)):
            return 0
    return int((~np.isfinite(rows)).any(axis=1).sum())


def unwritable(error: OSError, root: Path) -> StoreError:
    """Return the error for a store that cannot be written."""
    return StoreError(
        "the disk is full: the activations do not fit; what was finished is kept"
        if disk.is_full(error)
        else f"the store cannot be written: {error.strerror}",
        where=str(root),
        hint="make room ('sondage cache prune'), or set SONDAGE_STORE to another disk",
    )
