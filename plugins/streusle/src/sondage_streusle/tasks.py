"""The tasks `streusle.ps_role` and `streusle.ps_fxn`: thin adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from sondage.contracts import TaskUnits
from sondage.data import TaskData, digest
from sondage.parts import FileTask, name_of
from sondage.specs import Before
from sondage_streusle.labels import adposition_labels
from sondage_streusle.reader import read_streusle

# Raised whenever the same bytes would be read into another corpus or other targets.
_READER = "streusle-1"


@dataclass(kw_only=True, eq=False)
class _Adpositions(FileTask):
    """What the two share.

    Parameters
    ----------
    lexcats : tuple of str
        Lexical categories that count as prepositions, among single words: P, INF.P, POSS,
        PRON.POSS. The last three as well is what Liu et al. 2019 published.
    special : {'skip', 'keep'}
        Whether words labelled ?? or with a backtick are left out and counted, or are items.
    """

    plugin = "streusle"
    what = "STREUSLE file"
    suffixes = (".conllulex", ".json")
    which: ClassVar[Literal["role", "function"]]
    units: ClassVar[TaskUnits] = "words"

    lexcats: Annotated[tuple[str, ...], Before("files")] = ("P",)
    special: Annotated[Literal["skip", "keep"], Before("files")] = "skip"

    @property
    def fingerprint(self) -> str:
        """32 hex digits: files' bytes, split, and what is predicted."""
        own = (sorted(set(self.lexcats)), self.special)
        return digest(self.corpus_fingerprint, self.parts.split_key, self.name, *own)

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: the same for both tasks over the same files."""
        return digest(_READER, self.parts.hashes, *self.leniency)

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line, or sentence in JSON."""
        bank = read_streusle(self.parts.paths, on_error=self.on_error)
        target, warnings = adposition_labels(
            bank, self.which, lexcats=self.lexcats, special=self.special
        )
        corpus = bank.corpus(name_of(bank.files))
        empty = "take another file, or other lexcats"
        return self.parts.data(
            corpus, target, bank.file_of, {**bank.warnings, **warnings}, empty=empty
        )


class PsRole(_Adpositions):
    """Supersense role of each single-token preposition: what it marks here (SS)."""

    name = "ps_role"
    which = "role"


class PsFxn(_Adpositions):
    """Supersense function of each single-token preposition: what it contributes itself (SS2)."""

    name = "ps_fxn"
    which = "function"
