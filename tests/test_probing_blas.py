"""Linear algebra on one thread, for as long as anybody wants it so."""

import threading

import numpy as np
import pytest
import scipy.linalg  # noqa: F401 - it has a library of its own
from threadpoolctl import threadpool_info, threadpool_limits

from sondage.probing import on_threads, one_thread

np.eye(2) @ np.eye(2)


def threads():
    return {p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        yield


@one_thread()
def inside(depth):
    return threads() | (inside(depth - 1) if depth else set())


def test_blas_runs_on_one_thread_inside_and_as_before_outside():
    before = threads()
    assert inside(2) == {1}
    assert threads() == before
    with one_thread() as outside, one_thread() as again:
        assert outside == again == max(before)
    with pytest.raises(ZeroDivisionError), one_thread():
        _ = 1 / 0
    assert threads() == before


def test_items_meet_on_threads_of_which_each_has_one_of_blas():
    """Two that wait for each other both come through, and results stand in the items' order."""
    meeting = threading.Barrier(2, timeout=20)

    def one(item):
        meeting.wait()
        return item, threads(), threading.get_ident()

    with on_threads() as run:
        found = run(one, ["a", "b"])
    assert [f[0] for f in found] == ["a", "b"]
    assert [f[1] for f in found] == [{1}, {1}]
    assert found[0][2] != found[1][2]
    with threadpool_limits(1, user_api="blas"), on_threads() as run:
        assert run(lambda item: threading.get_ident(), "ab") == [threading.get_ident()] * 2
