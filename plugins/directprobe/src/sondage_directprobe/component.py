"""`directprobe.clusters`: the estimator as a sondage probe."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from sondage.contracts import Problem
from sondage.data import Ints, Labels, Result
from sondage.errors import DataError
from sondage.scores import classification
from sondage.specs import Before
from sondage_directprobe.settings import ClusterSettings

if TYPE_CHECKING:
    from sondage_directprobe.estimator import DirectProbe

#: Most separators written as arrays.
MANY = 2000


@dataclass(kw_only=True, eq=False)
class Clusters(ClusterSettings):
    """Cluster the training items, and say how the labels lie to each other.

    Parameters
    ----------
    similarity : bool
        Also cluster the test items on their own, and correlate the two sets of distances
        between labels: how far the geometry of training and test items agrees.
    distances : bool
        Compute distances; without, a large clustering of labels that are not separable is
        much faster.

    References
    ----------
    Zhou and Srikumar 2022, A Closer Look at How Fine-tuning Changes BERT, sections 2.2 and 4:
    tables 2 to 5 and 7. Departs from it: see `DirectProbe`.
    """

    units: ClassVar[Literal["vectors"]] = "vectors"
    joint = ()
    randomness = ()

    similarity: Annotated[bool, Before("conflicts")] = False
    distances: Annotated[bool, Before("conflicts")] = True

    def run_layers(self, problem: Problem) -> Iterator[tuple[int, int, Result]]:
        """Fit on the training items of every layer and seed, predict the test items.

        Scores: ``n_clusters``, ``labels``, ``is_linear`` (1 or 0), ``accuracy`` and
        ``macro_f1`` of the label of the nearest hull on test items; with `distances`
        ``mean_min_distance`` and ``min_distance`` over labels; with `similarity`
        ``spatial_similarity``, where both sides have one cluster per label: else the table
        ``similarity`` says why not.
        """
        labels = problem.data.target
        if not isinstance(labels, Labels) or labels.y.ndim != 1:
            raise DataError(
                f"{problem.data.corpus.name}: directprobe.clusters needs one label an item"
            )
        for layer, seed in itertools.product(problem.layers, problem.seeds):
            X = problem.vectors(layer)
            split = problem.splits[seed]
            yield layer, seed, self._cell(X, labels, split.train, split.test)

    def _cell(self, X: Any, labels: Labels, train: Ints, test: Ints) -> Result:
        from sondage_directprobe.estimator import fitted

        for name, part in (("training", train), ("test", test)):
            if not len(part):
                raise DataError(f"directprobe.clusters: the {name} part is empty")
        probe = fitted(self, X[train], labels.y[train])
        scored = classification(labels, probe.predict(X[test]), test, train)
        tables = _cluster_tables(probe, labels, train)
        scores = {
            "n_clusters": float(probe.n_clusters_),
            "labels": float(len(probe.classes_)),
            "is_linear": float(probe.is_linear_),
            **scored.scores,
        }
        arrays = {
            "assignments": probe.assignments_,
            "items": np.asarray(train),
            "centroids": probe.centroids_,
            "cluster_labels": probe.cluster_labels_,
        }
        if self.distances:
            names = np.array(labels.names)
            scores["mean_min_distance"] = float(probe.min_distances_.mean())
            scores["min_distance"] = float(probe.min_distances_.min())
            tables["per_label"]["min_distance"] = probe.min_distances_.tolist()
            tables["per_label"]["nearest_label"] = names[probe.nearest_labels_].tolist()
            tables["distances"] = _distance_table(probe, names)
            arrays |= {"distances": probe.distances_, **_separators(probe)}
        warnings = Counter(scored.warnings)
        if self.similarity:
            value, tables["similarity"] = self._similarity(probe, X[test], labels.y[test], warnings)
            if value is not None:
                scores["spatial_similarity"] = value
        # Only now: distances warn when they are first asked for.
        warnings.update(probe.warnings_)
        outcomes = scored.outcomes and replace(scored.outcomes, score="accuracy")
        return Result(scores, outcomes, {**scored.tables, **tables}, arrays, dict(warnings))

    def _similarity(
        self, probe: DirectProbe, X: Any, y: Ints, warnings: Counter[str]
    ) -> tuple[float | None, dict[str, list[Any]]]:
        from sondage_directprobe.estimator import fitted
        from sondage_directprobe.similarity import spatial_similarity

        value, reason, clusters, common = None, "", None, 0
        try:
            other = fitted(self, X, y)
            clusters = other.n_clusters_
            common = len(np.intersect1d(probe.classes_, other.classes_))
            odd = len(np.setxor1d(probe.classes_, other.classes_))
            if odd:
                warnings["labels-on-one-side"] = odd
            value = spatial_similarity(probe, other, common=True)
        except DataError as error:
            reason = error.message
            warnings["no-similarity"] = 1
        return value, {
            "value": [value],
            "test_clusters": [clusters],
            "common_labels": [common],
            "reason": [reason],
        }


def _cluster_tables(probe: DirectProbe, labels: Labels, train: Ints) -> dict[str, dict[str, Any]]:
    """Return the tables of labels and of clusters."""
    names = np.array(labels.names)
    per_label = {
        "label": names[probe.classes_].tolist(),
        "items": np.bincount(labels.y[train])[probe.classes_].tolist(),
        "clusters": [int((probe.cluster_labels_ == c).sum()) for c in probe.classes_],
    }
    clusters = {
        "cluster": list(range(probe.n_clusters_)),
        "label": names[probe.cluster_labels_].tolist(),
        "items": probe.cluster_sizes_.tolist(),
    }
    return {"per_label": per_label, "clusters": clusters}


def _distance_table(probe: DirectProbe, names: Any) -> dict[str, list[Any]]:
    """Return one row per pair of labels."""
    rows, columns = np.triu_indices(len(probe.classes_), 1)
    return {
        "label_a": names[probe.classes_[rows]].tolist(),
        "label_b": names[probe.classes_[columns]].tolist(),
        "distance": probe.distance_vector_.tolist(),
    }


def _separators(probe: DirectProbe) -> dict[str, Any]:
    """Return the separators of all pairs of clusters, where they are not too many."""
    from sondage_directprobe.certificates import Separator

    found = probe.certificates_
    if len(found) > MANY:
        return {}
    proofs = [c for c in found.values() if isinstance(c, Separator)]
    width = probe.centroids_.shape[1]
    return {
        "separator_pairs": np.array([(c.first, c.second) for c in proofs]).reshape(-1, 2),
        "separator_normals": np.array([c.normal for c in proofs]).reshape(-1, width),
        "separator_offsets": np.array([c.offset for c in proofs]),
        "separator_margins": np.array([c.margin for c in proofs]),
    }
