"""`edge.probe` on small problems: its results, tables, warnings and refusals."""

import dataclasses

import numpy as np
import pytest

from sondage.data import Labels, Split, States, Units
from sondage.errors import DataError, EncodingError
from sondage.testing import toys
from sondage_edge.component import Edge

SMALL = {"projection": 16, "hidden": 16, "validate_every": 20, "max_validations": 15}


def results(problem, **params):
    found = Edge(**{**SMALL, **params}).run_layers(problem)
    return {(layer, seed): result for layer, seed, result in found}


def test_mix_says_which_layers():
    found = results(toys.labelled_problem(longest=3))
    assert list(found) == [(None, 0), (None, 1)]
    result = found[None, 0]
    assert list(result.scores) == ["micro_f1", "macro_f1", "accuracy", "centre_of_gravity"]
    assert result.scores["micro_f1"] > 0.9
    mix = result.tables["mix"]
    assert mix["mixed_layer"] == [0, 1]
    assert sum(mix["share"]) == pytest.approx(1)
    assert result.scores["centre_of_gravity"] == pytest.approx(mix["share"][1])
    assert set(result.tables["per_class"]["label"]) == {"A", "B", "C"}
    assert result.tables["training"]["step"][0] == 20


def test_outcomes_average_to_the_score_and_carry_bits():
    problem = toys.labelled_problem(noise=2.0)
    for loss in ("sigmoid", "softmax"):
        for (_, seed), result in results(problem, read="layer", loss=loss).items():
            outcomes = result.outcomes
            assert outcomes.values.mean() == pytest.approx(result.scores["micro_f1"])
            assert outcomes.items.tolist() == problem.splits[seed].test.tolist()
            assert outcomes.surprisal.dtype == np.float64
            assert np.isfinite(outcomes.surprisal).all()
            assert 0 < outcomes.surprisal.mean() < np.log2(3)


def test_cumulative_says_what_each_layer_adds():
    """Layer 1 knows, layers 0 and 2 are noise."""
    problem = toys.labelled_problem(n=120, n_layers=3)
    rng = np.random.default_rng(0)
    for layer in (0, 2):
        values = problem._states[layer]
        values[...] = rng.standard_normal(values.shape)
    result = results(problem.only(seeds=(0,)), read="cumulative")[None, 0]
    table = result.tables["cumulative"]
    assert table["up_to_layer"] == [0, 1, 2]
    assert table["added"][0] is None
    assert table["added"][1] > 0.2
    assert table["micro_f1"][1] > 0.9
    assert result.scores["micro_f1"] == table["micro_f1"][-1]
    gains = np.array(table["added"][1:])
    assert result.scores["expected_layer"] == pytest.approx(gains @ [1, 2] / gains.sum())
    assert result.scores["expected_layer"] == pytest.approx(1, abs=0.15)
    assert [sum(row) for row in table["shares"]] == pytest.approx([1, 1, 1])
    assert "no-expected-layer" not in result.warnings


def test_an_expected_layer_that_is_not_defined_is_said():
    problem = toys.labelled_problem(n_layers=1, seeds=(0,))
    result = results(problem, read="cumulative")[None, 0]
    assert result.scores["expected_layer"] == 0
    assert result.warnings["no-expected-layer"] == 1


def test_several_labels_an_item():
    problem = toys.labelled_problem(n=100)
    target = problem.data.target
    several = np.stack([target.y == 0, target.y <= 1, target.y >= 1], axis=1)
    data = dataclasses.replace(problem.data, target=Labels(target.units, several, target.names))
    result = results(problem.only(data=data, seeds=(0,)))[None, 0]
    assert "accuracy" not in result.scores
    assert result.scores["micro_f1"] > 0.85
    assert result.outcomes.values.mean() == pytest.approx(result.scores["micro_f1"])
    with pytest.raises(DataError, match="several labels"):
        results(problem.only(data=data), loss="softmax")


def test_labels_unseen_in_training_are_counted():
    problem = toys.labelled_problem(seeds=(0,))
    y = problem.data.target.y
    split = problem.splits[0]
    without = Split(split.train[y[split.train] != 2], split.dev, split.test)
    result = results(problem.only(splits={0: without}))[None, 0]
    assert result.warnings["unseen-label"] == (y[split.test] == 2).sum() > 0


def test_running_into_the_limit_is_counted():
    assert results(toys.labelled_problem(), max_validations=1)[None, 0].warnings == {
        "not-converged": 1
    }
    done = results(toys.labelled_problem(), stop_after=2, max_validations=100)
    assert all("not-converged" not in result.warnings for result in done.values())


