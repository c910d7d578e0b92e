"""Variational codes: the bits of labels given a sparse network, and of the network itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, MinLen
from numpy.typing import NDArray

from sondage.errors import DataError, ParameterError
from sondage_mdl._bayes import BayesLayer
from sondage_mdl._rows import Rows, Steps, groups_of, minibatches, row_losses
from sondage_mdl.codes import uniform_code
from sondage_mdl.networks import MLPJob

if TYPE_CHECKING:
    import torch
    from torch import Tensor

#: Log variances at the start.
START = -5.0
#: Share of the steps after which the learning rate falls, in a straight line, to 1% of it.
DECAY = 0.7


@dataclass(kw_only=True, eq=False)
class VariationalSettings:
    """The network before pruning, and how it is trained.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers before pruning; the paper's are 1,000.
    epochs, least_steps : int
        Training ends after `epochs`, but not before `least_steps` minibatches.
    batch : int
        Items in a minibatch.
    learning_rate, variance_rate : float
        Of Adam, for means and for log variances.
    threshold : float
        Inputs and neurons with a log dropout rate (natural logarithm) above are pruned.
    samples : int
        Draws of the network for the bits of the data.
    """

    hidden: Annotated[tuple[Annotated[int, Gt(0)], ...], MinLen(1)] = (128, 128)
    epochs: Annotated[int, Ge(1)] = 200
    least_steps: Annotated[int, Ge(0)] = 5000
    batch: Annotated[int, Ge(1)] = 256
    learning_rate: Annotated[float, Gt(0)] = 3e-3
    variance_rate: Annotated[float, Gt(0)] = 3e-2
    threshold: float = 3.0
    samples: Annotated[int, Ge(1)] = 8


@dataclass(frozen=True)
class VariationalCode:
    """What a variational code found.

    Parameters
    ----------
    data_bits : float
        Mean over draws of the network of −Σ log2 p(label): bits of the labels given it.
    data_bits_at_means : float
        The same at the means of all scales and weights, which is no code length, but what
        the original's evaluation computes (in nats).
    model_bits : float
        KL divergence of the network's distribution from the prior, in bits.
    uniform : float
        Bits of the uniform code.
    architecture : tuple of int
        Inputs and hidden neurons left, of each layer, at the threshold.
    log_alpha : tuple of float32 arrays
        Log dropout rates of inputs and hidden neurons (natural logarithm).
    weights : tuple of (float32 array (d, h), float32 array (h,))
        Means, the scales multiplied in and pruned rows zero.
    """

    data_bits: float
    data_bits_at_means: float
    model_bits: float
    uniform: float
    architecture: tuple[int, ...]
    log_alpha: tuple[NDArray[np.float32], ...]
    weights: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]

    @property
    def codelength(self) -> float:
        """Bits of data and model."""
        return self.data_bits + self.model_bits

    @property
    def compression(self) -> float:
        """How many times shorter than the uniform code."""
        return self.uniform / self.codelength

    def log_probabilities(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Return the pruned network's log probabilities at the means, in nats, (n, K)."""
        out = np.asarray(X, np.float32)
        for i, (W, b) in enumerate(self.weights):
            out = out @ W + b
            if i + 1 < len(self.weights):
                out = np.maximum(out, 0)
        logits = out.astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))


def fit_variational(
    jobs: Sequence[MLPJob], n_labels: int, settings: VariationalSettings
) -> list[VariationalCode]:
    """Fit a Bayesian network per job, many at a time, and measure its code.

    The loss is the codelength itself (the negative evidence bound): the cross-entropy of the
    training labels under networks drawn anew for every item, plus the KL divergence.

    Parameters
    ----------
    jobs : sequence of MLPJob
        All of one width; only their training parts and generators are used. Jobs with the
        same number of steps per epoch share one batched program.
    n_labels : int
    settings : VariationalSettings

    Raises
    ------
    DataError
        For an empty training part.
    ParameterError
        For sizes or rates that are not positive.
    """
    sizes = [*settings.hidden, n_labels]
    least = min(*sizes, settings.batch, settings.epochs, settings.samples)
    if len(sizes) < 2 or least < 1 or min(settings.learning_rate, settings.variance_rate) <= 0:
        raise ParameterError("fit_variational wants positive sizes, batch, epochs and rates")
    if any(not len(job.train) for job in jobs):
        raise DataError("a variational code needs training items", hint="look at the split")
    found: dict[int, VariationalCode] = {}
    for group in groups_of(jobs, settings.batch):
        here = [jobs[i] for i in group]
        rows = Rows(here, "train")
        generator = _generator(here)
        layers = _initial(rows.X.shape[2], sizes, len(here), generator)
        _train(here, rows, layers, generator, settings)
        codes = _measured(rows, layers, generator, n_labels, settings)
        found |= dict(zip(group, codes, strict=True))
    return [found[i] for i in range(len(jobs))]


