"""The head of a training is kept, and scores the end task again."""

import json
import shutil

import numpy as np
import pytest

from sondage.contracts import Headed, Live
from sondage.data import Answers, Labels, TaskData, Trees, Units, digest
from sondage.errors import DataError, EncodingError, ParameterError
from sondage.stats import cluster_interval
from sondage.testing.toys import ToyEncoder, ToyQuestions, ToyTask
from sondage_transformers import Finetuned, Truncated

QUICK = {"epochs": 1, "batch_size": 8, "learning_rate": 3e-3}


class OfToys(ToyTask):
    """The toy task's sentences with other targets."""

    def __init__(self, target, units="words"):
        super().__init__(n=40)
        self.target, self.units = target, units

    @property
    def fingerprint(self):
        return digest("of toys", self.target.__name__)

    def load(self):
        corpus = super().load().corpus
        return TaskData(corpus, self.target(corpus, np.diff(corpus.offsets)))


def long_or_short(corpus, sizes):
    return Labels(Units.of_sentences(40), (sizes > np.median(sizes)).astype(int), ("short", "long"))


def three_lengths(corpus, sizes):
    y = np.digitize(sizes, np.quantile(sizes, [0.33, 0.66]))
    return Labels(Units.of_sentences(40), y, ("a", "b", "c"))


def first_pairs(corpus, sizes):
    there = np.flatnonzero(sizes > 1)
    units = Units.of_words(there, 0 * there, 0 * there + 1)
    return Labels(units, there % 2, ("even", "odd"))


def chains(corpus, sizes):
    heads = np.concatenate([np.arange(-1, n - 1) for n in sizes])
    scored = np.arange(len(heads)) % 4 > 0
    return Trees(heads, scored, (heads < 0).astype(int), ("next", "root"), np.arange(40))


def trained(folder, **parameters):
    series = Finetuned(**{**QUICK, **parameters})
    series.place(folder)
    return series, series.train()


TASKS = {
    "sentence": lambda: OfToys(long_or_short, "sentences"),
    "sentence-mean": lambda: OfToys(three_lengths, "sentences"),
    "pooler-fresh": lambda: OfToys(long_or_short, "sentences"),
    "pooler": lambda: OfToys(long_or_short, "sentences"),
    "word": lambda: ToyTask(n=40),
    "pair": lambda: OfToys(first_pairs),
    "biaffine": lambda: OfToys(chains, "trees"),
    "span": ToyQuestions,
}


@pytest.mark.parametrize("head", TASKS)
def test_the_last_step_scores_as_its_training_did(head, bert, tmp_path):
    task = TASKS[head]()
    series, result = trained(tmp_path, base=bert, task=task, head=head)
    data, last = task.load(), series.at(series.steps[-1])
    assert isinstance(last, Headed)
    split = data.split(0)
    for part in ("dev", "test"):
        items = getattr(split, part)
        if not len(items):
            continue
        found = last.end_task(data, items)
        for name, value in found.scores.items():
            assert value == result.scores[f"{part}_{name}"], name
        outcomes = found.outcomes
        assert outcomes.values.mean() == pytest.approx(found.scores[outcomes.score])
        assert len(np.unique(outcomes.items)) == len(outcomes.items)
        if isinstance(data.target, Labels | Answers):
            assert sorted(outcomes.items) == sorted(items)
            assert (outcomes.groups == data.target.sentence[outcomes.items]).all()
        else:
            assert set(outcomes.groups) == set(data.target.sentence[items])
            assert data.target.scored[outcomes.items].all()
    first = series.at(0).end_task(data, split.dev)
    assert first.scores["loss"] == result.tables["checkpoints"]["dev_loss"][0]
    _fared_alike(result, series, data, split)


