"""Where the sentences of a text end."""

from __future__ import annotations

import importlib
from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, get_args

from sondage.errors import DependencyError, ParameterError
from sondage_qa.words import Words

Cutter = Literal["marks", "sentencex"]
_CUTS = frozenset("?;.![]")


def sentence_of(words: Words, cutter: Cutter = "marks", language: str = "en") -> tuple[int, ...]:
    """Return the number of the sentence that each word is in; it never falls.

    Parameters
    ----------
    words : Words
    cutter : {'marks', 'sentencex'}
        ``marks``: a sentence ends with a word of ``? ; . !`` or a square bracket, so also at the
        point of an abbreviation; not at one within a word, as in ``3.5``. ``sentencex``: as the
        library of that name cuts.
    language : str
        For ``sentencex``: a code such as ``en``.

    Raises
    ------
    DependencyError
        If the library is not installed.
    ParameterError
        For another cutter.

    References
    ----------
    ``marks``: Cai et al. 2020, arXiv:2006.01346v1, as published in code. Departs from it: marks are
    words here, not characters, and closing quotes and brackets stay with their sentence.
    """
    if cutter not in get_args(Cutter):
        raise ParameterError(f"unknown cutter of sentences {cutter!r}", near=get_args(Cutter))
    return _by_marks(words.forms) if cutter == "marks" else _by_library(words, language)


def _by_marks(forms: Sequence[str]) -> tuple[int, ...]:
    out: list[int] = []
    sentence, ended = 0, False
    for form in forms:
        if ended and form[0] not in _CUTS and form[0] not in "\"'”’)»":
            sentence, ended = sentence + 1, False
        out.append(sentence)
        ended = ended or form[0] in _CUTS
    return tuple(out)


def _by_library(words: Words, language: str) -> tuple[int, ...]:
    try:
        library = importlib.import_module("sentencex")
    except ImportError as error:
        raise DependencyError(
            "sentences: sentencex needs the library sentencex",
            hint="pip install sentencex, or cut with 'sentences: marks'",
        ) from error
    ends: list[int] = []
    at = 0
    for sentence in library.segment(language, words.text):
        at = words.text.index(sentence, at) + len(sentence)
        ends.append(at)
    return tuple(min(bisect_right(ends, start), len(ends) - 1) for start in words.starts)


def sentence_span(sentence: Sequence[int], first: int, last: int) -> tuple[int, int]:
    """Return the words, half-open, of all sentences that words [first, last) touch."""
    begin = sentence.index(sentence[first])
    end = bisect_right(sentence, sentence[last - 1])
    return begin, end
