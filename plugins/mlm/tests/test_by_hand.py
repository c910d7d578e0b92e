"""Scores of written-down probabilities, worked by hand; what is hidden in which copy."""

import math
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sondage.data import Batch, Corpus, TaskData
from sondage.errors import DataError, EncodingError, ParameterError
from sondage_mlm import (
    Perplexity,
    PseudoLogLikelihood,
    perplexity,
    pseudo_log_likelihood,
    run_mlm_loss,
)

PAD, BEGIN, END, MASK = 0, 1, 2, 3


@dataclass
class WrittenDown:
    """Each subword has a probability of its own, whatever stands around it.

    A word is cut at its hyphens. What was asked is kept: for each hidden copy the ids read, and
    the places and subwords wanted.

    Parameters
    ----------
    bits : mapping of subword to minus the logarithm of its probability, to the base of 2
    longest : int
        The most subwords read, special ones included.
    """

    bits: dict[str, float]
    longest: int = 10_000
    batch_tokens: int = 40
    mask_id = MASK
    asked: list[SimpleNamespace] = field(default_factory=list)
    shapes: list[tuple[int, int]] = field(default_factory=list)
    numbers: list[tuple[Batch, object]] = field(default_factory=list)

    @property
    def names(self):
        return list(self.bits)

    @property
    def vocabulary(self):
        return 4 + len(self.bits)

    def lay_out(self, corpus, sentences):
        rows, words, counts = [], [], {"truncated-sentences": 0, "empty-sentences": 0}
        for i in sentences:
            own = corpus.words_of(int(i)) if corpus.words is not None else corpus.texts[i].split()
            pieces = [(4 + self.names.index(p), w) for w, word in enumerate(own)
                      for p in word.split("-")]  # fmt: skip
            counts["empty-sentences"] += not pieces
            pieces = pieces or [(4, -1)]
            counts["truncated-sentences"] += len(pieces) + 2 > self.longest
            pieces = pieces[: self.longest - 2]
            rows.append([BEGIN, *(p for p, _ in pieces), END])
            words.append([-1, *(w for _, w in pieces), -1])
        t = max(map(len, rows))
        mask = np.array([[k < len(row) for k in range(t)] for row in rows])
        ids = np.array([row + [PAD] * (t - len(row)) for row in rows])
        numbers = np.array([row + [-1] * (t - len(row)) for row in words])
        special = mask & (ids < 3)
        batch = Batch(
            sentences=np.asarray(sentences),
            ids=ids,
            mask=mask,
            special=special,
            segment=np.where(mask & ~special, 0, -1).astype(np.int8),
            word=numbers if corpus.words is not None else np.full(ids.shape, -1),
            warnings={slug: n for slug, n in counts.items() if n},
        )
        self.numbers.append((batch, numbers))
        return batch

    def word_numbers(self, corpus, batch):
        return next(numbers for known, numbers in self.numbers if known is batch)

    def masked_nats(self, batch, ids, rows, places, targets):
        self.shapes.append(ids.shape)
        for row in range(len(ids)):
            here = rows == row
            self.asked.append(
                SimpleNamespace(
                    read=ids[row][batch.mask[row]],
                    told=batch.ids[row][batch.mask[row]],
                    places=places[here],
                    targets=targets[here],
                )
            )
        assert (batch.ids[rows, places] == targets).all()
        return np.array([self.bits[self.names[t - 4]] for t in targets]) * math.log(2)


def problem(encoder, corpus, seeds=(0,)):
    """Return what a probe that reads the encoder is handed."""
    data = TaskData(corpus=corpus, target=None)
    return SimpleNamespace(encoder=encoder, data=data, seeds=seeds, layers=(), splits={})


def words_of(*sentences):
    """Return a corpus of words that blanks part."""
    return Corpus.of_words([s.split() for s in sentences])


