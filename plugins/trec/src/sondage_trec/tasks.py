"""The tasks `trec.fine` and `trec.coarse`: thin adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from sondage.contracts import TaskUnits
from sondage.data import Labels, TaskData, Units, digest
from sondage.parts import FileTask, name_of, with_two_labels
from sondage.specs import Before
from sondage_trec.reader import Encoding, Questions, read_trec

# Raised whenever the same bytes would be read into another corpus or other targets.
_READER = "trec-1"


@dataclass(kw_only=True, eq=False)
class _Questions(FileTask):
    """What the two share.

    Parameters
    ----------
    encoding : {'utf-8', 'latin-1'}
        How the files write letters beyond ASCII.
    """

    plugin = "trec"
    what = "file of questions"
    suffixes = (".label", ".txt")
    units: ClassVar[TaskUnits] = "sentences"

    encoding: Annotated[Encoding, Before("on_error")] = "utf-8"

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
