"""Whether checkpoints hold the same tensors, from their files, a piece at a time."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sondage.data import digest
from sondage.errors import EncodingError
from sondage_transformers.hashing import file_digest, remembered

#: Bytes of each tensor that are looked at first, and in one reading.
_FIRST, _PIECE = 1024, 1 << 20
#: A longer header than that of any model.
_MOST_HEADER = 1 << 28
_MODULUS = 1 << 128


def equal_groups(files: Mapping[int, Sequence[Path]]) -> list[list[int]]:
    """Return the checkpoints that hold the same tensors, in groups of two and more.

    Names, types, shapes and bytes of all tensors are compared, however they lie in files of
    safetensors. What is not in safetensors is equal where its files are.

    Parameters
    ----------
    files : mapping of a checkpoint's number to its weight files

    Returns
    -------
    list of list of int, each ascending

    Raises
    ------
    EncodingError
        If a file cannot be read.
    """
    try:
        # The beginnings of tensors tell most checkpoints apart; only the others are read whole.
        alike = _grouped({key: _digest(paths, _FIRST) for key, paths in files.items()})
        found = []
        for group in alike:
            found += _grouped({key: _digest(files[key], None) for key in group})
    except OSError as error:
        raise EncodingError(f"cannot read a model's file: {error}") from error
    return sorted(found)


def _grouped(digests: Mapping[int, str]) -> list[list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for key in sorted(digests):
        groups[digests[key]].append(key)
    return [group for group in groups.values() if len(group) > 1]


def _digest(paths: Iterable[Path], first: int | None) -> str:
    stored = [path for path in paths if path.suffix != ".json"]
    if any(path.suffix != ".safetensors" for path in stored):
        return digest(*(file_digest(path) for path in stored))
    kind = "tensors" if first is None else f"tensors to {first}"
    # A sum, so that it does not matter which file holds a tensor, nor where.
    found = (remembered(path, kind, lambda real: _sum(real, first)) for path in stored)
    return f"{sum(int(part, 16) for part in found) % _MODULUS:032x}"


def _sum(path: str, first: int | None) -> str:
    return f"{sum(_numbers(path, first)) % _MODULUS:032x}"


def _numbers(path: str, first: int | None) -> Iterator[int]:
    with open(path, "rb") as stream:
        header, begin = _header(stream, path)
        for name in sorted(header):
            said = header[name]
            start, end = said["data_offsets"]
            stream.seek(begin + start)
            found = hashlib.blake2b(digest_size=16)
            left = end - start if first is None else min(first, end - start)
            while left > 0:
                piece = stream.read(min(_PIECE, left))
                if not piece:
                    raise EncodingError("the file ends before its tensors do", where=path)
                found.update(piece)
                left -= len(piece)
            yield int(digest(name, said["dtype"], said["shape"], found.hexdigest()), 16)


def _header(stream: Any, path: str) -> tuple[dict[str, Any], int]:
    size = int.from_bytes(stream.read(8), "little")
    try:
        if size > _MOST_HEADER:
            raise ValueError
        header = json.loads(stream.read(size))
        if not isinstance(header, dict):
            raise ValueError
    except ValueError as error:
        raise EncodingError("this is no file of safetensors", where=path) from error
    header.pop("__metadata__", None)
    return header, 8 + size
