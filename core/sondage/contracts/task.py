"""What a task is."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from sondage.data import Examples, TaskData

TaskUnits = Literal["sentences", "words", "trees", "rankings", "answers", "none"]


@runtime_checkable
class Task(Protocol):
    """A corpus, its splits and its targets, from files that the user has.

    Attributes
    ----------
    fingerprint : str
        Identifies corpus, targets and splits, from the files' bytes; no parsing.
    corpus_fingerprint : str
        Identifies the texts alone: tasks that share it share one encoding.
    units : {'sentences', 'words', 'trees', 'rankings', 'answers', 'none'}
        What the target sits on: labels on sentences; labels on words, spans or pairs of
        them; trees; rankings; answers in contexts; or no target (stimuli only). Known
        without loading, so that a plan can be checked.
    randomness : tuple of str
        ``("split",)`` where the seed draws the split, else empty.
    """

    @property
    def units(self) -> TaskUnits: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def corpus_fingerprint(self) -> str: ...
    @property
    def randomness(self) -> tuple[str, ...]: ...

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        ...


@runtime_checkable
class Illustrated(Protocol):
    """A task that says itself how its items are shown; of others the core shows what they hold."""

    def examples(self, n: int) -> Examples:
        """Return counts and at most `n` items in words; reads the files, as `load` does."""
        ...
