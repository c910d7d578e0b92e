"""Which files a task reads, how they are split, and what identifies them."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from itertools import islice

import numpy as np

from sondage.data import Ints, TaskData, digest
from sondage.defects import OnError
from sondage.errors import DataError, ParameterError
from sondage.parts import (
    NAMES,
    Parts,
    also_in_train,
    name_of,
    sentence_labels,
    split_by,
    with_two_labels,
)  # fmt: skip
from sondage_senteval.formats import PARTS, Format, Sentences, read_senteval
from sondage_senteval.labels import label_set

# Raised whenever the same bytes would be read into another corpus or other targets.
_READER = "senteval-1"


@dataclass(frozen=True)
class TaskFiles:
    """The files of a task: with a split inside, to be split by a seed, or a file per part.

    Parameters
    ----------
    parts : Parts
    kind : str
        The task's name among the ten, or another.
    format : {'auto', 'senteval', 'sentence-label', 'label-sentence'}
    labels : str or list of str
        As `labels.label_set` takes it.
    on_error : {'raise', 'skip'}
    """

    parts: Parts
    kind: str
    format: Format
    labels: str | list[str]
    on_error: OnError = "raise"

    @property
    def randomness(self) -> tuple[str, ...]:
        """``("split",)`` where a seed draws the split or its dev part.

        With ``format: auto`` the first line of the first file tells.
        """
        if self.parts.files is not None and self._has_parts():
            return ()
        return self.parts.randomness

    def _has_parts(self) -> bool:
        if self.format != "auto":
            return self.format == "senteval"
        if self.on_error == "skip":  # the first line may be a broken one
            return self.read().layout == "senteval"
        # Three columns can only be SentEval's; that all lines agree is seen when loading.
        return first_line(self._paths()[0]).count("\t") == 2

    def _paths(self) -> list[str]:
        if self.parts.files is None and self.parts.train and self.format == "senteval":
            raise self._inside("reads parts of their own, but format senteval has them inside")
        return self.parts.paths

    def _inside(self, what: str) -> ParameterError:
        task = self.parts.task
        hint = "give 'files', whose tr, va and te are taken; or two-column files as the parts"
        return ParameterError(f"{task} {what}", where=task, hint=hint)

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits over the bytes of all files in order, and their format."""
        self._paths()
        lenient = () if self.on_error == "raise" else (self.on_error,)
        return digest(_READER, self.format, self.parts.hashes, *lenient)

    def fingerprint(self) -> str:
        """32 hex digits over the corpus, the split, the labels and the task."""
        wanted = self.labels if isinstance(self.labels, str) else tuple(self.labels)
        return digest(self.corpus_fingerprint, self.parts.split_key, wanted, self.kind)

    def read(self) -> Sentences:
        """Read all files as one list of sentences."""
        found = read_senteval(self._paths(), format=self.format, on_error=self.on_error)
        if self.parts.files is None and found.layout == "senteval":
            raise self._inside("reads parts of their own, but its files have tr, va, te inside")
        return found

    def data(self) -> TaskData:
        """Read the files; put corpus, target and split together.

        Returns
        -------
        TaskData
            Warnings: the reader's; ``sentences-with-two-labels``, distinct sentences whose
            repetitions disagree; ``sentences-also-in-train``, those of dev and test that train
            holds as well; ``labels-only-in-train``, labels that no test item has.

        Raises
        ------
        DataError
            With file and line; for an empty part; for a label that train lacks.
        """
        found = self.read()
        corpus = found.corpus(name_of(found.files))
        names = label_set(
            self.kind, found.labels, self.labels, [found.where(i) for i in range(len(found))]
        )
        target = sentence_labels(found.labels, names)
        y = target.y
        warnings = {**found.warnings, "sentences-with-two-labels": with_two_labels(corpus, y)}
        part = found.part
        if self.parts.files is None:
            part = self.parts.part_of(found.file_of)
        if part is None:
            return self.parts.data(corpus, target, found.file_of, warnings)
        self._check_parts(found, part, y, names)
        if len(part[part == 2]):
            warnings["labels-only-in-train"] = len(np.setdiff1d(y[part == 0], y[part == 2]))
        if found.part is None:
            return self.parts.data(corpus, target, found.file_of, warnings)
        warnings["sentences-also-in-train"] = also_in_train(corpus, part)
        counted = {slug: n for slug, n in warnings.items() if n}
        return TaskData(corpus, target, fixed=split_by(part), warnings=counted)

    def _check_parts(self, found: Sentences, part: Ints, y: Ints, names: tuple[str, ...]) -> None:
        if found.part is not None:
            counts = np.bincount(part, minlength=3)
            if not counts.all():
                empty = [PARTS[k] for k in range(3) if not counts[k]]
                raise DataError(
                    f"{self.parts.task}: no line is of part {' or '.join(empty)} "
                    f"({', '.join(f'{p}: {n}' for p, n in zip(PARTS, counts, strict=True))})",
                    where=found.files[0],
                    hint="SentEval's files have all three in one file",
                )
        unseen = np.flatnonzero(np.isin(y, y[part == 0], invert=True))
        if len(unseen):
            i = int(unseen[0])
            raise DataError(
                f"{self.parts.task}: label {names[y[i]]!r} is in {NAMES[part[i]]} but not in train",
                where=found.where(i),
                hint="no classifier can learn it: give the train file that belongs to this one",
            )


# A packed file may hold a line, or blank lines, without an end.
_LONGEST_LINE = 1 << 20
_MOST_BLANK = 10_000


def first_line(path: str) -> str:
    """Return the first line that is not blank, of what may be a large file; '' without one.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    try:
        with open(path, "rb") as f:
            packed = f.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else open(path, "rb") as f:
            lines = iter(lambda: f.readline(_LONGEST_LINE), b"")
            line = next((raw for raw in islice(lines, _MOST_BLANK) if raw.strip()), b"")
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"the file cannot be read: {error}", where=path) from error
    return line.decode("utf-8", "replace").rstrip("\r\n")
