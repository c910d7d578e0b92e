"""`pairwise.boundary`: where a tuned head places the ends of an answer, among all positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sondage import stats
from sondage.contracts import EncoderProblem, Pointing
from sondage.data import Answers, Ints, Outcomes, PositionLogits, Result
from sondage.errors import DataError, EncodingError
from sondage_pairwise.places import contexts_of

Floats = NDArray[np.float64]
Side = Literal["start", "end"]
_SIDES: tuple[Side, ...] = ("start", "end")


@dataclass(frozen=True)
class Placed:
    """How the true place of each question fares among the positions of its context.

    Parameters
    ----------
    share : float64 array, shape (n,)
        Of the other positions, those of a lower logit; of an equal one half of them. NaN where
        there is no other position, or no subword stands for the place.
    found : bool array, shape (n,)
        Whether no other position has as high a logit.
    """

    share: Floats
    found: NDArray[np.bool_]


def placed(logits: PositionLogits, answers: Answers, side: Side) -> Placed:
    """Rank one end of each question's first gold answer among the positions of its context.

    Parameters
    ----------
    logits : PositionLogits
        Of questions that have an answer.
    answers : Answers
        The target whose items the logits are of.
    side : {'start', 'end'}
        The subword of the answer's first character, or of its last.

    Returns
    -------
    Placed

    Notes
    -----
    Where other gold answers have that end, there is no other position.
    """
    values = logits.start if side == "start" else logits.end
    share = np.full(len(logits.items), np.nan)
    found = np.zeros(len(share), bool)
    for i, item in enumerate(logits.items.tolist()):
        rows = slice(logits.offsets[i], logits.offsets[i + 1])
        golds = slice(answers.offsets[item], answers.offsets[item + 1])
        at = _subwords(logits.places[rows], answers, golds, side)
        if not len(at) or at[0] < 0:
            continue
        own, rest = values[rows][at[0]], np.delete(values[rows], np.unique(at[at >= 0]))
        if len(rest):
            share[i] = ((rest < own).sum() + (rest == own).sum() / 2) / len(rest)
            found[i] = bool((rest < own).all())
    return Placed(share, found)


def _subwords(places: Ints, answers: Answers, golds: slice, side: Side) -> Ints:
    """Return the subword of one end of each gold answer; -1 where none stands for it."""
    begin, after = places[:, 0], places[:, 1]
    if side == "start":
        character = answers.start[golds]
        at = np.searchsorted(after, character, side="right")
    else:
        character = answers.end[golds] - 1
        at = np.searchsorted(begin, character, side="right") - 1
    inside = np.clip(at, 0, max(len(places) - 1, 0))
    there = (at >= 0) & (at < len(places))
    if len(places):
        there &= (begin[inside] <= character) & (character < after[inside])
    return np.where(there, at, -1)


@dataclass(kw_only=True, eq=False)
class Boundary:
    """Where a tuned head places the ends of an answer, among all positions of its context.

    Nothing is learned here: the encoder must be one that was trained to find answers (head `span`
    of `transformers.finetuned`; at step 0 with the head as it was drawn). Each question of the
    test part has two logits a subword. Score ``boundary_auc``: the share of the other
    positions whose logit is below that of the true one, mean over start and end and over questions;
    ½ is chance, 1 a head that never prefers another place. ``start_auc`` and ``end_auc``: of one
    end; ``start_found`` and ``end_found``: the share of questions in which no position has a
    higher logit. Questions without an answer are left out and counted.

    Outcomes are the questions' shares; questions of one context are resampled together. Table
    ``pointed`` has the shares with 95% intervals.

    References
    ----------
    Cai et al. 2020, arXiv:2006.01346, section 1 ("by outputting the logits score of each
    position") and figure 1, which do not say what becomes of the logits: they are ranked as the
    pairs of section 2.3 are. Departs from it: as `pairwise.ranking`; it has no layers, since the
    logits are the last one's.
    """

    units: ClassVar[Literal["answers"]] = "answers"
    reads: ClassVar[Literal["encoder"]] = "encoder"
    joint: ClassVar[tuple[str, ...]] = ()
    randomness: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[bool] = True

    def run_layers(self, problem: EncoderProblem) -> Iterator[tuple[None, int, Result]]:
        """Yield a result for each seed."""
        answers, encoder = problem.data.target, problem.encoder
        if not isinstance(encoder, Pointing):
            raise EncodingError(
                "pairwise.boundary reads the logits of a head that points at answers, and this "
                "encoder has none",
                hint="keep it to encoders that were tuned on answers, by 'only:'",
            )
        if not isinstance(answers, Answers):
            raise DataError(
                f"pairwise.boundary wants answers, but {problem.data.corpus.name} has "
                f"{type(answers).__name__}",
                hint="choose a task with answers, such as qa.boundary with reading: logits",
            )
        for seed in problem.seeds:
            yield None, seed, _result(problem, encoder, answers, problem.splits[seed].test)


def _result(problem: EncoderProblem, encoder: Pointing, answers: Answers, test: Ints) -> Result:
    data = problem.data
    items = np.sort(test[np.diff(answers.offsets)[test] > 0])
    if not len(items):
        raise DataError(f"{data.corpus.name}: no question of the test part has an answer")
    logits = encoder.position_logits(data, items)
    each = {side: placed(logits, answers, side) for side in _SIDES}
    shares = np.stack([each[side].share for side in _SIDES])
    kept = ~np.isnan(shares).any(axis=0)
    if not kept.any():
        raise DataError(
            f"{data.corpus.name}: none of {len(items)} answers has a place among other positions"
        )
    groups = contexts_of(data.corpus, answers.sentence[items], data.groups)[kept]
    found = np.stack([each[side].found for side in _SIDES])[:, kept].astype(float)
    shares = shares[:, kept]
    ends = {"both": (shares.mean(0), found.prod(0))}
    ends |= {s: (shares[i], found[i]) for i, s in enumerate(_SIDES)}
    left = {
        "questions-without-answer": len(test) - len(items),
        "answers-without-place": len(items) - int(kept.sum()),
    }
    return Result(
        {
            "boundary_auc": float(shares.mean()),
            **{f"{s}_auc": float(shares[i].mean()) for i, s in enumerate(_SIDES)},
            **{f"{s}_found": float(found[i].mean()) for i, s in enumerate(_SIDES)},
        },
        Outcomes(items[kept], groups, shares.mean(0), score="boundary_auc"),
        tables={"pointed": _table(ends, groups)},
        warnings={slug: n for slug, n in left.items() if n},
    )


def _table(ends: dict[str, tuple[Floats, Floats]], groups: Ints) -> dict[str, list[Any]]:
    rows = []
    for end, (share, found) in ends.items():
        own = stats.cluster_interval(share, groups)
        rows.append(
            {"end": end, "auc": own.mean, "low": own.low, "high": own.high,
             "found": float(found.mean()), "questions": len(share), "contexts": own.n}
        )  # fmt: skip
    return {column: [row[column] for row in rows] for column in rows[0]}
