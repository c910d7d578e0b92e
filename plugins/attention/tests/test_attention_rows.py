"""The measures of rows: worked by hand, against scipy a row at a time, and on bad input."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy as scipy_entropy
from scipy.stats import wasserstein_distance

from sondage.errors import DataError, ParameterError
from sondage_attention import emd, entropy, js

P, Q = [1 / 2, 1 / 4, 1 / 4], [1 / 4, 1 / 4, 1 / 2]


def test_divergence_by_hand():
    # m = (3/8, 1/4, 3/8): 1/2 log(4/3) + 1/4 log(2/3).
    by_hand = 5 / 4 * math.log(2) - 3 / 4 * math.log(3)
    assert js(P, Q) == pytest.approx(by_hand, abs=1e-15)
    assert js(P, Q, unit="bits") == pytest.approx(5 / 4 - 3 / 4 * math.log2(3), abs=1e-15)


def test_divergence_of_rows_that_share_nothing_and_of_equal_ones():
    assert js([1, 0, 0], [0, 0, 1]) == pytest.approx(math.log(2), abs=1e-15)
    assert js([1, 0, 0], [0, 0, 1], unit="bits") == pytest.approx(1, abs=1e-15)
    assert js(P, P) == 0
    assert js(np.float32(P), np.float32(P)) == 0


def test_earth_movers_distance_by_hand():
    # The cumulative distributions differ by 1/4, 1/4, 0; a quarter moves over two positions.
    assert emd(P, Q) == pytest.approx(1 / 2, abs=1e-15)
    assert emd(P, Q, relative=True) == pytest.approx(1 / 4, abs=1e-15)
    assert emd(P, Q, ground="uniform") == pytest.approx(1 / 4, abs=1e-15)
    assert emd([1, 0, 0], [0, 0, 1]) == 2
    assert emd([1, 0, 0], [0, 0, 1], ground="uniform") == 1
    assert emd([1, 0, 0], [0, 0, 1], ground="uniform", relative=True) == 1


def test_entropy_by_hand():
    # 1/2 of 1 bit and twice 1/4 of 2.
    assert entropy(P, unit="bits") == pytest.approx(3 / 2, abs=1e-15)
    assert entropy(P) == pytest.approx(3 / 2 * math.log(2), abs=1e-15)
    assert entropy(P, relative=True) == pytest.approx(3 / 2 / math.log2(3), abs=1e-15)
    assert entropy([0, 1, 0]) == 0
    assert entropy([1 / 3] * 3, relative=True) == pytest.approx(1, abs=1e-15)


def test_what_does_not_count_is_left_out_and_the_rest_divided_by_its_sum():
    keys = [True, False, True]
    # (2/3, 1/3) and (1/3, 2/3), two positions apart.
    for junk in (math.nan, math.inf, -1.0, 7.0):
        p, q = [1 / 2, junk, 1 / 4], [1 / 4, junk, 1 / 2]
        mixed = 2 / 3 * math.log(4 / 3) + 1 / 3 * math.log(2 / 3)
        assert js(p, q, keys) == pytest.approx(mixed, abs=1e-15)
        assert emd(p, q, keys) == pytest.approx(2 / 3, abs=1e-15)
        assert emd(p, q, keys, relative=True) == pytest.approx(1 / 3, abs=1e-15)
        assert emd(p, q, keys, ground="uniform") == pytest.approx(1 / 3, abs=1e-15)
        assert entropy(p, keys, relative=True) == pytest.approx(
            math.log2(3) - 2 / 3, abs=1e-15
        )  # of (2/3, 1/3), in bits, over the 1 bit of two positions


def maps(seed: int, sharpness: float, shape: tuple[int, ...] = (2, 3, 7, 7)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = np.exp(sharpness * rng.standard_normal(shape))
    found[rng.random(shape) < 0.2] = 0
    found[..., 2] += 1e-3
    return found / found.sum(-1, keepdims=True)


def squared(p: np.ndarray, q: np.ndarray) -> float:
    """Return scipy's divergence: it gives the square root, of rows that are nearly equal NaN."""
    with np.errstate(invalid="ignore"):
        return float(np.nan_to_num(jensenshannon(p, q))) ** 2


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    sharpness=st.floats(0, 8),
    dtype=st.sampled_from([np.float64, np.float32]),
    t=st.integers(1, 12),
)
def test_every_row_is_as_scipy_has_it(seed, sharpness, dtype, t):
    a, b = (maps(seed + i, sharpness, (2, 3, max(t, 3))).astype(dtype) for i in (0, 1))
    keys = np.random.default_rng(seed).random((2, 1, max(t, 3))) < 0.8
    keys[..., 2] = True
    near = 1e-12 if dtype is np.float64 else 5e-6
    found = {
        "js": js(a, b, keys),
        "position": emd(a, b, keys),
        "uniform": emd(a, b, keys, ground="uniform"),
        "entropy": entropy(a, keys, unit="bits"),
    }
    for at in np.ndindex(2, 3):
        there = np.flatnonzero(keys[at[0], 0])
        p, q = (x[at][there].astype(np.float64) for x in (a, b))
        p, q = p / p.sum(), q / q.sum()
        slow = {
            "js": squared(p, q),
            "position": wasserstein_distance(there, there, p, q),
            "uniform": np.abs(p - q).sum() / 2,
            "entropy": scipy_entropy(p, base=2),
        }
        for name, value in slow.items():
            assert found[name][at] == pytest.approx(value, rel=near, abs=near), name


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), sharpness=st.floats(0, 30))
def test_bounds_and_symmetry(seed, sharpness):
    a, b = maps(seed, sharpness).astype(np.float32), maps(seed + 1, sharpness).astype(np.float32)
    total = np.asarray(emd(a, b, ground="uniform"))
    divergence = np.asarray(js(a, b))
    assert (divergence >= 0).all()
    assert (divergence <= math.log(2)).all()
    # Total variation bounds the divergence from both sides: Lin 1991, theorem 3; Pinsker.
    assert (divergence <= math.log(2) * total + 1e-6).all()
    assert (divergence >= total**2 / 2 - 1e-6).all()
    # No move is longer than the row, none of what moves is shorter than one position.
    assert (np.asarray(emd(a, b)) >= total - 1e-6).all()
    assert (np.asarray(emd(a, b)) <= 6 * total + 1e-5).all()
    np.testing.assert_allclose(divergence, js(b, a), rtol=0, atol=1e-6)
    np.testing.assert_allclose(emd(a, b), emd(b, a), rtol=0, atol=1e-6)
    assert (entropy(a) <= math.log(7) + 1e-6).all()


