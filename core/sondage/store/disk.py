"""Small, careful steps on a disk: sealed notes, locks, folders that are folders again."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xxhash

_HASHED_AT_ONCE = 1 << 23
_SEAL = "seal"
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def checksum(path: Path) -> str:
    """Return the XXH3-128 hex digest of a file.

    Raises
    ------
    OSError
        Also for what is no plain file: a pipe would never end.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    h = xxhash.xxh3_128()
    with open(path, "rb", buffering=0) as file:
        buffer = bytearray(_HASHED_AT_ONCE)
        view = memoryview(buffer)
        while n := file.readinto(buffer):
            h.update(view[:n])
    return h.hexdigest()


def checksum_of(raw: bytes) -> str:
    """Return the digest that `checksum` gives a file of these bytes."""
    return xxhash.xxh3_128(raw).hexdigest()


def sealed(content: Mapping[str, Any]) -> str:
    """Return a note as JSON with a checksum over all that it says."""
    kept = json.loads(json.dumps(content))
    return json.dumps(kept | {_SEAL: _seal_of(kept)}, indent=1)


def unsealed(path: Path) -> dict[str, Any]:
    """Return what a sealed note says, without the seal.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no whole note, or was written before notes had seals.
    """
    content = note(path)
    if _SEAL not in content:
        raise ValueError(f"{path.name} has no checksum: an older version wrote it")
    if content.pop(_SEAL) != _seal_of(content):
        raise ValueError(f"the checksum of {path.name} differs")
    return content


def note(path: Path) -> dict[str, Any]:
    """Return what a note says, its seal not looked at; raises as `unsealed`."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError(f"{path.name} is no plain file")
    try:
        content = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is no JSON") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds no note")
    return content


def _seal_of(content: Mapping[str, Any]) -> str:
    return xxhash.xxh3_128(json.dumps(content, sort_keys=True).encode()).hexdigest()


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file under another name, make it durable, and put it in place.

    A folder in its place is taken away.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with open(scratch, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if path.is_dir() and not path.is_symlink():
        take_away(path)
    scratch.replace(path)


def make_folder(path: Path, root: Path) -> None:
    """Make a folder and those above it, up to `root`; a file in the place of one goes.

    Raises
    ------
    OSError
    """
    root.mkdir(parents=True, exist_ok=True)
    below = [path, *path.parents]
    for folder in reversed(below[: below.index(root)]):
        if os.path.lexists(folder) and not folder.is_dir():
            folder.unlink()
        folder.mkdir(exist_ok=True)


def take_away(path: Path) -> None:
    """Remove a file or folder, also one whose permissions were damaged.

    Raises
    ------
    OSError
        If something is left.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    unlock(path)
    for folder, names, _ in os.walk(path):
        for name in names:
            unlock(Path(folder, name))
    shutil.rmtree(path)


def unlock(folder: Path) -> None:
    """Let us into a folder of our own that does not let us in."""
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK) and not folder.is_symlink():
        with contextlib.suppress(OSError):
            folder.chmod(0o700)


def folder_size(folder: Path) -> int:
    """Return the bytes of all files below a folder; what cannot be read counts nothing."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(where, name)).st_size
    return total


def age(path: Path) -> float:
    """Return the seconds since a file, or anything in a folder, was last written."""
    last = 0.0
    if not path.is_dir():
        with contextlib.suppress(OSError):
            last = path.lstat().st_mtime
    for where, _, names in os.walk(path):
        for one in (where, *(os.path.join(where, name) for name in names)):
            with contextlib.suppress(OSError):
                last = max(last, os.lstat(one).st_mtime)
    return time.time() - last if last else 0.0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file; others of this machine, and of most network disks, wait.

    Raises
    ------
    OSError
        If the lock file cannot be opened.
    """
    from filelock import FileLock

    if path.is_dir() and not path.is_symlink():
        take_away(path)
    with FileLock(path, mode=0o666):
        yield


def claim(number: int, size: int) -> None:
    """Give an open file its size, and the room for it where the system can promise that."""
    reserve = getattr(os, "posix_fallocate", None)
    if reserve is not None and size:
        try:
            reserve(number, 0, size)
            return
        except OSError as error:
            if error.errno in _FULL:
                raise
    os.ftruncate(number, size)


def write_at(number: int, data: memoryview, at: int) -> None:
    """Write all of `data` at a place of an open file."""
    positioned = getattr(os, "pwrite", None)
    while data:
        if positioned is not None:
            done = positioned(number, data, at)
        else:
            os.lseek(number, at, os.SEEK_SET)
            done = os.write(number, data)
        data, at = data[done:], at + done


def is_full(error: BaseException | None) -> bool:
    """Return whether an error, or one that it came of, says that the disk is full."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        # Libraries in other languages keep only the words of the system's message.
        if os.strerror(errno.ENOSPC).lower() in str(error).lower():
            return True
        error = error.__cause__ or error.__context__
    return False
