"""`directprobe.spatial_similarity`: do the labels lie alike in two representations?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, Labels, Result
from sondage.errors import DataError
from sondage.specs import Before
from sondage_directprobe.settings import ClusterSettings


@dataclass(kw_only=True, eq=False)
class SpatialSimilarity(ClusterSettings):
    """Correlate the distances between labels under two representations of the same items.

    Each side's training items are clustered by `DirectProbe`; where both sides have one cluster a
    label, the value is Pearson's correlation of their two vectors of label-to-label distances.

    The hulls are of all training items together, so the accumulator keeps every row that it is
    given until `compute`: memory is that of the training items of both sides.

    Parameters
    ----------
    incomparable : {'fail', 'note'}
        What becomes of a comparison where a side has not one cluster a label: 'fail' is an error,
        so a failed cell; with 'note' the cell has the one score ``comparable`` = 0, a warning
        ``not-comparable``, and the reason in its table ``comparison``.

    References
    ----------
    Zhou and Srikumar 2022, A Closer Look at How Fine-tuning Changes BERT, arXiv:2106.14282,
    sections 2.2 and 4.5, figure 4. Departs from it: see `spatial_similarity`.
    """

    units: ClassVar[Literal["labelled"]] = "labelled"
    symmetric = True
    bounds = (-1.0, 1.0)
    self_value = 1.0
    invariances = frozenset({"orthogonal", "scaling", "translation"})
    randomness = ()

    incomparable: Annotated[Literal["fail", "note"], Before("conflicts")] = "fail"

    def begin(self, seed: int, labels: Labels | None = None) -> LabelledRows:
        """Return an empty accumulator over items of `labels`; the seed has no part in it.

        Raises
        ------
        DataError
            If there is not one label per item.
        """
        if labels is None or labels.y.ndim != 1:
            raise DataError("directprobe.spatial_similarity needs one label an item")
        return LabelledRows(labels, self)


class LabelledRows:
    """All rows of both sides, and at the end the similarity."""

    def __init__(self, labels: Labels, metric: SpatialSimilarity) -> None:
        self.labels = labels
        self.metric = metric
        self.parts: tuple[tuple[Any, Any, Ints], ...] = ()

    def update(self, a: NDArray[Any], b: NDArray[Any], rows: Ints) -> None:
        """Take aligned rows.

        Parameters
        ----------
        a, b : float arrays, shape (n, d_a) and (n, d_b)
        rows : int64 array, shape (n,)
            Item of each row.
        """
        copies = (np.array(a), np.array(b), np.array(rows, np.int64))
        self.parts = (*self.parts, copies)

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's rows; returns self."""
        self.parts = (*self.parts, *other.parts)
        return self

    def compute(self) -> Result:
        """Cluster both sides and correlate.

        Returns
        -------
        Result
            Score ``spatial_similarity`` in [-1, 1]; table ``comparison``.

        Raises
        ------
        DataError
            If a side has not one cluster per label (unless noted instead), fewer than three labels
            occur, or a side cannot be clustered at all.
        """
        from sondage_directprobe.estimator import fitted
        from sondage_directprobe.similarity import spatial_similarity

        if not self.parts:
            raise DataError("directprobe.spatial_similarity has seen no items")
        a, b, rows = (np.concatenate(column) for column in zip(*self.parts, strict=True))
        # Ties and rounding hang on the order of rows: by item, whatever came first.
        order = np.argsort(rows, kind="stable")
        y = self.labels.y[rows[order]]
        sides = [fitted(self.metric, side[order], y) for side in (a, b)]
        scores, reason = {"comparable": 0.0}, ""
        try:
            scores = {"spatial_similarity": spatial_similarity(*sides)}
        except DataError as error:
            if self.metric.incomparable == "fail":
                raise
            reason = error.message
        comparison: dict[str, list[Any]] = {
            "labels": [len(np.unique(y))],
            "clusters_a": [sides[0].n_clusters_],
            "clusters_b": [sides[1].n_clusters_],
            "reason": [reason],
        }
        warnings = {"not-comparable": 1} if reason else {}
        return Result(scores, tables={"comparison": comparison}, warnings=warnings)
