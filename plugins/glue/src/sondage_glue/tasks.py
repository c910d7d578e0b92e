"""The tasks: thin adapters."""

from __future__ import annotations

from typing import ClassVar

from sondage.contracts import TaskUnits
from sondage.data import Corpus, Labels
from sondage.parts import FileTask, sentence_labels, with_two_labels
from sondage_glue.reader import LABELS, Name, Table, read_glue


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
    reader = "glue-1"
    units: ClassVar[TaskUnits] = "sentences"

    def corpus_key(self) -> tuple[object, ...]:
        """Return the task and the files' bytes."""
        return (self.name, self.parts.hashes)

    def target_key(self) -> tuple[object, ...]:
        """Return nothing more."""
        return ()

    def read(self, paths: list[str]) -> Table:
        """Read the files."""
        return read_glue(paths, self.name, on_error=self.on_error)

    def problem(self, found: Table, name: str) -> tuple[Corpus, Labels, dict[str, int]]:
        """Return corpus, labels, and ``sentences-with-two-labels``.

        These are distinct texts whose repetitions disagree.
        """
        corpus = found.corpus(f"{self.name} ({name})")
        labels = sentence_labels(found.labels, tuple(LABELS[self.name].values()))
        return corpus, labels, {"sentences-with-two-labels": with_two_labels(corpus, labels.y)}


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