def test_rows_that_are_nearly_equal_keep_their_digits():
    rng = np.random.default_rng(0)
    p = maps(0, 1.0, (200, 64))
    a = p.astype(np.float32)
    b = (p * (1 + 1e-4 * rng.standard_normal(p.shape))).astype(np.float32)
    wide = js(a.astype(np.float64), b.astype(np.float64))
    assert wide.mean() < 2e-9
    assert js(a, b).mean() == pytest.approx(wide.mean(), rel=1e-2)


def test_rows_that_differ_by_rounding_have_a_divergence():
    p = np.array([0.15865173381980024, 0.17789920231940143, 0.6634490638607984])
    q = np.array([0.15865173381980022, 0.1778992023194014, 0.6634490638607984])
    assert 0 <= js(p, q) < 1e-30
    with np.errstate(invalid="ignore"):
        assert np.isnan(jensenshannon(p, q)) or jensenshannon(p, q) < 1e-8


def test_arrays_and_tensors_of_any_width_are_taken():
    a, b = maps(0, 1.0), maps(1, 1.0)
    exact = js(a, b)
    for dtype, near in ((torch.float32, 1e-6), (torch.float16, 1e-3), (torch.bfloat16, 1e-2)):
        x, y = torch.tensor(a, dtype=dtype), torch.tensor(b, dtype=dtype)
        np.testing.assert_allclose(js(x, y), exact, atol=near)
        np.testing.assert_allclose(js(x, b), exact, atol=near)
    np.testing.assert_allclose(js(a.astype(np.float16), b), exact, atol=1e-3)
    leaf = torch.tensor(a, requires_grad=True)
    np.testing.assert_array_equal(js(leaf, b), exact)
    assert isinstance(js(leaf, b), np.ndarray)


