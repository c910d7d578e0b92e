"""The estimator: clusters, their distances, and the proofs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sondage.errors import DataError
from sondage.probing import one_thread
from sondage_directprobe.assign import nearest_hulls
from sondage_directprobe.certificates import Certificate, Common
from sondage_directprobe.distances import Distances, hull_distances
from sondage_directprobe.greedy import MergeCounts, merged
from sondage_directprobe.points import Doubles, Ints, Points, points_of
from sondage_directprobe.proofs import blocker, certificate
from sondage_directprobe.reference import reference_clusters
from sondage_directprobe.separable import separability
from sondage_directprobe.settings import ClusterSettings


@dataclass(kw_only=True, eq=False)
class DirectProbe(ClusterSettings):
    """Clusters of one label each whose convex hulls do not overlap.

    Starting from single points, the two same-label clusters with the closest centroids are
    merged, unless their common hull would overlap a cluster of another label, until nothing
    merges.

    Parameters are those of `sondage_directprobe.settings.ClusterSettings`, and:

    Parameters
    ----------
    reference : bool
        Run the literal algorithm with a linear program a pair (cvxpy, HiGHS); for checking.
    gap : float
        Relative gap to which distances are proved.

    Attributes
    ----------
    classes_ : array, shape (k,)
        The labels, ascending.
    n_clusters_ : int
    assignments_ : int64 array, shape (n,)
        Cluster of each row.
    cluster_labels_ : array, shape (n_clusters_,)
        Clusters are sorted by label, then by their first row.
    cluster_sizes_ : int64 array, shape (n_clusters_,)
        In rows.
    is_linear_ : bool
        One cluster per label, and no two of them touch: every two labels are linearly separable.
    centroids_ : float64 array, shape (n_clusters_, d)
    counts_ : MergeCounts or None
        How overlap questions were settled; None for the literal algorithm.
    warnings_ : dict of slug to count
        ``conflicting-rows`` (rows whose vector has several labels), ``touching-pairs`` (of
        clusters), ``single-row-labels``, ``undecided`` (questions that rounding left open).

    References
    ----------
    Zhou and Srikumar 2021, DirectProbe: Studying Representations without Classifiers; 2022,
    A Closer Look at How Fine-tuning Changes BERT, section 2.2. Departs from them: overlap is
    decided with proofs, not by a classifier's accuracy or with float32 spheres; ties go to the
    clusters that came first.
    """

    reference: bool = False
    gap: float = 1e-6

    @one_thread()
    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Self:
        """Cluster the rows.

        Parameters
        ----------
        X : real array, shape (n, d)
        y : array, shape (n,)
            Labels that can be sorted.

        Raises
        ------
        DataError
            If there are fewer than two rows or labels, a value is not finite, all vectors are
            identical, or the memory does not suffice.
        """
        for name in [n for n in vars(self) if n.endswith("_") or n == "_points"]:
            delattr(self, name)
        points = points_of(X, y, memory=self.memory)
        touch = self.conflicts == "touch"
        self.counts_: MergeCounts | None = None
        if self.reference:
            clusters = reference_clusters(points, touch=touch)
        else:
            found = separability(points)
            clusters, self.counts_ = merged(points, found, touch=touch, memory=self.memory)
        self._set(points, clusters)
        return self

    def _set(self, points: Points, clusters: list[Ints]) -> None:
        keys = [(int(points.label[c[0]]), int(points.first[c].min())) for c in clusters]
        clusters = [clusters[i] for i in sorted(range(len(clusters)), key=keys.__getitem__)]
        of = np.empty(len(points), np.int64)
        for k, members in enumerate(clusters):
            of[members] = k
        self._points = points
        self.clusters_ = clusters
        self.classes_ = points.names
        self.n_clusters_ = len(clusters)
        self.assignments_ = of[points.of_row]
        self.cluster_labels_ = points.names[[points.label[c[0]] for c in clusters]]
        self.cluster_sizes_ = np.bincount(self.assignments_, minlength=len(clusters))
        weights = [points.weight[c] for c in clusters]
        means = [w @ points.X[c] / w.sum() for w, c in zip(weights, clusters, strict=True)]
        self.centroids_ = (np.stack(means) + points.centre) / points.scale
        pairs = {
            (min(of[i], of[j]), max(of[i], of[j])) for i, js in points.twins.items() for j in js
        }
        self.is_linear_ = len(clusters) == len(points.names) and not pairs
        undecided = self.counts_.undecided if self.counts_ else 0
        more = {"touching-pairs": len(pairs), "undecided": undecided}
        self.warnings_ = {**points.warnings, **{k: v for k, v in more.items() if v}}

    @cached_property
    def distances_(self) -> Doubles:
        """Distances of the clusters' hulls, shape (n_clusters_, n_clusters_).

        Computed when first asked for. NaN between clusters of one label; 0 where two clusters
        hold the same vector. Twice the margin of the hard-margin separator.
        """
        return self._measured_.values

    @cached_property
    def _measured_(self) -> Distances:
        found = one_thread()(hull_distances)(self._fitted, self.clusters_, gap=self.gap)
        if found.loose:
            self.warnings_["loose-distances"] = found.loose
        return found

    @cached_property
    def label_distances_(self) -> Doubles:
        """Least distance of any two clusters of two labels, shape (k, k); NaN on the diagonal."""
        at = np.searchsorted(self.cluster_labels_, self.classes_)
        D = np.where(np.isnan(self.distances_), np.inf, self.distances_)
        D = np.minimum.reduceat(np.minimum.reduceat(D, at, axis=0), at, axis=1)
        return np.where(np.isinf(D), np.nan, D)

    @property
    def distance_vector_(self) -> Doubles:
        """Distance of each pair of labels (a, b), a < b, row by row, shape (k (k - 1) / 2,)."""
        rows, columns = np.triu_indices(len(self.classes_), 1)
        out: Doubles = self.label_distances_[rows, columns]
        return out

    @property
    def min_distances_(self) -> Doubles:
        """Distance of each label to the nearest other one, shape (k,)."""
        out: Doubles = np.nanmin(self.label_distances_, axis=1)
        return out

    @property
    def nearest_labels_(self) -> NDArray[Any]:
        """The nearest other label of each label, shape (k,)."""
        nearest: NDArray[Any] = self.classes_[np.nanargmin(self.label_distances_, axis=1)]
        return nearest

    @property
    def certificates_(self) -> Mapping[tuple[int, int], Certificate]:
        """A proof for every two clusters of different labels that they do not overlap.

        Keys are pairs (i, j) of clusters, i < j; a proof is computed when it is looked up.
        """
        known = self._measured_.normals if "_measured_" in vars(self) else {}
        return _Certificates(self._fitted, self.clusters_, self.gap, known)

    @one_thread()
    def blocker(self, i: int, j: int) -> tuple[int, Common]:
        """Return why two clusters of one label are not one.

        Parameters
        ----------
        i, j : int
            Clusters.

        Returns
        -------
        other : int
            A cluster of another label that their common hull overlaps.
        common : Common
            A point of both hulls; its first rows are of the two clusters.

        Raises
        ------
        DataError
            If the clusters are not two of one label.
        """
        if i == j or self.cluster_labels_[i] != self.cluster_labels_[j]:
            raise DataError(f"clusters {i} and {j} are not two clusters of one label")
        return blocker(self._fitted, self.clusters_, i, j, touch=self.conflicts == "touch")

    @one_thread()
    def predict_cluster(self, X: NDArray[Any]) -> Ints:
        """Return the cluster whose hull each row is nearest to, shape (q,)."""
        points = self._fitted
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != points.X.shape[1]:
            raise DataError(f"vectors of shape {X.shape}; fitted on width {points.X.shape[1]}")
        if not np.isfinite(X).all():
            raise DataError("the vectors to predict for hold NaN or infinite values")
        Q = np.multiply(X, points.scale, dtype=np.float64) - points.centre
        return nearest_hulls(points, self.clusters_, Q)

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return the label of the nearest hull of each row, shape (q,).

        Of hulls equally near, that with the nearest member counts.
        """
        clusters = self.predict_cluster(X)
        labels: NDArray[Any] = self.cluster_labels_[clusters]
        return labels

    def score(self, X: NDArray[Any], y: NDArray[Any]) -> float:
        """Return the share of rows whose nearest hull has their label."""
        return float(np.mean(self.predict(X) == np.asarray(y)))

    @property
    def _fitted(self) -> Points:
        if "_points" not in vars(self):
            raise DataError("this DirectProbe has not been fitted", hint="call fit(X, y) first")
        return self._points


