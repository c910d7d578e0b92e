"""The tasks `trec.fine` and `trec.coarse`: thin adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from sondage.contracts import TaskUnits
from sondage.data import Corpus, Labels
from sondage.parts import FileTask, sentence_labels, with_two_labels
from sondage.specs import Before
from sondage_trec.reader import Encoding, Questions, read_trec


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
    reader = "trec-1"
    units: ClassVar[TaskUnits] = "sentences"
    coarse: ClassVar[bool] = False

    encoding: Annotated[Encoding, Before("on_error")] = "utf-8"

    def corpus_key(self) -> tuple[object, ...]:
        """Return the files' bytes and their encoding: the same for both tasks."""
        return (self.encoding, self.parts.hashes)

    def read(self, paths: list[str]) -> Questions:
        """Read the files."""
        return read_trec(paths, encoding=self.encoding, on_error=self.on_error)

    def problem(self, found: Questions, name: str) -> tuple[Corpus, Labels, dict[str, int]]:
        """Return corpus, labels (names sorted), and ``questions-with-two-labels``.

        These are distinct questions whose repetitions disagree.
        """
        # In fine ones the coarse part stays: 'desc' and 'other' stand under several.
        values = [v.partition(":")[0] if self.coarse else v for v in found.labels]
        corpus, labels = found.corpus(name), sentence_labels(values)
        return corpus, labels, {"questions-with-two-labels": with_two_labels(corpus, labels.y)}


class Fine(_Questions):
    """What a question asks for, fine classes such as LOC:city (50 in the published data)."""

    name = "fine"


class Coarse(_Questions):
    """What a question asks for, coarse classes such as LOC (6 in the published data)."""

    name = "coarse"
    coarse = True
