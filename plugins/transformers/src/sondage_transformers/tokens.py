"""A model's fast tokenizer, reduced to what encoding needs: subwords and special tokens."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, offsets_of
from sondage.errors import EncodingError
from sondage_transformers.added_tokens import added_token_pattern, reaches_over_blanks
from sondage_transformers.characters import CLASSES, Characters
from sondage_transformers.checkpoint import Checkpoint
from sondage_transformers.cutting import Cutting, best_cutting, cut_otherwise, usual_manner
from sondage_transformers.files import has_vocabulary
from sondage_transformers.quiet import quiet
from sondage_transformers.template import Template, template_of

#: Tokenizers without a maximum of their own declare an absurdly large one.
_NO_MAXIMUM = 1_000_000
#: Texts that are cut at a time, where more than their subwords is asked for.
_TEXTS = 512
#: Positions of these start after the padding index.
_OFFSET_TYPES = frozenset(
    """
    camembert data2vec-text esm ibert longformer luke mluke mpnet roberta roberta-prelayernorm
    xlm-roberta xlm-roberta-xl xmod
    """.split()  # noqa: SIM905
)


class Tokens:
    """The fast tokenizer of a checkpoint.

    Parameters
    ----------
    checkpoint : Checkpoint

    Raises
    ------
    EncodingError
        If it cannot be loaded, or is not a fast one: only those say which word a subword
        belongs to.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        from transformers import AutoTokenizer

        self.checkpoint = checkpoint
        where = str(checkpoint.folder)
        if not has_vocabulary(checkpoint.folder) and not checkpoint.remote_code:
            raise EncodingError(
                "the folder has no tokenizer",
                where=where,
                hint="save it beside the weights: tokenizer.save_pretrained(folder)",
            )
        try:
            with quiet():
                tokenizer = AutoTokenizer.from_pretrained(
                    where, local_files_only=True, trust_remote_code=checkpoint.remote_code
                )
        except Exception as error:  # a broken file can fail in any way
            raise EncodingError(
                f"cannot load the tokenizer: {error}",
                where=where,
                hint="the folder needs tokenizer.json beside the weights",
            ) from error
        spells = type(tokenizer).__name__ in CLASSES
        if not getattr(tokenizer, "is_fast", False) and not spells:
            raise EncodingError(
                f"{type(tokenizer).__name__} is not a fast tokenizer",
                where=where,
                hint="save it once as tokenizer.json with the tokenizers library",
            )
        self.tokenizer = tokenizer
        backend = Characters(tokenizer) if spells else tokenizer.backend_tokenizer
        self._for_text = _bare(backend)

    @cached_property
    def cutting(self) -> Cutting:
        """How words by themselves are cut as in the text that they make."""
        return best_cutting(self._for_text, usual_manner(self._for_text))

    @cached_property
    def single(self) -> Template:
        """The template of one text."""
        return template_of(self._for_text, pair=False)

    @cached_property
    def pair(self) -> Template:
        """The template of two texts."""
        return template_of(self._for_text, pair=True)

    @cached_property
    def substitute(self) -> int | None:
        """The token that stands in for a word without subwords: unknown, mask, end or start."""
        for name in ("unk_token_id", "mask_token_id", "eos_token_id", "bos_token_id"):
            found = getattr(self.tokenizer, name, None)
            if found is not None:
                return int(found)
        return None

    @cached_property
    def pad(self) -> int:
        """The id put where the attention mask is 0; no embedding is ever added for it."""
        for found in (self.tokenizer.pad_token_id, self.checkpoint.config.get("pad_token_id")):
            if isinstance(found, int) and found >= 0:
                return found
        return 0

    @cached_property
    def maximum(self) -> int | None:
        """The most subwords that the model was made for, special tokens included."""
        config = self.checkpoint.config
        bounds = []
        if self.tokenizer.model_max_length < _NO_MAXIMUM:
            bounds.append(int(self.tokenizer.model_max_length))
        for name in ("max_position_embeddings", "n_positions"):
            if isinstance(config.get(name), int) and config[name] > 0:
                offset = self.pad + 1 if self.checkpoint.model_type in _OFFSET_TYPES else 0
                bounds.append(config[name] - offset)
        return min(bounds, default=None)

    @property
    def wants_types(self) -> bool:
        """Whether the tokenizer has type ids to give; `trials` finds out if the model takes any."""
        return "token_type_ids" in self.tokenizer.model_input_names

    @property
    def opens(self) -> bool:
        """Whether the first word of a text is cut otherwise than the same word further on."""
        return self.cutting.manner.opening

    @property
    def highest_type(self) -> int:
        """The highest type id that it gives, or -1 for a tokenizer without."""
        if not self.wants_types:
            return -1
        templates = (self.single, self.pair)
        special = [kind for t in templates for part in t.parts for _, kind in part]
        return max(special + [kind for t in templates for kind in t.types])

    def of_words(self, words: Sequence[str], *, opening: bool = False) -> tuple[Ints, Ints]:
        """Cut each word into subwords, as if it followed a space or, if asked, began a text.

        A fast tokenizer given words treats each for itself, so that distinct words suffice.

        Returns
        -------
        ids : int64 array
        offsets : int64 array, shape (len(words) + 1,)
            Word i owns ``ids[offsets[i]:offsets[i + 1]]``; nothing if the tokenizer drops it.
        """
        manner = self.cutting.manner
        return self._flat(manner.cut_opening if opening else manner.cut, words)

    def of_texts(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        """Cut running texts into subwords; as `of_words`, with a text for a word."""

        def cut(batch: Sequence[str]) -> list[list[int]]:
            made = self._for_text.encode_batch(list(batch), add_special_tokens=False)
            return [encoding.ids for encoding in made]

        return self._flat(cut, texts)

    def placed_texts(self, texts: Sequence[str]) -> tuple[Ints, Ints, NDArray[np.int32]]:
        """Cut running texts into subwords that know their characters.

        Returns
        -------
        ids, offsets : int64 arrays
            As `of_texts`.
        places : int32 array, shape (len(ids), 2)
            Characters of its text that each subword stands for, half-open.
        """
        places = [np.zeros(0, np.int32)]

        def cut(batch: Sequence[str]) -> list[list[int]]:
            made = self._for_text.encode_batch(list(batch), add_special_tokens=False)
            pairs = itertools.chain.from_iterable(one.offsets for one in made)
            places.append(np.fromiter(itertools.chain.from_iterable(pairs), np.int32))
            return [one.ids for one in made]

        # What a tokenizer returns takes far more memory than the numbers in it.
        parts = [self._flat(cut, texts[a : a + _TEXTS]) for a in range(0, len(texts), _TEXTS)]
        ids = np.concatenate([ids for ids, _ in parts] or [np.zeros(0, np.int64)])
        offsets = offsets_of(n for _, begin in parts for n in np.diff(begin).tolist())
        return ids, offsets, np.concatenate(places).reshape(-1, 2)

    def words_of_texts(self, texts: Sequence[str]) -> list[Ints]:
        """Return of each text's subwords which of the tokenizer's own words they belong to.

        A tokenizer that spells takes each character for a word.
        """
        made = self._for_text.encode_batch(list(texts), add_special_tokens=False)
        words = [getattr(one, "word_ids", range(len(one.ids))) for one in made]
        return [np.fromiter((-1 if w is None else w for w in of), np.int64) for of in words]

    def otherwise(self, sentences: Sequence[Sequence[str]]) -> Ints:
        """Count in each sentence the words that are cut otherwise than in its text.

        Only sentences with words of the tokenizer's own list of tokens are looked at where it
        was found to cut ordinary words as in the text.
        """
        found = np.zeros(len(sentences), np.int64)
        looked = range(len(sentences))
        if self.cutting.exact and not self._reaches_over_blanks:
            own = self._own_words
            looked = [i for i, words in enumerate(sentences) if own and own.search(" ".join(words))]
        if looked:
            some = [sentences[i] for i in looked]
            found[looked] = cut_otherwise(self.cutting, self._for_text, some)
        return found

    @cached_property
    def _own_words(self) -> re.Pattern[str] | None:
        """What finds the tokens that a tokenizer takes out of a text before it cuts it."""
        return added_token_pattern(self._for_text)

    @cached_property
    def _reaches_over_blanks(self) -> bool:
        return reaches_over_blanks(self._for_text)

    def _flat(
        self, cut: Callable[[Sequence[str]], list[list[int]]], parts: Sequence[str]
    ) -> tuple[Ints, Ints]:
        try:
            lists = cut(parts)
        except (UnicodeEncodeError, TypeError) as error:
            bad = next((part for part in parts if _has_surrogate(part)), None)
            if bad is None:
                raise
            raise EncodingError(
                f"{bad!r} is no text: it holds half of a surrogate pair",
                hint="read the file in its true encoding",
            ) from error
        offsets = offsets_of(len(ids) for ids in lists)
        return np.fromiter(itertools.chain.from_iterable(lists), np.int64, offsets[-1]), offsets


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _bare(backend: Any) -> Any:
    """Switch off what would truncate, pad or draw at random."""
    backend.no_truncation()
    backend.no_padding()
    if getattr(backend.model, "dropout", None):
        backend.model.dropout = None
    return backend
