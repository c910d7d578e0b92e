"""Counts of candidates: by hand, against a slow loop on random arrays, and bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.errors import DataError, EncodingError
from sondage_pairwise import other_anchors, rank
from sondage_pairwise import ranking as module
from sondage_pairwise.products import products


def ints(*values):
    return np.array(values, np.int64)


# By hand. From the anchor (1, 0): cosines 1/√2 (match), 1, 0, 1/√2, -1; distances 1 (match),
# 2, √2, √5, 2.
WORDS = np.array([[1, 0], [1, 1], [3, 0], [0, 1], [2, 2], [-1, 0]], np.float32)
BY_HAND = (WORDS, ints(0), ints(1), ints(2, 3, 4, 5), ints(0, 4))


def test_by_hand_cosine():
    found = rank(*BY_HAND)
    assert (found.farther[0], found.tied[0], found.compared[0]) == (2, 1, 4)
    assert found.shares[0] == 2.5 / 4
    # As printed: the tie is lost, and five words of the context are the match and its candidates.
    assert found.printed_shares(ints(5))[0] == 2 / 5


def test_by_hand_euclidean():
    found = rank(*BY_HAND, measure="euclidean")
    assert (found.farther[0], found.tied[0]) == (4, 0)
    nearer = rank(WORDS, ints(0), ints(4), ints(1, 2, 3, 5), ints(0, 4), measure="euclidean")
    assert nearer.farther[0] == 0


def slow(vectors, anchor, match, candidates, offsets, measure):
    """One pair at a time, in float64."""
    x = vectors.astype(np.float64)

    def like(i, j):
        if measure == "euclidean":
            return -(float(np.sum((x[i] - x[j]) ** 2)) ** 0.5)
        length = float(np.sum(x[i] ** 2)) ** 0.5 * float(np.sum(x[j] ** 2)) ** 0.5
        return float(np.sum(x[i] * x[j])) / length if length else None

    out = []
    for i, (a, m) in enumerate(zip(anchor, match, strict=True)):
        own, farther, tied, n = like(a, m), 0, 0, 0
        for c in candidates[offsets[i] : offsets[i + 1]]:
            other = like(a, c)
            if own is None or other is None:
                continue
            n += 1
            tied += abs(own - other) <= 1e-12
            farther += other < own - 1e-12
        out.append((farther, tied, n))
    return np.array(out).reshape(-1, 3)


@st.composite
def problems(draw):
    """Texts of words, several examples each; few values, so that much ties and some are zero."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    texts, size, d = draw(st.integers(1, 6)), draw(st.integers(2, 12)), draw(st.integers(1, 5))
    shape = (texts * size, d)
    if draw(st.booleans()):
        vectors = rng.integers(-1, 2, shape).astype(np.float64)
    else:
        # A narrow cone, where float32 does not tell all pairs apart.
        vectors = 1 + 10.0 ** draw(st.sampled_from([-7, -4, 0])) * rng.standard_normal(shape)
    vectors = vectors.astype(draw(st.sampled_from([np.float16, np.float32, np.float64])))
    n = draw(st.integers(0, 12))
    text = np.sort(rng.integers(0, texts, n)) if draw(st.booleans()) else rng.integers(0, texts, n)
    anchor, match = (text * size + rng.integers(0, size, n) for _ in range(2))
    chosen = []
    for t in text:
        whole = np.arange(t * size, (t + 1) * size) if rng.random() < 0.8 else np.arange(shape[0])
        chosen.append(
            rng.permutation(whole) if rng.random() < 0.3 else whole[rng.random(len(whole)) < 0.7]
        )
    sizes = np.array([len(c) for c in chosen], np.int64)
    offsets = np.concatenate([ints(0), np.cumsum(sizes)])
    candidates = np.concatenate([ints(), *chosen]).astype(np.int64)
    return vectors, anchor, match, candidates, offsets


@settings(max_examples=150, deadline=None)
@given(problems(), st.sampled_from(["cosine", "euclidean"]))
def test_counts_are_those_of_a_slow_loop(problem, measure):
    found = rank(*problem, measure=measure)
    wanted = slow(*problem, measure)
    assert np.array_equal(np.stack([found.farther, found.tied, found.compared], 1), wanted)
    assert np.array_equal(found.undefined, np.diff(problem[-1]) - found.compared)


def test_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 24)).astype(np.float32)
    offsets = np.concatenate([ints(0), np.cumsum(rng.integers(0, 30, 60))])
    candidates = np.sort(rng.integers(0, 400, offsets[-1]))
    anchor, match = (rng.integers(0, 400, 60) for _ in range(2))
    whole = rank(X, anchor, match, candidates, offsets)
    monkeypatch.setattr(module.blocks, "__defaults__", (7,))
    assert np.array_equal(
        rank(X, anchor, match, candidates, offsets).shares, whole.shares, equal_nan=True
    )
    assert len(list(module.blocks(offsets))) > 20


