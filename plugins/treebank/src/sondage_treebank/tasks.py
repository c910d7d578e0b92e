"""The tasks `treebank.upos`, `.xpos`, `.feats`, `.deprel` and `.tree`: thin adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from sondage.contracts import TaskUnits
from sondage.data import Corpus, Labels, Target, digest
from sondage.errors import ParameterError
from sondage.parts import FileTask
from sondage.specs import Before
from sondage_treebank import surface
from sondage_treebank.columns import Treebank
from sondage_treebank.labels import (
    Warnings,
    feature_labels,
    relation_labels,
    trees,
    word_labels,
)
from sondage_treebank.reader import read_conllu


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
    reader = "conllu-1"
    empty = "there the column is _ for every word, or no sentence has a tree; take another file"
    units: ClassVar[TaskUnits] = "words"

    words: Literal["syntactic", "surface"] = "syntactic"

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: the same for every task over the same files."""
        read = ("surface",) if self.words == "surface" else ()
        return digest(self.reader, self.on_error, self.parts.hashes, *read)

    def read(self, paths: list[str]) -> Treebank:
        """Read the files."""
        return read_conllu(paths, on_error=self.on_error)

    def problem(self, found: Treebank, name: str) -> tuple[Corpus, Target, Warnings]:
        """Return corpus, target and what to warn of."""
        target, warnings = self._target(found)
        if self.words == "surface" and isinstance(target, Labels):
            corpus, token = surface.written(found, name)
            target, more = surface.on_tokens(target, found, token), surface.shared(found)
            return corpus, target, {**more, **warnings}
        return found.corpus(name), target, {**surface.count(found), **warnings}

    def _target(self, treebank: Treebank) -> tuple[Target, Warnings]:
        raise NotImplementedError


class Upos(_Task):
    """Universal part of speech of each word (UPOS)."""

    name = "upos"

    def _target(self, treebank: Treebank) -> tuple[Target, Warnings]:
        return word_labels(treebank, "upos")


class Xpos(_Task):
    """Language-specific part of speech of each word (XPOS)."""

    name = "xpos"

    def _target(self, treebank: Treebank) -> tuple[Target, Warnings]:
        return word_labels(treebank, "xpos")


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

    def target_key(self) -> tuple[object, ...]:
        """Return the task, and which values."""
        return (self.name, self.feature, self.without)

    def _target(self, treebank: Treebank) -> tuple[Target, Warnings]:
        return feature_labels(treebank, self.feature, without=self.without)


@dataclass(kw_only=True, eq=False)
class _Relations(_Task):
    """What the two over relations share.

    Parameters
    ----------
    subtypes : bool
        Whether ``nsubj:pass`` and ``nsubj`` are two relations or one.
    """

    subtypes: Annotated[bool, Before("files")] = True

    def target_key(self) -> tuple[object, ...]:
        """Return the task, and which relations."""
        return (self.name, self.subtypes)


class Deprel(_Relations):
    """Relation of each pair of head and dependent, in that order (DEPREL)."""

    name = "deprel"

    def _target(self, treebank: Treebank) -> tuple[Target, Warnings]:
        return relation_labels(treebank, subtypes=self.subtypes)


class Tree(_Relations):
    """Dependency tree of each sentence (HEAD); punctuation is not scored."""

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

    def _target(self, treebank: Treebank) -> tuple[Target, Warnings]:
        return trees(treebank, subtypes=self.subtypes)
