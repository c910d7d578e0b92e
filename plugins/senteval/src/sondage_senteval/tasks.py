"""The ten tasks, and any other in the same formats: thin adapters."""

from __future__ import annotations

import inspect
from typing import ClassVar

from sondage.contracts import TaskUnits
from sondage.data import TaskData
from sondage.defects import OnError
from sondage.parts import Files, Parts, Ratios
from sondage_senteval.formats import Format
from sondage_senteval.source import Source

_SHARED = """

Parameters
----------
files : str or list of str, optional
    SentEval's own file (``split<TAB>label<TAB>sentence``), whose split is taken; or files of
    two columns, which the seed splits, equal sentences together. Plain or gzipped.
train : str or list of str, optional
    Two-column files to train on, instead of `files`.
dev : str or list of str, optional
    Two-column files to choose on; without, the seed draws some of train.
test : str or list of str, optional
    Two-column files to test on.
format : {'auto', 'senteval', 'sentence-label', 'label-sentence'}
    How lines are laid out. ``auto`` takes the only layout that every line fits, and refuses
    where there is none or more than one.
labels : 'known', 'files' or list of str
    Which labels the files may hold: those that this task is known to have, whatever is there,
    or these.
ratios : (float, float, float)
    Shares of train, dev and test among the distinct sentences of `files` without a split.
dev_share : float
    Share of the distinct sentences of `train` that the seed moves to dev where no `dev` is
    given; 0 leaves dev empty.
on_error : {'raise', 'skip'}
    Whether a broken line, such as one of an empty sentence, is an error or is skipped and counted.
"""


class Probing:
    """Any task on labelled sentences in SentEval's format or in two columns."""

    kind: ClassVar[str] = "probing"
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
        format: Format = "auto",
        labels: str | list[str] = "known",
        ratios: Ratios = (0.8, 0.1, 0.1),
        dev_share: float = 0.1,
        on_error: OnError = "raise",
    ) -> None:
        self.files = files
        self.train = train
        self.dev = dev
        self.test = test
        self.format = format
        self.labels = labels
        self.ratios = ratios
        self.dev_share = dev_share
        self.on_error: OnError = on_error

    @property
    def _source(self) -> Source:
        parts = Parts(
            f"senteval.{self.kind}", self.files, self.train, self.dev, self.test, self.ratios,
            self.dev_share, what="file of labelled sentences", suffixes=(".txt", ".tsv"),
        )  # fmt: skip
        return Source(parts, self.kind, self.format, self.labels, self.on_error)

    @property
    def fingerprint(self) -> str:
        """32 hex digits: files' bytes, format, split, labels, and the task."""
        return self._source.fingerprint()

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: files' bytes and format."""
        return self._source.corpus_fingerprint

    @property
    def randomness(self) -> tuple[str, ...]:
        """``("split",)`` where the seed draws the split or its dev part, else empty."""
        return self._source.randomness

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        return self._source.data()


Probing.__doc__ = inspect.cleandoc(Probing.__doc__ or "") + _SHARED


class SentenceLength(Probing):
    """Number of words, in six bins (5-8, 9-12, 13-16, 17-20, 21-25, 26-28 in SentEval)."""

    kind = "sentence_length"


class WordContent(Probing):
    """Which of 1,000 words the sentence holds; labels are the files'."""

    kind = "word_content"


class TreeDepth(Probing):
    """Depth of the syntactic tree; labels are numbers, those of the files."""

    kind = "tree_depth"


class TopConstituents(Probing):
    """Sequence of constituents below the root: the 19 most common, and OTHER."""

    kind = "top_constituents"


class BigramShift(Probing):
    """Whether two neighbouring words have changed places."""

    kind = "bigram_shift"


class Tense(Probing):
    """Whether the main verb is in the past or the present (`past_present.txt`)."""

    kind = "past_present"


class SubjNumber(Probing):
    """Number of the main clause's subject."""

    kind = "subj_number"


class ObjNumber(Probing):
    """Number of the main clause's direct object."""

    kind = "obj_number"


class OddManOut(Probing):
    """Whether a noun or verb was replaced by another of its kind."""

    kind = "odd_man_out"


class CoordinationInversion(Probing):
    """Whether two coordinate clauses have changed places."""

    kind = "coordination_inversion"
