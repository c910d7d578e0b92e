"""A model's fast tokenizer, reduced to what encoding needs: subwords and special tokens."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sondage.data import Ints, offsets_of
from sondage.errors import EncodingError
from sondage_transformers.checkpoint import Checkpoint
from sondage_transformers.files import has_vocabulary
from sondage_transformers.quiet import quiet

#: Tokenizers without a maximum of their own declare an absurdly large one.
_NO_MAXIMUM = 1_000_000
#: Positions of these start after the padding index.
_OFFSET_TYPES = frozenset(
    """
    camembert data2vec-text esm ibert longformer luke mluke mpnet roberta roberta-prelayernorm
    xlm-roberta xlm-roberta-xl xmod
    """.split()  # noqa: SIM905
)


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
        if not getattr(tokenizer, "is_fast", False):
            raise EncodingError(
                f"{type(tokenizer).__name__} is not a fast tokenizer",
                where=where,
                hint="save it once as tokenizer.json with the tokenizers library",
            )
        self.tokenizer = tokenizer
        self._for_text = _bare(tokenizer.backend_tokenizer)
        self._for_words, self._lead = _for_words(self._for_text)

    @cached_property
    def single(self) -> Template:
        """The template of one text."""
        return _template(self._for_text, pair=False)

    @cached_property
    def pair(self) -> Template:
        """The template of two texts."""
        return _template(self._for_text, pair=True)

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
    def highest_type(self) -> int:
        """The highest type id that it gives, or -1 for a tokenizer without."""
        if not self.wants_types:
            return -1
        templates = (self.single, self.pair)
        special = [kind for t in templates for part in t.parts for _, kind in part]
        return max(special + [kind for t in templates for kind in t.types])

    def of_words(self, words: Sequence[str]) -> tuple[Ints, Ints]:
        """Cut each word into subwords, as if it followed a space.

        A fast tokenizer given words treats each for itself, so that distinct words suffice.

        Returns
        -------
        ids : int64 array
        offsets : int64 array, shape (len(words) + 1,)
            Word i owns ``ids[offsets[i]:offsets[i + 1]]``; nothing if the tokenizer drops it.
        """
        lead = self._lead
        batch = [[w if not lead or w[:1] == " " else lead + w] for w in words]
        return self._flat(self._for_words, batch, is_pretokenized=True)

    def of_texts(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        """Cut running texts into subwords; as `of_words`, with a text for a word."""
        return self._flat(self._for_text, list(texts))

    def _flat(self, backend: Any, batch: list[Any], **options: bool) -> tuple[Ints, Ints]:
        try:
            made = backend.encode_batch(batch, add_special_tokens=False, **options)
        except (UnicodeEncodeError, TypeError) as error:
            parts = [part for item in batch for part in ([item] if isinstance(item, str) else item)]
            bad = next((part for part in parts if _has_surrogate(part)), None)
            if bad is None:
                raise
            raise EncodingError(
                f"{bad!r} is no text: it holds half of a surrogate pair",
                hint="read the file in its true encoding",
            ) from error
        lists = [encoding.ids for encoding in made]
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


def _for_words(backend: Any) -> tuple[Any, str]:
    """Return a tokenizer for single words, and what to put before each.

    Words have the form that they have after a space: byte-level tokenizers are trained with
    the space in the word, Metaspace ones with a mark for it.
    """
    from tokenizers import pre_tokenizers

    pre = backend.pre_tokenizer
    state = json.loads(pre.__getstate__()) if pre is not None else {}
    kind = state.get("type")
    if kind == "ByteLevel" and not state.get("add_prefix_space"):
        changed = copy.deepcopy(backend)
        changed.pre_tokenizer = pre_tokenizers.ByteLevel(
            add_prefix_space=True, use_regex=state.get("use_regex", True)
        )
        return changed, ""
    if kind == "Metaspace" and state.get("prepend_scheme") == "never":
        changed = copy.deepcopy(backend)
        changed.pre_tokenizer = pre_tokenizers.Metaspace(
            replacement=state["replacement"],
            prepend_scheme="always",
            split=state.get("split", True),
        )
        return changed, ""
    parts = state.get("pretokenizers", []) if kind == "Sequence" else []
    # Behind a regular expression, a prefix would go before each piece of the word.
    byte_level = any(p.get("type") == "ByteLevel" and not p["add_prefix_space"] for p in parts)
    return backend, " " if byte_level else ""


def _template(backend: Any, *, pair: bool) -> Template:
    for text in ("a", "the", "1", ".", "?"):
        made = backend.encode(text, text if pair else None, add_special_tokens=True)
        if 0 in made.sequence_ids:
            break
    else:
        raise EncodingError("the tokenizer gives no subwords for plain letters and digits")
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
