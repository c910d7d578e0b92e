"""How to cut words one by one as they are cut in the text that they make."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sondage.errors import EncodingError
from sondage_transformers.files import tokenizer_settings

#: Ordinary words of several kinds and scripts, on which a tokenizer is tried.
SAMPLE = (
    *("The", "quick", "brown", "fox", "jumped", "over", "3", "lazy", "dogs", ",", "and"),
    *("nobody", "knew", "(", "1984", ")", "why", ".", "naïve", "Straße", "Ελλάδα", "мир"),
    *("日本語", "שלום", "3.5", "%", "It", "is", "not", "a", "very", "long", "tale", "-", "we"),
    *("don't", "think", "so", "!"),
)
#: Stands before a word where a blank alone is stripped.
_CARRIER = "a"
_DROPS_BLANKS = ("BertPreTokenizer", "Whitespace", "WhitespaceSplit")


@dataclass(frozen=True)
class Manner:
    """How to cut a word by itself so that it has its form after a blank.

    Parameters
    ----------
    backend : tokenizers.Tokenizer
    lead : str
        Put before each word that does not begin with a blank.
    carrier : str
        A word put before that again; its subwords are left out.
    opening : bool
        Whether the first word of a text is cut as the tokenizer cuts it there. Where False, it
        too is cut as after a blank.
    """

    backend: Any
    lead: str = ""
    carrier: str = ""
    opening: bool = False

    def cut(self, words: Iterable[str]) -> list[list[int]]:
        """Return the subwords of each word."""
        batch = [[self.carrier + (w if w[:1] == " " else self.lead + w)] for w in words]
        made = self.backend.encode_batch(batch, add_special_tokens=False, is_pretokenized=True)
        skip = len(self.carrier)
        if not skip:
            return [encoding.ids for encoding in made]
        return [
            [i for i, (_, end) in zip(e.ids, e.offsets, strict=True) if end > skip] for e in made
        ]

    def cut_opening(self, words: Sequence[str]) -> list[list[int]]:
        """Return the subwords of words that begin a text."""
        if not self.opening:
            return self.cut(words)
        made = self.backend.encode_batch(list(words), add_special_tokens=False)
        return [encoding.ids for encoding in made]


@dataclass(frozen=True)
class Cutting:
    """What trying a tokenizer gave.

    Parameters
    ----------
    manner : Manner
        The first of those with the fewest words cut otherwise than in the text.
    mended : bool
        Whether the usual manner cut some of the sample otherwise than in the text.
    exact : bool
        Whether `manner` cuts the whole sample as in the text.
    """

    manner: Manner
    mended: bool
    exact: bool


def best_cutting(backend: Any, usual: Manner) -> Cutting:
    """Find the manner in which words cut by themselves are as in running text.

    Parameters
    ----------
    backend : tokenizers.Tokenizer
        Cuts running text.
    usual : Manner
        Taken if no other is better.
    """
    sample = _can_cut(backend)
    own = cut_in_text(backend, [sample])[0]
    others = (
        Manner(backend, lead=" ", opening=True),
        Manner(backend, lead=" ", carrier=_CARRIER, opening=True),
    )
    best, fewest, first = usual, len(sample) + 1, 0
    for manner in (usual, *others):
        wrong = sum(a != b for a, b in zip(manner.cut(sample[1:]), own[1:], strict=True))
        if manner is usual:
            first = wrong
        if wrong < fewest:
            best, fewest = manner, wrong
        if not fewest:
            break
    return Cutting(best, mended=first > 0, exact=fewest == 0)


def _can_cut(backend: Any) -> tuple[str, ...]:
    """Return the sample without the words that the tokenizer refuses, as none may be known."""

    def refused(text: str) -> bool:
        try:
            backend.encode(text, add_special_tokens=False)
        except Exception:  # how a vocabulary without an unknown token refuses a text
            return True
        return False

    if not refused(" ".join(SAMPLE)):
        return SAMPLE
    kept = tuple(word for word in SAMPLE if not refused(f"{_CARRIER} {word}"))
    return () if refused(" ".join(kept)) else kept


def cut_in_text(backend: Any, sentences: Sequence[Sequence[str]]) -> list[list[list[int]]]:
    """Join the words of each sentence by blanks, cut the text, and give each word its subwords.

    A word owns what ends in it or in the blank before it.
    """
    made = backend.encode_batch([" ".join(words) for words in sentences], add_special_tokens=False)
    found = []
    for words, encoding in zip(sentences, made, strict=True):
        ends = np.cumsum([len(w) + 1 for w in words]) - 1
        rows: list[list[int]] = [[] for _ in words]
        if words:
            stops = np.array([end for _, end in encoding.offsets], np.int64)
            owners = np.minimum(np.searchsorted(ends, stops), len(words) - 1)
            for token, owner in zip(encoding.ids, owners, strict=True):
                rows[owner].append(token)
        found.append(rows)
    return found


def cut_otherwise(cutting: Cutting, backend: Any, sentences: Sequence[Sequence[str]]) -> list[int]:
    """Count in each sentence the words that `cutting.manner` cuts otherwise than the text."""
    manner = cutting.manner
    own = cut_in_text(backend, sentences)
    counts = []
    for words, rows in zip(sentences, own, strict=True):
        alone = manner.cut_opening(words[:1]) + manner.cut(words[1:])
        begin = 0 if manner.opening else 1
        pairs = zip(alone[begin:], rows[begin:], strict=True)
        counts.append(sum(a != b for a, b in pairs))
    return counts


def usual_manner(backend: Any) -> Manner:
    """Return the manner that a tokenizer's parts ask for.

    Byte-level tokenizers are trained with the space in the word, Metaspace ones with a mark
    for it.
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
        return Manner(changed)
    if kind == "Metaspace" and state.get("prepend_scheme") == "never":
        changed = copy.deepcopy(backend)
        changed.pre_tokenizer = pre_tokenizers.Metaspace(
            replacement=state["replacement"],
            prepend_scheme="always",
            split=state.get("split", True),
        )
        return Manner(changed)
    parts = state.get("pretokenizers", []) if kind == "Sequence" else []
    # Behind a regular expression, a prefix would go before each piece of the word.
    byte_level = any(p.get("type") == "ByteLevel" and not p["add_prefix_space"] for p in parts)
    return Manner(backend, " " if byte_level else "")


