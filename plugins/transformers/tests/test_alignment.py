"""Every family against one sentence at a time, transformers' own calls and Python pooling."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.data import Corpus, Request, offsets_of
from sondage.errors import EncodingError
from sondage_transformers import Pretrained, collect

ODD = [
    "👩\u200d👩\u200d👧",
    "🇫🇷",
    "e\u0301",
    "\u0301",
    "\u200b",
    "\u200d",
    "\ufe0f",
    "\xad",
    "\x07",
    "\x00",
    "\ufeff",
    "\ufffd",
    "",
    " ",
    "two words",
    " led",
    "\u3000",
    "日本語",
    "עִבְרִית",
    "العربية",
    "x" * 130,
    "ab" * 40,
    "ﬁ",
    "\u2581",
    "Ġ",
    "##ing",
    "[MASK]",
    "<s>",
    "don't",
    "...",
]
PLAIN = ["the", "fox", "Internationalisation", "station", ",", "naïve", "3.5", "is"]
word = st.one_of(
    st.sampled_from(PLAIN),
    st.sampled_from(ODD),
    st.text(st.characters(codec="utf-8"), max_size=6),
)
# Long enough for several shapes, short enough for one window of 64 in most cases.
sentence = st.lists(word, min_size=1, max_size=6)


@functools.cache
def slow_parts(folder):
    """Load what a user of transformers would load."""
    from transformers import AutoModel, AutoTokenizer

    from sondage_transformers.quiet import quiet

    with quiet():
        model = AutoModel.from_pretrained(folder)
        text = AutoTokenizer.from_pretrained(folder)
        words = AutoTokenizer.from_pretrained(folder, add_prefix_space=True)
    if model.config.is_encoder_decoder:
        model = model.get_encoder()
    return model.eval(), words, text


@functools.cache
def fast(folder, **options):
    return Pretrained(model=folder, device="cpu", **options)


def slow_states(folder, first, second=None, split=True):
    """Encode one sentence; return states (layers, t, d), word ids and segments of subwords."""
    import torch

    model, word_tokenizer, text_tokenizer = slow_parts(folder)
    tokenizer = word_tokenizer if split else text_tokenizer
    made = tokenizer(first, second, is_split_into_words=split, truncation=False)
    if len(made["input_ids"]) > 64:
        return None
    keep = {"input_ids", "attention_mask"}
    if "token_type_ids" in tokenizer.model_input_names:
        keep.add("token_type_ids")
    inputs = {k: torch.tensor([v]) for k, v in made.items() if k in keep}
    with torch.no_grad():
        out = model(**inputs, output_hidden_states=True)
    states = np.stack([h[0].numpy() for h in out.hidden_states])
    return states, made.word_ids(), made.sequence_ids()


def with_substitutes(folder, words):
    """Put the unknown token's own name in the place of words that have no subword."""
    tokenizer = slow_parts(folder)[1]
    out = []
    for w in words:
        alone = tokenizer([w], is_split_into_words=True, add_special_tokens=False)
        out.append(w if alone["input_ids"] else tokenizer.unk_token)
    return out


def pooled(states, ids, segments, n_first):
    """Return each view of one sentence, by plain loops."""
    real = [i for i, s in enumerate(segments) if s is not None]
    views = {
        "cls": states[:, :1],
        "mean": states[:, real].mean(1, keepdims=True),
        "max": states[:, real].max(1, keepdims=True),
        "last": states[:, real[-1:]],
        "subwords": states,
    }
    if n_first is not None:
        owners: dict[int, list[int]] = {}
        for i in real:
            owners.setdefault(ids[i] + (n_first if segments[i] == 1 else 0), []).append(i)
        rows = [owners[k] for k in sorted(owners)]
        views["word"] = np.stack([states[:, r].mean(1) for r in rows], axis=1)
        views["word-first"] = np.stack([states[:, r[0]] for r in rows], axis=1)
        views["word-last"] = np.stack([states[:, r[-1]] for r in rows], axis=1)
    return views


def check_corpus(folder, corpus, expected):
    """Compare an encoding of a corpus with one mapping of views for each sentence."""
    encoder = fast(folder)
    views = [v for v in encoder.views if v in expected[0]]
    chunks = list(encoder.encode(corpus, Request(tuple(range(encoder.n_layers + 1)), tuple(views))))
    seen = []
    for chunk in chunks:
        start = dict.fromkeys(views, 0)
        for i in chunk.sentences:
            seen.append(int(i))
            for view in views:
                want = expected[i][view]
                got = chunk.rows[view][:, start[view] : start[view] + want.shape[1]]
                np.testing.assert_allclose(got, want, atol=2e-5, rtol=1e-5, err_msg=view)
                start[view] += want.shape[1]
        for view in views:
            assert chunk.rows[view].shape[1] == start[view]
            assert chunk.rows[view].dtype == np.float32
    assert sorted(seen) == list(range(len(corpus)))
    return chunks


def test_words_agree_with_the_slow_way(family, model_folder):
    folder = model_folder(family)

    @settings(max_examples=40, deadline=None)
    @given(st.lists(sentence, min_size=1, max_size=4))
    def run(sentences):
        mended = [with_substitutes(folder, s) for s in sentences]
        slow = [slow_states(folder, s) for s in mended]
        # Too long ones are cut into windows: see test_windows.
        keep = [i for i, states in enumerate(slow) if states is not None]
        if not keep:
            return
        corpus = Corpus.of_words([sentences[i] for i in keep])
        expected = [pooled(*slow[i], n_first=len(sentences[i])) for i in keep]
        chunks = check_corpus(folder, corpus, expected)
        lost = sum(a != b for i in keep for a, b in zip(sentences[i], mended[i], strict=True))
        assert sum(c.warnings.get("replaced-words", 0) for c in chunks) == lost

    run()


