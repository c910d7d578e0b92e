"""What one cell yields: scores, how each item fared, tables and arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data.corpus import Ints

_NONE: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Outcomes:
    """How each test item fared: what paired tests and bootstraps work on.

    Parameters
    ----------
    items : int64 array, shape (n,)
        Item indices into the task's target.
    groups : int64 array, shape (n,)
        The sentence of each item: items of one sentence are resampled together.
    values : float64 or bool array, shape (n,)
        1 for right and 0 for wrong, or one score per item.
    surprisal : float64 array, shape (n,), optional
        −log2 of the probability that the probe gave to the item's own label, in bits; for an
        item with several labels the sum over all binary decisions. What codelengths are made
        of; not kept in the results.
    score : str
        The score that the mean of `values` is; the first one if empty.
    """

    items: Ints
    groups: Ints
    values: NDArray[Any]
    surprisal: NDArray[np.float64] | None = None
    score: str = ""


@dataclass(frozen=True)
class Result:
    """What one cell yields.

    Parameters
    ----------
    scores : mapping of name to float
        The first is the one that tables and tests use unless told otherwise.
    outcomes : Outcomes, optional
    tables : mapping of name to a mapping of column name to a list
        Small tables: per-class scores, chosen strengths.
    arrays : mapping of name to array
        Artifacts: weights, assignments.
    warnings : mapping of slug to count
    further : sequence of Outcomes, optional
        Outcomes of other scores than `outcomes` are of, each naming its own.
    """

    scores: Mapping[str, float]
    outcomes: Outcomes | None = None
    tables: Mapping[str, Mapping[str, list[Any]]] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
    further: Sequence[Outcomes] = ()

    def adding(
        self,
        *,
        scores: Mapping[str, float] = _NONE,
        tables: Mapping[str, Mapping[str, list[Any]]] = _NONE,
        arrays: Mapping[str, NDArray[Any]] = _NONE,
        warnings: Mapping[str, int] = _NONE,
        surprisal: NDArray[np.float64] | None = None,
    ) -> Result:
        """Return a result with these as well.

        Counts of a warning that is there already are added up, and a count of 0 is none;
        `surprisal` goes to the outcomes. What else has a name that is taken replaces it.
        """
        counts = {w: self.warnings.get(w, 0) + n for w, n in warnings.items()}
        outcomes = self.outcomes
        if surprisal is not None and outcomes is not None:
            outcomes = replace(outcomes, surprisal=surprisal)
        return Result(
            {**self.scores, **scores},
            outcomes,
            {**self.tables, **tables},
            {**self.arrays, **arrays},
            {**self.warnings, **{w: n for w, n in counts.items() if n}},
            self.further,
        )


@dataclass(frozen=True)
class PositionLogits:
    """What a head that points at answers gives each subword of a context.

    Parameters
    ----------
    items : int64 array, shape (n,), ascending
        Questions: item indices into the task's target.
    offsets : int64 array, shape (n + 1,)
        Question i owns the rows ``offsets[i]`` to ``offsets[i + 1]``: the subwords of its whole
        context, in order.
    places : int64 array, shape (m, 2)
        Characters of the context that each subword stands for, half-open.
    start, end : float32 arrays, shape (m,)
        Logits (natural) of being the first and the last subword of the answer; not normalised.
    null : float64 array, shape (n,)
        Sum of both logits at the place that stands for no answer; the least over windows.
    """

    items: Ints
    offsets: Ints
    places: Ints
    start: NDArray[np.float32]
    end: NDArray[np.float32]
    null: NDArray[np.float64]
