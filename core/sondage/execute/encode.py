"""Stream an encoder's chunks into the store, checking what arrives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from sondage.contracts import Encoder
from sondage.data import VIEWS, Chunk, Corpus, Ints, Request
from sondage.errors import EncodingError
from sondage.execute import unchanged
from sondage.execute.loading import load_task
from sondage.guard.headway import tell
from sondage.guard.heed import heeded
from sondage.plan.cells import Encoding
from sondage.store import Key, Store, Writer


def encode(
    store: Store,
    encoder: Encoder,
    corpus: Corpus,
    wants: list[Key],
    *,
    confirm: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """Encode each distinct sentence once and publish the wanted layers and views.

    Parameters
    ----------
    store : Store
    encoder : Encoder
    corpus : Corpus
        The task's corpus; repeated sentences are encoded once.
    wants : list of Key
        One encoder's and one corpus's entries.
    confirm : callable, optional
        Called when all is encoded and nothing is published yet; may refuse by raising.

    Returns
    -------
    dict of slug to count
        What the encoder reported.

    Raises
    ------
    EncodingError
        If a sentence is missing or comes twice, or rows do not fit, or are of another width
        or type than the chunks before.
    StoreError
    """
    first, _ = corpus.unique
    if len(first) < len(corpus):
        corpus = corpus.take(first)
    layers = tuple(sorted({key.layer for key in wants}))
    views = tuple(sorted({key.view for key in wants}))
    offsets = {view: row_offsets(encoder, corpus, view) for view in views}
    seen = np.zeros(len(corpus), bool)
    warnings: Counter[str] = Counter()
    told = _Counted(corpus)
    writers: dict[str, Writer] = {}
    try:
        for chunk, _ in heeded(_ending(encoder.encode(corpus, Request(layers, views)))):
            _check(chunk, seen, views, offsets, len(layers))
            warnings.update(chunk.warnings)
            told.update(chunk.sentences)
            for view, rows in chunk.rows.items():
                if view not in writers:
                    keys = [key for key in wants if key.view == view]
                    writers[view] = store.writer(keys, rows.shape[2], rows.dtype, offsets[view])
                places = [layers.index(k.layer) for k in wants if k.view == view]
                writers[view].write(chunk.sentences, rows, places)
        if not seen.all():
            raise EncodingError(
                f"the encoder left out {int((~seen).sum())} of {len(seen)} sentences, "
                f"the first being number {int(np.flatnonzero(~seen)[0])}",
                where=corpus.name,
            )
        confirm()
        for writer in writers.values():
            writer.publish({"warnings": dict(warnings), "texts": corpus.fingerprint})
    finally:
        for writer in writers.values():
            writer.abandon()
    return dict(warnings)


def encode_missing(store: Store, item: Encoding) -> dict[str, int]:
    """Make an encoding's pass, if its encoder is still that of the plan; see `encode`."""
    return encode(
        store, item.encoder.instance, load_task(item.task).corpus, list(item.wants),
        confirm=lambda: unchanged.confirm(item.encoder),
    )  # fmt: skip


class _Counted:
    """Tells how many sentences and words are encoded."""

    def __init__(self, corpus: Corpus) -> None:
        self._sizes = None if corpus.offsets is None else np.diff(corpus.offsets)
        self._total, self._done, self._words = len(corpus), 0, 0
        tell(0, self._total, "sentences")

    def update(self, sentences: Ints) -> None:
        self._done += len(sentences)
        if self._sizes is not None:
            self._words += int(self._sizes[sentences].sum())
        tell(self._done, self._total, "sentences", words=self._words)


#: Chunks without a sentence that an encoder may send one after another.
_MOST_EMPTY = 1000


def _ending(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield chunks; refuse what goes on for ever without sending a sentence."""
    empty = 0
    for chunk in chunks:
        empty = 0 if len(chunk.sentences) else empty + 1
        if empty > _MOST_EMPTY:
            raise EncodingError(f"the encoder sent {empty} chunks without a sentence")
        yield chunk


def row_offsets(encoder: Encoder, corpus: Corpus, view: str) -> Ints:
    """Return where each sentence's rows begin in a view, shape (n + 1,)."""
    kind = VIEWS.get(view)
    if kind == "sentence":
        return np.arange(len(corpus) + 1, dtype=np.int64)
    if kind == "word":
        if corpus.offsets is None:
            raise EncodingError(
                f"view '{view}' needs words, but {corpus.name} has only texts",
                hint="use a sentence view such as 'mean', or 'subwords'",
            )
        return corpus.offsets
    counts = np.asarray(encoder.row_counts(corpus, view), np.int64)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def _check(
    chunk: Chunk, seen: Any, views: tuple[str, ...], offsets: dict[str, Ints], n_layers: int
) -> None:
    ids = chunk.sentences
    if len(ids) and (ids.min() < 0 or ids.max() >= len(seen)):
        raise EncodingError(f"the encoder sent sentence {int(ids.max())} of {len(seen)}")
    if len(np.unique(ids)) < len(ids) or seen[ids].any():
        raise EncodingError("the encoder sent a sentence twice")
    seen[ids] = True
    if set(chunk.rows) != set(views):
        raise EncodingError(f"the encoder sent views {sorted(chunk.rows)}, wanted {list(views)}")
    for view, rows in chunk.rows.items():
        wanted = int((offsets[view][ids + 1] - offsets[view][ids]).sum())
        if rows.ndim != 3 or rows.shape[:2] != (n_layers, wanted):
            raise EncodingError(
                f"view '{view}' came with shape {rows.shape}, wanted ({n_layers}, {wanted}, width)"
            )
        if rows.dtype.kind not in "fiub":
            raise EncodingError(
                f"view '{view}' came with type {rows.dtype}, which is no type of numbers"
            )
