"""How far the work at hand is: told where it is done, heard by whoever shows a run's progress."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

#: Seconds between two things that are heard of one piece of work; the rest costs nothing.
EVERY = 0.2


@dataclass(frozen=True)
class Headway:
    """How far a piece of work is.

    Attributes
    ----------
    done, total : int
        Of its own count.
    unit : str
        What is counted, such as ``sentences`` or ``steps``.
    seconds : float
        Since the work was first told of.
    facts : mapping of str to float
        What else there is to say: ``loss``, ``epoch``, ``words``.
    start : int
        Where it began: what an earlier process did of it took none of this one's time.
    """

    done: int
    total: int
    unit: str
    seconds: float
    facts: Mapping[str, float] = field(default_factory=dict)
    start: int = 0

    @property
    def left(self) -> float | None:
        """Seconds left at the pace of this work so far; None before any of it is done."""
        here = self.done - self.start
        known = here > 0 and self.seconds > 0
        return self.seconds / here * (self.total - self.done) if known else None

    def __str__(self) -> str:
        loss = self.facts.get("loss")
        epoch = self.facts.get("epoch")
        words = self.facts.get("words")
        parts = [f"{self.done} of {self.total} {self.unit}"]
        parts += [] if epoch is None else [f"epoch {epoch:.1f}"]
        parts += [] if loss is None else [f"loss {loss:.3g}"]
        parts += [] if not words or not self.seconds else [f"{words / self.seconds:.0f} words/s"]
        return ", ".join(parts)


@dataclass
class _Heard:
    hear: Callable[[Headway], None]
    begun: float = 0.0
    last: float = 0.0
    start: int | None = None


# What hears is of this thread and its tasks alone: work on other machines tells nobody.
_HEARD: ContextVar[_Heard | None] = ContextVar("sondage_headway", default=None)


@contextlib.contextmanager
def heard(hear: Callable[[Headway], None] | None) -> Iterator[None]:
    """Let what `tell` says of the work within be heard; None hears nothing."""
    mark = _HEARD.set(None if hear is None else _Heard(hear))
    try:
        yield
    finally:
        _HEARD.reset(mark)


def tell(done: int, total: int, unit: str, **facts: float) -> None:
    """Say how far the work at hand is: once at its beginning, then as often as one likes.

    The first call says what an earlier process did of it, often nothing. It costs next to nothing.

    Parameters
    ----------
    done, total : int
    unit : str
        What is counted, such as ``steps``.
    **facts : float
        ``loss``, ``epoch``, ``words`` (so far).
    """
    now = _HEARD.get()
    if now is None:
        return
    clock = time.monotonic()
    if now.start is None:
        now.start, now.begun = done, clock
    if clock - now.last < EVERY and done < total:
        return
    now.last = clock
    now.hear(Headway(done, total, unit, clock - now.begun, facts, now.start))
