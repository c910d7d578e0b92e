"""What is made of rows of attention on the way to an average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from torch import Tensor

from sondage_attention.options import Choice, Ground, Unit, scale_of
from sondage_attention.rows import emd_rows, entropy_rows, js_rows, log_size, reach


class Measure(Protocol):
    """What is measured of rows, and of which. Equal ones may be merged."""

    name: ClassVar[str]

    @property
    def choice(self) -> Choice: ...
    @property
    def scores(self) -> tuple[str, ...]: ...

    def of_rows(self, *sides: Tensor) -> Tensor:
        """Return a value a row of distributions, one side a model, which it may overwrite."""
        ...

    def scored(self, values: Tensor, keys: Tensor) -> list[Tensor]:
        """Return a score's values each.

        Parameters
        ----------
        values : float64 tensor, shape (b, heads, rows)
            Those of `of_rows`.
        keys : bool tensor, shape (b, t)
            The positions that the rows are over.
        """
        ...


@dataclass(frozen=True)
class Divergence:
    """Jensen-Shannon divergence."""

    name: ClassVar[str] = "attention.js"
    scores: ClassVar[tuple[str, ...]] = ("js",)

    choice: Choice
    unit: Unit

    def of_rows(self, *sides: Tensor) -> Tensor:
        """Return each row's divergence in nats."""
        return js_rows(*sides)

    def scored(self, values: Tensor, keys: Tensor) -> list[Tensor]:
        """Return the divergences in the unit that is wanted."""
        return [values * scale_of(self.unit)]


@dataclass(frozen=True)
class Distance:
    """Earth mover's distance."""

    name: ClassVar[str] = "attention.emd"

    choice: Choice
    ground: Ground

    @property
    def scores(self) -> tuple[str, ...]:
        """``emd``, and ``relative`` on positions."""
        return ("emd",) if self.ground == "uniform" else ("emd", "relative")

    def of_rows(self, *sides: Tensor) -> Tensor:
        """Return each row's distance."""
        p, q = sides
        return emd_rows(p, q, self.ground)

    def scored(self, values: Tensor, keys: Tensor) -> list[Tensor]:
        """Return the distances, on positions over the largest that there is too."""
        if self.ground == "uniform":
            return [values]
        return [values, values / reach(keys)[:, None, None]]


@dataclass(frozen=True)
class Spread:
    """Entropy."""

    name: ClassVar[str] = "attention.entropy"
    scores: ClassVar[tuple[str, ...]] = ("entropy", "relative")

    choice: Choice
    unit: Unit

    def of_rows(self, *sides: Tensor) -> Tensor:
        """Return each row's entropy in nats."""
        return entropy_rows(*sides)

    def scored(self, values: Tensor, keys: Tensor) -> list[Tensor]:
        """Return the entropies in the unit that is wanted, and over the most that there can be."""
        return [values * scale_of(self.unit), values / log_size(keys)[:, None, None]]
