"""A task's files: one group that a seed splits, or train, dev and test given apart."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sondage.data import Corpus, Ints, Split, Target, TaskData
from sondage.defects import check_words
from sondage.errors import DataError, ParameterError
from sondage.files import file_hash, find_files

Files = str | list[str] | None
Ratios = tuple[float, float, float]
NAMES = ("train", "dev", "test")


@dataclass(frozen=True)
class Parts:
    """Which files a task reads and how its items are split; what most tasks are built on.

    Parameters
    ----------
    task : str
        What messages call the task.
    files, train, dev, test : str, list of str or None
        Names or patterns. Either `files`, or `train` and `test` with or without `dev`.
    ratios : (float, float, float)
        Shares of train, dev and test among the distinct sentences of `files`.
    dev_share : float or None
        Share of the distinct sentences of `train` that the seed moves to dev where no `dev`
        is given; with None it never does.
    what, suffixes : str, tuple of str
        As `sondage.files.find_files` takes them.
    needs_test : bool
        Whether `train` alone is refused.
    """

    task: str
    files: Files = None
    train: Files = None
    dev: Files = None
    test: Files = None
    ratios: Ratios = (0.8, 0.1, 0.1)
    dev_share: float | None = None
    what: str = "file"
    suffixes: tuple[str, ...] = ()
    needs_test: bool = True

    @property
    def carves(self) -> bool:
        """Whether a seed draws dev from train."""
        return self.files is None and self.dev is None and bool(self.dev_share)

    @property
    def randomness(self) -> tuple[str, ...]:
        """``("split",)`` where a seed draws the split or its dev part; a task's `randomness`."""
        return ("split",) if self.files is not None or self.carves else ()

    def groups(self) -> list[tuple[str, ...]]:
        """Return the files of each part: one part, or train, dev and test.

        Raises
        ------
        ParameterError
            If the parameters name no files, or name them both ways, or if shares are none.
        DataError
            If a file does not exist, or is in two parts.
        """
        parts = (self.train, self.dev, self.test)
        if self.files is not None:
            if any(part is not None for part in parts):
                raise self._wrong("has both 'files' and train, dev or test")
            check_ratios(self.task, self.ratios)
            return [self._found(self.files)]
        if self.train is None or (self.test is None and self.needs_test):
            lacks = "lacks 'train' or 'test'" if self.needs_test else "lacks 'train'"
            raise self._wrong(lacks if any(parts) else "names no files")
        if not 0 <= (self.dev_share or 0.0) < 1:
            raise ParameterError(
                f"{self.task} has dev_share {self.dev_share}, wanted at least 0 and below 1",
                where=self.task,
                hint="0 leaves dev empty; a tenth of train is usual",
            )
        groups = [() if part is None else self._found(part) for part in parts]
        seen = [os.path.realpath(p) for group in groups for p in group]
        twice = [p for p in seen if seen.count(p) > 1]
        if twice:
            raise DataError(
                f"{self.task} would read one file in two parts",
                where=twice[0],
                hint="name each file in one of train, dev and test; or use 'files' alone",
            )
        return groups

    def _found(self, patterns: str | list[str]) -> tuple[str, ...]:
        return find_files(patterns, what=self.what, suffixes=self.suffixes)

    def _wrong(self, what: str) -> ParameterError:
        more = "'test' and perhaps 'dev'" if self.needs_test else "perhaps 'dev' and 'test'"
        return ParameterError(
            f"{self.task} {what}",
            where=self.task,
            hint=f"give 'files' (split by the seed), or 'train', {more}",
        )

    @property
    def paths(self) -> list[str]:
        """All files, parts in order."""
        return [path for group in self.groups() for path in group]

    @property
    def hashes(self) -> list[str]:
        """32 hex digits over the bytes of each of `paths`: what a fingerprint starts from."""
        return [file_hash(path) for path in self.paths]

    @property
    def split_key(self) -> object:
        """What determines the split, beside the files' bytes: for a fingerprint."""
        if self.files is not None:
            return tuple(float(r) for r in self.ratios)
        sizes = [len(group) for group in self.groups()]
        if self.dev_share is None:
            return sizes
        return sizes, float(self.dev_share) if self.carves else 0.0

    def part_of(self, file_of: Ints) -> Ints:
        """Return 0, 1 or 2 (train, dev, test) for each sentence, from its place in `paths`."""
        of_file = np.repeat(np.arange(3), [len(group) for group in self.groups()])
        return np.asarray(of_file[file_of], np.int64)

    def data(
        self,
        corpus: Corpus,
        target: Target,
        file_of: Ints,
        warnings: Mapping[str, int],
        *,
        empty: str = "take another file",
        groups: Ints | None = None,
    ) -> TaskData:
        """Put corpus, target and split together.

        Parameters
        ----------
        corpus, target : Corpus, Target
        file_of : int64 array, shape (len(corpus),)
            Which of `paths` each sentence is from.
        warnings : mapping of slug to count
            Zeros are left out. Added is ``sentences-also-in-train``: how many sentences of
            given dev and test files the train files hold as well.
        empty : str
            What to do about a given part without an item.
        groups : int64 array, shape (len(corpus),), optional
            What a seed keeps together, as `TaskData` takes it.

        Raises
        ------
        DataError
            If a given part has no item, or the words of a sentence are withheld.
        """
        _refuse_withheld(corpus, file_of, self.paths)
        counted = {slug: n for slug, n in warnings.items() if n}
        if self.files is not None:
            return TaskData(corpus, target, ratios=self.ratios, warnings=counted, groups=groups)
        part = self.part_of(file_of)
        repeated = also_in_train(corpus, part)
        if repeated:
            counted["sentences-also-in-train"] = repeated
        fixed = split_by(part[target.sentence])
        given = (self.train, self.dev, self.test)
        for name, files, items in zip(
            NAMES, given, (fixed.train, fixed.dev, fixed.test), strict=True
        ):
            if files is not None and not len(items):
                raise DataError(
                    f"{self.task} finds nothing to predict in its {name} part",
                    where=str(files),
                    hint=empty,
                )
        share = float(self.dev_share or 0.0) if self.carves else 0.0
        return TaskData(
            corpus, target, fixed=fixed, warnings=counted, dev_share=share, groups=groups
        )


