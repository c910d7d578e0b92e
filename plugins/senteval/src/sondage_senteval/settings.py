"""The official classifier's settings, and the grid that dev chooses from."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Lt, MinLen

from sondage.errors import ParameterError

Model = Literal["logreg", "mlp"]
Loss = Literal["sum", "mean"]

#: SentEval's L2 weights: ``10**t for t in range(-5, -1)``, which leaves 0.1 out.
L2 = (1e-5, 1e-4, 1e-3, 1e-2)
HIDDEN = (50, 100, 200)
DROPOUT = (0.0, 0.1, 0.2)


@dataclass(frozen=True)
class Point:
    """A point of the grid: hidden units (0 for logistic regression), dropout, L2 weight."""

    hidden: int
    dropout: float
    l2: float


@dataclass(kw_only=True, eq=False)
class ClassifierSettings:
    """How the classifier is trained; the defaults are SentEval's.

    Parameters
    ----------
    model : {'logreg', 'mlp'}
        A linear layer; or a hidden layer, dropout, the logistic function, a linear layer.
    l2 : tuple of float
        Candidate weights of the L2 penalty, as Adam's weight decay, biases included.
    hidden : tuple of int
        Candidate sizes of the hidden layer (`mlp` only).
    dropout : tuple of float
        Candidate shares of hidden units that are dropped, before the logistic function.
    batch_size : int
        Sentences in a minibatch.
    epoch_size : int
        Passes over the training part between two looks at dev.
    tenacity : int
        Training stops at the look after this many that brought no better dev accuracy, which
        need not be consecutive.
    max_epoch : int
        No further round begins after more passes than this.
    learning_rate : float
        Of Adam; its other settings are PyTorch's.
    loss : {'sum', 'mean'}
        How the cross-entropy of a batch's items enters. SentEval asks for the sum, and
        PyTorch before 1.0 obeyed; later ones take the mean whatever it asks for, which makes
        the L2 penalty as many times stronger as a batch has items.
    """

    model: Model = "logreg"
    l2: Annotated[tuple[Annotated[float, Ge(0)], ...], MinLen(1)] = L2
    hidden: Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(1)] = HIDDEN
    dropout: Annotated[tuple[Annotated[float, Ge(0), Lt(1)], ...], MinLen(1)] = DROPOUT
    batch_size: Annotated[int, Ge(1)] = 64
    epoch_size: Annotated[int, Ge(1)] = 4
    tenacity: Annotated[int, Ge(0)] = 5
    max_epoch: Annotated[int, Ge(1)] = 200
    learning_rate: Annotated[float, Gt(0)] = 1e-3
    loss: Loss = "sum"

    def points(self) -> tuple[Point, ...]:
        """Return the grid in the order in which ties are decided.

        Raises
        ------
        ParameterError
            For an empty or impossible grid, or counts below 1.
        """
        if self.model not in ("logreg", "mlp"):
            raise _wrong(f"model {self.model!r}", "model: logreg or mlp")
        mlp = self.model == "mlp"
        hidden = tuple(self.hidden) if mlp else (0,)
        dropout = tuple(self.dropout) if mlp else (0.0,)
        if not (len(self.l2) and hidden and dropout):
            raise _wrong("an empty grid", "give at least one candidate of each")
        if not all(v >= 0 and math.isfinite(v) for v in self.l2):
            raise _wrong(f"l2 {list(self.l2)}", "weights of the penalty are at least 0")
        if mlp and not all(h >= 1 for h in hidden):
            raise _wrong(f"hidden {list(hidden)}", "a hidden layer has at least one unit")
        if not all(0 <= v < 1 for v in dropout):
            raise _wrong(f"dropout {list(dropout)}", "shares lie in [0, 1)")
        counts = (self.batch_size, self.epoch_size, self.max_epoch, self.tenacity + 1)
        if min(counts) < 1 or not self.learning_rate > 0:
            raise _wrong("a count or rate that is too small", "see the defaults")
        if self.loss not in ("sum", "mean"):
            raise _wrong(f"loss {self.loss!r}", "loss: sum or mean")
        axes = (dict.fromkeys(hidden), dict.fromkeys(dropout), dict.fromkeys(self.l2))
        return tuple(Point(h, float(p), float(w)) for h, p, w in itertools.product(*axes))


def _wrong(what: str, hint: str) -> ParameterError:
    return ParameterError(f"senteval.classifier was given {what}", hint=hint)
