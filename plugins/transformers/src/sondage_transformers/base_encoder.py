"""What the encoders of this plugin have in common."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sondage.contracts import Sink
from sondage.data import VIEWS, Batch, Chunk, Corpus, Ints, Request
from sondage.errors import EncodingError, nearest
from sondage_transformers.recipe import Recipe

if TYPE_CHECKING:
    import torch

    from sondage_transformers.engine import Engine

#: Views whose rows are words.
_OF_WORDS = tuple(view for view, unit in VIEWS.items() if unit == "word")
_RAGGED = ("subwords", "attention")


class BaseEncoder:
    """An encoder made from a `Recipe`.

    Fingerprint, number of layers, width and views come from the model's files alone; torch
    is imported when something is encoded.
    """

    @cached_property
    def recipe(self) -> Recipe:
        """How to make this encoder."""
        raise NotImplementedError

    @property
    def fingerprint(self) -> str:
        """32 hex digits over all that changes a number; see `Recipe.fingerprint`."""
        return self.recipe.fingerprint

    @property
    def n_layers(self) -> int:
        """Number of blocks L; layers are 0 (embedding output) to L."""
        return self.recipe.n_layers

    @property
    def width(self) -> int:
        """Width of the vectors."""
        return self.recipe.checkpoint.width

    @property
    def views(self) -> tuple[str, ...]:
        """The views offered.

        ``cls`` (the first subword) only where the tokenizer begins a text with a
        classification token. ``mean``, ``max`` and ``last`` are over the subwords of the
        text, special tokens left out. ``subwords`` and ``attention`` have all subwords of
        the sentence, special tokens included, padding left out.
        """
        first = ("cls",) if self.recipe.checkpoint.has_cls else ()
        return (*first, "mean", "max", "last", *_OF_WORDS, *_RAGGED)

    @cached_property
    def _engine(self) -> Engine:
        from sondage_transformers.engine import Engine

        return Engine(self.recipe)

    def encode(self, corpus: Corpus, request: Request) -> Iterator[Chunk]:
        """Stream the requested layers and views; each sentence comes exactly once.

        A chunk is one batch; its rows are float32. Its warnings count ``replaced-words``
        (the tokenizer gives the word no subword: its unknown token stands in),
        ``empty-sentences`` (likewise), ``windowed-sentences`` (longer than the model's
        maximum: encoded in windows, each word in one), ``truncated-sentences`` (the same,
        where a view of sentences sees the first window alone), ``truncated-words`` (longer than
        a whole window), ``padding-leaks`` (the model lets padding or the length of a batch
        through: texts of one length alone share a pass) and ``nonfinite-rows`` (NaN or infinite,
        as where float16 overflows).

        A row of ``attention`` is a pair (query, key) of subwords, in C order, with a column a
        head; layer 0 has none and is zeros, and so is what would lie between two windows.
        Attention maps come from a pass of their own in the plain implementation, so that
        asking for them moves no other number.

        Raises
        ------
        EncodingError
            If a view or layer is not offered, the corpus has no words for a view of words,
            or the model cannot be loaded.
        """
        check_request(self, corpus, request)
        if len(corpus):
            yield from self._engine.encode(corpus, request)

    def row_counts(self, corpus: Corpus, view: str) -> Ints:
        """Return how many rows each sentence has in a ragged view.

        Returns
        -------
        int64 array, shape (n,)
            For ``subwords`` the number t of subwords, special tokens included, over all
            windows; for ``attention`` t².

        Raises
        ------
        EncodingError
            If the view is not ragged.
        """
        if view not in _RAGGED:
            raise EncodingError(f"view {view!r} has no row counts of its own", near=_RAGGED)
        counts = self._engine.row_counts(corpus)
        return counts if view == "subwords" else counts**2

    @property
    def heads(self) -> int:
        """Attention heads of a block; 0 where the configuration names none."""
        try:
            return self.recipe.checkpoint.heads
        except EncodingError:
            return 0

    @property
    def batch_tokens(self) -> int:
        """Subwords of a batch, padding included."""
        from sondage_transformers.engine import budget_of

        return budget_of(self.recipe)

    def lay_out(self, corpus: Corpus, sentences: Ints) -> Batch:
        """Return sentences as one batch; of one too long for the model, its beginning."""
        from sondage_transformers.passing import lay_out_batch

        return lay_out_batch(self._engine, corpus, sentences)

    def pass_through(
        self, batch: Batch, layers: tuple[int, ...], wants: frozenset[str], sink: Sink
    ) -> None:
        """Read a batch of `lay_out` and hand its layers over, on the CPU, in float32.

        Attention is always computed in the plain implementation here, whatever is wanted.

        Raises
        ------
        EncodingError
            If the model cannot read the batch, or shows no attention maps that are wanted.
        """
        from sondage_transformers.passing import ReadBatch, pass_batch

        assert isinstance(batch, ReadBatch)
        pass_batch(self._engine, batch, layers, wants, sink)

    def module(self) -> torch.nn.Module:
        """Return the model in memory, in evaluation mode, to be read only.

        The part that reads text; its tensors may be shared with other encoders.

        Raises
        ------
        EncodingError
            If it cannot be loaded.
        ParameterError
            If it has to be trained first, or its device is not there.
        """
        found: torch.nn.Module = self._engine.network.model
        return found

    def release(self) -> None:
        """Forget the loaded model; it is loaded again when next needed."""
        self.__dict__.pop("_engine", None)
        gc.collect()

    def __getstate__(self) -> dict[str, Any]:
        # A loaded model does not travel between processes: each loads its own.
        return {k: v for k, v in self.__dict__.items() if k not in ("_engine", "recipe")}


def check_request(encoder: Any, corpus: Corpus, request: Request) -> None:
    """Raise `EncodingError` for what an encoder cannot deliver."""
    where = type(encoder).__name__
    views, depth = encoder.views, encoder.n_layers
    for view in request.views:
        if view not in views:
            reason = "the tokenizer has no classification token" if view == "cls" else "unknown"
            raise EncodingError(
                f"view {view!r} is not offered: {reason}",
                where=where,
                near=nearest(view, views),
                hint=f"one of {', '.join(views)}",
            )
        if view in _OF_WORDS and corpus.words is None:
            raise EncodingError(
                f"view {view!r} needs words, but {corpus.name} has only texts",
                where=where,
                hint="a view of sentences: "
                + ", ".join(v for v in views if VIEWS[v] == "sentence"),
            )
    for layer in request.layers:
        if not 0 <= layer <= depth:
            raise EncodingError(f"layer {layer} is not among 0 to {depth}", where=where)
    if not request.layers or not request.views:
        raise EncodingError("a request names at least one layer and one view", where=where)
