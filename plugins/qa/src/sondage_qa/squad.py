"""The reader of SQuAD's format: JSON files in, questions out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal, get_args

import numpy as np

from sondage.defects import Defects, OnError
from sondage.errors import DataError, ParameterError
from sondage.files import Paths, named, read_text
from sondage_qa.places import find_answer, missed
from sondage_qa.question import Question, Questions
from sondage_qa.value import Value

Version = Literal["1.1", "2.0"]
#: The reasons under which questions and answers are counted.
SKIPPED, UNANSWERED, BLANKS = (
    "skipped-questions",
    "questions-without-answer",
    "answers-in-other-blanks",
)
_SHAPE = (
    'SQuAD\'s format is {"data": [{"title": ..., "paragraphs": [{"context": ..., "qas": [{"id": '
    '..., "question": ..., "answers": [{"text": ..., "answer_start": ...}]}]}]}]}'
)


def read_squad(
    path: Paths,
    *,
    version: Version | None = None,
    unanswerable: bool = True,
    limit: int | None = None,
    on_error: OnError = "raise",
) -> Questions:
    """Read files of SQuAD's format, plain or gzipped: SQuAD 1.1 and 2.0, XQuAD and their like.

    Every answer is checked: at its ``answer_start`` the context must have its text. Where the
    two differ in blanks alone, the characters of the context are found nevertheless, and such
    answers are counted. Blanks at an answer's ends are no part of its place.

    Parameters
    ----------
    path : path or sequence of paths
    version : {'1.1', '2.0'}, optional
        In 1.1 every question has an answer, and one without is a defect; in 2.0 it has none
        in its context. By default those are no defect that ``is_impossible`` marks, and in files
        that call themselves 2.0 all that it does not deny.
    unanswerable : bool
        Whether questions without an answer are kept, or left out and counted.
    limit : int, optional
        The first this many questions of each file alone.
    on_error : {'raise', 'skip'}
        Whether a question with a defect is an error, or left out and counted; a paragraph or
        an article of another shape counts as one. A file that is no JSON is an error.

    Returns
    -------
    Questions
        With the warnings ``skipped-questions``, ``questions-without-answer`` (left out) and
        ``answers-in-other-blanks``, where there were any.

    Raises
    ------
    DataError
        With the file, and the line where it is no JSON or else the place in the JSON, such as
        ``data[3].paragraphs[2].qas[0].answers[1].answer_start``: for a part that is missing or of
        another type; an answer whose text is not where it should be; an empty question,
        context or answer; an id that a question of the same file has already; a question
        without an answer where there should be one; a file without a question.
    ParameterError
        For another version.

    References
    ----------
    Rajpurkar et al. 2016, arXiv:1606.05250, and 2018, arXiv:1806.03822; Artetxe et al. 2020,
    arXiv:1910.11856. Departs from it: none.
    """
    if version is not None and version not in get_args(Version):
        raise ParameterError(f"unknown version {version!r} of SQuAD", near=get_args(Version))
    names = named(path)
    defects = Defects(on_error, SKIPPED)
    items: list[Question] = []
    file_of: list[int] = []
    article_of: list[int] = []
    article = -1
    for place, name in enumerate(names):
        defects.start()
        before = len(items)
        file = _File(Value(_loaded(name), name, shape=_SHAPE), version, defects)
        last = -1
        for number, item in file.questions():
            if not item.texts and not unanswerable:
                defects.counts[UNANSWERED] += 1
                continue
            article += number != last
            last = number
            items.append(item)
            article_of.append(article)
            if len(items) - before == limit:
                break
        file_of += [place] * (len(items) - before)
        if len(items) == before:
            error = DataError("the file has no questions", where=name, hint=_SHAPE)
            raise defects.none_left(error)
    counted = defects.added_to({BLANKS: in_other_blanks(items)})
    return Questions(
        items, names, np.array(file_of, np.int64), np.array(article_of, np.int64), counted
    )


def in_other_blanks(questions: Sequence[Question]) -> int:
    """Return how many gold answers differ in blanks from their characters of the context."""
    return sum(
        q.context[start:end] != text
        for q in questions
        for start, end, text in zip(q.starts, q.ends, q.texts, strict=True)
    )


def _loaded(path: str) -> Any:
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        lines = error.msg == "Extra data"
        hint = "a file of JSON lines is read by another task" if lines else "it may be cut off"
        where = f"{path}:{error.lineno}"
        raise DataError(f"the file is not JSON: {error.msg}", where=where, hint=hint) from None
    except (RecursionError, ValueError) as error:
        what = f"the file is not of SQuAD's format: {str(error)[:60]}"
        raise DataError(what, where=f"{path}:1", hint=_SHAPE) from None


class _File:
    """One file's questions, in order."""

    def __init__(self, root: Value, version: Version | None, defects: Defects) -> None:
        self.root, self.defects = root, defects
        self.strict = version == "1.1"
        self.version = version or _declared(root)
        self.seen: dict[str, str] = {}

    def questions(self) -> Iterator[tuple[int, Question]]:
        """Yield each question and the number of its article."""
        for number, article in enumerate(self.root["data"]):
            for paragraph in self._members(article, "paragraphs"):
                for qa in self._members(paragraph, "qas"):
                    found = None
                    with self.defects.entry():
                        found = self._question(qa, paragraph["context"].text())
                    if found is not None:
                        yield number, found

    def _members(self, value: Value, key: str) -> Iterator[Value]:
        with self.defects.entry():
            yield from value[key]

    def _question(self, qa: Value, context: str) -> Question:
        name = qa["id"].name()
        if name in self.seen:
            raise qa.wrong(
                f"the id {name!r:.40} is that of {self.seen[name]} too",
                "predictions are told apart by id: give each question its own",
            )
        golds = self._golds(qa)
        places = []
        for answer in golds:
            text, start = answer["text"].text(), answer["answer_start"].number()
            found = find_answer(context, text, start)
            if found is None:
                raise answer["answer_start"].wrong(*missed(context, text, start))
            places.append((*found, text))
        starts, ends, texts = zip(*places, strict=True) if places else ((), (), ())
        self.seen[name] = qa.path
        return Question(name, qa["question"].text(), context, starts, ends, texts, qa.where)

    def _golds(self, qa: Value) -> list[Value]:
        """Return a question's answers: none if it says so, and may."""
        marked = qa.has("is_impossible")
        impossible = marked and qa["is_impossible"].truth()
        golds = [] if impossible and not qa.has("answers") else list(qa["answers"])
        if impossible and golds:
            raise qa.wrong(
                f"is_impossible is true, but there are {len(golds)} answers",
                "answers that only look like one stand under plausible_answers",
            )
        if not golds and self.strict:
            raise qa.wrong(
                "the question has no answer, which in version 1.1 every question has",
                "read the file as version 2.0, or give the answer",
            )
        if not golds and not impossible and (marked or self.version != "2.0"):
            raise qa.wrong(
                "the question has no answer, and is not marked as having none",
                "mark it with is_impossible: true, read it as version 2.0, or give the answer",
            )
        return golds


def _declared(root: Value) -> Version | None:
    """Return the version that a file says it has, if it is one of the two."""
    said = str(root.value["version"]).lstrip("v") if root.has("version") else ""
    return "1.1" if said.startswith("1") else "2.0" if said.startswith("2") else None