def test_pairs_of_words_agree_with_the_slow_way(family, model_folder):
    folder = model_folder(family)

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.tuples(sentence, sentence), min_size=1, max_size=3))
    def run(pairs):
        mended = [[with_substitutes(folder, s) for s in pair] for pair in pairs]
        slow = [slow_states(folder, *pair) for pair in mended]
        keep = [i for i, states in enumerate(slow) if states is not None]
        if not keep:
            return
        words = [pairs[i][0] + pairs[i][1] for i in keep]
        corpus = Corpus(
            texts=tuple("" for _ in keep),
            words=tuple(w for s in words for w in s),
            offsets=offsets_of(len(s) for s in words),
            boundary=np.asarray([len(pairs[i][0]) for i in keep]),
        )
        check_corpus(folder, corpus, [pooled(*slow[i], n_first=len(pairs[i][0])) for i in keep])

    run()


TEXTS = ["The fox , naïve", "We met .", "x", "日本語 \u200b!", "He said that  nobody knew it ."]


def test_texts_agree_with_the_slow_way(family, model_folder):
    folder = model_folder(family)
    slow = [slow_states(folder, t, split=False) for t in TEXTS]
    check_corpus(folder, Corpus(texts=TEXTS), [pooled(*s, n_first=None) for s in slow])


def test_pairs_of_texts_agree_with_the_slow_way(family, model_folder):
    folder = model_folder(family)
    second = TEXTS[::-1]
    slow = [slow_states(folder, a, b, split=False) for a, b in zip(TEXTS, second, strict=True)]
    corpus = Corpus(texts=TEXTS, second=second)
    check_corpus(folder, corpus, [pooled(*s, n_first=None) for s in slow])


def test_a_worked_example(model_folder):
    """Two words of WordPiece by hand: [CLS] the x ##x [SEP]; the second owns two subwords."""
    folder = model_folder("bert")
    encoder = fast(folder)
    states, offsets = collect(encoder, Corpus.of_words([["the", "xx"]]), (0, 3), "subwords")
    assert offsets.tolist() == [0, 5]
    tokens = encoder._engine.tokens.tokenizer.convert_ids_to_tokens(
        encoder._engine.tokens.of_words(["the", "xx"])[0].tolist()
    )
    assert tokens == ["the", "x", "##x"]
    rows, _ = collect(encoder, Corpus.of_words([["the", "xx"]]), (0, 3), "word")
    np.testing.assert_allclose(rows[:, 0], states[:, 1], atol=1e-6)
    np.testing.assert_allclose(rows[:, 1], (states[:, 2] + states[:, 3]) / 2, atol=1e-6)


def test_empty_sentences_and_empty_corpora(family, model_folder):
    encoder = fast(model_folder(family))
    corpus = Corpus.of_words([[], ["the", "fox"], []])
    (chunk,) = encoder.encode(corpus, Request((1,), ("mean", "word")))
    assert chunk.warnings["empty-sentences"] == 2
    assert chunk.rows["word"].shape[1] == 2
    assert np.isfinite(chunk.rows["mean"]).all()
    assert not list(encoder.encode(Corpus(texts=()), Request((1,), ("mean",))))
    texts, _ = collect(encoder, Corpus(texts=("", "the")), (0, 1), "mean")
    assert np.isfinite(texts).all()


def test_words_that_are_no_text_are_an_error(model_folder):
    with pytest.raises(EncodingError, match="surrogate"):
        collect(fast(model_folder("gpt2")), Corpus.of_words([["a\ud800"]]), (0,), "word")


def test_byte_level_behind_a_regular_expression(model_folder, tmp_path):
    """Newer BPE tokenizers split by a pattern first: the space goes before the word alone."""
    import json
    import shutil

    shutil.copytree(model_folder("gpt2"), tmp_path / "newer")
    stored = json.loads((tmp_path / "newer" / "tokenizer.json").read_text())
    pattern = r"'s|'t| ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+"
    stored["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [
            {
                "type": "Split",
                "pattern": {"Regex": pattern},
                "behavior": "Isolated",
                "invert": False,
            },
            {
                "type": "ByteLevel",
                "add_prefix_space": False,
                "trim_offsets": True,
                "use_regex": False,
            },
        ],
    }
    (tmp_path / "newer" / "tokenizer.json").write_text(json.dumps(stored))
    settings_file = tmp_path / "newer" / "tokenizer_config.json"
    stored = json.loads(settings_file.read_text()) | {"tokenizer_class": "TokenizersBackend"}
    settings_file.write_text(json.dumps(stored))
    tokens = fast(str(tmp_path / "newer"))._engine.tokens
    assert tokens.cutting.manner.lead == " "
    ids, offsets = tokens.of_words(["don't", "3.5", "the"])
    text = tokens.of_texts([" don't", " 3.5", " the"])
    assert ids.tolist() == text[0].tolist()
    assert offsets.tolist() == text[1].tolist()
    first = tokens.tokenizer.convert_ids_to_tokens(ids.tolist())
    assert sum(t.startswith("Ġ") for t in first) == 3