def _fared_alike(result, series, data, split):
    """Hold the outcomes of a training against the head of each kept step, scored again."""
    told = {one.score: one for one in (result.outcomes, *result.further)}
    table = result.tables["checkpoints"]
    for part, steps in (("dev", series.steps), ("test", series.steps[-1:])):
        items = getattr(split, part)
        if not len(items):
            continue
        assert result.arrays[f"{part}_steps"].tolist() == list(steps)
        for step, values in zip(steps, result.arrays[f"{part}_outcomes"], strict=True):
            again = series.at(step).end_task(data, items)
            name = f"{part}_{again.outcomes.score}"
            assert values.dtype == bool
            assert (values == again.outcomes.values).all()
            assert (result.arrays[f"{part}_items"] == again.outcomes.items).all()
            assert (result.arrays[f"{part}_groups"] == again.outcomes.groups).all()
            if part == "dev":
                row = table["step"].index(step)
                over = cluster_interval(values, again.outcomes.groups)
                assert values.mean() == pytest.approx(table[name][row])
                assert (table[f"{name}_low"][row], table[f"{name}_high"][row]) == (
                    over.low, over.high,
                )  # fmt: skip
        assert (told[name].values == values).all()
        assert values.mean() == pytest.approx(result.scores[name])
    assert result.outcomes.score.startswith("dev_")


def test_a_training_from_before_outcomes_were_kept_gets_them_from_its_heads(bert, tmp_path):
    given = {"base": bert, "task": ToyTask(n=40), "checkpoints": 2}
    result = trained(tmp_path, **given)[1]
    end = tmp_path / "finished.json"
    history = json.loads(end.read_text("utf-8"))
    del history["outcomes"]
    end.write_text(json.dumps(history), "utf-8")
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.safetensors")}
    again = trained(tmp_path, **given)[1]
    assert (again.scores, again.tables) == (result.scores, result.tables)
    assert again.arrays.keys() == result.arrays.keys()
    assert all((again.arrays[name] == result.arrays[name]).all() for name in again.arrays)
    assert [o.score for o in again.further] == [o.score for o in result.further]
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.safetensors")} == before
    for step in tmp_path.glob("step-*"):
        names = json.loads((step / "files.json").read_text("utf-8"))
        (step / "files.json").write_text(json.dumps([n for n in names if "head" not in n]))
        (step / "head.safetensors").unlink()
    bare = trained(tmp_path, **given)[1]
    assert (bare.scores, bare.outcomes, bare.arrays) == (result.scores, None, {})


def test_a_truncated_base_has_its_head_on_its_last_block(bert, tmp_path):
    task = ToyTask(n=40)
    series, result = trained(tmp_path, base=Truncated(base=bert, layers=1), task=task, epochs=1)
    data = task.load()
    found = series.at(series.steps[-1]).end_task(data, data.split(0).test)
    assert found.scores["accuracy"] == result.scores["test_accuracy"]


@pytest.fixture(scope="module")
def tuned(bert, tmp_path_factory):
    return trained(tmp_path_factory.mktemp("tuned"), base=bert, task=ToyTask(n=20))[0]


def test_a_head_of_another_task_is_refused(tuned):
    last = tuned.at(tuned.steps[-1])
    other = OfToys(three_lengths, "sentences").load()
    with pytest.raises(DataError, match=r"trained on words with 3 .*not on sentences with 3"):
        last.end_task(other, other.split(0).test)
    data = tuned.task.load()
    with pytest.raises(DataError, match="no items"):
        last.end_task(data, np.zeros(0, np.int64))


def test_a_training_without_a_kept_head_says_so(tuned, bert, tmp_path):
    folder = tmp_path / "old"
    shutil.copytree(tuned.folder, folder)
    for file in folder.glob("step-*/head.safetensors"):
        file.unlink()
    old = Finetuned(**{**QUICK, "base": bert, "task": ToyTask(n=20)})
    old.place(folder)
    data = old.task.load()
    with pytest.raises(EncodingError, match="kept no head") as raised:
        old.at(old.steps[-1]).end_task(data, data.split(0).test)
    assert "step-" in raised.value.where
    none = Finetuned(**{**QUICK, "base": bert, "task": ToyTask(n=20)})
    with pytest.raises(ParameterError, match="no weights yet"):
        none.at(0).end_task(data, data.split(0).test)


def test_live_encoders_show_their_model(tuned, bert):
    import torch

    for encoder in (bert, tuned.at(0), Truncated(base=bert, layers=1)):
        assert isinstance(encoder, Live)
        model = encoder.module()
        assert isinstance(model, torch.nn.Module)
        assert not model.training
        assert not any(p.requires_grad for p in model.parameters())
    assert Truncated(base=bert, layers=1).module() is bert.module()
    assert not isinstance(bert, Headed)
    with pytest.raises(EncodingError, match="ToyEncoder shows no model"):
        Truncated(base=ToyEncoder(), layers=1).module()