def _refuse_withheld(corpus: Corpus, file_of: Ints, paths: Sequence[str]) -> None:
    if corpus.words is not None:
        for i, place in enumerate(file_of.tolist()):
            check_words(corpus.words_of(i), paths[place])


def name_of(paths: Sequence[str]) -> str:
    """Return what messages call the corpus of these files."""
    first, more = os.path.basename(paths[0]), len(paths) - 1
    return f"{first} and {more} more" if more else first


def split_by(part: Ints) -> Split:
    """Return the split in which item i is of part ``part[i]`` (0 train, 1 dev, 2 test)."""
    return Split(*(np.flatnonzero(part == k).astype(np.int64) for k in range(3)))


def also_in_train(corpus: Corpus, part: Ints) -> int:
    """Return how many sentences of dev and test are in train as well."""
    group = corpus.unique[1]
    return int(np.isin(group[part > 0], group[part == 0]).sum())


def with_two_labels(corpus: Corpus, y: Ints) -> int:
    """Return how many distinct sentences carry one label here and another there.

    Parameters
    ----------
    corpus : Corpus
    y : int64 array, shape (len(corpus),)
        The label of each sentence.
    """
    pairs = np.unique(np.stack([corpus.unique[1], y]), axis=1)
    return int((np.bincount(pairs[0]) > 1).sum())


def check_ratios(task: str, ratios: Ratios) -> None:
    """Raise `ParameterError` unless three shares, none negative, sum to 1."""
    ok = len(ratios) == 3 and all(r >= 0 for r in ratios)
    if not ok or not math.isclose(sum(ratios), 1, abs_tol=1e-6):
        raise ParameterError(
            f"{task} has ratios {list(ratios)}, which are not three shares of 1",
            where=task,
            hint="ratios are train, dev, test, such as [0.8, 0.1, 0.1]",
        )
