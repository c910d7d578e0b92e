"""Bayesian compression: linear layers with group normal-Jeffreys priors, many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

#: Molchanov et al. 2017, equation 14.
K1, K2, K3 = 0.63576, 1.87320, 1.48695
#: Added to squared means before their logarithm is taken.
TINY = 1e-8


def scale_divergence(log_alpha: Tensor) -> Tensor:
    """Return KL(q(z) || p(z)) in nats, for log dropout rates under the log-uniform prior.

    The approximation of a divergence known up to a constant, which is chosen so that it is 0
    for a dropout rate without bounds: a scale that says nothing costs nothing.

    References
    ----------
    Molchanov et al. 2017, arXiv:1701.05369, equation 14. Departs from it: none.
    """
    import torch
    from torch.nn import functional

    return K1 - K1 * torch.sigmoid(K2 + K3 * log_alpha) + 0.5 * functional.softplus(-log_alpha)


def normal_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(mean, variance) || N(0, 1)) in nats.

    References
    ----------
    Louizos et al. 2017, arXiv:1705.08665, equation 8. Departs from it: none.
    """
    return 0.5 * (log_variance.exp() + mean.square() - 1 - log_variance)


class BayesLayer:
    """Weights and the scales of its inputs, of C cells at once.

    Parameters
    ----------
    z_mean, z_logvar : Tensor, shape (C, 1, d)
        Of the scale that multiplies an input and so all weights out of it: the group.
    w_mean, w_logvar : Tensor, shape (C, d, h)
    b_mean, b_logvar : Tensor, shape (C, 1, h)
    """

    def __init__(self, tensors: list[Tensor]) -> None:
        #: The six, means and log variances in turn.
        self.tensors = tensors
        self.z_mean, self.z_logvar, self.w_mean, self.w_logvar, self.b_mean, self.b_logvar = tensors

    def log_alpha(self) -> Tensor:
        """Return the log dropout rate of every input, shape (C, d)."""
        rate = self.z_logvar - (self.z_mean.square() + TINY).log()
        return rate[:, 0]

    def divergence(self) -> Tensor:
        """Return the KL divergence of each cell's layer, in nats, shape (C,)."""
        total = scale_divergence(self.log_alpha()).sum(dim=1)
        total = total + normal_divergence(self.w_mean, self.w_logvar).sum(dim=(1, 2))
        return total + normal_divergence(self.b_mean, self.b_logvar).sum(dim=(1, 2))

    def sampled(self, X: Tensor, generator: torch.Generator) -> Tensor:
        """Return outputs of scales and weights drawn anew for every row, shape (C, n, h).

        Scales are drawn, outputs are drawn from their own normal distribution given the
        scales: the local reparametrisation (Louizos et al. 2017, section 4.1).
        """
        import torch

        noise = torch.randn(X.shape, generator=generator)
        X = X * (self.z_mean + (0.5 * self.z_logvar).exp() * noise)
        mean = torch.baddbmm(self.b_mean, X, self.w_mean)
        variance = torch.baddbmm(self.b_logvar.exp(), X.square(), self.w_logvar.exp())
        return mean + variance.sqrt() * torch.randn(mean.shape, generator=generator)

    def at_means(self, X: Tensor) -> Tensor:
        """Return outputs at the means."""
        import torch

        return torch.baddbmm(self.b_mean, X * self.z_mean, self.w_mean)
