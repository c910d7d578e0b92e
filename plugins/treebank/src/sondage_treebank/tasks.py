"""The tasks `treebank.upos`, `.xpos`, `.feats`, `.deprel` and `.tree`: thin adapters."""

from __future__ import annotations

import inspect
from typing import ClassVar, Literal

from sondage.contracts import TaskUnits
from sondage.data import Labels, Target, TaskData, digest
from sondage.defects import OnError
from sondage.errors import ParameterError
from sondage.parts import Files, FileTask, Ratios, name_of
from sondage_treebank import surface
from sondage_treebank.bank import Treebank
from sondage_treebank.labels import (
    Warnings,
    feature_labels,
    relation_labels,
    trees,
    word_labels,
)
from sondage_treebank.reader import read_conllu

_Words = Literal["syntactic", "surface"]
# Raised whenever the same bytes would be read into another corpus or other targets.
_READER = "conllu-1"

_SHARED = """
files : str or list of str, optional
    CoNLL-U files, plain or gzipped, or patterns of such; the seed splits their sentences,
    equal ones together.
train : str or list of str, optional
    Files to train on, for the treebank's own split; instead of `files`.
dev : str or list of str, optional
    Files to choose on, for the treebank's own split; without, the seed draws some of train.
test : str or list of str, optional
    Files to test on, for the treebank's own split.
ratios : (float, float, float)
    Shares of train, dev and test among the distinct sentences of `files`.
dev_share : float
    Share of the distinct sentences of `train` that the seed moves to dev where no `dev` is
    given; 0 leaves dev empty.
on_error : {'raise', 'skip'}
    Whether a broken sentence is an error or is skipped and counted.
words : {'syntactic', 'surface'}
    What the encoder reads where the text writes several words as one (*im*, *don't*): the
    words (*in dem*, *do n't*), or the token as it is written, whose vector, that of all its
    subwords, then stands for each of its words. `treebank.tree` takes syntactic words only.

Attributes
----------
fingerprint, corpus_fingerprint : str
    From the files' bytes and the parameters; raise `DataError` for a missing file.
units : {'words', 'trees'}
    What the labels sit on.
randomness : tuple of str
    What the run's seed draws.
"""


class _Task(FileTask):
    """What the five share."""

    plugin = "treebank"
    what = "CoNLL-U file"
    suffixes = (".conllu", ".conllu.gz")
    units: ClassVar[TaskUnits] = "words"

    def __init_subclass__(cls) -> None:
        # `sondage describe` prints each class's own documentation of its parameters.
        own = inspect.cleandoc(cls.__doc__ or "")
        head = "" if "Parameters\n---" in own else "\n\nParameters\n----------"
        cls.__doc__ = own + head + _SHARED

    def __init__(
        self,
        *,
        files: Files = None,
        train: Files = None,
        dev: Files = None,
        test: Files = None,
        ratios: Ratios = (0.8, 0.1, 0.1),
        dev_share: float = 0.1,
        on_error: OnError = "raise",
        words: _Words = "syntactic",
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
        self.words = words

    @property
    def fingerprint(self) -> str:
        """32 hex digits: files' bytes, split, and what is predicted."""
        return digest(self.corpus_fingerprint, self.parts.split_key, self.name, *self._own())

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: the same for every task over the same files."""
        read = ("surface",) if self.words == "surface" else ()
        return digest(_READER, self.on_error, self.parts.hashes, *read)

    def _own(self) -> tuple[object, ...]:
        return ()

    def _read(self) -> Treebank:
        return read_conllu(self.parts.paths, on_error=self.on_error)

    def _data(self, bank: Treebank, target: Target, warnings: Warnings) -> TaskData:
        name = name_of(bank.files)
        corpus, more = bank.corpus(name), surface.count(bank)
        if self.words == "surface" and isinstance(target, Labels):
            corpus, token = surface.written(bank, name)
            target, more = surface.on_tokens(target, bank, token), surface.shared(bank)
        return self.parts.data(
            corpus,
            target,
            bank.file_of,
            {**bank.warnings, **more, **warnings},
            empty="there the column is _ for every word, or no sentence has a tree; "
            "take another file",
        )


class Upos(_Task):
    """Universal part of speech of each word (UPOS)."""

    name = "upos"

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        bank = self._read()
        return self._data(bank, *word_labels(bank, "upos"))


class Xpos(_Task):
    """Language-specific part of speech of each word (XPOS)."""

    name = "xpos"

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        bank = self._read()
        return self._data(bank, *word_labels(bank, "xpos"))


class Feats(_Task):
    """Morphological features of each word (FEATS).

    Parameters
    ----------
    feature : str or None
        The one feature whose value is predicted, such as ``Number``; None for the whole
        string.
    without : {'skip', 'none'}
        Whether words without it are left out, or labelled ``none``.
    """

    name = "feats"

    def __init__(
        self,
        *,
        feature: str | None = None,
        without: Literal["skip", "none"] = "skip",
        files: Files = None,
        train: Files = None,
        dev: Files = None,
        test: Files = None,
        ratios: Ratios = (0.8, 0.1, 0.1),
        dev_share: float = 0.1,
        on_error: OnError = "raise",
        words: _Words = "syntactic",
    ) -> None:
        super().__init__(
            files=files,
            train=train,
            dev=dev,
            test=test,
            ratios=ratios,
            dev_share=dev_share,
            on_error=on_error,
            words=words,
        )
        self.feature = feature
        self.without = without

    def _own(self) -> tuple[object, ...]:
        return (self.feature, self.without)

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        bank = self._read()
        labels = feature_labels(bank, self.feature, without=self.without)
        return self._data(bank, *labels)


class _Relations(_Task):
    """What the two over relations share."""

    def __init__(
        self,
        *,
        subtypes: bool = True,
        files: Files = None,
        train: Files = None,
        dev: Files = None,
        test: Files = None,
        ratios: Ratios = (0.8, 0.1, 0.1),
        dev_share: float = 0.1,
        on_error: OnError = "raise",
        words: _Words = "syntactic",
    ) -> None:
        super().__init__(
            files=files,
            train=train,
            dev=dev,
            test=test,
            ratios=ratios,
            dev_share=dev_share,
            on_error=on_error,
            words=words,
        )
        self.subtypes = subtypes

    def _own(self) -> tuple[object, ...]:
        return (self.subtypes,)


class Deprel(_Relations):
    """Relation of each pair of head and dependent, in that order (DEPREL).

    Parameters
    ----------
    subtypes : bool
        Whether ``nsubj:pass`` and ``nsubj`` are two labels or one.
    """

    name = "deprel"

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        bank = self._read()
        return self._data(bank, *relation_labels(bank, subtypes=self.subtypes))


class Tree(_Relations):
    """Dependency tree of each sentence (HEAD); punctuation is not scored.

    Parameters
    ----------
    subtypes : bool
        Whether the relations keep what follows the colon.
    """

    name = "tree"
    units = "trees"

    @property
    def corpus_fingerprint(self) -> str:
        """As of the other tasks; raises `ParameterError` for ``words: surface``."""
        if self.words == "surface":
            raise ParameterError(
                "treebank.tree has words 'surface', but a tree stands over syntactic words, "
                "each with a row of its own",
                where="treebank.tree",
                hint="words: syntactic",
            )
        return super().corpus_fingerprint

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        bank = self._read()
        return self._data(bank, *trees(bank, subtypes=self.subtypes))
