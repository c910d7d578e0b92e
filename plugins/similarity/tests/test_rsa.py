"""RSA: worked by hand, against the n × n matrices, under its invariances, and degenerate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.errors import DataError, ParameterError
from sondage_similarity import RSA, rsa
from sondage_similarity.kernels import moments_of, side_of
from sondage_similarity.pairs import by_features, by_pairs

KERNELS = ["cosine", "correlation", "dot"]


def obvious(X, Y, kernel="cosine"):
    """Both n × n matrices in float64, their upper triangles, numpy's correlation."""
    upper = np.triu_indices(len(X), 1)
    flat = []
    for x in (X, Y):
        z = np.asarray(x, np.float64)
        if kernel == "correlation":
            z = z - z.mean(axis=1, keepdims=True)
        if kernel != "dot":
            z = z / np.linalg.norm(z, axis=1, keepdims=True)
        flat.append((z @ z.T)[upper])
    return np.corrcoef(*flat)[0, 1]


def sides(n, da, db, seed, mean=0.0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    X = rng.normal(mean, 1.0, (n, da))
    Y = X @ rng.normal(size=(da, db)) / np.sqrt(da) + rng.normal(mean, 0.5, (n, db))
    return X.astype(dtype), Y.astype(dtype)


def test_three_points_by_hand():
    # X: angles 0, 60 and 90 degrees, so the cosines of pairs 12, 13, 23 are 1/2, 0, sqrt(3)/2.
    # Y: (1, 0), (0, 2), (3, 3): the cosines are 0, 1/sqrt 2, 1/sqrt 2; lengths do not matter.
    X = np.array([[1.0, 0.0], [1.0, np.sqrt(3.0)], [0.0, 5.0]])
    Y = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]])
    # With Y's cosines (0, c, c), Pearson's r is that with (0, 1, 1): centred (-2, 1, 1)/3.
    # r = (-2k1 + k2 + k3) / sqrt(6 * sum (k - mean)^2); k = (1/2, 0, s), s = sqrt(3)/2, where
    # sum k^2 = 1/4 + 3/4 = 1 and (sum k)^2 = (1/2 + s)^2 = 1 + s; hence
    s = np.sqrt(3.0) / 2.0
    by_hand = (s - 1.0) / np.sqrt(6.0 * (1.0 - (1.0 + s) / 3.0))
    assert by_hand == pytest.approx(-0.08896, abs=5e-5)
    assert rsa(X, Y) == pytest.approx(by_hand, abs=1e-12)


def test_three_points_by_hand_with_dot_products():
    # X: pairs 12, 13, 23 give 0, 2, 1; Y: 0, 1, 2. Deviations (-1, 1, 0) and (-1, 0, 1):
    # r = 1 / sqrt(2 * 2).
    X = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]])
    Y = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0]])
    assert rsa(X, Y, kernel="dot") == pytest.approx(0.5, abs=1e-12)


@given(
    n=st.integers(3, 40),
    da=st.integers(2, 12),
    db=st.integers(2, 12),
    seed=st.integers(0, 2**32 - 1),
    mean=st.sampled_from([0.0, 1.0, 30.0]),
    kernel=st.sampled_from(KERNELS),
)
@settings(deadline=None, max_examples=150)
def test_both_ways_agree_with_the_matrices(n, da, db, seed, mean, kernel):
    if kernel == "correlation":
        da, db = da + 1, db + 1  # in two dimensions every correlation is 1 or -1
    X, Y = sides(n, da, db, seed, mean)
    wanted = obvious(X, Y, kernel)
    features = by_features(moments_of(X, Y, kernel)).pearson(n)
    pairs = by_pairs(side_of(X, kernel), side_of(Y, kernel), block=7).pearson(n)
    # The obvious way loses digits itself where all cosines are near 1 (mean 30: spread 1e-3).
    assert features == pytest.approx(wanted, abs=1e-8)
    assert pairs == pytest.approx(wanted, abs=1e-8)
    assert rsa(X, Y, kernel=kernel) == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize("d", [24, 400])
def test_float32_input_is_within_1e6_of_float64(d):
    X, Y = sides(700, d, d, 1, mean=3.0, dtype=np.float32)
    assert rsa(X, Y) == pytest.approx(obvious(X, Y), abs=1e-6)


def test_nearly_parallel_vectors_keep_their_digits():
    # Cosines differ from 1 by 1e-8: the obvious way has eight digits left to lose, ours none.
    rng = np.random.default_rng(0)
    U, V = rng.normal(size=(2, 60, 5))
    U[:, 0] = V[:, 0] = 0.0
    e = np.eye(5)[0]
    near = rsa(e + 1e-4 * U, e + 1e-4 * (U + V))
    # To first order 1 - cosine is half the squared distance of the small parts.
    upper = np.triu_indices(60, 1)
    gaps = [((z[:, None] - z[None]) ** 2).sum(-1)[upper] for z in (U, U + V)]
    assert near == pytest.approx(np.corrcoef(*gaps)[0, 1], abs=1e-6)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("n", [30, 200])
def test_invariances_are_those_declared(kernel, n):
    X, Y = sides(n, 8, 6, 3, mean=0.5)
    rng = np.random.default_rng(4)
    changes = {
        "orthogonal": X @ np.linalg.qr(rng.normal(size=(8, 8)))[0],
        "scaling": 7.5 * X,
        "translation": X + rng.normal(size=8),
        "linear": X @ (np.eye(8) + rng.normal(size=(8, 8))),
    }
    base = rsa(X, Y, kernel=kernel)
    kept = {name for name, Z in changes.items() if abs(rsa(Z, Y, kernel=kernel) - base) < 1e-9}
    assert kept == RSA(kernel=kernel).invariances
    assert rsa(Y, X, kernel=kernel) == pytest.approx(base, abs=1e-12)
    assert rsa(X, X, kernel=kernel) == pytest.approx(1.0, abs=1e-12)


