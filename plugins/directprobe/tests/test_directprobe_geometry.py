"""Planes, means and changes: by hand, and the plane against scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage_directprobe.geometry import change, closest_labels, label_means, principal_plane


def test_plane_by_hand():
    # Along (3, 4) / 5 with spread, none across: one axis, all of the variance.
    plane = principal_plane(np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]))
    assert np.allclose(plane.mean, [3, 4])
    assert np.allclose(plane.axes, [[0.6, 0.8], [0, 0]])
    assert np.allclose(plane.share, [1, 0])
    assert np.allclose(plane.project([[6.0, 8.0]]), [[5, 0]])


def test_plane_of_equal_points():
    plane = principal_plane(np.ones((4, 3)))
    assert not plane.axes.any()
    assert not plane.share.any()


@settings(deadline=None)
@given(st.integers(3, 12), st.integers(2, 9), st.integers(0, 10**6))
def test_plane_is_scikit_learns(n, d, seed):
    from sklearn.decomposition import PCA

    X = np.random.default_rng(seed).standard_normal((n, d))
    theirs = PCA(2, svd_solver="full").fit(X)
    ours = principal_plane(X)
    assert np.allclose(ours.share, theirs.explained_variance_ratio_)
    assert np.allclose(np.abs((ours.axes * theirs.components_).sum(axis=1)), 1)
    assert np.allclose(np.abs(ours.project(X)), np.abs(theirs.transform(X)))
    assert all(axis[np.abs(axis).argmax()] > 0 for axis in ours.axes)


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_label_means_are_those_of_the_rows(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((30, 4)), rng.integers(0, 3, 30)
    y[:3] = [0, 1, 2]
    # Two clusters a label.
    key = 2 * y + rng.integers(0, 2, 30)
    kinds, of = np.unique(key, return_inverse=True)
    centroids = np.stack([X[key == k].mean(axis=0) for k in kinds])
    found = label_means(centroids, kinds // 2, of)
    assert np.allclose(found, [X[y == k].mean(axis=0) for k in range(3)])


def test_closest_labels_by_hand():
    # On a line: 0, 10, 11, 13, 30. The closest three span 3: sum of distances 6.
    means = np.array([[0.0], [10.0], [11.0], [13.0], [30.0]])
    assert closest_labels(means) == [1, 2, 3]
    assert closest_labels(means[:2]) == [0, 1]


def test_change_by_hand():
    found = change({"a": 1.0, "b": 2.0, "c": 3.0, "gone": 9.0}, {"a": 1.5, "b": 1.0, "c": 3.0})
    assert [found[c] for c in ("labels", "up", "down", "same")] == [3, 1, 1, 1]
    assert found["mean_change"] == pytest.approx(-0.5 / 3)
    assert math.isnan(change({}, {})["mean_change"])
