"""Products and their derivatives against plain matrix products, with oneDNN and without it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage_structural import projector
from sondage_structural.objective import DistanceLoss
from sondage_structural.projector import Projector
from sondage_structural.settings import StructuralSettings
from sondage_structural.training import train
from sondage_structural.trees import Forest

WAYS = [False, True] if Projector([])._onednn else [False]


def made(layers, onednn):
    out = Projector(layers)
    out._onednn = onednn
    return out


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(WAYS),
    st.sampled_from(["float32", "float16", "float64"]),
    st.integers(1, 4),
    st.lists(st.integers(1, 70), min_size=1, max_size=3),
    st.integers(1, 40),
    st.integers(1, 9),
)
def test_products_are_the_plain_ones(seed, onednn, dtype, c, sizes, d, k):
    rng = np.random.default_rng(seed)
    layers = [rng.standard_normal((50, d)).astype(dtype) for _ in range(c)]
    live = rng.permutation(c)[: rng.integers(1, c + 1)].tolist()
    ours = made(layers, onednn)
    for size in sizes:  # buffers are used again, and must not show what was there
        rows = rng.integers(0, 50, size)
        W = rng.standard_normal((len(live), k, d)).astype(np.float32)
        Z = ours.forth(live, rows, list(torch.from_numpy(W)))
        X = np.stack([layers[i][rows] for i in live]).astype(np.float64)
        assert Z.shape == (len(live), size, k)
        assert np.allclose(Z, X @ W.transpose(0, 2, 1), rtol=1e-4, atol=1e-4)
        G = rng.standard_normal(Z.shape).astype(np.float32)
        Z[:] = torch.from_numpy(G)
        found = np.stack([g.numpy() for g in ours.back()])
        assert np.allclose(found, G.transpose(0, 2, 1).astype(np.float64) @ X, rtol=1e-4, atol=1e-4)


def test_a_cells_products_hang_on_no_other_cell():
    rng = np.random.default_rng(0)
    layers = [rng.standard_normal((90, 24)).astype(np.float32) for _ in range(3)]
    W = torch.from_numpy(rng.standard_normal((3, 8, 24)).astype(np.float32))
    rows, ours = rng.integers(0, 90, 77), Projector(layers)
    together = ours.forth([0, 1, 2], rows, list(W)).clone()
    gradients = ours.back()
    for cell in range(3):
        assert torch.equal(ours.forth([cell], rows, [W[cell]])[0], together[cell])
        assert torch.equal(ours.back()[0], gradients[cell])


def test_few_numbers_of_rows_are_met():
    ours = Projector([np.zeros((90, 4), np.float32)])
    for n in range(1, 90):
        ours.forth([0], np.zeros(n, np.int64), [torch.zeros(2, 4)])
        assert ours._out.shape[1] % projector._ROWS == 0


@pytest.mark.skipif(len(WAYS) < 2, reason="torch is built without oneDNN")
def test_training_without_onednn_is_the_same(monkeypatch):
    rng = np.random.default_rng(1)
    heads = [np.arange(-1, t - 1) for t in rng.integers(2, 12, 40)]
    words = sum(map(len, heads))
    layers = [rng.standard_normal((words, 8)).astype(np.float32) for _ in range(2)]
    start = rng.uniform(-0.05, 0.05, (2, 8, 5)).astype(np.float32)

    def fit():
        return train(
            DistanceLoss(Forest.of(heads)), layers, np.arange(30), np.arange(30, 40), start=start,
            order=np.random.default_rng(7),
            settings=StructuralSettings(epochs=4, batch=4, learning_rate=0.01, patience=99),
        )  # fmt: skip

    ours = fit()
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    for one, other in zip(ours, fit(), strict=True):
        assert np.allclose(one.losses, other.losses, rtol=1e-4)
        assert np.allclose(one.projection, other.projection, atol=1e-4)
