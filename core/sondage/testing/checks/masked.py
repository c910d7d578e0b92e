"""Checks of encoders that predict subwords hidden from them."""

from __future__ import annotations

import dataclasses

import numpy as np

from sondage.testing import toys
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component
from sondage.testing.hidden import Question, alike, asked

#: Subwords up to which every one of a vocabulary is asked for.
_FEW = 4096


@promise_of("encoder", since="0.1")
def check_mask_and_subwords_are_of_the_vocabulary(component: Component) -> None:
    """The subword that hides another is a whole number below `vocabulary`, as all subwords are."""
    found = asked(component)
    mask, most = found.encoder.mask_id, found.encoder.vocabulary
    for name, number in (("mask_id", mask), ("vocabulary", most)):
        assert isinstance(number, int), f"{name} is {number!r}, which is no whole number"
    assert 0 <= mask < most, f"mask_id is {mask}, of {most} subwords"
    highest = int(found.question.batch.ids[found.question.batch.mask].max())
    assert highest < most, f"a text has subword {highest}, of {most}"


@promise_of("encoder", since="0.1")
def check_each_target_has_its_nats(component: Component) -> None:
    """Each target has its own float64, finite and not below 0, whatever else is asked for."""
    found = asked(component)
    nats, k = found.nats, len(found.question.rows)
    assert isinstance(nats, np.ndarray), f"masked_nats returned {type(nats)}"
    assert nats.shape == (k,), f"shape {nats.shape} for {k} targets"
    assert nats.dtype == np.float64, f"nats are {nats.dtype}"
    assert np.isfinite(nats).all(), "a target has no finite nats"
    assert (nats >= -1e-6).all(), f"{nats.min()}: minus the log of a probability is not below 0"
    order = np.random.default_rng(0).permutation(k)
    for index in (order, order[: k // 2], np.append(order, order[:3]), order[:1], order[:0]):
        again = found.question.about(index).nats(found.encoder)
        assert alike(nats[index], again), f"{len(index)} targets of {k}, in another order, differ"


@promise_of("encoder", since="0.1")
def check_probabilities_sum_to_one(component: Component) -> None:
    """The probabilities of all subwords of the vocabulary at one place sum to 1."""
    found = asked(component)
    most, asks = found.encoder.vocabulary, found.question
    if most > _FEW:
        raise NotApplicable(f"asking for {most} subwords would take long")
    every = np.arange(most, dtype=np.int64)
    row, place = (np.full(most, of[0]) for of in (asks.rows, asks.places))
    nats = Question(asks.batch, asks.ids, row, place, every).nats(found.encoder)
    total = float(np.exp(-nats).sum())
    assert abs(total - 1) < 1e-3, f"the probabilities of {most} subwords sum to {total:.4f}"


@promise_of("encoder", since="0.1")
def check_nats_follow_what_is_read(component: Component) -> None:
    """Where something else is read beside a hidden subword, it is predicted otherwise."""
    found = asked(component)
    batch, ids = found.question.batch, found.question.ids
    seen = batch.mask & ~batch.special & (ids != found.encoder.mask_id)
    assert seen.any(), "the mask token is in every place"
    # Every subword in sight becomes the one before it, around the corner.
    other = ids.copy()
    other[seen] = np.roll(ids[seen], 1)
    moved = found.question.reading(other).nats(found.encoder)
    assert not alike(found.nats, moved), "other subwords around them change no nats"


@promise_of("encoder", since="0.1")
def check_nothing_but_ids_is_read(component: Component) -> None:
    """What the batch's own ids are, and what is read where padding is, changes nothing."""
    found = asked(component)
    batch, ids = found.question.batch, found.question.ids
    blank = dataclasses.replace(batch, ids=np.where(batch.mask, ids[0, 0], batch.ids))
    again = dataclasses.replace(found.question, batch=blank).nats(found.encoder)
    assert alike(found.nats, again), "the batch's own ids are read"
    filled = np.where(batch.mask, ids, ids[0, 1])
    again = found.question.reading(filled).nats(found.encoder)
    assert alike(found.nats, again), "what stands where padding is is read"


@promise_of("encoder", since="0.1")
def check_rows_are_predicted_alone(component: Component) -> None:
    """A row scores the same whatever rows stand beside it, how often, and in what order."""
    found = asked(component)
    n = len(found.question.batch)
    every = np.arange(n)
    for chosen in (every[::-1], np.repeat(every, 2), *every[:, None]):
        some, index = found.question.of_rows(chosen)
        if len(index):
            again = some.nats(found.encoder)
            assert alike(found.nats[index], again), f"rows {chosen.tolist()} of {n} differ"


@promise_of("encoder", since="0.1")
def check_predicting_twice_is_bit_identical(component: Component) -> None:
    """The same question has the same bits for an answer, from a second instance too."""
    found = asked(component)
    for encoder in (found.encoder, component.encoder()):
        again = found.question.nats(encoder)
        assert found.nats.tobytes() == again.tobytes(), "two answers to one question differ"


@promise_of("encoder", since="0.1")
def check_word_numbers_tell_words(component: Component) -> None:
    """Subwords of texts have their words' numbers, from 0 and ascending; others have -1."""
    encoder = asked(component).encoder
    for corpus in (toys.word_corpus(), toys.pair_corpus(), toys.text_corpus()):
        batch = encoder.lay_out(corpus, np.arange(len(corpus), dtype=np.int64))
        words = np.asarray(encoder.word_numbers(corpus, batch))
        assert words.shape == batch.mask.shape, f"{corpus.name}: shape {words.shape}"
        assert (words[~batch.mask | batch.special] == -1).all(), "padding or specials have words"
        if corpus.words is not None:
            assert np.array_equal(words, batch.word), f"{corpus.name}: not the words of the corpus"
        for row, own in enumerate(words):
            told, segment = own[own >= 0], batch.segment[row][own >= 0]
            # Of a first segment that was cut, the words left out are numbered too.
            steps = np.where(np.diff(segment) == 1, 1, np.diff(told))
            rising = len(told) and told[0] == 0 and np.isin(steps, (0, 1)).all()
            assert rising, f"{corpus.name}: words of row {row} are {told.tolist()}"
