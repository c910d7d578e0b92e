"""CCA and its kin: worked by hand, by slow obvious ways, peers' errors, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.errors import DataError, ParameterError
from sondage_similarity import (
    CCA,
    PWCCA,
    SVCCA,
    Bures,
    LinearRegression,
    Procrustes,
    bures,
    cca,
    linear_regression,
    procrustes,
    pwcca,
    svcca,
)
from sondage_similarity import spectra as spectra_module
from sondage_similarity.linear import gathered
from sondage_similarity.rounding import Exact

# One direction on the left, since both columns sum to 1 everywhere; two on the right.
T = np.array([1.0, -1.0, 0.0, 0.0])
LEFT = np.stack([T, 1 - T], axis=1)
RIGHT = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
ROOT = np.sqrt(0.5)


def scores(metric, X, Y):
    return dict(metric.result(gathered(X, Y)).scores)


def test_a_null_direction_worked_by_hand():
    # T lies at 45 degrees to the first column on the right, and at right angles to the second.
    assert scores(CCA(), LEFT, RIGHT) == pytest.approx(
        {
            "cca_centred_mean": ROOT,
            "cca_centred_yanai": 0.5 / np.sqrt(2),
            "cca_centred_pillai": 0.5,
        }
    )
    assert svcca(LEFT, RIGHT) == pytest.approx(ROOT)
    assert svcca(LEFT, RIGHT, mean_over="width") == pytest.approx(ROOT / 2)
    assert scores(PWCCA(), LEFT, RIGHT) == pytest.approx(
        dict.fromkeys(["pwcca_centred_symmetric", "pwcca_centred_by_a", "pwcca_centred_by_b"], ROOT)
    )
    # Of the right's sum of squares 8, T explains 2; of the left's 4 the right explains half.
    assert scores(LinearRegression(), LEFT, RIGHT) == pytest.approx(
        {"r2_centred_b_from_a": 0.25, "r2_centred_a_from_b": 0.5}
    )
    # Products [[2, 0], [-2, 0]]: nuclear norm √8, over √4 √8.
    assert scores(Procrustes(), LEFT, RIGHT) == pytest.approx(
        {
            "procrustes_centred_half_squared": 0.5,
            "procrustes_centred_chord": 1.0,
            "procrustes_centred_angle": np.pi / 3,
        }
    )
    assert bures(LEFT, RIGHT) == pytest.approx(0.5)
    table = SVCCA().result(gathered(LEFT, RIGHT)).tables["ranks"]
    assert (table["width"], table["rank"], table["kept"]) == ([2, 2], [1, 2], [1, 2])


@st.composite
def two_sides(draw):
    """Return related sides, some with null directions, some far from the origin."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d, e = draw(st.integers(30, 60)), draw(st.integers(1, 6)), draw(st.integers(1, 6))
    z = rng.normal(size=(n, 4))
    x = z @ rng.normal(size=(4, d)) + draw(st.sampled_from([0.3, 3.0])) * rng.normal(size=(n, d))
    y = z @ rng.normal(size=(4, e)) + rng.normal(size=(n, e))
    if draw(st.booleans()) and d > 1:
        x -= x.mean(axis=1, keepdims=True)
    x, y = x * draw(st.sampled_from([1e-3, 1.0, 1e4])), y + draw(st.sampled_from([0.0, 30.0]))
    return x, y


def left_vectors(x, variance=1.0):
    """Return an orthonormal basis of the columns, by an SVD of the centred rows."""
    u, s, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    s = s[s > 1e-6 * s[0]]
    shares = np.cumsum(s**2) / np.sum(s**2)
    kept = len(s) if variance == 1.0 else int(np.argmax(shares >= variance - 1e-12)) + 1
    return u[:, :kept]


def weighted(variates, rho, x):
    weights = [sum(abs(h @ c) for c in (x - x.mean(axis=0)).T) for h in variates.T]
    return np.average(rho, weights=weights)


def root(kernel):
    values, vectors = np.linalg.eigh(kernel)
    return vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T


