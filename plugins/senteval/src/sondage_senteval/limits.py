"""Limits of the generator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from sondage.errors import ParameterError


@dataclass(kw_only=True, eq=False)
class Rules:
    """Limits of the generator.

    Parameters
    ----------
    min_length : int
        Tokens of a sentence at least; SentEval's corpus has 5 to 28.
    max_length : int
        Tokens of a sentence at most.
    size : int, optional
        Sentences at most; without it, as many as can be balanced.
    ratios : (float, float, float)
        Shares of train, dev and test; SentEval's are 100, 10 and 10 thousand.
    min_count : int
        How often the word that decides (main verb, subject, object, word replaced and its
        replacement) occurs in the treebank at least. SentEval has 100 to 5,000 (40 to 400 for
        the odd man out), of a corpus of millions.
    max_count : int
        And at most.
    depths : (int, int)
        Least and greatest depth for ``tree_depth``.
    top : int
        Sequences with a label of their own, beside OTHER, in ``top_constituents`` and
        ``top_dependents``.
    bigram_factor : float
        For ``odd_man_out``: by how much counts of bigrams may differ, each plus one; see
        `corrupt.Replacements`.
    """

    min_length: Annotated[int, Ge(1)] = 5
    max_length: Annotated[int, Ge(1)] = 28
    size: Annotated[int, Ge(2)] | None = None
    ratios: tuple[float, float, float] = (0.8, 0.1, 0.1)
    min_count: Annotated[int, Ge(1)] = 1
    max_count: Annotated[int, Ge(1)] = 1_000_000
    depths: tuple[int, int] = (3, 7)
    top: Annotated[int, Ge(1)] = 19
    bigram_factor: Annotated[float, Ge(1)] = 2.0

    def check(self) -> None:
        """Raise `ParameterError` for limits that nothing fits."""
        ok = len(self.ratios) == 3 and all(r >= 0 for r in self.ratios) and self.ratios[0] > 0
        wrong = {
            "ratios": not ok or not math.isclose(sum(self.ratios), 1, abs_tol=1e-6),
            "min_length": not 1 <= self.min_length <= self.max_length,
            "min_count": not 1 <= self.min_count <= self.max_count,
            "depths": not 1 <= self.depths[0] < self.depths[1],
            "top": self.top < 1,
            "size": self.size is not None and self.size < 2,
            "bigram_factor": not self.bigram_factor >= 1,
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise ParameterError(
                    f"senteval.generated was given {name} {getattr(self, name)}",
                    hint="see the parameter's documentation for what it may be",
                )
