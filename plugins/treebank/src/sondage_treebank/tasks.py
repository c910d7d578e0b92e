"""The tasks `treebank.upos`, `.xpos`, `.feats`, `.deprel` and `.tree`: thin adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from sondage.contracts import TaskUnits
from sondage.data import Labels, Target, TaskData, digest
from sondage.errors import ParameterError
from sondage.parts import FileTask, name_of
from sondage.specs import Before
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

# Raised whenever the same bytes would be read into another corpus or other targets.
_READER = "conllu-1"


@dataclass(kw_only=True, eq=False)
class _Task(FileTask):
    """What the five share.

    Parameters
    ----------
    words : {'syntactic', 'surface'}
        What the encoder reads where the text writes several words as one (*im*, *don't*): the
        words (*in dem*, *do n't*), or the token as it is written, whose vector, that of all its
        subwords, then stands for each of its words. `treebank.tree` takes syntactic words only.
    """

    plugin = "treebank"
    what = "CoNLL-U file"
    suffixes = (".conllu", ".conllu.gz")
    units: ClassVar[TaskUnits] = "words"

    words: Literal["syntactic", "surface"] = "syntactic"

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


@dataclass(kw_only=True, eq=False)
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

    feature: Annotated[str | None, Before("files")] = None
    without: Annotated[Literal["skip", "none"], Before("files")] = "skip"

    def _own(self) -> tuple[object, ...]:
        return (self.feature, self.without)

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        bank = self._read()
        labels = feature_labels(bank, self.feature, without=self.without)
        return self._data(bank, *labels)


@dataclass(kw_only=True, eq=False)
class _Relations(_Task):
    """What the two over relations share."""

    subtypes: Annotated[bool, Before("files")] = True

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
