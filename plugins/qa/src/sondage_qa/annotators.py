"""What the annotators of an example of Natural Questions found, and what they agree on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sondage_qa.value import Value

Span = tuple[int, int]


@dataclass(frozen=True)
class Annotation:
    """What one annotator found.

    Parameters
    ----------
    long : (int, int) or None
        Tokens of the page, half-open, of the long answer.
    short : tuple of (int, int)
        Of the short answers, which lie within it.
    yes_no : bool
        Whether the answer is yes or no.
    """

    long: Span | None
    short: tuple[Span, ...] = ()
    yes_no: bool = False


@dataclass(frozen=True)
class Agreed:
    """What counts as the answer.

    Parameters
    ----------
    long : (int, int)
        The tokens of the page that are the context.
    short : tuple of (int, int)
        The short answers, each once; none where there is no short answer, or yes or no.
    yes_no : bool
        Whether the short answer is yes or no and nothing else.
    outside : int
        How many short answers of annotators with another long answer lie outside this one.
    several : bool
        Whether an annotator gave more than one short answer.
    """

    long: Span
    short: tuple[Span, ...] = ()
    yes_no: bool = False
    outside: int = 0
    several: bool = False


def agreed(annotations: Sequence[Annotation]) -> Agreed | None:
    """Return what the annotators agree on; None where that is no long answer.

    There is an answer if two of several annotators gave one, or the only one did; then the
    answers of all count. The long answer is the one most of them chose, the first of them
    where several are level: of those with short answers, if there is a short answer.

    References
    ----------
    Kwiatkowski et al. 2019, TACL 7:453-466, and its published evaluation: two of five.
    Departs from it: one long answer is chosen, since it is the context.
    """
    enough = min(2, len(annotations))
    if not enough or sum(a.long is not None for a in annotations) < enough:
        return None
    short = sum(bool(a.short) or a.yes_no for a in annotations) >= enough
    with_spans = [a for a in annotations if a.short] if short else []
    chosen = Counter(a.long for a in with_spans or annotations if a.long is not None)
    long = max(chosen, key=chosen.__getitem__)
    spans = dict.fromkeys(span for a in with_spans for span in a.short)
    inside = tuple(s for s in spans if long[0] <= s[0] and s[1] <= long[1])
    return Agreed(
        long, inside, short and not with_spans, len(spans) - len(inside),
        any(len(a.short) > 1 for a in with_spans),
    )  # fmt: skip


def read_annotation(value: Value, tokens: int, candidates: Value) -> Annotation:
    """Return one annotation of an example.

    Parameters
    ----------
    value, candidates : Value
        One of the example's ``annotations``, and its ``long_answer_candidates``.
    tokens : int
        How many the page has.

    Raises
    ------
    DataError
        For a span outside the page, a long answer that is not the candidate it names, a short
        answer outside its long answer, an unknown answer to yes or no.
    """
    long = read_span(value["long_answer"], tokens)
    if long is not None:
        _check_candidate(value["long_answer"], long, candidates)
    short = []
    for answer in value["short_answers"]:
        span = read_span(answer, tokens)
        if span is None or long is None or span[0] < long[0] or span[1] > long[1]:
            raise answer.wrong(
                f"the short answer has the tokens {span}, and its long answer {long}",
                "a short answer lies within its long answer",
            )
        short.append(span)
    said = value["yes_no_answer"].text()
    if said not in ("NONE", "YES", "NO"):
        raise value["yes_no_answer"].wrong(f"yes_no_answer is {said!r:.40}", "NONE, YES or NO")
    return Annotation(long, tuple(short), said != "NONE")


def read_span(value: Value, tokens: int) -> Span | None:
    """Return the tokens of a span, half-open; None for one that says -1, which is no span."""
    start, end = (value[key].number() for key in ("start_token", "end_token"))
    if start == end == -1:
        return None
    if not 0 <= start < end <= tokens:
        raise value.wrong(
            f"the tokens {start} to {end} are no part of a page of {tokens}",
            "in the simplified form, cut document_text at single blanks: split(' ')",
        )
    return start, end


def _check_candidate(value: Value, long: Span, candidates: Value) -> None:
    index = value["candidate_index"].number()
    found = None
    if type(candidates.value) is list and 0 <= index < len(candidates.value):
        candidate = Value(
            candidates.value[index],
            candidates.file,
            f"{candidates.path}[{index}]",
            candidates.shape,
        )
        found = tuple(candidate[key].number() for key in ("start_token", "end_token"))
    if found != long:
        raise value.wrong(
            f"the long answer has the tokens {long}, its candidate {index} {found}",
            "candidate_index counts long_answer_candidates from 0",
        )
