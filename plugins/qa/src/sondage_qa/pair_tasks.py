"""What the tasks of matching pairs share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from sondage.contracts import TaskUnits
from sondage.data import Corpus, Examples, Ints
from sondage.errors import DataError
from sondage.parts import FileTask, Ratios
from sondage.specs import Before
from sondage_qa.function_words import ENGLISH
from sondage_qa.matching import Matched, Trivial, Which, matched
from sondage_qa.natural_questions import read_natural_questions
from sondage_qa.pairs import Candidates, Pair, Repeats
from sondage_qa.question import Question, Questions
from sondage_qa.sentences import Cutter
from sondage_qa.squad import read_squad
from sondage_qa.wordings import Wording, Wordings, wordings_of


@dataclass(frozen=True)
class Found:
    """What is read from files of questions.

    Parameters
    ----------
    wordings : Wordings, length n
    questions : tuple of Question, length n
    files : tuple of str
    file_of : int64 array, shape (n,)
    warnings : mapping of slug to count
    """

    wordings: Wordings
    questions: tuple[Question, ...]
    files: tuple[str, ...]
    file_of: Ints
    warnings: Mapping[str, int]


@dataclass(kw_only=True, eq=False)
class PairTask(FileTask):
    """What all tasks of matching pairs share.

    Parameters
    ----------
    ratios : (float, float, float)
        Shares of train, dev and test among the distinct texts of `files`. By default all are
        tested on: a ranking learns nothing.
    candidates : {'words', 'content', 'all'}
        What a match is ranked against: the words of its text, those that are no stop words, or
        punctuation too. The words of the pair are left out, and those that match as well.
    repeats : {'out', 'in'}
        Whether other occurrences of a word of the pair are left out or are candidates.
    trivial : {'keep', 'drop'}
        Whether pairs of the same word, of a repeated one, and repeated pairs are kept; the kept
        ones are counted.
    stop_words : list of str, optional
        Words that have a function and little meaning; by default a list for English.
    """

    plugin = "qa"
    reader = "qa-pairs-1"
    units: ClassVar[TaskUnits] = "rankings"

    ratios: Ratios = (0.0, 0.0, 1.0)
    candidates: Annotated[Candidates, Before("files")] = "words"
    repeats: Annotated[Repeats, Before("files")] = "out"
    trivial: Annotated[Trivial, Before("files")] = "keep"
    stop_words: Annotated[list[str] | None, Before("files")] = None

    @property
    def randomness(self) -> tuple[str, ...]:
        """``("split",)`` where a seed draws more than one part, else empty."""
        return () if self.files is not None and 1 in self.ratios else super().randomness

    @property
    def which(self) -> Which:
        """Whether one pair of a text is taken, or all are."""
        return "all"

    @property
    def stopped(self) -> frozenset[str]:
        """The stop words, without regard to case."""
        if self.stop_words is None:
            return ENGLISH
        return frozenset(word.casefold() for word in self.stop_words)

    def target_key(self) -> tuple[object, ...]:
        """Return all that changes pairs and candidates."""
        words = sorted(self.stopped)
        return (self.name, self.candidates, self.repeats, self.trivial, words, self.which)

    def finder(self, found: Any) -> Callable[[Wording], list[Pair]]:
        """Return what finds the pairs of a wording of what `read` found."""
        raise NotImplementedError

    def matched(self, found: Any) -> Matched:
        """Return the pairs of what `read` found.

        Raises
        ------
        DataError
            If there is none.
        """
        out = matched(
            found.wordings.items,
            self.finder(found),
            which=self.which,
            trivial=self.trivial,
            candidates=self.candidates,
            repeats=self.repeats,
            stop_words=self.stopped,
        )
        if not len(out):
            dropped = "".join(f"; {n} {slug}" for slug, n in out.left_out.items())
            n = len(found.wordings)
            texts = f"{n} text{'s' if n != 1 else ''}{dropped}"
            raise DataError(
                f"{self.plugin}.{self.name} finds no example in {texts}",
                where=", ".join(found.files[:3]),
                hint="trivial: keep" if "dropped-trivial-pairs" in out.left_out else self.empty,
            )
        return out

    def problem(self, found: Any, name: str) -> tuple[Corpus, Any, dict[str, int]]:
        """Return the texts in words, the pairs, and what was left out."""
        out = self.matched(found)
        return found.wordings.corpus(name), out.target(), out.warnings()

    def examples(self, n: int) -> Examples:
        """Return how many pairs there are, the shares of trivial ones, and n of them."""
        found = self.read(self.parts.paths)
        shown = self.matched(found).examples(n)
        counts = {**shown.counts, **{slug: k for slug, k in found.warnings.items() if k}}
        return Examples(counts, shown.columns, shown.rows)


@dataclass(kw_only=True, eq=False)
class Phenomenon(PairTask):
    """What the tasks over questions share.

    Questions without an answer in their context are left out. The corpus is all others, each
    with its context, so that tasks over the same files share an encoding.

    Parameters
    ----------
    max_words : int, optional
        Questions are left out whose context has more words; 400 in the authors' code.
    data : {'squad', 'natural_questions'}
        What the files are, which the readers of `qa.squad` and `qa.natural_questions` read.
    limit : int, optional
        The first this many questions of each file alone.
    """

    what = "file of questions"
    suffixes = (".json", ".json.gz", ".jsonl", ".jsonl.gz")
    needs_test = False

    max_words: Annotated[int | None, Field(ge=1), Before("on_error")] = 400
    data: Annotated[Literal["squad", "natural_questions"], Before("files")] = "squad"
    limit: Annotated[int | None, Field(ge=1), Before("on_error")] = None

    def corpus_key(self) -> tuple[object, ...]:
        """Return the files' bytes, and which questions are taken."""
        return (self.parts.hashes, self.data, self.max_words, self.limit)

    @property
    def cut(self) -> tuple[Cutter, str]:
        """How sentences are cut, and their language."""
        return "marks", "en"

    def read(self, paths: list[str]) -> Found:
        """Read the files, and cut their texts into words."""
        reader = read_squad if self.data == "squad" else read_natural_questions
        read: Questions = reader(
            paths, unanswerable=False, limit=self.limit, on_error=self.on_error
        )
        cutter, language = self.cut
        wordings = wordings_of(read, sentences=cutter, language=language, max_words=self.max_words)
        if not len(wordings):
            raise DataError(
                f"{self.plugin}.{self.name} has no text left of {len(read)} questions",
                where=", ".join(read.files[:3]),
                hint=f"contexts of more than {self.max_words} words are left out: max_words",
            )
        kept = np.array(wordings.kept, np.int64)
        warnings = {**read.warnings, **wordings.warnings}
        questions = tuple(read[i] for i in wordings.kept)
        return Found(wordings, questions, read.files, read.file_of[kept], warnings)

    def groups(self, found: Found) -> Ints:
        """Return what a seed keeps together: the questions of one paragraph."""
        number: dict[str, int] = {}
        of = [number.setdefault(q.context, len(number)) for q in found.questions]
        return np.array(of, np.int64)
