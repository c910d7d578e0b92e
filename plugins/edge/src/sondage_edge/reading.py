"""What each cell reads: one layer, a mix, or two layers side by side; out of memory maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, States

if TYPE_CHECKING:
    import torch

Read = Literal["mix", "layer", "top", "lexical", "cat", "cumulative"]


@dataclass(frozen=True)
class Reader:
    """Takes rows of states and makes each cell's inputs of them.

    Parameters
    ----------
    states : sequence of States
        One a layer, from the lowest; equal offsets.
    read : {'mix', 'layer', 'top', 'lexical', 'cat', 'cumulative'}
    device : str
    """

    states: Sequence[States]
    read: Read
    device: str = "cpu"

    @property
    def cells(self) -> int:
        """Number of probes: one a layer for 'layer' and 'cumulative', else one."""
        return len(self.states) if self.read in ("layer", "cumulative") else 1

    @property
    def width(self) -> int:
        """Width of a cell's inputs."""
        one = int(self.states[0].values.shape[1])
        return 2 * one if self.read == "cat" else one

    @property
    def mixed(self) -> int:
        """Layers in the learned mix; 0 without one."""
        return len(self.states) if self.read in ("mix", "cumulative") else 0

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Which layers each cell may mix, shape (cells, layers); empty without a mix."""
        n = len(self.states)
        if self.read == "mix":
            return np.ones((1, n), bool)
        if self.read == "cumulative":
            return np.tri(n, dtype=bool)
        return np.zeros((self.cells, 0), bool)

    def layers(self, cells: Ints) -> list[int]:
        """Return which of the states these cells need."""
        top = len(self.states) - 1
        if self.read == "layer":
            return [int(c) for c in cells]
        if self.read == "cumulative":
            return list(range(int(cells.max()) + 1))
        one = {"top": [top], "lexical": [0], "cat": [0, top]}
        return one.get(self.read, list(range(top + 1)))

    def gather(self, rows: Ints, cells: Ints) -> NDArray[np.float32]:
        """Return rows of the layers that these cells need, shape (layers, rows, their width)."""
        needed = self.layers(cells)
        stacked = np.empty((len(needed), len(rows), self.states[0].values.shape[1]), np.float32)
        for place, layer in enumerate(needed):
            _copy(self.states[layer].values, rows, stacked[place])
        return stacked

    def take(
        self, rows: Ints, cells: Ints, weights: dict[str, torch.Tensor] | None = None
    ) -> torch.Tensor:
        """Return the inputs of these cells, shape (cells, rows, width).

        Parameters
        ----------
        rows : int64 array, shape (r,), ascending
        cells : int64 array
        weights : mapping, optional
            The cells' parameters, where they are mixed.
        """
        import torch

        from sondage_edge.network import mix

        stacked = self.gather(rows, cells)
        H = torch.from_numpy(stacked).to(self.device)
        if self.read == "cat":
            return torch.cat([H[0], H[1]], dim=1)[None]
        if not self.mixed:
            return H
        assert weights is not None
        allowed = torch.from_numpy(self.allowed[cells][:, : len(stacked)]).to(self.device)
        return mix(weights["scalars"][:, : len(stacked)], weights["gamma"], H, allowed)


def _copy(values: NDArray[Any], rows: Ints, out: NDArray[np.float32]) -> None:
    plain = values.view(np.ndarray)
    if plain.dtype == np.float32:
        np.take(plain, rows, axis=0, out=out, mode="clip")
    else:
        out[...] = plain[rows]
