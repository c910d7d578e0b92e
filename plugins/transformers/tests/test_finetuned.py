"""Fine-tuned encoders: what is learned, what stays, what is kept, and what is refused."""

import json
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from sondage.data import Corpus, Labels, Request, Split, TaskData, Units, digest
from sondage.errors import DataError, EncodingError, ParameterError
from sondage.testing.toys import ToyTask
from sondage_transformers import (
    Finetuned,
    Pretrained,
    Randomised,
    Settings,
    Truncated,
    collect,
    finetune,
)
from sondage_transformers.settings import kept_steps

QUICK = {"epochs": 6, "batch_size": 8, "learning_rate": 3e-3}
FILLERS = ("fox", "dog", "bank", "river", "noon")
COLOURS = ("red", "green", "blue", "grey")


class Task:
    """A task over data made by a function."""

    randomness = ()

    def __init__(self, name, units="words"):
        self.name, self.units = name, units
        self.loads = 0

    @property
    def fingerprint(self):
        return digest("test task", self.name)

    corpus_fingerprint = fingerprint

    def load(self):
        self.loads += 1
        return MAKERS[self.name]()


def sentences(n, seed=0):
    """Return sentences of fillers with one colour each, and where it stands."""
    rng = np.random.default_rng(seed)
    words, place, colour = [], [], rng.integers(0, len(COLOURS), n)
    for c in colour:
        sentence = list(rng.choice(FILLERS, rng.integers(2, 9)))
        place.append(int(rng.integers(len(sentence) + 1)))
        words.append(
            [*map(str, sentence[: place[-1]]), COLOURS[c], *map(str, sentence[place[-1] :])]
        )
    return Corpus.of_words(words), np.array(place), colour


