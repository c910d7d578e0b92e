"""What a probe of labels learns: the labels of each seed's split, and of its control task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Problem
from sondage.control import control_labels
from sondage.data import Labels, Result, Split
from sondage.errors import DataError
from sondage.probing.inputs import ONE_LABEL, check_finite, labels_of, split_of


@dataclass(frozen=True)
class SeedTask:
    """What a probe learns for one seed.

    Parameters
    ----------
    seed : int
    labels : Labels
    split : Split
    control : bool
        Whether the labels are those of a control task.
    """

    seed: int
    labels: Labels
    split: Split
    control: bool = False


def seed_tasks(
    problem: Problem,
    probe: str,
    *,
    dev: bool,
    control: bool = False,
    two: bool = True,
    several: str = ONE_LABEL,
    without_dev: str = "",
) -> list[SeedTask]:
    """Return the task of each seed, then, if asked, each seed's control task.

    Parameters
    ----------
    problem : Problem
    probe, several, without_dev
        As `labels_of` and `split_of` take them.
    dev : bool
        Whether the dev part is needed.
    control : bool
        Whether the control tasks come too: one per seed, the same for all layers.
    two : bool
        Whether training wants two labels.

    Raises
    ------
    DataError
        For a target that is not one label per item, an empty part of a split, or a single
        label in training.
    """
    labels = labels_of(problem, probe, several)
    splits = {
        s: split_of(problem, s, probe, dev=dev, without_dev=without_dev) for s in problem.seeds
    }
    tasks = [SeedTask(seed, labels, split) for seed, split in splits.items()]
    if control:
        others = control_tasks(problem, labels)
        tasks += [SeedTask(seed, others[seed], split, True) for seed, split in splits.items()]
    for task in tasks if two else ():
        _check_two_labels(task, problem.data.corpus.name, probe)
    return tasks


def control_tasks(problem: Problem, labels: Labels) -> dict[int, Labels]:
    """Return each seed's control task, the same for all layers: other labels on the same units."""
    types = problem.data.types()
    drawn = {s: control_labels(types, labels.y, rng=problem.rng(None, s)) for s in problem.seeds}
    return {seed: replace(labels, y=y) for seed, y in drawn.items()}


def _check_two_labels(task: SeedTask, corpus: str, probe: str) -> None:
    found = np.unique(task.labels.y[task.split.train])
    if len(found) == 1:
        of = "the control task of " if task.control else ""
        raise DataError(
            f"{probe}: {of}{corpus} (seed {task.seed}): all {len(task.split.train)} training "
            f"items carry one label, {task.labels.names[int(found[0])]!r}",
            hint="a classifier needs two labels: take more sentences or another split",
        )


def vectors_of(problem: Problem, layer: int) -> NDArray[np.float32]:
    """Return a layer's vectors; raises `EncodingError` where some are not finite."""
    X = problem.vectors(layer)
    check_finite(X, f"layer {layer}, {problem.data.corpus.name}")
    return X


def layer_chunks(problem: Problem, budget: int) -> Iterator[dict[int, NDArray[np.float32]]]:
    """Yield the vectors of runs of layers, each within `budget` bytes, but one layer at least.

    Raises
    ------
    EncodingError
        For NaN or infinite values.
    """
    held: dict[int, NDArray[np.float32]] = {}
    used = 0
    for layer in problem.layers:
        X = vectors_of(problem, layer)
        if held and used + X.nbytes > budget:
            yield held
            held, used = {}, 0
        held[layer] = X
        used += X.nbytes
    if held:
        yield held


def by_seed(
    tasks: Sequence[SeedTask], found: Sequence[Result], merge: Callable[[Result, Result], Result]
) -> Iterator[tuple[int, Result]]:
    """Yield each seed and its result, with that of its control task merged where there is one.

    Parameters
    ----------
    tasks : sequence of SeedTask
        Of `seed_tasks`.
    found : sequence of Result
        Of each of them.
    merge : callable
        Makes one result of a task's and its control task's.
    """
    groups: dict[int, list[Result]] = {}
    for task, result in zip(tasks, found, strict=True):
        groups.setdefault(task.seed, []).append(result)
    for seed, results in groups.items():
        yield seed, reduce(merge, results)


def settings_of(component: object, of: type) -> dict[str, Any]:
    """Return the values of a component's fields that it has from `of`, a dataclass of settings."""
    return {field.name: getattr(component, field.name) for field in fields(of)}
