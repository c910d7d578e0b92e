"""The tasks: thin adapters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from sondage.contracts import TaskUnits
from sondage.data import Answers, Corpus, Ints
from sondage.parts import FileTask
from sondage.specs import Before
from sondage_qa.answers import answers_of, corpus_of, kept_together
from sondage_qa.natural_questions import NaturalQuestions, read_natural_questions
from sondage_qa.question import Questions, Together
from sondage_qa.squad import Version, read_squad


@dataclass(kw_only=True, eq=False)
class QuestionTask(FileTask):
    """What tasks over questions share.

    Parameters
    ----------
    dev : str or list of str, optional
        Files to choose on and to score a tuned model on; without, the seed draws some of train.
    test : str or list of str, optional
        Files to test on. Fine-tuning needs none; a probe does.
    ratios : (float, float, float)
        Shares of train, dev and test among the paragraphs, or articles, of `files`.
    dev_share : float
        Share of the paragraphs, or articles, of `train` that the seed moves to dev where no
        `dev` is given; 0 leaves dev empty.
    together : {'paragraph', 'article'}
        What a seed never parts: the questions of one paragraph, or those of one article, as
        SQuAD's own split keeps them.
    unanswerable : bool
        Whether questions without an answer in their context are kept, or left out and counted.
    limit : int, optional
        The first this many questions of each file alone.
    """

    plugin = "qa"
    needs_test = False
    units: ClassVar[TaskUnits] = "answers"

    together: Annotated[Together, Before("on_error")] = "paragraph"
    unanswerable: Annotated[bool, Before("on_error")] = True
    limit: Annotated[int | None, Field(ge=1), Before("on_error")] = None

    def corpus_key(self) -> tuple[object, ...]:
        """Return the files' bytes, and which questions are taken."""
        return (self.parts.hashes, self.unanswerable, self.limit)

    def target_key(self) -> tuple[object, ...]:
        """Return the task, and what stays together where a seed draws."""
        return (self.name, self.together if self.randomness else None)

    def problem(self, found: Questions, name: str) -> tuple[Corpus, Answers, Mapping[str, int]]:
        """Return questions and contexts, the answers, and ``contexts-also-in-train``.

        These are distinct contexts of given dev and test files that the train files hold too.
        """
        return (
            corpus_of(found, name),
            answers_of(found),
            {"contexts-also-in-train": self._met(found)},
        )

    def _met(self, found: Questions) -> int:
        if self.files is not None:
            return 0
        part = self.parts.part_of(found.file_of)
        train = {q.context for q, k in zip(found, part, strict=True) if k == 0}
        return len(train & {q.context for q, k in zip(found, part, strict=True) if k > 0})

    def groups(self, found: Questions) -> Ints:
        """Return what a seed keeps together."""
        return kept_together(found, self.together)


@dataclass(kw_only=True, eq=False)
class Squad(QuestionTask):
    """Answers in contexts, from files of SQuAD's format: SQuAD 1.1 and 2.0, XQuAD, their like.

    Parameters
    ----------
    version : {'1.1', '2.0'}, optional
        In 1.1 every question without an answer is a defect, in 2.0 none that `is_impossible` does
        not deny. By default 2.0 for files that call themselves so, and for others those
        questions alone are no defect that it marks.
    """

    name = "squad"
    what = "file of SQuAD's format"
    suffixes = (".json", ".json.gz")
    reader = "qa-squad-1"

    version: Annotated[Version | None, Before("unanswerable")] = None

    def corpus_key(self) -> tuple[object, ...]:
        """Return the files' bytes, and how they are read."""
        return (*super().corpus_key(), self.version)

    def read(self, paths: list[str]) -> Questions:
        """Read the files."""
        return read_squad(
            paths,
            version=self.version,
            unanswerable=self.unanswerable,
            limit=self.limit,
            on_error=self.on_error,
        )


@dataclass(kw_only=True, eq=False)
class NaturalQuestionsTask(QuestionTask):
    """Short answers within their long answer, from Natural Questions in either form.

    A context is the long answer without its HTML tokens. Two of five annotators make an answer,
    and so does the only one. What is left out is counted: examples without a long answer, those
    answered by yes or no, and answers with an HTML token within.
    """

    name = "natural_questions"
    what = "file of Natural Questions"
    suffixes = (".jsonl", ".jsonl.gz")
    reader = "qa-nq-1"
    empty = "take more examples: many have no long answer"

    def read(self, paths: list[str]) -> NaturalQuestions:
        """Read the files, line by line."""
        return read_natural_questions(
            paths, unanswerable=self.unanswerable, limit=self.limit, on_error=self.on_error
        )
