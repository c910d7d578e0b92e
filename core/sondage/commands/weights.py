"""Trained weights that the store holds: which, whether whole, and their removal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sondage.commands.cache import DAY
from sondage.errors import StoreError
from sondage.execute import training
from sondage.store import disk

_ENCODER_ID = re.compile(r"[0-9a-f]{16,}")


@dataclass(frozen=True)
class Weights:
    """What an encoder's training left in the store.

    Attributes
    ----------
    encoder : str
        The trained encoder's id.
    finished : bool
        Whether the training said that all is there; else the next run goes on from it.
    """

    encoder: str
    folder: Path
    bytes: int
    finished: bool


def weights_held(root: Path) -> list[Weights]:
    """Return the trained weights in a store; a folder that only has its lock is none."""
    out = []
    for folder in sorted(root.glob("models/*/*")):
        name = folder.name
        if not (_ENCODER_ID.fullmatch(name) and folder.parent.name == name[:2] and folder.is_dir()):
            continue
        if list(_content(folder)):
            finished = os.path.lexists(folder / training.MARK)
            out.append(Weights(name, folder, disk.folder_size(folder), finished))
    return out


def weights_to_prune(
    root: Path, *, every: bool, encoder: str | None, older_than: float | None
) -> list[Weights]:
    """Return the weights that all given conditions pick; see `cache.entries_to_prune`."""
    if not every and encoder is None and older_than is None:
        return []
    return [
        found
        for found in weights_held(root)
        if (encoder is None or found.encoder.startswith(encoder))
        and (older_than is None or disk.age(found.folder) > older_than * DAY)
    ]


def verified_weights(root: Path) -> Iterator[tuple[Weights, str]]:
    """Verify finished weights; yield each with what is wrong ('' if nothing).

    Of damaged ones what does not fit its checksum is removed, as the next run would do.
    """
    for found in weights_held(root):
        if not found.finished:
            continue
        wrong = ""
        if not training.is_whole(found.folder):
            with _alone(found.folder):
                # Whoever held the lock may have made them whole meanwhile.
                if not training.is_whole(found.folder):
                    wrong = "its files and checksums differ"
                    training.throw_away(found.folder)
        yield found, wrong


def remove_weights(found: Weights) -> int:
    """Remove weights and return the bytes freed.

    The lock's file stays, so that a run that waits for it can train them anew.

    Raises
    ------
    StoreError
        If a run is training them now, or they cannot be removed.
    """
    with _alone(found.folder):
        # Without its mark, what a killed removal leaves is not taken for finished.
        disk.take_away(found.folder / training.MARK)
        for path in _content(found.folder):
            disk.take_away(path)
    return found.bytes


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        disk.unlock(folder)
        with FileLock(folder / training.LOCK, mode=0o666, timeout=0):
            yield
    except Timeout as error:
        raise StoreError(
            "trained weights are left: a run is training them now",
            where=str(folder),
            hint="try again when it is done",
        ) from error
    except OSError as error:
        raise StoreError(
            f"trained weights cannot be removed: {error.strerror or error}", where=str(folder)
        ) from error


def _content(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in sorted(folder.iterdir()) if path.name != training.LOCK)
    except OSError:
        return
