"""Where activations and results are kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def store_folder() -> Path:
    """Return ``$SONDAGE_STORE``, else the user's cache folder: activations can be remade."""
    given = os.environ.get("SONDAGE_STORE")
    if given:
        return Path(given)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "sondage" / "store"


def runs_folder() -> Path:
    """Return ``$SONDAGE_RUNS``, else ``sondage-runs`` here: results belong to a project."""
    return Path(os.environ.get("SONDAGE_RUNS") or "sondage-runs")


def nearest_there(folder: Path) -> Path:
    """Return the folder, or the closest one above it that exists."""
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    return there


def free(folder: Path) -> int:
    """Return the bytes free where the folder is or would be made; raises `OSError`."""
    return shutil.disk_usage(nearest_there(folder)).free