def halves(n):
    order = np.arange(n)
    return Split(order[: n // 2], order[n // 2 : 3 * n // 4], order[3 * n // 4 :])


def colour_of_sentence():
    corpus, _, colour = sentences(240)
    return TaskData(corpus, Labels(Units.of_sentences(240), colour, COLOURS), halves(240))


def colour_of_text():
    data = colour_of_sentence()
    return TaskData(Corpus(tuple(data.corpus.texts)), data.target, data.fixed)


def order_of_pair():
    """Say of (colour, next word) and (next word, colour) which comes first."""
    corpus, place, _ = sentences(160)
    index = np.arange(160)
    last = np.diff(corpus.offsets) - 1
    first, second = np.minimum(place, last - 1), np.minimum(place, last - 1) + 1
    units = Units.of_words(
        np.tile(index, 2), np.concatenate([first, second]), np.concatenate([second, first])
    )
    y = np.repeat([0, 1], 160)
    rows = np.concatenate([halves(160).train, 160 + halves(160).train])
    split = Split(rows, np.concatenate([np.arange(80, 120), 160 + np.arange(80, 120)]), rows[:0])
    return TaskData(corpus, Labels(units, y, ("forward", "back")), split)


def one_label():
    corpus, _, _ = sentences(20)
    y = np.zeros(20, np.int64)
    return TaskData(corpus, Labels(Units.of_sentences(20), y, ("a", "b")), halves(20))


def many_labels():
    corpus, _, colour = sentences(20)
    y = np.eye(4, dtype=bool)[colour]
    return TaskData(corpus, Labels(Units.of_sentences(20), y, COLOURS), halves(20))


def outside():
    corpus, _, _ = sentences(20)
    units = Units.of_words(np.arange(20), np.full(20, 50))
    return TaskData(corpus, Labels(units, np.arange(20) % 2, ("a", "b")), halves(20))


def no_dev():
    data = colour_of_sentence()
    split = Split(data.fixed.train, data.fixed.dev[:0], data.fixed.test)
    return TaskData(data.corpus, data.target, split)


MAKERS = {
    f.__name__: f
    for f in (
        colour_of_sentence, colour_of_text, order_of_pair, one_label, many_labels, outside, no_dev,
    )
}  # fmt: skip


@pytest.fixture
def in_fresh_python():
    def run(code):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def trained(folder, **parameters):
    series = Finetuned(**{**QUICK, **parameters})
    series.place(folder)
    return series, series.train()


def weights(series, step):
    from safetensors.numpy import load_file

    return load_file(series.folder / f"step-{step}" / "model.safetensors")


@pytest.fixture(scope="module")
def words(bert, tmp_path_factory):
    """Return a training on word lengths, its result and its folder."""
    folder = tmp_path_factory.mktemp("words")
    return trained(folder, base=bert, task=ToyTask(n=80), epochs=12, checkpoints=3)


def majority(data, split):
    y = data.target.y
    return np.mean(y[split.dev] == np.bincount(y[split.train]).argmax())


def told(result):
    """Return all that a result says, to be compared."""
    fared = [
        (o.score, *(a.tolist() for a in (o.items, o.groups, o.values)))
        for o in (result.outcomes, *result.further)
        if o is not None
    ]
    arrays = {name: array.tolist() for name, array in result.arrays.items()}
    return result.scores, result.tables, result.warnings, fared, arrays


def test_word_labels_are_learned(words):
    _, result = words
    data = ToyTask(n=80).load()
    assert list(result.scores) == [
        "dev_accuracy", "test_accuracy", "dev_loss", "test_loss", "train_loss",
    ]  # fmt: skip
    assert result.scores["dev_accuracy"] > majority(data, data.split(0)) + 0.25
    assert result.warnings == {}


def test_the_table_has_a_row_a_kept_step(words):
    series, result = words
    table = result.tables["checkpoints"]
    assert table["step"] == list(series.steps) == [0, 32, 64, 96]
    assert table["epoch"] == [0, 4, 8, 12]
    assert table["train_loss"][0] is None
    assert table["dev_loss"][-1] == result.scores["dev_loss"]
    assert table["dev_accuracy"][-1] == result.scores["dev_accuracy"]
    assert table["dev_loss"][0] == pytest.approx(np.log(3), abs=0.1)  # an untrained head
    assert sorted(table["train_loss"][1:], reverse=True) == table["train_loss"][1:]


def test_step_0_is_the_base_bit_for_bit_and_later_ones_are_not(words, bert):
    series, _ = words
    corpus = ToyTask(n=10).load().corpus
    for view in ("cls", "word", "subwords"):
        base, _ = collect(bert, corpus, (0, 1, 2, 3), view)
        first, _ = collect(series.at(0), corpus, (0, 1, 2, 3), view)
        last, _ = collect(series.at(96), corpus, (0, 1, 2, 3), view)
        assert first.tobytes() == base.tobytes()
        assert (np.abs(last - base).max((1, 2)) > 0.01).all()


def test_a_step_has_the_shape_of_the_base_before_any_training(bert):
    step = Finetuned(base=bert, task=ToyTask()).at(0)
    assert (step.n_layers, step.width, step.views) == (bert.n_layers, bert.width, bert.views)
    with pytest.raises(ParameterError, match="no weights yet"):
        next(step.encode(ToyTask(n=3).load().corpus, Request((0,), ("word",))))


def test_only_whole_safetensors_are_kept(words):
    series, _ = words
    found = {p.relative_to(series.folder).as_posix() for p in series.folder.rglob("*")}
    assert {f for f in found if "/" not in f} == {
        "finished.json", "step-0", "step-32", "step-64", "step-96",
    }  # fmt: skip
    suffixes = {Path(f).suffix for f in found if Path(series.folder, f).is_file()}
    assert suffixes <= {".json", ".safetensors", ".txt"}
    loaded = Pretrained(model=str(series.folder / "step-32"), device="cpu")
    corpus = ToyTask(n=5).load().corpus
    same, _ = collect(loaded, corpus, (3,), "word")
    assert same.tobytes() == collect(series.at(32), corpus, (3,), "word")[0].tobytes()


def test_a_finished_training_is_not_repeated(words, bert):
    series, result = words
    before = {p: p.stat().st_mtime_ns for p in series.folder.rglob("*")}
    again = Finetuned(
        **{**QUICK, "base": bert, "task": ToyTask(n=80), "epochs": 12, "checkpoints": 3}
    )
    again.place(series.folder)
    assert told(again.train()) == told(result)
    assert {p: p.stat().st_mtime_ns for p in series.folder.rglob("*")} == before


def test_a_lost_file_is_made_again_with_the_same_bytes(bert, tmp_path):
    series, result = trained(tmp_path, base=bert, task=ToyTask(n=20), epochs=2)
    file = tmp_path / f"step-{series.steps[-1]}" / "model.safetensors"
    before = file.read_bytes()
    file.unlink()
    assert told(series.train()) == told(result)
    assert file.read_bytes() == before


def test_two_trainings_agree_and_seeds_differ(bert, tmp_path):
    task = ToyTask(n=20)
    one, first = trained(tmp_path / "1", base=bert, task=task, epochs=2)
    two, second = trained(tmp_path / "2", base=bert, task=task, epochs=2)
    other, third = trained(tmp_path / "3", base=bert, task=task, epochs=2, seed=1)
    last = one.steps[-1]
    files = [
        (s.folder / f"step-{last}" / "model.safetensors").read_bytes() for s in (one, two, other)
    ]
    assert told(first) == told(second) != told(third)
    assert files[0] == files[1] != files[2]


def test_which_steps_are_kept_moves_no_weight(bert, tmp_path):
    task = ToyTask(n=20)
    one, _ = trained(tmp_path / "1", base=bert, task=task, epochs=2)
    two, _ = trained(tmp_path / "2", base=bert, task=task, epochs=2, checkpoints=[1, 2])
    assert two.steps == (0, 1, 2, *one.steps[1:])
    for name, value in weights(one, one.steps[-1]).items():
        assert value.tobytes() == weights(two, one.steps[-1])[name].tobytes()
    assert one.fingerprint != two.fingerprint
    assert one.at(0).fingerprint == two.at(0).fingerprint


@pytest.mark.parametrize("freeze", [0, 2, 3])
def test_frozen_layers_stay_bit_for_bit_and_others_move(bert, tmp_path, freeze):
    series, _ = trained(tmp_path, base=bert, task=ToyTask(n=20), epochs=2, freeze=freeze)
    before, after = weights(series, 0), weights(series, series.steps[-1])
    moved = {name for name in before if before[name].tobytes() != after[name].tobytes()}
    free = {n for n in before for k in range(freeze, 3) if n.startswith(f"encoder.layer.{k}.")}
    assert moved <= free
    # A bias of the keys shifts all scores of a query alike: its gradient is rounding.
    assert {n for n in free - moved if "key.bias" not in n} == set()
    corpus = ToyTask(n=5).load().corpus
    base, _ = collect(bert, corpus, (0, 1, 2, 3), "word")
    tuned, _ = collect(series.at(series.steps[-1]), corpus, (0, 1, 2, 3), "word")
    same = [a.tobytes() == b.tobytes() for a, b in zip(base, tuned, strict=True)]
    assert same == [k <= freeze for k in range(4)]


def test_without_freezing_all_but_the_pooler_moves(words):
    series, _ = words
    before, after = weights(series, 0), weights(series, 96)
    still = {n for n in before if before[n].tobytes() == after[n].tobytes()}
    assert still == {"pooler.dense.weight", "pooler.dense.bias"}


@pytest.mark.parametrize(
    ("task", "units", "head"),
    [
        ("colour_of_sentence", "sentences", "auto"),
        ("colour_of_sentence", "sentences", "sentence-mean"),
        ("colour_of_text", "sentences", "sentence"),
        ("order_of_pair", "words", "auto"),
    ],
)
def test_every_head_learns(bert, tmp_path, task, units, head):
    given = {"epochs": 8, "head": head}
    _, result = trained(tmp_path, base=bert, task=Task(task, units), **given)
    data = MAKERS[task]()
    assert result.scores["dev_accuracy"] > majority(data, data.fixed) + 0.2


@pytest.mark.parametrize("kind", ["gpt2", "t5", "albert", "roberta"])
def test_other_families_learn_and_start_at_their_base(model_folder, tmp_path, kind):
    base = Pretrained(model=model_folder(kind), device="cpu")
    series, result = trained(tmp_path, base=base, task=ToyTask(n=40), epochs=10, freeze=0)
    table = result.tables["checkpoints"]
    assert table["dev_loss"][-1] < table["dev_loss"][0]
    corpus = ToyTask(n=5).load().corpus
    layers = tuple(range(base.n_layers + 1))
    expected, _ = collect(base, corpus, layers, "word")
    assert collect(series.at(0), corpus, layers, "word")[0].tobytes() == expected.tobytes()
    last, _ = collect(series.at(series.steps[-1]), corpus, layers, "word")
    same = [a.tobytes() == b.tobytes() for a, b in zip(expected, last, strict=True)]
    assert same == [k == 0 for k in layers]


def test_a_model_without_cls_reads_its_last_subword(model_folder, tmp_path):
    base = Pretrained(model=model_folder("gpt2"), device="cpu")
    task = Task("colour_of_sentence", "sentences")
    _, result = trained(tmp_path, base=base, task=task, epochs=15, learning_rate=1e-2)
    assert result.scores["dev_accuracy"] > 0.45


def test_bases_of_other_kinds(bert, words, tmp_path):
    series, _ = words
    corpus = ToyTask(n=5).load().corpus
    bases = {
        "randomised": Randomised(base=bert, seed=3),
        "truncated": Truncated(base=bert, layers=2),
        "step": series.at(96),
        "both": Truncated(base=series.at(32), layers=1),
    }
    for name, base in bases.items():
        again, _ = trained(tmp_path / name, base=base, task=ToyTask(n=20), epochs=2)
        layers = tuple(range(base.n_layers + 1))
        expected, _ = collect(base, corpus, layers, "word")
        assert collect(again.at(0), corpus, layers, "word")[0].tobytes() == expected.tobytes()
        last, _ = collect(again.at(again.steps[-1]), corpus, layers, "word")
        assert (last[-1] != expected[-1]).any()
        top = f"encoder.layer.{base.n_layers}."
        before, after = weights(again, 0), weights(again, again.steps[-1])
        assert all(before[n].tobytes() == after[n].tobytes() for n in before if top in n)


def test_half_precision_is_trained_in_float32_and_encodes_as_its_base(model_folder, tmp_path):
    base = Pretrained(model=model_folder("bert"), device="cpu", dtype="bfloat16")
    series, _ = trained(tmp_path, base=base, task=ToyTask(n=20), epochs=2)
    assert {w.dtype for w in weights(series, 0).values()} == {np.dtype("float32")}
    corpus = ToyTask(n=5).load().corpus
    expected, _ = collect(base, corpus, (0, 3), "word")
    assert collect(series.at(0), corpus, (0, 3), "word")[0].tobytes() == expected.tobytes()


@pytest.mark.parametrize("given", [{"learning_rate": 1e30}, {"learning_rate": 1e30, "epochs": 1}])
def test_divergence_is_an_error_with_its_step(bert, tmp_path, given):
    series = Finetuned(base=bert, task=ToyTask(n=40), **{**QUICK, **given})
    series.place(tmp_path)
    with pytest.raises(EncodingError, match=r"diverged: .* at step \d+"):
        series.train()
    assert not (tmp_path / "finished.json").exists()
    assert not (tmp_path / f"step-{series.steps[-1]}").exists()


@pytest.mark.parametrize(
    ("task", "units", "given", "error", "words"),
    [
        ("colour_of_sentence", "rankings", {}, ParameterError, "units are 'rankings'"),
        ("colour_of_sentence", "sentences", {"head": "word"}, ParameterError, "head 'word'"),
        ("order_of_pair", "words", {"head": "word"}, ParameterError, "2 spans"),
        ("order_of_pair", "words", {"head": "sentence"}, ParameterError, "'sentence'"),
        ("order_of_pair", "words", {"freeze": 4}, ParameterError, "3 blocks"),
        ("order_of_pair", "words", {"checkpoints": [1000]}, ParameterError, "60 steps"),
        ("order_of_pair", "words", {"max_length": 65}, EncodingError, "positions"),
        ("one_label", "sentences", {}, DataError, "nothing to learn"),
        ("many_labels", "sentences", {}, DataError, "several labels"),
        ("outside", "words", {}, DataError, "item 0 has span"),
    ],
)
def test_what_does_not_fit_is_refused(bert, tmp_path, task, units, given, error, words):
    with pytest.raises(error, match=words):
        trained(tmp_path, base=bert, task=Task(task, units), **given)


def test_a_foreign_base_is_refused():
    from sondage.testing.toys import ToyEncoder

    with pytest.raises(ParameterError, match="ToyEncoder"):
        Finetuned(base=ToyEncoder(), task=ToyTask())


def test_a_randomised_step_says_what_to_do_instead(bert):
    step = Finetuned(base=bert, task=ToyTask()).at(0)
    with pytest.raises(ParameterError, match="randomise the base itself"):
        _ = Randomised(base=step).fingerprint


def test_without_a_dev_part_the_scores_say_so(bert, tmp_path):
    task = Task("no_dev", "sentences")
    series, result = trained(tmp_path, base=bert, task=task, epochs=1)
    assert list(result.scores) == ["test_accuracy", "test_loss", "train_loss"]
    assert result.warnings == {"no-dev-items": 1}
    assert list(result.tables["checkpoints"]) == ["step", "epoch", "train_loss"]
    assert told(result) == told(series.train())


def test_long_sentences_are_counted_and_their_words_trained(bert, tmp_path):
    _, result = trained(tmp_path / "w", base=bert, task=ToyTask(n=40), epochs=1, max_length=8)
    assert result.warnings["windowed-sentences"] > 5
    task = Task("colour_of_sentence", "sentences")
    _, result = trained(tmp_path / "s", base=bert, task=task, epochs=1, max_length=8)
    assert result.warnings["truncated-sentences"] > 5


def test_steps_are_known_without_torch_and_cost_one_load(bert, in_fresh_python):
    task = ToyTask(n=40)
    series = Finetuned(base=bert, task=task, epochs=3, batch_size=7, checkpoints=2)
    n = len(np.unique(task.load().target.sentence[task.load().split(0).train]))
    assert series.steps[-1] == 3 * -(-n // 7)
    counted = Task("order_of_pair")
    series = Finetuned(base=bert, task=counted)
    assert series.steps == series.steps
    assert counted.loads == 1
    assert in_fresh_python(f"""
        import sys
        from sondage.testing.toys import ToyTask
        from sondage_transformers import Finetuned, Pretrained
        series = Finetuned(base=Pretrained(model={bert.model!r}), task=ToyTask())
        print(series.steps, series.fingerprint, series.at(0).n_layers, "torch" in sys.modules)
    """).endswith("3 False")


@pytest.mark.parametrize(
    ("total", "checkpoints", "steps"),
    [
        (100, 1, (0, 100)),
        (100, 4, (0, 25, 50, 75, 100)),
        (3, 10, (0, 1, 2, 3)),
        (100, [7, 3], (0, 3, 7, 100)),
        (100, [], (0, 100)),
    ],
)
def test_kept_steps(total, checkpoints, steps):
    assert kept_steps(total, checkpoints) == steps


def test_every_parameter_changes_the_fingerprint(bert, model_folder):
    task = ToyTask()
    changes = [
        {"base": Pretrained(model=model_folder("gpt2"))}, {"task": ToyTask(n=41)},
        {"head": "word"}, {"learning_rate": 1e-4}, {"schedule": "cosine"}, {"warmup": 0.2},
        {"epochs": 3}, {"batch_size": 16}, {"weight_decay": 0.1}, {"max_grad_norm": 0.0},
        {"seed": 1}, {"split_seed": 1}, {"freeze": 0}, {"max_length": 30}, {"checkpoints": 2},
    ]  # fmt: skip
    plain = Finetuned(base=bert, task=task)
    series = [plain, *(Finetuned(**{"base": bert, "task": task, **c}) for c in changes)]
    assert len({s.fingerprint for s in series}) == len(series)
    assert len({s.at(0).fingerprint for s in series}) == len(series) - 1  # not `checkpoints`
    assert plain.at(0).fingerprint != plain.at(1).fingerprint


def test_a_trained_step_travels_between_processes(words):
    series, _ = words
    step = pickle.loads(pickle.dumps(series.at(32)))
    corpus = ToyTask(n=5).load().corpus
    expected, _ = collect(series.at(32), corpus, (3,), "word")
    assert collect(step, corpus, (3,), "word")[0].tobytes() == expected.tobytes()


def numpy_state():
    return np.random.get_state()[1].tobytes()  # noqa: NPY002


def test_random_state_environment_and_output_are_left_alone(bert, tmp_path, capfd, monkeypatch):
    import os
    import random

    import torch

    # Were it heeded, the training would be in another precision, or wait for other machines.
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    monkeypatch.setenv("WORLD_SIZE", "2")
    environment = dict(os.environ)
    before = random.getstate(), numpy_state(), torch.get_rng_state().tolist()
    trained(tmp_path, base=bert, task=ToyTask(n=20), epochs=1)
    after = random.getstate(), numpy_state(), torch.get_rng_state().tolist()
    assert after == before
    assert dict(os.environ) == environment
    assert capfd.readouterr() == ("", "")


def test_the_plain_function_refuses_a_folder_of_another_training(bert, tmp_path):
    data = ToyTask(n=20).load()
    settings = Settings(epochs=1, batch_size=8)
    result = finetune(bert, data, data.split(0), tmp_path, settings)
    assert told(result) == told(finetune(bert, data, data.split(0), tmp_path, settings))
    assert json.loads((tmp_path / "finished.json").read_text())["rows"][-1]["step"] == 2
    with pytest.raises(EncodingError, match="another training"):
        finetune(bert, data, data.split(1), tmp_path, settings)


def test_the_head_reads_what_encode_delivers(bert):
    """Loss and logits against rows from `collect` and a head in numpy."""
    from sondage_transformers.engine import Engine
    from sondage_transformers.examples import LabelExamples
    from sondage_transformers.headed_encoder import HeadedEncoder, head_for

    corpus = Corpus.of_words([["internationalisation", "!"], ["a", "naïve", "café", "here"]])
    spans = np.array([[[1, 2], [0, 1]], [[0, 3], [2, 4]], [[1, 3], [3, 4]]])
    data = TaskData(
        corpus, Labels(Units(np.array([0, 1, 1]), spans), np.array([0, 2, 1]), ("a", "b", "c"))
    )
    headed = HeadedEncoder(
        Engine(bert.recipe), "word", head_for(data.target, bert.width, seed=5)
    ).eval()
    portion = LabelExamples(headed.engine, data, np.array([2, 0, 1]), "word").portion(
        np.array([0, 1])
    )
    out = headed(portion)
    rows = collect(bert, corpus, (3,), "word")[0][0]
    starts = [0, 2, 2]
    x = np.stack(
        [
            np.concatenate([rows[o + a : o + b].mean(0) for a, b in s])
            for o, s in zip(starts, spans, strict=True)
        ]
    )
    order = [0, 2, 1]  # items by sentence, in the order given
    logits = x[order] @ headed.head.linear.weight.detach().numpy().T
    np.testing.assert_allclose(out["logits"].detach().numpy(), logits, atol=1e-5)
    y = data.target.y[order]
    exact = np.mean(np.log(np.exp(logits).sum(1)) - logits[np.arange(3), y])
    assert float(out["loss"].detach()) == pytest.approx(exact, abs=1e-5)
