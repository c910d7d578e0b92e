"""Batches that are read while others look on: what each subword is, and each layer as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sondage.contracts import Sink
from sondage.data import Batch, Corpus, Ints

if TYPE_CHECKING:
    from sondage_transformers.engine import Engine


@dataclass(frozen=True, kw_only=True)
class ReadBatch(Batch):
    """A batch of this plugin's encoders.

    Parameters
    ----------
    types : int64 array, shape (b, t)
        Type ids, as the tokenizer gives them.
    """

    types: Ints


def lay_out_batch(engine: Engine, corpus: Corpus, sentences: Ints) -> ReadBatch:
    """Return sentences as one batch: of one that is longer than the model reads, its beginning."""
    windows = engine.laid_out(corpus, sentences, engine.limit)
    engine.check_ids(windows)
    mask, (ids, types, unit, segment) = windows.padded(
        windows.first[:-1], (windows.ids, engine.tokens.pad), (windows.types, 0),
        (windows.unit, -1), (windows.segment, -1),
    )  # fmt: skip
    cut = int((np.diff(windows.first) > 1).sum())
    return ReadBatch(
        sentences=np.asarray(sentences, np.int64),
        ids=ids,
        mask=mask,
        special=mask & (segment < 0),
        segment=segment,
        word=unit if corpus.words is not None else np.full(mask.shape, -1),
        warnings=_warnings(windows, cut) | engine.parted(len(sentences)),
        types=types,
    )


def _warnings(windows: Any, cut: int) -> dict[str, int]:
    counts = windows.content.warnings() | {"truncated-sentences": cut}
    return {slug: n for slug, n in counts.items() if n}


def pass_batch(
    engine: Engine, batch: ReadBatch, layers: tuple[int, ...], wants: frozenset[str], sink: Sink
) -> None:
    """Read a batch and hand its layers over; see `sondage.contracts.Passable`."""
    engine.check_positions()
    engine.network.check(layers if "states" in wants else ())

    def handed(layer: int, found: Mapping[str, Any]) -> None:
        sink(layer, {what: values.float().cpu() for what, values in found.items()})

    engine.network.hand_over(engine.inputs(batch), layers, wants, handed)
