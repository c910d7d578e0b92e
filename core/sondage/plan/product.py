"""What a composition multiplies out: the layers, seeds and views of every component's jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from sondage.contracts import TaskUnits
from sondage.data import VIEWS
from sondage.plan.only import Only
from sondage.plan.views import Views
from sondage.registry.built import Built
from sondage.registry.models import StoreDtype

#: Of cells' ids.
CELL_FORMAT = 1
#: What a probe takes, to the units of the tasks that have it.
FITS = {
    "vectors": ("sentences", "words"),
    "spans": ("words",),
    "trees": ("trees",),
    "rankings": ("rankings",),
    "answers": ("answers",),
    **dict.fromkeys(("none", "attention", "states"), get_args(TaskUnits)),
}


@dataclass(frozen=True)
class Product:
    """A composition's axes, and what it keeps of their product.

    Parameters
    ----------
    layers : tuple of int or None
        None for all that an encoder has.
    seeds : tuple of int
    views : Views
    only : Only
    passing : frozenset of str
        The metrics that are measured in passing.
    notes : dict
        Takes what is left out, as keys.
    stored : {'float32', 'float16', 'bfloat16'}
        What activations are stored as.
    """

    layers: tuple[int, ...] | None
    seeds: tuple[int, ...]
    views: Views
    only: Only
    passing: frozenset[str]
    notes: dict[str, None]
    stored: StoreDtype = "float32"

    @property
    def rounded(self) -> tuple[str, ...]:
        """What tells a cell from the one of activations that are stored as they come."""
        return () if self.stored == "float32" else (f"stored as {self.stored}",)

    def layers_of(self, *encoders: Built) -> tuple[int, ...]:
        """Return the layers that are wanted and that all of these encoders have."""
        # An encoder of layer 0 alone is compared with every layer of another.
        depth = min((n for e in encoders if (n := e.instance.n_layers)), default=0)
        wanted = self.layers if self.layers is not None else range(depth + 1)
        return tuple(sorted({layer for layer in wanted if layer <= depth}))

    def seeds_of(self, controls: tuple[str, ...], who: str) -> tuple[int, ...]:
        """Return the seeds that are run: the first alone, and a note, where they vary nothing."""
        if controls or len(self.seeds) == 1:
            return self.seeds
        self.notes[f"{who}: a seed would vary nothing, so it is run once"] = None
        return self.seeds[:1]


def by_rows(view: str, pooled: bool) -> tuple[str, ...]:
    """Return what tells a cell from one whose rows were taken for words, sight unseen."""
    return ("rows",) if pooled and view not in VIEWS else ()