def test_inputs_stay_as_they_are_and_may_be_read_only():
    a, b = maps(0, 1.0).astype(np.float32), maps(1, 1.0).astype(np.float32)
    before = a.copy(), b.copy()
    for x in (a, b):
        x.setflags(write=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        js(a, b), emd(a, b), entropy(a), js(a[..., ::-1], b)
    x, y = torch.from_numpy(before[0].copy()), torch.from_numpy(before[1].copy())
    js(x, y), emd(x.double(), y.double()), emd(x, y, ground="uniform"), entropy(x)
    for now, then in ((x.numpy(), before[0]), (y.numpy(), before[1]), (a, before[0])):
        np.testing.assert_array_equal(now, then)


def test_double_inputs_stay_as_they_are():
    a, b = maps(0, 1.0), maps(1, 1.0)
    before = a.copy(), b.copy()
    js(a, b), emd(a, b), emd(a, b, ground="uniform"), entropy(a)
    np.testing.assert_array_equal(a, before[0])
    np.testing.assert_array_equal(b, before[1])


def test_a_row_that_gives_nothing_has_no_value():
    zero, p = [0.0, 0.0, 0.0], [0.2, 0.3, 0.5]
    for values in (js([zero, p], [p, p]), js([p, p], [zero, p]), emd([zero, p], [p, p])):
        assert np.isnan(values[0])
        assert values[1] == 0
    assert np.isnan(entropy(zero))
    # All that there was went to a position that does not count.
    assert np.isnan(js([0, 0, 1], p, [True, True, False]))


def test_one_position_differs_from_nothing_and_has_no_relative_value():
    assert js([1.0], [1.0]) == emd([1.0], [1.0]) == entropy([1.0]) == 0
    assert np.isnan(entropy([1.0], relative=True))
    assert np.isnan(emd([1.0], [1.0], relative=True))
    assert emd([1.0], [1.0], ground="uniform", relative=True) == 0


def test_long_maps_are_gone_through_in_blocks(monkeypatch):
    a, b = maps(0, 1.0), maps(1, 1.0)
    keys = np.random.default_rng(0).random((2, 1, 1, 7)) < 0.7
    whole = js(a, b, keys), emd(a, b, keys), entropy(a, keys)
    monkeypatch.setattr("sondage_attention.rows.BLOCK", 20)
    parts = js(a, b, keys), emd(a, b, keys), entropy(a, keys)
    for part, one in zip(parts, whole, strict=True):
        np.testing.assert_allclose(part, one, rtol=1e-12)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ([math.nan, 0.5, 0.5], "NaN in 1 of the rows"),
        ([math.inf, 0.5, 0.5], "infinite values in 1 of the rows"),
        ([-0.5, 1.0, 0.5], "values below 0 in 1 of the rows"),
    ],
)
def test_values_that_are_no_shares_are_refused(bad, said):
    p = [0.2, 0.3, 0.5]
    for call in (
        lambda: js([bad, p], [p, p]),
        lambda: js([p, p], [bad, p]),
        lambda: emd([bad, p], [p, p]),
        lambda: entropy([p, bad]),
    ):
        with pytest.raises(DataError, match=said):
            call()


def test_shapes_and_types_that_do_not_fit_are_refused():
    a = maps(0, 1.0)
    with pytest.raises(DataError, match=r"shape \(2, 3, 7, 7\) and \(2, 3, 7\)"):
        js(a, a[..., 0])
    with pytest.raises(DataError, match="at least one position"):
        entropy(a[..., :0])
    with pytest.raises(DataError, match="at least one position"):
        entropy(1.0)
    with pytest.raises(DataError, match=r"keys of shape \(2, 7\)") as found:
        js(a, a, np.ones((2, 7), bool))
    assert "keys[:, None, None, :]" in str(found.value)
    with pytest.raises(DataError, match="real numbers"):
        js(a.astype(complex), a)
    with pytest.raises(DataError, match="real numbers"):
        js(torch.tensor(a).to(torch.complex64), a)
    with pytest.raises(DataError, match="real numbers"):
        entropy(["a", "b"])


def test_options_that_do_not_exist_are_refused():
    with pytest.raises(ParameterError, match="'hartleys'"):
        js(P, Q, unit="hartleys")
    with pytest.raises(ParameterError, match="'cosine'"):
        emd(P, Q, ground="cosine")


def test_no_rows_give_no_values():
    assert js(np.ones((0, 3)), np.ones((0, 3))).shape == (0,)