def test_row_order_does_not_matter_to_all_rows():
    X, Y = sides(300, 5, 4, 5)
    order = np.random.default_rng(0).permutation(300)
    assert rsa(X[order], Y[order]) == pytest.approx(rsa(X, Y), abs=1e-12)


def test_sample_is_drawn_by_the_seed_alone():
    X, Y = sides(400, 6, 6, 6)
    values = [rsa(X, Y, stimuli=50, seed=s) for s in range(5)]
    assert len(set(values)) == 5
    assert rsa(X, Y, stimuli=50, seed=3) == values[3]
    assert rsa(X, Y, stimuli=None) == rsa(X, Y, stimuli=400) == rsa(X, Y, seed=9)


def test_metric_and_function_draw_the_same_rows():
    X, Y = sides(400, 6, 6, 6)
    accumulator = RSA(stimuli=50).begin(11)
    accumulator.update(X, Y, np.arange(400))
    assert accumulator.compute().scores["rsa"] == rsa(X, Y, stimuli=50, seed=11)


def break_row(X, value):
    X = X.copy()
    X[5] = value
    return X


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_a_row_without_direction_is_an_error(value):
    X, Y = sides(20, 4, 4, 0)
    with pytest.raises(DataError, match="rows 0 to 19" if value else "1 of 20 vectors are zero"):
        rsa(X, break_row(Y, value))


def test_a_constant_row_has_no_correlation():
    X, Y = sides(20, 4, 4, 0)
    with pytest.raises(DataError, match="1 of 20 vectors are constant"):
        rsa(break_row(X, 0.3), Y, kernel="correlation")
    assert -1 <= rsa(break_row(X, 0.3), Y) <= 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("d", [3, 300])
def test_equal_vectors_have_constant_similarity(dtype, d):
    X, Y = sides(50, d, d, 0, dtype=dtype)
    with pytest.raises(DataError, match="same similarity on the first side"):
        rsa(np.repeat(X[:1], 50, axis=0), Y)
    with pytest.raises(DataError, match="same similarity on the second side"):
        rsa(Y, np.repeat(X[:1], 50, axis=0) * np.linspace(1, 9, 50, dtype=dtype)[:, None])


@pytest.mark.parametrize("n", [5, 300])
@pytest.mark.parametrize("copies", [1, 3])
def test_one_hot_vectors_have_constant_similarity(n, copies):
    # All pairs have cosine 0, by either way (wide: n dimensions; narrow cannot be all apart).
    X = np.eye(n, n * copies, dtype=np.float32)
    Y = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
    with pytest.raises(DataError, match="same similarity"):
        rsa(X, Y)
    with pytest.raises(DataError, match="same similarity"):
        by_features(moments_of(X, Y, "cosine")).pearson(n)


@pytest.mark.parametrize("n", [20, 60])
def test_orthogonal_vectors_have_constant_similarity(n):
    # All cosines are 0 but for rounding, which taking the diagonal off leaves in the sums.
    Y = np.random.default_rng(0).normal(size=(n, 4))
    for seed in range(20):
        X = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
        for way in (
            by_features(moments_of(X, Y, "cosine")),
            by_pairs(side_of(X, "cosine"), side_of(Y, "cosine")),
        ):
            with pytest.raises(DataError, match="same similarity"):
                way.pearson(n)


def test_tiny_and_huge_vectors_have_directions():
    X, Y = sides(20, 4, 4, 0)
    for scale in (1e-200, 1e200):
        assert rsa(X * scale, Y) == pytest.approx(rsa(X, Y), abs=1e-12)
    with pytest.raises(DataError, match="overflow"):
        rsa(X * 1e200, Y, kernel="dot")


@pytest.mark.parametrize(
    ("X", "Y", "said"),
    [
        (np.ones((2, 3)), np.ones((2, 3)), "at least 3 stimuli"),
        (np.ones((4, 3)), np.ones((5, 3)), "4 rows against 5"),
        (np.ones(4), np.ones(4), "shape"),
        (np.ones((4, 0)), np.ones((4, 3)), "shape"),
        (np.ones((4, 3), complex), np.ones((4, 3)), "complex"),
        (np.array([["a", "b"]] * 4), np.ones((4, 3)), "real matrix"),
    ],
)
def test_inputs_that_are_no_matrices(X, Y, said):
    with pytest.raises(DataError, match=said):
        rsa(X, Y)


def test_parameters_are_checked():
    X, Y = sides(20, 4, 4, 0)
    with pytest.raises(ParameterError, match="cosin") as caught:
        rsa(X, Y, kernel="cosin")
    assert caught.value.near[0] == "cosine"
    with pytest.raises(ParameterError, match="at least 3"):
        rsa(X, Y, stimuli=2)


def test_inputs_are_left_alone_and_may_be_read_only():
    X, Y = sides(100, 4, 70, 0)
    X.flags.writeable = Y.flags.writeable = False
    before = X.copy(), Y.copy()
    for kernel in KERNELS:
        rsa(X, Y, kernel=kernel)
        rsa(X[:, :3], Y[:, :3], kernel=kernel)
    assert np.array_equal(X, before[0])
    assert np.array_equal(Y, before[1])


def test_half_precision_and_integers_are_taken():
    X, Y = sides(60, 4, 4, 0)
    assert rsa(X.astype(np.float16), Y) == pytest.approx(rsa(X, Y), abs=1e-3)
    counts = np.arange(30).reshape(10, 3) % 7 + 1
    assert rsa(counts, Y[:10]) == rsa(counts.astype(float), Y[:10])
