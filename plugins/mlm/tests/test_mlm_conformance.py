"""The conformance kit, with the default parameters and the others."""

from sondage.testing import conformance


@conformance("mlm")
def test_conformance(component, check):
    check(component)


@conformance(
    "mlm",
    params={
        "mlm.perplexity": {"protocol": "run_mlm", "block": 32},
        "mlm.pll": {"hide": "original"},
    },
)
def test_conformance_of_the_other_ways(component, check):
    check(component)