def test_a_probe_that_predicts_nothing_is_counted():
    problem = toys.labelled_problem(seeds=(0,))
    target, split = problem.data.target, problem.splits[0]
    hot = np.zeros((len(target), 3), bool)
    hot[split.train[0], 0] = hot[split.test[0], 0] = True
    data = dataclasses.replace(problem.data, target=dataclasses.replace(target, y=hot))
    silent = results(problem.only(data=data))[None, 0]
    assert silent.scores["micro_f1"] == 0
    assert silent.warnings["nothing-predicted"] == 1
    assert "nothing-predicted" not in results(problem)[None, 0].warnings


def test_refusals():
    problem = toys.labelled_problem(seeds=(0,))
    split = problem.splits[0]
    with pytest.raises(DataError, match="dev part of toy problem"):
        results(problem.only(splits={0: Split(split.train, split.dev[:0], split.test)}))
    same = split.train[problem.data.target.y[split.train] == 1]
    with pytest.raises(DataError, match="carry the same: B"):
        results(problem.only(splits={0: Split(same, split.dev, split.test)}))
    with pytest.raises(DataError, match="Trees"):
        results(toys.tree_problem())
    for read in ("lexical", "cat"):
        with pytest.raises(DataError, match=r"needs layer 0, but the layers are \[1\]"):
            results(problem.only(layers=(1,)), read=read)
    problem.data.target.units.spans[4, 0, 1] = 99
    with pytest.raises(DataError, match=r"toy problem: item 4 .*99"):
        results(problem)


def test_rows_of_subwords_are_refused():
    problem = toys.labelled_problem(seeds=(0,))
    own = problem.states

    def split_words(layer):
        states = own(layer)
        return States(np.repeat(states.values, 2, axis=0), states.offsets * 2)

    problem.states = split_words
    with pytest.raises(EncodingError, match="words and"):
        results(problem)


def test_overlapping_spans_and_pairs_of_spans():
    problem = toys.labelled_problem(longest=3, seeds=(0,))
    target = problem.data.target
    units = Units(target.units.sentence, np.repeat(target.units.spans, 2, axis=1))
    data = dataclasses.replace(problem.data, target=Labels(units, target.y, target.names))
    pairs = problem.only(data=data)
    assert results(pairs)[None, 0].scores["micro_f1"] > 0.9


def test_single_reads_give_one_result():
    problem = toys.labelled_problem(seeds=(0,), n_layers=3)
    for read in ("top", "lexical", "cat"):
        found = results(problem, read=read)
        assert list(found) == [(None, 0)]
        assert "centre_of_gravity" not in found[None, 0].scores
        assert Edge(read=read).per_layer is False
        assert Edge(read=read).joint == ()
    assert Edge(read="layer").joint == ("layer",)


def test_top_and_lexical_are_the_layers_of_read_layer():
    """The same parameters at the start, batches and data: what they read is what differs."""
    problem = toys.labelled_problem(seeds=(0,), n_layers=2)
    one = problem.only(layers=(1,))
    single = results(one, read="layer", dropout=0.0)[1, 0].scores["micro_f1"]
    assert results(problem, read="top", dropout=0.0)[None, 0].scores["micro_f1"] == pytest.approx(
        single, abs=0.1
    )


@pytest.mark.parametrize("read", ["mix", "layer", "cumulative"])
def test_what_was_not_asked_changes_nothing(read):
    """Whatever stands where a label was not asked for, results are the same to the bit.

    And they are not those of taking it for a negative.
    """
    problem = toys.labelled_problem(n=100, noise=1.0)
    target = problem.data.target
    several = np.stack([target.y == 0, target.y <= 1, target.y >= 1], axis=1)
    asked = np.random.default_rng(0).random(several.shape) < 0.5

    def scored(labels):
        data = dataclasses.replace(problem.data, target=labels)
        found = results(problem.only(data=data, seeds=(0,)), read=read)
        return list(found.values())[-1]

    known = several & asked
    result = scored(Labels(target.units, known, target.names, asked))
    test = problem.splits[0].test
    assert result.tables["per_class"]["n"] == known[test].sum(axis=0).tolist()
    predicted = np.array(result.tables["per_class"]["predicted"])
    assert (predicted <= asked[test].sum(axis=0)).all()
    assert result.scores["micro_f1"] > 0.7
    assert result.outcomes.values.mean() == pytest.approx(result.scores["micro_f1"])
    as_negatives = scored(Labels(target.units, known, target.names))
    assert as_negatives.scores["micro_f1"] < result.scores["micro_f1"] - 0.05
    every = np.ones_like(asked)
    plain, whole = (scored(Labels(target.units, several, target.names, a)) for a in (None, every))
    assert plain.scores == whole.scores
