"""Against the slow and obvious way: a forward pass a subword, logits of every place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.data import Corpus
from sondage_mlm import perplexity, pseudo_log_likelihood

TEXTS = (
    "The quick brown fox jumps over the lazy dog near the river bank .",
    "She said that nobody knew it .",
    "He 's not here , is he ?",
    "Prices rose 3.5 % in 2019 , the bank said .",
    "Internationalisation !",
    "naïve cafés and Straße too",
    "We met at the station before noon , after all , and so on and on .",
)


@pytest.fixture(scope="session")
def models(folders):
    """Return of each the whole model, as transformers loads it, its tokenizer and our encoder."""
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    from sondage_transformers import Pretrained

    return {
        name: (
            AutoModelForMaskedLM.from_pretrained(folder).eval(),
            AutoTokenizer.from_pretrained(folder),
            Pretrained(model=folder),
        )
        for name, folder in folders.items()
    }


def slowly(model, tokenizer, hidden, ids, place):
    """Return minus the log probability at a place of ids some of which are hidden."""
    import torch

    read = torch.tensor(ids)[None]
    read[0, hidden] = tokenizer.mask_token_id
    with torch.inference_mode():
        logits = model(input_ids=read).logits[0, place].double()
    return float(torch.logsumexp(logits, 0) - logits[ids[place]])


def slow_pll(model, tokenizer, text, hide):
    made = tokenizer(text)
    ids, words = made["input_ids"], made.word_ids()
    found = []
    for place in range(1, len(ids) - 1):
        same = [k for k in range(place, len(ids)) if words[k] == words[place]]
        hidden = same if hide == "within_word_l2r" else [place]
        found.append(slowly(model, tokenizer, hidden, ids, place))
    return found


SENTENCES = st.lists(
    st.lists(st.sampled_from(" ".join(TEXTS).split()), min_size=1, max_size=7).map(" ".join),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("hide", ["within_word_l2r", "original"])
@pytest.mark.parametrize("name", ["bert", "roberta"])
@given(texts=SENTENCES)
@settings(max_examples=6, deadline=None)
def test_pll_is_that_of_one_pass_a_subword(models, name, hide, texts):
    model, tokenizer, encoder = models[name]
    scored = pseudo_log_likelihood(encoder, Corpus(texts=tuple(texts)), hide=hide)
    wanted = np.concatenate([slow_pll(model, tokenizer, text, hide) for text in texts])
    assert scored.nats == pytest.approx(wanted, abs=2e-5)


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_perplexity_is_that_of_its_masks_one_by_one(models, name):
    model, tokenizer, encoder = models[name]
    asked = []

    class Listening:
        batch_tokens = 64
        mask_id = encoder.mask_id
        lay_out = encoder.lay_out
        word_numbers = encoder.word_numbers

        def masked_nats(self, batch, ids, rows, places, targets):
            for row in range(len(ids)):
                own = places[rows == row]
                asked.append((batch.ids[row][batch.mask[row]].tolist(), own.tolist()))
            return encoder.masked_nats(batch, ids, rows, places, targets)

    scored = perplexity(Listening(), Corpus(texts=TEXTS), folds=3)
    wanted = {}
    for ids, hidden in asked:
        for place in hidden:
            wanted[tuple(ids), place] = slowly(model, tokenizer, hidden, ids, place)
    order = [tuple(tokenizer(text)["input_ids"]) for text in TEXTS]
    flat = [wanted[ids, place] for ids in order for place in range(1, len(ids) - 1)]
    assert scored.nats == pytest.approx(flat, abs=2e-5)


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_batches_change_nothing(models, folders, name):
    from sondage_transformers import Pretrained

    corpus = Corpus(texts=TEXTS)
    found = [
        pseudo_log_likelihood(Pretrained(model=folders[name], max_tokens=n), corpus).nats
        for n in (1, 50, 4096)
    ]
    for other in found[1:]:
        assert other == pytest.approx(found[0], abs=2e-5)


def test_words_are_those_of_the_corpus_where_it_has_words(models):
    model, tokenizer, encoder = models["bert"]
    corpus = Corpus.of_words([["naïve", "cafés", "isn't", "it"]])
    scored = pseudo_log_likelihood(encoder, corpus)
    batch = encoder.lay_out(corpus, np.zeros(1, np.int64))
    ids, words = batch.ids[0].tolist(), batch.word[0]
    assert set(words.tolist()) == {-1, 0, 1, 2, 3}
    wanted = []
    for place in range(1, len(ids) - 1):
        hidden = [k for k in range(place, len(ids)) if words[k] == words[place]]
        wanted.append(slowly(model, tokenizer, hidden, ids, place))
    assert scored.nats == pytest.approx(wanted, abs=2e-5)
    # The tokenizer by itself takes the three parts of "isn't" for words, which hides less.
    as_text = pseudo_log_likelihood(encoder, Corpus(texts=corpus.texts))
    assert scored.nats != pytest.approx(as_text.nats, abs=1e-3)
    assert scored.words.tolist() == as_text.words.tolist() == [4]
