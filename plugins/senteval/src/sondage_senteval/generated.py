"""The component `senteval.generated`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge

from sondage.contracts import TaskUnits
from sondage.data import Corpus, TaskData, digest
from sondage.defects import Defects, OnError
from sondage.errors import ParameterError
from sondage.files import file_hash, find_files
from sondage.parts import name_of, sentence_labels, split_by
from sondage.probing import settings_of
from sondage.specs import Before
from sondage_senteval.brackets import Bracketed, read_brackets
from sondage_senteval.generator import HEADED, Generatable, generate
from sondage_senteval.limits import Rules
from sondage_senteval.trees import DependencyTree, read_conllu

# Raised whenever the same bytes would give other sentences.
_GENERATOR = "senteval-generated-1"
#: The reason under which sentences without usable heads are counted.
BARE = "sentences-without-heads"


@dataclass(kw_only=True, eq=False)
class GeneratedTask(Rules):
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
    on_error : {'raise', 'skip'}
        Whether a sentence with a defect is an error or is skipped and counted.

    References
    ----------
    Conneau et al. 2018, arXiv:1805.01070v2, section 2. Departs from it: see
    `sondage_senteval.generate` and the method's page.
    """

    units: ClassVar[TaskUnits] = "sentences"
    randomness: ClassVar[tuple[str, ...]] = ()

    task: Annotated[Generatable, Before("min_length")] = "bigram_shift"
    files: Annotated[str | list[str], Before("min_length")] = ""
    annotation: Annotated[Literal["conllu", "brackets"], Before("min_length")] = "conllu"
    seed: Annotated[int, Ge(0), Before("min_length")] = 0
    on_error: OnError = "raise"

    @property
    def limits(self) -> Rules:
        """The limits as `generate` takes them."""
        limits = Rules(**settings_of(self, Rules))
        limits.ratios = _three(self.ratios)
        limits.depths = int(self.depths[0]), int(self.depths[1])
        limits.bigram_factor = float(self.bigram_factor)
        return limits

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
        defects = Defects(self.on_error)
        trees = self._usable(_trees_of(paths, self.annotation, defects), defects)
        made = generate(trees, self.task, seed=self.seed, limits=self.limits)
        return TaskData(
            Corpus.of_words(made.sentences, name=f"{self.task} of {name_of(paths)}"),
            sentence_labels(made.labels, made.names),
            fixed=split_by(made.part),
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


#: The trees that were read last and what was left out: of one treebank several tasks are made.
_last: dict[tuple[Any, ...], tuple[Any, Counter[str]]] = {}


def _trees_of(
    paths: tuple[str, ...], annotation: str, defects: Defects
) -> list[DependencyTree] | list[Bracketed]:
    """Read a treebank, or return what was read of the same files before."""
    key = (paths, tuple(map(file_hash, paths)), annotation, defects.on_error)
    found = _last.get(key)
    if found is None:
        _last.clear()
        read = read_conllu if annotation == "conllu" else read_brackets
        found = _last[key] = read(paths, defects), Counter(defects.counts)
    else:
        defects.counts.update(found[1])
    trees: list[DependencyTree] | list[Bracketed] = found[0][:]
    return trees


def _three(ratios: tuple[float, ...]) -> tuple[float, float, float]:
    if len(ratios) != 3:
        raise ParameterError(f"senteval.generated was given ratios {list(ratios)}, not three")
    return float(ratios[0]), float(ratios[1]), float(ratios[2])
