"""A toy encoder that hands its layers out while it reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from sondage.contracts import Sink
from sondage.data import Batch, Chunk, Corpus, Ints, Request, digest
from sondage.testing.toys import ToyEncoder, vector_of


@dataclass(kw_only=True, eq=False)
class ToyPassable(ToyEncoder):
    """As `ToyEncoder`, and it hands its layers out while it reads.

    Each piece looks at those that are like it, by two heads of unlike sharpness.
    """

    views: ClassVar[tuple[str, ...]] = ("mean", "word", "subwords", "attention")
    heads = 2
    batch_tokens = 64

    def lay_out(self, corpus: Corpus, sentences: Ints) -> Batch:
        """Return sentences as one batch, without special subwords."""
        words = [self._pieces(corpus, int(i)) for i in sentences]
        pieces = [[p for word in some for p in word] for some in words]
        lengths = np.array([len(some) for some in pieces], np.int64)
        mask = np.arange(lengths.max(initial=1))[None, :] < lengths[:, None]
        ids, word = np.zeros(mask.shape, np.int64), np.full(mask.shape, -1, np.int64)
        segment = np.full(mask.shape, -1, np.int8)
        ids[mask] = [self.number_of(p) for some in pieces for p in some]
        owner = np.array([k for some in words for k, w in enumerate(some) for _ in w], np.int64)
        first = [
            _first_words(corpus, int(i), len(w)) for i, w in zip(sentences, words, strict=True)
        ]
        segment[mask] = owner >= np.repeat(np.array(first, np.int64), lengths)
        if corpus.words is not None:
            word[mask] = owner
        return Batch(np.asarray(sentences), ids, mask, np.zeros_like(mask), segment, word)

    def pass_through(
        self, batch: Batch, layers: tuple[int, ...], wants: frozenset[str], sink: Sink
    ) -> None:
        """Hand over the vectors of the pieces, and their maps."""
        for layer in layers:
            states = self._states(batch.ids, layer)
            found = {"states": states} if "states" in wants else {}
            if "attention" in wants and layer:
                found["attention"] = self._maps(states, batch.mask)
            sink(layer, found)

    def encode(self, corpus: Corpus, request: Request) -> Iterator[Chunk]:
        """Stream the vectors; of maps, what `pass_through` hands out."""
        if "attention" not in request.views:
            yield from super().encode(corpus, request)
            return
        for i in range(len(corpus)):
            batch = self.lay_out(corpus, np.array([i]))
            maps = [self._maps(self._states(batch.ids, k), batch.mask)[0] for k in request.layers]
            rows = np.stack([m.transpose(1, 2, 0).reshape(-1, self.heads) for m in maps])
            yield Chunk(batch.sentences, {"attention": rows})

    def row_counts(self, corpus: Corpus, view: str) -> Ints:
        """Number of pieces, or of pairs of them."""
        pieces = super().row_counts(corpus, view)
        return pieces**2 if view == "attention" else pieces

    def number_of(self, piece: str) -> int:
        """Return the number that stands for a piece."""
        return _number_of(piece)

    def _rows(self, corpus: Corpus, sentence: int, view: str, layer: int) -> np.ndarray:
        words = [
            self._states(np.array([self.number_of(p) for p in w], np.int64), layer)
            for w in self._pieces(corpus, sentence)
        ]
        if view == "word":
            return np.stack([word.mean(axis=0) for word in words])
        rows = np.concatenate(words)
        return rows if view == "subwords" else rows.mean(axis=0, keepdims=True)

    def _states(self, ids: Ints, layer: int) -> np.ndarray:
        flat = [vector_of(str(i), layer, self.seed, self.width) for i in ids.ravel()]
        return np.stack(flat).reshape(*ids.shape, self.width)

    def _maps(self, states: np.ndarray, mask: np.ndarray) -> np.ndarray:
        likeness = np.einsum("btd,bsd->bts", states, states) / self.width
        sharp = likeness[:, None] * np.linspace(0.5, 1.0, self.heads)[None, :, None, None]
        weights = np.exp(sharp) * mask[:, None, None, :]
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True), np.float32)


def _first_words(corpus: Corpus, sentence: int, n_words: int) -> int:
    """Return how many of a sentence's words its first segment has."""
    if corpus.boundary is not None:
        return int(corpus.boundary[sentence])
    return n_words if corpus.second is None else len(corpus.texts[sentence].split())


@lru_cache(maxsize=4096)
def _number_of(piece: str) -> int:
    return int(digest(piece)[:12], 16)
