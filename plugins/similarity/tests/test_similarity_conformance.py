"""The conformance kit, with the default parameters and with every other way to a value."""

from __future__ import annotations

from sondage.testing import conformance


@conformance("similarity")
def test_conformance(component, check):
    check(component)


@conformance(
    "similarity",
    only=["similarity.rsa", "similarity.cka"],
    params={"similarity.rsa": {"stimuli": 12}, "similarity.cka": {"debiased": False}},
)
def test_conformance_of_a_small_sample_and_plain_cka(component, check):
    check(component)


RSA = "similarity.rsa"


@conformance("similarity", only=[RSA], params={RSA: {"stimuli": None, "kernel": "dot"}})
def test_conformance_of_all_stimuli(component, check):
    check(component)


@conformance("similarity", only=[RSA], params={RSA: {"kernel": "correlation"}})
def test_conformance_of_the_correlation_kernel(component, check):
    check(component)