@pytest.fixture
def written():
    """Return an encoder for which a, b, c and d have 1, 2, 3 and 3 bits."""
    return WrittenDown({"a": 1.0, "b": 2.0, "c": 3.0, "d": 3.0})


def only(probe, encoder, corpus, **how):
    ((layer, _, result),) = probe.run_layers(problem(encoder, corpus, **how))
    assert layer is None
    return result


def test_the_perplexity_of_four_subwords(written):
    # 1, 2, 3 and 3 bits: 9/4 bits a subword. Three words, c-d being one: 3 bits a word.
    result = only(Perplexity(folds=2), written, words_of("a b c-d"))
    wanted = {
        "perplexity": 2**2.25, "nats": 2.25 * math.log(2), "bits": 2.25,
        "word_perplexity": 8.0, "word_nats": 3 * math.log(2), "word_bits": 3.0,
    }  # fmt: skip
    assert result.scores == pytest.approx(wanted)
    assert next(iter(result.scores)) == "perplexity"
    assert result.outcomes.values == pytest.approx(np.log(2) * np.array([1, 2, 3, 3]))
    assert result.outcomes.groups.tolist() == [0, 0, 0, 0]
    assert result.outcomes.score == "nats"
    assert result.outcomes.values.mean() == pytest.approx(result.scores["nats"])


def test_every_subword_of_the_corpus_counts_once(written):
    # 1 bit, and 2 + 3 + 3 bits: 9/4 a subword; the mean over sentences would be 11/6.
    result = only(Perplexity(), written, words_of("a", "b c d"))
    assert result.scores["bits"] == pytest.approx(2.25)
    assert result.warnings == {"lone-subwords": 1}


def test_the_pll_of_a_sentence_is_the_sum_of_log_probabilities(written):
    result = only(PseudoLogLikelihood(), written, words_of("a b c-d", "a"))
    assert result.scores["pll"] == pytest.approx(-math.log(2) * (9 + 1) / 2)
    assert result.scores["bits"] == pytest.approx(10 / 5)
    assert result.scores["word_bits"] == pytest.approx(10 / 4)
    assert next(iter(result.scores)) == "pll"
    assert result.outcomes.values == pytest.approx(-math.log(2) * np.array([9, 1]))
    assert result.outcomes.items.tolist() == [0, 1]


def hidden_in(encoder):
    return [np.flatnonzero(one.read == MASK).tolist() for one in encoder.asked]


def test_original_hides_the_subword_alone(written):
    pseudo_log_likelihood(written, words_of("a b-c-d a"), hide="original")
    assert sorted(hidden_in(written)) == [[1], [2], [3], [4], [5]]


def test_l2r_hides_what_follows_in_the_word(written):
    pseudo_log_likelihood(written, words_of("a b-c-d a"))
    assert sorted(hidden_in(written)) == [[1], [2, 3, 4], [3, 4], [4], [5]]
    for one in written.asked:
        # Of what is hidden the first alone is predicted, and the rest is what it was.
        assert one.places.tolist() == [np.flatnonzero(one.read == MASK)[0]]
        seen = one.read != MASK
        assert (one.read[seen] == one.told[seen]).all()


def test_the_same_word_twice_is_two_words(written):
    pseudo_log_likelihood(written, words_of("c-d c-d"))
    assert sorted(hidden_in(written)) == [[1, 2], [2], [3, 4], [4]]


