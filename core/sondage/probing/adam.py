"""Adam for many small models that are trained as one program."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: One of torch's, used through its own methods: the core does not import torch.
Tensor = Any

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1), with a learning rate per cell.

    The first axis, or axes, of every tensor are the cells; what is shorter in `rate` and
    `decay` counts for all that is within a cell. All cells take their steps together. Each
    moves, but for the last bits of its rate, as `torch.optim.Adam` would move it alone.

    The moments are the same bits wherever the bias corrections are applied; the step is not.
    `root` and `move` are what a plugin overrides to apply them elsewhere: faster, or as in
    results that it has published.

    Parameters
    ----------
    weights : sequence of tensors, shape (cells, ...)
        Moved in place; they may require gradients.
    rate : float, or tensor, shape (cells,)
        May be set anew between steps.
    decay : tensor, shape (cells,), optional
        Weight of an L2 penalty: its gradient is added to what `step` is given.

    Attributes
    ----------
    weights, first, second : list of tensors
        With the moments.
    steps : int
        Taken so far.
    """

    def __init__(
        self, weights: Sequence[Tensor], rate: float | Tensor, decay: Tensor | None = None
    ) -> None:
        self.weights, self.rate, self.decay, self.steps = list(weights), rate, decay, 0
        #: What of the two moments is there after so many steps from zero.
        self.bias = (0.0, 0.0)
        self._scales: dict[int, float | Tensor] = {}
        self._decays: dict[int, Tensor] = {}
        self.first = [w.new_zeros(w.shape) for w in self.weights]
        self.second = [w.new_zeros(w.shape) for w in self.weights]

    def step(self, gradients: Sequence[Tensor]) -> None:
        """Move the weights; gradients are overwritten where there is decay."""
        self.steps += 1
        self.bias = 1 - BETA1**self.steps, 1 - BETA2**self.steps
        self._scales = {}
        tensors = zip(self.weights, gradients, self.first, self.second, strict=True)
        for weight, gradient, first, second in tensors:
            weight = weight.detach() if weight.requires_grad else weight
            if self.decay is not None:
                gradient.addcmul_(weight, self._decay_of(weight))
            first.lerp_(gradient, 1 - BETA1)
            second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
            self.move(weight, first, second)

    def move(self, weight: Tensor, first: Tensor, second: Tensor) -> None:
        """Move one tensor of weights by its moments."""
        scale = self.scale(weight)
        if isinstance(scale, float):
            weight.addcdiv_(first, self.root(second), value=-scale)
        else:
            weight.addcdiv_(first * scale, self.root(second), value=-1.0)

    def scale(self, weight: Tensor) -> float | Tensor:
        """Return the rate with the first moment's correction, shaped to go with `weight`."""
        found = self._scales.get(weight.ndim)
        if found is None:
            found = self.rate / self.bias[0]
            found = found if isinstance(found, float) else _per_cell(found, weight)
            self._scales[weight.ndim] = found
        return found

    def root(self, second: Tensor) -> Tensor:
        """Return the corrected root of the second moment, epsilon added."""
        return second.sqrt().div_(self.bias[1] ** 0.5).add_(EPSILON)

    def _decay_of(self, weight: Tensor) -> Tensor:
        assert self.decay is not None
        if weight.ndim not in self._decays:
            self._decays[weight.ndim] = _per_cell(self.decay, weight)
        return self._decays[weight.ndim]

    def keep(self, cells: Tensor | tuple[Tensor, ...]) -> None:
        """Go on with some cells only.

        Parameters
        ----------
        cells : bool or int64 tensor, or a tuple of them, one per axis of cells
        """
        self.weights = [
            w.detach()[cells].contiguous().requires_grad_(w.requires_grad) for w in self.weights
        ]
        self.first = [m[cells].contiguous() for m in self.first]
        self.second = [v[cells].contiguous() for v in self.second]
        self.decay = None if self.decay is None else self.decay[cells]
        self._decays = {}
        if not isinstance(self.rate, (int, float)):
            self.rate = self.rate[cells]


def _per_cell(values: Tensor, weight: Tensor) -> Tensor:
    """Return a number per cell so that it meets all of a cell's weights."""
    return values.reshape(*values.shape, *[1] * (weight.ndim - values.ndim))


class ArrayAdam:
    """Adam on one float32 array, in numpy; its steps are those of `Adam` but for the last bits.

    For models so small, or so much in the processor's cache, that what torch does around every
    operation takes longer than the operation.

    Parameters
    ----------
    weights : float32 array
        Moved in place.
    """

    def __init__(self, weights: NDArray[np.float32]) -> None:
        self.weights, self.steps = weights, 0
        self.first, self.second = np.zeros_like(weights), np.zeros_like(weights)
        self._room = np.empty_like(weights)

    def step(self, gradient: NDArray[np.float32], rate: float) -> None:
        """Move the weights by a gradient of their shape."""
        self.steps += 1
        unbiased, room = math.sqrt((1 - BETA2**self.steps) / (1 - BETA2)), self._room
        # Both moments lack the factor 1 - beta: that is two passes less over the values.
        self.first *= BETA1
        self.first += gradient
        self.second *= BETA2
        self.second += np.multiply(gradient, gradient, out=room)
        np.sqrt(self.second, out=room)
        room += EPSILON * unbiased
        np.divide(self.first, room, out=room)
        room *= rate * unbiased * (1 - BETA1) / (1 - BETA1**self.steps)
        self.weights -= room
