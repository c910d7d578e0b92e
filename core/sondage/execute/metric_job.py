"""Run a metric over its stimuli, sentence groups left out in turn for the intervals."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sondage.contracts import Accumulator, Metric
from sondage.data import Ints, Labels, Result, States, TaskData
from sondage.errors import DataError, EncodingError
from sondage.execute.problem import checked_split, pool, read_layer
from sondage.execute.returned import checked
from sondage.plan.cells import Cell, Job, layer_of
from sondage.records.record import Finished
from sondage.store import Key, Store

#: Sentences are dealt into this many groups; each is left out once for the intervals.
JACKKNIFE_GROUPS = 20
_CHUNK_BYTES = 1 << 25
Intervals = dict[str, tuple[float, float]]


def run_metric(store: Store, job: Job, data: TaskData) -> Iterator[Finished]:
    """Yield each of a metric's cells as it is done."""
    warnings: Counter[str] = Counter(data.warnings)
    corpus = job.task.instance.corpus_fingerprint
    a, b = (
        read_layer(
            store,
            Key(e.id, corpus, job.view, layer_of(e, job.layers[0])),
            data.corpus,
            e.label,
            warnings,
        )
        for e in job.encoders
    )
    if not np.array_equal(a.offsets, b.offsets):
        raise EncodingError(
            f"encoders '{job.encoders[0].label}' and '{job.encoders[1].label}' cut the text "
            f"into different rows of view '{job.view}', so they cannot be compared row by row",
            hint="use the view 'word'",
        )
    metric: Metric = job.component.instance
    for cell in job.cells:
        intervals: Intervals = {}
        if metric.units == "labelled":
            result = _measure_labelled(metric, cell, a, b, data)
        else:
            result, intervals = _measure(metric, cell, a, b)
        result = checked(result, job.component.label)
        yield Finished(
            cell,
            replace(result, warnings=dict(warnings + Counter(result.warnings))),
            intervals,
        )


def _measure(metric: Metric, cell: Cell, a: States, b: States) -> tuple[Result, Intervals]:
    bounds = getattr(metric, "bounds", None)
    if metric.randomness:
        whole = metric.begin(cell.seed)
        _feed(whole, a, b, np.arange(len(a), dtype=np.int64))
        result = whole.compute()
        return _warned(result, of_drawn(whole, result, bounds, a.offsets), len(a))
    parts = []
    for group in range(min(JACKKNIFE_GROUPS, len(a))):
        part = metric.begin(cell.seed)
        # Every k-th sentence: neighbours, often of one document, are spread over the groups.
        _feed(part, a, b, np.arange(group, len(a), JACKKNIFE_GROUPS, dtype=np.int64))
        parts.append(part)
    result = merged(parts).compute()
    return _warned(result, jackknife(parts, result, bounds), len(a))


def _warned(result: Result, intervals: Intervals, n: int) -> tuple[Result, Intervals]:
    if intervals and n < JACKKNIFE_GROUPS:
        result = replace(result, warnings={**result.warnings, "few-sentences": n})
    return result, intervals


def _measure_labelled(metric: Metric, cell: Cell, a: States, b: States, data: TaskData) -> Result:
    labels = data.target
    if not isinstance(labels, Labels):
        raise DataError(f"{data.corpus.name}: a metric over labelled items needs labels")
    rows = checked_split(data, cell.seed).train
    whole = metric.begin(cell.seed, labels)
    x, y = (pool(states, data.corpus, labels.units)[rows] for states in (a, b))
    whole.update(x, y, rows)
    return whole.compute()


def merged(parts: list[Any]) -> Any:
    """Return an accumulator of all parts' stimuli; the parts stay as they are."""
    whole = copy.deepcopy(parts[0])
    for part in parts[1:]:
        whole = whole.merge(part)
    return whole


def _all_but_one(parts: list[Any]) -> Iterator[Any]:
    # What comes after each part is merged once from the right, so that this takes a number
    # of merges that grows with the parts, not with their square.
    after = [parts[-1]]
    for part in reversed(parts[1:-1]):
        after.append(copy.deepcopy(part).merge(after[-1]))
    before = None
    for i, part in enumerate(parts):
        if before is None:
            yield after[-1]
            before = copy.deepcopy(part)
            continue
        rest = len(parts) - 2 - i
        yield before if rest < 0 else copy.deepcopy(before).merge(after[rest])
        before = before.merge(part)


def jackknife(
    parts: list[Any],
    whole: Result,
    bounds: tuple[float, float] | None = None,
    result: Callable[[Any], Result] = lambda part: part.compute(),
) -> Intervals:
    """Return an interval for each score, from leaving out each part in turn.

    Parameters
    ----------
    parts : list of accumulators, of as many groups of sentences
    whole : Result
        Of all of them merged.
    bounds : (float, float), optional
        Those of the first score.
    result : callable, optional
        Makes an accumulator's result.
    """
    if len(parts) < 3:
        return {}
    return _of_left_out([result(part).scores for part in _all_but_one(parts)], whole, bounds)


def of_drawn(
    accumulator: Any, whole: Result, bounds: tuple[float, float] | None, offsets: Ints
) -> Intervals:
    """Return intervals of what a seed drew its stimuli for, if the accumulator can leave some out.

    The draw stays: filling it up anew would add the draw's noise to that of sentences, many
    times over.

    Parameters
    ----------
    accumulator : Accumulator
        Of all stimuli; see `Metric.randomness` for ``left_out``.
    whole : Result
        What it gives.
    bounds : (float, float), optional
        As of `jackknife`.
    offsets : int64 array, shape (n + 1,)
        Where the rows of each sentence begin.
    """
    ask = getattr(accumulator, "left_out", None)
    if ask is None:
        return {}

    def group_of(rows: Ints) -> Ints:
        sentence: Ints = np.searchsorted(offsets, rows, side="right") - 1
        return sentence % JACKKNIFE_GROUPS

    try:
        left_out = list(ask(group_of))
    except DataError:  # too little is left without some group
        return {}
    return _of_left_out(left_out, whole, bounds) if len(left_out) > 2 else {}


def _of_left_out(
    left_out: Sequence[Mapping[str, float]], whole: Result, bounds: tuple[float, float] | None
) -> Intervals:
    from sondage.stats import jackknife_interval

    out: Intervals = {}
    for i, (name, value) in enumerate(whole.scores.items()):
        if name not in left_out[0]:
            continue
        values = np.array([scores[name] for scores in left_out])
        # The bounds are those of the first score.
        interval = jackknife_interval(values, value, None if i else bounds)
        if interval.low is not None and interval.high is not None:
            out[name] = (interval.low, interval.high)
    return out


def _feed(into: Accumulator, a: States, b: States, sentences: Ints) -> None:
    lengths = np.diff(a.offsets)[sentences]
    row_bytes = 4 * (a.values.shape[1] + b.values.shape[1])
    budget = max(_CHUNK_BYTES // row_bytes, 1)
    block = np.cumsum(lengths) // budget
    for k in np.unique(block):
        rows = _rows(a, sentences[block == k])
        into.update(a.values[rows], b.values[rows], rows)


def _rows(states: States, sentences: Ints) -> Ints:
    lengths = np.diff(states.offsets)[sentences]
    cuts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    shift: Ints = np.repeat(states.offsets[sentences] - cuts[:-1], lengths)
    return shift + np.arange(cuts[-1])
