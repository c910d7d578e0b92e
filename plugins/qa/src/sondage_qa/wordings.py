"""Questions and contexts in words, with sentences and answers: what pairs are looked for in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sondage.data import Corpus
from sondage_qa.question import Question
from sondage_qa.sentences import Cutter, sentence_of, sentence_span
from sondage_qa.words import Words

Span = tuple[int, int]


@dataclass(frozen=True)
class Wording:
    """A question with its context, in words.

    Parameters
    ----------
    question, context : Words
        Without a question, `question` has no words.
    sentence : tuple of int, length len(context)
        The number of the sentence of each word of the context.
    answers : tuple of (int, int)
        Words of the context, half-open, that each gold answer touches.
    """

    question: Words
    context: Words
    sentence: tuple[int, ...]
    answers: tuple[Span, ...] = ()

    @property
    def boundary(self) -> int:
        """Number of words of the question; the words of the context are numbered on from it."""
        return len(self.question)

    @cached_property
    def answer_sentence(self) -> Span:
        """The words of the context in the sentences that the first gold answer touches."""
        return sentence_span(self.sentence, *self.answers[0])

    def cropped(self) -> Wording:
        """Return the wording with the first gold answer's sentences as its context.

        Gold answers outside of them are left out.
        """
        first, last = self.answer_sentence
        start, end = self.context.starts[first], self.context.ends[last - 1]
        words = Words(self.context.text[start:end])
        answers = tuple((a - first, b - first) for a, b in self.answers if first <= a and b <= last)
        return Wording(self.question, words, self.sentence[first:last], answers)

    @property
    def cropped_at(self) -> int:
        """The character of the context at which `cropped` begins."""
        return self.context.starts[self.answer_sentence[0]]


@dataclass(frozen=True)
class Wordings:
    """The wordings of a list of questions.

    Parameters
    ----------
    items : sequence of Wording, length n
    kept : list of int, length n
        The place of each among the questions.
    warnings : dict of slug to count
        ``long-contexts`` and ``questions-without-words``, left out; ``answers-within-words``,
        gold answers of which a word has more than the answer.
    """

    items: Sequence[Wording]
    kept: list[int]
    warnings: dict[str, int]

    def __len__(self) -> int:
        return len(self.items)

    def corpus(self, name: str = "wordings") -> Corpus:
        """Return questions, or contexts alone if none has one, as a corpus of words."""
        contexts = [p.context.forms for p in self.items]
        if not any(p.boundary for p in self.items):
            return Corpus.of_words(contexts, [p.context.text for p in self.items], name)
        questions = [p.question.forms for p in self.items]
        texts = [p.question.text for p in self.items]
        return Corpus.of_words(questions, texts, name, second=contexts)


def wordings_of(
    questions: Sequence[Question],
    *,
    sentences: Cutter = "marks",
    language: str = "en",
    max_words: int | None = None,
) -> Wordings:
    """Cut questions and contexts into words, as `Words` says, and contexts into sentences.

    Parameters
    ----------
    questions : sequence of Question
        Those without an answer are left out.
    sentences, language
        As `sondage_qa.sentences.sentence_of` takes them.
    max_words : int, optional
        Questions whose context has more words than these, punctuation aside, are left out.

    Raises
    ------
    DependencyError
        If the library that cuts sentences is not installed.
    """
    contexts: dict[str, tuple[Words, tuple[int, ...]]] = {}
    warnings = {"long-contexts": 0, "questions-without-words": 0, "answers-within-words": 0}
    items: list[Wording] = []
    kept: list[int] = []
    for place, question in enumerate(questions):
        if question.context not in contexts:
            words = Words(question.context)
            contexts[question.context] = words, sentence_of(words, sentences, language)
        context, sentence = contexts[question.context]
        asked = Words(question.question)
        bounds = [*zip(question.starts, question.ends, strict=True)]
        answers = tuple(context.span(start, end) for start, end in bounds)
        if max_words is not None and sum(context.lettered) > max_words:
            warnings["long-contexts"] += 1
        elif not len(asked) or not answers or any(a >= b for a, b in answers):
            warnings["questions-without-words"] += bool(answers)
        else:
            warnings["answers-within-words"] += sum(not context.fits(*b) for b in bounds[:1])
            items.append(Wording(asked, context, sentence, answers))
            kept.append(place)
    return Wordings(items, kept, warnings)
