"""What the components share: the parameter of control tasks, and what it adds to a result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from sondage.control import selectivity
from sondage.data import Result


@dataclass(kw_only=True, eq=False)
class Controlled:
    """A probe of labels that may be given a control task too.

    Parameters
    ----------
    control : bool
        Do the same on a control task, whose choices are its own; adds ``control_accuracy`` and
        ``selectivity``.
    """

    units: ClassVar[Literal["vectors"]] = "vectors"
    joint: ClassVar[tuple[str, ...]] = ()
    #: What the seed controls beside the split and the control task.
    drawn: ClassVar[tuple[str, ...]] = ()

    control: bool = False

    @property
    def randomness(self) -> tuple[str, ...]:
        """What the seed controls beside the split."""
        return (*self.drawn, "control") if self.control else self.drawn


def with_control(
    result: Result, control: Result, tables: Sequence[str] = (), warnings: Sequence[str] = ()
) -> Result:
    """Add ``control_accuracy`` and ``selectivity`` to a result's scores.

    Parameters
    ----------
    result, control : Result
    tables, warnings : sequences of str
        What the control task's rows and counts are added to.
    """
    accuracy = control.scores["accuracy"]
    return result.adding(
        scores={
            "control_accuracy": accuracy,
            "selectivity": selectivity(result.scores["accuracy"], accuracy),
        },
        tables={
            name: {c: [*rows, *control.tables[name][c]] for c, rows in result.tables[name].items()}
            for name in tables
        },
        warnings={slug: control.warnings.get(slug, 0) for slug in warnings},
    )
