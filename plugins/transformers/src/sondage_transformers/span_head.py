"""A head that points at the first and the last subword of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.scores import (
    AnswerGrades,
    Rules,
    SpanList,
    best_spans,
    grade_answers,
    least_over_windows,
)
from sondage_transformers.heads import DROPOUT, SPREAD, Head, Outputs
from sondage_transformers.pooling import Batch


@dataclass(frozen=True)
class SpanPortion:
    """All windows of some questions, w in number, with what is asked of them.

    Parameters
    ----------
    batch : Batch
        Its units are places in the pool of subwords.
    n_rows : int
        Rows that pooling makes: subwords, special ones included.
    question : int64 array, shape (w,), ascending
        Which of the portion's questions a window belongs to.
    start, end : int64 arrays, shape (w,)
        Positions of the answer's first and last subword; that which stands for no answer where
        the window does not hold it whole.
    learned : bool array, shape (w,)
        False for windows of an answer that lies whole in none of its question's windows.
    null : int64 array, shape (w,)
        Position that stands for no answer.
    context, answerable : bool arrays, shape (w, t)
        Subwords of the context, and those at which an answer may begin or end.
    places : int32 array, shape (pool, 2)
        Characters of each subword of the pool.
    contexts : sequence of str, length n
    golds : sequence of sequences of str, length n
    rules : {'v1', 'v2'}
        By `v1` every question is answered.
    longest : int
        The most subwords of an answer.
    """

    batch: Batch
    n_rows: int
    question: Ints
    start: Ints
    end: Ints
    learned: NDArray[np.bool_]
    null: Ints
    context: NDArray[np.bool_]
    answerable: NDArray[np.bool_]
    places: NDArray[np.int32]
    contexts: Sequence[str]
    golds: Sequence[Sequence[str]]
    rules: Rules
    longest: int


@dataclass(frozen=True)
class Decoded:
    """What the logits of a portion say.

    Parameters
    ----------
    spans : SpanList
        The best span of each question.
    null : float64 array, shape (n,)
        Score of there being no answer: the least over windows.
    texts : list of str, length n
        Answers; empty where a question is left without one.
    """

    spans: SpanList
    null: NDArray[np.float64]
    texts: list[str]


class SpanHead(Head):
    """One linear layer that gives each subword two logits: of an answer's start and end.

    Parameters
    ----------
    width, seed : int
        The seed draws the first weights, on the CPU.
    dropout : float

    References
    ----------
    Devlin et al. 2019, arXiv:1810.04805v2, sections 4.2 and 4.3. Departs from it: dropout
    may come before the layer (as for the other heads); padding gets no probability.
    """

    scores = ("exact_match", "f1")

    def __init__(self, width: int, seed: int, *, dropout: float = DROPOUT) -> None:
        super().__init__()
        self.dropout = torch.nn.Dropout(dropout)
        self.linear = torch.nn.Linear(width, 2)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            self.linear.weight.normal_(0.0, SPREAD, generator=generator)
            self.linear.bias.zero_()

    def forward(self, rows: torch.Tensor, portion: SpanPortion) -> Outputs:
        """Return the mean cross-entropy of starts and ends (nats), and ``logits``, (w, t, 2)."""
        found = self.linear(self.dropout(rows))
        mask = portion.batch.mask
        place = torch.from_numpy(np.flatnonzero(mask)).to(rows.device)
        flat = found.new_full((mask.size, 2), -torch.inf).index_copy(0, place, found)
        logits = flat.view(*mask.shape, 2)
        sure = torch.log_softmax(logits, dim=1)
        learned = np.flatnonzero(portion.learned)
        told = np.stack([portion.start, portion.end], axis=1)[learned]
        row = torch.from_numpy(learned).to(rows.device)[:, None]
        picked = sure[row, torch.from_numpy(told).to(rows.device), torch.arange(2).to(rows.device)]
        return {"loss": -picked.sum() / (2 * max(len(learned), 1)), "logits": logits}

    def tally(
        self, out: Outputs, portion: SpanPortion
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return sums, and of each question whether the answer matches exactly.

        The sums are loss over windows, windows, questions, exact matches, F1.
        """
        grades, n = graded(out, portion), int(portion.learned.sum())
        sums = [float(out["loss"]) * n, n, len(grades.f1), grades.exact.sum(), grades.f1.sum()]
        return np.array(sums), grades.exact

    def summary(self, sums: NDArray[np.float64]) -> dict[str, float]:
        """Return scores and ``loss``; it is 0 where no window has anything to learn."""
        kept = sums.copy()
        kept[1] = max(kept[1], 1.0)
        return super().summary(kept)


def decoded(out: Outputs, portion: SpanPortion) -> Decoded:
    """Return the best answers that the logits of a portion give."""
    logits = out["logits"].detach().cpu().numpy().astype(np.float64)
    n = len(portion.contexts)
    start, end = (np.where(portion.answerable, logits[..., k], -np.inf) for k in (0, 1))
    spans = best_spans(start, end, portion.question, n_questions=n, longest=portion.longest)
    of_null = logits[np.arange(len(logits)), portion.null].sum(1)
    null = least_over_windows(of_null, portion.question, n)
    answered = spans.score[:, 0] > -np.inf
    if portion.rules == "v2":
        answered &= spans.score[:, 0] >= null
    texts = [_text(portion, spans, i) if answered[i] else "" for i in range(n)]
    return Decoded(spans, null, texts)


def _text(portion: SpanPortion, spans: SpanList, i: int) -> str:
    window, start, end = spans.window[i, 0], spans.start[i, 0], spans.end[i, 0]
    first, last = portion.batch.unit[window, [start, end - 1]]
    return portion.contexts[i][portion.places[first, 0] : portion.places[last, 1]].strip()


def graded(out: Outputs, portion: SpanPortion) -> AnswerGrades:
    """Return how the best answers of a portion fare."""
    return grade_answers(decoded(out, portion).texts, portion.golds, portion.rules)
