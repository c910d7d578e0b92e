"""Loss and gradient against the obvious ones, training against a plain loop in torch."""

import numpy as np
import pytest
import threadpoolctl
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.data import offsets_of
from sondage.errors import EncodingError
from sondage_structural import depths, tree_distances
from sondage_structural.ending import Fitted
from sondage_structural.norms import DepthLoss
from sondage_structural.objective import DistanceLoss
from sondage_structural.settings import StructuralSettings
from sondage_structural.training import Steps, train
from sondage_structural.trees import Forest

seeds = st.integers(0, 2**32 - 1)
LOSSES = (DistanceLoss, DepthLoss)


def random_heads(rng, t):
    order = rng.permutation(t)
    heads = np.full(t, -1)
    for rank in range(1, t):
        heads[order[rank]] = order[rng.integers(0, rank)]
    return heads


def problem(seed, sizes, d=6):
    rng = np.random.default_rng(seed)
    heads = [random_heads(rng, t) for t in sizes]
    values = rng.standard_normal((sum(sizes), d)).astype(np.float32)
    return heads, values, offsets_of(sizes)


def slow_loss(kind, heads, values, offsets, B, sentences):
    """The definition: a loop over sentences, all differences of projected vectors, float64."""
    total = 0.0
    for i in sentences:
        Z = values[offsets[i] : offsets[i + 1]].astype(np.float64) @ B.astype(np.float64)
        if kind is DistanceLoss:
            D = ((Z[:, None] - Z[None]) ** 2).sum(-1)
            total += np.abs(D - tree_distances(heads[i])).sum() / len(Z) ** 2
        else:
            total += np.abs((Z**2).sum(-1) - depths(heads[i])).sum() / len(Z)
    return total / len(sentences)


@settings(deadline=None, max_examples=60)
@given(
    seeds,
    st.sampled_from(LOSSES),
    st.lists(st.integers(1, 55), min_size=1, max_size=7),
    st.floats(0.05, 3),
)
def test_loss_is_the_obvious_one(seed, kind, sizes, scale):
    heads, values, offsets = problem(seed, sizes)
    rng = np.random.default_rng(seed)
    values += 3 * rng.standard_normal(6).astype(np.float32)  # a large common part
    B = (scale * rng.standard_normal((3, 6, 4))).astype(np.float32)
    sentences = rng.permutation(len(sizes))
    objective = kind(Forest.of(heads))
    if kind is DistanceLoss:
        batch = objective.batch(sentences)
        Z = torch.from_numpy(values[batch.rows]) @ torch.from_numpy(B)
        found = objective.loss(Z, batch).numpy()
    else:
        rows, gold, weight = objective.words(sentences, len(sizes)).batch(0)
        found = [objective.loss(values[rows] @ b, gold, weight) for b in B]
    wanted = [slow_loss(kind, heads, values, offsets, b, sentences) for b in B]
    assert np.allclose(found, wanted, rtol=1e-5, atol=1e-5)


@settings(deadline=None, max_examples=40)
@given(seeds, st.sampled_from(LOSSES), st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_gradient_is_the_losses_own(seed, kind, sizes):
    heads, values, _ = problem(seed, sizes)
    rng = np.random.default_rng(seed)
    objective = kind(Forest.of(heads))
    sentences = rng.permutation(len(sizes))
    batch = objective.batch(sentences) if kind is DistanceLoss else objective.words(sentences, 9)
    Z = torch.from_numpy(rng.standard_normal((2, len(values), 4)))
    doubled = Z.clone().requires_grad_()
    # The loss in plain operations that torch can follow.
    rows = batch.rows
    forest = objective.forest
    owner = np.searchsorted(forest.offsets, rows, side="right") - 1
    total = torch.zeros(2, dtype=torch.float64)
    for i in range(len(sizes)):
        own = doubled[:, np.flatnonzero(owner == i)]
        if kind is DistanceLoss:
            D = (own[:, :, None] - own[:, None]).square().sum(-1)
            gap = (D - torch.from_numpy(tree_distances(heads[i]))).abs().sum((1, 2))
            total = total + gap / len(heads[i]) ** 2 / len(sizes)
        else:
            gap = (own.square().sum(-1) - torch.from_numpy(depths(heads[i]))).abs().sum(1)
            total = total + gap / len(heads[i]) / len(sizes)
    total.sum().backward()
    if kind is DistanceLoss:
        found = objective.gradient(Z.float(), batch)
    else:
        found = torch.stack(
            [torch.from_numpy(objective.gradient(z.float().numpy(), *batch.batch(0)[1:]))
             for z in Z]
        )  # fmt: skip
    assert torch.allclose(found.double(), doubled.grad, rtol=1e-3, atol=1e-5)


def test_adam_is_torchs():
    rng = np.random.default_rng(0)
    start = rng.standard_normal((4, 3)).astype(np.float32)
    ours = Steps([torch.from_numpy(start.copy())], 0.01)
    theirs = torch.from_numpy(start.copy()).requires_grad_()
    optimizer = torch.optim.Adam([theirs], lr=0.01)
    for step in range(20):
        if step == 10:
            ours.rate = optimizer.param_groups[0]["lr"] = 0.002
        G = torch.from_numpy(rng.standard_normal((4, 3)).astype(np.float32))
        ours.step([G])
        theirs.grad = G
        optimizer.step()
    assert torch.allclose(ours.weights[0], theirs.detach(), atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0.1, 2), min_size=1, max_size=25))
