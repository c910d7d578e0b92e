"""The conformance kit, with the default parameters and with every other way to a value."""

from __future__ import annotations

from sondage.testing import conformance


@conformance("pairwise")
def test_conformance(component, check):
    check(component)


@conformance(
    "pairwise",
    only=["pairwise.ranking"],
    params={"pairwise.ranking": {"measure": "euclidean", "paper": True}},
)
def test_conformance_as_printed(component, check):
    check(component)
