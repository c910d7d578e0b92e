"""Tokenizers without a vocabulary, whose subwords are characters or bytes (CANINE, ByT5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

#: Classes of transformers that make each character or byte a subword and have no fast form.
CLASSES = ("ByT5Tokenizer", "CanineTokenizer")


@dataclass(frozen=True)
class Cut:
    """What `tokenizers.Encoding` says, of one text or two."""

    ids: list[int]
    offsets: list[tuple[int, int]]
    type_ids: list[int]
    special_tokens_mask: list[int]
    sequence_ids: list[int | None]


class Characters:
    """The part of a `tokenizers.Tokenizer` that encoding needs, over such a tokenizer.

    Names of special tokens within a text are characters like others.

    Parameters
    ----------
    tokenizer : transformers.PreTrainedTokenizer
    """

    normalizer = None
    pre_tokenizer = None
    model = None

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}

    def get_vocab(self) -> dict[str, int]:
        """Return nothing: every character has its number."""
        return {}

    def no_truncation(self) -> None:
        """Nothing is ever truncated."""

    def no_padding(self) -> None:
        """Nothing is ever padded."""

    def encode(self, text: str, pair: str | None = None, *, add_special_tokens: bool = True) -> Cut:
        """Cut one text or two, with special tokens around if asked."""
        first, offsets = self._ids(text)
        second, more = self._ids(pair) if pair is not None else (None, [])
        if not add_special_tokens:
            return Cut(first, offsets, [0] * len(first), [0] * len(first), [0] * len(first))
        made = self._tokenizer
        ids = made.build_inputs_with_special_tokens(first, second)
        special = made.get_special_tokens_mask(first, second)
        types = made.create_token_type_ids_from_sequences(first, second)
        types = types if len(types) == len(ids) else [0] * len(ids)
        plain = iter([(0, o) for o in offsets] + [(1, o) for o in more])
        placed = [(None, (0, 0)) if s else next(plain) for s in special]
        return Cut(ids, [o for _, o in placed], types, special, [s for s, _ in placed])

    def encode_batch(
        self, texts: Iterable[Any], *, add_special_tokens: bool, is_pretokenized: bool = False
    ) -> list[Cut]:
        """Cut texts or, as lists of one, words."""
        return [
            self.encode("".join(t) if is_pretokenized else t, add_special_tokens=add_special_tokens)
            for t in texts
        ]

    def _ids(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        ids: list[int] = []
        offsets = []
        for place, character in enumerate(text):
            if character not in self._known:
                parts = self._tokenizer._tokenize(character)
                self._known[character] = self._tokenizer.convert_tokens_to_ids(parts)
            found = self._known[character]
            ids += found
            offsets += [(place, place + 1)] * len(found)
        return ids, offsets
