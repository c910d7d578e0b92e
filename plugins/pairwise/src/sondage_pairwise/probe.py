"""`pairwise.ranking`: the probe, a thin adapter of `sondage_pairwise.rank`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import ClassVar, Literal

import numpy as np

from sondage.contracts import Problem
from sondage.data import Ints, Outcomes, Rankings, Result, States
from sondage.errors import DataError
from sondage_pairwise.baseline import other_anchors
from sondage_pairwise.places import Places, context_lengths, contexts_of, places_of
from sondage_pairwise.ranking import Measure, Ranking, blocks, compare, taken
from sondage_pairwise.summary import MATCH, OTHER, Shares, references, shares_of


@dataclass(kw_only=True, eq=False)
class PairwiseRanking:
    """Share of candidates that are less similar to the anchor than its match is.

    Nothing is learned: every example of the test part is measured, by itself. An example's share
    is the area under the ROC curve of telling its match from the other words of the context: ½ is
    chance, 1 a match that is nearer than everything else. Scores ``cosine_auc`` or
    ``euclidean_auc``: mean over examples; ``..._micro_auc``: equation 3, over all words, so that
    long contexts count for more; ``..._other_anchor_auc``: the same matches and candidates, ranked
    from the anchor of another example, with another context, drawn once and for all. What a match
    owes to being a frequent or a repeated word, or one in the middle of a narrow cone, it gets
    there too. (The match replaced by a random word of its context gets ½, whatever the encoder.)

    Outcomes are the examples' shares; examples of one context are resampled together. Table
    ``ranked`` has macro and micro means with 95% intervals: of the match, of other anchors, of a
    random word and of a perfect match.

    Parameters
    ----------
    measure : {'cosine', 'euclidean'}
        Similarity: the cosine, or the Euclidean distance with its sign turned.
    paper : bool
        Count as printed: a tie is lost, and the denominator is the number of words of the context,
        the match's own among them. Then the scores end in ``share``, neither is ½ chance nor 1
        the best: table ``ranked`` has both.

    References
    ----------
    Cai et al. 2020, arXiv:2006.01346, section 2.3, equations 1 to 3. Departs from it: ties count
    half and the denominator is the number of candidates, but for ``paper: true``; the mean over
    examples comes first; the Euclidean distance is negated, since as it stands the equations
    would count nearer words; all layers, 0 to L.
    """

    measure: Measure = "cosine"
    paper: bool = False

    units: ClassVar[Literal["rankings"]] = "rankings"
    joint: ClassVar[tuple[str, ...]] = ()
    randomness: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[bool] = True

    def run_layers(self, problem: Problem) -> Iterator[tuple[int, int, Result]]:
        """Yield a result for each layer and seed."""
        target = problem.data.target
        if not isinstance(target, Rankings):
            raise DataError(
                f"pairwise.ranking wants rankings, but {problem.data.corpus.name} has "
                f"{type(target).__name__}",
                hint="choose a task with anchors, matches and candidates",
            )
        examples = {s: self._examples(problem, target, s) for s in problem.seeds}
        for layer, seed in product(problem.layers, problem.seeds):
            yield layer, seed, self._result(problem.distinct_states(layer), examples[seed])

    def _examples(self, problem: Problem, target: Rankings, seed: int) -> Examples:
        items, corpus = problem.splits[seed].test, problem.data.corpus
        context = target.units.sentence[target.match[items]]
        groups = contexts_of(corpus, context, problem.data.groups)
        return Examples(
            problem, target, items, groups, other_anchors(groups),
            context_lengths(corpus, context) if self.paper else None,
        )  # fmt: skip

    def _result(self, states: States, of: Examples) -> Result:
        own, other = of.ranked(states, self.measure)
        kept = own.compared > 0
        if not kept.any():
            raise DataError(
                f"{of.name}: none of {len(own)} examples has a candidate to compare its match with",
                hint="look at the task's warnings: sondage describe task NAME",
            )
        there = kept & (of.other >= 0) & (other.compared > 0)
        match = shares_of(MATCH, own, of.lengths, of.groups, kept)
        rows = [match]
        name = f"{self.measure}_{{}}{'share' if self.paper else 'auc'}"
        scores = {name.format(""): match.macro, name.format("micro_"): match.micro}
        if there.any():
            moved = shares_of(OTHER, other, of.lengths, of.groups, there)
            rows.append(moved)
            scores[name.format("other_anchor_")] = moved.macro
        rows += references(match, own, kept, self.paper)
        return Result(
            scores,
            Outcomes(of.items[kept], of.groups[kept], match.each, score=name.format("")),
            tables={"ranked": self._table(rows)},
            warnings=_warnings(of, own),
        )

    def _table(self, rows: list[Shares]) -> dict[str, list[object]]:
        made = [row.row() for row in rows]
        told = {"measure": self.measure, "rule": "paper" if self.paper else "auc"}
        return {
            **{k: [v] * len(made) for k, v in told.items()},
            **{column: [row[column] for row in made] for column in made[0]},
        }


@dataclass(frozen=True)
class Examples:
    """The examples of one split: what of them does not hang on the layer."""

    problem: Problem
    target: Rankings
    items: Ints
    groups: Ints
    other: Ints
    lengths: Ints | None

    @property
    def name(self) -> str:
        """What messages call the data."""
        return self.problem.data.corpus.name

    def ranked(self, states: States, measure: Measure) -> tuple[Ranking, Ranking]:
        """Return the ranking from each example's own anchor, and from another example's."""
        target = self.target
        places = places_of(target.units, states, self.problem.data.corpus)
        candidates, offsets = taken(target.candidates, target.offsets, self.items)
        anchor, match = target.anchor[self.items], target.match[self.items]
        other = np.where(self.other >= 0, anchor[self.other], anchor)
        # Side by side, so that a text is read once for both.
        both = np.stack([anchor, other], axis=1)
        parts = [
            _compared(
                places, states, both[a:b].ravel(), np.repeat(match[a:b], 2),
                *taken(candidates, offsets, np.repeat(np.arange(a, b), 2)), measure,
            )
            for a, b in blocks(offsets)
        ]  # fmt: skip
        found = Ranking.joined(parts)
        return found.take(slice(0, None, 2)), found.take(slice(1, None, 2))


def _compared(
    places: Places, states: States, anchor: Ints, match: Ints, candidates: Ints, offsets: Ints,
    measure: Measure,
) -> Ranking:  # fmt: skip
    vectors, rows = states.values, places.start[candidates]
    if not places.single(candidates):
        distinct, rows = np.unique(candidates, return_inverse=True)
        vectors = places.pooled(states.values, distinct)
    anchors, matches = (places.pooled(states.values, units) for units in (anchor, match))
    return compare(anchors, matches, vectors, rows, offsets, measure)


def _warnings(of: Examples, own: Ranking) -> dict[str, int]:
    without = int((own.compared + own.undefined == 0).sum())
    counts = {
        "examples-without-candidates": without,
        "examples-with-zero-vectors": int((own.compared == 0).sum()) - without,
        "pairs-with-zero-vectors": int(own.undefined.sum()),
        "examples-without-other-anchor": int((of.other < 0).sum()),
    }
    return {slug: n for slug, n in counts.items() if n}
