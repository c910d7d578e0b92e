"""The component `senteval.generated`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from sondage.contracts import TaskUnits
from sondage.data import Corpus, Labels, Split, TaskData, Units, digest
from sondage.defects import Defects, OnError
from sondage.errors import ParameterError
from sondage.files import file_hash, find_files
from sondage_senteval.brackets import Bracketed, read_brackets
from sondage_senteval.generator import HEADED, Generatable, generate
from sondage_senteval.limits import Rules
from sondage_senteval.trees import DependencyTree, read_conllu

# Raised whenever the same bytes would give other sentences.
_GENERATOR = "senteval-generated-1"
_UNLIMITED = 1_000_000
#: The reason under which sentences without usable heads are counted.
BARE = "sentences-without-heads"


@dataclass(kw_only=True, eq=False)
class GeneratedTask:
    """A probing task made from a treebank by SentEval's rules, in any language.

    Parameters
    ----------
    task : str
        ``top_constituents`` needs brackets; ``sentence_length`` and ``tree_depth`` take both
        annotations; all others need CoNLL-U.
    files : str or list of str
        Treebank files or patterns, plain or gzipped.
    annotation : {'conllu', 'brackets'}
        Universal Dependencies; or trees such as ``(S (NP (PRP I)) (VP (VBP run)) (. .))``.
    seed : int
        Draws which sentences are taken, changed, and put into which part. The run's seed does
        not.
    min_length : int
        Tokens of a sentence at least.
    max_length : int
        Tokens of a sentence at most.
    size : int, optional
        Sentences at most; without it, as many as can be balanced.
    ratios : (float, float, float)
        Shares of train, dev and test.
    min_count : int
        How often the word that decides (main verb, subject, object, word replaced and its
        replacement) occurs in the treebank at least.
    max_count : int
        And at most.
    depths : (int, int)
        Least and greatest depth for ``tree_depth``.
    top : int
        Sequences with a label of their own in ``top_constituents`` and ``top_dependents``.
    bigram_factor : float
        For ``odd_man_out``: by how much counts of bigrams may differ, each plus one.
    on_error : {'raise', 'skip'}
        Whether a sentence with a defect is an error or is skipped and counted.

    References
    ----------
    Conneau et al. 2018, arXiv:1805.01070v2, section 2. Departs from it: see
    `sondage_senteval.generate` and the method's page.
    """

    units: ClassVar[TaskUnits] = "sentences"
    randomness: ClassVar[tuple[str, ...]] = ()

    task: Generatable = "bigram_shift"
    files: str | list[str] = ""
    annotation: Literal["conllu", "brackets"] = "conllu"
    seed: Annotated[int, Ge(0)] = 0
    min_length: Annotated[int, Ge(1)] = 5
    max_length: Annotated[int, Ge(1)] = 28
    size: Annotated[int, Ge(2)] | None = None
    ratios: tuple[float, float, float] = (0.8, 0.1, 0.1)
    min_count: Annotated[int, Ge(1)] = 1
    max_count: Annotated[int, Ge(1)] = _UNLIMITED
    depths: tuple[int, int] = (3, 7)
    top: Annotated[int, Ge(1)] = 19
    bigram_factor: Annotated[float, Ge(1)] = 2.0
    on_error: OnError = "raise"

    @property
    def limits(self) -> Rules:
        """The limits as `generate` takes them."""
        return Rules(
            min_length=self.min_length,
            max_length=self.max_length,
            size=self.size,
            ratios=_three(self.ratios),
            min_count=self.min_count,
            max_count=self.max_count,
            depths=(int(self.depths[0]), int(self.depths[1])),
            top=self.top,
            bigram_factor=float(self.bigram_factor),
        )

    def _paths(self) -> tuple[str, ...]:
        if not self.files:
            raise ParameterError(
                "senteval.generated names no files",
                where="senteval.generated",
                hint="files: a treebank, such as en_ewt-ud-train.conllu",
            )
        return find_files(self.files)

    @property
    def fingerprint(self) -> str:
        """32 hex digits over the treebank's bytes and all parameters."""
        hashes = [file_hash(p) for p in self._paths()]
        own = (self.task, self.annotation, self.seed, self.limits)
        lenient = () if self.on_error == "raise" else (self.on_error,)
        return digest(_GENERATOR, hashes, *own, *lenient)

    @property
    def corpus_fingerprint(self) -> str:
        """The same: every parameter can change the sentences."""
        return self.fingerprint

    def load(self) -> TaskData:
        """Read the treebank and make the task; warnings say what was left out, by reason.

        Raises
        ------
        DataError
            With file and line for malformed files; for a treebank without the needed
            annotation, naming the column or feature; for too few sentences, with counts.
        """
        paths = self._paths()
        read = read_conllu if self.annotation == "conllu" else read_brackets
        defects = Defects(self.on_error)
        trees = self._usable(read(paths, defects), defects)
        made = generate(trees, self.task, seed=self.seed, limits=self.limits)
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        name = f"{self.task} of {os.path.basename(paths[0])}{more}"
        index = {label: k for k, label in enumerate(made.names)}
        y = np.array([index[label] for label in made.labels], np.int64)
        return TaskData(
            Corpus.of_words(made.sentences, name=name),
            Labels(Units.of_sentences(len(y)), y, made.names),
            fixed=Split(*(np.flatnonzero(made.part == k).astype(np.int64) for k in range(3))),
            warnings=defects.added_to({**made.left_out, **made.multiword}),
        )

    def _usable(
        self, trees: list[DependencyTree] | list[Bracketed], defects: Defects
    ) -> list[DependencyTree] | list[Bracketed]:
        """Leave out, where that is asked for, sentences without the heads that the task reads."""
        if self.on_error == "raise" or self.annotation != "conllu" or self.task not in HEADED:
            return trees
        kept = [t for t in trees if isinstance(t, DependencyTree) and min(t.head) >= -1]
        if not kept:
            return trees  # refused with the reason
        defects.counts[BARE] += len(trees) - len(kept)
        return kept


def _three(ratios: tuple[float, ...]) -> tuple[float, float, float]:
    if len(ratios) != 3:
        raise ParameterError(f"senteval.generated was given ratios {list(ratios)}, not three")
    return float(ratios[0]), float(ratios[1]), float(ratios[2])
