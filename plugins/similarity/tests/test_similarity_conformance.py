"""The conformance kit, with the default parameters and with every other way to a value."""

from __future__ import annotations

from sondage.testing import conformance
from sondage_similarity import CKA, RSA, SVCCA, Procrustes

CALIBRATED = "similarity.calibrated"
FEW = {"permutations": 19, "stimuli": 100}


@conformance("similarity", params={CALIBRATED: {"metric": RSA(), **FEW}})
def test_conformance(component, check):
    check(component)


OTHERWISE = {
    "similarity.rsa": {"stimuli": 12},
    "similarity.cka": {"debiased": False},
    "similarity.svcca": {"variance": 1.0, "mean_over": "width", "precision": "float32"},
    "similarity.cca": {"summary": "yanai"},
    "similarity.pwcca": {"weights": "b"},
    "similarity.procrustes": {"scaling": "angle"},
    "similarity.linear_regression": {"direction": "a_from_b"},
    "similarity.mutual_knn": {"kernel": "euclidean", "neighbours": 3, "stimuli": 20},
    "similarity.jaccard": {"kernel": "euclidean"},
    CALIBRATED: {"metric": CKA(), **FEW},
}


@conformance("similarity", only=list(OTHERWISE), params=OTHERWISE)
def test_conformance_otherwise(component, check):
    check(component)


RSA_NAME = "similarity.rsa"
THIRD = {
    RSA_NAME: {"stimuli": None, "kernel": "dot"},
    "similarity.cca": {"summary": "pillai"},
    "similarity.procrustes": {"scaling": "chord"},
    CALIBRATED: {"metric": Procrustes(), **FEW},
}


@conformance("similarity", only=list(THIRD), params=THIRD)
def test_conformance_in_a_third_way(component, check):
    check(component)


FOURTH = {RSA_NAME: {"kernel": "correlation"}, CALIBRATED: {"metric": SVCCA(variance=0.8), **FEW}}


@conformance("similarity", only=list(FOURTH), params=FOURTH)
def test_conformance_in_a_fourth_way(component, check):
    check(component)
