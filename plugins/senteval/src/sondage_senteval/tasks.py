"""The ten tasks, and any other in the same formats: thin adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from sondage.contracts import TaskUnits
from sondage.data import TaskData
from sondage.parts import FileTask
from sondage.specs import Before
from sondage_senteval.formats import Format
from sondage_senteval.task_files import TaskFiles


@dataclass(kw_only=True, eq=False)
class Probing(FileTask):
    """Any task on labelled sentences in SentEval's format or in two columns.

    Parameters
    ----------
    files : str or list of str, optional
        SentEval's own file (``split<TAB>label<TAB>sentence``), whose split is taken; or files
        of two columns, which the seed splits, equal sentences together. Plain or gzipped.
    format : {'auto', 'senteval', 'sentence-label', 'label-sentence'}
        How lines are laid out. ``auto`` takes the only layout that every line fits, and
        refuses where there is none or more than one.
    labels : 'known', 'files' or list of str
        Which labels the files may hold: those that this task is known to have, whatever is
        there, or these.
    ratios : (float, float, float)
        Shares of train, dev and test among the distinct sentences of `files` without a split.
    """

    plugin = "senteval"
    name: ClassVar[str] = "probing"
    what = "file of labelled sentences"
    suffixes = (".txt", ".tsv")
    units: ClassVar[TaskUnits] = "sentences"

    format: Annotated[Format, Before("ratios")] = "auto"
    labels: Annotated[str | list[str], Before("ratios")] = "known"

    @property
    def _task_files(self) -> TaskFiles:
        return TaskFiles(self.parts, self.name, self.format, self.labels, self.on_error)

    @property
    def fingerprint(self) -> str:
        """32 hex digits: files' bytes, format, split, labels, and the task."""
        return self._task_files.fingerprint()

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: files' bytes and format."""
        return self._task_files.corpus_fingerprint

    @property
    def randomness(self) -> tuple[str, ...]:
        """``("split",)`` where the seed draws the split or its dev part, else empty."""
        return self._task_files.randomness

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        return self._task_files.data()


class SentenceLength(Probing):
    """Number of words, in six bins (5-8, 9-12, 13-16, 17-20, 21-25, 26-28 in SentEval)."""

    name = "sentence_length"


class WordContent(Probing):
    """Which of 1,000 words the sentence holds; labels are the files'."""

    name = "word_content"


class TreeDepth(Probing):
    """Depth of the syntactic tree; labels are numbers, those of the files."""

    name = "tree_depth"


class TopConstituents(Probing):
    """Sequence of constituents below the root: the 19 most common, and OTHER."""

    name = "top_constituents"


class BigramShift(Probing):
    """Whether two neighbouring words have changed places."""

    name = "bigram_shift"


class Tense(Probing):
    """Whether the main verb is in the past or the present (`past_present.txt`)."""

    name = "past_present"


class SubjNumber(Probing):
    """Number of the main clause's subject."""

    name = "subj_number"


class ObjNumber(Probing):
    """Number of the main clause's direct object."""

    name = "obj_number"


class OddManOut(Probing):
    """Whether a noun or verb was replaced by another of its kind."""

    name = "odd_man_out"


class CoordinationInversion(Probing):
    """Whether two coordinate clauses have changed places."""

    name = "coordination_inversion"