@given(two_sides())
@settings(deadline=None, max_examples=60)
def test_the_family_agrees_with_slow_obvious_ways(sides):
    x, y = sides
    u, v = left_vectors(x), left_vectors(y)
    p, rho, qt = np.linalg.svd(u.T @ v, full_matrices=False)
    assert cca(x, y) == pytest.approx(rho.mean(), abs=1e-9)
    projections = np.trace(u @ u.T @ v @ v.T)
    ranks = u.shape[1], v.shape[1]
    assert cca(x, y, summary="yanai") == pytest.approx(projections / np.sqrt(np.prod(ranks)))
    assert cca(x, y, summary="pillai") == pytest.approx(projections / min(ranks))
    by_a, by_b = weighted(u @ p, rho, x), weighted(v @ qt.T, rho, y)
    assert pwcca(x, y, weights="a") == pytest.approx(by_a, abs=1e-8)
    assert pwcca(x, y, weights="b") == pytest.approx(by_b, abs=1e-8)
    assert pwcca(x, y) == pytest.approx((by_a + by_b) / 2, abs=1e-8)
    for variance in (0.5, 0.9):
        few = np.linalg.svd(
            left_vectors(x, variance).T @ left_vectors(y, variance), compute_uv=False
        )
        assert svcca(x, y, variance=variance) == pytest.approx(few.mean(), abs=1e-9)
        over = few.sum() / min(x.shape[1], y.shape[1])
        found = svcca(x, y, variance=variance, mean_over="width")
        assert found == pytest.approx(over, abs=1e-9)


@given(two_sides())
@settings(deadline=None, max_examples=60)
def test_what_is_no_correlation_agrees_with_slow_obvious_ways(sides):
    x, y = sides
    a, b = (z - z.mean(axis=0) for z in (x, y))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    inner = root(root(a @ a.T) @ (b @ b.T) @ root(a @ a.T))
    assert bures(x, y) == pytest.approx(np.trace(inner), abs=2e-6)
    # The best rotation, applied; the narrower side gets columns of zeros.
    wide = max(a.shape[1], b.shape[1])
    a, b = (np.pad(z, ((0, 0), (0, wide - z.shape[1]))) for z in (a, b))
    u, _, vt = np.linalg.svd(a.T @ b)
    chord = np.linalg.norm(a @ u @ vt - b)
    assert procrustes(x, y, scaling="chord") == pytest.approx(chord, abs=1e-6)
    assert procrustes(x, y) == pytest.approx(chord**2 / 2, abs=1e-9)
    assert procrustes(x, y, scaling="angle") == pytest.approx(np.arccos(1 - chord**2 / 2), abs=1e-6)
    for direction, (given_, wanted) in {"b_from_a": (x, y), "a_from_b": (y, x)}.items():
        own = np.column_stack([given_ - given_.mean(axis=0), np.ones(len(x))])
        left = wanted - own @ np.linalg.lstsq(own, wanted, rcond=1e-9)[0]
        r2 = 1 - np.sum(left**2) / np.sum((wanted - wanted.mean(axis=0)) ** 2)
        assert linear_regression(x, y, direction=direction) == pytest.approx(r2, abs=1e-8)


def normed(n=500, d=24, seed=0, mixing=0):
    """Return what a LayerNorm leaves of vectors, as float32: a direction of no variance."""
    rng = np.random.default_rng(seed)
    z = np.random.default_rng(99).normal(size=(n, d)) + 0.5 * rng.normal(size=(n, d))
    z = z @ np.random.default_rng(mixing).normal(size=(d, d))
    z -= z.mean(axis=1, keepdims=True)
    return (z / z.std(axis=1, keepdims=True)).astype(np.float32)


def as_float16(x):
    return x.astype(np.float16).astype(np.float32)


