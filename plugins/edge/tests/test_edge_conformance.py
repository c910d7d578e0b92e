from sondage.testing import conformance

SMALL = {"projection": 16, "hidden": 16, "validate_every": 10, "max_validations": 12, "rate": 5e-3}


@conformance("edge", params={"edge.probe": {**SMALL, "loss": "softmax"}})
def test_conformance(component, check):
    check(component)


@conformance("edge", only=["edge.probe"], params={"edge.probe": {**SMALL, "read": "layer"}})
def test_conformance_of_each_layer(component, check):
    check(component)


@conformance(
    "edge",
    only=["edge.probe"],
    params={"edge.probe": {**SMALL, "read": "cumulative", "loss": "softmax"}},
)
def test_conformance_of_cumulative_mixes(component, check):
    check(component)
