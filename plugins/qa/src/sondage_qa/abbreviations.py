"""Words of the question that abbreviate words of the context."""

from __future__ import annotations

import re
from functools import lru_cache

from sondage_qa.function_words import ENGLISH
from sondage_qa.pairs import Pair
from sondage_qa.wordings import Span, Wording
from sondage_qa.words import Words

_LONGEST = 10
#: As in 'Department of the Interior'.
_MOST_BETWEEN = 2
_BRACKETS = re.compile(r"\(([^()]+)\)")


def abbreviation_pairs(
    wording: Wording, *, ordinary: bool = False, stop_words: frozenset[str] = ENGLISH
) -> list[Pair]:
    """Find the words of a question that abbreviate consecutive words of its context.

    Either the word, points aside and whatever the case, is the initials of as many words one
    after the other, stop words between them perhaps left out; or the context explains it, as
    ``long form (SF)`` or ``SF (long form)``, by the rule of Schwartz and Hearst.

    Parameters
    ----------
    wording : Wording
    ordinary : bool
        Whether initials that may be an ordinary word are taken. Else they must be written in
        capitals in question or context, or have no vowel, or stand for capitalised words.
    stop_words : frozenset of str
        Words that are no abbreviations and may be left out of one, without regard to case.

    Returns
    -------
    list of Pair
        In the order of the question, then of the context.

    References
    ----------
    Cai et al. 2020, arXiv:2006.01346v1, section 2.2 and table 1; Schwartz and Hearst 2003, *A
    simple algorithm for identifying abbreviation definitions in biomedical text*. Departs from
    them: the words need no capitals, which the code of Cai et al. asks for and its table has
    not; none of them is the abbreviation, and no stop word is the first or last; `ordinary` is
    ours.
    """
    words = wording.context
    explained = explained_abbreviations(words.text)
    found: dict[tuple[str, Span], Pair] = {}
    for k, form in enumerate(wording.question.forms):
        short = form.replace(".", "").casefold()
        if not 2 <= len(short) <= _LONGEST or not short.isalnum() or short in stop_words:
            continue
        if short.isdigit():
            continue
        marked = ordinary or _marked(form, short, words)
        spans = [
            (a, b)
            for a, b in _initials(short, words, stop_words)
            if (marked or _capitals(words, (a, b))) and not _holds(words, (a, b), short)
        ]
        spans += [words.span(*bounds) for name, bounds in explained if name == short]
        also = frozenset(i for span in spans for i in range(*span))
        for span in sorted(spans):
            pair = Pair((k, k + 1), span, also - {*range(*span)})
            found.setdefault((short, span), pair)
    return [*found.values()]


def _marked(form: str, short: str, words: Words) -> bool:
    """Whether a word does not look like an ordinary one, here or in the context."""
    if not set(short) & set("aeiouy") and short.isalpha():
        return True
    same = (w for w, folded in zip(words.forms, words.folded, strict=True)
            if folded.replace(".", "") == short)  # fmt: skip
    return any(w.isupper() for w in (form, *same))


def _capitals(words: Words, span: Span) -> bool:
    forms = words.forms[slice(*span)]
    return all(form[0].isupper() for form in forms if form.casefold() not in ENGLISH)


def _initials(short: str, words: Words, stop_words: frozenset[str]) -> list[Span]:
    """Return the words from each place on whose initials are these; no stop words at the ends."""
    starts = (
        k for k, form in enumerate(words.folded) if form[0] == short[0] and form not in stop_words
    )
    ends = ((k, _spelled(short, k, words, stop_words)) for k in starts)
    return [(k, end) for k, end in ends if end and words.folded[end - 1] not in stop_words]


def _spelled(short: str, at: int, words: Words, stop_words: frozenset[str], passed: int = 0) -> int:
    """Return where words from `at` on have spelled all initials; 0 if they do not."""
    if at >= len(words) or not words.lettered[at]:
        return 0
    form = words.folded[at]
    if form[0] == short[0] and len(form) > 1:
        if len(short) == 1:
            return at + 1
        end = _spelled(short[1:], at + 1, words, stop_words)
        if end:
            return end
    if form not in stop_words or passed == _MOST_BETWEEN:
        return 0
    return _spelled(short, at + 1, words, stop_words, passed + 1)


def _holds(words: Words, span: Span, short: str) -> bool:
    """Whether the abbreviation itself is among some words, or a part of one."""
    parts = (part for form in words.folded[slice(*span)] for part in re.split(r"\W", form))
    return short in parts


@lru_cache(maxsize=4096)
def explained_abbreviations(text: str) -> tuple[tuple[str, Span], ...]:
    """Find abbreviations that a text explains in brackets.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of (str, (int, int))
        Each short form in lower case without points, and the characters of its long form.

    References
    ----------
    Schwartz and Hearst 2003, *A simple algorithm for identifying abbreviation definitions in
    biomedical text*, sections 3.1 and 3.2. Departs from it: sentences are not cut, so a long form
    lies between ``. ``, ``;`` and brackets; a short form before the bracket has no small letter.
    """
    out = []
    for found in _BRACKETS.finditer(text):
        inside = re.split(r"[;,]", found[1])[0].strip()
        before = text[: found.start()].rstrip()
        if _is_short(inside):
            start = max(before.rfind(c) + 1 for c in (". ", "; ", "(", ")"))
            begin, long = _last_words(before, start, min(len(inside) + 5, 2 * len(inside)))
            place = _long_form(inside, long)
            span = None if place is None else (begin + place, len(before))
        else:
            inside = before.rpartition(" ")[2]
            long = re.split(r"[;,:]", found[1])[0]
            place = _long_form(inside, long) if _is_short(inside) and inside.isupper() else None
            span = None if place is None else (found.start(1) + place, found.start(1) + len(long))
        if span and inside.casefold() not in text[slice(*span)].casefold().split():
            out.append((inside.replace(".", "").casefold(), span))
    return tuple(out)


def _is_short(text: str) -> bool:
    return (
        2 <= len(text) <= _LONGEST
        and len(text.split()) <= 2
        and text[0].isalnum()
        and any(map(str.isalpha, text))
    )


def _last_words(text: str, start: int, most: int) -> tuple[int, str]:
    words = [m.start() for m in re.finditer(r"\S+", text[start:])]
    begin = start + (words[-most:] or [0])[0]
    return begin, text[begin:]


def _long_form(short: str, long: str) -> int | None:
    """Return where the shortest end of `long` begins that has the letters of `short` in order.

    The first of them begins a word.
    """
    at = len(long)
    for k in range(len(short) - 1, -1, -1):
        letter = short[k].casefold()
        if not letter.isalnum():
            continue
        at -= 1
        while at >= 0 and (
            long[at].casefold() != letter or (k == 0 and at > 0 and long[at - 1].isalnum())
        ):
            at -= 1
        if at < 0:
            return None
    begin = long.rfind(" ", 0, at) + 1
    return begin if len(long) - begin > len(short) else None
