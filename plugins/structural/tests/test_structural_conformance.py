from sondage.testing import conformance

BASELINE = {
    "structural.chain:check_learns_separable_data": "a baseline: it reads no vectors, "
    "so it learns nothing from them"
}
SMALL = {"rank": 8, "epochs": 15, "batch": 4, "learning_rate": 0.02}


@conformance(
    "structural",
    params={"structural.distance": SMALL, "structural.depth": SMALL},
    expected_failures=BASELINE,
)
def test_conformance(component, check):
    check(component)


RANDOM = {"rank": 8, "projection": "random", "keep_projection": True}


@conformance(
    "structural",
    only=["structural.distance", "structural.depth"],
    params={"structural.distance": RANDOM, "structural.depth": RANDOM},
)
def test_conformance_of_random_projections(component, check):
    check(component)
