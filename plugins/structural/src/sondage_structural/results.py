"""From predictions on test sentences to scores, outcomes, arrays and tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, Outcomes, Result, TaskData, Trees, offsets_of
from sondage_structural import intervals, measures
from sondage_structural.predicting import Blocks
from sondage_structural.trees import Forest

Columns = dict[str, list[Any]]

#: Lengths of sentences that are pictured, in words.
_PICTURED = (5, 25)


@dataclass
class Scored:
    """A result in parts; outcomes are in the order of the sentences."""

    scores: dict[str, float]
    outcomes: NDArray[Any]
    arrays: dict[str, NDArray[Any]]
    tables: dict[str, Columns]
    warnings: dict[str, int] = field(default_factory=dict)

    def result(self, items: Ints) -> Result:
        """Return the result; `items` are the task's, one a sentence."""
        outcomes = Outcomes(items, self.arrays["sentences"], self.outcomes)
        return Result(self.scores, outcomes, self.tables, self.arrays, self.warnings)


def distance(forest: Forest, sentences: Ints, found: Blocks) -> Scored:
    """Return ``uuas`` and ``dspr`` of predicted distances of the sentences.

    The outcome of a sentence with c of its e gold edges found is U + (c - U e) / ē, with U the
    UUAS and ē the mean of e: their mean is U, a ratio of sums, and resampling sentences gives
    the spread of that ratio to first order (Davison and Hinkley 1997, section 2.7.2).
    """
    n = len(sentences)
    correlations, undefined = np.empty(n), 0
    parts, owners = [], []
    gold, right = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for block, D in found:
        spanned = measures.spanned(forest, sentences[block], D)
        gold[block], right[block] = spanned.gold, spanned.found
        parts.append(spanned)
        owners.append(block[spanned.sentence])
        correlations[block], skipped = measures.distance_correlations(forest, sentences[block], D)
        undefined += int(skipped.sum())
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    uuas = float(right.sum() / gold.sum())
    return _scored(
        ("uuas", uuas, intervals.ratio(right, gold)),
        "dspr",
        forest.lengths[sentences],
        undefined,
        outcomes=uuas + (right - uuas * gold) / gold.mean(),
        arrays={
            "sentences": sentences,
            "edges": np.concatenate([p.edges for p in parts])[order].astype(np.int32),
            "edge_offsets": offsets_of(np.bincount(owner, minlength=n)),
            "edge_correct": np.concatenate([p.correct for p in parts])[order],
            "found": right,
            "gold": gold,
            "correlations": correlations,
        },
    )


def depth(forest: Forest, sentences: Ints, found: Blocks) -> Scored:
    """Return ``root_accuracy`` and ``nspr`` of predicted depths of the sentences."""
    n = len(sentences)
    correlations, chosen, undefined = np.empty(n), np.zeros(n, np.int64), 0
    for block, d in found:
        chosen[block] = measures.roots(forest, sentences[block], d)
        correlations[block], skipped = measures.depth_correlations(forest, sentences[block], d)
        undefined += int(skipped.sum())
    right = forest.heads[forest.offsets[sentences] + chosen] == -1
    interval = intervals.ratio(right.astype(np.int64), np.ones(n, np.int64))
    return _scored(
        ("root_accuracy", float(right.mean()), interval),
        "nspr",
        forest.lengths[sentences],
        undefined,
        outcomes=right,
        arrays={"sentences": sentences, "roots": chosen, "correlations": correlations},
    )


def _scored(
    share: tuple[str, float, tuple[float, float]], correlation: str, lengths: Ints, undefined: int,
    *, outcomes: NDArray[Any], arrays: dict[str, NDArray[Any]],
) -> Scored:  # fmt: skip
    """Return a share, of some name and interval, and the mean of ``correlations`` over lengths."""
    name, value, ends = share
    mean, table = measures.average(arrays["correlations"], lengths)
    of_mean = intervals.by_length(arrays["correlations"], lengths)
    both = intervals.table(**{name: (value, ends), correlation: (mean, of_mean)})
    counted = {"undefined-correlation": undefined} if undefined else {}
    return Scored(
        scores={name: value, correlation: mean},
        outcomes=outcomes,
        arrays=arrays,
        tables={"lengths": table, "intervals": both},
        warnings=counted | intervals.few(lengths),
    )


def pictured(scored: Scored, data: TaskData, number: int) -> dict[str, Columns]:
    """Return the words of some test sentences, and the edges predicted in them.

    Sentences of 5 to 25 words, in the order of the corpus.

    Returns
    -------
    dict
        ``words``: columns ``sentence, word, form, head, scored``; and, where edges were
        predicted, ``arcs``: ``sentence, first, second, correct``.
    """
    target, corpus, arrays = data.target, data.corpus, scored.arrays
    assert isinstance(target, Trees)
    assert corpus.offsets is not None
    sentences, lengths = arrays["sentences"], np.diff(corpus.offsets)
    fit = (lengths[sentences] >= _PICTURED[0]) & (lengths[sentences] <= _PICTURED[1])
    places = np.flatnonzero(fit)
    places = places[np.argsort(sentences[places], kind="stable")][:number]
    words: Columns = {name: [] for name in ("sentence", "word", "form", "head", "scored")}
    arcs: Columns = {name: [] for name in ("sentence", "first", "second", "correct")}
    for place in places.tolist():
        i = int(sentences[place])
        start, stop = int(corpus.offsets[i]), int(corpus.offsets[i + 1])
        words["sentence"] += [i] * (stop - start)
        words["word"] += list(range(stop - start))
        words["form"] += [str(w) for w in corpus.words_of(i)]
        words["head"] += target.heads[start:stop].tolist()
        words["scored"] += target.scored[start:stop].tolist()
        if "edges" in arrays:
            rows = slice(*arrays["edge_offsets"][place : place + 2].tolist())
            edges = arrays["edges"][rows]
            arcs["sentence"] += [i] * len(edges)
            arcs["first"] += edges[:, 0].tolist()
            arcs["second"] += edges[:, 1].tolist()
            arcs["correct"] += arrays["edge_correct"][rows].tolist()
    if not places.size:
        return {}
    return {"words": words, "arcs": arcs} if "edges" in arrays else {"words": words}
