"""The conformance kit, with the default parameters and with every other way to a value."""

from __future__ import annotations

from sondage.testing import conformance

JS, EMD, ENTROPY = "attention.js", "attention.emd", "attention.entropy"


@conformance("attention")
def test_conformance(component, check):
    check(component)


@conformance(
    "attention",
    only=[JS, EMD, ENTROPY],
    params={
        JS: {"unit": "bits", "special": "drop"},
        EMD: {"ground": "uniform", "from_segment": 0, "to_segment": 1},
        ENTROPY: {"unit": "bits", "rows": "cls"},
    },
)
def test_conformance_of_other_readings(component, check):
    check(component)
