"""Gradients of the heads are the same bits every time, on several threads too."""

import numpy as np
import pytest

from sondage_transformers.examples import Portion
from sondage_transformers.tree_examples import TreePortion

N, WIDTH = 1200, 64


@pytest.fixture
def two_threads():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def pairs():
    """Return many pairs of runs of few words, so that words are read again and again."""
    rng = np.random.default_rng(0)
    length = rng.integers(1, 4, (N, 2))
    return Portion(None, 60, rng.integers(0, 57, (N, 2)), length, rng.integers(0, 5, N))


def stars():
    """Return trees in which all words of a sentence hang on one."""
    size = np.array([350, 60, 320, 80])
    heads = np.concatenate([np.where(np.arange(n) == 3, -1, 3) for n in size])
    total = int(size.sum())
    return TreePortion(None, total, size, heads, np.arange(total) % 5, np.ones(total, bool))


@pytest.mark.parametrize("kind", ["pairs", "trees"])
def test_gradients_are_the_same_every_time(two_threads, kind):
    import torch

    from sondage_transformers.biaffine import BiaffineHead
    from sondage_transformers.heads import LinearHead

    portion = pairs() if kind == "pairs" else stars()
    head = LinearHead(WIDTH, 2, 5, 0) if kind == "pairs" else BiaffineHead(WIDTH, 5, 0)
    head.eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in head.parameters():
            p += 0.1 * torch.randn(p.shape, generator=generator)
    rows = torch.randn(portion.n_rows, WIDTH, generator=generator)
    found = []
    for _ in range(12):
        x = rows.clone().requires_grad_(True)
        head.zero_grad()
        head(x, portion)["loss"].backward()
        found.append(x.grad.numpy().tobytes())
        if kind == "trees":
            found[-1] += head.as_head.weight.grad.numpy().tobytes()
    assert len(set(found)) == 1
