"""The tasks `streusle.ps_role` and `streusle.ps_fxn`: thin adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from sondage.contracts import TaskUnits
from sondage.data import Corpus, Labels
from sondage.parts import FileTask
from sondage.specs import Before
from sondage_streusle.corpus import Streusle
from sondage_streusle.labels import adposition_labels
from sondage_streusle.reader import read_streusle


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
    reader = "streusle-1"
    empty = "take another file, or other lexcats"
    which: ClassVar[Literal["role", "function"]]
    units: ClassVar[TaskUnits] = "words"

    lexcats: Annotated[tuple[str, ...], Before("files")] = ("P",)
    special: Annotated[Literal["skip", "keep"], Before("files")] = "skip"

    def target_key(self) -> tuple[object, ...]:
        """Return the task, and what counts as a preposition."""
        return (self.name, sorted(set(self.lexcats)), self.special)

    def read(self, paths: list[str]) -> Streusle:
        """Read the files."""
        return read_streusle(paths, on_error=self.on_error)

    def problem(self, found: Streusle, name: str) -> tuple[Corpus, Labels, dict[str, int]]:
        """Return corpus, labels and what to warn of."""
        labels, warnings = adposition_labels(
            found, self.which, lexcats=self.lexcats, special=self.special
        )
        return found.corpus(name), labels, warnings


class PsRole(_Adpositions):
    """Supersense role of each single-token preposition: what it marks here (SS)."""

    name = "ps_role"
    which = "role"


class PsFxn(_Adpositions):
    """Supersense function of each single-token preposition: what it contributes itself (SS2)."""

    name = "ps_fxn"
    which = "function"
