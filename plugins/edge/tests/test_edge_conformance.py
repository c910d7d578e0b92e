from sondage.testing import conformance

SMALL = {"projection": 16, "hidden": 16, "validate_every": 10, "max_validations": 12, "rate": 5e-3}

#: What another way to read could break; how arguments are kept it could not.
READ = [f"edge.probe:check_{name}" for name in (
    "learns_*", "chance_*", "refit_*", "relabelling_*", "layers_*", "seeds_*", "running_*",
    "each_cell_*", "declared_*", "seed_acts_*", "scores_*", "outcomes_*", "every_test_*",
    "inputs_*", "what_was_*",
)]  # fmt: skip


@conformance("edge", params={"edge.probe": {**SMALL, "loss": "softmax"}})
def test_conformance(component, check):
    check(component)


@conformance("edge", only=READ, params={"edge.probe": {**SMALL, "read": "layer"}})
def test_conformance_of_each_layer(component, check):
    check(component)


@conformance(
    "edge",
    only=READ,
    params={"edge.probe": {**SMALL, "read": "cumulative", "loss": "softmax"}},
)
def test_conformance_of_cumulative_mixes(component, check):
    check(component)
