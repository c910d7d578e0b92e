"""Digests of large files, remembered by path, size, times, inode and sampled bytes."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: A file changed more recently than this (seconds) is hashed again: within the clock's grain
#: a second write may leave size and times as they were.
SETTLED = 2.0
#: Some bytes of a remembered file are compared too: this many places, of this many bytes.
SAMPLES = 64
SAMPLE_BYTES = 4096

#: Between a file and what of it is digested; no path has it.
_KIND = "\0"

#: What was seen of a file when it was hashed, and its digest.
_Entry = tuple[str, str]
_memory: dict[str, _Entry] = {}


def cache_file() -> Path:
    """Return where digests are remembered: ``$XDG_CACHE_HOME/sondage/digests.json``."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    return Path(root).expanduser() / "sondage" / "digests.json"


def file_digest(path: Path) -> str:
    """Return 32 hex digits that identify a file's bytes (BLAKE2b-128).

    Parameters
    ----------
    path : Path
        Links are followed, so that two names of one file share one digest.

    Notes
    -----
    The rule: a remembered digest counts only while size, times of last write and last change,
    inode, device and sampled bytes are as they were when the file was hashed, and a file that
    changed within the last `SETTLED` seconds is not remembered.

    Raises
    ------
    OSError
        If the file cannot be read. An unreadable or unwritable memory is no error: the file
        is then hashed again.
    """
    return remembered(path, "", _whole)


def remembered(path: Path, kind: str, make: Callable[[str], str]) -> str:
    """Return a digest of a file, made anew only if the file has changed; see `file_digest`.

    Parameters
    ----------
    path : Path
    kind : str
        What is digested, if not the file's bytes; apart from these are digests of other kinds.
    make : callable
        From the real path to the digest.
    """
    real = os.path.realpath(path)
    stamp, place = _stamp(real), f"{real}{_KIND}{kind}" if kind else real
    known = _memory.get(place) or _recall().get(place)
    if known is not None and known[0] == stamp:
        _memory[place] = known
        return known[1]
    found = make(real)
    stat = os.stat(real)
    settled = time.time() - max(stat.st_mtime, stat.st_ctime) > SETTLED
    # Written to meanwhile: the digest may be of a mixture, and is not remembered.
    if settled and _stamp(real) == stamp:
        _memory[place] = (stamp, found)
        _remember(place, _memory[place])
    return found


def _whole(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _stamp(path: str) -> str:
    """Return what cannot stay equal when a file is written to or replaced.

    Size, times, inode and device: a tool can set back the time of the last write, but not
    that of the last change (ctime). Where a file system keeps no such time, bytes sampled
    evenly over the file, its ends among them, tell other weights.
    """
    stat = os.stat(path)
    sample = hashlib.blake2b(digest_size=16)
    last = max(stat.st_size - SAMPLE_BYTES, 0)
    with open(path, "rb", buffering=0) as stream:
        for place in sorted({last * k // (SAMPLES - 1) for k in range(SAMPLES)}):
            stream.seek(place)
            sample.update(stream.read(SAMPLE_BYTES))
    seen = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev)
    return " ".join(map(str, (*seen, sample.hexdigest())))


def _recall() -> dict[str, _Entry]:
    try:
        stored: Any = json.loads(cache_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(stored, dict):
        return {}
    return {path: (e[0], e[1]) for path, e in stored.items() if _is_entry(e)}


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, list) and len(entry) == 2 and all(isinstance(part, str) for part in entry)
    )


def _remember(path: str, entry: _Entry) -> None:
    home = cache_file()
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        known = _recall().items()
        kept = {p: e for p, e in known if os.path.exists(p.partition(_KIND)[0])}
        kept[path] = entry
        # Written aside and renamed: readers in other processes never meet half a file.
        handle, name = tempfile.mkstemp(dir=home.parent, prefix=".digests-")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(kept, stream)
        os.replace(name, home)
    except OSError:
        return
