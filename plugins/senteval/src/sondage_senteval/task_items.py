"""The items of each task, dealt to the parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from sondage.errors import DataError
from sondage_senteval import rules
from sondage_senteval.balance import Item, Slot, deal_keys, deal_slots, shares, slots_of
from sondage_senteval.corrupt import Clauses, Replacements, clauses, common_forms, swap, swappable
from sondage_senteval.limits import Rules
from sondage_senteval.trees import DependencyTree

_Source = tuple[DependencyTree, Clauses, tuple[str, ...]]


class TaskItems:
    """One task's items, dealt to the parts."""

    def __init__(
        self, task: str, trees: Sequence[Any], usable: Sequence[Any],
        every: set[tuple[str, ...]], limits: Rules, rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self.task, self.trees, self.usable = task, trees, usable
        self.every, self.limits, self.rng = every, limits, rng
        self.found: dict[str, int] = {}

    def items(self) -> tuple[list[Item], tuple[str, ...]]:
        table: dict[str, Callable[[], tuple[list[Item], tuple[str, ...]]]] = {
            "sentence_length": lambda: self._strata(rules.length(self.usable)),
            "tree_depth": self._depths,
            "top_constituents": lambda: self._strata(
                rules.constituents(self.usable, self.limits.top)
            ),
            "top_dependents": self._dependents,
            "bigram_shift": self._shifts,
            "past_present": self._tenses,
            "subj_number": lambda: self._numbers("nsubj"),
            "obj_number": lambda: self._numbers("obj"),
            "odd_man_out": self._odd,
            "coordination_inversion": self._inversions,
        }
        return table[self.task]()

    def _need(self, *columns: str) -> None:
        if not self.trees:
            raise DataError(f"{self.task}: no sentences", hint="name at least one treebank")
        for column in columns:
            rules.need(self.trees, self.task, column)

    def _strata(
        self, pairs: Iterator[tuple[object, Item]], names: Sequence[str] = ()
    ) -> tuple[list[Item], tuple[str, ...]]:
        strata = rules.by_stratum(pairs)
        counts: Counter[str] = Counter()
        for of_label in strata.values():
            counts.update({label: len(items) for label, items in of_label.items()})
        if self.task == "sentence_length":
            low, high = self.limits.min_length, self.limits.max_length
            names = [str(k) for k, (a, b) in enumerate(rules.BINS) if b >= low and a <= high]
        kinds = tuple(names or sorted(counts))
        self.found = {x: counts[x] for x in kinds}
        slots = slots_of(strata, kinds, self.rng) if kinds else []
        return self._dealt(slots), kinds

    def _dealt(self, slots: list[Slot]) -> list[Item]:
        return deal_slots(slots, self.limits.ratios, self.limits.size, self.rng)

    def _depths(self) -> tuple[list[Item], tuple[str, ...]]:
        if self.trees and isinstance(self.trees[0], DependencyTree):
            self._need("HEAD", "UPOS")
        low, high = self.limits.depths
        names = [str(d) for d in range(low, high + 1)]
        return self._strata(rules.depths(self.usable, low, high), names)

    def _dependents(self) -> tuple[list[Item], tuple[str, ...]]:
        self._need("HEAD", "UPOS", "punct")
        return self._strata(rules.dependents(self.usable, self.limits.top))

    def _keyed(
        self, pairs: Iterator[tuple[str, Item]], names: tuple[str, ...]
    ) -> tuple[list[Item], tuple[str, ...]]:
        counts = Counter(t.lower() for tree in self.trees for t in tree.tokens)
        groups = rules.by_key(pairs, counts, self.limits.min_count, self.limits.max_count)
        tally = Counter(item.label for group in groups.values() for item in group)
        self.found = {x: tally[x] for x in names} | {"different words": len(groups)}
        dealt = deal_keys(groups, self.limits.ratios, self.limits.size, names, self.rng)
        return dealt, names

    def _tenses(self) -> tuple[list[Item], tuple[str, ...]]:
        self._need("HEAD", "UPOS", "Tense=")
        return self._keyed(rules.tenses(self.usable), ("PAST", "PRES"))

    def _numbers(self, relation: str) -> tuple[list[Item], tuple[str, ...]]:
        self._need("HEAD", "UPOS", relation, "Number=")
        return self._keyed(rules.numbers(self.usable, relation), ("NN", "NNS"))

    def _shifts(self) -> tuple[list[Item], tuple[str, ...]]:
        """Return originals (O) and sentences with two neighbours inverted (I).

        References
        ----------
        Conneau et al. 2018, section 2, BShift; the exclusions are those of its data's
        description. Departs from it: two equal neighbours are never the ones.
        """
        self._need("UPOS")
        sources = [(tree, places) for tree in self.usable if (places := swappable(tree))]
        self.found = {"that could be shifted": len(sources)}
        order = [sources[i] for i in self.rng.permutation(len(sources))]
        slots: list[Slot] = []
        half = len(order) // 2
        for (plain, _), (tree, places) in zip(order[:half], order[half : 2 * half], strict=True):
            drawn = (swap(tree.tokens, places[i]) for i in self.rng.permutation(len(places)))
            moved = next((t for t in drawn if t not in self.every), None)
            if moved is not None:
                self.every.add(moved)
                slots.append((Item(plain.tokens, "O", plain.where), Item(moved, "I", tree.where)))
        return self._dealt(slots), ("I", "O")

    def _inversions(self) -> tuple[list[Item], tuple[str, ...]]:
        """Return originals (O) and sentences with two coordinate clauses inverted (I).

        As they stand, as many of each label have the longer clause first, second, or neither.

        References
        ----------
        Conneau et al. 2018, section 2, CoordInv. Departs from it: clauses are found in the
        dependency tree (`corrupt.clauses`); sentences with double quotes are left out.
        """
        self._need("HEAD", "UPOS", "cc", "conj")
        common = common_forms(self.trees)
        sources: dict[int, list[_Source]] = {1: [], -1: [], 0: []}
        for i in self.rng.permutation(len(self.usable)):
            tree = self.usable[i]
            found = clauses(tree)
            if found is None:
                continue
            moved = found.inverted(common)
            if moved not in self.every:
                self.every.add(moved)
                sources[found.longer].append((tree, found, moved))
        self.found = {
            "first clause longer": len(sources[1]),
            "second longer": len(sources[-1]),
            "equally long": len(sources[0]),
        }
        slots: list[Slot] = []
        for k, (a, b) in enumerate(zip(sources[1], sources[-1], strict=False)):
            # Inverted, a sentence of the one kind stands as one of the other.
            slots.append(_pair(a, b) if k % 2 else _pair(b, a))
        same = sources[0]
        slots += [_pair(a, b) for a, b in zip(same[::2], same[1::2], strict=False)]
        return self._dealt(slots), ("I", "O")

    def _odd(self) -> tuple[list[Item], tuple[str, ...]]:
        """Return originals (O) and sentences with a noun or verb replaced (C).

        A replacement has the same part of speech and features; a replacing form comes in one
        part alone. Both labels are drawn from the sentences that could be changed.

        References
        ----------
        Conneau et al. 2018, section 2, SOMO. Departs from it: bigrams are counted in the
        treebank, where most have occurred never or once, so that comparable frequencies
        exclude little; the features must agree, where the original has tags; the sentence's
        first token is never replaced.
        """
        self._need("UPOS")
        limits, rng = self.limits, self.rng
        words = Replacements(self.trees, limits.min_count, limits.max_count, limits.bigram_factor)
        vocabulary = sorted({low for forms in words.kinds.values() for low in forms})
        part_of = np.repeat(np.arange(3), shares(len(vocabulary), limits.ratios))
        order = rng.permutation(len(vocabulary))
        allowed = [{vocabulary[i] for i in order[part_of == p]} for p in range(3)]
        sources = [tree for tree in self.usable if words.targets(tree)]
        sources = [sources[i] for i in rng.permutation(len(sources))]
        room = None if limits.size is None else shares(limits.size // 2, limits.ratios)
        out: list[Item] = []
        at = changeable = 0
        for p, n in enumerate(shares(len(sources), limits.ratios)):
            drawn: list[tuple[DependencyTree, tuple[str, ...]]] = []
            for tree in sources[at : at + n]:
                if room is not None and len(drawn) >= 2 * room[p]:
                    break
                found = words.draw(tree, allowed[p], rng)
                if found is None:
                    continue
                token, form = found
                moved = (*tree.tokens[:token], form, *tree.tokens[token + 1 :])
                if moved not in self.every:
                    self.every.add(moved)
                    drawn.append((tree, moved))
            at += n
            changeable += len(drawn)
            half = len(drawn) // 2
            out += [Item(tree.tokens, "O", tree.where, p) for tree, _ in drawn[:half]]
            out += [Item(moved, "C", tree.where, p) for tree, moved in drawn[half : 2 * half]]
        self.found = {"with a noun or verb": len(sources), "that could be changed": changeable}
        return out, ("C", "O")


def _pair(plain: _Source, other: _Source) -> Slot:
    return Item(plain[0].tokens, "O", plain[0].where), Item(other[2], "I", other[0].where)
