"""The training itself: against a plain loop, its rates, decay, dropout, clipping and scores."""

import json
import math
import shutil

import numpy as np
import pytest

from sondage.data import Split
from sondage.testing.toys import ToyTask
from sondage_transformers import Pretrained, Settings, Truncated, finetune
from sondage_transformers.epochs import in_batches
from sondage_transformers.settings import SCORES, kept_steps

QUICK = {"epochs": 2, "batch_size": 8, "learning_rate": 3e-3}


@pytest.fixture(scope="module")
def data():
    return ToyTask(n=40).load()


@pytest.fixture
def watched(monkeypatch):
    """Return what a training does at each step: rate, decay, mode, losses."""
    from sondage_transformers import headed_encoder, quiet_trainer

    seen = {"rates": [], "decayed": None, "modes": [], "trainer": None}
    before, forward = quiet_trainer.QuietTrainer.compute_loss, headed_encoder.HeadedEncoder.forward

    def compute_loss(self, model, *args, **options):
        groups = self.optimizer.param_groups
        names = {id(p): n for n, p in model.named_parameters()}
        seen["rates"].append(groups[0]["lr"])
        seen["decayed"] = {names[id(p)] for g in groups if g["weight_decay"] for p in g["params"]}
        seen["all"] = {names[id(p)] for g in groups for p in g["params"]}
        seen["trainer"] = self
        return before(self, model, *args, **options)

    def watch(self, portion):
        import torch

        drops = {m.training for m in self.modules() if isinstance(m, torch.nn.Dropout)}
        seen["modes"].append((torch.is_grad_enabled(), self.training, drops))
        return forward(self, portion)

    monkeypatch.setattr(quiet_trainer.QuietTrainer, "compute_loss", compute_loss)
    monkeypatch.setattr(headed_encoder.HeadedEncoder, "forward", watch)
    return seen


