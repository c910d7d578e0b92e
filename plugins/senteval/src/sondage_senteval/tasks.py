"""The ten tasks, and any other in the same formats: thin adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from sondage.contracts import TaskUnits
from sondage.data import Corpus, Ints, Labels, TaskData
from sondage.errors import DataError, ParameterError
from sondage.parts import (
    NAMES,
    FileTask,
    also_in_train,
    name_of,
    sentence_labels,
    split_by,
    with_two_labels,
)
from sondage.specs import Before
from sondage_senteval.formats import PARTS, Format, Sentences, first_line, read_senteval
from sondage_senteval.labels import label_set


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
    # Raised whenever the same bytes would be read into another corpus or other targets.
    reader = "senteval-1"
    units: ClassVar[TaskUnits] = "sentences"

    format: Annotated[Format, Before("ratios")] = "auto"
    labels: Annotated[str | list[str], Before("ratios")] = "known"

    @property
    def randomness(self) -> tuple[str, ...]:
        """``("split",)`` where the seed draws the split or its dev part, else empty.

        With ``format: auto`` the first line of the first file tells.
        """
        return () if self.files is not None and self._has_parts() else self.parts.randomness

    def _has_parts(self) -> bool:
        if self.format != "auto":
            return self.format == "senteval"
        if self.on_error == "skip":  # the first line may be a broken one
            return self.read(self.parts.paths).layout == "senteval"
        # Three columns can only be SentEval's; that all lines agree is seen when loading.
        return first_line(self.parts.paths[0]).count("\t") == 2

    def corpus_key(self) -> tuple[object, ...]:
        """Return the files' bytes and their format."""
        self._check_format()
        return (self.format, self.parts.hashes)

    def target_key(self) -> tuple[object, ...]:
        """Return the labels and the task."""
        return (self.labels if isinstance(self.labels, str) else tuple(self.labels), self.name)

    def _check_format(self) -> None:
        if self.files is None and self.train and self.format == "senteval":
            raise self._inside("reads parts of their own, but format senteval has them inside")

    def _inside(self, what: str) -> ParameterError:
        return ParameterError(
            f"{self.parts.task} {what}",
            where=self.parts.task,
            hint="give 'files', whose tr, va and te are taken; or two-column files as the parts",
        )

    def read(self, paths: list[str]) -> Sentences:
        """Read all files as one list of sentences."""
        found = read_senteval(paths, format=self.format, on_error=self.on_error)
        if self.files is None and found.layout == "senteval":
            raise self._inside("reads parts of their own, but its files have tr, va, te inside")
        return found

    def problem(self, found: Sentences, name: str) -> tuple[Corpus, Labels, dict[str, int]]:
        """Return corpus and labels.

        Warned of are ``sentences-with-two-labels``, distinct sentences whose repetitions
        disagree, and ``labels-only-in-train``, labels that no test item has.
        """
        corpus = found.corpus(name)
        where = [found.where(i) for i in range(len(found))]
        names = label_set(self.name, found.labels, self.labels, where)
        labels = sentence_labels(found.labels, names)
        warnings = {"sentences-with-two-labels": with_two_labels(corpus, labels.y)}
        part = found.part if self.files is not None else self.parts.part_of(found.file_of)
        if part is not None:
            self._check_parts(found, part, labels)
            if (part == 2).any():
                only = np.setdiff1d(labels.y[part == 0], labels.y[part == 2])
                warnings["labels-only-in-train"] = len(only)
        return corpus, labels, warnings

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line.

        Warnings are those of `problem` and of the reader, and ``sentences-also-in-train``,
        how many sentences of dev and test train holds as well.
        """
        self._check_format()
        found = self.read(self.parts.paths)
        corpus, labels, warnings = self.problem(found, name_of(found.files))
        warnings = {**found.warnings, **warnings}
        if found.part is None:
            return self.parts.data(corpus, labels, found.file_of, warnings)
        warnings["sentences-also-in-train"] = also_in_train(corpus, found.part)
        counted = {slug: n for slug, n in warnings.items() if n}
        return TaskData(corpus, labels, fixed=split_by(found.part), warnings=counted)

    def _check_parts(self, found: Sentences, part: Ints, labels: Labels) -> None:
        counts = np.bincount(part, minlength=3)
        if found.part is not None and not counts.all():
            empty = [PARTS[k] for k in range(3) if not counts[k]]
            raise DataError(
                f"{self.parts.task}: no line is of part {' or '.join(empty)} "
                f"({', '.join(f'{p}: {n}' for p, n in zip(PARTS, counts, strict=True))})",
                where=found.files[0],
                hint="SentEval's files have all three in one file",
            )
        y = labels.y
        unseen = np.flatnonzero(np.isin(y, y[part == 0], invert=True))
        if len(unseen):
            i = int(unseen[0])
            raise DataError(
                f"{self.parts.task}: label {labels.names[y[i]]!r} is in {NAMES[part[i]]} but not "
                "in train",
                where=found.where(i),
                hint="no classifier can learn it: give the train file that belongs to this one",
            )


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
