"""The tasks: thin adapters."""

from __future__ import annotations

from typing import ClassVar

from sondage.contracts import TaskUnits
from sondage.data import TaskData, digest
from sondage.parts import FileTask
from sondage_glue.reader import Name
from sondage_glue.source import load

# Raised whenever the same bytes would be read into another corpus or other targets.
_READER = "glue-1"


class _Glue(FileTask):
    """What the five share.

    Parameters
    ----------
    dev : str or list of str, optional
        Files to choose and score on; without, the seed draws some of train.
    test : str or list of str, optional
        Files to test on. GLUE's own have no labels, and fine-tuning needs none; a probe does.
    """

    plugin = "glue"
    name: ClassVar[Name]
    what = "table"
    suffixes = (".tsv", ".csv", ".txt")
    needs_test = False
    units: ClassVar[TaskUnits] = "sentences"

    @property
    def fingerprint(self) -> str:
        """32 hex digits: files' bytes, split, and the task."""
        return digest(self.corpus_fingerprint, self.parts.split_key)

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: files' bytes, and how they are read."""
        return digest(_READER, self.name, self.parts.hashes, *self.leniency)

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        return load(self.parts, self.name, self.on_error)


class Cola(_Glue):
    """Whether a sentence is acceptable English (CoLA), from its raw files or GLUE's."""

    name = "cola"


class Sst2(_Glue):
    """Whether a review is positive (SST-2), with or without a header."""

    name = "sst2"


class Rte(_Glue):
    """Whether the first sentence entails the second (RTE)."""

    name = "rte"


class Mrpc(_Glue):
    """Whether two sentences are paraphrases (MRPC)."""

    name = "mrpc"


class Mnli(_Glue):
    """Entailment, neutral or contradiction (MultiNLI)."""

    name = "mnli"
