"""Accumulators: any chunking, order and merge tree; copies; settings that do not match."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.errors import DataError
from sondage_similarity import CKA, RSA, Moments, cka, rsa
from sondage_similarity.sample import BottomK, priorities

N = 90
RNG = np.random.default_rng(0)
X = RNG.normal(2.0, 1.0, (N, 5))
Y = X[:, :4] + RNG.normal(0.0, 0.7, (N, 4))
ROWS = RNG.permutation(10_000)[:N].astype(np.int64)
METRICS = {
    "rsa": RSA(stimuli=40),
    "rsa, dot": RSA(stimuli=40, kernel="dot"),
    "rsa, few": RSA(stimuli=200),
    "rsa, all": RSA(stimuli=None),
    "cka": CKA(),
    "cka, plain": CKA(debiased=False),
}


def value(accumulator):
    return next(iter(accumulator.compute().scores.values()))


def whole(metric, seed=7):
    accumulator = metric.begin(seed)
    accumulator.update(X, Y, ROWS)
    return value(accumulator)


@given(data=st.data(), name=st.sampled_from(sorted(METRICS)))
@settings(deadline=None, max_examples=150)
def test_any_order_chunking_and_merge_tree(data, name):
    metric = METRICS[name]
    order = np.array(data.draw(st.permutations(range(N))))
    cuts = sorted(data.draw(st.lists(st.integers(0, N), max_size=8)))
    chunks = np.split(order, cuts)
    parts = []
    for chunk in chunks:
        if parts and data.draw(st.booleans()):
            part = parts[-1]
        else:
            part = metric.begin(7)
            parts.append(part)
        part.update(X[chunk], Y[chunk], ROWS[chunk])
    while len(parts) > 1:
        i = data.draw(st.integers(0, len(parts) - 2))
        other = parts.pop(i + 1)
        assert parts[i].merge(other) is parts[i]
    if metric.randomness or "few" in name:
        assert value(parts[0]) == whole(metric)
    else:
        assert value(parts[0]) == pytest.approx(whole(metric), abs=1e-12)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_merge_leaves_the_other_as_it_is(name):
    metric = METRICS[name]
    one, two = metric.begin(7), metric.begin(7)
    one.update(X[:50], Y[:50], ROWS[:50])
    two.update(X[50:], Y[50:], ROWS[50:])
    before = pickle.dumps(two)
    joined = copy.deepcopy(one).merge(two)
    empty = metric.begin(7).merge(two)
    assert pickle.dumps(two) == before
    # What grew out of `two` shares no memory with it.
    empty.merge(one)
    joined.merge(metric.begin(7))
    assert pickle.dumps(two) == before
    assert value(empty) == pytest.approx(whole(metric), abs=1e-12)
    assert value(joined) == pytest.approx(whole(metric), abs=1e-12)
    assert value(pickle.loads(pickle.dumps(joined))) == value(joined)


@pytest.mark.parametrize("name", ["cka", "cka, plain", "rsa, all"])
def test_leaving_out_a_group_equals_starting_without_it(name):
    metric = METRICS[name]
    groups = np.arange(N) % 6
    parts = []
    for g in range(6):
        part = metric.begin(0)
        part.update(X[groups == g], Y[groups == g], ROWS[groups == g])
        parts.append(part)
    for g in range(6):
        rest = metric.begin(0)
        for other in parts[:g] + parts[g + 1 :]:
            rest.merge(other)
        keep = groups != g
        fresh = metric.begin(0)
        fresh.update(X[keep], Y[keep], ROWS[keep])
        assert value(rest) == pytest.approx(value(fresh), abs=1e-12)
        assert rest.compute().tables["stimuli"]["n"] == [75]


@given(
    n=st.integers(6, 70),
    groups=st.integers(3, 8),
    wide=st.booleans(),
    kernel=st.sampled_from(["cosine", "correlation", "dot"]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(deadline=None, max_examples=60)
def test_leaving_out_a_group_of_the_stimuli_drawn_equals_rsa_of_the_rest(
    n, groups, wide, kernel, seed
):
    rng = np.random.default_rng(seed)
    width = 40 if wide else 3
    X = rng.normal(1.0, 1.0, (n, width))
    Y = X + rng.normal(0.0, 0.5, (n, width))
    rows = rng.permutation(1000)[:n].astype(np.int64)
    accumulator = RSA(stimuli=50, kernel=kernel).begin(seed % 100)
    accumulator.update(X, Y, rows)
    drawn = np.flatnonzero(np.isin(rows, accumulator.sample.identities()))
    drawn = drawn[np.argsort(rows[drawn])]
    group = rows[drawn] % groups
    sizes = np.bincount(group)[np.unique(group)]
    found = [s["rsa"] for s in accumulator.left_out(lambda rows: rows % groups)]
    if len(sizes) < 3 or len(drawn) - sizes.max() < 3:
        assert found == []
        return
    kept = [drawn[group != g] for g in np.unique(group)]
    wanted = [rsa(X[k], Y[k], kernel=kernel) for k in kept]
    assert found == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("width", [4, 60])
def test_leaving_out_a_group_of_near_equal_vectors_keeps_its_digits(width):
    rng = np.random.default_rng(0)
    X = 1e3 + rng.normal(size=(120, width))
    Y = X + rng.normal(0.0, 0.5, X.shape)
    accumulator = RSA(stimuli=120).begin(0)
    accumulator.update(X, Y, np.arange(120))
    found = [s["rsa"] for s in accumulator.left_out(lambda rows: rows % 20)]
    keep = np.arange(120) % 20
    assert found == pytest.approx([rsa(X[keep != g], Y[keep != g]) for g in range(20)], abs=1e-6)


@given(
    na=st.integers(1, 30),
    nb=st.integers(1, 30),
    far=st.sampled_from([0.0, 1.0, 1000.0]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(deadline=None)
def test_merged_moments_are_those_of_the_whole(na, nb, far, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(na + nb, 3)), rng.normal(size=(na + nb, 2))
    x[na:] += far
    y[na:] -= far
    wanted = Moments.of(x, y)
    merged = Moments.of(x[:na], y[:na])
    merged.merge(Moments.of(x[na:], y[na:]))
    assert merged.n == wanted.n
    size = 1.0 + far
    for cross in ("aa", "ab", "bb"):
        for name, power in (("uv", 2), ("ub", 3), ("av", 3), ("ab", 4)):
            got, want = getattr(getattr(merged, cross), name), getattr(getattr(wanted, cross), name)
            np.testing.assert_allclose(got, want, atol=1e-12 * merged.n * size**power, rtol=1e-11)
    np.testing.assert_allclose(merged.mean_a, wanted.mean_a, atol=1e-13 * size)
    np.testing.assert_allclose(merged.sum_b, wanted.sum_b, rtol=1e-12)


def test_streaming_equals_the_plain_functions():
    rows = np.arange(N)
    for metric, plain in (
        (CKA(), cka(X, Y)),
        (CKA(debiased=False), cka(X, Y, debiased=False)),
        (RSA(stimuli=None), rsa(X, Y, stimuli=None)),
        (RSA(stimuli=30), rsa(X, Y, stimuli=30, seed=2)),
    ):
        accumulator = metric.begin(2)
        for chunk in np.array_split(rows, 7):
            accumulator.update(X[chunk], Y[chunk], rows[chunk])
        assert value(accumulator) == pytest.approx(plain, abs=1e-12)


def test_sample_is_the_smallest_priorities():
    keys = priorities(ROWS, 7)
    smallest = np.sort(ROWS[np.argsort(keys)[:40]])
    sample = BottomK(40, 7)
    for chunk in np.array_split(np.arange(N), 13):
        sample.add(X[chunk], Y[chunk], ROWS[chunk])
    a, b = sample.drawn()
    place = {int(r): i for i, r in enumerate(ROWS)}
    wanted = [place[int(r)] for r in smallest]
    assert np.array_equal(a, X[wanted])
    assert np.array_equal(b, Y[wanted])
    assert sample.seen == N


def test_priorities_are_one_to_one_and_even():
    rows = np.arange(200_000)
    for seed in (0, 1, -3, 2**63):
        keys = priorities(rows, seed)
        assert len(np.unique(keys)) == len(rows)
        counts = np.bincount((keys >> np.uint64(58)).astype(int), minlength=64)
        chi2 = ((counts - 3125.0) ** 2 / 3125.0).sum()
        assert 63 - 4 * np.sqrt(126) < chi2 < 63 + 4 * np.sqrt(126)
    # Samples of neighbouring seeds overlap as unrelated ones would: half of a half.
    low = [priorities(rows, s) < np.uint64(2**63) for s in range(4)]
    for i in range(3):
        assert abs(np.mean(low[i] & low[i + 1]) - 0.25) < 0.005


def test_every_stimulus_is_drawn_equally_often():
    drawn = np.zeros(60)
    for seed in range(2000):
        drawn[np.argpartition(priorities(np.arange(60), seed), 19)[:20]] += 1
    # Binomial with p = 1/3: standard deviation sqrt(2000 * 2/9) = 21.
    assert np.abs(drawn - 2000 / 3).max() < 4.5 * 21


def test_fewer_stimuli_than_wanted_are_counted():
    accumulator = RSA(stimuli=100).begin(0)
    accumulator.update(X, Y, ROWS)
    result = accumulator.compute()
    assert result.warnings == {"fewer-stimuli": 10}
    assert result.tables["stimuli"]["n"] == [90]
    again = RSA(stimuli=100).begin(1)
    again.update(X, Y, ROWS)
    assert again.compute().scores == result.scores
    enough = RSA(stimuli=90).begin(0)
    enough.update(X, Y, ROWS)
    assert enough.compute().warnings == {}


def test_memory_of_a_sample_is_bounded():
    accumulator = RSA(stimuli=10).begin(0)
    for start in range(0, 20_000, 500):
        x = np.random.default_rng(start).normal(size=(500, 8)).astype(np.float32)
        accumulator.update(x, x, np.arange(start, start + 500))
    assert len(pickle.dumps(accumulator)) < 10 * 16 * 4 + 2000
    assert accumulator.compute().scores["rsa"] == pytest.approx(1.0)


def test_a_stimulus_given_twice_is_an_error():
    accumulator = RSA(stimuli=200).begin(0)
    accumulator.update(X, Y, ROWS)
    accumulator.update(X[:3], Y[:3], ROWS[:3])
    with pytest.raises(DataError, match="3 stimuli more than once"):
        accumulator.compute()


@pytest.mark.parametrize("name", sorted(METRICS))
def test_nothing_given_is_an_error(name):
    with pytest.raises(DataError):
        METRICS[name].begin(0).compute()
    accumulator = METRICS[name].begin(0)
    accumulator.update(X[:0], Y[:0], ROWS[:0])
    with pytest.raises(DataError):
        accumulator.compute()


@pytest.mark.parametrize("name", sorted(METRICS))
def test_chunks_that_do_not_go_together(name):
    accumulator = METRICS[name].begin(0)
    accumulator.update(X[:30], Y[:30], ROWS[:30])
    with pytest.raises(DataError, match="do not go with"):
        accumulator.update(X[30:, :4], Y[30:], ROWS[30:])
    with pytest.raises(DataError, match=r"29 rows|rows against 60"):
        accumulator.update(X[61:], Y[30:], ROWS[30:])


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (RSA(stimuli=40).begin(0), RSA(stimuli=41).begin(0)),
        (RSA(stimuli=40).begin(0), RSA(stimuli=40).begin(1)),
        (RSA(stimuli=40).begin(0), RSA(stimuli=40, kernel="dot").begin(0)),
        (RSA(stimuli=None).begin(0), RSA(stimuli=None, kernel="dot").begin(0)),
        (CKA().begin(0), CKA(debiased=False).begin(0)),
    ],
)
def test_settings_must_match_to_merge(one, two):
    with pytest.raises(DataError, match="cannot be merged"):
        one.merge(two)


def test_row_identities_must_match_the_rows():
    with pytest.raises(DataError, match="row identities"):
        RSA().begin(0).update(X, Y, ROWS[:-1])
