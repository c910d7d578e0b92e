"""Matching pairs of words, and what they are ranked against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sondage.data import Ints, Rankings, Units, offsets_of
from sondage_qa.function_words import ENGLISH
from sondage_qa.wordings import Span, Wording
from sondage_qa.words import endings_off

Candidates = Literal["words", "content", "all"]
Repeats = Literal["out", "in"]


@dataclass(frozen=True)
class Pair:
    """An anchor and its match, in one wording.

    Parameters
    ----------
    anchor : (int, int)
        Words, half-open, of the question; or of the context, with `within`.
    match : (int, int)
        Words of the context.
    also : frozenset of int
        Words of the context that match as well: no candidates.
    within : bool
        Whether the anchor, too, is in the context.
    against : tuple of (int, int), optional
        The candidates, as words of the context, where they are given and not all words.
    """

    anchor: Span
    match: Span
    also: frozenset[int] = frozenset()
    within: bool = False
    against: tuple[Span, ...] | None = None

    def anchor_forms(self, wording: Wording) -> tuple[str, ...]:
        """Return the anchor's words without regard to case."""
        words = wording.context if self.within else wording.question
        return words.folded[slice(*self.anchor)]

    def match_forms(self, wording: Wording) -> tuple[str, ...]:
        """Return the match's words without regard to case."""
        return wording.context.folded[slice(*self.match)]


def trivial_kinds(wording: Wording, pair: Pair) -> tuple[bool, bool]:
    """Tell whether a pair says little by itself.

    Returns
    -------
    same : bool
        Anchor and match are the same words, up to case and a final ``'s``, ``s``, ``es``, ``ed``.
    repeated : bool
        The match stands in the question, too.
    """
    anchor, match = pair.anchor_forms(wording), pair.match_forms(wording)
    same = [*map(endings_off, anchor)] == [*map(endings_off, match)]
    return same, bool(places(wording.question.folded, match))


def places(words: Sequence[str], part: Sequence[str]) -> list[Span]:
    """Return where words stand one after the other in a list of words, half-open."""
    n, part = len(part), tuple(part)
    first = part[0]
    found = (k for k, word in enumerate(words[: len(words) - n + 1]) if word == first)
    return [(k, k + n) for k in found if tuple(words[k : k + n]) == part]


def candidates_of(
    wording: Wording,
    pair: Pair,
    candidates: Candidates = "words",
    repeats: Repeats = "out",
    stop_words: frozenset[str] = ENGLISH,
) -> list[Span]:
    """Return what a pair's match is ranked against, as words of the context.

    Parameters
    ----------
    wording : Wording
    pair : Pair
    candidates : {'words', 'content', 'all'}
        Which words of the context: those with a letter or digit; of these those that are no
        stop words; or punctuation too. The words of the pair are none, nor those that match
        as well.
    repeats : {'out', 'in'}
        Whether other occurrences of a word of the pair, up to case, are left out or candidates.
    stop_words : frozenset of str
        Without regard to case.

    References
    ----------
    Cai et al. 2020, arXiv:2006.01346v1, section 2.2: "each word in the paragraph that does not
    appear in the matching pair". Departs from it: words that match the anchor as well are left
    out, which the paper does not speak of; so is punctuation, by default.
    """
    if pair.against is not None:
        return list(pair.against)
    out = set(pair.also) | set(range(*pair.match)) | set(range(*pair.anchor) if pair.within else ())
    words = wording.context
    of_pair: set[str] = set()
    if repeats == "out":
        of_pair = {*pair.anchor_forms(wording), *pair.match_forms(wording)}
    return [
        (k, k + 1)
        for k, (form, lettered) in enumerate(zip(words.folded, words.lettered, strict=True))
        if k not in out
        and form not in of_pair
        and (lettered or candidates == "all")
        and (candidates != "content" or form not in stop_words)
    ]


def rankings_of(
    wordings: Sequence[Wording], pairs: Sequence[tuple[int, Pair]], ranked: Sequence[list[Span]]
) -> Rankings:
    """Return pairs and their candidates as a target over the corpus of the wordings.

    Parameters
    ----------
    wordings : sequence of Wording
    pairs : sequence of (int, Pair), length n
        With the place of each one's wording.
    ranked : sequence of lists of (int, int), length n
        The candidates of each, as words of the context.
    """
    size = [len(found) for found in ranked]
    sentence = np.array([i for i, _ in pairs], np.int64)
    at = np.array([wordings[i].boundary for i, _ in pairs], np.int64)
    within = np.array([pair.within for _, pair in pairs], bool)
    anchor = _spans(pair.anchor for _, pair in pairs) + (at * within)[:, None]
    match = _spans(pair.match for _, pair in pairs) + at[:, None]
    others = _spans(span for found in ranked for span in found) + np.repeat(at, size)[:, None]
    of_all = np.concatenate([sentence, sentence, np.repeat(sentence, size)])
    units, index = _numbered(of_all, np.concatenate([anchor, match, others]))
    n = len(pairs)
    return Rankings(units, index[:n], index[n : 2 * n], index[2 * n :], offsets_of(size))


def _spans(spans: Iterable[Span]) -> Ints:
    return np.array([*spans], np.int64).reshape(-1, 2)


def _numbered(sentence: Ints, spans: Ints) -> tuple[Units, Ints]:
    """Return the distinct spans as units, and the unit of each."""
    base = int(spans.max(initial=0)) + 1
    keys = (sentence * base + spans[:, 0]) * base + spans[:, 1]
    keys, index = np.unique(keys, return_inverse=True)
    rest, end = np.divmod(keys, base)
    sentence, start = np.divmod(rest, base)
    return Units(sentence, np.stack([start, end], axis=1)[:, None, :]), index.astype(np.int64)