def test_rates_and_ends_are_those_of_the_original_until_the_fourth_cut(losses):
    p = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([p], lr=1e-3)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=0)
    optimizer.step()
    least, best, rate = float("inf"), -1, 1e-3
    ours = Fitted(np.zeros((1, 1), np.float32))
    for epoch, loss in enumerate(losses):
        _, rate = ours.heard(epoch, loss, rate, 5)
        scheduler.step(loss)
        ended = optimizer.param_groups[0]["lr"] < 0.9e-6  # ours: the fourth cut is not made
        assert ended or rate == pytest.approx(optimizer.param_groups[0]["lr"])
        if loss < least - 1e-4:
            least, best = loss, epoch
        elif best < epoch - 4:
            ended = True
        assert ours.ended == ended
        assert ours.dev_loss == least
        if ended:
            break


def plain_loop(kind, heads, values, offsets, B, train_, dev, rng, epochs, batch, rate):
    """One layer as the original does it: autograd, torch's Adam and scheduler."""
    B = torch.from_numpy(B.copy()).requires_grad_()
    optimizer = torch.optim.Adam([B], lr=rate)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=0)

    def loss_of(sentences):
        total = 0
        for i in sentences:
            Z = torch.from_numpy(values[offsets[i] : offsets[i + 1]]) @ B
            if kind is DistanceLoss:
                D = (Z[:, None] - Z[None]).square().sum(-1)
                gold = torch.from_numpy(tree_distances(heads[i]))
                total = total + (D - gold).abs().sum() / len(Z) ** 2
            else:
                gold = torch.from_numpy(depths(heads[i]))
                total = total + (Z.square().sum(-1) - gold).abs().sum() / len(Z)
        return total / len(sentences)

    losses = []
    for _ in range(epochs):
        order = train_[rng.permutation(len(train_))]
        for i in range(0, len(order), batch):
            optimizer.zero_grad()
            loss_of(order[i : i + batch]).backward()
            optimizer.step()
        with torch.no_grad():
            losses.append(float(loss_of(dev)))
        scheduler.step(losses[-1])
    return losses


@pytest.mark.parametrize("kind", LOSSES)
def test_training_is_that_of_a_plain_loop(kind):
    rng = np.random.default_rng(3)
    sizes = rng.integers(1, 14, 40)
    heads, values, offsets = problem(0, sizes.tolist(), d=8)
    layers = [values, values[:, ::-1].copy() * 0.7]
    order = rng.permutation(40)
    start = rng.uniform(-0.05, 0.05, (2, 8, 5)).astype(np.float32)
    fitted = train(
        kind(Forest.of(heads)), layers, order[:30], order[30:], start=start,
        order=np.random.default_rng(7),
        settings=StructuralSettings(epochs=6, batch=4, learning_rate=0.02, patience=99),
    )  # fmt: skip
    for layer, B, one in zip(layers, start, fitted, strict=True):
        wanted = plain_loop(
            kind, heads, layer, offsets, B, order[:30], order[30:],
            np.random.default_rng(7), 6, 4, 0.02,
        )  # fmt: skip
        assert np.allclose(one.losses, wanted, rtol=2e-3)