def test_equal_words_tie_wherever_a_product_has_them():
    rng = np.random.default_rng(1)
    word = rng.standard_normal(384).astype(np.float32)
    X = np.concatenate([rng.standard_normal((1, 384)), np.tile(word, (200, 1))]).astype(np.float32)
    for measure in ("cosine", "euclidean"):
        found = rank(X, ints(0), ints(1), np.arange(2, 201), ints(0, 199), measure=measure)
        assert (found.tied[0], found.shares[0]) == (199, 0.5)


@pytest.mark.parametrize("scale", [1e-25, 1e-18, 1e18, 1e25])
def test_lengths_near_the_ends_of_float32_are_ranked_too(scale):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((50, 8)).astype(np.float32)
    given = ints(0), ints(1), np.arange(2, 50), ints(0, 48)
    for measure in ("cosine", "euclidean"):
        far = rank((X * np.float32(scale)).astype(np.float32), *given, measure=measure)
        assert far.farther[0] == rank(X, *given, measure=measure).farther[0]


def test_vectors_of_zeros_have_no_cosine():
    X = np.array([[1, 0], [1, 1], [0, 0], [0, 1]], np.float32)
    found = rank(X, ints(0, 2, 0), ints(1, 1, 2), ints(2, 3, 3, 3), ints(0, 2, 3, 4))
    assert found.compared.tolist() == [1, 0, 0]
    assert found.undefined.tolist() == [1, 1, 1]
    assert found.shares[0] == 1.0
    assert np.isnan(found.shares[1:]).all()
    assert np.isnan(found.printed_shares(ints(3, 3, 3))[1:]).all()
    # A distance they have.
    assert rank(X, ints(0), ints(1), ints(2), ints(0, 1), measure="euclidean").tied[0] == 1


def test_an_example_without_candidates_has_no_share():
    found = rank(WORDS, ints(0, 0), ints(1, 1), ints(3), ints(0, 0, 1))
    assert np.isnan(found.shares[0])
    assert found.shares[1] == 1.0
    assert len(rank(WORDS, ints(), ints(), ints(), ints(0))) == 0


@pytest.mark.parametrize("row", [0, 1, 3])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_is_an_error(row, value):
    X = WORDS.copy()
    X[row, 1] = value
    with pytest.raises(EncodingError, match="NaN or an infinity"):
        rank(X, *BY_HAND[1:])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"match": ints(1, 1)}, "1 anchors, 2 matches"),
        ({"offsets": ints(0, 3)}, "do not part 4 candidates"),
        ({"offsets": ints(0, 4, 4)}, "3 offsets"),
        ({"anchor": ints(6)}, "anchor 0 is row 6 of 6"),
        ({"candidates": ints(2, 3, -1, 5)}, "candidate 2 is row -1 of 6"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, said):
    given = dict(zip(("vectors", "anchor", "match", "candidates", "offsets"), BY_HAND, strict=True))
    with pytest.raises(DataError, match=said):
        rank(**{**given, **change})


def test_examples_of_a_text_share_its_rows():
    X = np.ones((100, 3), np.float32)
    text, other = np.arange(10, 30), np.arange(60, 80)
    candidates = np.concatenate([text, text[:15], other, ints(0, 99)])
    made = products(np.ones((4, 3), np.float32), X, candidates, ints(0, 20, 35, 55, 57))
    assert made.width.tolist() == [20, 20, 20, 2]
    assert made.dot[made.index].tolist() == [3.0] * 57


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=30))
def test_other_anchors_are_of_other_groups_and_drawn_once(groups):
    groups = ints(*groups)
    found = other_anchors(groups)
    drawn = found[found >= 0]
    assert len(np.unique(drawn)) == len(drawn)
    assert (groups[found >= 0] != groups[drawn]).all()
    most = np.bincount(groups).max() if len(groups) else 0
    if 2 * most <= len(groups):
        assert len(drawn) == len(groups)


@pytest.mark.parametrize("measure", ["cosine", "euclidean"])
def test_numpy_of_version_1_decides_the_same(monkeypatch, measure):
    from sondage_pairwise import products as of_rows

    rng = np.random.default_rng(3)
    vectors = (1 + 1e-3 * rng.standard_normal((90, 24))).astype(np.float32)
    given_ = (np.arange(0, 60, 10), np.arange(1, 61, 10), np.arange(30, 90), np.arange(0, 61, 10))
    found = rank(vectors, *given_, measure=measure)
    monkeypatch.setattr(of_rows, "_dots", of_rows._einsum)
    np.testing.assert_array_equal(rank(vectors, *given_, measure=measure).shares, found.shares)
