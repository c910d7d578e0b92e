"""Run a probe on a problem, whichever of the two forms it has."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import product
from types import FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage import scores
from sondage.contracts import Probe, Problem, SimpleProbe
from sondage.data import Ints, Labels, Result, Split
from sondage.errors import DataError, PluginError


def run(probe: Probe | SimpleProbe, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
    """Yield (layer, seed, result) for every cell of a problem.

    A simple probe is fitted and scored cell by cell. If its `fit` has parameters `X_dev` and
    `y_dev`, it is given the dev part as well. If it also has scikit-learn's `classes_`
    and `predict_log_proba` once fitted, its outcomes carry surprisals.

    Raises
    ------
    DataError
        For a simple probe, where the items have no single label, or training only one.
    PluginError
        If predictions do not fit the items.
    """
    if hasattr(probe, "run_layers"):
        yield from probe.run_layers(problem)
        return
    for layer, seed in product(problem.layers, problem.seeds):
        yield layer, seed, _fit_predict(probe, problem, layer, seed)


def _fit_predict(probe: SimpleProbe, problem: Problem, layer: int, seed: int) -> Result:
    labels = problem.data.target
    if not isinstance(labels, Labels) or labels.y.ndim != 1:
        raise DataError("a probe with fit and predict takes one label a unit")
    split = problem.splits[seed]
    if len(np.unique(labels.y[split.train])) < 2:
        only = labels.names[int(labels.y[split.train][0])]
        raise DataError(f"all {len(split.train)} training items have the one label '{only}'")
    X = problem.vectors(layer)
    fitted = copy.deepcopy(probe)
    rng = problem.rng(layer, seed)
    dev = dev_of(fitted, X, labels.y, split)
    fitted = fitted.fit(X[split.train], labels.y[split.train], rng=rng, **dev)
    predicted = _labels(fitted.predict(X[split.test]), len(split.test), len(labels.names))
    result = scores.classification(labels, predicted, split.test, split.train)
    if result.outcomes is None or not hasattr(fitted, "predict_log_proba"):
        return result
    bits = _surprisal(fitted, X[split.test], labels.y[split.test])
    return replace(result, outcomes=replace(result.outcomes, surprisal=bits))


def _labels(predicted: Any, n: int, k: int) -> Ints:
    """Return predictions as labels; raises `PluginError` for what is none of the `k`."""
    found = np.asarray(predicted)
    if found.shape != (n,):
        raise PluginError(f"predict returned shape {found.shape} for {n} test items")
    try:
        with np.errstate(invalid="ignore"):
            whole: Ints = found.astype(np.int64)
        bad = np.flatnonzero((whole != found) | (whole < 0) | (whole >= k))
    except (TypeError, ValueError, OverflowError) as error:
        raise PluginError(f"predict returned type {found.dtype}, wanted whole numbers") from error
    if len(bad):
        raise PluginError(
            f"predict returned {found[bad[0]]} for test item {bad[0]}, wanted a label from 0 to "
            f"{k - 1}"
        )
    return whole


def dev_of(
    probe: SimpleProbe, X: NDArray[np.float32], y: Ints, split: Split
) -> dict[str, NDArray[Any]]:
    """Return the dev part as arguments of `fit`, for a probe whose `fit` names them.

    Raises
    ------
    DataError
        If the dev part is empty.
    """
    function = getattr(probe.fit, "__func__", None)
    plain = isinstance(function, FunctionType)
    if not (_function_takes_dev(function) if plain else _takes_dev(probe.fit)):
        return {}
    if not len(split.dev):
        raise DataError(
            "the probe chooses on dev items, but the dev part of the split is empty",
            hint="give more data or other 'ratios'",
        )
    return {"X_dev": X[split.dev], "y_dev": y[split.dev]}


def _takes_dev(fit: Callable[..., Any]) -> bool:
    return {"X_dev", "y_dev"} <= inspect.signature(fit).parameters.keys()


# To read a signature takes about as long as a quick cell.
_function_takes_dev = lru_cache(maxsize=64)(_takes_dev)


def _surprisal(fitted: SimpleProbe, X: NDArray[np.float32], y: Ints) -> NDArray[np.float64]:
    nats = np.asarray(getattr(fitted, "predict_log_proba")(X), np.float64)  # noqa: B009
    classes = np.asarray(getattr(fitted, "classes_"))  # noqa: B009
    if nats.shape != (len(y), len(classes)):
        raise PluginError(
            f"predict_log_proba returned shape {nats.shape} for {len(y)} items and "
            f"{len(classes)} classes"
        )
    hit = y[:, None] == classes[None, :]
    return np.where(hit.any(axis=1), -np.where(hit, nats, 0).sum(axis=1) / np.log(2), np.inf)
