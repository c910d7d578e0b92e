"""What a task over files may derive from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sondage.data import Corpus, Ints, Target, TaskData, digest
from sondage.defects import OnError
from sondage.parts.split import Files, Parts, Ratios, name_of


@dataclass(kw_only=True, eq=False)
class FileTask:
    """What a task over files may derive from: the parameters of `Parts`, and what follows.

    Tasks need no base class; this one spares them repetition. A task with parameters of its
    own is such a dataclass too and declares only these; what is said here of the others is
    shown of that task as well.

    Parameters
    ----------
    files : str or list of str, optional
        Files, plain or gzipped, or patterns of such; the seed splits them, equal texts
        together.
    train : str or list of str, optional
        Files to train on, for the data's own split; instead of `files`.
    dev : str or list of str, optional
        Files to choose on, for the data's own split; without, the seed draws some of train.
    test : str or list of str, optional
        Files to test on, for the data's own split.
    ratios : (float, float, float)
        Shares of train, dev and test among the distinct texts of `files`.
    dev_share : float
        Share of the distinct texts of `train` that the seed moves to dev where no `dev` is
        given; 0 leaves dev empty.
    on_error : {'raise', 'skip'}
        Whether an entry of a file with a defect is an error, or is skipped and counted.

    Attributes
    ----------
    plugin, name : str
        The task's name, ``plugin.name``; a task sets both.
    what, suffixes, needs_test : str, tuple of str, bool
        As `Parts` takes them.
    reader : str
        Part of every fingerprint; raised whenever the same bytes would be read into another
        corpus or other targets.
    empty : str
        What to do about a given part without an item.
    """

    plugin: ClassVar[str]
    name: ClassVar[str]
    what: ClassVar[str] = "file"
    suffixes: ClassVar[tuple[str, ...]] = ()
    needs_test: ClassVar[bool] = True
    reader: ClassVar[str]
    empty: ClassVar[str] = "take another file"

    files: Files = None
    train: Files = None
    dev: Files = None
    test: Files = None
    ratios: Ratios = (0.8, 0.1, 0.1)
    dev_share: float = 0.1
    on_error: OnError = "raise"

    @property
    def leniency(self) -> tuple[str, ...]:
        """What `on_error` adds to a corpus's fingerprint: nothing where it is the default."""
        return () if self.on_error == "raise" else (self.on_error,)

    @property
    def parts(self) -> Parts:
        """Which files it reads and how they are split."""
        return Parts(
            f"{self.plugin}.{self.name}", self.files, self.train, self.dev, self.test, self.ratios,
            self.dev_share, self.what, self.suffixes, self.needs_test,
        )  # fmt: skip

    @property
    def randomness(self) -> tuple[str, ...]:
        """``("split",)`` with `files` or where dev is drawn from train, else empty."""
        return self.parts.randomness

    @property
    def fingerprint(self) -> str:
        """32 hex digits: the corpus, how it is split, and what is predicted."""
        return digest(self.corpus_fingerprint, self.parts.split_key, *self.target_key())

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: the files' bytes, and how they are read."""
        return digest(self.reader, *self.corpus_key(), *self.leniency)

    def corpus_key(self) -> tuple[object, ...]:
        """Return what determines the corpus: the files' bytes, for a start."""
        return (self.parts.hashes,)

    def target_key(self) -> tuple[object, ...]:
        """Return what determines the target, beside corpus and split."""
        return (self.name,)

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        found = self.read(self.parts.paths)
        corpus, target, warnings = self.problem(found, name_of(found.files))
        counted = {**found.warnings, **warnings}
        return self.parts.data(
            corpus, target, found.file_of, counted, empty=self.empty, groups=self.groups(found)
        )

    def read(self, paths: list[str]) -> Any:
        """Return what is in the files: an object with `files`, `file_of` and `warnings`."""
        raise NotImplementedError

    def problem(self, found: Any, name: str) -> tuple[Corpus, Target, Mapping[str, int]]:
        """Return what `read` found as corpus, called `name`, and target; and what to warn of."""
        raise NotImplementedError

    def groups(self, found: Any) -> Ints | None:
        """Return the group of each sentence of what `read` found, which a seed keeps together.

        As `sondage.data.TaskData` takes them; None: only equal ones stay together.
        """
        return None