def fitted(settings: ClusterSettings, X: NDArray[Any], y: NDArray[Any]) -> DirectProbe:
    """Return a `DirectProbe` of these settings that is fitted to the rows."""
    return DirectProbe(conflicts=settings.conflicts, memory=settings.memory).fit(X, y)


class _Certificates(Mapping[tuple[int, int], Certificate]):
    def __init__(
        self,
        points: Points,
        clusters: list[Ints],
        gap: float,
        normals: Mapping[tuple[int, int], Doubles],
    ) -> None:
        self.points, self.clusters, self.gap, self.normals = points, clusters, gap, normals
        self.label = np.array([points.label[c[0]] for c in clusters])

    def __getitem__(self, pair: tuple[int, int]) -> Certificate:
        i, j = pair
        if not 0 <= i < j < len(self.label) or self.label[i] == self.label[j]:
            raise KeyError(pair)
        known = self.normals.get(pair)
        prove = one_thread()(certificate)
        return prove(self.points, self.clusters, i, j, gap=self.gap, normal=known)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        k = len(self.label)
        return ((i, j) for i in range(k) for j in range(i + 1, k) if self.label[i] != self.label[j])

    def __len__(self) -> int:
        sizes = np.bincount(self.label)
        return int((len(self.label) ** 2 - (sizes**2).sum()) // 2)
