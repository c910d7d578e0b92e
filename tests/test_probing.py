"""Both forms of a probe give the same kind of results, with surprisals where they are told."""

import numpy as np
import pytest

from sondage import probing
from sondage.data import Split
from sondage.errors import DataError, PluginError
from sondage.testing.toys import labelled_problem


class Known:
    """Says the class frequencies of the training part, whatever the vectors."""

    def fit(self, X, y, *, rng):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.share_ = counts / counts.sum()
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[self.share_.argmax()])

    def predict_log_proba(self, X):
        return np.tile(np.log(self.share_), (len(X), 1))


class Silent(Known):
    predict_log_proba = None

    def __getattribute__(self, name):
        if name == "predict_log_proba":
            raise AttributeError(name)
        return super().__getattribute__(name)


def test_a_simple_probe_with_probabilities_gives_surprisals_in_bits():
    problem = labelled_problem(seeds=(0, 1))
    labels = problem.data.target
    found = list(probing.run(Known(), problem))
    assert [(layer, seed) for layer, seed, _ in found] == [
        (layer, seed) for layer in problem.layers for seed in problem.seeds
    ]
    for _, seed, result in found:
        split = problem.splits[seed]
        share = np.bincount(labels.y[split.train]) / len(split.train)
        wanted = [-np.log2(share[k]) for k in labels.y[split.test]]
        np.testing.assert_allclose(result.outcomes.surprisal, wanted)


def test_a_label_not_seen_in_training_costs_infinitely_many_bits():
    problem = labelled_problem(seeds=(0,))
    y, split = problem.data.target.y, problem.splits[0]
    y = y.copy()
    y[split.train] = np.arange(len(split.train)) % 2 + 1
    y[split.test[::2]] = 0
    data = problem.data
    target = type(data.target)(data.target.units, y, data.target.names)
    moved = problem.only(data=type(data)(data.corpus, target), splits={0: split})
    (*_, (_, _, result)) = probing.run(Known(), moved)
    assert np.isinf(result.outcomes.surprisal[y[split.test] == 0]).all()
    assert result.warnings["unseen-label"] == (y[split.test] == 0).sum()


def test_without_probabilities_there_are_no_surprisals():
    (*_, (_, _, result)) = probing.run(Silent(), labelled_problem(seeds=(0,)))
    assert result.outcomes.surprisal is None


def test_probabilities_of_a_wrong_shape_are_the_plugins_fault():
    class Wrong(Known):
        def predict_log_proba(self, X):
            return np.zeros((len(X), 1))

    with pytest.raises(PluginError, match="predict_log_proba returned shape"):
        list(probing.run(Wrong(), labelled_problem(seeds=(0,))))


class Stopped(Known):
    """Keeps what it was given."""

    def fit(self, X, y, X_dev=None, y_dev=None, *, rng):
        Stopped.given = (X, y, X_dev, y_dev)
        return super().fit(X, y, rng=rng)


def test_a_simple_probe_that_names_dev_items_is_given_them():
    problem = labelled_problem(seeds=(0,), n_layers=1)
    (_,) = probing.run(Stopped(), problem)
    X, y, split = problem.vectors(0), problem.data.target.y, problem.splits[0]
    wanted = (X[split.train], y[split.train], X[split.dev], y[split.dev])
    for given, own in zip(Stopped.given, wanted, strict=True):
        np.testing.assert_array_equal(given, own)
    none = Split(split.train, split.dev[:0], split.test)
    with pytest.raises(DataError, match="dev part of the split is empty"):
        list(probing.run(Stopped(), problem.only(splits={0: none})))
