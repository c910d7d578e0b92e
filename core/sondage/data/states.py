"""What an encoder is asked for and streams, and what is kept of it: rows by layer and view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from sondage.data.corpus import Ints

#: What one row of a view stands for. An encoder may offer views beyond these.
VIEWS: dict[str, Literal["sentence", "word", "subword", "attention"]] = {
    "cls": "sentence",
    "mean": "sentence",
    "max": "sentence",
    "last": "sentence",
    "word": "word",
    "word-first": "word",
    "word-last": "word",
    "subwords": "subword",
    "attention": "attention",
}


@dataclass(frozen=True)
class Request:
    """What an encoder is asked for: only this is computed.

    Parameters
    ----------
    layers : tuple of int
        In the order in which their rows have to come.
    views : tuple of str
    """

    layers: tuple[int, ...]
    views: tuple[str, ...]


@dataclass(frozen=True)
class Chunk:
    """What an encoder streams: some sentences, in any order.

    Parameters
    ----------
    sentences : int64 array, shape (b,)
        Which sentences of the corpus these are.
    rows : mapping of view to array, shape (n_layers, r, width)
        In the request's layer order. A sentence view has b rows; a word view the words of
        the b sentences in turn; ``subwords`` likewise. ``attention`` has a row for each
        (query, key) pair of a sentence's t subwords, t² in C order, and one column per head;
        layer 0 has no attention, and its place is filled with zeros where it is in the way.
    warnings : mapping of slug to count
        ``lost-words`` (no subword of their own), ``truncated-words``, ...
    """

    sentences: Ints
    rows: Mapping[str, NDArray[Any]]
    warnings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class States:
    """Ragged rows of one layer: sentence i owns ``values[offsets[i]:offsets[i + 1]]``.

    Parameters
    ----------
    values : float array, shape (n_rows, width)
    offsets : int64 array, shape (n + 1,)
    """

    values: NDArray[Any]
    offsets: Ints

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, sentence: int) -> NDArray[Any]:
        return self.values[self.offsets[sentence] : self.offsets[sentence + 1]]
