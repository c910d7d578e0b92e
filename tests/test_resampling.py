"""Groups of values: sums, checks and random signs."""

import numpy as np
import pytest

from sondage.errors import DataError
from sondage.stats import resampling


def test_values_are_summed_by_group_whatever_groups_are_called():
    x, codes, n = resampling.grouped([1, 2, 3, 4], ["b", "a", "b", "c"], "who")
    assert (codes.tolist(), n) == ([1, 0, 1, 2], 3)
    assert resampling.sums(codes, x, n).tolist() == [2, 4, 4]
    assert resampling.sums(codes, x, 4).tolist() == [2, 4, 4, 0]


@pytest.mark.parametrize(
    ("values", "groups", "message"),
    [
        ([], [], "at least one value"),
        ([[1.0]], [0], "not shape"),
        ([1.0, np.nan], [0, 1], "who: 1 of 2 values are NaN or infinite"),
        ([1.0, 2.0], [0], "who: 2 values, but groups of shape"),
    ],
)
def test_what_is_no_list_of_numbers_is_refused(values, groups, message):
    with pytest.raises(DataError, match=message):
        resampling.grouped(values, groups, "who")


@pytest.mark.parametrize(("total", "width"), [(0, 3), (10, 1), (10, 1 << 22), (5, 1 << 20)])
def test_batches_add_up_and_are_bounded(total, width):
    sizes = list(resampling.batches(total, width))
    assert sum(sizes) == total
    assert all(0 < size <= max(1, (1 << 21) // width) for size in sizes)


def test_few_groups_are_tested_exactly_and_zeros_do_not_move():
    rng = np.random.default_rng(0)
    # Of 8 sign patterns two reach 3 in size.
    assert resampling.sign_flip(np.array([1.0, 1.0, 0.0, 1.0]), 100, rng) == 2 / 8
    assert resampling.sign_flip(np.zeros(4), 100, rng) == 1.0
    with pytest.raises(DataError, match="at least 1 permutation"):
        resampling.sign_flip(np.ones(70), 0, rng)
