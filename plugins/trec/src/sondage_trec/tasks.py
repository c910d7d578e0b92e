"""The tasks `trec.fine` and `trec.coarse`: thin adapters."""

from __future__ import annotations

import inspect
from typing import ClassVar

import numpy as np

from sondage.contracts import TaskUnits
from sondage.data import Labels, TaskData, Units, digest
from sondage.defects import OnError
from sondage.parts import Files, FileTask, Ratios, name_of, with_two_labels
from sondage_trec.reader import Encoding, Questions, read_trec

# Raised whenever the same bytes would be read into another corpus or other targets.
_READER = "trec-1"

_SHARED = """

Parameters
----------
files : str or list of str, optional
    Files of questions, plain or gzipped, or patterns of such; the seed splits them, equal
    questions together.
train : str or list of str, optional
    Files to train on, for the data's own split; instead of `files`.
dev : str or list of str, optional
    Files to choose on, for the data's own split; without, the seed draws some of train.
test : str or list of str, optional
    Files to test on, for the data's own split.
ratios : (float, float, float)
    Shares of train, dev and test among the distinct questions of `files`.
dev_share : float
    Share of the distinct questions of `train` that the seed moves to dev where no `dev` is
    given; 0 leaves dev empty.
encoding : {'utf-8', 'latin-1'}
    How the files write letters beyond ASCII.
on_error : {'raise', 'skip'}
    Whether a broken line is an error or is skipped and counted.

Attributes
----------
fingerprint, corpus_fingerprint : str
    From the files' bytes and the parameters; raise `DataError` for a missing file.
units : 'sentences'
    What the labels sit on.
randomness : tuple of str
    What the run's seed draws.
"""


class _Questions(FileTask):
    """What the two share."""

    plugin = "trec"
    what = "file of questions"
    suffixes = (".label", ".txt")
    units: ClassVar[TaskUnits] = "sentences"

    def __init_subclass__(cls) -> None:
        # `sondage describe` prints each class's own documentation of its parameters.
        cls.__doc__ = inspect.cleandoc(cls.__doc__ or "") + _SHARED

    def __init__(
        self,
        *,
        files: Files = None,
        train: Files = None,
        dev: Files = None,
        test: Files = None,
        ratios: Ratios = (0.8, 0.1, 0.1),
        dev_share: float = 0.1,
        encoding: Encoding = "utf-8",
        on_error: OnError = "raise",
    ) -> None:
        super().__init__(
            files=files,
            train=train,
            dev=dev,
            test=test,
            ratios=ratios,
            dev_share=dev_share,
            on_error=on_error,
        )
        self.encoding = encoding

    @property
    def fingerprint(self) -> str:
        """32 hex digits: files' bytes, encoding, split, and what is predicted."""
        return digest(self.corpus_fingerprint, self.parts.split_key, self.name)

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: the same for both tasks over the same files."""
        return digest(_READER, self.encoding, self.parts.hashes, *self.leniency)

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line.

        Label names are sorted. Warnings are the reader's, ``sentences-also-in-train``, and
        ``questions-with-two-labels``, distinct questions whose repetitions disagree.
        """
        bank = read_trec(self.parts.paths, encoding=self.encoding, on_error=self.on_error)
        corpus = bank.corpus(name_of(bank.files))
        values = self._labels(bank)
        names = tuple(sorted(set(values)))
        index = {name: k for k, name in enumerate(names)}
        y = np.array([index[v] for v in values], np.int64)
        warnings = {**bank.warnings, "questions-with-two-labels": with_two_labels(corpus, y)}
        target = Labels(Units.of_sentences(len(bank)), y, names)
        return self.parts.data(corpus, target, bank.file_of, warnings)

    def _labels(self, bank: Questions) -> list[str]:
        raise NotImplementedError


class Fine(_Questions):
    """What a question asks for, fine classes such as LOC:city (50 in the published data)."""

    name = "fine"

    def _labels(self, bank: Questions) -> list[str]:
        # The coarse part stays: 'desc' and 'other' stand under several.
        return list(bank.labels)


class Coarse(_Questions):
    """What a question asks for, coarse classes such as LOC (6 in the published data)."""

    name = "coarse"

    def _labels(self, bank: Questions) -> list[str]:
        return [label.partition(":")[0] for label in bank.labels]
