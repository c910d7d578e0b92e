import numpy as np

from sondage.testing import conformance

BASELINE = "a baseline: it reads no vectors, so it learns nothing from them"
SMALL = {"hidden": ((32, 32),), "alphas": (1e-4,), "restarts": 2, "max_iter": 120}


class Nearest:
    """A simple probe: the label whose mean is nearest."""

    def fit(self, X, y, *, rng):
        self.classes_ = np.unique(y)
        self.means_ = np.stack([X[y == c].mean(axis=0) for c in self.classes_])
        return self

    def predict(self, X):
        return self.classes_[((X[:, None] - self.means_) ** 2).sum(axis=2).argmin(axis=1)]


NEAREST = {"probe": Nearest()}


@conformance(
    "classifiers",
    params={"classifiers.mlp": SMALL, "classifiers.control": NEAREST},
    expected_failures={"classifiers.majority:check_learns_separable_data": BASELINE},
)
def test_conformance(component, check):
    check(component)


@conformance(
    "classifiers",
    only=["classifiers.linear", "classifiers.mlp", "classifiers.majority"],
    params={
        "classifiers.linear": {"control": True, "standardise": True, "keep_weights": True},
        "classifiers.mlp": {**SMALL, "restarts": 1, "control": True},
        "classifiers.majority": {"control": True},
    },
    expected_failures={"classifiers.majority:check_learns_separable_data": BASELINE},
)
def test_conformance_with_control(component, check):
    check(component)
