"""How a probe is trained: the parameters of the estimators and of the components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt

Size = Annotated[int, Ge(1)]


@dataclass(kw_only=True, eq=False)
class StructuralSettings:
    """How a probe is trained.

    Parameters
    ----------
    rank : int
        Dimensions k that vectors are projected to; at most their width.
    projection : {'learned', 'random'}
        A random one is the learned one before training: a baseline. Scores do not hang on its
        scale, and it needs no dev part.
    epochs : int
        At most; a cell that ends by this is counted as ``not-converged``.
    batch : int
        Sentences per step of Adam.
    learning_rate : float
        Adam's, at the start; a tenth of it after each epoch whose dev loss is not the least.
    patience : int
        Epochs without a better dev loss after which a cell ends.
    """

    rank: Size = 64
    projection: Literal["learned", "random"] = "learned"
    epochs: Size = 40
    batch: Size = 20
    learning_rate: Annotated[float, Gt(0)] = 1e-3
    patience: Size = 5
