"""How far work is: heard of often enough, never from outside, at its own pace."""

import time

import pytest

from sondage.guard import headway
from sondage.guard.headway import Headway, heard, tell


def test_nobody_hears_of_what_nobody_listens_to():
    tell(1, 2, "steps")
    with heard(None):
        tell(1, 2, "steps")


def test_what_is_told_is_heard_now_and_then_and_at_the_end(monkeypatch):
    clock = [50.0]
    monkeypatch.setattr(headway.time, "monotonic", lambda: clock[0])
    found = []
    with heard(found.append):
        for step in range(101):
            tell(step, 100, "steps", loss=1 / (step + 1))
            clock[0] += headway.EVERY / 10
    tell(7, 8, "steps")
    assert 10 <= len(found) <= 13
    assert (found[0].done, found[0].left) == (0, None)
    assert (found[-1].done, found[-1].left) == (100, 0.0)
    assert found[5].left == pytest.approx((100 - found[5].done) * headway.EVERY / 10)


def test_work_that_goes_on_is_measured_from_where_it_began(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(headway.time, "monotonic", lambda: clock[0])
    found = []
    with heard(found.append):
        tell(80, 100, "steps")
        clock[0] += 10
        tell(90, 100, "steps")
    # Ten steps in ten seconds, not ninety.
    assert found[-1].left == pytest.approx(10.0)


def test_in_words():
    assert str(Headway(3, 9, "sentences", 2.0, {"words": 50})) == "3 of 9 sentences, 25 words/s"
    assert str(Headway(0, 9, "sentences", 0.0, {"words": 0})) == "0 of 9 sentences"


def test_telling_costs_next_to_nothing():
    with heard(lambda found: None):
        begun = time.process_time()
        for step in range(20_000):
            tell(step, 10**9, "steps", loss=0.5)
        assert time.process_time() - begun < 1.0
