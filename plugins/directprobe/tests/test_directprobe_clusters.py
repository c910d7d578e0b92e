"""The clustering: worked examples, the literal algorithm, proofs, identical vectors."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sondage.errors import DataError
from sondage_directprobe import DirectProbe, Separator, Touch


def cloud(seed, *, n=14, d=2, labels=2):
    """Return a small labelled cloud: random, or on a grid, where ties and duplicates abound."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 3, (n, d)).astype(float) if seed % 2 else rng.normal(size=(n, d))
    y = rng.integers(0, labels, n)
    y[:labels] = np.arange(labels)
    return X, y


def overlap(P, C):
    """Tell by a linear program whether two hulls have a point in common."""
    A = np.block([[P.T, -C.T], [np.ones(len(P)), np.zeros(len(C))]])
    A = np.vstack([A, np.r_[np.zeros(len(P)), np.ones(len(C))]])
    b = np.r_[np.zeros(P.shape[1]), 1, 1]
    return linprog(np.zeros(A.shape[1]), A_eq=A, b_eq=b, method="highs").status == 0


def test_a_line_that_the_other_label_cuts_in_three():
    # a at 0 1 | b at 2 | a at 3 5 | b at 6. Merging 0-1 and 3-5 is legal; then every further
    # merge would swallow a point of the other label.
    X = np.array([[0.0], [1], [2], [3], [5], [6]])
    y = np.array(list("aabaab"))
    p = DirectProbe().fit(X, y)
    assert p.assignments_.tolist() == [0, 0, 2, 1, 1, 3]
    assert p.cluster_labels_.tolist() == ["a", "a", "b", "b"]
    assert (p.n_clusters_, p.is_linear_) == (4, False)
    nan = np.nan
    wanted = [[nan, nan, 1, 5], [nan, nan, 1, 1], [1, 1, nan, nan], [5, 1, nan, nan]]
    np.testing.assert_allclose(p.distances_, wanted, atol=1e-9)
    np.testing.assert_allclose(p.centroids_[:, 0], [0.5, 4, 2, 6], atol=1e-12)
    assert p.label_distances_[0, 1] == pytest.approx(1)
    assert p.min_distances_.tolist() == pytest.approx([1, 1])
    assert p.nearest_labels_.tolist() == ["b", "a"]


def test_separable_labels_are_a_cluster_each():
    X = np.array([[0.0, 0], [0, 1], [3, 0], [3, 1], [0, 9], [1, 9]])
    p = DirectProbe().fit(X, np.repeat([5, 7, 9], 2))
    assert p.assignments_.tolist() == [0, 0, 1, 1, 2, 2]
    assert p.is_linear_
    assert p.classes_.tolist() == [5, 7, 9]
    np.testing.assert_allclose(p.distance_vector_, [3, 8, np.hypot(2, 8)], rtol=1e-6)
    assert p.nearest_labels_.tolist() == [7, 5, 5]
    assert p.warnings_ == {}


def test_exclusive_or_needs_two_clusters_of_one_label():
    # Both diagonals are the same length: the tie goes to the pair that came first.
    X = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    p = DirectProbe().fit(X, [0, 1, 0, 1])
    assert p.assignments_.tolist() == [0, 1, 0, 2]
    q = DirectProbe().fit(X[[1, 0, 3, 2]], [1, 0, 1, 0])
    assert q.assignments_.tolist() == [2, 0, 2, 1]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 100_000), st.sampled_from(["touch", "apart"]))
def test_the_fast_way_gives_the_literal_algorithms_clusters(seed, conflicts):
    X, y = cloud(seed, n=6 + seed % 8, d=1 + seed % 3, labels=2 + seed % 2)
    fast = DirectProbe(conflicts=conflicts).fit(X, y)
    slow = DirectProbe(conflicts=conflicts, reference=True).fit(X, y)
    assert fast.assignments_.tolist() == slow.assignments_.tolist()


