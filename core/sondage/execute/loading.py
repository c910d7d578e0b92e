"""Load tasks, and see whether what was loaded is still as it was."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from sondage.data import Corpus, TaskData
from sondage.errors import DataError
from sondage.execute import unchanged
from sondage.registry.built import Built

_loaded: dict[str, TaskData] = {}


def load_task(task: Built) -> TaskData:
    """Load a task once per process (the last few are kept).

    Raises
    ------
    DataError
        Also for a task without sentences or items.
    """
    if task.id not in _loaded:
        data: TaskData = task.instance.load()
        unchanged.confirm(task)
        if not len(data.corpus):
            raise DataError(f"task '{task.label}' has no sentences")
        if data.target is not None and not len(data.target):
            raise DataError(f"task '{task.label}' has no items to predict")
        while len(_loaded) >= 4:
            _loaded.pop(next(iter(_loaded)))
        _loaded[task.id] = data
    return _loaded[task.id]


def letters(corpus: Corpus) -> int:
    """Return the characters of a corpus' distinct sentences: what encoding takes its time for."""
    pairs = corpus.second if corpus.second is not None else [""] * len(corpus)
    return sum(len(a) + len(b or "") for a, b in set(zip(corpus.texts, pairs, strict=True)))


def loaded(task: Built) -> TaskData | None:
    """Return a task's data if they are loaded, which runs none of its code."""
    return _loaded.get(task.id)


def forget(task: Built) -> None:
    """Load a task anew when it is asked for next."""
    _loaded.pop(task.id, None)


def checksums(data: TaskData) -> list[int]:
    """Return checksums of the arrays that all probes of a task share, and what else they are."""
    # Of texts only which they are: to compare each would take longer than a cell.
    parts: list[Any] = [data, data.corpus]
    held = [id(getattr(part, f.name, None)) for part in parts for f in fields(part)]
    return held + [
        zlib.crc32(np.ascontiguousarray(array).view(np.uint8).data)
        for array in _arrays_in([data.target, data.fixed])
        if array.size and array.dtype != object
    ]


def _arrays_in(value: Any) -> Iterator[Any]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _arrays_in(part)
    elif is_dataclass(value):
        for part in fields(value):
            yield from _arrays_in(getattr(value, part.name))
