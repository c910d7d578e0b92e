"""What a probe made of another probe is built on: it wants what that one wants."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Probe, Problem
from sondage.data import States
from sondage.errors import ParameterError


class OfProbe:
    """A probe made of the probe of labels in its `probe`, whose wants are its own.

    Attributes
    ----------
    does, wanted : str
        For a message about a probe of other units: what this one does, and the hint.
    """

    does: ClassVar[str]
    wanted: ClassVar[str]
    probe: Probe

    def check(self) -> None:
        """Refuse, with a `ParameterError`, a probe of labels that cannot be used even so."""

    @property
    def units(self) -> Literal["vectors", "spans"]:
        """What the probe takes; a plan reads it, and so refuses a probe that cannot be used."""
        units = getattr(self.probe, "units", "vectors")
        if units not in ("vectors", "spans"):
            raise ParameterError(
                f"{self.does}, but probe {self.probe_name} takes {units}", hint=self.wanted
            )
        self.check()
        return "spans" if units == "spans" else "vectors"

    @property
    def joint(self) -> tuple[str, ...]:
        """The axes that the probe solves together."""
        return tuple(getattr(self.probe, "joint", ()))

    @property
    def per_layer(self) -> bool:
        """Whether the probe gives a result per layer."""
        return bool(getattr(self.probe, "per_layer", True))

    @property
    def wants_views(self) -> tuple[str, ...]:
        """The views that the probe wants."""
        return tuple(getattr(self.probe, "wants_views", ()))

    @property
    def wants_width(self) -> int | None:
        """The width that the probe wants."""
        return getattr(self.probe, "wants_width", None)

    @property
    def probe_name(self) -> str:
        """What messages call the probe."""
        return type(self.probe).__name__


class OfProblem:
    """A problem over the vectors and states of another, none of which is copied."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def vectors(self, layer: int) -> NDArray[np.float32]:
        """Return one row per unit."""
        return self._problem.vectors(layer)

    def states(self, layer: int) -> States:
        """Return the ragged rows of every sentence."""
        return self._problem.states(layer)

    def distinct_states(self, layer: int) -> States:
        """Return the ragged rows of every distinct sentence."""
        return self._problem.distinct_states(layer)
