"""The component `classifiers.control`: any probe with an accuracy, beside its control task."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sondage import probing
from sondage.contracts import Probe, Problem
from sondage.data import Labels, Result, Split
from sondage.errors import ParameterError
from sondage_classifiers._cells import with_control

PROBE = "classifiers.control"


@dataclass(kw_only=True, eq=False)
class Control(probing.OfProbe):
    """Run a probe on a task and, in the same way, on the task's control task.

    Parameters
    ----------
    probe : Probe
        Any that takes one label per word, sentence or span and reports an ``accuracy``, one with
        ``fit`` and ``predict`` among them; without a control task of its own.

    Notes
    -----
    The probe's results, to the bit, with ``control_accuracy`` and ``selectivity`` among the
    scores. Warnings of the control task are counted with ``control-`` before their names.

    References
    ----------
    Hewitt and Liang 2019, arXiv:1909.03368v1, section 2. Departs from it: for pairs of words
    the type is the pair (`sondage.control.control_labels`).
    """

    does: ClassVar[str] = f"{PROBE} draws labels"
    wanted: ClassVar[str] = "name a probe of labels, such as classifiers.linear"

    probe: Probe

    @property
    def randomness(self) -> tuple[str, ...]:
        """What the seed controls beside the split."""
        own = getattr(self.probe, "randomness", None)
        # A simple probe is handed a generator, so its seed may always matter.
        return (*(("probe",) if own is None else own), "control")

    @property
    def measures(self) -> bool:
        """Whether the probe fits nothing."""
        return bool(getattr(self.probe, "measures", False))

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result) for every cell of the problem.

        Raises
        ------
        DataError
            For a target that is not one label per item.
        ParameterError
            If the probe reports no accuracy, or has a control task of its own.
        """
        self.check()
        targets = probing.control_tasks(problem, probing.labels_of(problem, PROBE))
        controls: dict[tuple[int | None, int], Result] = {}
        for layer, seed, result in probing.run(self.probe, problem):
            if "accuracy" not in result.scores:
                raise ParameterError(
                    f"{PROBE}: probe {self.probe_name} reports no accuracy, but "
                    + (", ".join(result.scores) or "nothing"),
                )
            if (layer, seed) not in controls:
                layers = problem.layers if layer is None or "layer" in self.joint else (layer,)
                other = _Other(problem, targets[seed], layers, seed)
                controls |= {(k, s): r for k, s, r in probing.run(self.probe, other)}
            control = controls.pop((layer, seed))
            told = {f"control-{slug}": count for slug, count in control.warnings.items()}
            yield layer, seed, with_control(result, control).adding(warnings=told)

    def check(self) -> None:
        """Refuse a probe with a control task of its own."""
        if getattr(self.probe, "control", False):
            raise ParameterError(
                f"{PROBE}: probe {self.probe_name} has a control task of its own",
                hint=f"leave out 'control: true' of the probe, or leave out {PROBE}",
            )


class _Other(probing.OfProblem):
    """A problem with another target on the same units, for one seed and some layers."""

    def __init__(
        self, problem: Problem, target: Labels, layers: tuple[int, ...], seed: int
    ) -> None:
        super().__init__(problem)
        self.layers = layers
        self.seeds: tuple[int, ...] = (seed,)
        self.data = dataclasses.replace(problem.data, target=target)
        self.splits: Mapping[int, Split] = {seed: problem.splits[seed]}

    def rng(self, layer: int | None, seed: int) -> np.random.Generator:
        """Return a generator apart from the task's own."""
        return self._problem.rng(layer, seed).spawn(1)[0]
