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
from sondage.errors import DataError, EncodingError, PluginError
from sondage.execute.problem import checked_split, pool, read_layer
from sondage.execute.returned import checked
from sondage.plan.cells import Cell, Job
from sondage.records.record import Finished
from sondage.store import Store

#: Sentences are dealt into this many groups; each is left out once for the intervals.
JACKKNIFE_GROUPS = 20
_CHUNK_BYTES = 1 << 25
Intervals = dict[str, tuple[float, float]]


def run_metric(store: Store, job: Job, data: TaskData) -> Iterator[Finished]:
    """Yield each of a metric's cells as it is done."""
    warnings: Counter[str] = Counter(data.warnings)
    a, b = (
        read_layer(store, job.key_of(e, job.layers[0]), data.corpus, e.label, warnings)
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
    if metric.randomness:
        whole = metric.begin(cell.seed)
        _feed(whole, a, b, np.arange(len(a), dtype=np.int64))
        result = whole.compute()
        return _warned(result, of_drawn(whole, result, metric, a.offsets), len(a))
    parts = []
    for group in range(min(JACKKNIFE_GROUPS, len(a))):
        part = metric.begin(cell.seed)
        # Every k-th sentence: neighbours, often of one document, are spread over the groups.
        _feed(part, a, b, np.arange(group, len(a), JACKKNIFE_GROUPS, dtype=np.int64))
        parts.append(part)
    result, intervals = jackknife(parts, merged(parts).compute(), metric)
    return _warned(result, intervals, len(a))


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
    component: Any,
    result: Callable[[Any], Result] = lambda part: part.compute(),
) -> tuple[Result, Intervals]:
    """Return a result and an interval for each of its scores, from leaving out each part in turn.

    Parameters
    ----------
    parts : list of accumulators, of as many groups of sentences
    whole : Result
        Of all of them merged.
    component : metric or probe
        Whose they are; its `bounds` are those of the first score.
    result : callable, optional
        Makes an accumulator's result.

    Returns
    -------
    result : Result
        `whole`, with how what the component says it `chose` varies over the groups.
    intervals : dict of str to (float, float)
    """
    if len(parts) < 3:
        return whole, {}
    left_out = [result(part) for part in _all_but_one(parts)]
    intervals = _of_left_out([one.scores for one in left_out], whole, declared_bounds(component))
    chose = getattr(component, "chose", None)
    return (_varied(whole, left_out, *chose) if chose else whole), intervals


def declared_bounds(component: Any) -> tuple[float, float] | None:
    """Return the bounds that a component declares for its first score."""
    bounds: tuple[float, float] | None = getattr(component, "bounds", None)
    return bounds


def of_drawn(accumulator: Any, whole: Result, component: Any, offsets: Ints) -> Intervals:
    """Return intervals of what a seed drew its stimuli for, if the accumulator can leave some out.

    The draw stays: filling it up anew would add the draw's noise to that of sentences, many
    times over.

    Parameters
    ----------
    accumulator : Accumulator
        Of all stimuli; see `Metric.randomness` for ``left_out``.
    whole : Result
        What it gives.
    component : metric
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
    return _of_left_out(left_out, whole, declared_bounds(component)) if len(left_out) > 2 else {}


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


def _varied(whole: Result, left_out: list[Result], table: str, column: str) -> Result:
    """Return a result that tells how a column of one of its tables varies over the groups."""
    found = whole.tables.get(table, {})
    if column not in found:
        raise PluginError(
            f"its 'chose' names column '{column}' of a table '{table}': none is there"
        )
    mine, theirs = np.asarray(found[column]), np.array([r.tables[table][column] for r in left_out])
    told = {f"{column}_least": theirs.min(axis=0), f"{column}_most": theirs.max(axis=0)}
    tables = {**whole.tables, table: {**found, **{k: v.tolist() for k, v in told.items()}}}
    otherwise = int((theirs != mine).any(axis=1).sum())
    warnings = {**whole.warnings, "choice-varies": otherwise} if otherwise else whole.warnings
    return replace(whole, tables=tables, warnings=warnings)


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
