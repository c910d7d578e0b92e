"""The tasks `streusle.ps_role` and `streusle.ps_fxn`: thin adapters."""

from __future__ import annotations

import inspect
from typing import ClassVar, Literal

from sondage.contracts import TaskUnits
from sondage.data import TaskData, digest
from sondage.defects import OnError
from sondage.parts import Files, FileTask, Ratios, name_of
from sondage_streusle.labels import adposition_labels
from sondage_streusle.reader import read_streusle

# Raised whenever the same bytes would be read into another corpus or other targets.
_READER = "streusle-1"

_SHARED = """

Parameters
----------
lexcats : tuple of str
    Lexical categories that count as prepositions, among single words: P, INF.P, POSS,
    PRON.POSS. The last three as well is what Liu et al. 2019 published.
special : {'skip', 'keep'}
    Whether words labelled ?? or with a backtick are left out and counted, or are items.
on_error : {'raise', 'skip'}
    Whether a broken sentence is an error or is skipped and counted.
files : str or list of str, optional
    STREUSLE files, JSON or CoNLL-U-Lex, plain or gzipped, or patterns of such; the seed
    splits their sentences, equal ones together.
train : str or list of str, optional
    Files to train on, for the corpus's own split; instead of `files`.
dev : str or list of str, optional
    Files to choose on, for the corpus's own split; without, the seed draws some of train.
test : str or list of str, optional
    Files to test on, for the corpus's own split.
ratios : (float, float, float)
    Shares of train, dev and test among the distinct sentences of `files`.
dev_share : float
    Share of the distinct sentences of `train` that the seed moves to dev where no `dev` is
    given; 0 leaves dev empty.

Attributes
----------
fingerprint, corpus_fingerprint : str
    From the files' bytes and the parameters; raise `DataError` for a missing file.
units : 'words'
    What the labels sit on.
randomness : tuple of str
    What the run's seed draws.
"""


class _Adpositions(FileTask):
    """What the two share."""

    plugin = "streusle"
    what = "STREUSLE file"
    suffixes = (".conllulex", ".json")
    which: ClassVar[Literal["role", "function"]]
    units: ClassVar[TaskUnits] = "words"

    def __init_subclass__(cls) -> None:
        # `sondage describe` prints each class's own documentation of its parameters.
        cls.__doc__ = inspect.cleandoc(cls.__doc__ or "") + _SHARED

    def __init__(
        self,
        *,
        lexcats: tuple[str, ...] = ("P",),
        special: Literal["skip", "keep"] = "skip",
        files: Files = None,
        train: Files = None,
        dev: Files = None,
        test: Files = None,
        ratios: Ratios = (0.8, 0.1, 0.1),
        dev_share: float = 0.1,
        on_error: OnError = "raise",
    ) -> None:
        super().__init__(
            files=files,
            train=train,
            dev=dev,
            test=test,
            ratios=ratios,
            dev_share=dev_share,
            on_error=on_error,
        )
        self.lexcats = lexcats
        self.special = special

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
