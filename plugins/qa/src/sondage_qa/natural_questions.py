"""The reader of Natural Questions, original and simplified: JSON lines in, questions out."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sondage.defects import Defects, OnError
from sondage.errors import DataError
from sondage.files import Paths, named
from sondage_qa.annotators import agreed, read_annotation
from sondage_qa.pages import SHAPE, check_bytes, page_of
from sondage_qa.passage import Passage
from sondage_qa.question import Question, Questions
from sondage_qa.squad import SKIPPED, UNANSWERED
from sondage_qa.stream import stream_lines
from sondage_qa.value import Value

#: The reasons under which questions and answers are counted, beside those of SQuAD.
NO_CONTEXT, YES_NO = "questions-without-long-answer", "questions-answered-yes-or-no"
ACROSS, ALL_ACROSS = "answers-across-html", "questions-across-html"
OUTSIDE, SEVERAL = "answers-outside-context", "questions-of-several-spans"


@dataclass(frozen=True)
class NaturalQuestions(Questions):
    """Questions whose contexts are passages of pages.

    Parameters are those of `Questions`, and:

    Parameters
    ----------
    passages : sequence of Passage, length n
        Each question's context, with the place of its words in the page.
    """

    passages: Sequence[Passage] = ()


def read_natural_questions(
    path: Paths,
    *,
    unanswerable: bool = True,
    limit: int | None = None,
    on_error: OnError = "raise",
) -> NaturalQuestions:
    """Read files of Natural Questions, JSON lines of either form, plain or gzipped.

    Files are read line by line, and of a page its long answer is kept. That is the context: its
    tokens that are no HTML, parted by blanks, as the corpus has cut them (two backticks and two
    apostrophes are its quotes). There is an answer if two of five annotators gave one, or the
    only annotator did; then those of all count.

    Parameters
    ----------
    path : path or sequence of paths
    unanswerable : bool
        Whether questions with a long answer and no short one are kept, or left out and counted.
    limit : int, optional
        The first this many questions of each file alone; what follows is not read.
    on_error : {'raise', 'skip'}
        Whether an example with a defect is an error, or left out and counted.

    Returns
    -------
    NaturalQuestions
        With the warnings, where there were any: ``questions-without-long-answer``,
        ``questions-answered-yes-or-no``, ``questions-across-html`` (every answer has an HTML
        token within), ``questions-without-answer`` and ``skipped-questions``, which are left
        out; ``answers-across-html`` and ``answers-outside-context`` (of annotators with
        another long answer), which are left out; ``questions-of-several-spans``, whose
        spans count as an answer each.

    Raises
    ------
    DataError
        With file and line: for what is no JSON; a part that is missing or of another type;
        spans outside the page, or that tokens and bytes place differently; an id that an
        example of the same file has already; a file without a question; NQ-open, which has no
        passages.

    References
    ----------
    Kwiatkowski et al. 2019, TACL 7:453-466. Departs from it: several short answers of one
    annotator are answers each, where the official score wants the set; yes and no are
    left out.
    """
    names = named(path)
    defects = Defects(on_error, SKIPPED)
    items: list[tuple[Question, Passage]] = []
    file_of: list[int] = []
    article_of: list[int] = []
    articles: dict[str, int] = {}
    for place, name in enumerate(names):
        defects.start()
        before, counted = len(items), defects.counts.copy()
        for question, passage, article in _questions(name, defects):
            if not question.texts and not unanswerable:
                defects.counts[UNANSWERED] += 1
                continue
            items.append((question, passage))
            article_of.append(articles.setdefault(article, len(articles)))
            if len(items) - before == limit:
                break
        file_of += [place] * (len(items) - before)
        left_out = defects.counts - counted
        if len(items) == before and set(left_out) <= {SKIPPED}:
            raise defects.none_left(DataError("the file has no examples", where=name, hint=SHAPE))
    if not items:
        why = ", ".join(f"{slug} {n}" for slug, n in defects.counts.items() if n)
        what = f"no example is a question with a context: {why}"
        raise DataError(what, where=", ".join(names), hint="take more examples")
    questions, passages = zip(*items, strict=True)
    return NaturalQuestions(
        questions, names, np.array(file_of, np.int64), np.array(article_of, np.int64),
        defects.added_to({}), passages,
    )  # fmt: skip


def _questions(path: str, defects: Defects) -> Iterator[tuple[Question, Passage, str]]:
    """Yield each question with a context, that context, and the page that it is of."""
    seen: dict[str, int] = {}
    for number, line in stream_lines(path):
        where = f"{path}:{number}"
        example = found = None
        with defects.entry():
            example = Value(_loaded(line, where), where, shape=SHAPE)
        if example is None:
            continue
        _refuse_others(example)
        with defects.entry():
            name = example["example_id"].name()
            if name in seen:
                raise example["example_id"].wrong(
                    f"the example_id {name} is that of line {seen[name]} too",
                    "predictions are told apart by id: leave one of the two out",
                )
            found = _question(name, example, defects.counts)
            seen[name] = number
        if found is not None:
            yield *found, _article(example)


def _loaded(line: bytes, where: str) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        byte = line[error.start]
        hint = "convert the file to UTF-8"
        raise DataError(f"byte {byte:#x} is not UTF-8", where=where, hint=hint) from None
    except (RecursionError, ValueError) as error:
        what = f"the line is not JSON: {str(error)[:60]}"
        raise DataError(what, where=where, hint=SHAPE) from None


def _refuse_others(example: Value) -> None:
    """Raise `DataError` for an example of a corpus that is another one, whatever the line."""
    if type(example.value) is not dict or example.value.keys() & {
        "document_tokens",
        "document_text",
    }:
        return
    if {"question", "answer"} <= example.value.keys():
        raise example.wrong(
            "this is NQ-open: questions and answers without the passages that they stand in",
            "take Natural Questions itself, original or simplified, which has the pages",
        )
    if "data" in example.value:
        raise example.wrong("this is a file of SQuAD's format", "the task qa.squad reads it")


def _question(name: str, example: Value, counts: Counter[str]) -> tuple[Question, Passage] | None:
    """Return a question and its context; None, and counted, where the example is left out."""
    page = page_of(example)
    candidates = example["long_answer_candidates"]
    annotations = [read_annotation(a, len(page), candidates) for a in example["annotations"]]
    if not annotations:
        raise example["annotations"].wrong(
            "the example has no annotations", "take the train or dev files: test has none"
        )
    check_bytes(example)
    text = example["question_text"].text()
    found = agreed(annotations)
    if found is None or found.yes_no:
        counts[NO_CONTEXT if found is None else YES_NO] += 1
        return None
    passage = Passage.of(page, *found.long)
    places = [passage.characters(page, *span) for span in found.short]
    whole = [place for place in places if place is not None]
    counts.update({ACROSS: len(places) - len(whole), OUTSIDE: found.outside})
    if not passage.text or (places and not whole):
        counts[ALL_ACROSS if places else NO_CONTEXT] += 1
        return None
    Value(passage.text, example.file, "the context").text()
    counts[SEVERAL] += found.several
    starts, ends = zip(*whole, strict=True) if whole else ((), ())
    texts = tuple(passage.text[a:b] for a, b in whole)
    return Question(name, text, passage.text, starts, ends, texts, example.file), passage


def _article(example: Value) -> str:
    """Return the title of an example's page, or what else tells it from others."""
    url = example.value.get("document_url")
    found = re.search(r"[?&;]title=([^&]*)", url) if isinstance(url, str) else None
    return found[1] if found else str(url or example.where)
