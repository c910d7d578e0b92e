"""Neighbours that both sides agree on: worked by hand, by loops, ties, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.errors import DataError, ParameterError
from sondage_similarity import Jaccard, MutualKNN, jaccard, mutual_knn
from sondage_similarity import nearest as module

A = np.array([[0.0], [1.0], [3.0], [7.0]])
B = np.array([[0.0], [1.0], [1.5], [7.0]])


def test_four_points_on_a_line():
    # Nearest on the left 1, 0, 1, 2; on the right 1, 2, 1, 2: three of four agree.
    near = {"neighbours": 1, "kernel": "euclidean"}
    assert mutual_knn(A, B, **near) == 0.75
    assert jaccard(A, B, **near) == 0.75
    # Two nearest of 0: {1, 2} and {1, 3} share one of two, and one of three.
    c = np.array([[0.0], [1.0], [9.0], [7.0]])
    found = module.nearest_rows(A, 2, "euclidean", "x"), module.nearest_rows(c, 2, "euclidean", "x")
    assert [x.tolist() for x in found] == [
        [[1, 2], [0, 2], [0, 1], [1, 2]],
        [[1, 3], [0, 3], [1, 3], [1, 2]],
    ]
    assert mutual_knn(A, c, neighbours=2, kernel="euclidean") == (0.5 + 0.5 + 0.5 + 1) / 4
    assert jaccard(A, c, neighbours=2, kernel="euclidean") == (1 / 3 + 1 / 3 + 1 / 3 + 1) / 4


def loops(x, k, kernel):
    sets = []
    for i in range(len(x)):
        others = [j for j in range(len(x)) if j != i]
        if kernel == "cosine":
            far = {j: -x[i] @ x[j] / np.linalg.norm(x[i]) / np.linalg.norm(x[j]) for j in others}
        else:
            far = {j: np.sum((x[i] - x[j]) ** 2) for j in others}
        sets.append(set(sorted(others, key=lambda j: (far[j], j))[:k]))
    return sets


@given(
    seed=st.integers(0, 2**32 - 1),
    k=st.integers(1, 8),
    kernel=st.sampled_from(["cosine", "euclidean"]),
    scale=st.sampled_from([1e-150, 1.0, 1e150]),
)
@settings(deadline=None, max_examples=40)
def test_agrees_with_loops(seed, k, kernel, scale):
    rng = np.random.default_rng(seed)
    x = rng.normal(1.0, 1.0, (20, 3))
    y = x[:, :2] + rng.normal(size=(20, 2))
    a, b = loops(x, k, kernel), loops(y, k, kernel)
    shared = [len(p & q) / k for p, q in zip(a, b, strict=True)]
    unions = [len(p & q) / len(p | q) for p, q in zip(a, b, strict=True)]
    assert mutual_knn(x * scale, y, neighbours=k, kernel=kernel) == pytest.approx(np.mean(shared))
    assert jaccard(x * scale, y, neighbours=k, kernel=kernel) == pytest.approx(np.mean(unions))


@pytest.mark.parametrize("kernel", ["cosine", "euclidean"])
def test_equal_vectors_are_equally_near_whatever_the_last_digits(kernel, monkeypatch):
    # As at a layer of embeddings: five words, each many times.
    rng = np.random.default_rng(0)
    words = np.arange(300) % 5
    x = rng.normal(size=(5, 384))[words].astype(np.float32)
    found = module.nearest_rows(x, 7, kernel, "x")
    for i, near in enumerate(found):
        same = np.flatnonzero((words == words[i]) & (np.arange(300) != i))
        assert near.tolist() == same[:7].tolist()
    y = (x * np.float32(3)) @ np.linalg.qr(rng.normal(size=(384, 384)))[0]
    assert mutual_knn(x, y, neighbours=7, kernel=kernel) == 1.0


def test_blocks_are_irrelevant(monkeypatch):
    x = np.random.default_rng(1).normal(size=(70, 4))
    wanted = module.nearest_rows(x, 5, "cosine", "x")
    monkeypatch.setattr(module, "slices", lambda n, _: iter([slice(0, 33), slice(33, n)]))
    np.testing.assert_array_equal(module.nearest_rows(x, 5, "cosine", "x"), wanted)


def test_the_sample_is_that_of_the_component():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 6))
    y = x + rng.normal(size=(200, 6))
    for measure, metric in ((mutual_knn, MutualKNN(stimuli=50)), (jaccard, Jaccard(stimuli=50))):
        accumulator = metric.begin(4)
        accumulator.update(x, y, np.arange(200))
        result = accumulator.compute()
        assert list(result.scores.values()) == [measure(x, y, stimuli=50, seed=4)]
        assert result.tables == {"stimuli": {"n": [50]}}
        assert not result.warnings
    few = MutualKNN(stimuli=500).begin(4)
    few.update(x, y, np.arange(200))
    assert few.compute().warnings == {"fewer-stimuli": 300}
    assert list(few.compute().scores) == ["mutual_knn_cosine_k10"]


def test_bad_input_is_told():
    x = np.random.default_rng(3).normal(size=(30, 3))
    for measure in (mutual_knn, jaccard):
        with pytest.raises(DataError, match="11 stimuli have no 10 nearest neighbours"):
            measure(x[:11], x[:11])
        with pytest.raises(DataError, match="1 of 30 vectors are zero"):
            measure(x, np.where(np.arange(30)[:, None] == 3, 0.0, x))
        with pytest.raises(DataError, match="the same for all"):
            measure(x, np.ones((30, 2)))
        with pytest.raises(DataError, match="NaN or infinite"):
            measure(x, x * np.nan)
        with pytest.raises(ParameterError, match="kernel"):
            measure(x, x, kernel="dot")
        with pytest.raises(ParameterError, match="neighbours"):
            measure(x, x, neighbours=0)
        with pytest.raises(ParameterError, match="stimuli"):
            measure(x, x, stimuli=2)