def as_bfloat16(x):
    bits = x.view(np.uint32).astype(np.uint64) + 0x7FFF + ((x.view(np.uint32) >> 16) & 1)
    return (bits.astype(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)


TYPES = {
    "float32": lambda x: x,
    "float16": as_float16,
    "bfloat16": as_bfloat16,
}


@pytest.mark.parametrize("name", TYPES)
def test_the_null_direction_is_found_whatever_the_values_were_rounded_to(name):
    x, y = normed(), normed(seed=1, mixing=1)
    found = CCA().result(gathered(TYPES[name](x), TYPES[name](y)))
    assert found.tables["ranks"]["rank"] == [23, 23]
    assert found.tables["ranks"]["precision"] == [name, name]
    assert found.scores["cca_centred_mean"] == pytest.approx(cca(x, y), abs=2e-3)
    # Taken for signal, rounding would add a correlation near what 500 stimuli give by chance.
    wrong = CCA(precision="float32").result(gathered(TYPES[name](x), TYPES[name](y)))
    assert wrong.tables["ranks"]["rank"] == ([23, 23] if name == "float32" else [24, 24])


def test_half_precision_arrays_and_pooled_rows():
    x, y = normed().astype(np.float16), normed(seed=1)
    assert CCA().result(gathered(x, y)).tables["ranks"]["precision"] == ["float16", "float32"]
    # Means of two subwords are exact in no short type; one row in five is a single subword.
    low = as_bfloat16(normed(n=1000))
    pooled = (low[:500] + low[500:]) / 3
    assert CCA().result(gathered(pooled, y)).tables["ranks"]["precision"][0] == "float32"
    pooled[::5] = low[:500:5]
    assert CCA().result(gathered(pooled, y)).tables["ranks"]["precision"][0] == "bfloat16"


def test_thresholds_are_shares_of_variance_about_the_mean():
    # Orthogonal columns with 98.5, 1 and 0.5 hundredths of the variance.
    n = 64
    waves = np.stack([np.sin(2 * np.pi * k * np.arange(n) / n) for k in (1, 2, 3)], axis=1)
    x = waves * np.sqrt([98.5, 1.0, 0.5])
    kept = SVCCA().result(gathered(x, x)).tables["ranks"]["kept"]
    # Shares of singular values would keep all three; share × total against shares keeps one.
    assert kept == [2, 2]
    assert svcca(x, x, mean_over="width") == pytest.approx(2 / 3)
    # A common offset, not centred, would be the one direction that holds 99%.
    far = SVCCA().result(gathered(x + 1000.0, x))
    assert far.tables["ranks"]["kept"] == [2, 2]
    # Half the variance exactly, which rounding may miss.
    even = waves[:, :2]
    assert SVCCA(variance=0.5).result(gathered(even, even)).tables["ranks"]["kept"] == [1, 1]


def test_pwcca_weights_are_of_variates_and_the_mean_is_of_all():
    # Three correlations 1, 0.6 and 0, told of sums of squares 1, 4 and 9.
    n = 96
    s = [np.sin(2 * np.pi * k * np.arange(n) / n) for k in range(1, 7)]
    x = np.stack([s[0], 2 * s[1], 3 * s[2]], axis=1)
    y = np.stack([s[0], 0.6 * s[1] + 0.8 * s[3], s[4]], axis=1)
    assert cca(x, y) == pytest.approx(1.6 / 3)
    # Not the mean of correlations up to 98% of their sum, which would be 0.8.
    assert pwcca(x, y, weights="a") == pytest.approx((1 * 1 + 2 * 0.6 + 3 * 0) / 6)
    assert pwcca(x, y, weights="b") == pytest.approx(1.6 / 3)


def test_scores_are_named_by_what_was_done():
    x, y = normed(), normed(seed=1)
    names = {
        "svcca_centred_99pct_over_kept": SVCCA(),
        "svcca_centred_99.5pct_over_width": SVCCA(variance=0.995, mean_over="width"),
        "cca_centred_pillai": CCA(summary="pillai"),
        "pwcca_centred_by_b": PWCCA(weights="b"),
        "procrustes_centred_angle": Procrustes(scaling="angle"),
        "bures_centred": Bures(),
        "r2_centred_a_from_b": LinearRegression(direction="a_from_b"),
    }
    assert list(names) == [next(iter(scores(m, x, y))) for m in names.values()]


def test_an_svd_that_gives_up_is_done_in_another_way(monkeypatch):
    x, y = normed()[:, :9], normed(seed=1)
    wanted = [cca(x, y), pwcca(x, y), procrustes(x, y), pwcca(y, x, weights="a")]

    def fails(*_, **__):
        raise np.linalg.LinAlgError("SVD did not converge")

    monkeypatch.setattr(spectra_module.np.linalg, "svd", fails)
    found = [cca(x, y), pwcca(x, y), procrustes(x, y), pwcca(y, x, weights="a")]
    assert found == pytest.approx(wanted, abs=1e-6)


EVERY = [cca, pwcca, svcca, procrustes, bures, linear_regression]
RNG = np.random.default_rng(5)
GOOD = RNG.normal(size=(40, 5))


@pytest.mark.parametrize("measure", EVERY)
def test_bad_input_is_told(measure):
    with pytest.raises(DataError, match=r"second input are .nearly. the same for all 40"):
        measure(GOOD, np.full((40, 3), 0.1))
    with pytest.raises(DataError, match=r"first input are .nearly. the same"):
        measure(np.zeros((40, 3)), GOOD)
    with pytest.raises(DataError, match="NaN or infinite"):
        measure(GOOD, np.where(np.arange(40)[:, None] == 3, np.nan, GOOD))
    with pytest.raises(DataError, match="overflow float64"):
        measure(GOOD, GOOD * 1e200)
    with pytest.raises(DataError, match="40 rows against 39"):
        measure(GOOD, GOOD[:39])
    with pytest.raises(DataError, match="at least 3 stimuli and has 2"):
        measure(GOOD[:2], GOOD[:2])
    with pytest.raises(DataError, match="at least 3 stimuli and has 0"):
        measure(GOOD[:0], GOOD[:0])


@pytest.mark.parametrize("measure", [cca, pwcca, svcca, linear_regression])
def test_fewer_stimuli_than_dimensions_are_refused_where_they_decide_the_value(measure):
    with pytest.raises(DataError, match="more stimuli than dimensions: with 30 stimuli of 30"):
        measure(RNG.normal(size=(30, 30)), GOOD[:30])
    assert 0 <= measure(RNG.normal(size=(31, 30)), RNG.normal(size=(31, 2))) <= 1


def test_what_few_stimuli_force_is_counted():
    x, y = RNG.normal(size=(20, 12)), RNG.normal(size=(20, 11))
    result = CCA().result(gathered(x, y))
    # Subspaces of 12 and 11 in the 19 dimensions of centred stimuli meet in 4.
    assert result.warnings == {"forced-correlations": 4}
    rho = gathered(x, y).correlations("auto", 12, 11)
    assert (rho[:4] > 1 - 1e-9).all()
    assert rho[4] < 0.9999
    assert not CCA().result(gathered(GOOD, GOOD)).warnings
    thin = Procrustes().result(gathered(x[:10], y[:10]))
    assert thin.warnings == {"fewer-stimuli-than-dimensions": 3}


@pytest.mark.parametrize(
    ("measure", "given_"),
    [
        (svcca, {"variance": 0.0}),
        (svcca, {"variance": 1.5}),
        (svcca, {"mean_over": "rank"}),
        (svcca, {"precision": "float8"}),
        (cca, {"summary": "median"}),
        (cca, {"precision": "half"}),
        (pwcca, {"weights": "both"}),
        (procrustes, {"scaling": "squared"}),
        (linear_regression, {"direction": "b"}),
        (linear_regression, {"precision": "half"}),
    ],
)
def test_what_is_no_parameter_is_told(measure, given_):
    with pytest.raises(ParameterError):
        measure(GOOD, GOOD, **given_)


@pytest.mark.parametrize("stored", ["float16", "bfloat16"])
def test_numbers_that_were_stored_in_halves_are_seen_to_be(stored):
    from sondage.store.half import narrowed, widened

    x = np.random.default_rng(0).normal(size=(50, 40)).astype(np.float32)
    assert Exact.of(x).precision() == "float32"
    assert Exact.of(widened(narrowed(x, stored), stored)).precision() == stored
