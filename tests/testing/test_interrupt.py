"""The kit's interrupts: they come where they are heard."""

import gc
import time

import pytest

from sondage.testing.checks.interrupt import Interrupt


def test_an_interrupt_is_not_lost_in_a_callback_of_garbage_collection():
    def slow(phase, info):
        until = time.perf_counter() + 0.02
        while time.perf_counter() < until:
            pass

    def work():
        gc.collect()
        until = time.perf_counter() + 5
        while time.perf_counter() < until:
            pass

    gc.callbacks.append(slow)
    try:
        interrupt = Interrupt(0.005)
        with pytest.raises(KeyboardInterrupt):
            interrupt.within(work)
    finally:
        gc.callbacks.remove(slow)
    assert interrupt.came
