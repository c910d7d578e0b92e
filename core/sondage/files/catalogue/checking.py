"""Whether a file's bytes are those of the data set."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sondage.files.reading import unreadable


def sha256_of(path: Path) -> str:
    """Return 64 hex digits over a file's bytes; raises `DataError` if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(str(path), error) from error


def wrong_with(path: Path, sha256: str) -> str:
    """Return what is wrong with a file's bytes, '' if nothing is; raises as `sha256_of`."""
    found = sha256_of(path)
    return "" if found == sha256 else f"its sha256 is {found[:16]}..., wanted {sha256[:16]}..."
