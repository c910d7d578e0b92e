"""Splits that keep twins together: texts of which one turns the other's answer round."""

from __future__ import annotations

from dataclasses import dataclass

from sondage.data import Corpus, Split, TaskData

#: Texts that begin with the same words, as many as this, are twins.
BEGINNING = 3


@dataclass(frozen=True)
class Twins(TaskData):
    """Task data whose drawn parts never hold two texts that begin alike.

    Parameters are those of `TaskData`. Texts are alike where their first three words
    are the same, whatever their case; shares are of groups of such texts. A split that files
    give stays as it is, but for the part of train that a seed moves to dev.

    Notes
    -----
    In Winograd-like data the twin of a text has the opposite answer. Were it in train, a
    probe that has learned the pair of mentions by heart would be wrong on dev each time, and
    the less it has learned the better it would look there.
    """

    def split(self, seed: int) -> Split:
        """Return the files' split, or draw one that keeps twins together."""
        begun = tuple(beginning(text) for text in self.corpus.texts)
        # As if twins were one and the same text: those stay together in any drawn split.
        drawn = TaskData(
            Corpus(begun, name=self.corpus.name),
            self.target,
            fixed=self.fixed,
            ratios=self.ratios,
            dev_share=self.dev_share,
        )
        return drawn.split(seed)


def beginning(text: str) -> str:
    """Return the first words of a text, casefolded."""
    return " ".join(text.casefold().split()[:BEGINNING])
