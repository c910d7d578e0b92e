"""Sentences over the maximum: windows, each word in exactly one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.data import Corpus, Request, offsets_of
from sondage.errors import EncodingError
from sondage_transformers import Pretrained, collect
from sondage_transformers.subwords import cut
from sondage_transformers.windows import lay_out

WORDS = ["the", "fox", "Internationalisation", "station", ",", "naïve", "3.5", "\u200b", "日本語"]


def encoder_of(model_folder, family="bert", **options):
    return Pretrained(model=model_folder(family), device="cpu", **options)


def windows_of(encoder, corpus):
    tokens = encoder._engine.tokens
    content = cut(corpus, np.arange(len(corpus)), tokens)
    return lay_out(content, tokens, encoder._engine.limit)


def pair_corpus(*pairs):
    words = [a + b for a, b in pairs]
    return Corpus(
        texts=tuple("" for _ in pairs),
        words=tuple(w for s in words for w in s),
        offsets=offsets_of(len(s) for s in words),
        boundary=np.asarray([len(a) for a, _ in pairs]),
    )


def test_a_worked_example(model_folder):
    """Eight subwords a window, two of them special: "the" × 8 make windows of 6 and 2."""
    encoder = encoder_of(model_folder, max_length=8)
    corpus = Corpus.of_words([["the"] * 8, ["the"] * 3])
    windows = windows_of(encoder, corpus)
    assert windows.lengths.tolist() == [8, 4, 5]
    assert windows.sentence.tolist() == [0, 0, 1]
    assert windows.unit.tolist() == [-1, 0, 1, 2, 3, 4, 5, -1, -1, 6, 7, -1, -1, 0, 1, 2, -1]
    chunks = list(encoder.encode(corpus, Request((0, 1), ("word", "mean"))))
    counts = {k: sum(c.warnings.get(k, 0) for c in chunks) for c in chunks for k in c.warnings}
    assert counts == {"windowed-sentences": 1, "truncated-sentences": 1}


def test_windows_are_encoded_like_sentences(family, model_folder):
    """A window's words have the vectors of a sentence that consists of them."""
    encoder = encoder_of(model_folder, family, max_length=9)
    long = WORDS * 3
    rows, _ = collect(encoder, Corpus.of_words([["fox"], long]), (0, 1, 2), "word")
    windows = windows_of(encoder, Corpus.of_words([long]))
    parts = [
        sorted({u for u in windows.unit[a:b].tolist() if u >= 0})
        for a, b in zip(windows.offsets[:-1], windows.offsets[1:], strict=True)
    ]
    assert [u for part in parts for u in part] == list(range(len(long)))
    whole = [p for p in parts if len(p) > 1 or "Inter" not in long[p[0]]]
    for part in whole:
        alone, _ = collect(encoder, Corpus.of_words([[long[u] for u in part]]), (0, 1, 2), "word")
        np.testing.assert_allclose(rows[:, [1 + u for u in part]], alone, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=30), min_size=1, max_size=4),
    st.lists(st.lists(st.sampled_from(WORDS), max_size=30), min_size=4, max_size=4),
    st.integers(6, 40),
    st.booleans(),
)
def test_every_word_lies_in_one_window(model_folder, first, second, limit, pairs):
    encoder = encoder_of(model_folder, max_length=limit)
    made = pair_corpus(*zip(first, second, strict=False))
    corpus = made if pairs else Corpus.of_words(first)
    windows = windows_of(encoder, corpus)
    assert windows.lengths.max() <= limit
    for i in range(len(corpus)):
        found = []
        for w in range(windows.first[i], windows.first[i + 1]):
            unit = windows.unit[windows.offsets[w] : windows.offsets[w + 1]]
            own = unit[unit >= 0]
            found += sorted(set(own.tolist()))
            assert np.all(np.diff(own) >= 0)
        assert sorted(found) == list(range(len(corpus.words_of(i))))
    # What fits is left whole.
    fits = np.diff(windows.content.offsets) + (3 if pairs else 2) <= limit
    assert (np.diff(windows.first)[fits] == 1).all()


