"""Batches of an epoch: at random as ever, or of texts of like length."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.data import Corpus, Labels, TaskData, Units
from sondage.testing.toys import ToyTask, question_data
from sondage_transformers import Pretrained, Settings, epochs
from sondage_transformers.engine import Engine
from sondage_transformers.epochs import in_batches
from sondage_transformers.making_examples import examples_of

LONG = "the quick brown fox jumps over the lazy dog near the river bank "


def plainly(n, size, lengths, pool, seed):
    """Make batches of like length item by item."""
    rng = np.random.default_rng(seed)
    order = [int(i) for i in rng.permutation(n)]
    rest = [order.pop() for _ in range(n % size)]
    out = []
    while order:
        some, order = order[: pool * size], order[pool * size :]
        some.sort(key=lambda i: lengths[i])
        while some:
            out.append(sorted(some[:size]))
            some = some[size:]
    if rest:
        out.append(sorted(rest))
    return [out[k] for k in rng.permutation(len(out))]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.integers(3, 40), min_size=1, max_size=60),
    st.integers(1, 7),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
)
def test_batches_of_like_length_are_those_of_a_plain_loop(lengths, size, pool, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(epochs, "POOL", pool)
        rng = np.random.default_rng(seed)
        made = in_batches(len(lengths), size, rng, np.array(lengths))
    assert [b.tolist() for b in made] == plainly(len(lengths), size, lengths, pool, seed)
    assert sorted(np.concatenate(made).tolist()) == list(range(len(lengths)))


@pytest.mark.parametrize("n", [1, 8, 21])
def test_random_batches_are_what_they_were(n):
    order = np.random.default_rng([5, 2]).permutation(n)
    before = [np.sort(order[k * 4 : (k + 1) * 4]).tolist() for k in range(-(-n // 4))]
    made = in_batches(n, 4, np.random.default_rng([5, 2]))
    assert [b.tolist() for b in made] == before


def test_a_batch_of_like_length_by_hand():
    # One pool holds all: neighbours by length are 0 and 3, 4 and 1, 2 and 5, in any order.
    lengths = np.array([3, 20, 30, 4, 19, 31])
    made = in_batches(6, 2, np.random.default_rng(0), lengths)
    assert sorted(b.tolist() for b in made) == [[0, 3], [1, 4], [2, 5]]


def test_the_smaller_batch_has_texts_of_any_length():
    lengths = np.arange(41)
    small = set()
    for seed in range(200):
        made = in_batches(41, 8, np.random.default_rng(seed), lengths)
        small |= {int(b[0]) for b in made if len(b) == 1}
    assert len(small) > 35


def test_epochs_differ_and_hardly_anything_is_padded():
    lengths = np.random.default_rng(0).integers(5, 200, 4000)
    one, two = (in_batches(4000, 16, np.random.default_rng([0, e]), lengths) for e in (0, 1))
    assert {b.tobytes() for b in one} != {b.tobytes() for b in two}
    padded = sum(len(b) * lengths[b].max() for b in one)
    assert padded < 1.05 * lengths.sum()


def task_of(kind):
    if kind == "word":
        return ToyTask(n=12).load()
    rng = np.random.default_rng(1)
    texts = [LONG[: int(k)].strip() for k in rng.integers(10, 300, 9) % 60 + 5]
    texts[4] = LONG * 4  # several windows
    if kind == "subwords":
        rows = [("Who jumps ?", f"{text} fox", [(len(text) + 1, "fox")]) for text in texts]
        return question_data(rows)
    return TaskData(
        Corpus(texts=tuple(texts)), Labels(Units.of_sentences(9), np.arange(9) % 2, ("a", "b"))
    )


@pytest.mark.parametrize("view", ["word", "cls", "subwords"])
def test_a_length_is_what_a_batch_of_one_has(model_folder, view):
    base = Pretrained(model=model_folder("bert"), device="cpu", max_length=30)
    data, engine = task_of(view), Engine(base.recipe)
    every = np.arange(len(data.target))
    examples = examples_of(engine, data, every, view, Settings())
    alone = [examples.portion(np.array([k])).batch.mask.shape[1] for k in range(len(examples))]
    assert examples.lengths.tolist() == alone
    assert len(set(alone)) > 2


def test_without_examples_there_are_no_lengths(model_folder):
    base = Pretrained(model=model_folder("bert"), device="cpu", max_length=30)
    none = np.zeros(0, np.int64)
    for view in ("word", "subwords"):
        made = examples_of(Engine(base.recipe), task_of(view), none, view, Settings())
        assert made.lengths.tolist() == []


def test_a_batch_does_not_hang_on_those_before(model_folder):
    from sondage_transformers.quiet_trainer import TrainingBatches

    base = Pretrained(model=model_folder("bert"), device="cpu")
    data = ToyTask(n=21).load()
    examples = examples_of(
        Engine(base.recipe), data, np.arange(len(data.target)), "word", Settings()
    )
    chosen = Settings(batches="length", batch_size=4, epochs=2)
    made = TrainingBatches(examples, chosen)
    whole = [made[k] for k in range(len(made))]
    np.testing.assert_array_equal(
        TrainingBatches(examples, chosen)[7].batch.ids, whole[7].batch.ids
    )
    assert sum(len(p.y) for p in whole[:6]) == len(data.target)


def test_a_killed_training_goes_on_with_the_same_batches(model_folder, tmp_path, monkeypatch):
    from sondage_transformers import finetune, training

    base, data = Pretrained(model=model_folder("bert"), device="cpu"), ToyTask(n=21).load()
    split, chosen = data.split(0), Settings(batches="length", batch_size=4, epochs=2)
    finetune(base, data, split, tmp_path / "whole", chosen, checkpoints=[6])
    before = training._Keeper.on_save

    def killed(self, *args, **more):
        before(self, *args, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(training._Keeper, "on_save", killed)
        with pytest.raises(KeyboardInterrupt):
            finetune(base, data, split, tmp_path / "twice", chosen, checkpoints=[6])
    finetune(base, data, split, tmp_path / "twice", chosen, checkpoints=[6])
    one, other = (
        max((tmp_path / name).glob("step-*"), key=lambda p: int(p.name[5:]))
        for name in ("whole", "twice")
    )
    assert one.name == other.name != "step-6"
    file = "model.safetensors"
    assert (one / file).read_bytes() == (other / file).read_bytes()