@pytest.mark.parametrize("kind", LOSSES)
def test_a_layer_that_has_ended_leaves_the_others_as_they_are(kind):
    rng = np.random.default_rng(5)
    heads, values, _ = problem(1, rng.integers(3, 12, 60).tolist(), d=8)
    noise = rng.standard_normal(values.shape).astype(np.float32) * 5
    start = rng.uniform(-0.05, 0.05, (3, 8, 4)).astype(np.float32)
    layers, objective = [values, noise, values * 0.3], kind(Forest.of(heads))

    def fit(which):
        return train(
            objective, [layers[i] for i in which], np.arange(45), np.arange(45, 60),
            start=start[list(which)], order=np.random.default_rng(0),
            settings=StructuralSettings(epochs=30, batch=5, learning_rate=0.01, patience=2),
        )  # fmt: skip

    together = fit((0, 1, 2))
    assert len({one.epochs for one in together}) > 1, "all layers ended at once: nothing tested"
    for i, one in enumerate(together):
        (alone,) = fit((i,))
        assert alone.epochs == one.epochs
        if kind is DepthLoss:
            assert np.array_equal(alone.projection, one.projection)
        assert np.allclose(alone.projection, one.projection, atol=1e-5)


def test_bits_of_depths_hang_on_no_thread(monkeypatch):
    rng = np.random.default_rng(6)
    heads, values, _ = problem(1, rng.integers(3, 12, 40).tolist(), d=8)
    layers = [values * (k + 1) for k in range(4)]
    start = rng.uniform(-0.05, 0.05, (4, 8, 4)).astype(np.float32)

    def fit():
        return train(
            DepthLoss(Forest.of(heads)), layers, np.arange(30), np.arange(30, 40), start=start,
            order=np.random.default_rng(0), settings=StructuralSettings(epochs=5, batch=7),
        )  # fmt: skip

    with threadpoolctl.threadpool_limits(1):
        alone = fit()
    with threadpoolctl.threadpool_limits(3):
        together = fit()
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.projection, other.projection)
        assert one.losses == other.losses


def test_a_broken_cell_ends_those_that_run_beside_it(monkeypatch):
    """Layer 1 fails in its first epoch; the million epochs of layer 0 would take minutes."""
    heads, values, _ = problem(0, [5, 6, 7, 8])

    def heard(self, epoch, loss, rate, patience):
        if self.name == "layer 1":
            raise EncodingError("broken")
        return False, rate

    monkeypatch.setattr(Fitted, "heard", heard)
    with threadpoolctl.threadpool_limits(2), pytest.raises(EncodingError, match="broken"):
        train(
            DepthLoss(Forest.of(heads)), [values, values], np.arange(2), np.arange(2, 4),
            start=np.ones((2, 6, 2), np.float32), order=np.random.default_rng(0),
            settings=StructuralSettings(epochs=1_000_000),
        )  # fmt: skip


def test_the_best_epochs_projection_is_kept():
    rng = np.random.default_rng(2)
    heads, values, offsets = problem(4, rng.integers(3, 9, 30).tolist(), d=8)
    (one,) = train(
        DistanceLoss(Forest.of(heads)), [values], np.arange(20), np.arange(20, 30),
        start=rng.uniform(-0.05, 0.05, (1, 8, 4)).astype(np.float32), order=rng,
        settings=StructuralSettings(epochs=40, batch=2, learning_rate=0.05, patience=5),
    )  # fmt: skip
    assert one.dev_loss == pytest.approx(min(one.losses), abs=1e-4)
    dev = np.arange(20, 30)
    again = slow_loss(DistanceLoss, heads, values, offsets, one.projection, dev)
    assert again == pytest.approx(one.dev_loss, rel=1e-4)


@pytest.mark.parametrize("kind", LOSSES)
def test_an_exploding_loss_is_said(kind):
    heads, values, _ = problem(0, [5, 6, 7, 8])
    with pytest.raises(EncodingError, match="layer 1: the dev loss"):
        train(
            kind(Forest.of(heads)), [values, values * np.float32(1e25)], np.arange(2),
            np.arange(2, 4), start=np.ones((2, 6, 2), np.float32),
            order=np.random.default_rng(0), settings=StructuralSettings(),
        )  # fmt: skip
