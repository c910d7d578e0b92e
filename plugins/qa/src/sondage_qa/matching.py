"""The matching pairs of all wordings: chosen, told apart from trivial ones, ranked, shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from sondage.data import Examples, Rankings
from sondage_qa.function_words import ENGLISH
from sondage_qa.pairs import (
    Candidates,
    Pair,
    Repeats,
    candidates_of,
    rankings_of,
    trivial_kinds,
)
from sondage_qa.wordings import Span, Wording

Which = Literal["first", "all"]
Trivial = Literal["keep", "drop"]
#: How each kind of trivial pair is called.
KINDS = ("same word", "repeated word", "repeated pair")


@dataclass(frozen=True)
class Matched:
    """Matching pairs with their candidates.

    Parameters
    ----------
    wordings : sequence of Wording
    pairs : list of (int, Pair), length n
        With the place of each one's wording.
    ranked : list of lists of (int, int), length n
        The candidates of each, as words of the context.
    trivial : bool array, shape (n, 3)
        Whether each is of the same word, of a repeated word, a repeated pair.
    left_out : dict of slug to count
        ``dropped-trivial-pairs`` and ``pairs-without-candidates``.
    """

    wordings: Sequence[Wording]
    pairs: list[tuple[int, Pair]]
    ranked: list[list[Span]]
    trivial: np.ndarray
    left_out: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pairs)

    def target(self) -> Rankings:
        """Return the pairs as a target over the corpus of the wordings."""
        return rankings_of(self.wordings, self.pairs, self.ranked)

    def warnings(self) -> dict[str, int]:
        """Return what was left out, and ``trivial-pairs`` that were kept."""
        return {**self.left_out, "trivial-pairs": int(self.trivial.any(axis=1).sum())}

    def examples(self, n: int) -> Examples:
        """Return counts, and n pairs from first to last, the words of each in brackets."""
        n_pairs, size = len(self), [len(found) for found in self.ranked]
        counts: dict[str, int | float] = {
            "examples": n_pairs,
            "texts": len(self.wordings),
            "texts with an example": len({i for i, _ in self.pairs}),
            "candidates an example": float(np.mean(size)) if size else 0.0,
            "share of trivial pairs": float(self.trivial.any(axis=1).mean()) if n_pairs else 0.0,
        }
        for kind, told in zip(KINDS, self.trivial.T, strict=True):
            counts[f"share of trivial pairs: {kind}"] = float(told.mean()) if n_pairs else 0.0
        shown = np.unique(np.linspace(0, n_pairs - 1, min(n, n_pairs)).round().astype(int))
        columns = ("anchor", "match", "candidates", "question", "context")
        return Examples(counts, columns, tuple(self._row(int(k)) for k in shown))

    def _row(self, k: int) -> tuple[str, ...]:
        i, pair = self.pairs[k]
        wording = self.wordings[i]
        words = wording.context
        anchored = words if pair.within else wording.question
        inside = [pair.match, *([pair.anchor] if pair.within else [])]
        return (
            " ".join(anchored.forms[slice(*pair.anchor)]),
            " ".join(words.forms[slice(*pair.match)]),
            str(len(self.ranked[k])),
            _bracketed(wording.question.forms, [] if pair.within else [pair.anchor]),
            _bracketed(words.forms, inside, around=12),
        )


def _bracketed(forms: Sequence[str], spans: Sequence[Span], around: int | None = None) -> str:
    """Return words with some of them in brackets; with `around`, no more than so many beside."""
    out = list(forms)
    for start, end in spans:
        out[start] = f"[{out[start]}"
        out[end - 1] = f"{out[end - 1]}]"
    if around is None or not spans:
        return " ".join(out)
    first = max(min(start for start, _ in spans) - around, 0)
    last = min(max(end for _, end in spans) + around, len(out))
    before, after = "… " if first else "", " …" if last < len(out) else ""
    return before + " ".join(out[first:last]) + after


def matched(
    wordings: Sequence[Wording],
    find: Callable[[Wording], list[Pair]],
    *,
    which: Which = "first",
    trivial: Trivial = "keep",
    candidates: Candidates = "words",
    repeats: Repeats = "out",
    stop_words: frozenset[str] = ENGLISH,
) -> Matched:
    """Look for matching pairs in wordings, and for what each is ranked against.

    Parameters
    ----------
    wordings : sequence of Wording
    find : callable
        Returns the pairs of a wording, in order.
    which : {'first', 'all'}
        Whether the first pair of a text is taken, or all are.
    trivial : {'keep', 'drop'}
        Whether pairs of the same word, of a repeated word, and of words of which an earlier text
        has a pair, are kept.
    candidates, repeats, stop_words
        As `candidates_of` takes them.
    """
    seen: dict[object, int] = {}
    counts: Counter[str] = Counter()
    pairs: list[tuple[int, Pair]] = []
    ranked: list[list[Span]] = []
    told: list[tuple[bool, bool, bool]] = []
    for i, wording in enumerate(wordings):
        for pair in find(wording):
            same, repeated = trivial_kinds(wording, pair)
            words = pair.anchor_forms(wording), pair.match_forms(wording)
            kinds = same, repeated, seen.get(words, i) != i
            others = candidates_of(wording, pair, candidates, repeats, stop_words)
            if trivial == "drop" and any(kinds):
                counts["dropped-trivial-pairs"] += 1
            elif not others:
                counts["pairs-without-candidates"] += 1
            else:
                seen.setdefault(words, i)
                pairs.append((i, pair))
                ranked.append(others)
                told.append(kinds)
                if which == "first":
                    break
    return Matched(wordings, pairs, ranked, np.array(told, bool).reshape(-1, 3), dict(counts))
