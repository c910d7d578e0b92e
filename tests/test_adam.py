"""Adam over many cells: a step by hand, and torch's own on each cell alone."""

import math

import numpy as np
import pytest

from sondage.probing import Adam, ArrayAdam

torch = pytest.importorskip("torch")


def test_two_steps_by_hand():
    """Gradients 1, then -3: moments -0.21 and 0.009999, corrected by 0.19 and 0.001999."""
    weights = torch.tensor([[5.0]], dtype=torch.float64)
    adam = Adam([weights], 0.1)
    adam.step([torch.ones_like(weights)])
    assert weights.item() == pytest.approx(5 - 0.1 / (1 + 1e-8), abs=1e-12)
    before = weights.item()
    adam.step([torch.full_like(weights, -3.0)])
    second = math.sqrt(0.009999 / 0.001999) + 1e-8
    assert weights.item() - before == pytest.approx(0.1 * 0.21 / 0.19 / second, abs=1e-12)


def test_decay_pulls_each_cell_by_its_own_weight():
    weights = torch.tensor([[4.0], [4.0]])
    gradient = torch.zeros(2, 1)
    Adam([weights], 0.5, torch.tensor([0.0, 0.25])).step([gradient])
    assert gradient.ravel().tolist() == [0.0, 1.0]
    assert weights.ravel().tolist() == pytest.approx([4.0, 3.5])


def alone(weights, rates, decay, gradients, kept):
    """Each cell by torch's own optimiser, for as long as it is kept."""
    out = []
    for c, (own, rate) in enumerate(zip(zip(*weights, strict=True), rates, strict=True)):
        own = [w.clone().requires_grad_() for w in own]
        adam = torch.optim.Adam(own, lr=rate, weight_decay=decay[c])
        for step, given in enumerate(gradients):
            if c not in kept[step]:
                break
            for w, g in zip(own, given, strict=True):
                w.grad = g[c].clone()
            adam.step()
        out.append([w.detach() for w in own])
    return out


@pytest.mark.parametrize("rates", [[0.03, 0.001, 0.1], 0.01], ids=["per cell", "one"])
def test_every_cell_moves_as_torch_moves_it_alone(rates):
    rng = np.random.default_rng(0)

    def drawn():
        shapes = ((3, 4, 2), (3, 2))
        return [torch.from_numpy(rng.standard_normal(s).astype(np.float32)) for s in shapes]

    weights, gradients, decay = drawn(), [drawn() for _ in range(30)], [0.0, 0.1, 0.5]
    kept = [[0, 1, 2]] * 10 + [[0, 2]] * 10 + [[2]] * 10
    own = rates if isinstance(rates, list) else [rates] * 3
    wanted = alone(weights, own, decay, gradients, kept)

    given = rates if isinstance(rates, float) else torch.tensor(rates)
    adam = Adam([w.clone().requires_grad_() for w in weights], given, torch.tensor(decay))
    cells, left = [0, 1, 2], {}
    for step, here in enumerate(gradients):
        if kept[step] != cells:
            left |= dict(zip(cells, zip(*adam.weights, strict=True), strict=True))
            adam.keep(torch.tensor([c in kept[step] for c in cells]))
            cells = kept[step]
        adam.step([g[cells] for g in here])
    left |= dict(zip(cells, zip(*adam.weights, strict=True), strict=True))
    assert adam.steps == 30
    assert all(w.requires_grad for w in adam.weights)
    for c in range(3):
        for found, right in zip(left[c], wanted[c], strict=True):
            torch.testing.assert_close(found.detach(), right, rtol=1e-5, atol=1e-6)


def test_cells_may_have_two_axes():
    weights = torch.arange(12.0).view(2, 3, 2)
    adam = Adam([weights.clone()], 0.5, torch.zeros(2, 3))
    adam.keep((torch.tensor([[1]]), torch.tensor([[2, 0]])))
    assert adam.weights[0].tolist() == [[[10.0, 11.0], [6.0, 7.0]]]
    assert adam.decay.shape == (1, 2)
    adam.step([torch.tensor([[[1.0, -1.0], [0.0, 2.0]]])])
    assert adam.weights[0].ravel().tolist() == pytest.approx([9.5, 11.5, 6.0, 6.5])


def test_two_steps_of_an_array_by_hand():
    """As above, in float32."""
    weights = np.array([5.0], np.float32)
    adam = ArrayAdam(weights)
    adam.step(np.ones(1, np.float32), 0.1)
    assert weights[0] == pytest.approx(4.9, abs=1e-6)
    adam.step(np.full(1, -3.0, np.float32), 0.1)
    moved = 0.1 * 0.21 / 0.19 / math.sqrt(0.009999 / 0.001999)
    assert weights[0] - 4.9 == pytest.approx(moved, abs=1e-6)


def test_an_array_moves_as_a_tensor():
    rng = np.random.default_rng(1)
    weights = rng.standard_normal((5, 3)).astype(np.float32)
    tensor = torch.from_numpy(weights.copy())
    ours, theirs = ArrayAdam(weights), Adam([tensor], 0.05)
    for step in range(40):
        gradient = (rng.standard_normal((5, 3)) * 10.0 ** rng.integers(-6, 6)).astype(np.float32)
        theirs.rate = 0.05 / (step + 1)
        ours.step(gradient.copy(), theirs.rate)
        theirs.step([torch.from_numpy(gradient)])
    np.testing.assert_allclose(weights, tensor.numpy(), rtol=1e-5, atol=1e-6)