def plainly(folder, data, split, settings):
    """Train with nothing but torch and a tokenizer: one loop, word by word."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    from sondage_transformers.quiet import quiet

    with quiet():
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModel.from_pretrained(folder)
    labels = data.target
    head = torch.nn.Linear(model.config.hidden_size, len(labels.names))
    generator = torch.Generator().manual_seed(settings.seed)
    with torch.no_grad():
        head.weight.normal_(0.0, 0.02, generator=generator)
        head.bias.zero_()
    named = [(n, p) for n, p in model.named_parameters() if "pooler" not in n]
    named += list(head.named_parameters())
    decayed = [p for n, p in named if "bias" not in n and "LayerNorm" not in n]
    plain = [p for n, p in named if "bias" in n or "LayerNorm" in n]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": settings.weight_decay},
         {"params": plain, "weight_decay": 0.0}], lr=settings.learning_rate,
        betas=settings.betas, eps=settings.epsilon,
    )  # fmt: skip
    sentences = np.unique(labels.sentence[split.train])
    total = settings.epochs * math.ceil(len(sentences) / settings.batch_size)
    warmup = math.ceil(settings.warmup * total)
    step, losses = 0, []
    for epoch in range(settings.epochs):
        rng, lengths = np.random.default_rng([settings.seed, epoch]), None
        if settings.batches == "length":
            words = [list(data.corpus.words_of(int(s))) for s in sentences]
            lengths = np.array([len(tokenizer(w, is_split_into_words=True)[0]) for w in words])
        for batch in in_batches(len(sentences), settings.batch_size, rng, lengths):
            vectors, y = [], []
            for s in sentences[batch]:
                words = list(data.corpus.words_of(int(s)))
                encoded = tokenizer(words, is_split_into_words=True, return_tensors="pt")
                hidden = model(**encoded).last_hidden_state[0]
                of_word = np.array([-1 if w is None else w for w in encoded.word_ids()])
                for item in split.train[labels.sentence[split.train] == s]:
                    ((start, _),) = labels.units.spans[item]
                    vectors.append(hidden[np.flatnonzero(of_word == start)].mean(0))
                    y.append(labels.y[item])
            loss = torch.nn.functional.cross_entropy(head(torch.stack(vectors)), torch.tensor(y))
            up, down = step / max(warmup, 1), (total - step) / (total - warmup)
            share = up if step < warmup else down
            if settings.schedule == "slanted-triangular":
                # A tenth of 8 steps is none.
                share = (1 + (1 - step / total) * 31) / 32
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * share
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for _, p in named], settings.max_grad_norm)
            optimizer.step()
            losses.append(float(loss.detach()))
            step += 1
    return losses, {n: p.detach().numpy() for n, p in model.named_parameters()}


@pytest.mark.parametrize(
    "adam",
    [
        {},
        {"betas": (0.7, 0.9), "epsilon": 1e-3, "schedule": "slanted-triangular"},
        {"batches": "length"},
    ],
)
def test_a_plain_loop_gives_the_same_losses_and_weights(bert, data, tmp_path, adam):
    from safetensors.numpy import load_file

    # Dropout would be drawn in another order: without it, the two have to agree.
    base = tmp_path / "base"
    shutil.copytree(bert.model, base)
    config = json.loads((base / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (base / "config.json").write_text(json.dumps(config))
    settings = Settings(**QUICK, weight_decay=0.1, max_grad_norm=0.5, head_dropout=0.0, **adam)
    split = data.split(0)
    finetune(Pretrained(model=str(base), device="cpu"), data, split, tmp_path / "ours", settings)
    losses, weights = plainly(base, data, split, settings)
    found = json.loads((tmp_path / "ours" / "finished.json").read_text())["losses"]
    np.testing.assert_allclose(found, losses, rtol=2e-4)
    ours = load_file(tmp_path / "ours" / f"step-{len(losses)}" / "model.safetensors")
    for name, value in weights.items():
        # A bias of the keys has a gradient of rounding alone, which Adam makes large.
        if "key.bias" not in name:
            np.testing.assert_allclose(ours[name], value, atol=1e-3, err_msg=name)


def test_a_slanted_triangle_worked_by_hand(bert, data, tmp_path, watched):
    settings = Settings(epochs=5, batch_size=8, schedule="slanted-triangular", warmup=0.1)
    finetune(bert, data, data.split(0), tmp_path, settings)
    # Of 20 steps cut_frac 0.1 gives 2 to rise in. With p = 0, 1/2, 1, then 17/18, 16/18, ...:
    # (1 + 31 p) / 32.
    expected = [1 / 32, 33 / 64, 1.0, (1 + 31 * 17 / 18) / 32]
    np.testing.assert_allclose(watched["rates"][:4], 3e-4 * np.array(expected), rtol=1e-9)
    # Half way down, and at the last step p = 1/18.
    np.testing.assert_allclose(watched["rates"][11], 3e-4 * 33 / 64, rtol=1e-9)
    np.testing.assert_allclose(watched["rates"][19], 3e-4 * 49 / 576, rtol=1e-9)


@pytest.mark.parametrize(
    ("warmup", "total", "shares"),
    [
        (0.5, 4, [0.25, 0.625, 1.0, 0.625]),
        (0.3, 5, [0.25, 1.0, 0.8125, 0.625, 0.4375]),  # 1.5 steps are 1
        (0.0, 2, [1.0, 0.625]),
        (1.0, 3, [0.25, 0.625, 1.0]),
        (0.1, 1, [1.0]),
    ],
)
def test_the_shares_of_slanted_triangles(warmup, total, shares):
    settings = Settings(schedule="slanted-triangular", warmup=warmup, ratio=4)
    found = [settings.slanted_share(step, total) for step in range(total)]
    np.testing.assert_allclose(found, shares, rtol=1e-12)
    assert settings.slanted_share(total, total) == 0.25  # asked for once more after the last


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
def test_rates_rise_and_fall_as_said(bert, data, tmp_path, watched, schedule):
    settings = Settings(epochs=5, batch_size=8, schedule=schedule, warmup=0.25)
    finetune(bert, data, data.split(0), tmp_path, settings)
    total, warmup = 20, 5
    falls = {
        "linear": lambda x: 1 - x,
        "cosine": lambda x: 0.5 * (1 + math.cos(math.pi * x)),
        "constant": lambda x: 1.0,
    }[schedule]
    expected = [k / warmup for k in range(warmup)]
    expected += [falls((k - warmup) / (total - warmup)) for k in range(warmup, total)]
    np.testing.assert_allclose(watched["rates"], 3e-4 * np.array(expected), rtol=1e-9)


@pytest.mark.parametrize(
    ("warmup", "total", "steps"),
    [(0.1, 100, 10), (0.1, 1, 0), (1.0, 5, 4), (0.0, 9, 0), (0.07, 100, 7), (0.1, 11, 2)],
)
def test_steps_of_the_warmup(warmup, total, steps):
    assert Settings(warmup=warmup).warmup_steps(total) == steps


def test_a_training_of_one_step_is_one(bert, data, tmp_path, watched):
    from safetensors.numpy import load_file

    finetune(bert, data, data.split(0), tmp_path, Settings(epochs=1, batch_size=1000))
    assert watched["rates"] == [3e-4]
    before, after = (
        load_file(tmp_path / f"step-{k}" / "model.safetensors") for k in kept_steps(1, 1)
    )
    assert any((before[name] != after[name]).any() for name in before)


@pytest.mark.parametrize("kind", ["bert", "gpt2", "t5", "albert", "roberta", "distilbert"])
def test_decay_spares_biases_and_norms(model_folder, data, tmp_path, watched, kind):
    base = Pretrained(model=model_folder(kind), device="cpu")
    settings = Settings(epochs=1, batch_size=1000, weight_decay=0.1)
    finetune(base, data, data.split(0), tmp_path, settings)
    model = watched["trainer"].model
    spared = watched["all"] - watched["decayed"]
    one_dimensional = {n for n, p in model.named_parameters() if p.requires_grad and p.ndim == 1}
    # Every vector is a bias or a norm's gain; T5's relative biases are a table, named as one.
    assert spared == one_dimensional | {n for n in watched["all"] if "attention_bias" in n}
    assert "head.linear.weight" in watched["decayed"]


@pytest.mark.parametrize(("batches", "fused"), [("random", None), ("length", True)])
def test_batches_by_length_are_learned_from_with_a_fused_optimizer(
    bert, data, tmp_path, watched, batches, fused
):
    settings = Settings(epochs=1, batch_size=20, batches=batches)
    finetune(bert, data, data.split(0), tmp_path, settings)
    assert watched["trainer"].optimizer.optimizer.defaults["fused"] is fused


def test_decay_of_a_parser_spares_biases(bert):
    from sondage_transformers.biaffine import BiaffineHead

    names = {n for n, p in BiaffineHead(8, 3, 0).named_parameters() if p.ndim == 1}
    assert names == {"root", "as_head.bias", "as_dependent.bias", "arc.bias", "single.bias"}


def test_dropout_acts_in_training_alone(bert, data, tmp_path, watched):
    settings = Settings(**QUICK, freeze=2)
    finetune(bert, data, data.split(0), tmp_path, settings, checkpoints=2)
    training = [m for m in watched["modes"] if m[0]]
    scoring = [m for m in watched["modes"] if not m[0]]
    assert training == [(True, True, {True})] * len(training)
    assert scoring == [(False, False, {False})] * len(scoring)
    # Four steps an epoch; dev at steps 0, 4 and 8, and the test part, a batch each.
    assert (len(training), len(scoring)) == (8, 4)


@pytest.mark.parametrize("norm", [0.0, 0.01])
def test_gradients_are_clipped_to_their_norm(bert, data, tmp_path, monkeypatch, norm):
    import torch

    norms, before = [], torch.optim.AdamW.step

    def step(self, *args, **options):
        grads = [p.grad for g in self.param_groups for p in g["params"] if p.grad is not None]
        norms.append(float(torch.stack([g.norm() for g in grads]).norm()))
        return before(self, *args, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    settings = Settings(**QUICK, max_grad_norm=norm)
    finetune(bert, data, data.split(0), tmp_path, settings)
    assert len(norms) == 8
    if norm:
        np.testing.assert_allclose(norms, norm, rtol=1e-3)
    else:
        assert min(norms) > 0.02


def test_blocks_above_a_truncated_base_are_not_run(bert, data, tmp_path, monkeypatch):
    from transformers.models.bert.modeling_bert import BertLayer

    calls, before = [], BertLayer.forward

    def forward(self, *args, **options):
        calls.append(id(self))
        return before(self, *args, **options)

    monkeypatch.setattr(BertLayer, "forward", forward)
    base = Truncated(base=bert, layers=1)
    settings = Settings(epochs=5, batch_size=8)
    finetune(base, data, data.split(0), tmp_path, settings)
    counts = sorted(calls.count(block) for block in set(calls))
    # The upper two are run where the blocks are looked for alone; the first for dev and test too.
    assert counts[:2] == [counts[0]] * 2
    assert counts[2] >= counts[0] + 20


def test_scores_on_test_are_of_the_last_step(bert, data, tmp_path):
    split = data.split(0)
    same = Split(split.train, split.dev, split.dev)
    result = finetune(bert, data, same, tmp_path, Settings(**QUICK))
    assert result.scores["test_accuracy"] == result.scores["dev_accuracy"]
    assert result.scores["test_loss"] == result.scores["dev_loss"]
    assert result.tables["checkpoints"]["dev_loss"][-1] == result.scores["test_loss"]


def test_the_test_part_moves_nothing(bert, data, tmp_path):
    split = data.split(0)
    half = Split(split.train, split.dev, split.test[: len(split.test) // 2])
    none = Split(split.train, split.dev, split.test[:0])
    results = [
        finetune(bert, data, part, tmp_path / str(k), Settings(**QUICK))
        for k, part in enumerate((split, half, none))
    ]
    files = [(tmp_path / str(k) / "step-8" / "model.safetensors").read_bytes() for k in range(3)]
    assert files[0] == files[1] == files[2]
    tests = [r.scores.get("test_loss") for r in results]
    assert len(set(tests)) == 3
    assert tests[2] is None
    assert results[2].warnings == {"no-test-items": 1}
    keys = [{k: v for k, v in r.scores.items() if "test" not in k} for r in results]
    assert keys[0] == keys[1] == keys[2]


def test_labels_unseen_in_training_are_counted(bert, data, tmp_path):
    split, y = data.split(0), data.target.y
    rare = np.argmin(np.bincount(y))
    poor = Split(split.train[y[split.train] != rare], split.dev, split.test)
    result = finetune(bert, data, poor, tmp_path, Settings(**QUICK))
    lost = int((y[split.dev] == rare).sum() + (y[split.test] == rare).sum())
    assert lost > 0
    assert result.warnings == {"unseen-label": lost}


def test_what_identifies_a_training_is_as_it_was_before_later_parameters(bert):
    from importlib.metadata import version

    from sondage.data import digest
    from sondage_transformers import Finetuned

    series = Finetuned(base=bert, task=ToyTask(n=12), epochs=1)
    before = ("auto", 3e-4, "linear", 0.1, 1, 32, 0.0, 1.0, 0, None, None)
    torch = ".".join(version("torch").split(".")[:2])
    parts = ("transformers.finetuned", bert.fingerprint, series.task.fingerprint, 0)
    assert series.recipe_digest == digest(*parts, before, torch)
    assert repr(Settings(freeze=2)) == (
        "Settings(head='auto', learning_rate=0.0003, schedule='linear', warmup=0.1, epochs=10, "
        "batch_size=32, weight_decay=0.0, max_grad_norm=1.0, seed=0, freeze=2, max_length=None)"
    )
    others = (("betas", (0.9, 0.99)), ("epsilon", 1e-6), ("ratio", 8.0), ("head_dropout", 0.0))
    others += (("batches", "length"),)
    told = {
        Finetuned(base=bert, task=series.task, epochs=1, **{name: value}).recipe_digest
        for name, value in others
    }
    assert len(told | {series.recipe_digest}) == 6


def test_results_without_test_scores_are_not_taken_for_whole(bert):
    from sondage.data import digest
    from sondage_transformers import Finetuned

    series = Finetuned(base=bert, task=ToyTask(n=12), epochs=1)
    assert series.fingerprint == digest(series.recipe_digest, 1, SCORES)
    assert series.fingerprint != digest(series.recipe_digest, 1)


def test_a_training_tells_how_far_it_is(bert, tmp_path, monkeypatch):
    from sondage.guard import headway

    monkeypatch.setattr(headway, "EVERY", 0.0)
    data, found = ToyTask(n=40).load(), []
    with headway.heard(found.append):
        finetune(bert, data, data.split(0), tmp_path, Settings(epochs=2, batch_size=8))
    steps = [one for one in found if one.unit == "steps"]
    assert [one.done for one in steps] == [*range(steps[-1].total + 1)]
    assert steps[-1].facts["epoch"] == 2.0
    assert steps[-1].facts["loss"] > 0
