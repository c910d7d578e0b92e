"""Batches, order, layers and blocks change nothing; the plan of batches is as promised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.data import Corpus, Request, ranges
from sondage.errors import EncodingError
from sondage_transformers import Pretrained, collect, pooling, subwords
from sondage_transformers.ragged import by_budget

WORDS = ["the", "fox", "Internationalisation", "station", ",", "naïve", "3.5", "\u200b", "日本語"]


def a_corpus(n=23, seed=0):
    rng = np.random.default_rng(seed)
    return Corpus.of_words(
        [[WORDS[k] for k in rng.integers(0, len(WORDS), rng.integers(1, 9))] for _ in range(n)]
    )


@pytest.mark.parametrize("view", ["word", "word-last", "mean", "max", "last", "subwords"])
def test_budget_and_order_change_nothing(family, model_folder, view):
    corpus = a_corpus()
    whole = Pretrained(model=model_folder(family), device="cpu")
    single = Pretrained(model=model_folder(family), device="cpu", max_tokens=1)
    layers = range(whole.n_layers + 1)
    rows, offsets = collect(whole, corpus, layers, view)
    alone, _ = collect(single, corpus, layers, view)
    np.testing.assert_allclose(rows, alone, atol=1e-5)
    order = np.random.default_rng(1).permutation(len(corpus))
    moved, places = collect(whole, corpus.take(order), layers, view)
    for new, old in enumerate(order):
        np.testing.assert_allclose(
            moved[:, places[new] : places[new + 1]],
            rows[:, offsets[old] : offsets[old + 1]],
            atol=1e-5,
        )


def test_blocks_change_nothing(family, model_folder, monkeypatch):
    corpus = a_corpus()
    encoder = Pretrained(model=model_folder(family), device="cpu")
    rows, _ = collect(encoder, corpus, (0, 1), "word")
    counts = encoder.row_counts(corpus, "subwords")
    for name, value in (("BLOCK_SENTENCES", 5), ("BLOCK_WORDS", 7)):
        with monkeypatch.context() as patch:
            patch.setattr(subwords, name, value)
            assert len(list(subwords.blocks(corpus))) > 4
            assert np.concatenate(list(subwords.blocks(corpus))).tolist() == list(range(23))
            again, _ = collect(encoder, corpus, (0, 1), "word")
            np.testing.assert_allclose(again, rows, atol=1e-5)
            assert encoder.row_counts(corpus, "subwords").tolist() == counts.tolist()


def test_bits_do_not_hang_on_what_else_is_asked(family, model_folder):
    """The same corpus gives the same bits, whichever layers and views come with it."""
    corpus = a_corpus()
    encoder = Pretrained(model=model_folder(family), device="cpu")
    top = encoder.n_layers
    every, _ = collect(encoder, corpus, range(top + 1), "word")
    for layers in ((top,), (0,), (1, 0), (top, 1)):
        some, _ = collect(encoder, corpus, layers, "word")
        assert some.tobytes() == every[list(layers)].tobytes()
    request = Request((1, top), ("attention", "word", "mean"))
    for chunk in encoder.encode(corpus, request):
        (same,) = (
            c.rows["word"]
            for c in encoder.encode(corpus, Request((1, top), ("word",)))
            if c.sentences.tolist() == chunk.sentences.tolist()
        )
        assert same.tobytes() == chunk.rows["word"].tobytes()


def test_hooks_agree_with_hidden_states(family, model_folder):
    """The blocks are found in every family, and what they hand over is `hidden_states`."""
    corpus = a_corpus()
    hooked = Pretrained(model=model_folder(family), device="cpu")
    assert hooked._engine.network.watched
    plain = Pretrained(model=model_folder(family), device="cpu")
    plain._engine.network.watched = False
    layers = range(hooked.n_layers + 1)
    a, _ = collect(hooked, corpus, layers, "subwords")
    b, _ = collect(plain, corpus, layers, "subwords")
    assert a.tobytes() == b.tobytes()


def test_no_block_runs_beyond_the_highest_layer(model_folder):
    encoder = Pretrained(model=model_folder("bert"), device="cpu")
    ran = []
    for k, block in enumerate(encoder._engine.network.model.encoder.layer):
        block.register_forward_pre_hook(lambda m, a, k=k: ran.append(k))
    collect(encoder, Corpus.of_words([["the"]]), (0, 1), "word")
    assert ran == [0]
    ran.clear()
    collect(encoder, Corpus.of_words([["the"]]), (0,), "word")
    assert ran in ([], [0])  # the hook of the test may come before ours


@settings(deadline=None)
@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 120))
def test_batches_keep_the_budget(lengths, budget):
    sizes = np.sort(np.asarray(lengths, np.int64))[::-1]
    runs = list(by_budget(sizes, budget))
    assert [i for a, b in runs for i in range(a, b)] == list(range(len(sizes)))
    for a, b in runs:
        assert sizes[a] * (b - a) <= budget or b - a == 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 5))))
def test_ranges(runs):
    starts = np.asarray([s for s, _ in runs], np.int64)
    lengths = np.asarray([n for _, n in runs], np.int64)
    assert ranges(starts, lengths).tolist() == [i for s, n in runs for i in range(s, s + n)]


def test_layers_twice_and_out_of_order(model_folder):
    encoder = Pretrained(model=model_folder("gpt2"), device="cpu")
    corpus = a_corpus(4)
    rows, _ = collect(encoder, corpus, (3, 0, 3), "word")
    plain, _ = collect(encoder, corpus, (0, 3), "word")
    assert rows.tobytes() == plain[[1, 0, 1]].tobytes()


def test_pooling_never_adds_atomically():
    """The order of sums is fixed: on a GPU, index_add_ would not promise that."""
    import inspect

    assert "index_add_(" not in inspect.getsource(pooling)


def test_wrong_requests_are_told(model_folder):
    encoder = Pretrained(model=model_folder("bert"), device="cpu")
    words, texts = a_corpus(2), Corpus(texts=("a", "b"), name="texts")
    with pytest.raises(EncodingError, match="layer 4 is not among 0 to 3"):
        collect(encoder, words, (4,), "word")
    with pytest.raises(EncodingError, match="texts has only texts"):
        collect(encoder, texts, (0,), "word")
    with pytest.raises(EncodingError) as caught:
        list(encoder.encode(words, Request((0,), ("words",))))
    assert "word" in caught.value.near
    gpt2 = Pretrained(model=model_folder("gpt2"), device="cpu")
    with pytest.raises(EncodingError, match="no classification token") as caught:
        collect(gpt2, texts, (0,), "cls")
    assert "mean, max, last" in caught.value.hint
    with pytest.raises(EncodingError, match="no row counts"):
        encoder.row_counts(words, "word")


@pytest.mark.parametrize("kind", ["OutOfMemoryError", "RuntimeError"])
def test_a_batch_that_does_not_fit_the_memory_is_halved_and_so_are_those_after_it(
    kind, model_folder, monkeypatch
):
    import torch

    corpus = a_corpus()
    wanted = collect(Pretrained(model=model_folder("bert"), device="cpu"), corpus, (0, 2), "word")
    encoder = Pretrained(model=model_folder("bert"), device="cpu", max_tokens=400)
    engine = encoder._engine
    forward, most, sizes = engine.network.model.forward, 90, []

    def with_little_memory(input_ids, **options):
        sizes.append(input_ids.numel())
        if input_ids.numel() > most:
            raise getattr(torch, kind, RuntimeError)("can't allocate memory: you tried to")
        return forward(input_ids=input_ids, **options)

    monkeypatch.setattr(engine.network.model, "forward", with_little_memory)
    found = collect(encoder, corpus, (0, 2), "word")
    np.testing.assert_allclose(found[0], wanted[0], atol=1e-5)
    assert max(sizes) > most >= engine.budget
    # 400, 200, 100 and 50: what was learned of one batch holds for the next.
    assert sum(size > most for size in sizes) <= 3
    sizes.clear()
    collect(encoder, corpus, (1,), "mean")
    assert max(sizes) <= most
    most = 3
    with pytest.raises(EncodingError, match="does not fit the memory"):
        collect(encoder, corpus, (1,), "mean")
