"""The pooler's head: what it reads and trains, what is kept of it, and which models have none."""

import json
import math
import shutil

import numpy as np
import pytest

from sondage.data import Corpus, Labels, Split, TaskData, Units
from sondage.errors import ParameterError
from sondage_transformers import Finetuned, Pretrained, Settings, Truncated, finetune
from sondage_transformers.heads import matthews

QUICK = {"epochs": 2, "batch_size": 8, "learning_rate": 3e-3}
WORDS = ("red", "green", "fox", "dog", "bank", "river", "noon")


@pytest.fixture(scope="module")
def data():
    """Return sentences that begin with one of two colours, which is the label."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 48)
    texts = [f"{WORDS[c]} {' '.join(rng.choice(WORDS[2:], 3))}" for c in y]
    order = np.arange(48)
    split = Split(order[:32], order[32:40], order[40:])
    return TaskData(Corpus(tuple(texts)), Labels(Units.of_sentences(48), y, WORDS[:2]), split)


def weights(folder):
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")


def without_dropout(folder, goal):
    shutil.copytree(folder, goal)
    config = json.loads((goal / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (goal / "config.json").write_text(json.dumps(config))
    return goal


def plainly(folder, data, settings):
    """Train as BERT's own classifier is: pooled output, linear layer, cross-entropy."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    from sondage_transformers.quiet import quiet

    with quiet():
        tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    head = torch.nn.Linear(model.config.hidden_size, 2)
    with torch.no_grad():
        head.weight.normal_(0.0, 0.02, generator=torch.Generator().manual_seed(settings.seed))
        head.bias.zero_()
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=0.0)
    size, losses = settings.batch_size, []
    total = settings.epochs * math.ceil(len(data.fixed.train) / size)
    for epoch in range(settings.epochs):
        order = np.random.default_rng([settings.seed, epoch]).permutation(len(data.fixed.train))
        for a in range(0, len(order), size):
            chosen = np.sort(data.fixed.train[order[a : a + size]])
            texts = [data.corpus.texts[i] for i in chosen]
            encoded = tokenizer(texts, padding=True, return_tensors="pt")
            logits = head(model(**encoded).pooler_output)
            y = torch.from_numpy(data.target.y[chosen])
            loss = torch.nn.functional.cross_entropy(logits, y)
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * (total - len(losses)) / total
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            losses.append(float(loss.detach()))
    return losses, {n: p.detach().numpy() for n, p in model.named_parameters()}


def test_a_plain_loop_over_pooled_outputs_gives_the_same(bert, data, tmp_path):
    base = without_dropout(bert.model, tmp_path / "base")
    settings = Settings(**QUICK, head="pooler", warmup=0.0, head_dropout=0.0)
    finetune(
        Pretrained(model=str(base), device="cpu"), data, data.fixed, tmp_path / "ours", settings
    )
    losses, expected = plainly(base, data, settings)
    found = json.loads((tmp_path / "ours" / "finished.json").read_text())["losses"]
    np.testing.assert_allclose(found, losses, rtol=2e-4)
    ours = weights(tmp_path / "ours" / f"step-{len(losses)}")
    for name, value in expected.items():
        if "key.bias" not in name:
            np.testing.assert_allclose(ours[name], value, atol=1e-3, err_msg=name)
    before = weights(tmp_path / "ours" / "step-0")
    assert (before["pooler.dense.weight"] != ours["pooler.dense.weight"]).any()


@pytest.mark.parametrize("head", ["sentence", "pooler-fresh"])
def test_a_pooler_that_no_head_reads_stays_as_it_was(bert, data, tmp_path, head):
    finetune(bert, data, data.fixed, tmp_path, Settings(epochs=1, head=head))
    first, last = weights(tmp_path / "step-0"), weights(tmp_path / "step-1")
    assert (first["pooler.dense.weight"] == last["pooler.dense.weight"]).all()
    assert any((first[name] != last[name]).any() for name in first)


@pytest.mark.parametrize("kind", ["albert", "roberta"])
def test_models_with_a_pooler_train_it(model_folder, data, tmp_path, kind):
    base = Pretrained(model=model_folder(kind), device="cpu")
    result = finetune(base, data, data.fixed, tmp_path, Settings(epochs=1, head="pooler"))
    first, last = weights(tmp_path / "step-0"), weights(tmp_path / "step-1")
    moved = [n for n in first if "pooler" in n and (first[n] != last[n]).any()]
    assert len(moved) == 2
    assert set(result.scores) >= {"dev_accuracy", "dev_matthews", "test_matthews"}


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("distilbert", "DistilBertModel has no pooler"),
        ("gpt2", "classification token"),
        ("t5", "classification token"),
    ],
)
def test_models_without_a_pooler_are_refused_and_take_a_fresh_one(
    model_folder, data, tmp_path, kind, what
):
    base = Pretrained(model=model_folder(kind), device="cpu")
    with pytest.raises(ParameterError, match=what):
        finetune(base, data, data.fixed, tmp_path / "own", Settings(**QUICK, head="pooler"))
    # Tokenizers are trained anew in each session, and a T5 with an unlucky one learns slowly.
    fresh = Settings(**QUICK | {"epochs": 20}, head="pooler-fresh")
    finetune(base, data, data.fixed, tmp_path / "fresh", fresh)
    losses = json.loads((tmp_path / "fresh" / "finished.json").read_text())["losses"]
    assert np.mean(losses[-4:]) < np.mean(losses[:4]) - 0.02


