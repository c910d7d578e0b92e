"""Sentences as sequences that fit the model: special tokens, and windows where too long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, offsets_of, ranges
from sondage.errors import EncodingError
from sondage_transformers.ragged import starts_of
from sondage_transformers.subwords import Subwords
from sondage_transformers.template import Template
from sondage_transformers.tokens import Tokens

# Columns of the table of windows.
_SENTENCE, _A0, _A1, _B0, _B1, _OWN_A, _OWN_B, _PAIR = range(8)
_Row = tuple[int, ...]


@dataclass(frozen=True)
class Windows:
    """The sequences of a block that go through the model, sentence after sentence.

    Parameters
    ----------
    content : Subwords
    sentence : int64 array, shape (w,), ascending
        Place in the block of the sentence that each window belongs to.
    offsets : int64 array, shape (w + 1,)
        Window i owns ``ids[offsets[i]:offsets[i + 1]]``, and so in the other flat arrays.
    ids, types : int64 arrays
        Subwords with special tokens, and their type ids.
    unit : int64 array
        The word that the subword belongs to; -1 for special tokens, for stand-ins, and for
        copies of a segment that an earlier window has delivered.
    segment : int8 array
        0 or 1 for the text that the subword belongs to; -1 for special tokens.
    first : int64 array, shape (s + 1,)
        Sentence i owns windows ``first[i]`` to ``first[i + 1]``.
    cut_words : int64 array, shape (s,)
        Words longer than a window, of which only the first subwords are encoded.
    """

    content: Subwords
    sentence: Ints
    offsets: Ints
    ids: Ints
    types: Ints
    unit: Ints
    segment: NDArray[np.int8]
    first: Ints
    cut_words: Ints

    @property
    def real(self) -> NDArray[np.bool_]:
        """False for special tokens."""
        return self.segment >= 0

    @property
    def lengths(self) -> Ints:
        """Subwords of each window, special tokens included."""
        return np.diff(self.offsets)

    def padded(
        self, index: Ints, *columns: tuple[NDArray[Any], int | bool]
    ) -> tuple[NDArray[np.bool_], list[Any]]:
        """Return some windows as rows padded at the right: what is no padding, and values.

        Parameters
        ----------
        index : int64 array
            Which windows.
        *columns : (flat array, what stands where padding is)
        """
        lengths = self.lengths[index]
        mask = np.arange(lengths.max(initial=1))[None, :] < lengths[:, None]
        source, found = ranges(self.offsets[index], lengths), []
        for values, fill in columns:
            out = np.full(mask.shape, fill, values.dtype)
            out[mask] = values[source]
            found.append(out)
        return mask, found

    @property
    def subwords(self) -> Ints:
        """Subwords of each sentence over all its windows, special tokens included."""
        return np.diff(self.offsets[self.first])


def lay_out(content: Subwords, tokens: Tokens, limit: int | None) -> Windows:
    """Put special tokens around every sentence, and cut the too long ones into windows.

    Each word lies in exactly one window. Of a pair that is too long, the shorter segment is
    repeated in every window if it fills at most half of one (as questions are with long
    contexts); its first copy counts. Otherwise each segment is cut by itself.

    Parameters
    ----------
    limit : int, optional
        The most subwords of a window, special tokens included.

    Raises
    ------
    EncodingError
        If the limit leaves no room beside the special tokens.
    """
    n_special = np.where(content.pairs, tokens.pair.n_special, tokens.single.n_special)
    if limit is not None and limit <= max(tokens.pair.n_special, tokens.single.n_special):
        raise EncodingError(f"a maximum of {limit} subwords leaves no room for words")
    size = np.diff(content.offsets)
    fits = np.full(len(size), True) if limit is None else size + n_special <= limit
    index = np.flatnonzero(fits)
    table = np.ones((len(index), 8), np.int64)
    table[:, _SENTENCE] = index
    table[:, _A0], table[:, _B1] = content.offsets[index], content.offsets[index + 1]
    table[:, _A1] = table[:, _B0] = content.middle[index]
    table[:, _PAIR] = content.pairs[index]
    cut_words = np.zeros(len(size), np.int64)
    rows: list[_Row] = []
    for i in np.flatnonzero(~fits):
        assert limit is not None  # without a limit everything fits
        more, cut_words[i] = _windows_of(content, int(i), tokens, limit)
        rows += more
    if rows:
        table = np.concatenate([table, np.asarray(rows, np.int64)])
        table = table[np.argsort(table[:, _SENTENCE], kind="stable")]
    return assembled(content, table, (tokens.single, tokens.pair), cut_words)


def _windows_of(content: Subwords, i: int, tokens: Tokens, limit: int) -> tuple[list[_Row], int]:
    start, middle, end = content.offsets[i], content.middle[i], content.offsets[i + 1]
    if content.pairs[i]:
        room = limit - tokens.pair.n_special
        short = min(middle - start, end - middle)
        if short <= room // 2:
            a_repeats = middle - start == short
            whole, other = (
                ((start, middle), (middle, end)) if a_repeats else ((middle, end), (start, middle))
            )
            pieces, lost = _pieces(content.unit, *other, room - int(short))
            rows = []
            for k, piece in enumerate(pieces):
                a, b = (whole, piece) if a_repeats else (piece, whole)
                own = (int(k == 0), 1) if a_repeats else (1, int(k == 0))
                rows.append((i, *map(int, (*a, *b)), *own, 1))
            return rows, lost
    room = limit - tokens.single.n_special
    rows, lost = [], 0
    for segment in ((start, middle), (middle, end)):
        pieces, more = _pieces(content.unit, *segment, room)
        rows += [(i, int(a), int(b), int(b), int(b), 1, 1, 0) for a, b in pieces]
        lost += more
    return rows, lost


def _pieces(unit: Ints, start: int, end: int, room: int) -> tuple[list[tuple[int, int]], int]:
    """Cut ``unit[start:end]`` into runs of whole units of at most `room` each."""
    edges = start + np.flatnonzero(np.diff(unit[start:end], prepend=-9, append=-9))
    pieces, cut = [], 0
    k = 0
    while k < len(edges) - 1:
        last = int(np.searchsorted(edges, edges[k] + room, side="right")) - 1
        if last == k:  # a single unit longer than the window
            pieces.append((int(edges[k]), int(edges[k]) + room))
            cut, last = cut + 1, k + 1
        else:
            pieces.append((int(edges[k]), int(edges[last])))
        k = last
    return pieces, cut


def assembled(
    content: Subwords, table: Ints, templates: tuple[Template, Template], cut_words: Ints
) -> Windows:
    """Put the windows of a table together.

    Parameters
    ----------
    table : int64 array, shape (w, 8), its first column ascending
        Sentence; begin and end of the first and of the second text among ``content.ids``; whether
        each of these delivers its units; whether the window is of a pair.
    templates : (Template, Template)
        Of one text, and of two.
    cut_words : int64 array, shape (s,)
        As `Windows` has it.
    """
    kind = table[:, _PAIR]
    n_a, n_b = table[:, _A1] - table[:, _A0], table[:, _B1] - table[:, _B0]
    n_special = np.asarray([t.n_special for t in templates])[kind]
    lengths = n_a + n_b + n_special
    start = starts_of(lengths)
    total = int(lengths.sum())
    ids, types = np.zeros(total, np.int64), np.zeros(total, np.int64)
    unit, segments = np.full(total, -1, np.int64), np.full(total, -1, np.int8)
    for k, template in enumerate(templates):
        rows = np.flatnonzero(kind == k)
        here = start[rows].copy()
        texts = ((_A0, n_a, _OWN_A, 0), (_B0, n_b, _OWN_B, 1), None)
        for part, text in zip(template.parts, texts, strict=True):
            for token, type_id in part:
                ids[here], types[here] = token, type_id
                here += 1
            if text is None:
                continue
            column, count, own, segment = text
            goal = ranges(here, count[rows])
            source = ranges(table[rows, column], count[rows])
            ids[goal], types[goal] = content.ids[source], template.types[segment]
            segments[goal] = segment
            owned = np.repeat(table[rows, own] == 1, count[rows])
            unit[goal] = np.where(owned, content.unit[source], -1)
            here += count[rows]
    return Windows(
        content=content,
        sentence=table[:, _SENTENCE],
        offsets=offsets_of(lengths),
        ids=ids,
        types=types,
        unit=unit,
        segment=segments,
        first=np.searchsorted(table[:, _SENTENCE], np.arange(len(content.sentences) + 1)),
        cut_words=cut_words,
    )
