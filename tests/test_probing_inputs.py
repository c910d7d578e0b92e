"""What `sondage.probing` and `sondage.data` offer to probes beside running them."""

from __future__ import annotations

import numpy as np
import pytest

from sondage.data import ranges
from sondage.probing import surprisals


@pytest.mark.parametrize("runs", [[], [(3, 2)], [(5, 0), (2, 3), (0, 1)]])
def test_ranges_are_the_runs_end_to_end(runs):
    starts, lengths = np.array(runs, np.int64).reshape(-1, 2).T
    wanted = [i for start, n in runs for i in range(start, start + n)]
    found = ranges(starts, lengths)
    assert found.tolist() == wanted
    assert found.dtype == np.int64


def test_surprisals_are_bits_of_the_own_label():
    chances = np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
    logits = np.log(chances) + np.array([[1000.0], [-3.0]])
    np.testing.assert_allclose(surprisals(logits, np.array([0, 1])), [1, 3])


def test_an_unseen_label_surprises_without_end():
    assert surprisals(np.array([[0.0, -np.inf]]), np.array([1])).tolist() == [np.inf]
