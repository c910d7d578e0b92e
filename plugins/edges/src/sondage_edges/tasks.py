"""The tasks `edges.*`: thin adapters over the readers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Le

import sondage_edges
from sondage.contracts import TaskUnits
from sondage.data import Corpus, Labels, TaskData
from sondage.files import file_hash, find_one
from sondage.parts import FileTask
from sondage.specs import Before
from sondage_edges.jsonl import LabelMode
from sondage_edges.spans import Edges
from sondage_edges.twins import BEGINNING, Twins


class _Spans(FileTask):
    """What all share."""

    plugin = "edges"
    reader = "edges-2"
    suffixes: ClassVar[tuple[str, ...]] = (".txt",)
    units: ClassVar[TaskUnits] = "words"

    def corpus_key(self) -> tuple[object, ...]:
        """Return the task, the files' bytes, and what else changes the texts."""
        return (self.name, self.parts.hashes)

    def target_key(self) -> tuple[object, ...]:
        """Return what of the parameters changes the labels alone."""
        return ()

    def read(self, paths: list[str]) -> Edges:
        """Read the files."""
        return self._read(paths)

    def _read(self, paths: list[str], *more: Any, **how: Any) -> Edges:
        """Call the reader that is named after the task."""
        found: Edges = getattr(sondage_edges, f"read_{self.name}")(
            paths, *more, on_error=self.on_error, **how
        )
        return found

    def problem(self, found: Edges, name: str) -> tuple[Corpus, Labels, dict[str, int]]:
        """Return corpus, labels, and ``labels-not-in-train``.

        These are labels of given dev and test files that no training item has.
        """
        target = found.target()
        unseen = 0 if self.files else _unseen(target, self.parts.part_of(found.file_of))
        return found.corpus(name), target, {"labels-not-in-train": unseen}


def _unseen(target: Labels, part: np.ndarray) -> int:
    of_item = part[target.sentence]
    hot = target.y if target.y.ndim == 2 else np.eye(len(target.names), dtype=bool)[target.y]
    return int((hot[of_item > 0].any(axis=0) & ~hot[of_item == 0].any(axis=0)).sum())


@dataclass(kw_only=True, eq=False)
class Jsonl(_Spans):
    """Labels on one span or two, from the published edge-probing format (JSON Lines).

    Parameters
    ----------
    labels : {'auto', 'one', 'many'}
        Whether a target has one label or any number; ``auto`` goes by how the files write
        labels, strings or lists, and refuses a mixture.
    """

    name = "jsonl"
    what = "JSON Lines file"
    suffixes = (".json", ".jsonl", ".json.gz", ".jsonl.gz")

    labels: Annotated[LabelMode, Before("files")] = "auto"

    def target_key(self) -> tuple[object, ...]:
        """Return what changes the labels."""
        return (self.labels,)

    def read(self, paths: list[str]) -> Edges:
        """Read the files."""
        return self._read(paths, labels=self.labels)


class SemEval2010(_Spans):
    """Relation of two marked nominals, with its direction (SemEval-2010 Task 8)."""

    name = "semeval2010"
    suffixes = (".TXT", ".txt")


class Wnut17(_Spans):
    """Type of each named entity (WNUT-17)."""

    name = "wnut17"
    suffixes = (".conll", ".annotated")


class Gap(_Spans):
    """Whether a pronoun and a name corefer (GAP)."""

    name = "gap"
    suffixes = (".tsv",)


class _Twins(_Spans):
    """Texts come in twins with opposite answers."""

    def load(self) -> TaskData:
        """Read the files, as every task does; drawn parts hold no two texts that begin alike."""
        data = super().load()
        return Twins(**{field.name: getattr(data, field.name) for field in fields(data)})

    def target_key(self) -> tuple[object, ...]:
        """Return what changes the labels."""
        # Which items are dev items, and so what the seed's split is, hangs on it.
        return ("twins", BEGINNING)


class Dpr(_Twins):
    """Whether a pronoun and a candidate corefer (definite pronoun resolution).

    Texts that begin with the same three words are twins, and stay in one drawn part.
    """

    name = "dpr"


class Wsc(_Twins):
    """Whether a pronoun and a noun phrase corefer (Winograd schemas, as in SuperGLUE).

    Texts that begin with the same three words are twins, and stay in one drawn part.
    """

    name = "wsc"
    suffixes = (".jsonl",)


@dataclass(kw_only=True, eq=False)
class Spr2(_Spans):
    """Which proto-role properties hold of a predicate and its argument (SPR2).

    `files`, or `train`, `dev` and `test`, are CoNLL-U files of UD English EWT; the
    annotations name their sentences.

    Parameters
    ----------
    annotations : str
        The zip file of proto-roles of the UDS release, raw.
    ids : str
        The release's ``ud_ids.json``: which sentence of EWT each of its names means.
    threshold : float
        A property holds where the mean response, 1 to 5, is at least this. Properties that
        were not asked of a pair are neither trained nor scored there.
    spans : {'heads', 'subtrees'}
        An argument is its head word, or all words between the ends of its subtree.
    """

    name = "spr2"
    what = "CoNLL-U file"
    suffixes = (".conllu", ".conllu.gz")

    annotations: Annotated[str, Before("files")]
    ids: Annotated[str, Before("files")]
    threshold: Annotated[float, Ge(1), Le(5), Before("files")] = 4.0
    spans: Annotated[Literal["heads", "subtrees"], Before("files")] = "subtrees"

    def corpus_key(self) -> tuple[object, ...]:
        """Return the files' bytes; sentences without an annotation are left out."""
        return (*super().corpus_key(), *map(file_hash, self._others()))

    def target_key(self) -> tuple[object, ...]:
        """Return what changes the labels."""
        # Since properties that were not asked are no negatives.
        return (float(self.threshold), self.spans, "asked")

    def _others(self) -> tuple[str, str]:
        return (
            find_one(self.annotations, what="zip file of proto-roles", suffixes=(".zip",)),
            find_one(self.ids, what="file of sentence names", suffixes=(".json",)),
        )

    def read(self, paths: list[str]) -> Edges:
        """Read the files."""
        return self._read(paths, *self._others(), threshold=self.threshold, spans=self.spans)
