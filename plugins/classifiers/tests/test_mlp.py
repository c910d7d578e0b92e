"""The perceptron: what it adds to scikit-learn's, and what it says."""

import signal

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from sondage.errors import DataError, EncodingError, ParameterError
from sondage.testing.problems import ToyProblem
from sondage_classifiers import MLPProbe
from sondage_classifiers.mlp import MLP
from sondage_classifiers.perceptron import ALPHAS, HIDDEN

ONE = {"hidden": ((16, 16),), "alphas": (1e-4,), "max_iter": 60}


def toy(n=300, noise=0.7, seeds=(0,)):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, n)
    X = rng.normal(size=(1, 3, 6))[:, y] + noise * rng.normal(size=(1, n, 6))
    return ToyProblem.of_vectors(X, y, seeds=seeds)


def run(probe, problem):
    return {(layer, seed): result for layer, seed, result in probe.run_layers(problem)}


def arrays(n=300):
    problem = toy(n)
    return problem.vectors(0), problem.data.target.y


def test_the_defaults_are_the_papers():
    probe = MLP()
    assert probe.hidden == HIDDEN
    assert len(HIDDEN) == 16
    assert {size for pair in HIDDEN for size in pair} == {32, 64, 128, 256}
    assert (min(ALPHAS), max(ALPHAS)) == (1e-7, 1.0)
    assert (probe.restarts, probe.max_iter) == (5, 1000)
    assert probe.randomness == ("initialisation",)
    assert MLP(control=True).randomness == ("initialisation", "control")


def test_each_restart_is_scikit_learns_classifier():
    X, y = arrays()
    probe = MLPProbe(**ONE, restarts=2).fit(X[:200], y[:200], rng=np.random.default_rng(5))
    draws = np.random.default_rng(5).integers(0, 2**31 - 1, size=3)[1:]
    for model, seed, ours in zip(probe.models_, draws, probe.predict_all(X[200:]), strict=True):
        with pytest.warns(UserWarning, match="Maximum iterations"):
            other = MLPClassifier((16, 16), alpha=1e-4, max_iter=60, random_state=int(seed)).fit(
                X[:200], y[:200]
            )
        assert model.loss_ == pytest.approx(other.loss_, rel=1e-4)
        assert np.mean(ours == other.predict(X[200:])) >= 0.99
    assert probe.trials_ == []
    assert np.array_equal(probe.predict(X[200:]), probe.predict_all(X[200:])[0])


def test_the_grid_is_searched_on_dev():
    X, y = arrays()
    probe = MLPProbe(hidden=[(1, 1), (16, 16)], alphas=[1e-4, 100.0], restarts=1, max_iter=80)
    probe.fit(X[:200], y[:200], X[200:], y[200:], rng=np.random.default_rng(0))
    best = max(t.dev_accuracy for t in probe.trials_)
    assert (probe.hidden_, probe.alpha_) == next(
        (t.hidden, t.alpha) for t in probe.trials_ if t.dev_accuracy == best
    )
    assert [(t.hidden, t.alpha) for t in probe.trials_] == [
        ((1, 1), 100.0),
        ((1, 1), 1e-4),
        ((16, 16), 100.0),
        ((16, 16), 1e-4),
    ], "ties go to the fewest units, then to the strongest penalty"


def test_scores_are_means_over_restarts():
    problem = toy()
    result = run(MLP(**ONE, restarts=3), problem)[0, 0]
    each = result.tables["restarts"]["accuracy"]
    assert len(each) == 3
    assert result.scores["accuracy"] == pytest.approx(np.mean(each))
    assert result.scores["accuracy_std"] == pytest.approx(np.std(each, ddof=1))
    assert np.mean(result.outcomes.values) == pytest.approx(np.mean(each))
    table = result.tables["per_class"]
    assert sum(table["n"]) == len(problem.splits[0].test)
    assert sum(table["correct"]) == pytest.approx(np.mean(each) * sum(table["n"]))
    assert result.warnings["not-converged"] == 3
    assert "accuracy_std" not in run(MLP(**ONE, restarts=1), problem)[0, 0].scores


def test_grid_points_that_did_not_converge_are_counted_too():
    made = MLP(hidden=((8, 8), (16, 16)), alphas=(1e-4,), restarts=1, max_iter=5, control=True)
    result = run(made, toy())[0, 0]
    assert result.warnings["grid-not-converged"] == 4
    assert result.warnings["not-converged"] == 2


def test_an_interrupted_network_is_not_taken_for_a_trained_one(monkeypatch):
    X, y = arrays()
    epochs = MLPClassifier._update_no_improvement_count

    def interrupted(self, *args):
        if self.n_iter_ == 5:
            # A shell starts what it runs in the background with interrupts ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.raise_signal(signal.SIGINT)
        return epochs(self, *args)

    monkeypatch.setattr(MLPClassifier, "_update_no_improvement_count", interrupted)
    probe = MLPProbe(**ONE, restarts=1)
    with threadpool_limits(1), pytest.raises(KeyboardInterrupt):
        probe.fit(X, y, rng=np.random.default_rng(0))
    assert not hasattr(probe, "models_")


def test_control_leaves_the_task_itself_bit_identical():
    problem = toy()
    plain = run(MLP(**ONE, restarts=1), problem)[0, 0]
    both = run(MLP(**ONE, restarts=1, control=True), problem)[0, 0]
    assert plain.scores["accuracy"] == both.scores["accuracy"]
    assert plain.tables["restarts"]["loss"][0] == both.tables["restarts"]["loss"][0]
    assert both.tables["restarts"]["task"] == ["target", "control"]
    assert both.scores["selectivity"] == pytest.approx(
        both.scores["accuracy"] - both.scores["control_accuracy"]
    )


def test_bits_do_not_hang_on_threads():
    problem = toy()
    losses = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            losses.append(run(MLP(**ONE, restarts=2), problem)[0, 0].tables["restarts"]["loss"])
    assert losses[0] == losses[1]


def test_mistakes_are_told():
    X, y = arrays(60)
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="no dev items"):
        MLPProbe().fit(X, y, rng=rng)
    with pytest.raises(DataError, match="one label"):
        MLPProbe(**ONE).fit(X, np.zeros(60, int), rng=rng)
    with pytest.raises(ParameterError):
        MLPProbe(hidden=[]).fit(X, y, rng=rng)
    X = X.copy()
    X[7] = np.inf
    with pytest.raises(EncodingError, match="1 of 60"):
        MLPProbe(**ONE).fit(X, y, rng=rng)
