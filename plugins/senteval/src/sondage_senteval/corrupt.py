"""The three changes that make a sentence wrong: neighbours, words, clauses."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sondage_senteval.trees import DependencyTree

Tokens = tuple[str, ...]
#: Part of speech, features, and how the form is written.
Kind = tuple[str, str, str]
QUOTES = frozenset(['"', "``", "''", "“", "”", "„", "‟", "«", "»", "＂"])
_SUBJECTS = {"nsubj", "csubj", "expl"}
_EDGE = ""


def swappable(tree: DependencyTree) -> list[int]:
    """Return every i such that tokens i and i + 1 may change places.

    Not the first token, no punctuation or symbols, no two equal tokens; nothing in a sentence
    with double quotes.
    """
    if QUOTES & set(tree.tokens):
        return []
    free = [True] * len(tree.tokens)
    for word, token in enumerate(tree.token_of):
        if tree.upos[word] in ("PUNCT", "SYM"):
            free[token] = False
    low = [t.lower() for t in tree.tokens]
    return [i for i in range(1, len(low) - 1) if free[i] and free[i + 1] and low[i] != low[i + 1]]


def swap(tokens: Tokens, i: int) -> Tokens:
    """Return the tokens with i and i + 1 in each other's place."""
    return (*tokens[:i], tokens[i + 1], tokens[i], *tokens[i + 2 :])


@dataclass(frozen=True)
class Clauses:
    """Two coordinate clauses: ``first joint second end`` is the sentence."""

    first: Tokens
    joint: Tokens
    second: Tokens
    end: Tokens

    @property
    def longer(self) -> int:
        """1 if the first is longer, -1 if the second is, 0 if they are equal."""
        return (len(self.first) > len(self.second)) - (len(self.first) < len(self.second))

    def inverted(self, common: frozenset[str] | set[str]) -> Tokens:
        """Return the sentence with its clauses in each other's place.

        A capital at the sentence's beginning stays there: the second clause gets it, and the
        first loses it if its lower-cased first token is in `common`.
        """
        first, second = list(self.first), list(self.second)
        if first[0][0].isupper():
            low = first[0][0].lower() + first[0][1:]
            if low in common:
                first[0] = low
            second[0] = second[0][0].upper() + second[0][1:]
        return (*second, *self.joint, *first, *self.end)


def clauses(tree: DependencyTree) -> Clauses | None:
    """Return the two clauses that the sentence's only coordinating conjunction joins.

    The root and its only ``conj`` have a subject each (nsubj, csubj, expl); all words after
    the conjunction belong to the second clause, but for the sentence's last punctuation, and
    all before it to the first. None where that is not so, or with double quotes.
    """
    conjunctions = [i for i, u in enumerate(tree.upos) if u == "CCONJ"]
    if len(conjunctions) != 1 or QUOTES & set(tree.tokens):
        return None
    at, root = conjunctions[0], tree.root
    conj = [c for c in tree.children[root] if tree.relation(c) == "conj"]
    if len(conj) != 1 or tree.head[at] != conj[0] or tree.relation(at) != "cc":
        return None
    if not all(_SUBJECTS & {tree.relation(c) for c in tree.children[w]} for w in (root, conj[0])):
        return None
    n = len(tree.upos)
    end = n
    while end > at and tree.upos[end - 1] == "PUNCT":
        end -= 1
    left = at
    while left > 0 and tree.upos[left - 1] == "PUNCT":
        left -= 1
    second = tree.below(conj[0])
    inside = set(range(at + 1, end))
    if not left or not inside <= second or second & set(range(left)):
        return None
    cuts = [tree.token_of[left], tree.token_of[at + 1]]
    cuts.append(tree.token_of[end] if end < n else len(tree.tokens))
    # A multiword token over a boundary belongs to both sides.
    if any(tree.token_of[w] == tree.token_of[w - 1] for w in (left, at + 1, end) if w < n):
        return None
    t = tree.tokens
    return Clauses(t[: cuts[0]], t[cuts[0] : cuts[1]], t[cuts[1] : cuts[2]], t[cuts[2] :])