def surely_cuts_as_in_text(folder: Path) -> bool:
    """Whether the files alone show that words are cut as in the text, so that none is tried.

    They do where blanks are dropped, or marked by a pre-tokenizer, before subwords are sought,
    and no normalizer touches them.
    """
    try:
        stored = tokenizer_settings(folder)
    except EncodingError:  # loading it will say so
        return False
    if not stored:
        return not any(folder.glob("*.model"))
    if any(_touches_blanks(part) for part in _flat(stored.get("normalizer"), "normalizers")):
        return False
    parts = _flat(stored.get("pre_tokenizer"), "pretokenizers")
    kinds = [part.get("type") for part in parts]
    if any(kind in _DROPS_BLANKS for kind in kinds):
        return True
    whole = not any(part.get(name) is False for part in parts for name in ("use_regex", "split"))
    alone = len(parts) == 1 and parts[0] is stored["pre_tokenizer"]
    return alone and kinds[0] in ("ByteLevel", "Metaspace") and whole


def _flat(part: Any, inner: str) -> list[dict[str, Any]]:
    if not isinstance(part, dict):
        return []
    if part.get("type") == "Sequence":
        return [p for item in part.get(inner, []) for p in _flat(item, inner)]
    return [part]


def _touches_blanks(part: dict[str, Any]) -> bool:
    if part.get("type") == "Prepend":
        return True
    pattern = part.get("pattern")
    sought = str(next(iter(pattern.values()), "")) if isinstance(pattern, dict) else ""
    touches = part.get("type") == "Replace" and (" " in sought or r"\s" in sought)
    # Several blanks made one leave a single one as it was.
    return touches and part.get("content") != " "
