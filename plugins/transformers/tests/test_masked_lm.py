"""Masked-LM scores: the pretrained head on each kind of encoder, and what is refused."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from sondage.data import Corpus
from sondage.errors import EncodingError, ParameterError
from sondage.testing import toys
from sondage_transformers import Finetuned, Pretrained, Randomised, Truncated

TEXTS = (
    "The quick brown fox jumps over the lazy dog.",
    "bank",
    "naïve cafés and on and on",
    "Prices rose 3.5 % in 2019",
)


def masked_model(folder, **settings):
    """Return a whole masked language model of a folder's configuration, its weights random."""
    import torch
    from transformers import AutoConfig, AutoModelForMaskedLM

    config = AutoConfig.from_pretrained(folder, **settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = AutoModelForMaskedLM.from_config(config).eval()
        for parameter in model.parameters():
            parameter.data += 0.3 * torch.randn_like(parameter)
    return model


@pytest.fixture(scope="session")
def masked(model_folder, tmp_path_factory):
    """Return a function from a family to a model with its head, and the folder of both."""
    made = {}

    def make(family):
        if family not in made:
            folder = tmp_path_factory.mktemp(f"masked-{family}")
            shutil.copytree(model_folder(family), folder, dirs_exist_ok=True)
            model = masked_model(folder)
            model.save_pretrained(folder)
            made[family] = model, str(folder)
        return made[family]

    return make


def asked(encoder, corpus=None, every=3):
    """Return a batch with one in so many subwords hidden, and all that is asked of them."""
    corpus = Corpus(texts=TEXTS) if corpus is None else corpus
    batch = encoder.lay_out(corpus, np.arange(len(corpus)))
    rows, places = (a[::every] for a in np.nonzero(batch.mask & ~batch.special))
    ids = batch.ids.copy()
    ids[rows, places] = encoder.mask_id
    return batch, ids, rows, places, batch.ids[rows, places]


def scored(encoder, *how, **more):
    return encoder.masked_nats(*asked(encoder, *how, **more))


def plainly(logits, rows, places, targets):
    import torch

    # The logits of other places are never asked for.
    chances = torch.log_softmax(logits.double(), dim=-1)
    return -chances[rows, places, targets].numpy()


def whole(model, batch, ids, *rest, **more):
    """Return what the whole model gives, logits of every place and all."""
    import torch

    with torch.inference_mode():
        mask = torch.from_numpy(batch.mask.astype(np.int64))
        logits = model(input_ids=torch.from_numpy(ids), attention_mask=mask, **more).logits
    return plainly(logits, *rest)


@pytest.mark.parametrize("family", ["bert", "roberta", "albert", "distilbert"])
def test_scores_are_those_of_the_whole_model(masked, family):
    model, folder = masked(family)
    question = asked(Pretrained(model=folder))
    found = Pretrained(model=folder).masked_nats(*question)
    assert found == pytest.approx(whole(model, *question), abs=1e-5)
    assert found.dtype == np.float64


def test_second_texts_have_their_type(masked):
    import torch

    model, folder = masked("bert")
    pairs = Corpus(texts=("the fox", "bank"), second=("the river bank", "noon and on"))
    question = asked(Pretrained(model=folder), pairs, every=2)
    batch = question[0]
    types = np.zeros_like(batch.ids)
    for row in range(2):
        middle = np.flatnonzero(batch.special[row])[1]
        types[row, middle + 1 : batch.mask[row].sum()] = 1
    wanted = whole(model, *question, token_type_ids=torch.from_numpy(types))
    found = Pretrained(model=folder).masked_nats(*question)
    assert found == pytest.approx(wanted, abs=1e-5)
    assert found != pytest.approx(whole(model, *question), abs=1e-3)


def test_the_projection_sees_the_wanted_places_alone(masked):
    _, folder = masked("bert")
    encoder = Pretrained(model=folder)
    question = asked(encoder)
    encoder.masked_nats(*question)
    head = encoder._head(encoder._engine).model
    rows = []
    hook = head.get_output_embeddings().register_forward_hook(
        lambda module, given, out: rows.append(given[0].shape[:-1].numel())
    )
    encoder.masked_nats(*question)
    hook.remove()
    # And once more the first of them, for the width of the vocabulary.
    assert sum(rows) == len(question[2]) + 1


def test_a_vocabulary_wider_than_a_chunk_changes_nothing(masked, monkeypatch):
    _, folder = masked("bert")
    before = scored(Pretrained(model=folder))
    monkeypatch.setattr("sondage_transformers.masked_head._CELLS", 1000)
    assert scored(Pretrained(model=folder)) == pytest.approx(before, abs=1e-6)


def test_a_truncated_encoder_has_the_head_on_its_highest_layer(masked):
    import torch

    model, folder = masked("bert")
    short = Truncated(base=Pretrained(model=folder), layers=1)
    batch, ids, *rest = asked(short)
    with torch.inference_mode():
        mask = torch.from_numpy(batch.mask.astype(np.int64))
        states = model.bert(
            input_ids=torch.from_numpy(ids), attention_mask=mask, output_hidden_states=True
        ).hidden_states
        wanted = plainly(model.cls(states[1]), *rest)
    assert short.masked_nats(batch, ids, *rest) == pytest.approx(wanted, abs=1e-5)


@pytest.fixture(scope="session")
def tuned(masked, tmp_path_factory):
    """Return a training from a masked language model."""
    _, folder = masked("bert")
    series = Finetuned(
        base=Pretrained(model=folder), task=toys.ToyTask(n=12), epochs=1, batch_size=4,
        learning_rate=0.05, warmup=0.0,
    )  # fmt: skip
    series.place(tmp_path_factory.mktemp("tuned"))
    series.train()
    return series


def test_a_tuned_encoder_has_the_pretrained_head_whole(masked, tuned):
    import torch
    from transformers import AutoModel

    _, folder = masked("bert")
    step = tuned.at(tuned.steps[-1])
    question = asked(step)
    found = step.masked_nats(*question)
    model = masked_model(folder)
    # Projection and input embeddings part: the one stays, the others were trained.
    model.cls.predictions.decoder.weight = torch.nn.Parameter(
        model.bert.embeddings.word_embeddings.weight.detach().clone()
    )
    trained = AutoModel.from_pretrained(step.recipe.model)
    assert not torch.equal(
        trained.embeddings.word_embeddings.weight, model.cls.predictions.decoder.weight
    )
    lost = model.bert.load_state_dict(trained.state_dict(), strict=False)
    assert not lost.missing_keys
    assert found == pytest.approx(whole(model, *question), abs=1e-5)


def test_step_0_scores_as_its_base(masked, tuned):
    _, folder = masked("bert")
    assert (scored(tuned.at(0)) == scored(Pretrained(model=folder))).all()
    assert (scored(tuned.at(tuned.steps[-1])) != scored(tuned.at(0))).all()


def test_a_randomised_encoder_keeps_the_head_of_its_base(masked):
    _, folder = masked("bert")
    base = Pretrained(model=folder)
    drawn = [Randomised(base=base, seed=seed) for seed in (0, 1)]
    assert (scored(drawn[0]) != scored(drawn[1])).all()
    heads = [encoder._head(encoder._engine).model for encoder in (base, *drawn)]
    weights = [head.cls.predictions.transform.dense.weight for head in heads]
    assert (weights[0] == weights[1]).all()
    assert (weights[0] == weights[2]).all()


def test_the_body_of_the_head_is_let_go(masked):
    _, folder = masked("bert")
    encoder = Pretrained(model=folder)
    scored(encoder)
    head = encoder._head(encoder._engine).model
    assert len(head.bert.encoder.layer) == 0


def test_heads_are_dropped_with_the_model_and_do_not_travel(masked):
    _, folder = masked("bert")
    encoder = Pretrained(model=folder)
    before = scored(encoder)
    assert (scored(pickle.loads(pickle.dumps(encoder))) == before).all()
    encoder.release()
    assert "_engine" not in vars(encoder)
    assert (scored(encoder) == before).all()


def test_loading_a_head_draws_nothing(masked):
    import torch

    _, folder = masked("bert")
    state = torch.random.get_rng_state()
    scored(Pretrained(model=folder))
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_a_checkpoint_without_its_head_is_refused(model_folder, family):
    encoder = Pretrained(model=model_folder(family))
    with pytest.raises(EncodingError, match="lacks 6 tensors of the masked-LM head"):
        scored(encoder)


def test_an_untied_head_is_refused(masked, tmp_path):
    _, folder = masked("bert")
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    masked_model(folder, tie_word_embeddings=False).save_pretrained(tmp_path)
    with pytest.raises(EncodingError, match="the masked-LM head is untied"):
        scored(Pretrained(model=str(tmp_path)))


@pytest.mark.parametrize("family", ["gpt2", "t5"])
def test_a_model_without_mask_is_refused(model_folder, family):
    encoder = Pretrained(model=model_folder(family))
    with pytest.raises(EncodingError, match="the tokenizer has no mask token"):
        _ = encoder.mask_id
    batch = encoder.lay_out(Corpus(texts=TEXTS), np.arange(1))
    zero = np.zeros(1, np.int64)
    with pytest.raises(EncodingError, match=r"masked-LM head"):
        encoder.masked_nats(batch, batch.ids, zero, zero, zero)


def test_a_model_that_reads_from_left_to_right_is_refused(masked, tmp_path):
    import json

    _, folder = masked("bert")
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    config = Path(tmp_path, "config.json")
    config.write_text(json.dumps(json.loads(config.read_text()) | {"is_decoder": True}))
    with pytest.raises(EncodingError, match="bert writes from left to right"):
        scored(Pretrained(model=str(tmp_path)))


def test_a_subword_beyond_the_embeddings_is_refused(masked):
    _, folder = masked("bert")
    encoder = Pretrained(model=folder)
    batch, ids, *rest = asked(encoder)
    with pytest.raises(EncodingError, match="subword 5000 is asked for"):
        encoder.masked_nats(batch, np.full_like(ids, 5000), *rest)


def test_more_subwords_than_the_model_reads_are_refused(masked):
    _, folder = masked("bert")
    batch, ids, *rest = asked(Pretrained(model=folder))
    with pytest.raises(EncodingError, match="at most 5"):
        Pretrained(model=folder, max_length=5).masked_nats(batch, ids, *rest)


def test_half_precision_scores_in_half_precision(masked):
    _, folder = masked("bert")
    encoder = Pretrained(model=folder, dtype="bfloat16")
    assert scored(encoder) == pytest.approx(scored(Pretrained(model=folder)), rel=0.1)


def test_a_truncated_encoder_of_another_plugin_has_no_head():
    short = Truncated(base=toys.ToyEncoder(), layers=1)
    with pytest.raises(ParameterError, match="needs an encoder of this plugin"):
        _ = short.mask_id


class TestWordNumbers:
    def of(self, encoder, corpus):
        batch = encoder.lay_out(corpus, np.arange(len(corpus)))
        return batch, encoder.word_numbers(corpus, batch)

    def test_words_of_the_corpus_come_first(self, masked):
        encoder = Pretrained(model=masked("bert")[1])
        batch, words = self.of(encoder, Corpus.of_words([["isn't", "naïve"], ["fox"]]))
        assert (words == batch.word).all()

    @pytest.mark.parametrize("family", ["bert", "roberta"])
    def test_else_the_tokenizer_says(self, masked, family):
        from transformers import AutoTokenizer

        folder = masked(family)[1]
        batch, words = self.of(Pretrained(model=folder), Corpus(texts=TEXTS))
        for row, made in enumerate(AutoTokenizer.from_pretrained(folder)(list(TEXTS)).encodings):
            wanted = [-1 if w is None else w for w in made.word_ids]
            assert words[row][batch.mask[row]].tolist() == wanted
            assert (words[row][~batch.mask[row]] == -1).all()

    def test_both_texts_of_a_pair_are_numbered_through(self, masked):
        encoder = Pretrained(model=masked("bert")[1])
        pairs = Corpus(texts=("the fox",), second=("the river !",))
        batch, words = self.of(encoder, pairs)
        first, second = (set(words[0][batch.segment[0] == k].tolist()) for k in (0, 1))
        assert (first, second) == ({0, 1}, {2, 3, 4})
        assert (words[0][batch.special[0]] == -1).all()

    def test_of_a_text_that_was_cut_the_beginning_counts(self, masked):
        encoder = Pretrained(model=masked("bert")[1], max_length=5)
        batch, words = self.of(encoder, Corpus(texts=TEXTS[:1]))
        assert batch.ids.shape == (1, 5)
        assert words[0][0] == words[0][4] == -1
        assert words[0][1] == 0
