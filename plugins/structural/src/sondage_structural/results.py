"""From predictions on test sentences to scores, outcomes, arrays and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, TaskData, Trees, offsets_of
from sondage_structural import intervals, measures
from sondage_structural.inputs import Need
from sondage_structural.trees import Forest

Floats = NDArray[np.float64]
Blocks = Iterator[tuple[Ints, Floats]]
Columns = dict[str, list[Any]]

#: What the test part has to have for a probe's scores to be defined.
NEEDS: dict[str, tuple[Need, ...]] = {
    "distance": ("edge", "length"),
    "depth": ("length",),
    "chain": ("edge", "length"),
}
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
    dspr, table = measures.average(correlations, forest.lengths[sentences])
    return Scored(
        scores={"uuas": uuas, "dspr": dspr},
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
        tables={
            "lengths": table,
            "intervals": intervals.table(
                uuas=(uuas, intervals.ratio(right, gold)),
                dspr=(dspr, intervals.by_length(correlations, forest.lengths[sentences])),
            ),
        },
        warnings=_warnings(undefined, forest.lengths[sentences]),
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
    nspr, table = measures.average(correlations, forest.lengths[sentences])
    accuracy, each = float(right.mean()), np.ones(n, np.int64)
    return Scored(
        scores={"root_accuracy": accuracy, "nspr": nspr},
        outcomes=right,
        arrays={"sentences": sentences, "roots": chosen, "correlations": correlations},
        tables={
            "lengths": table,
            "intervals": intervals.table(
                root_accuracy=(accuracy, intervals.ratio(right.astype(np.int64), each)),
                nspr=(nspr, intervals.by_length(correlations, forest.lengths[sentences])),
            ),
        },
        warnings=_warnings(undefined, forest.lengths[sentences]),
    )


def _warnings(undefined: int, lengths: Ints) -> dict[str, int]:
    counted = {"undefined-correlation": undefined} if undefined else {}
    return counted | intervals.few(lengths)


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
