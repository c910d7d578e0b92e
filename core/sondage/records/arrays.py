"""A cell's arrays as one ``.npz`` file: the same arrays are the same bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from sondage.errors import PluginError

_LONGEST_OF_ARRAYS = 200


def save(file: IO[bytes], arrays: Mapping[str, Any]) -> None:
    """Write arrays as `numpy.savez` does, under any name and without the time of day.

    Raises
    ------
    PluginError
        For names that no file in an archive may have, and for objects.
    """
    with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        for name, values in arrays.items():
            _check_name(name)
            try:
                array = np.asanyarray(values)
                # Of a fixed date, as zip files begin with.
                member = zipfile.ZipInfo(f"{name}.npy")
                with archive.open(member, "w", force_zip64=True) as inside:
                    np.lib.format.write_array(inside, array, allow_pickle=False)
            except (TypeError, ValueError) as error:
                raise PluginError(f"array {name!r} cannot be kept: {error}") from error


def _check_name(name: Any) -> None:
    fits = isinstance(name, str) and 0 < len(name) <= _LONGEST_OF_ARRAYS and name.isprintable()
    if not fits or name.startswith("/") or ".." in name.replace("\\", "/").split("/"):
        raise PluginError(
            f"{name!r:.80} is no name of an array",
            hint=f"names are printable texts of 1 to {_LONGEST_OF_ARRAYS} characters, and no paths",
        )
