"""The five phenomena of Cai et al. 2020 as tasks: thin adapters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from sondage.contracts import TaskUnits
from sondage.data import Corpus, Examples
from sondage.specs import Before
from sondage_qa.abbreviations import abbreviation_pairs
from sondage_qa.answer_pairs import ASKING, Ends, answer_type_pairs, boundary_pairs
from sondage_qa.answers import answers_of, corpus_of
from sondage_qa.coreference import coreference_pairs
from sondage_qa.function_words import PRONOUNS
from sondage_qa.matching import Which
from sondage_qa.pair_tasks import Found, Phenomenon
from sondage_qa.pairs import Pair
from sondage_qa.question import Question
from sondage_qa.sentences import Cutter
from sondage_qa.synonyms import synonym_pairs
from sondage_qa.wordings import Wording, Wordings
from sondage_qa.wordnet import WordNet

Finder = Callable[[Wording], list[Pair]]


@dataclass(kw_only=True, eq=False)
class _Chosen(Phenomenon):
    """Tasks whose questions may have several pairs.

    Parameters
    ----------
    pairs : {'first', 'all'}
        Whether a question gives its first pair, as in the authors' code, or all.
    """

    pairs: Annotated[Which, Before("candidates")] = "first"

    @property
    def which(self) -> Which:
        """Whether one pair of a question is taken, or all are."""
        return self.pairs


@dataclass(kw_only=True, eq=False)
class Synonyms(_Chosen):
    """A word of the question and a synonym of it in the context (WordNet).

    Parameters
    ----------
    wordnet : str
        WordNet's ``dict`` folder, or a tar archive of it.
    phrases : int
        Most words of a term. With 1 pairs are of words, as in the paper's text; with 3 also
        "political system" and "form of government", as in its table.
    """

    name = "synonyms"
    empty = "take longer texts in WordNet's language, or 'pairs', 'trivial' otherwise"

    wordnet: Annotated[str, Before("pairs")]
    phrases: Annotated[int, Field(ge=1, le=5), Before("pairs")] = 1

    def target_key(self) -> tuple[object, ...]:
        """Return all that changes pairs and candidates."""
        return (*super().target_key(), WordNet(self.wordnet).fingerprint, self.phrases)

    def finder(self, found: Found) -> Finder:
        """Return what finds the pairs of a wording."""
        wordnet = WordNet(self.wordnet)
        return partial(
            synonym_pairs, wordnet=wordnet, phrases=self.phrases, stop_words=self.stopped
        )


@dataclass(kw_only=True, eq=False)
class Abbreviations(_Chosen):
    """A word of the question that abbreviates words of the context.

    Parameters
    ----------
    ordinary : bool
        Whether any word may be initials. Else it must be written in capitals somewhere, have no
        vowel, or stand for capitalised words.
    """

    name = "abbreviations"
    empty = "few questions have one: take more of them, or 'ordinary: true'"

    ordinary: Annotated[bool, Before("pairs")] = False

    def target_key(self) -> tuple[object, ...]:
        """Return all that changes pairs and candidates."""
        return (*super().target_key(), self.ordinary)

    def finder(self, found: Found) -> Finder:
        """Return what finds the pairs of a wording."""
        return partial(abbreviation_pairs, ordinary=self.ordinary, stop_words=self.stopped)


@dataclass(kw_only=True, eq=False)
class Coreference(_Chosen):
    """A name in question and context, and a pronoun in the answer's sentence.

    Parameters
    ----------
    anchor : {'question', 'context'}
        Whether the name is taken where it stands in the question, or nearest to the pronoun in
        the context.
    pronouns : list of str, optional
        By default English personal and possessive ones of the third person.
    sentences : {'marks', 'sentencex'}
        Sentences end at each of ``? ; . !`` and square brackets, or as the library sentencex says.
    language : str
        For sentencex.
    """

    name = "coreference"
    empty = "take more questions; 'pronouns' for another language than English"

    anchor: Annotated[Literal["question", "context"], Before("pairs")] = "question"
    pronouns: Annotated[list[str] | None, Before("pairs")] = None
    sentences: Annotated[Cutter, Before("pairs")] = "marks"
    language: Annotated[str, Before("pairs")] = "en"

    @property
    def cut(self) -> tuple[Cutter, str]:
        """How sentences are cut, and their language."""
        return self.sentences, self.language

    @property
    def referring(self) -> frozenset[str]:
        """The pronouns, without regard to case."""
        return PRONOUNS if self.pronouns is None else frozenset(map(str.casefold, self.pronouns))

    def target_key(self) -> tuple[object, ...]:
        """Return all that changes pairs and candidates."""
        return (*super().target_key(), self.anchor, sorted(self.referring), self.cut)

    def finder(self, found: Found) -> Finder:
        """Return what finds the pairs of a wording."""
        return partial(
            coreference_pairs,
            anchor=self.anchor,
            pronouns=self.referring,
            stop_words=self.stopped,
        )


@dataclass(kw_only=True, eq=False)
class AnswerType(Phenomenon):
    """The question word and the answer, where a question begins with who, when or where.

    Parameters
    ----------
    asking : list of str
        The words that a question may begin with.
    """

    name = "answer_type"
    empty = "no question begins with one of the words of 'asking'"

    asking: Annotated[list[str], Before("candidates")] = field(default_factory=lambda: [*ASKING])

    def target_key(self) -> tuple[object, ...]:
        """Return all that changes pairs and candidates."""
        return (*super().target_key(), sorted(self.asking))

    def finder(self, found: Found) -> Finder:
        """Return what finds the pairs of a wording."""
        return partial(answer_type_pairs, asking=[word.casefold() for word in self.asking])


@dataclass(kw_only=True, eq=False)
class Boundary(Phenomenon):
    """The ends of the answer within its sentence.

    Parameters
    ----------
    reading : {'pairs', 'logits'}
        What the paper's figure may mean. ``pairs``: the first word of the question is ranked with
        the first and with the last word of the answer. ``logits``: no pairs but answers, so that
        the ends have a rank among all positions by the logits of a tuned head.
    ends : {'both', 'start', 'end'}
        Of ``pairs``: which of the two.
    context : {'sentence', 'paragraph'}
        What a question is joined with: the sentence of its answer, or all.
    sentences : {'marks', 'sentencex'}
        Sentences end at each of ``? ; . !`` and square brackets, or as the library sentencex says.
    language : str
        For sentencex.
    """

    name = "boundary"
    empty = "answers that are all of their sentence have no other words: 'context: paragraph'"

    reading: Annotated[Literal["pairs", "logits"], Before("candidates")] = "pairs"
    ends: Annotated[Ends, Before("candidates")] = "both"
    context: Annotated[Literal["sentence", "paragraph"], Before("candidates")] = "sentence"
    sentences: Annotated[Cutter, Before("candidates")] = "marks"
    language: Annotated[str, Before("candidates")] = "en"

    @property
    def units(self) -> TaskUnits:  # type: ignore[override]
        """``rankings``, or with ``reading: logits`` ``answers``."""
        return "rankings" if self.reading == "pairs" else "answers"

    @property
    def cut(self) -> tuple[Cutter, str]:
        """How sentences are cut, and their language."""
        return self.sentences, self.language

    def corpus_key(self) -> tuple[object, ...]:
        """Return the files' bytes, which questions are taken, and what their contexts are."""
        how = (self.cut,) if self.context == "sentence" else ()
        running = ("running text",) if self.reading == "logits" else ()
        return (*super().corpus_key(), *how, *running)

    def target_key(self) -> tuple[object, ...]:
        """Return all that changes pairs and candidates."""
        return (*super().target_key(), self.reading, self.ends)

    def read(self, paths: list[str]) -> Found:
        """Read the files; contexts are the answers' sentences."""
        found = super().read(paths)
        if self.context == "paragraph" or self.reading == "logits":
            return found
        whole = found.wordings
        cropped = Wordings([p.cropped() for p in whole.items], whole.kept, whole.warnings)
        return replace(found, wordings=cropped)

    def finder(self, found: Found) -> Finder:
        """Return what finds the pairs of a wording."""
        return partial(boundary_pairs, ends=self.ends)

    def problem(self, found: Found, name: str) -> tuple[Corpus, Any, dict[str, int]]:
        """Return words and pairs, or with ``reading: logits`` texts and answers."""
        if self.reading == "pairs":
            return super().problem(found, name)
        asked = self._asked(found)
        return corpus_of(asked, name), answers_of(asked), {}

    def examples(self, n: int) -> Examples:
        """Return counts and n pairs, or with ``reading: logits`` n answers."""
        if self.reading == "pairs":
            return super().examples(n)
        asked = self._asked(found := self.read(self.parts.paths))
        counts = {"examples": len(asked), **{slug: k for slug, k in found.warnings.items() if k}}
        shown = np.unique(np.linspace(0, len(asked) - 1, min(n, len(asked))).round().astype(int))
        rows = [(q.question, " / ".join(q.texts), q.context) for q in (asked[k] for k in shown)]
        return Examples(counts, ("question", "answers", "context"), rows)

    def _asked(self, found: Found) -> list[Question]:
        """Return the questions with the contexts that they are joined with."""
        if self.context == "paragraph":
            return [*found.questions]
        return [*map(_within_sentence, found.questions, found.wordings.items)]


def _within_sentence(question: Question, wording: Wording) -> Question:
    """Return a question with its first gold answer's sentence as its context."""
    first, last = wording.answer_sentence
    start, end = wording.context.starts[first], wording.context.ends[last - 1]
    golds = zip(question.starts, question.ends, question.texts, strict=True)
    inside = [(a - start, b - start, text) for a, b, text in golds if start <= a and b <= end]
    starts, ends, texts = zip(*inside, strict=True)
    return replace(
        question, context=question.context[start:end], starts=starts, ends=ends, texts=texts
    )
