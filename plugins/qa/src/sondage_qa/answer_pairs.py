"""The question word with the answer, and with the answer's ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sondage_qa.pairs import Pair
from sondage_qa.wordings import Wording

Ends = Literal["start", "end", "both"]
#: What questions have a specific type of answer, without regard to case.
ASKING = ("who", "when", "where")


def answer_type_pairs(wording: Wording, *, asking: Sequence[str] = ASKING) -> list[Pair]:
    """Pair the question word with the answer, where a question begins with one of these.

    The match is all words of the first gold answer. Words of the other gold answers are no
    candidates.

    References
    ----------
    Cai et al. 2020, arXiv:2006.01346v1, section 2.2; that the whole answer is the match is from the
    authors' code. Departs from it: of several gold answers the others are left out.
    """
    if wording.question.folded[0] not in asking:
        return []
    gold = frozenset(k for span in wording.answers for k in range(*span))
    return [Pair((0, 1), wording.answers[0], gold - {*range(*wording.answers[0])})]


def boundary_pairs(wording: Wording, *, ends: Ends = "both") -> list[Pair]:
    """Pair the first word of the question with the first and the last word of the answer.

    Punctuation at its ends is no word of an answer. Candidates are the other words of the
    wording, those inside the answer too; where other gold answers begin (or end), there is none.
    Of an answer of one word both pairs are one.

    References
    ----------
    Cai et al. 2020, arXiv:2006.01346v1, figure 1, names no pair; this is one reading of it. The
    paper's context is the sentence that the answer is in: `Wording.cropped`. Departs from it: see
    the other reading, which has no pair but the logits of a tuned head.
    """
    told = [[k for k in range(a, b) if wording.context.lettered[k]] for a, b in wording.answers]
    if not told[0]:
        return []
    starts = [ks[0] for ks in told if ks]
    lasts = [ks[-1] for ks in told if ks]
    wanted = {"start": [starts], "end": [lasts], "both": [starts, lasts]}[ends]
    found = {
        at[0]: Pair((0, 1), (at[0], at[0] + 1), frozenset(at) - {at[0]}) for at in reversed(wanted)
    }
    return [found[at] for at in sorted(found)]
