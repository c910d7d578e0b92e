"""Checks of encoders."""

from __future__ import annotations

import numpy as np

from sondage.data import VIEWS, Chunk, Corpus, Request
from sondage.testing import toys
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component
from sondage.testing.encoded import close, expected_counts, gather, requests

LOSSES = ("lost-words", "replaced-words", "truncated-words")


Streamed = list[tuple[Corpus, Request, list[Chunk]]]


def streamed(component: Component) -> Streamed:
    """Return the chunks of every toy corpus, made once: structure has to hold on all."""
    if "streamed" not in component.memory:
        encoder = component.encoder()
        component.memory["streamed"] = [
            (corpus, request, list(encoder.encode(corpus, request)))
            for corpus in (
                toys.word_corpus(2),
                toys.odd_corpus(),
                toys.pair_corpus(),
                toys.text_corpus(),
            )
            for request in requests(encoder, corpus)
        ]
    found: Streamed = component.memory["streamed"]
    return found


@promise_of("encoder", since="0.1")
def check_each_sentence_comes_once(component: Component) -> None:
    """The chunks of a corpus hold each of its sentences exactly once."""
    for corpus, _, chunks in streamed(component):
        came = np.sort(np.concatenate([np.asarray(c.sentences) for c in chunks])).tolist()
        assert came == list(range(len(corpus))), f"{corpus.name}: {came}"


@promise_of("encoder", since="0.1")
def check_rows_have_the_width_and_layers(component: Component) -> None:
    """Asked for layers 0 to n_layers, an encoder delivers n_layers + 1 of its width."""
    encoder = component.encoder()
    for _, request, chunks in streamed(component):
        for view, rows in ((v, c.rows[v]) for c in chunks for v in request.views):
            assert rows.shape[0] == len(request.layers), f"{view}: {rows.shape[0]} layers"
            # A column of an attention view is a head; a view of its own has its own width.
            fits = view == "attention" or view not in VIEWS or rows.shape[2] == encoder.width
            assert fits, f"{view}: width {rows.shape[2]}, declared {encoder.width}"


@promise_of("encoder", since="0.1")
def check_one_row_a_word_or_sentence(component: Component) -> None:
    """Views of words have a row per word, views of sentences a row per sentence."""
    compare_counts(component, ("word", "sentence"))


@promise_of("encoder", since="0.1")
def check_row_counts_agree(component: Component) -> None:
    """Subwords, attention and the encoder's own views have the rows that row_counts announces."""
    compare_counts(component, ("subword", "attention"))


def compare_counts(component: Component, kinds: tuple[str, ...]) -> None:
    """Fail unless every chunk has the rows that its sentences should have."""
    encoder = component.encoder()
    for corpus, request, chunks in streamed(component):
        for view in (v for v in request.views if VIEWS.get(v, "subword") in kinds):
            counts = expected_counts(encoder, corpus, view)
            for chunk in chunks:
                wanted, rows = counts[chunk.sentences].sum(), chunk.rows[view].shape[1]
                assert rows == wanted, f"{corpus.name}, {view}: {rows} rows for {wanted}"


@promise_of("encoder", since="0.1")
def check_rows_are_finite(component: Component) -> None:
    """No row holds NaN or infinity, odd words included."""
    for corpus, request, chunks in streamed(component):
        for view, rows in ((v, c.rows[v]) for c in chunks for v in request.views):
            assert np.isfinite(rows).all(), f"{corpus.name}, {view}"


@promise_of("encoder", since="0.1")
def check_lost_words_are_counted(component: Component) -> None:
    """A word without a vector of its own is counted in a warning, never a silent zero."""
    for corpus, request, chunks in streamed(component):
        counted = sum(c.warnings.get(slug, 0) for c in chunks for slug in LOSSES)
        for view in (v for v in request.views if VIEWS.get(v) == "word"):
            zeros = sum(int((~c.rows[view][0].any(axis=1)).sum()) for c in chunks)
            assert zeros <= counted, f"{corpus.name}, {view}: {zeros} zeros, {counted} counted"


@promise_of("encoder", since="0.1")
def check_neighbours_change_nothing(component: Component) -> None:
    """A sentence's rows do not hang on padding, batch or order: alone, they are the same."""
    encoder, corpus = component.encoder(), toys.word_corpus()
    order = np.random.default_rng(0).permutation(len(corpus))
    for request in requests(encoder, corpus):
        whole = gather(encoder, corpus, request)
        moved = gather(encoder, corpus.take(order), request)
        for place, sentence in enumerate(order):
            alone = gather(encoder, corpus.take([sentence]), request)
            for view, rows in whole.rows[sentence].items():
                assert close(rows, moved.rows[place][view]), f"{view}: order matters"
                assert close(rows, alone.rows[0][view]), f"{view}: neighbours matter"


@promise_of("encoder", since="0.1")
def check_equal_sentences_encode_equal(component: Component) -> None:
    """A sentence that comes twice has the same rows twice."""
    encoder, corpus = component.encoder(), toys.word_corpus(2)
    half = len(corpus) // 2
    for request in requests(encoder, corpus):
        found = gather(encoder, corpus, request)
        for first, second in zip(found.rows[:half], found.rows[half:], strict=True):
            for view, rows in first.items():
                assert close(rows, second[view]), f"{view}: the copies differ"


@promise_of("encoder", since="0.1")
def check_only_what_is_asked_comes(component: Component) -> None:
    """One layer and one view asked for, one layer and one view delivered."""
    encoder, corpus = component.encoder(), toys.word_corpus()
    for request in requests(encoder, corpus):
        for view in request.views:
            for chunk in encoder.encode(corpus, Request(request.layers[-1:], (view,))):
                assert set(chunk.rows) == {view}, f"asked {view}, got {sorted(chunk.rows)}"
                layers = chunk.rows[view].shape[0]
                assert layers == 1, f"{view}: {layers} layers for 1"


@promise_of("encoder", since="0.1")
def check_layers_come_as_asked(component: Component) -> None:
    """A layer's rows are the same whichever layers are asked for, in the order asked."""
    encoder, corpus = component.encoder(), toys.word_corpus()
    for request in requests(encoder, corpus):
        whole = gather(encoder, corpus, request)
        asked = request.layers[::-2] if len(request.layers) > 1 else request.layers
        some = gather(encoder, corpus, Request(asked, request.views))
        for rows, part in zip(whole, some, strict=True):
            places = [request.layers.index(k) for k in asked]
            if len(part) == len(asked):
                assert close(rows[places], part), f"layers {asked} differ when asked for alone"


@promise_of("encoder", since="0.1")
def check_encoding_twice_is_bit_identical(component: Component) -> None:
    """Two instances deliver the same bits: no dropout, no clock, no unseeded weights."""
    # Of what is trained, two trainings.
    first, second, corpus = component.encoder(), component.encoder(fresh=True), toys.word_corpus()
    for request in requests(first, corpus):
        old, new = gather(first, corpus, request), gather(second, corpus, request)
        for a, b in zip(old, new, strict=True):
            assert a.tobytes() == b.tobytes(), "two encodings of one corpus differ"


@promise_of("encoder", since="0.1")
def check_steps_are_encoders_of_their_own(component: Component) -> None:
    """The steps of a series ascend, and each is an encoder with a fingerprint of its own."""
    series = component.make()
    if not hasattr(series, "at"):
        raise NotApplicable("not a series")
    steps = list(series.steps)
    assert steps == sorted(set(steps)), f"the steps are {steps}"
    found = [series.at(step).fingerprint for step in steps]
    assert len(set(found)) == len(found), f"the fingerprints of the steps {steps} are {found}"
