"""The check of encoders that hand their layers out while they read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Passable
from sondage.data import VIEWS, Batch, Corpus, Ints, Request
from sondage.execute.pooled import rows_of
from sondage.testing import toys
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component
from sondage.testing.encoded import close, gather


@promise_of("encoder", since="0.1")
def check_layers_come_in_passing_as_encoded(component: Component) -> None:
    """What `pass_through` hands out of a batch is what `encode` gives for its sentences."""
    encoder: Any = component.encoder()
    if not isinstance(encoder, Passable):
        raise NotApplicable("the encoder does not hand its layers out")
    offered = component.encoder().views
    wants = frozenset({"states", *({"attention"} & set(offered))})
    layers = tuple(range(component.encoder().n_layers + 1))
    for corpus in (toys.word_corpus(), toys.pair_corpus(), toys.text_corpus()):
        batch = encoder.lay_out(corpus, whole_sentences(encoder, corpus)[::-1])
        check_batch(encoder, corpus, batch)
        found: list[tuple[int, Any]] = []
        encoder.pass_through(batch, layers, wants, lambda *given, to=found: to.append(given))
        assert [layer for layer, _ in found] == list(layers), "layers out of order, or twice"
        for view in (v for v in offered if v in VIEWS):
            if VIEWS[view] != "word" or corpus.words is not None:
                check_handed(encoder, corpus, batch, view, dict(found))


def whole_sentences(encoder: Any, corpus: Corpus) -> Ints:
    """Return the sentences that the model reads whole; fail if a cut one is not counted."""
    everything = np.arange(len(corpus), dtype=np.int64)
    batch = encoder.lay_out(corpus, everything)
    cut = batch.lengths < np.asarray(encoder.row_counts(corpus, "subwords"))
    told = batch.warnings.get("truncated-sentences", 0)
    assert told == cut.sum(), f"{int(cut.sum())} sentences are cut, {told} are said to be"
    whole: Ints = everything[~cut]
    return whole


def check_batch(encoder: Any, corpus: Corpus, batch: Batch) -> None:
    """Fail unless a batch says of each subword what it is."""
    counts = np.asarray(encoder.row_counts(corpus, "subwords"))
    assert np.array_equal(batch.lengths, counts[batch.sentences]), "lengths are not row_counts"
    ends = np.arange(batch.mask.shape[1])[None, :] < batch.lengths[:, None]
    assert np.array_equal(batch.mask, ends), "padding is not at the right"
    assert np.array_equal(batch.segment >= 0, batch.mask & ~batch.special), "segments of specials"
    assert not (batch.special & ~batch.mask).any(), "padding is called special"
    if corpus.offsets is None:
        assert (batch.word == -1).all(), "words of texts without words"
        return
    for i, sentence in enumerate(batch.sentences):
        own = batch.word[i][batch.word[i] >= 0]
        wanted = np.arange(np.diff(corpus.offsets)[sentence])
        assert np.array_equal(np.unique(own), wanted), f"words of sentence {sentence}: {own}"
        assert (np.diff(own) >= 0).all(), f"words of sentence {sentence} are out of order"
        if corpus.boundary is not None:
            second = batch.segment[i][batch.word[i] >= 0] == 1
            assert np.array_equal(second, own >= corpus.boundary[sentence]), "segments of words"


def check_handed(
    encoder: Any, corpus: Corpus, batch: Batch, view: str, found: dict[int, Any]
) -> None:
    """Fail unless the states or maps of a batch are the rows of the view."""
    maps = view == "attention"
    kept = tuple(layer for layer in found if layer or not maps)
    rows = gather(encoder, corpus, Request(kept, (view,))).rows if kept else []
    for k, layer in enumerate(kept):
        given = np.asarray(found[layer]["attention" if maps else "states"])
        mine = maps_of(given, batch) if maps else pooled(view, given, batch, corpus)
        wanted = np.concatenate([rows[int(sentence)][view][k] for sentence in batch.sentences])
        assert close(wanted, mine), f"{corpus.name}: layer {layer}, view {view}"


def maps_of(given: NDArray[Any], batch: Batch) -> NDArray[Any]:
    """Return the maps of a batch as rows of the view of attention."""
    return np.concatenate(
        [
            one[:, :t, :t].transpose(1, 2, 0).reshape(t * t, -1)
            for one, t in zip(given, batch.lengths, strict=True)
        ]
    )


def pooled(view: str, given: NDArray[Any], batch: Batch, corpus: Corpus) -> NDArray[Any]:
    """Return the rows that the core makes of a batch's states."""
    starts = np.zeros(len(corpus) + 1, np.int64)
    return rows_of(view, given, batch, corpus, starts)[0]
