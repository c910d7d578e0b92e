"""Steps of many networks against torch's own optimiser on each of them."""

import numpy as np
import torch

from sondage_mdl._rows import Steps


def test_steps_are_torchs_on_each_cell():
    rng = np.random.default_rng(0)
    start = [rng.standard_normal(s).astype(np.float32) for s in ((2, 3, 4), (2, 1, 4))]
    rate = torch.tensor([0.1, 0.003])
    ours = Steps([torch.from_numpy(w.copy()).requires_grad_() for w in start], rate)
    theirs = [[torch.from_numpy(w[c].copy()).requires_grad_() for w in start] for c in (0, 1)]
    adams = [torch.optim.Adam(own, lr=float(r)) for own, r in zip(theirs, rate, strict=True)]
    for _ in range(20):
        gradients = [torch.from_numpy(rng.standard_normal(w.shape)).float() for w in start]
        ours.step(gradients)
        for c, (own, adam) in enumerate(zip(theirs, adams, strict=True)):
            for weight, gradient in zip(own, gradients, strict=True):
                weight.grad = gradient[c].clone()
            adam.step()
    for c, own in enumerate(theirs):
        for weight, mine in zip(own, ours.weights, strict=True):
            torch.testing.assert_close(mine[c].detach(), weight.detach(), rtol=1e-5, atol=1e-6)
