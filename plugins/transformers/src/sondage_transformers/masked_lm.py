"""Masked-LM scores: the pretrained head of a checkpoint on an encoder's last layer."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Corpus, Ints
from sondage.errors import EncodingError
from sondage_transformers.embeddings import vocabulary
from sondage_transformers.masked_head import MaskedHead, load_head
from sondage_transformers.recipe import Recipe, recipe_of, refuse_parts

if TYPE_CHECKING:
    import torch

    from sondage.data import Batch
    from sondage_transformers.engine import Engine
    from sondage_transformers.tokens import Tokens

#: The heads loaded, as long as their encoder is.
_HEADS: weakref.WeakKeyDictionary[Any, MaskedHead] = weakref.WeakKeyDictionary()


class MaskedScorer:
    """What makes an encoder of this plugin a `sondage.contracts.MaskedLM`.

    The head is pretrained whole: transform, norm, bias, and as vocabulary projection the input
    embeddings that the checkpoint was pretrained with, which training of the encoder does not
    move. It is that of the checkpoint at the bottom of what the encoder is made of: of a step of
    a training, a truncated, spliced or randomised encoder, its base's. It reads the encoder's
    highest layer.
    """

    def _scored(self) -> tuple[Engine, int]:
        """Return the machinery that reads texts, and the layer below the head."""
        encoder: Any = self
        return encoder._engine, encoder.n_layers

    @property
    def mask_id(self) -> int:
        """The tokenizer's mask token; raises `EncodingError` if it has none."""
        tokens = self._scored()[0].tokens
        found = tokens.tokenizer.mask_token_id
        if found is None:
            raise EncodingError(
                "the tokenizer has no mask token, so that no subword can be hidden",
                where=str(tokens.checkpoint.folder),
                hint="a masked language model, such as BERT or RoBERTa",
            )
        return int(found)

    @property
    def vocabulary(self) -> int:
        """Number of subwords that the tokenizer knows."""
        return len(self._scored()[0].tokens.tokenizer)

    def masked_nats(
        self, batch: Batch, ids: Ints, rows: Ints, places: Ints, targets: Ints
    ) -> NDArray[np.float64]:
        """Return minus the log probability, in nats, of each target at its place.

        Hidden states of these places alone go through the head.

        Parameters
        ----------
        batch : Batch
        ids : int64 array, shape (b, t)
            What the model reads instead of ``batch.ids``.
        rows, places, targets : int64 arrays, shape (k,)
            Sentence of the batch, place in it, and the subword whose probability is wanted.

        Raises
        ------
        EncodingError
            If the head is missing, or its projection is not the checkpoint's input embeddings;
            or the model reads from left to right alone.
        """
        import torch

        refuse_parts(self, "a masked-LM head")
        engine, layer = self._scored()
        head = self._head(engine)
        _check_fit(engine, ids)
        inputs = {"input_ids": ids, "attention_mask": batch.mask.astype(np.int64)}
        if engine.network.conduct.takes_types:
            inputs["token_type_ids"] = type_ids(batch, engine.tokens)
        tensors = {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in inputs.items()}
        tensors = {k: v.to(engine.device) for k, v in tensors.items()}
        found: list[torch.Tensor] = []

        # The pass that counts is the last one; what it gives elsewhere is let go at once.
        def take(_: int, hidden: torch.Tensor) -> None:
            found[:] = [hidden[torch.from_numpy(rows), torch.from_numpy(places)]]

        engine.network.run(tensors, (layer,), take)
        return head.nats(found[0], torch.from_numpy(targets).to(engine.device))

    def word_numbers(self, corpus: Corpus, batch: Batch) -> Ints:
        """Return the word of each subword within its sentence, shape (b, t); -1 for none.

        Those of the corpus where it has words; else what the tokenizer takes for words when it
        cuts the text (of BERT's, runs of letters and single punctuation marks).
        """
        if corpus.words is not None:
            return batch.word
        return _tokenizer_words(corpus, batch, self._scored()[0].tokens)

    def _head(self, engine: Engine) -> MaskedHead:
        if engine not in _HEADS:
            _HEADS[engine] = load_head(_source(self), engine.device)
        return _HEADS[engine]


def _source(encoder: Any) -> Recipe:
    """Return the recipe of the checkpoint at the bottom of what an encoder is made of."""
    while True:
        base = getattr(getattr(encoder, "series", encoder), "base", None)
        if base is None:
            return recipe_of(encoder, "a masked-LM head")
        encoder = base


def _check_fit(engine: Engine, ids: Ints) -> None:
    """Raise where a subword or place has no embedding: on a GPU that would end the process."""
    if engine.limit is not None and ids.shape[1] > engine.limit:
        raise EncodingError(
            f"a batch of {ids.shape[1]} subwords, but the model reads at most {engine.limit}",
            where=str(engine.recipe.checkpoint.folder),
        )
    most, highest = vocabulary(engine.network.model), int(ids.max(initial=0))
    if most is not None and highest >= most:
        raise EncodingError(
            f"subword {highest} is asked for, but the model has {most} embeddings",
            where=str(engine.recipe.checkpoint.folder),
            hint="the tokenizer, or its mask token, belongs to another model",
        )


def type_ids(batch: Batch, tokens: Tokens) -> Ints:
    """Return the type id of each subword of a batch, zero where padding is, shape (b, t)."""
    out = np.zeros(batch.mask.shape, np.int64)
    paired = (batch.segment == 1).any(axis=1)
    for template, rows in ((tokens.single, ~paired), (tokens.pair, paired)):
        kinds = np.asarray([kind for part in template.parts for _, kind in part] or [0])
        # Special tokens come in the template's order; a text of several repeats the last.
        rank = np.cumsum(batch.special[rows], axis=1) - 1
        found = kinds[np.clip(rank, 0, len(kinds) - 1)]
        for segment in (0, 1):
            found = np.where(batch.segment[rows] == segment, template.types[segment], found)
        out[rows] = np.where(batch.mask[rows], found, 0)
    return out


def _tokenizer_words(corpus: Corpus, batch: Batch, tokens: Tokens) -> Ints:
    out = np.full(batch.mask.shape, -1, np.int64)
    index = batch.sentences.tolist()
    shift = np.zeros(len(index), np.int64)
    for segment, texts in enumerate((corpus.texts, corpus.second)):
        if texts is None:
            continue
        for row, words in enumerate(tokens.words_of_texts([texts[i] for i in index])):
            places = np.flatnonzero(batch.segment[row] == segment)
            # A text that was cut has fewer; a stand-in for an empty one belongs to no word.
            places = places[: len(words)]
            out[row, places] = words[: len(places)] + shift[row]
            shift[row] += words.max(initial=-1) + 1
    return out