def _generator(jobs: Sequence[MLPJob]) -> torch.Generator:
    import torch

    draws = [int(job.rng.integers(2**63 - 1)) for job in jobs]
    seed = np.random.SeedSequence(draws).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(seed) >> 1)


def _initial(
    fan: int, sizes: Sequence[int], cells: int, generator: torch.Generator
) -> list[BayesLayer]:
    """Draw means as He et al. would for a net of this depth, and set small variances."""
    import torch

    def near(value: float, *shape: int) -> Tensor:
        return value + 0.01 * torch.randn(cells, *shape, generator=generator)

    layers = []
    for size in sizes:
        means = fan**-0.5 * torch.randn(cells, fan, size, generator=generator)
        tensors = [
            near(1.0, 1, fan), near(START, 1, fan), means, near(START, fan, size),
            torch.zeros(cells, 1, size), near(START, 1, size),
        ]  # fmt: skip
        layers.append(BayesLayer([t.requires_grad_() for t in tensors]))
        fan = size
    return layers


def _sampled_losses(
    X: Tensor, y: Tensor, layers: Sequence[BayesLayer], generator: torch.Generator
) -> Tensor:
    """Return each row's loss in nats under networks drawn anew for every row."""
    for i, layer in enumerate(layers):
        X = layer.sampled(X.relu() if i else X, generator)
    return row_losses(X, y)


def _train(
    jobs: Sequence[MLPJob],
    rows: Rows,
    layers: Sequence[BayesLayer],
    generator: torch.Generator,
    settings: VariationalSettings,
) -> None:
    import torch

    batch, rates = settings.batch, (settings.learning_rate, settings.variance_rate)
    steps = -(-rows.X.shape[1] // batch)
    epochs = max(settings.epochs, -(-settings.least_steps // steps))
    means = [t for layer in layers for t in layer.tensors[::2]]
    variances = [t for layer in layers for t in layer.tensors[1::2]]
    adams = [Steps(means, torch.zeros(len(jobs))), Steps(variances, torch.zeros(len(jobs)))]
    for epoch in range(epochs):
        left = (epochs - epoch) / (epochs * (1 - DECAY))
        scale = max(min(1.0, left), 0.01)
        for adam, rate in zip(adams, rates, strict=True):
            adam.rate = torch.full((len(jobs),), rate * scale)
        for X, y, weight in minibatches(rows, [job.rng for job in jobs], batch):
            fit = (_sampled_losses(X, y, layers, generator) * weight).sum(dim=1)
            cost = torch.stack([layer.divergence() for layer in layers]).sum(dim=0)
            gradients = torch.autograd.grad((fit + cost / rows.n).sum(), [*means, *variances])
            adams[0].step(gradients[: len(means)])
            adams[1].step(gradients[len(means) :])


def _measured(
    rows: Rows,
    layers: Sequence[BayesLayer],
    generator: torch.Generator,
    n_labels: int,
    settings: VariationalSettings,
) -> list[VariationalCode]:
    import torch

    cells, samples = len(rows.X), settings.samples
    with torch.no_grad():
        kept = [layer.log_alpha() <= settings.threshold for layer in layers]
        drawn = torch.zeros(cells, dtype=torch.float64)
        still = torch.zeros(cells, dtype=torch.float64)
        for X, y, inside in rows.blocks():
            for _ in range(samples):
                loss = _sampled_losses(X, y, layers, generator)
                drawn += (loss * inside).sum(dim=1, dtype=torch.float64) / samples
            for i, layer in enumerate(layers):
                X = layer.at_means(X.relu() if i else X)
            still += (row_losses(X, y) * inside).sum(dim=1, dtype=torch.float64)
        cost = torch.stack([layer.divergence().double() for layer in layers]).sum(dim=0)
        return [
            VariationalCode(
                float(drawn[c]) / math.log(2),
                float(still[c]) / math.log(2),
                float(cost[c]) / math.log(2),
                uniform_code(int(rows.n[c]), n_labels),
                tuple(int(k[c].sum()) for k in kept),
                tuple(layer.log_alpha()[c].numpy() for layer in layers),
                tuple(_weights(layer, k, c) for layer, k in zip(layers, kept, strict=True)),
            )
            for c in range(cells)
        ]


def _weights(
    layer: BayesLayer, kept: Tensor, cell: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    scale = (layer.z_mean[cell, 0] * kept[cell])[:, None]
    return (layer.w_mean[cell] * scale).numpy(), layer.b_mean[cell, 0].detach().numpy()
