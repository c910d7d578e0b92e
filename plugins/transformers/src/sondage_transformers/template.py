"""Special tokens around a text or two, found out from what a tokenizer makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sondage.errors import EncodingError

#: Some of these have subwords in nearly every tokenizer; the vocabulary is gone through else.
_PLAIN = ("a", "the", "1", ".", "?")


@dataclass(frozen=True)
class Template:
    """The special tokens around one text, or around and between two.

    Parameters
    ----------
    parts : (before, between, after), each a list of (token id, type id)
    types : (int, int)
        Type id of the first and of the second text.
    """

    parts: tuple[list[tuple[int, int]], ...]
    types: tuple[int, int]

    @property
    def n_special(self) -> int:
        """Number of special tokens."""
        return sum(len(part) for part in self.parts)


def _texts(backend: Any) -> Iterator[str]:
    yield from _PLAIN
    yield from backend.get_vocab()


def template_of(backend: Any, *, pair: bool) -> Template:
    """Return the special tokens that a tokenizer puts around a text, or around two.

    Raises
    ------
    EncodingError
        If there is no text that it gives subwords for.
    """
    for text in _texts(backend):
        try:
            made = backend.encode(text, text if pair else None, add_special_tokens=True)
        except Exception:  # how a vocabulary without an unknown token refuses a text
            continue
        if {0, 1} <= {*made.sequence_ids, *(() if pair else (1,))}:
            break
    else:
        raise EncodingError("the tokenizer gives no subwords, neither for letters nor for its own")
    parts: tuple[list[tuple[int, int]], ...] = ([], [], [])
    types = [0, 0]
    place = 0
    rows = zip(made.ids, made.type_ids, made.special_tokens_mask, made.sequence_ids, strict=True)
    for token, kind, special, segment in rows:
        if special or segment is None:
            parts[2 if place == (2 if pair else 1) else place].append((token, kind))
        else:
            place = segment + 1
            types[segment] = kind
    return Template(parts, (types[0], types[1]))
