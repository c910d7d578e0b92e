"""The four scores: by hand, and against loops with scipy's correlation."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from sondage.errors import DataError
from sondage_structural import dspr, nspr, root_accuracy, spanning_tree, tree_distances, uuas
from sondage_structural.measures import distance_correlations, spanned
from sondage_structural.trees import Forest

seeds = st.integers(0, 2**32 - 1)

# A star around word 1, and distances that put word 3 nearer to 2 than to 1.
STAR = [1, -1, 1, 1]
GUESS = np.array([[0, 1, 3, 5], [1, 0, 2, 4], [3, 2, 0, 1.5], [5, 4, 1.5, 0]])


def random_heads(rng, t):
    order = rng.permutation(t)
    heads = np.full(t, -1)
    for rank in range(1, t):
        heads[order[rank]] = order[rng.integers(0, rank)]
    return heads


def test_uuas_of_four_words_by_hand():
    # The spanning tree is 0-1 (1), 2-3 (1.5), 1-2 (2); gold 0-1, 1-2, 1-3.
    assert uuas([GUESS], [STAR]) == pytest.approx(2 / 3)


def test_correlations_of_four_words_by_hand():
    # Ranks of word 0: gold 1, 2, 3.5, 3.5 and guessed 1, 2, 3, 4: 4.5 / sqrt(4.5 · 5);
    # word 1: gold 3, 1, 3, 3 and 2, 1, 3, 4: 3 / sqrt(3 · 5); words 2 and 3: 3 / sqrt(4.5 · 5).
    wanted = (4.5 / 22.5**0.5 + 3 / 15**0.5 + 3 / 22.5**0.5 + 3 / 22.5**0.5) / 4
    mean, undefined = distance_correlations(Forest.of([STAR]), np.arange(1), GUESS[None])
    assert mean[0] == pytest.approx(wanted)
    assert undefined[0] == 0


def test_punctuation_is_no_node_and_no_end():
    # Word 2 of the star is punctuation: gold edges 0-1, 1-3; the tree over 0, 1, 3 is the same.
    assert uuas([GUESS], [STAR], [[True, True, False, True]]) == 1.0


def test_dependents_of_punctuation_have_no_edge_to_find():
    # 0 <- 1(,) -> 2, 0 is not the root: only 2 -> 3 counts, of two predicted edges.
    heads, scored = [1, -1, 1, 2], [True, False, True, True]
    part = spanned(Forest.of([heads], [scored]), np.arange(1), tree_distances(heads)[None] * 1.0)
    assert part.gold.tolist() == [1]
    assert part.found.tolist() == [1]
    assert part.edges.tolist() == [[0, 2], [2, 3]]


def test_uuas_counts_edges_not_sentences():
    two = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert uuas([GUESS, two], [STAR, [-1, 0]]) == pytest.approx(3 / 4)


def test_lengths_are_averaged_each_alike():
    rng = np.random.default_rng(0)
    heads = [random_heads(rng, t) for t in (5, 5, 5, 6, 4, 51)]
    good = [tree_distances(h) * 1.0 for h in heads]
    # Perfect for 5 words, reversed for 6; 4 and 51 words do not count.
    D = [*good[:3], -good[3], -good[4], -good[5]]
    assert dspr(D, heads) == pytest.approx(0.0)


def slow_dspr(D, heads):
    by_length = {}
    for d, h in zip(D, heads, strict=True):
        gold = tree_distances(h)
        rows = [spearmanr(a, b).correlation for a, b in zip(d, gold, strict=True)]
        by_length.setdefault(len(h), []).append(np.mean(np.nan_to_num(rows)))
    return np.mean([np.mean(v) for t, v in by_length.items() if 5 <= t <= 50])


def slow_nspr(d, heads):
    by_length = {}
    for own, h in zip(d, heads, strict=True):
        gold = tree_distances(h)[list(h).index(-1)]
        rho = spearmanr(own, gold).correlation if len(h) > 1 else np.nan
        by_length.setdefault(len(h), []).append(np.nan_to_num(rho))
    return np.mean([np.mean(v) for t, v in by_length.items() if 5 <= t <= 50])


def slow_uuas(D, heads, scored):
    found = total = 0
    for d, h, s in zip(D, heads, scored, strict=True):
        gold = {frozenset((w, p)) for w, p in enumerate(h) if p >= 0 and s[w] and s[p]}
        found += len(gold & {frozenset(e) for e in spanning_tree(d, s).tolist()})
        total += len(gold)
    return found / total


def slow_root_accuracy(d, heads, scored):
    right = []
    for own, h, s in zip(d, heads, scored, strict=True):
        words = [w for w in range(len(h)) if s[w]] or list(range(len(h)))
        right.append(h[min(words, key=lambda w: own[w])] == -1)
    return np.mean(right)


@settings(deadline=None, max_examples=40)
@given(seeds, st.lists(st.integers(1, 60), max_size=6), st.booleans())
def test_scores_are_those_of_the_obvious_loops(seed, sizes, tied):
    rng = np.random.default_rng(seed)
    heads = [random_heads(rng, t) for t in [6, 9, *sizes]]
    scored = [rng.random(len(h)) < 0.8 for h in heads]
    scored[0][:] = True

    def values(shape):
        return rng.integers(0, 3, shape).astype(float) if tied else rng.random(shape)

    D = [(lambda x: x + x.T)(values((len(h), len(h)))) for h in heads]
    for d in D:
        np.fill_diagonal(d, 0)
    own = [values(len(h)) for h in heads]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns where a correlation is undefined
        assert dspr(D, heads) == pytest.approx(slow_dspr(D, heads))
        assert nspr(own, heads) == pytest.approx(slow_nspr(own, heads))
    assert uuas(D, heads, scored) == pytest.approx(slow_uuas(D, heads, scored))
    assert root_accuracy(own, heads, scored) == pytest.approx(
        slow_root_accuracy(own, heads, scored)
    )


def test_perfect_predictions():
    rng = np.random.default_rng(1)
    heads = [random_heads(rng, t) for t in range(1, 70)]
    D = [tree_distances(h) * 1.0 for h in heads]
    d = [x[list(h).index(-1)] for x, h in zip(D, heads, strict=True)]
    assert uuas(D, heads) == 1
    assert dspr(D, heads) == pytest.approx(1)
    assert nspr(d, heads) == pytest.approx(1)
    assert root_accuracy(d, heads) == 1


def test_a_sentence_of_punctuation_has_a_root_but_no_edges():
    heads, none = [[1, -1, 1], [-1, 0]], [[False] * 3, [True] * 2]
    D = [1.0 - np.eye(3), 1.0 - np.eye(2)]
    assert uuas(D, heads, none) == 1.0
    assert root_accuracy([[2.0, 1.0, 3.0], [0.0, 1.0]], heads, none) == 1.0
    with pytest.raises(DataError, match="no gold edge"):
        uuas(D[:1], heads[:1], none[:1])


def test_a_constant_prediction_counts_nothing():
    heads = [random_heads(np.random.default_rng(0), 7)]
    assert dspr([np.zeros((7, 7))], heads) == 0
    assert nspr([np.zeros(7)], heads) == 0


@pytest.mark.parametrize("t", [4, 51])
def test_no_sentence_of_5_to_50_words(t):
    heads = [np.arange(t) - 1]
    with pytest.raises(DataError, match="5 to 50"):
        dspr([np.zeros((t, t))], heads)
    with pytest.raises(DataError, match="5 to 50"):
        nspr([np.zeros(t)], heads)


def test_predictions_must_fit():
    with pytest.raises(DataError, match="2 predictions for 1"):
        uuas([GUESS, GUESS], [STAR])
    with pytest.raises(DataError, match="sentence 0"):
        uuas([GUESS[:3]], [STAR])
    with pytest.raises(DataError, match="NaN"):
        root_accuracy([[0.0, np.nan, 1.0, 2.0]], [STAR])
    with pytest.raises(DataError, match="scored"):
        uuas([GUESS], [STAR], [[True]])
    with pytest.raises(DataError, match="no sentence"):
        root_accuracy([], [])


def test_dspr_of_unrelated_distances_is_not_zero():
    # Both rank a word first from itself; of t ranks that leaves 3 / (t + 1) on average.
    rng = np.random.default_rng(0)
    heads = [random_heads(rng, 20) for _ in range(150)]
    points = [rng.random((20, 40)) for _ in heads]
    D = [((p[:, None] - p[None]) ** 2).sum(-1) for p in points]
    assert dspr(D, heads) == pytest.approx(3 / 21, abs=0.03)
