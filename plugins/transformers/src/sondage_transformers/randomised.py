"""The same architecture with weights that have learned nothing."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from pydantic import Field

from sondage.contracts import Encoder
from sondage_transformers.base_encoder import BaseEncoder
from sondage_transformers.recipe import Recipe, recipe_of


@dataclass(kw_only=True, eq=False)
class Randomised(BaseEncoder):
    """An encoder's architecture and tokenizer with freshly initialised weights.

    All weights are drawn, embeddings too, by the architecture's own initialisation, on the
    CPU in float32, and then cast; norms start as that initialisation leaves them. Tokenizer,
    dtype, device, batch budget and window length are the base's.

    Parameters
    ----------
    base : Encoder
        An encoder of this plugin. Only its files are read, never its weights.
    seed : int
        Controls the initialisation.

    References
    ----------
    Merchant et al. 2020, arXiv:2004.14448v1, randomised baseline. Departs from it: none
    known.
    """

    base: Encoder
    seed: Annotated[int, Field(ge=0)] = 0

    @cached_property
    def recipe(self) -> Recipe:
        """The base's, with a seed; raises `ParameterError` if it has none."""
        base = recipe_of(self.base, "transformers.randomised")
        return dataclasses.replace(base, seed=self.seed, splices=())