def test_a_short_first_segment_is_repeated(model_folder):
    """A question with a long context goes into every window; its first copy counts."""
    encoder = encoder_of(model_folder, max_length=9)
    question, context = ["fox", "is"], ["the"] * 9
    windows = windows_of(encoder, pair_corpus((question, context)))
    size = np.diff(windows.content.offsets)[0] - 9  # subwords of the question
    per_window = 9 - 3 - size
    assert len(windows.lengths) == -(-9 // per_window)
    second = windows.unit[windows.offsets[1] : windows.offsets[2]]
    real = windows.real[windows.offsets[1] : windows.offsets[2]]
    assert (second[real][:size] == -1).all()
    types = windows.types[windows.offsets[1] : windows.offsets[2]]
    assert types.tolist() == [0] * (size + 2) + [1] * (len(types) - size - 2)
    # In each window, the context's words see the question.
    rows, _ = collect(encoder, pair_corpus((question, context)), (1,), "word")
    tail = context[-(9 % per_window or per_window) :]
    alone, _ = collect(encoder, pair_corpus((question, tail)), (1,), "word")
    np.testing.assert_allclose(rows[:, -len(tail) :], alone[:, -len(tail) :], atol=1e-5)


def test_a_short_second_segment_is_repeated(model_folder):
    encoder = encoder_of(model_folder, max_length=12)
    corpus = pair_corpus((["the"] * 20, ["fox"]))
    rows, _ = collect(encoder, corpus, (0, 1), "word")
    assert rows.shape[1] == 21
    room = 12 - 3 - len(encoder._engine.tokens.of_words(["fox"])[0])
    first, _ = collect(encoder, pair_corpus((["the"] * room, ["fox"])), (0, 1), "word")
    np.testing.assert_allclose(rows[:, 20], first[:, -1], atol=1e-5)
    np.testing.assert_allclose(rows[:, :room], first[:, :room], atol=1e-5)


def test_a_word_longer_than_a_window_is_cut_and_counted(family, model_folder):
    encoder = encoder_of(model_folder, family, max_length=8)
    corpus = Corpus.of_words([["fox", "a b c d e f g h i j".replace(" ", "\u0301x") * 2, "fox"]])
    (chunk,) = encoder.encode(corpus, Request((0,), ("word",)))
    if "truncated-words" in chunk.warnings:
        assert chunk.warnings["truncated-words"] == 1
    else:  # WordPiece makes one unknown token of it
        assert family in ("bert", "distilbert")
    assert chunk.rows["word"].shape[1] == 3
    assert np.isfinite(chunk.rows["word"]).all()


def test_sentence_views_see_the_first_window(family, model_folder):
    encoder = encoder_of(model_folder, family, max_length=9)
    long = Corpus.of_words([["the"] * 30])
    windows = windows_of(encoder, long)
    n_first = len({u for u in windows.unit[: windows.offsets[1]].tolist() if u >= 0})
    short = Corpus.of_words([["the"] * n_first])
    for view in encoder.views[: encoder.views.index("word")]:
        a, _ = collect(encoder, long, (0, 2), view)
        b, _ = collect(encoder, short, (0, 2), view)
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_sentence_views_have_the_same_bits_beside_word_views(model_folder):
    encoder = encoder_of(model_folder, max_length=9)
    corpus = Corpus.of_words([["the"] * n for n in (30, 2, 11, 7, 40)])
    both = list(encoder.encode(corpus, Request((0, 2), ("mean", "word"))))
    alone = list(encoder.encode(corpus, Request((0, 2), ("mean",))))
    for a, b in zip(both, alone, strict=True):
        assert a.sentences.tolist() == b.sentences.tolist()
        assert a.rows["mean"].tobytes() == b.rows["mean"].tobytes()


def test_texts_are_cut_at_subwords(family, model_folder):
    encoder = encoder_of(model_folder, family, max_length=9)
    corpus = Corpus(texts=("the fox " * 12, "fox"))
    counts = encoder.row_counts(corpus, "subwords")
    rows, offsets = collect(encoder, corpus, (0, 1), "subwords")
    assert np.diff(offsets).tolist() == counts.tolist()
    assert np.isfinite(rows).all()


def test_the_models_own_maximum_is_kept(family, model_folder):
    encoder = encoder_of(model_folder, family)
    assert encoder._engine.limit == (None if family == "t5" else 64)
    rows, _ = collect(encoder, Corpus.of_words([["fox", "is"] * 60]), (0, 1), "word")
    assert np.isfinite(rows).all()


def test_too_long_windows_are_refused(model_folder):
    for family in ("bert", "roberta", "gpt2"):
        encoder = encoder_of(model_folder, family, max_length=65)
        with pytest.raises(EncodingError, match="64 positions") as caught:
            collect(encoder, Corpus.of_words([["the"]]), (0,), "word")
        assert caught.value.hint == "max_length: 64"


def test_no_room_for_words(model_folder):
    with pytest.raises(EncodingError, match="no room"):
        collect(encoder_of(model_folder, max_length=3), Corpus.of_words([["a"]]), (0,), "word")
