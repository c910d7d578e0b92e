"""What an encoder streams is checked before it is kept."""

import numpy as np
import pytest

from sondage.data import VIEWS, Chunk, Corpus, Labels, TaskData, Units
from sondage.errors import DataError, EncodingError
from sondage.execute.encode import encode
from sondage.execute.problem import pool, spread_states
from sondage.store import Key, Store
from sondage.testing.toys import ToyEncoder, odd_corpus, word_corpus


def keys(layers=(0, 1, 2), views=("word",)):
    return [Key("e" * 32, "c" * 32, v, i) for v in views for i in layers]


class Changed(ToyEncoder):
    """A toy whose chunks go through `change`."""

    def __init__(self, change):
        super().__init__()
        self._change = change

    def encode(self, corpus, request):
        for chunk in super().encode(corpus, request):
            yield from self._change(chunk)


def test_layers_and_views_arrive_as_the_encoder_gives_them(tmp_path):
    store, corpus, encoder = Store(tmp_path), word_corpus(), ToyEncoder()
    views = tuple(v for v in encoder.views if VIEWS[v] != "attention")
    encode(store, encoder, corpus, keys(views=views))
    from sondage.data import Request

    for chunk in encoder.encode(corpus, Request((0, 1, 2), views)):
        for view in views:
            for i in range(3):
                states, _ = store.read(keys((i,), (view,))[0])
                rows = np.concatenate([states[int(s)] for s in chunk.sentences])
                np.testing.assert_array_equal(rows, chunk.rows[view][i])


def test_a_repeated_sentence_is_encoded_once(tmp_path):
    seen = []
    encoder = Changed(lambda chunk: [seen.append(len(chunk.sentences)) or chunk])
    corpus = word_corpus()
    doubled = corpus.take([*range(len(corpus)), 0, 1])
    encode(Store(tmp_path), encoder, doubled, keys())
    assert sum(seen) == len(corpus.unique[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: [Chunk(c.sentences[:0], {v: r[:, :0] for v, r in c.rows.items()})], "left out"),
        (lambda c: [c, c], "twice"),
        (lambda c: [Chunk(c.sentences, {v: r[:, :-1] for v, r in c.rows.items()})], "shape"),
        (lambda c: [Chunk(c.sentences, {v: r[:2] for v, r in c.rows.items()})], "shape"),
        (lambda c: [Chunk(c.sentences + 1000, c.rows)], "sentence"),
        (lambda c: [Chunk(c.sentences, {})], "views"),
    ],
)
def test_a_faulty_stream_is_refused_and_nothing_is_kept(tmp_path, change, words):
    store = Store(tmp_path)
    with pytest.raises(EncodingError, match=words):
        encode(store, Changed(change), word_corpus(), keys())
    assert not list(store.entries())
    assert not list(tmp_path.glob("tmp/*"))


def test_warnings_are_added_up_and_kept_with_the_entry(tmp_path):
    store = Store(tmp_path)
    encoder = Changed(lambda c: [Chunk(c.sentences, c.rows, {"lost-words": 2})])
    total = encode(store, encoder, odd_corpus(), keys())
    assert total["lost-words"] >= 2
    assert store.read(keys()[0])[1]["warnings"] == total


def test_pooling_agrees_with_a_loop(tmp_path):
    corpus = word_corpus()
    corpus = corpus.take([*range(len(corpus)), 2, 0])
    store = Store(tmp_path)
    encode(store, ToyEncoder(), corpus, keys())
    whole = spread_states(store.read(keys()[1])[0], corpus)
    states, _ = store.read(keys()[1])
    rng = np.random.default_rng(0)
    sentence = rng.integers(0, len(corpus), 50)
    lengths = np.diff(corpus.offsets)[sentence]
    starts = rng.integers(0, lengths[:, None], (50, 2))
    for longest in (1, 3):
        ends = np.minimum(starts + rng.integers(1, longest + 1, (50, 2)), lengths[:, None])
        for k in (1, 2):
            units = Units(sentence, np.stack([starts, ends], axis=2)[:, :k])
            rows = pool(states, corpus, units)
            for row, s, spans in zip(rows, sentence, units.spans, strict=True):
                slow = np.concatenate([whole[s][a:b].mean(axis=0) for a, b in spans])
                np.testing.assert_allclose(row, slow, rtol=1e-5, atol=1e-6)
            assert not rows.flags.writeable


@pytest.mark.parametrize("span", [(0, 0), (-1, 1), (0, 99), (2, 1)])
def test_a_span_that_is_empty_or_leaves_its_sentence_is_refused(tmp_path, span):
    corpus = word_corpus()
    store = Store(tmp_path)
    encode(store, ToyEncoder(), corpus, keys())
    units = Units(np.array([0]), np.array([[span]]))
    with pytest.raises(DataError, match="item 0 has span"):
        pool(store.read(keys()[0])[0], corpus, units)


def test_equal_sentences_stay_in_one_part_and_parts_cover_everything():
    base = Corpus.of_words([[w] for w in "abcdefghij"])
    corpus = base.take([*range(10), *range(10)])
    data = TaskData(
        corpus,
        Labels(Units.of_sentences(20), np.zeros(20, np.int64), ("x",)),
        ratios=(0.6, 0.2, 0.2),
    )
    split = data.split(3)
    parts = [set(getattr(split, p).tolist()) for p in ("train", "dev", "test")]
    assert sorted(x for p in parts for x in p) == list(range(20))
    assert all({(i + 10) % 20 for i in p} == p for p in parts)
    assert [len(p) for p in parts] == [12, 4, 4]
    assert data.split(3).test.tolist() == split.test.tolist()
    assert data.split(4).test.tolist() != split.test.tolist()


def test_tasks_over_one_corpus_agree_on_the_test_sentences():
    corpus = Corpus.of_words([[str(i)] for i in range(40)])
    few = Units(np.arange(0, 40, 3), np.empty((14, 0, 2), np.int64))
    tasks = [
        TaskData(corpus, Labels(u, np.zeros(len(u), np.int64), ("x",)))
        for u in (Units.of_sentences(40), few)
    ]
    whole, part = (set(t.target.sentence[t.split(5).test].tolist()) for t in tasks)
    assert part == whole & set(few.sentence.tolist())
