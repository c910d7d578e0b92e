"""The first blocks of another encoder."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from sondage.contracts import Encoder, Live, Passable, Sink
from sondage.data import Batch, Chunk, Corpus, Ints, Request, digest
from sondage.errors import EncodingError, ParameterError
from sondage_transformers.base_encoder import check_request
from sondage_transformers.like_base import LikeBase
from sondage_transformers.masked_lm import MaskedScorer
from sondage_transformers.recipe import Recipe, recipe_of


@dataclass(kw_only=True, eq=False)
class Truncated(LikeBase, MaskedScorer):
    """An encoder's first k blocks: layers 0 to k are the base's own, number by number.

    The base's pass ends after block k, so that it costs no more than a model of that depth.
    No norm is added after block k: GPT-2's last norm belongs to the last block alone.

    Parameters
    ----------
    base : Encoder
        Any encoder, of this plugin or not.
    layers : int
        k, at most the base's number of layers.

    References
    ----------
    Merchant et al. 2020, arXiv:2004.14448v1, truncated models. Departs from it: none known.
    """

    base: Encoder
    layers: Annotated[int, Field(ge=0)]

    @property
    def fingerprint(self) -> str:
        """32 hex digits over the base's fingerprint and k."""
        return digest("truncated", self.base.fingerprint, self.n_layers)

    @property
    def n_layers(self) -> int:
        """Number of blocks kept; raises `ParameterError` if the base has fewer."""
        if not 0 <= self.layers <= self.base.n_layers:
            raise ParameterError(
                f"layers: {self.layers}, but the base has {self.base.n_layers} blocks",
                where="transformers.truncated",
            )
        return self.layers

    @cached_property
    def recipe(self) -> Recipe:
        """The base's, with a depth; raises `ParameterError` if it has none."""
        base = recipe_of(self.base, "a randomised encoder")
        return dataclasses.replace(base, depth=self.n_layers)

    def _scored(self) -> tuple[Any, int]:
        if not isinstance(self.base, MaskedScorer):
            recipe_of(self.base, "a masked-LM head")
        return self.base._scored()[0], self.n_layers

    def lay_out(self, corpus: Corpus, sentences: Ints) -> Batch:
        """Return the base's batch."""
        assert isinstance(self.base, Passable)
        return self.base.lay_out(corpus, sentences)

    def pass_through(
        self, batch: Batch, layers: tuple[int, ...], wants: frozenset[str], sink: Sink
    ) -> None:
        """Let the base read."""
        assert isinstance(self.base, Passable)
        self.base.pass_through(batch, layers, wants, sink)

    def encode(self, corpus: Corpus, request: Request) -> Iterator[Chunk]:
        """Stream layers of the base; raises as it does, and for layers above k."""
        check_request(self, corpus, request)
        yield from self.base.encode(corpus, request)

    def module(self) -> Any:
        """Return the base's whole model, of which `n_layers` blocks are this encoder's.

        Raises
        ------
        EncodingError
            If the base shows no model, or as it does.
        """
        if not isinstance(self.base, Live):
            raise EncodingError(
                f"{type(self.base).__name__} shows no model", where="transformers.truncated"
            )
        return self.base.module()

    def row_counts(self, corpus: Corpus, view: str) -> Ints:
        """Return the base's row counts."""
        return self.base.row_counts(corpus, view)
