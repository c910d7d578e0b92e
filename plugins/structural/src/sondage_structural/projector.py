"""Products of a batch's vectors with projections, and their derivatives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sondage.data import Ints
from sondage_structural.norms import take_rows

#: Rows are padded to a multiple of this. oneDNN makes a kernel for every number of rows that it
#: meets, which takes longer than a product: few numbers, few kernels.
_ROWS = 16


class Projector:
    """Reads the rows of a batch, layer by layer, and multiplies them.

    Each cell's products are made alone: they hang on no other cell. They are oneDNN's where
    torch has it, in torch's layout "mkldnn": its float32 kernels are twice as fast as those of
    MKL, which torch takes else, on a processor with AVX-512 that is not Intel's.

    Parameters
    ----------
    layers : sequence of float arrays, shape (n_words, d)
        May be memory maps: only a batch's rows are read at a time.
    """

    def __init__(self, layers: Sequence[NDArray[np.floating]]) -> None:
        self._layers = [np.asarray(x) for x in layers]
        # The derivative is in torch's namespace, but not in its documentation.
        self._onednn = bool(torch.backends.mkldnn.is_available()) and hasattr(  # type: ignore[no-untyped-call]
            torch, "mkldnn_linear_backward_weights"
        )
        self._buffer = torch.empty(0)
        self._last: list[tuple[Tensor, Tensor]] = []
        self._out = torch.empty(0)

    def forth(
        self, live: Sequence[int], rows: Ints, weights: Sequence[Tensor], keep: bool = True
    ) -> Tensor:
        """Project the rows of some layers.

        Parameters
        ----------
        live : sequence of int, length c
            The layer of each cell.
        rows : int64 array, shape (r,)
        weights : sequence of c float32 tensors, shape (k, d)
            Projections, transposed.
        keep : bool
            Whether `back` follows.

        Returns
        -------
        float32 tensor, shape (c, r, k)
        """
        self._last, out = [], []
        for layer, weight in zip(live, weights, strict=True):
            X = self._read(layer, rows)
            if self._onednn:
                X = X.to_mkldnn()
                out.append(torch.nn.functional.linear(X, weight).to_dense())
            else:
                out.append(torch.mm(X, weight.T))
            if keep:
                self._last.append((X, weight))
        self._out = out[0][None] if len(out) == 1 else torch.stack(out)
        return self._out[:, : len(rows)]

    def back(self) -> list[Tensor]:
        """Return derivatives with respect to the weights of the last `forth`.

        What `forth` gave must have been overwritten with the derivative with respect to it.

        Returns
        -------
        list of c float32 tensors, shape (k, d)
        """
        last, self._last = self._last, []
        # Rows of padding were projected to 0, and count for nothing.
        pairs = zip(self._out, last, strict=True)
        if not self._onednn:
            return [torch.mm(G.T, X) for G, (X, _) in pairs]
        return [
            torch.mkldnn_linear_backward_weights(G.to_mkldnn(), X, weight, False)[0]
            for G, (X, weight) in pairs
        ]

    def _read(self, layer: int, rows: Ints) -> Tensor:
        """Return float32, shape (r and padding, d); valid until the next call if oneDNN's."""
        values = self._layers[layer]
        n, d = -(-len(rows) // _ROWS) * _ROWS, values.shape[1]
        if self._onednn:
            # A layout of its own is a copy: one buffer does for all cells.
            if self._buffer.numel() < n * d:
                self._buffer = torch.empty((n + n // 4) * d)
            tensor = self._buffer[: n * d].view(n, d)
        else:
            tensor = torch.empty(n, d)
        out = tensor.numpy()
        take_rows(values, rows, out[: len(rows)])
        out[len(rows) :] = 0
        return tensor
