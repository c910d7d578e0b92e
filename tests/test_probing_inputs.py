"""What `sondage.probing` and `sondage.data` offer to probes beside running them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sondage.control import control_labels
from sondage.data import Labels, Outcomes, Result, Split, TaskData, Units, ranges
from sondage.errors import DataError, EncodingError
from sondage.probing import (
    SeedTask,
    by_seed,
    check_finite,
    labels_of,
    layer_chunks,
    seed_tasks,
    settings_of,
    split_of,
    surprisals,
    vectors_of,
)
from sondage.testing.toys import word_corpus


@pytest.mark.parametrize("runs", [[], [(3, 2)], [(5, 0), (2, 3), (0, 1)]])
def test_ranges_are_the_runs_end_to_end(runs):
    starts, lengths = np.array(runs, np.int64).reshape(-1, 2).T
    wanted = [i for start, n in runs for i in range(start, start + n)]
    found = ranges(starts, lengths)
    assert found.tolist() == wanted
    assert found.dtype == np.int64


def test_surprisals_are_bits_of_the_own_label():
    chances = np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
    logits = np.log(chances) + np.array([[1000.0], [-3.0]])
    np.testing.assert_allclose(surprisals(logits, np.array([0, 1])), [1, 3])


def test_an_unseen_label_surprises_without_end():
    assert surprisals(np.array([[0.0, -np.inf]]), np.array([1])).tolist() == [np.inf]


class Given:
    """A problem's data and splits, as far as the checks look."""

    def __init__(self, y, split=None):
        corpus = word_corpus(4)
        sentence, word = np.arange(4), np.zeros(4, np.int64)
        units = Units.of_words(sentence, word)
        target = None if y is None else Labels(units, np.asarray(y), ("a", "b"))
        self.data, self.splits = TaskData(corpus, target), {0: split}


def test_one_label_per_item_is_asked_for():
    assert labels_of(Given([0, 1, 0, 1]), "p", "h").y.tolist() == [0, 1, 0, 1]
    with pytest.raises(DataError, match="p wants labels"):
        labels_of(Given(None), "p", "h")
    with pytest.raises(DataError, match="one label") as caught:
        labels_of(Given(np.eye(4, 2, dtype=bool)), "p", "use edge.probe")
    assert caught.value.hint == "use edge.probe"


def test_an_empty_part_that_is_needed_is_refused():
    none = np.zeros(0, np.int64)
    given = Given([0, 1, 0, 1], Split(np.arange(3), none, np.array([3])))
    assert split_of(given, 0, "p", dev=False).train.tolist() == [0, 1, 2]
    with pytest.raises(DataError, match="p: the dev part") as caught:
        split_of(given, 0, "p", dev=True, without_dev=", or give C")
    assert caught.value.hint.endswith("or give C")


def test_vectors_that_are_no_numbers_are_counted():
    check_finite(np.ones((3, 2)))
    with pytest.raises(EncodingError, match="2 of 3 vectors"):
        check_finite(np.array([[1, np.nan], [np.inf, 1], [0, 0]]))


def test_a_seeds_task_and_its_control_task():
    train, one = np.arange(3), np.array([3])
    given = Given([0, 1, 0, 1], Split(train, one, one))
    given.seeds, given.rng = (0,), lambda layer, seed: np.random.default_rng(seed)
    (task,) = seed_tasks(given, "p", dev=True)
    assert task == SeedTask(0, given.data.target, given.splits[0])
    task, control = seed_tasks(given, "p", dev=True, control=True, two=False)
    assert (task.control, control.control) == (False, True)
    types = given.data.types()
    wanted = control_labels(types, given.data.target.y, rng=np.random.default_rng(0))
    assert control.labels.y.tolist() == wanted.tolist()
    given.data.target.y[:] = 0
    with pytest.raises(DataError, match=r"\(seed 0\): all 3 training items carry one label, 'a'"):
        seed_tasks(given, "p", dev=True)


def test_results_come_by_seed_with_those_of_control_tasks_merged():
    split = Split(np.arange(2), np.arange(2), np.arange(2))
    tasks = [SeedTask(seed, None, split, control) for control in (False, True) for seed in (5, 7)]
    found = [Result({"x": float(k)}) for k in range(4)]
    merged = dict(by_seed(tasks, found, lambda a, b: a.adding(scores={"y": b.scores["x"]})))
    assert {seed: dict(r.scores) for seed, r in merged.items()} == {
        5: {"x": 0.0, "y": 2.0},
        7: {"x": 1.0, "y": 3.0},
    }
    assert dict(by_seed(tasks[:2], found[:2], None)) == {5: found[0], 7: found[1]}


def test_layers_come_in_runs_that_fit_a_budget():
    class Layers(Given):
        layers = (0, 1, 2)

        def vectors(self, layer):
            return np.full((4, 2), np.nan if layer == 9 else layer, np.float32)

    given = Layers([0, 1, 0, 1])
    assert [sorted(held) for held in layer_chunks(given, 64)] == [[0, 1], [2]]
    assert [sorted(held) for held in layer_chunks(given, 1)] == [[0], [1], [2]]
    with pytest.raises(EncodingError, match="layer 9, "):
        vectors_of(given, 9)


def test_settings_are_those_of_the_dataclass_alone():
    @dataclass(kw_only=True)
    class Settings:
        a: int = 1

    @dataclass(kw_only=True)
    class Component(Settings):
        b: int = 2

    assert settings_of(Component(a=3), Settings) == {"a": 3}


def test_a_result_with_more_in_it():
    items = np.arange(2)
    plain = Result({"x": 1.0}, Outcomes(items, items, items > 0), {"t": {"a": [1]}}, {}, {"w": 1})
    bits = np.ones(2)
    more = plain.adding(
        scores={"y": 2.0}, tables={"u": {}}, arrays={"k": items}, warnings={"w": 2, "none": 0},
        surprisal=bits,
    )  # fmt: skip
    assert (dict(more.scores), list(more.tables)) == ({"x": 1.0, "y": 2.0}, ["t", "u"])
    assert (dict(more.warnings), list(more.arrays)) == ({"w": 3}, ["k"])
    assert more.outcomes.surprisal is bits
    assert plain.outcomes.surprisal is None
    assert Result({}).adding(surprisal=bits).outcomes is None
