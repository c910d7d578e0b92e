"""Parity with other implementations on real activations: 5,000 words of UD English PUD."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sondage_similarity import CCA, PWCCA, SVCCA, Bures, Procrustes, cka, rsa
from sondage_similarity.kernels import side_of
from sondage_similarity.linear import gathered
from sondage_similarity.pairs import by_pairs

INPUTS = Path(__file__).parents[4] / "shared" / "reference" / "inputs"
pytestmark = pytest.mark.skipif(
    not (INPUTS / "pud_rows5000_L6.npy").is_file(),
    reason="no ../shared/reference/inputs/pud_rows5000_L6.npy beside the repository",
)


@pytest.fixture(scope="module")
def sides():
    return tuple(np.load(INPUTS / f"pud_rows5000_L{layer}.npy") for layer in (6, 3))


def flat(x):
    return (x @ x.T)[np.triu_indices(len(x), 1)]


def test_cka_is_that_of_two_other_implementations(sides):
    assert cka(*sides, debiased=False) == pytest.approx(0.503037, abs=1e-6)
    assert cka(*sides) == pytest.approx(0.496345, abs=1e-6)


def test_rsa_is_within_1e6_of_the_matrices_in_float64(sides):
    unit = [z / np.linalg.norm(z, axis=1, keepdims=True) for z in (s.astype(float) for s in sides)]
    wanted = np.corrcoef(*(flat(z) for z in unit))[0, 1]
    assert rsa(*sides) == pytest.approx(wanted, abs=1e-12)
    pairs = by_pairs(*(side_of(s, "cosine") for s in sides)).pearson(5000)
    assert pairs == pytest.approx(wanted, abs=1e-6)


@pytest.mark.slow
def test_the_inputs_are_those_the_reference_was_made_with(sides):
    # The reference's RSA is another one: correlation matrices, Spearman's coefficient.
    from scipy.stats import rankdata

    ranks = [
        rankdata(flat((c := s - s.mean(1, keepdims=True)) / np.linalg.norm(c, axis=1)[:, None]))
        for s in (s.astype(float) for s in sides)
    ]
    assert np.corrcoef(*ranks)[0, 1] == pytest.approx(0.510956, abs=1e-6)


def test_the_family_is_that_of_trusted_numbers(sides):
    moments = gathered(*sides)
    found = {}
    for metric in (CCA(), PWCCA(), SVCCA(), Procrustes(), Bures()):
        result = metric.result(moments)
        found |= result.scores
    wanted = {
        "cca_centred_mean": 0.488892,  # not 0.5651, the mean up to 98% of the sum
        "pwcca_centred_by_a": 0.566741,  # not 0.6030, weighted by what are no variates
        "pwcca_centred_by_b": 0.589478,
        "svcca_centred_99pct_over_kept": 0.511076,  # not 0.3912 of one direction, nor 0.4912
        "procrustes_centred_half_squared": 0.367433,
        "procrustes_centred_chord": 0.857243,
        "bures_centred": 1 - 0.367433,
    }
    assert {name: found[name] for name in wanted} == pytest.approx(wanted, abs=1e-6)
    ranks = SVCCA().result(moments).tables["ranks"]
    assert (ranks["rank"], ranks["kept"]) == ([381, 383], [341, 327])


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_the_family_stays_when_the_states_are_rounded(sides, name):
    if name == "float16":
        low = [x.astype(np.float16) for x in sides]
    else:
        low = [(x.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32) for x in sides]
    result = SVCCA().result(gathered(*low))
    assert result.tables["ranks"]["rank"] == [381, 383]
    assert result.tables["ranks"]["precision"] == [name, name]
    assert next(iter(result.scores.values())) == pytest.approx(0.511076, abs=1e-4)
