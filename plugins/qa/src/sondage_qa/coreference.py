"""Pronouns in the answer's sentence, and what in the question they may stand for."""

from __future__ import annotations

from sondage_qa.function_words import ENGLISH, PRONOUNS
from sondage_qa.pairs import Pair, places
from sondage_qa.wordings import Span, Wording
from sondage_qa.words import Words

#: Words that may stand between the capitalised words of a name.
_BETWEEN = frozenset(
    ("of", "the", "de", "la", "le", "du", "des", "del", "di", "da", "von", "van", "der", "den",
     "zu", "und", "and", "&", "-", "'s", "’s")
)  # fmt: skip
_OPEN, _CLOSE = frozenset(("“", '"', "``", "«", "„")), frozenset(("”", '"', "''", "»", "“"))
_MOST_QUOTED = 8
#: Parts of dates, for which no pronoun stands.
_DATES = frozenset(
    ("january", "february", "march", "april", "may", "june", "july", "august", "september",
     "october", "november", "december", "monday", "tuesday", "wednesday", "thursday", "friday",
     "saturday", "sunday")
)  # fmt: skip
#: Marks behind which a sentence goes on.
_WITHIN = frozenset((",", "-", "–"))


def coreference_pairs(
    wording: Wording,
    *,
    anchor: str = "question",
    pronouns: frozenset[str] = PRONOUNS,
    stop_words: frozenset[str] = ENGLISH,
) -> list[Pair]:
    """Pair what question and context both name with pronouns of the answer's sentence.

    No model says that the pronoun stands for the name: it is the paper's rule.

    Parameters
    ----------
    wording : Wording
    anchor : {'question', 'context'}
        Whether the name is taken where it stands in the question, or nearest to the pronoun in
        the context.
    pronouns : frozenset of str
        Without regard to case.
    stop_words : frozenset of str
        Words with which no name begins or ends, without regard to case.

    Returns
    -------
    list of Pair
        In the order of the question, then of the context. A name is quoted, or a run of
        capitalised words, in one of the two texts, and no date; it stands in both, whatever the
        case, and not in a sentence of the answer. A capitalised word that begins a sentence is a
        name if it is capitalised elsewhere too. The pronoun is no part of an answer.

    References
    ----------
    Cai et al. 2020, arXiv:2006.01346v1, section 2.2. Departs from it: the paper does not say
    how an entity is found.
    """
    first, last = wording.answer_sentence
    answered = {k for span in wording.answers for k in range(*span)}
    words = wording.context
    referring = [k for k in range(first, last) if words.folded[k] in pronouns and k not in answered]
    if not referring:
        return []
    found = []
    for name in shared_names(wording, stop_words):
        there = places(words.folded, wording.question.folded[slice(*name)])
        if any(a < last and b > first for a, b in there):
            continue
        for k in referring:
            nearest = min(there, key=lambda span, k=k: abs(span[0] - k))  # type: ignore[misc]
            if anchor == "question":
                found.append(Pair(name, (k, k + 1)))
            else:
                found.append(Pair(nearest, (k, k + 1), within=True))
    return found


def shared_names(wording: Wording, stop_words: frozenset[str] = ENGLISH) -> list[Span]:
    """Return the names that stand in question and context, as words of the question.

    In the order of the question; of names that overlap the longest.
    """
    question, context = wording.question, wording.context
    sure = _capitalised_within(question) | _capitalised_within(context)
    strings = {question.folded[slice(*span)] for span in names(question, sure, stop_words)}
    strings |= {context.folded[slice(*span)] for span in names(context, sure, stop_words)}
    shared = [string for string in strings if places(context.folded, string)]
    spans = sorted(
        (span for string in shared for span in places(question.folded, string)),
        key=lambda span: (span[0] - span[1], span),
    )
    out: list[Span] = []
    for a, b in spans:
        if all(b <= c or d <= a for c, d in out):
            out.append((a, b))
    return sorted(out)


def names(
    words: Words, sure: frozenset[str] = frozenset(), stop_words: frozenset[str] = ENGLISH
) -> list[Span]:
    """Return the quoted strings and runs of capitalised words of a text.

    Parameters
    ----------
    words : Words
    sure : frozenset of str
        Words, without regard to case, that are names where they begin a sentence as well.
    stop_words : frozenset of str
        Words with which no name begins or ends.
    """
    out = _quoted(words)
    k = 0
    while k < len(words):
        end = _run(words, k)
        out += _trimmed(words, (k, end), sure, stop_words)
        k = max(end, k + 1)
    return out


def _capitalised_within(words: Words) -> frozenset[str]:
    """Return the words that are capitalised and begin no sentence."""
    return frozenset(
        words.folded[k]
        for k in range(1, len(words))
        if words.forms[k][0].isupper() and not _begins(words, k)
    )


def _begins(words: Words, k: int) -> bool:
    """Whether a word begins a sentence, or may."""
    return k == 0 or not (
        words.lettered[k - 1] or words.forms[k - 1] in (",", "-", "–", "’s", "'s")
    )


def _run(words: Words, k: int) -> int:
    """Return the end of the run of capitalised words that begins here; `k` if none does.

    Numbers go on with it: 'Super Bowl 50'.
    """
    end = at = k
    while at < len(words):
        first = words.forms[at][0]
        if first.isupper() or (first.isdigit() and k < at == end):
            end = at + 1
        elif end == k or words.folded[at] not in _BETWEEN or at - end >= 2:
            break
        at += 1
    return end


def _trimmed(
    words: Words, span: Span, sure: frozenset[str], stop_words: frozenset[str]
) -> list[Span]:
    first, last = span
    while first < last and words.folded[first] in stop_words:
        first += 1
    while first < last and words.folded[last - 1] in stop_words:
        last -= 1
    alone = last - first == 1 and _begins(words, first) and words.folded[first] not in sure
    if first >= last or alone or len(words.forms[first]) < 2 or not words.forms[first][0].isupper():
        return []
    dated = all(f in _DATES or f[0].isdigit() for f in words.folded[first:last])
    return [] if dated else [(first, last)]


def _quoted(words: Words) -> list[Span]:
    out: list[Span] = []
    opened: int | None = None
    for k, form in enumerate(words.forms):
        if opened is not None and form in _CLOSE:
            if 0 < k - opened <= _MOST_QUOTED and all(words.lettered[opened:k]):
                out.append((opened, k))
            opened = None
        elif form in _OPEN:
            opened = k + 1
    return out
