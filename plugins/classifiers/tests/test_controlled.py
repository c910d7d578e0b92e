"""Any probe with an accuracy, beside its control task."""

import numpy as np
import pytest

from sondage import probing
from sondage.control import control_labels
from sondage.data import Result
from sondage.errors import DataError, ParameterError
from sondage.testing.toys import labelled_problem, tree_problem
from sondage_classifiers.controlled import Control
from sondage_classifiers.linear import Linear
from sondage_classifiers.majority import Majority


class Memory:
    """Knows what it has seen: right on control tasks where types recur."""

    def fit(self, X, y, *, rng):
        self.seen = {row.tobytes(): label for row, label in zip(X, y, strict=True)}
        self.most = np.bincount(y).argmax()
        return self

    def predict(self, X):
        return np.array([self.seen.get(row.tobytes(), self.most) for row in X])


class NoAccuracy(Linear):
    def run_layers(self, problem):
        yield 0, 0, Result({"bits": 1.0})


def results(probe, problem):
    return {(layer, seed): r for layer, seed, r in probing.run(probe, problem)}


def test_a_simple_probe_gets_the_control_of_its_words():
    problem = labelled_problem(seeds=(0, 1))
    plain, both = results(Memory(), problem), results(Control(probe=Memory()), problem)
    labels, types = problem.data.target, problem.data.types()
    for (layer, seed), result in both.items():
        own = plain[layer, seed].scores
        assert {name: result.scores[name] for name in own} == own
        y = control_labels(types, labels.y, rng=problem.rng(None, seed))
        split, X = problem.splits[seed], problem.vectors(layer)
        fitted = Memory().fit(X[split.train], y[split.train], rng=None)
        right = np.mean(fitted.predict(X[split.test]) == y[split.test])
        assert result.scores["control_accuracy"] == pytest.approx(right)
        assert result.scores["selectivity"] == pytest.approx(own["accuracy"] - right)


def test_it_agrees_with_a_probe_that_has_its_own():
    problem = labelled_problem(seeds=(0, 1))
    ours, theirs = (
        results(Control(probe=Majority()), problem),
        results(Majority(control=True), problem),
    )
    assert {k: r.scores for k, r in ours.items()} == {k: r.scores for k, r in theirs.items()}


def test_a_joint_probe_keeps_its_bits():
    problem = labelled_problem(seeds=(0, 1), noise=2.0)
    plain, both = results(Linear(), problem), results(Control(probe=Linear()), problem)
    for cell, result in plain.items():
        assert both[cell].scores["accuracy"] == result.scores["accuracy"]
        assert np.array_equal(both[cell].outcomes.values, result.outcomes.values)
    assert Control(probe=Linear()).joint == Linear.joint


@pytest.mark.parametrize(
    ("probe", "problem", "error", "words"),
    [
        (Linear(control=True), labelled_problem(), ParameterError, "of its own"),
        (NoAccuracy(), labelled_problem(), ParameterError, "no accuracy, but bits"),
        (Linear(), tree_problem(), DataError, "Trees"),
    ],
)
def test_what_has_no_control_is_refused(probe, problem, error, words):
    with pytest.raises(error, match=words):
        results(Control(probe=probe), problem)


def test_a_probe_that_measures_does_so_beside_its_control():
    class Measure(Memory):
        measures = True

    assert Control(probe=Measure()).measures
    assert not Control(probe=Memory()).measures


def test_a_probe_with_its_own_control_is_refused_when_planning():
    with pytest.raises(ParameterError, match="control task of its own"):
        _ = Control(probe=Majority(control=True)).units