def common_forms(trees: Iterable[DependencyTree]) -> set[str]:
    """Return the forms that stand inside sentences, not at their beginning."""
    return {token for tree in trees for token in tree.tokens[1:]}


class Replacements:
    """Which noun or verb may stand for which, from a whole treebank.

    Parameters
    ----------
    trees : sequence of DependencyTree
    least, most : int
        How often a word may occur, original or replacement.
    factor : float
        By how much the counts of the two new bigrams may differ from those of the old ones,
        as a ratio of counts plus one; an old bigram's own occurrence is not counted.
    """

    def __init__(
        self, trees: Sequence[DependencyTree], least: int, most: int, factor: float
    ) -> None:
        self.factor, self.limit = factor, math.log(factor) + 1e-12
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.forms: Counter[str] = Counter()
        self.after: dict[str, set[str]] = defaultdict(set)
        self.before: dict[str, set[str]] = defaultdict(set)
        kinds: dict[Kind, dict[str, str]] = defaultdict(dict)
        for tree in trees:
            low = _framed(tree)
            self.pairs.update(itertools.pairwise(low))
            self.forms.update(low[1:-1])
            for token, kind in _targets(tree):
                kinds[kind].setdefault(low[token + 1], tree.tokens[token])
        for first, second in self.pairs:
            self.after[first].add(second)
            self.before[second].add(first)
        self.kept = {f for f, n in self.forms.items() if least <= n <= most}
        #: Of each kind, the forms that may be used, by their lower-cased form.
        self.kinds = {
            kind: {low: form for low, form in sorted(forms.items()) if low in self.kept}
            for kind, forms in kinds.items()
        }

    def targets(self, tree: DependencyTree) -> list[tuple[int, Kind]]:
        """Return the tokens that may be replaced, each with its part of speech and features."""
        return [(i, k) for i, k in _targets(tree) if tree.tokens[i].lower() in self.kept]

    def fits(self, tree: DependencyTree, token: int, form: str) -> bool:
        """Whether `form` makes bigrams about as frequent as those of the original."""
        low = _framed(tree)
        old, new, before, after = low[token + 1], form.lower(), low[token], low[token + 2]
        if old == new:
            return False
        gaps = [
            math.log(1 + self.pairs[a]) - math.log(self.pairs[b])
            for a, b in (((before, new), (before, old)), ((new, after), (old, after)))
        ]
        return max(abs(g) for g in gaps) <= self.limit

    def _likely(self, tree: DependencyTree, token: int, kind: Kind) -> list[str]:
        """Return lower-cased forms without those that an old bigram's frequency rules out."""
        low = _framed(tree)
        before, old, after = low[token : token + 3]
        left = self.pairs[before, old] > self.factor
        right = self.pairs[old, after] > self.factor
        if not left and not right:
            return list(self.kinds[kind])
        few = set(self.kinds[kind])
        few &= self.after[before] if left else few
        few &= self.before[after] if right else few
        return sorted(few)

    def draw(
        self, tree: DependencyTree, allowed: set[str], rng: np.random.Generator
    ) -> tuple[int, str] | None:
        """Return a random target and a random form of `allowed` for it, or None."""
        targets = self.targets(tree)
        for i in rng.permutation(len(targets)):
            token, kind = targets[i]
            forms = self._likely(tree, token, kind)
            for j in rng.permutation(len(forms)):
                if forms[j] in allowed and self.fits(tree, token, forms[j]):
                    return token, self.kinds[kind][forms[j]]
        return None


def _framed(tree: DependencyTree) -> list[str]:
    return [_EDGE, *(t.lower() for t in tree.tokens), _EDGE]


def _case(form: str) -> str:
    if form == form.lower():
        return "lower"
    return "title" if form == form[0].upper() + form[1:].lower() else "other"


def _targets(tree: DependencyTree) -> list[tuple[int, Kind]]:
    """Return nouns and verbs that are tokens of their own, made of letters, not the first."""
    alone = Counter(tree.token_of)
    return [
        (token, (tree.upos[word], tree.feats[word], _case(tree.tokens[token])))
        for word, token in enumerate(tree.token_of)
        if tree.upos[word] in ("NOUN", "VERB") and token and alone[token] == 1
        and tree.tokens[token].isalpha()
    ]  # fmt: skip
