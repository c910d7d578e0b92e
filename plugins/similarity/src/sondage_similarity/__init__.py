"""Similarity of two representations of the same stimuli, and its calibration.

Lower-case names are plain functions on arrays; the components of sondage are the same measures
as mergeable accumulators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_similarity.alignment import CKA as CKA
    from sondage_similarity.alignment import cka as cka
    from sondage_similarity.calibration import Calibrated as Calibrated
    from sondage_similarity.calibration import null_of as null_of
    from sondage_similarity.calibration import orders_of as orders_of
    from sondage_similarity.canonical import CCA as CCA
    from sondage_similarity.canonical import PWCCA as PWCCA
    from sondage_similarity.canonical import SVCCA as SVCCA
    from sondage_similarity.canonical import cca as cca
    from sondage_similarity.canonical import pwcca as pwcca
    from sondage_similarity.canonical import svcca as svcca
    from sondage_similarity.moments import Moments as Moments
    from sondage_similarity.neighbours import Jaccard as Jaccard
    from sondage_similarity.neighbours import MutualKNN as MutualKNN
    from sondage_similarity.neighbours import jaccard as jaccard
    from sondage_similarity.neighbours import mutual_knn as mutual_knn
    from sondage_similarity.null import Calibration as Calibration
    from sondage_similarity.null import calibrate as calibrate
    from sondage_similarity.null import calibrate_aggregate as calibrate_aggregate
    from sondage_similarity.representational import RSA as RSA
    from sondage_similarity.representational import rsa as rsa
    from sondage_similarity.rotation import Bures as Bures
    from sondage_similarity.rotation import LinearRegression as LinearRegression
    from sondage_similarity.rotation import Procrustes as Procrustes
    from sondage_similarity.rotation import bures as bures
    from sondage_similarity.rotation import linear_regression as linear_regression
    from sondage_similarity.rotation import procrustes as procrustes
    from sondage_similarity.second import SecondMoments as SecondMoments
else:
    # Imported at first use, so that listing components costs no numerics.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "alignment": ["CKA", "cka"],
            "calibration": ["Calibrated", "null_of", "orders_of"],
            "null": ["Calibration", "calibrate", "calibrate_aggregate"],
            "canonical": ["CCA", "PWCCA", "SVCCA", "cca", "pwcca", "svcca"],
            "moments": ["Moments"],
            "neighbours": ["Jaccard", "MutualKNN", "jaccard", "mutual_knn"],
            "rotation": [
                "Bures",
                "LinearRegression",
                "Procrustes",
                "bures",
                "linear_regression",
                "procrustes",
            ],
            "representational": ["RSA", "rsa"],
            "second": ["SecondMoments"],
        },
    )


_HERE = "sondage_similarity"

#: Name, factory, summary, reference.
_OFFERED = (
    (
        "rsa",
        "representational:RSA",
        "correlation of the two sides' cosine similarities over sampled stimuli",
        "Merchant et al. 2020, arXiv:2004.14448, section 5.1",
    ),
    (
        "cka",
        "alignment:CKA",
        "linear centred kernel alignment, debiased unless told otherwise",
        "Kornblith et al. 2019, arXiv:1905.00414, section 3; "
        "Song et al. 2012, JMLR 13, unbiased HSIC",
    ),
    (
        "svcca",
        "canonical:SVCCA",
        "mean canonical correlation of the directions that hold 99% of the variance",
        "Raghu et al. 2017, arXiv:1706.05806; Hao et al. 2020, section 4 (mean_over: width)",
    ),
    (
        "pwcca",
        "canonical:PWCCA",
        "canonical correlations weighted by what each variate tells of the neurons",
        "Morcos et al. 2018, arXiv:1806.05759, section 2.2",
    ),
    (
        "cca",
        "canonical:CCA",
        "mean, Yanai's and Pillai's summaries of all canonical correlations",
        "Hotelling 1936, Biometrika 28; Yanai 1974, Behaviormetrika 1; Pillai 1955, AMS 26",
    ),
    (
        "procrustes",
        "rotation:Procrustes",
        "distance that the best rotation leaves, in three scalings",
        "Schönemann 1966, Psychometrika 31; Ding et al. 2021, arXiv:2108.01661",
    ),
    (
        "bures",
        "rotation:Bures",
        "normalised Bures similarity of the sides' inner products",
        "Tang et al. 2020, arXiv:2003.11370",
    ),
    (
        "linear_regression",
        "rotation:LinearRegression",
        "share of a side's variance that the other predicts linearly",
        "Kornblith et al. 2019, arXiv:1905.00414, section 4",
    ),
    (
        "mutual_knn",
        "neighbours:MutualKNN",
        "share of nearest neighbours that both sides agree on, over sampled stimuli",
        "Huh et al. 2024, arXiv:2405.07987",
    ),
    (
        "jaccard",
        "neighbours:Jaccard",
        "Jaccard index of the sides' nearest neighbours, over sampled stimuli",
        "Klabunde et al. 2023, arXiv:2305.06329, section 3.3",
    ),
    (
        "calibrated",
        "calibration:Calibrated",
        "any metric of vectors against random orders of one side: thresholded score and p",
        "Gröger et al. 2026, arXiv:2602.14486",
    ),
)


@sondage.hookimpl
def sondage_metrics() -> list[sondage.MetricSpec]:
    """Offer the metrics of this plugin."""
    return [
        sondage.MetricSpec(
            name=f"similarity.{name}",
            factory=f"{_HERE}.{factory}",
            summary=summary,
            reference=reference,
        )
        for name, factory, summary, reference in _OFFERED
    ]