def test_the_fast_way_gives_the_literal_algorithms_clusters_on_more_points():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(45, 3))
    X[30:] = X[rng.integers(0, 30, 15)]
    y = rng.integers(0, 3, 45)
    fast, slow = DirectProbe().fit(X, y), DirectProbe(reference=True).fit(X, y)
    assert fast.assignments_.tolist() == slow.assignments_.tolist()
    assert 3 < fast.n_clusters_ < 40


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100_000))
def test_every_pair_is_proved_and_no_legal_merge_is_left(seed):
    X, y = cloud(seed, n=24, d=1 + seed % 3, labels=3)
    p = DirectProbe().fit(X, y)
    parts = [X[p.assignments_ == k] for k in range(p.n_clusters_)]
    assert len({(k, label) for k, label in zip(p.assignments_, y, strict=True)}) == p.n_clusters_
    proofs = p.certificates_
    assert len(proofs) == len(list(proofs))
    for (i, j), proof in proofs.items():
        if isinstance(proof, Separator):
            assert proof.check(parts[i], parts[j]) == pytest.approx(proof.margin, abs=1e-9)
            assert proof.margin > 0
            assert 2 * proof.margin == pytest.approx(p.distances_[i, j], rel=1e-5)
        else:
            assert isinstance(proof, Touch)
            a, b = proof.rows
            assert (X[a] == X[b]).all()
            assert p.distances_[i, j] == 0
            assert proof.check(parts[i], parts[j], X[a]) > 0
    for i, j in itertools.combinations(range(p.n_clusters_), 2):
        if p.cluster_labels_[i] == p.cluster_labels_[j]:
            other, common = p.blocker(i, j)
            assert common.check(X) <= 1e-5
            assert set(p.assignments_[common.first_rows]) <= {i, j}
            assert set(p.assignments_[common.second_rows]) == {other}
            assert overlap(np.concatenate([parts[i], parts[j]]), parts[other])


def test_identical_vectors_of_two_labels_are_counted_and_may_touch():
    # (0, 0) is both a and b. It is the far end of a's (0, 0)-(1, 0), so a may take it in:
    # the hulls meet in (0, 0) alone. b cannot reach (-1, 0)... it can, from the other side;
    # but (2, 0) lies beyond a.
    X = np.array([[0.0, 0], [1, 0], [0, 0], [2, 0]])
    y = np.array(["a", "a", "b", "b"])
    p = DirectProbe().fit(X, y)
    assert p.assignments_.tolist() == [0, 0, 1, 2]
    assert p.warnings_ == {"conflicting-rows": 2, "touching-pairs": 1}
    assert isinstance(p.certificates_[0, 1], Touch)
    assert p.distances_[0, 1] == 0
    q = DirectProbe(conflicts="apart").fit(X, y)
    assert q.n_clusters_ == 4
    assert not q.is_linear_


def test_a_shared_vector_that_is_not_the_far_end_blocks():
    # The middle of three a's is also a b: any hull of two or more a's that holds it in its
    # inside overlaps the b.
    X = np.array([[-1.0, 0], [0, 0], [1.5, 0], [0, 0]])
    p = DirectProbe().fit(X, list("aaab"))
    assert p.assignments_.tolist() == [0, 0, 1, 2]
    assert p.blocker(0, 1)[0] == 2


def test_one_cluster_a_label_that_touch_are_not_linear():
    X = np.array([[0.0, 0], [1, 0], [0, 0], [5, 5], [6, 5]])
    p = DirectProbe().fit(X, list("aabcc"))
    assert p.n_clusters_ == 3
    assert not p.is_linear_


def test_copies_within_a_label_weigh_on_the_centroid():
    X = np.array([[0.0], [0], [0], [4], [9]])
    p = DirectProbe().fit(X, [0, 0, 0, 0, 1])
    assert p.centroids_[0, 0] == pytest.approx(1)
    assert p.cluster_sizes_.tolist() == [4, 1]


@pytest.mark.parametrize("scale", [1e-150, 1e-3, 1e150])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scale_and_place_change_nothing_but_distances(scale, seed):
    X, y = cloud(2 * seed, n=40, d=3)
    a = DirectProbe().fit(X, y)
    b = DirectProbe().fit((X + 5) * scale, y)
    assert a.assignments_.tolist() == b.assignments_.tolist()
    np.testing.assert_allclose(b.distances_ / scale, a.distances_, rtol=1e-5)


def test_order_of_rows_matters_only_in_ties():
    X, y = cloud(4, n=40, d=3)
    order = np.random.default_rng(0).permutation(40)
    a, b = DirectProbe().fit(X, y), DirectProbe().fit(X[order], y[order])
    pairs = set(zip(a.assignments_[order].tolist(), b.assignments_.tolist(), strict=True))
    assert len(pairs) == a.n_clusters_ == b.n_clusters_


def test_refitting_forgets():
    X, y = cloud(2, n=30)
    p = DirectProbe().fit(X, y)
    assert p.distances_.shape == (p.n_clusters_,) * 2
    p.fit(np.array([[0.0], [3.0]]), [0, 1])
    assert p.distances_[0, 1] == pytest.approx(3)
    assert p.label_distances_.shape == (2, 2)