@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    folds=st.integers(2, 9),
    seed=st.integers(0, 3),
    budget=st.integers(1, 200),
)
def test_masks_are_disjoint_even_and_cover_every_subword_once(lengths, folds, seed, budget):
    encoder = WrittenDown({"a": 1.0, "b": 2.0}, batch_tokens=budget)
    texts = [" ".join("ab"[(k * i) % 2] for k in range(n)) for i, n in enumerate(lengths)]
    scored = perplexity(encoder, Corpus(texts=tuple(texts)), folds=folds, seed=seed)
    assert scored.subwords.tolist() == lengths
    for n in set(lengths):
        copies = [one for one in encoder.asked if len(one.read) == n + 2]
        sizes = [len(one.places) for one in copies]
        assert max(sizes) - min(sizes) <= 1
        assert max(sizes) == -(-n // min(n, folds))
        for one in copies:
            assert np.flatnonzero(one.read == MASK).tolist() == one.places.tolist()
        sentences = {tuple(one.told) for one in copies}
        for told in sentences:
            own = [one.places for one in copies if tuple(one.told) == told]
            assert sorted(np.concatenate(own).tolist()) == list(range(1, n + 1))
            assert len(own) == min(n, folds)
    for rows, columns in encoder.shapes:
        assert rows * columns <= budget or rows == 1


def test_the_seed_draws_which_are_hidden_together(written):
    corpus = Corpus(texts=("a b c d a b c d",))

    def hidden(seed):
        written.asked.clear()
        perplexity(written, corpus, folds=2, seed=seed)
        return sorted(hidden_in(written))

    assert hidden(0) == hidden(0)
    assert len({str(hidden(seed)) for seed in range(8)}) > 4


def test_masks_of_a_sentence_do_not_hang_on_the_others(written):
    perplexity(written, Corpus(texts=("a b c d a b c d",)), folds=2)
    alone = sorted(hidden_in(written))
    written.asked.clear()
    perplexity(written, Corpus(texts=("d d", "a b c d a b c d", "c")), folds=2)
    assert [one for one in sorted(hidden_in(written)) if len(one) == 4] == alone


def test_a_sentence_that_repeats_is_read_once_and_counts_twice(written):
    scored = perplexity(written, words_of("a b", "c", "a b"), folds=2)
    assert len(written.asked) == 3
    assert scored.nats == pytest.approx(np.log(2) * np.array([1, 2, 3, 1, 2]))
    assert scored.sentence.tolist() == [0, 0, 1, 2, 2]


def test_long_and_empty_sentences_are_counted_and_no_words_of_theirs():
    encoder = WrittenDown({"a": 1.0, "b": 2.0}, longest=5)
    result = only(Perplexity(), encoder, Corpus(texts=("b b b b b b", "", "a a")))
    assert result.warnings == {"truncated-sentences": 1, "empty-sentences": 1}
    assert result.scores["bits"] == pytest.approx((3 * 2 + 2 * 1) / 5)
    # Words of the sentence that was read whole alone.
    assert result.scores["word_bits"] == pytest.approx(1.0)
    assert result.arrays["sentence_subwords"].tolist() == [3, 0, 2]
    pll = only(PseudoLogLikelihood(), encoder, Corpus(texts=("b b b b b b", "", "a a")))
    assert pll.outcomes.items.tolist() == [0, 2]


def test_no_score_a_word_where_no_sentence_was_read_whole():
    encoder = WrittenDown({"a": 1.0}, longest=4)
    result = only(Perplexity(), encoder, Corpus(texts=("a a a a",)))
    assert set(result.scores) == {"perplexity", "nats", "bits"}


def test_a_result_for_each_seed(written):
    found = list(Perplexity().run_layers(problem(written, words_of("a b c d"), seeds=(3, 4))))
    assert [(layer, seed) for layer, seed, _ in found] == [(None, 3), (None, 4)]


def test_what_is_no_masked_language_model_is_refused():
    with pytest.raises(EncodingError, match="object is no masked language model"):
        perplexity(object(), words_of("a"))


def test_scores_that_are_no_numbers_are_refused(written):
    written.bits["c"] = float("nan")
    with pytest.raises(EncodingError, match="1 of 4 hidden subwords are NaN"):
        perplexity(written, words_of("a b c d"))


@pytest.mark.parametrize("texts", [(), ("",)])
def test_nothing_to_hide_is_said(written, texts):
    with pytest.raises(DataError, match=r"no sentences|no subword to hide"):
        perplexity(written, Corpus(texts=texts))


def test_perplexity_beyond_the_largest_float_is_a_number():
    encoder = WrittenDown({"a": 2000.0})
    assert only(Perplexity(), encoder, words_of("a a")).scores["bits"] == pytest.approx(2000)


class TestRunMLM:
    def texts(self, n):
        return Corpus(texts=tuple("a b c d a b" for _ in range(n)))

    def test_texts_are_joined_and_the_rest_thrown_away(self, written):
        # 8 subwords a text with its special ones: 1,000 texts fill 571 blocks of 14, 6 are left.
        found = run_mlm_loss(written, self.texts(1010), block=14, batch_size=100)
        assert int(found.blocks.sum()) == 571 + 80 // 14
        assert found.dropped == 6 + 80 % 14
        told = np.concatenate([one.told for one in written.asked])
        assert (told[:16].reshape(2, 8) == [1, 4, 5, 6, 7, 4, 5, 2]).all()

    def test_15_percent_are_chosen_and_80_10_10_replaced(self, written):
        found = run_mlm_loss(written, self.texts(1000), block=80, batch_size=10)
        own = 1000 * 6
        assert abs(found.chosen / own - 0.15) < 0.02
        read = np.concatenate([one.read[one.places] for one in written.asked])
        told = np.concatenate([one.targets for one in written.asked])
        assert (told > 3).all()
        assert abs((read == MASK).mean() - 0.8 - 0.1 / 8) < 0.04
        # Another of the vocabulary is the same one by chance.
        assert abs((read == told).mean() - 0.1 - 0.1 / 8) < 0.04
        for one in written.asked:
            assert (np.delete(one.read, one.places) == np.delete(one.told, one.places)).all()

    def test_the_loss_is_a_mean_over_batches_not_over_subwords(self, written):
        corpus = Corpus(texts=tuple("a a a a a a" if i % 2 else "d d d d d d" for i in range(9)))
        found = run_mlm_loss(written, corpus, block=8, batch_size=4, seed=2)
        assert found.blocks.tolist() == [4, 4, 1]
        assert found.without == 0
        batches = [written.asked[0:4], written.asked[4:8], written.asked[8:9]]
        means = [
            np.mean([(1.0 if t == 4 else 3.0) for one in some for t in one.targets])
            for some in batches
        ]
        assert found.losses == pytest.approx(np.log(2) * np.array(means))
        assert found.nats == pytest.approx(np.log(2) * np.dot(means, [4, 4, 1]) / 9)

    def test_a_batch_without_masks_has_no_loss(self, written):
        corpus = Corpus(texts=("d d d d d d",) * 9)
        found = run_mlm_loss(written, corpus, block=8, batch_size=4, seed=1)
        assert (found.blocks.tolist(), found.without) == ([4, 4], 1)
        assert found.nats == pytest.approx(3 * np.log(2))

    def test_the_probe_says_what_it_dropped(self, written):
        probe = Perplexity(protocol="run_mlm", block=14, batch_size=100)
        result = only(probe, written, self.texts(9))
        assert set(result.scores) == {"perplexity", "nats", "bits"}
        assert result.warnings == {"dropped-subwords": 72 % 14}
        assert result.outcomes is None

    def test_blocks_fit_the_model(self):
        encoder = WrittenDown({"a": 1.0}, longest=9)
        corpus = Corpus(texts=("a a a a a a a",) * 40)
        assert run_mlm_loss(encoder, corpus).blocks.sum() == 40
        with pytest.raises(ParameterError, match="10 subwords, but the model reads at most 9"):
            run_mlm_loss(encoder, corpus, block=10)
        with pytest.raises(DataError, match="fewer than the 9 subwords of a block"):
            run_mlm_loss(encoder, Corpus(texts=("a",)))

    def test_its_parameters_belong_to_it(self):
        with pytest.raises(ParameterError, match="protocol: run_mlm"):
            Perplexity(block=64)
