"""Who hears what a run does."""

from __future__ import annotations

from typing import Protocol

from sondage.guard.headway import Headway
from sondage.records.lines import Record


class Listener(Protocol):
    """Hears what a run does; every method may be called often and must return fast.

    One that has a method ``at_work(titles)`` hears every two seconds what each worker process does.
    """

    def started(self, title: str) -> None: ...
    def advanced(self, headway: Headway) -> None: ...
    def encoded(self, title: str, warnings: dict[str, int], seconds: float) -> None: ...
    def recorded(self, records: list[Record]) -> None: ...
    def said(self, text: str) -> None: ...


class Silent:
    """A listener that does nothing."""

    def started(self, title: str) -> None:
        """Nothing."""

    def advanced(self, headway: Headway) -> None:
        """Nothing."""

    def encoded(self, title: str, warnings: dict[str, int], seconds: float) -> None:
        """Nothing."""

    def recorded(self, records: list[Record]) -> None:
        """Nothing."""

    def said(self, text: str) -> None:
        """Nothing."""