def test_predictions_are_of_the_nearest_hull():
    rng = np.random.default_rng(0)
    X, y = cloud(6, n=60, d=3, labels=3)
    p = DirectProbe().fit(X, y)
    Q = rng.normal(size=(50, 3)) * 1.5
    from sondage_directprobe import nearest

    parts = [X[p.assignments_ == k] for k in range(p.n_clusters_)]
    gaps = np.array([[nearest(q[None], c, tolerance=1e-9).upper for c in parts] for q in Q])
    inside = gaps.min(axis=1) < 1e-6
    assert 0 < inside.sum() < 50
    found = p.predict_cluster(Q)
    np.testing.assert_allclose(gaps[np.arange(50), found], gaps.min(axis=1), atol=1e-6)
    assert (p.predict(Q) == p.cluster_labels_[found]).all()
    assert p.score(X, y) == 1.0


BAD = {
    "one label": (np.eye(3), [1, 1, 1], "two labels"),
    "one row": (np.eye(1), [1], "two rows"),
    "no rows": (np.empty((0, 3)), [], "two rows"),
    "NaN": ([[0.0, np.nan], [1, 1]], [0, 1], "NaN or infinite"),
    "infinite": ([[0.0, np.inf], [1, 1]], [0, 1], "NaN or infinite"),
    "constant": (np.ones((4, 2)), [0, 0, 1, 1], "identical"),
    "too few labels": (np.eye(3), [0, 1], "do not fit"),
    "one dimension": (np.arange(3.0), [0, 1, 1], "shape"),
    "no width": (np.empty((3, 0)), [0, 1, 1], "d > 0"),
    "words": (np.array([["a"], ["b"]]), [0, 1], "real vectors"),
    "label NaN": (np.eye(3), [0.0, np.nan, 1.0], "labels are NaN"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told(name):
    X, y, message = BAD[name]
    with pytest.raises(DataError, match=message):
        DirectProbe().fit(X, y)


def test_a_million_points_are_refused_with_an_estimate_before_anything_is_copied():
    X = np.broadcast_to(np.float32(1), (1_000_000, 384))
    with pytest.raises(DataError, match=r"1000000 vectors of width 384 need about 8\.6 GiB"):
        DirectProbe().fit(X, np.arange(1_000_000) % 5)


def test_overlapping_labels_of_many_points_are_refused_with_an_estimate():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3000, 2)), rng.integers(0, 2, 3000)
    with pytest.raises(DataError, match="merging 3000 points of 2 overlapping labels need"):
        DirectProbe(memory=0.01).fit(X, y)


def test_blas_has_its_threads_again_after_a_fit_and_after_a_failed_one():
    from threadpoolctl import threadpool_info, threadpool_limits

    def threads():
        return {p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        before = threads()
        DirectProbe().fit(np.eye(2), [0, 1])
        assert threads() == before
        with pytest.raises(DataError):
            DirectProbe().fit(np.eye(2), [0, 0])
        assert threads() == before


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 100_000), st.sampled_from(["touch", "apart"]))
def test_shared_vectors_inside_bar_merges_as_the_literal_algorithm_does(seed, conflicts):
    # Half of the rows are copies of others, mostly with another label: whole clusters cannot be
    # taken in, which the fast way tells at each merge without asking pair by pair.
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(16, 2 + seed % 3)), rng.integers(0, 2, 16)
    X[10:] = X[rng.integers(0, 10, 6)]
    y[:2] = 0, 1
    fast = DirectProbe(conflicts=conflicts).fit(X, y)
    slow = DirectProbe(conflicts=conflicts, reference=True).fit(X, y)
    assert fast.assignments_.tolist() == slow.assignments_.tolist()


def test_a_single_row_of_a_label_is_a_cluster_and_counted():
    p = DirectProbe().fit(np.array([[0.0], [1], [5]]), [0, 0, 1])
    assert p.n_clusters_ == 2
    assert p.warnings_ == {"single-row-labels": 1}


def test_not_fitted_other_width_and_unlike_clusters_are_told():
    with pytest.raises(DataError, match="not been fitted"):
        DirectProbe().predict(np.eye(2))
    p = DirectProbe().fit(np.eye(3), [0, 0, 1])
    with pytest.raises(DataError, match="fitted on width 3"):
        p.predict(np.eye(2))
    with pytest.raises(DataError, match="two clusters of one label"):
        p.blocker(0, 1)
    with pytest.raises(KeyError):
        p.certificates_[1, 0]
