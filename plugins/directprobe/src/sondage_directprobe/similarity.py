"""Spatial similarity: do the labels lie alike in two representations?"""

from __future__ import annotations

import numpy as np

from sondage.errors import DataError
from sondage_directprobe.estimator import DirectProbe
from sondage_directprobe.points import Doubles


def spatial_similarity(a: DirectProbe, b: DirectProbe, *, common: bool = False) -> float:
    """Correlate the label-to-label distances of two fitted probes.

    Parameters
    ----------
    a, b : DirectProbe
        Fitted: on two representations of the same labels, or on two data sets.
    common : bool
        Leave out labels that only one side has, instead of refusing.

    Returns
    -------
    float
        Pearson's correlation, in [-1, 1], of the two distance vectors.

    Raises
    ------
    DataError
        If a side has not exactly one cluster per label, the labels differ, fewer than three are
        common to both, or all distances of a side are equal.

    References
    ----------
    Zhou and Srikumar 2022, A closer look at how fine-tuning changes BERT, section 2.2.
    Departs from it: each pair of labels counts once, not in both orders, which leaves the
    correlation as it is.
    """
    for name, side in (("first", a), ("second", b)):
        if side.n_clusters_ != len(side.classes_):
            raise DataError(
                f"spatial similarity needs one cluster a label; the {name} side has "
                f"{side.n_clusters_} clusters for {len(side.classes_)} labels",
                hint="its labels are not linearly separable: compare cluster counts instead",
            )
    shared = np.intersect1d(a.classes_, b.classes_)
    odd = np.setxor1d(a.classes_, b.classes_)
    if len(odd) and not common:
        raise DataError(
            f"{len(odd)} labels are on one side only: {', '.join(map(str, odd[:10]))}",
            hint="common=True compares the labels that both sides have",
        )
    if len(shared) < 3:
        raise DataError(
            f"spatial similarity needs three labels or more; the sides share {len(shared)}"
        )
    u, v = (_vector(side, shared) for side in (a, b))
    for name, x in (("first", u), ("second", v)):
        if np.ptp(x) <= 1e-12 * np.abs(x).max():
            raise DataError(f"all label distances of the {name} side are equal")
    return float(np.clip(np.corrcoef(u, v)[0, 1], -1.0, 1.0))


def _vector(side: DirectProbe, labels: Doubles) -> Doubles:
    at = np.searchsorted(side.classes_, labels)
    rows, columns = np.triu_indices(len(labels), 1)
    out: Doubles = side.label_distances_[np.ix_(at, at)][rows, columns]
    return out