def test_a_pooler_that_the_checkpoint_lacks_is_not_made_up(model_folder, data, tmp_path):
    from safetensors.numpy import save_file

    base = tmp_path / "base"
    shutil.copytree(model_folder("roberta"), base)
    kept = {n: w for n, w in weights(base).items() if "pooler" not in n}
    save_file(kept, base / "model.safetensors", {"format": "pt"})
    encoder = Pretrained(model=str(base), device="cpu")
    settings = Settings(**QUICK, head="pooler")
    with pytest.raises(ParameterError, match="lacks the weights of RobertaModel's pooler") as told:
        finetune(encoder, data, data.fixed, tmp_path / "own", settings)
    assert "pooler-fresh" in told.value.hint
    # Nor does a step of another training have one.
    finetune(encoder, data, data.fixed, tmp_path / "plain", Settings(epochs=1))
    assert set(weights(tmp_path / "plain" / "step-1")) == set(kept)
    step = Pretrained(model=str(tmp_path / "plain" / "step-1"), device="cpu")
    with pytest.raises(ParameterError, match="lacks the weights"):
        finetune(step, data, data.fixed, tmp_path / "again", settings)


def test_a_pooler_of_another_kind_is_refused(bert):
    import torch

    from sondage_transformers.engine import Engine
    from sondage_transformers.poolers import own_pooler

    network = Engine(bert.recipe).network
    own_pooler(network, ())
    inner = network.model.pooler

    class Mean(torch.nn.Module):
        def forward(self, states):
            return inner(states.mean(1, keepdim=True))

    class Odd(torch.nn.Module):
        def forward(self, states):
            return states[:, :0].reshape(-1)

    for other in (Mean(), Odd()):
        network.model.pooler = other
        with pytest.raises(ParameterError, match="more than the classification token"):
            own_pooler(network, ())
    network.model.pooler = inner


def test_the_first_blocks_train_the_pooler_too(bert, data, tmp_path):
    base = Truncated(base=bert, layers=1)
    finetune(base, data, data.fixed, tmp_path, Settings(epochs=1, head="pooler"))
    first, last = weights(tmp_path / "step-0"), weights(tmp_path / "step-1")
    moved = {n for n in first if (first[n] != last[n]).any()}
    assert {n for n in moved if "pooler" in n} == {"pooler.dense.weight", "pooler.dense.bias"}
    assert not any("layer.1" in n or "layer.2" in n for n in moved)


def test_a_killed_training_of_a_pooler_goes_on(bert, data, tmp_path, monkeypatch):
    from sondage_transformers import training

    settings = Settings(**QUICK, head="pooler", schedule="slanted-triangular")
    finetune(bert, data, data.fixed, tmp_path / "whole", settings, checkpoints=2)

    class Killed(BaseException):
        pass

    before = training._Keeper.on_save

    def on_save(self, *args, **more):
        before(self, *args, **more)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(training._Keeper, "on_save", on_save)
        with pytest.raises(Killed):
            finetune(bert, data, data.fixed, tmp_path / "twice", settings, checkpoints=2)
    finetune(bert, data, data.fixed, tmp_path / "twice", settings, checkpoints=2)
    one, other = (weights(tmp_path / name / "step-8") for name in ("whole", "twice"))
    assert all((one[n] == other[n]).all() for n in one)


def test_heads_of_words_have_no_pooler(bert):
    from sondage.testing.toys import ToyTask

    with pytest.raises(ParameterError, match="'pooler' does not fit a task whose units"):
        Finetuned(base=bert, task=ToyTask(n=12), head="pooler")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([[3, 1], [1, 2]], (3 * 2 - 1 * 1) / math.sqrt(4 * 3 * 4 * 3)),
        ([[5, 0], [0, 4]], 1.0),
        ([[0, 5], [4, 0]], -1.0),
        ([[5, 0], [4, 0]], 0.0),
        ([[5, 4], [0, 0]], 0.0),
        ([[0, 0], [0, 0]], 0.0),
    ],
)
def test_matthews_correlation_by_hand(table, expected):
    assert matthews(np.array(table, float)) == pytest.approx(expected, abs=1e-12)


def test_scores_of_two_classes_are_those_of_all_items(bert, data, tmp_path):
    from sondage_transformers.engine import Engine
    from sondage_transformers.examples import LabelExamples
    from sondage_transformers.headed_encoder import HeadedEncoder, head_for

    settings = Settings(**QUICK, head="sentence")
    result = finetune(bert, data, data.fixed, tmp_path, settings)
    first = result.tables["checkpoints"]["dev_matthews"][0]
    headed = HeadedEncoder(Engine(bert.recipe), "cls", head_for(data.target, bert.width, 0)).eval()
    portion = LabelExamples(headed.engine, data, data.fixed.dev, "cls").portion(np.arange(8))
    guess = headed(portion)["logits"].argmax(1).numpy()
    with np.errstate(invalid="ignore"):
        expected = np.nan_to_num(np.corrcoef(guess, portion.y)[0, 1])
    assert first == pytest.approx(expected, abs=1e-12)
    assert result.scores["dev_matthews"] == result.tables["checkpoints"]["dev_matthews"][-1]
    # Accuracy is what tables show.
    assert next(iter(result.scores)) == "dev_accuracy"


def test_three_classes_have_accuracy_alone(bert, data, tmp_path):
    target = Labels(data.target.units, np.arange(48) % 3, ("a", "b", "c"))
    more = TaskData(data.corpus, target, data.fixed)
    result = finetune(bert, more, more.fixed, tmp_path, Settings(epochs=1))
    assert not [name for name in result.scores if "matthews" in name]
