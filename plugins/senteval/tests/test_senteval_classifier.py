"""The batched classifier against a plain loop of PyTorch modules, and its early stopping."""

import copy
import dataclasses
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.data import Corpus, Labels, Split, TaskData, Units
from sondage.errors import DataError, EncodingError, ParameterError
from sondage.testing.toys import ToyProblem
from sondage_senteval import ClassifierSettings, SentEvalClassifier
from sondage_senteval.classifier import Classifier
from sondage_senteval.networks import start
from sondage_senteval.training import LayerData, train


class Reference:
    """One network, trained as SentEval does, with autograd and `torch.optim.Adam`."""

    def __init__(self, point, width, classes, settings, entropy):
        self.s, h = settings, point.hidden
        self.order = np.random.default_rng([entropy, 0])
        self.drop = np.random.default_rng([entropy, 2, h])
        first = start(h, width, classes, np.random.default_rng([entropy, 1, h]))
        sizes = [width, h, classes] if h else [width, classes]
        self.layers = [torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
        with torch.no_grad():
            for layer, weight, bias in zip(self.layers, first[::2], first[1::2], strict=True):
                layer.weight.copy_(weight)
                layer.bias.copy_(bias)
        self.model = torch.nn.ModuleList(self.layers)
        self.p = point.dropout
        self.adam = torch.optim.Adam(
            self.model.parameters(), lr=settings.learning_rate, weight_decay=point.l2
        )
        self.loss = torch.nn.CrossEntropyLoss(reduction=settings.loss)

    def __call__(self, X, training=False):
        Z = self.layers[0](X)
        if len(self.layers) == 1:
            return Z
        if training and self.uses_dropout:
            u = self.drop.random((Z.shape[1], len(Z)), dtype=np.float32).T
            Z = Z * torch.from_numpy((u >= np.float32(self.p)) / np.float32(1 - self.p)).float()
        return self.layers[1](torch.sigmoid(Z))

    def fit(self, X, y, dev, uses_dropout, rounds=None):
        self.uses_dropout = uses_dropout
        X, y, s = torch.tensor(X), torch.tensor(y), self.s
        best, misses, passes = -1.0, 0, 0
        while passes <= s.max_epoch:
            for _ in range(s.epoch_size):
                order = self.order.permutation(len(X))
                for a in range(0, len(X), s.batch_size):
                    at = order[a : a + s.batch_size]
                    self.adam.zero_grad()
                    self.loss(self(X[at], training=True), y[at]).backward()
                    self.adam.step()
            passes += s.epoch_size
            with torch.no_grad():
                right = self(torch.tensor(dev[0])).argmax(1).numpy() == dev[1]
            if right.mean() > best:
                best, kept = right.mean(), copy.deepcopy([w.data for w in self.model.parameters()])
            else:
                if misses >= s.tenacity:
                    break
                misses += 1
        return best, passes, [w.numpy() for w in kept]


def data(rng, n=90, d=7, classes=3, layers=3, gap=3.0):
    y = rng.integers(0, classes, n)
    y[: 2 * classes] = np.arange(2 * classes) % classes
    X = rng.normal(size=(layers, n, d)).astype(np.float32)
    for layer in range(layers):
        X[layer] += gap * rng.normal(size=(classes, d)).astype(np.float32)[y]
    return X, y.astype(np.int64)


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    model=st.sampled_from(["logreg", "mlp"]),
    loss=st.sampled_from(["sum", "mean"]),
    classes=st.integers(2, 4),
    n=st.integers(40, 90),
    batch=st.sampled_from([5, 16, 64]),
)
def test_batched_is_the_plain_loop(seed, model, loss, classes, n, batch):
    rng = np.random.default_rng(seed)
    X, y = data(rng, n=n, classes=classes)
    chosen = ClassifierSettings(
        model=model, l2=(1e-4, 1e-1), hidden=(3, 5), dropout=(0.0, 0.3), batch_size=batch,
        epoch_size=1, tenacity=2, max_epoch=6, loss=loss, learning_rate=0.01,
    )  # fmt: skip
    parts = [rng.permutation(n) for _ in range(2)]
    cells = [
        LayerData(X[layer], y, p[: n - 20], p[n - 20 :], entropy=s)
        for layer in range(3) for s, p in enumerate(parts)
    ]  # fmt: skip
    fits = dict(train(cells, classes, chosen))
    assert sorted(fits) == list(range(6))
    for i, cell in enumerate(cells):
        scores = []
        for point, accuracy, passes in fits[i].trials:
            slow = Reference(point, 7, classes, chosen, cell.entropy)
            dev = (cell.X[cell.dev], y[cell.dev])
            best, looked, weights = slow.fit(cell.X[cell.train], y[cell.train], dev, model == "mlp")
            scores.append(round(100 * best, 2))
            assert accuracy == pytest.approx(best, abs=1e-9)
            assert passes == looked
            if point == fits[i].point:
                for a, b in zip(fits[i].weights, weights, strict=True):
                    np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4)
                with torch.no_grad():
                    for layer, w, b in zip(slow.layers, weights[::2], weights[1::2], strict=True):
                        layer.weight.copy_(torch.tensor(w))
                        layer.bias.copy_(torch.tensor(b))
                    Z = slow(torch.tensor(cell.X)).numpy()
                np.testing.assert_allclose(fits[i].logits(cell.X), Z, rtol=5e-3, atol=2e-3)
        assert fits[i].trials[int(np.argmax(scores))][0] == fits[i].point


def test_parts_of_other_sizes_go_through_programs_of_their_own():
    X, y = data(np.random.default_rng(0))
    every = np.arange(90)
    cells = [LayerData(X[0], y, every[: 50 + s], every[50 + s :], entropy=s) for s in (0, 5, 0)]
    chosen = ClassifierSettings(max_epoch=8)
    together = dict(train(cells, 3, chosen))
    for i, cell in enumerate(cells):
        ((_, alone),) = train([cell], 3, chosen)
        for a, b in zip(alone.weights, together[i].weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_training_stops_after_six_looks_without_a_gain_in_all():
    # Labels that are noise, dev that is one item always right: the first look is the best.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2)).astype(np.float32)
    X[30:] = 1e-9
    probe = SentEvalClassifier(l2=(1e-5,)).fit(
        X[:30], np.tile([0, 0, 0, 0, 1], 6), X[30:], np.zeros(10, int), rng=rng
    )
    assert [e for *_, e in probe.trials_] == [(1 + 6) * 4]


def test_the_last_round_begins_at_two_hundred_passes():
    X, y = data(np.random.default_rng(1), n=20)
    cell = LayerData(X[0], y, np.arange(10), np.arange(10, 20), 0)
    ((_, fit),) = train([cell], 3, ClassifierSettings(tenacity=10**6, l2=(1e-3,)))
    assert fit.trials[0][2] == 204
    assert fit.exhausted


def test_planted_layer_is_found_and_noise_is_not():
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 600)
    X = rng.normal(size=(2, 600, 8)).astype(np.float32)
    X[1, :, 2] += 4 * y
    problem = ToyProblem.of_vectors(X, y)
    found = {layer: r for layer, _, r in Classifier().run_layers(problem)}
    assert found[1].scores["accuracy"] > 0.93
    assert found[0].scores["accuracy"] < 0.7
    assert set(found[0].tables["grid"]) == {
        "hidden", "dropout", "l2", "dev_accuracy", "epochs", "chosen",
    }  # fmt: skip
    assert sum(found[0].tables["grid"]["chosen"]) == 1


def test_the_mlp_learns_what_no_line_separates():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(900, 2)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    make = {"l2": (1e-5,), "hidden": (50,), "dropout": (0.0,), "learning_rate": 0.01}
    parts = (X[:600], y[:600], X[600:700], y[600:700])
    mlp = SentEvalClassifier(model="mlp", **make).fit(*parts, rng=rng)
    line = SentEvalClassifier(**make).fit(*parts, rng=rng)
    assert mlp.score(X[700:], y[700:]) > 0.9 > 0.7 > line.score(X[700:], y[700:])


def test_labels_of_any_kind_and_a_dev_label_unseen_in_training():
    rng = np.random.default_rng(0)
    X, y = data(rng, n=120, gap=6.0)
    names = np.array(["c", "a", "b"])[y[:]]
    dev = names[60:90].copy()
    dev[:3] = "zz"
    probe = SentEvalClassifier(learning_rate=0.05).fit(
        X[0][:60], names[:60], X[0][60:90], dev, rng=rng
    )
    assert probe.classes_.tolist() == ["a", "b", "c"]
    assert probe.dev_accuracy_ <= 0.9
    assert probe.score(X[0][90:], names[90:]) > 0.9
    same = SentEvalClassifier(learning_rate=0.05).fit(
        X[0][:60], names[:60], X[0][60:90], dev, rng=np.random.default_rng(9)
    )
    again = SentEvalClassifier(learning_rate=0.05).fit(
        X[0][:60], names[:60], X[0][60:90], dev, rng=np.random.default_rng(9)
    )
    for a, b in zip(same.weights_, again.weights_, strict=True):
        assert a.tobytes() == b.tobytes()


def test_bad_input():
    rng = np.random.default_rng(0)
    X, y = data(rng, n=30)
    X = X[0]
    fit = SentEvalClassifier().fit
    with pytest.raises(DataError, match="dev part is empty"):
        fit(X, y, rng=rng)
    with pytest.raises(DataError, match="at least two"):
        fit(X, np.zeros(30), X, y, rng=rng)
    with pytest.raises(DataError, match="vectors"):
        fit(X, y[:5], X, y, rng=rng)
    hole = X.copy()
    hole[3, 1] = np.nan
    hole[4, 0] = np.inf
    with pytest.raises(EncodingError, match="2 of 30"):
        fit(hole, y, X, y, rng=rng)
    with pytest.raises(EncodingError, match="dev part"):
        fit(X, y, hole, y, rng=rng)
    for wrong in (
        {"l2": ()}, {"l2": (-1.0,)}, {"model": "tree"}, {"model": "mlp", "hidden": (0,)},
        {"model": "mlp", "dropout": (1.0,)}, {"batch_size": 0}, {"loss": "max"},
        {"learning_rate": 0.0}, {"tenacity": -1}, {"l2": (float("nan"),)},
    ):  # fmt: skip
        with pytest.raises(ParameterError):
            SentEvalClassifier(**wrong).fit(X, y, X, y, rng=rng)


def test_problems_that_do_not_fit():
    X, y = data(np.random.default_rng(0), n=30)
    problem = ToyProblem.of_vectors(X, y)
    split = problem.splits[0]
    none = np.zeros(0, np.int64)
    for part in ("train", "dev", "test"):
        bad = ToyProblem.of_vectors(X, y)
        bad.splits = {0: dataclasses.replace(split, **{part: none})}
        with pytest.raises(DataError, match=f"the {part} part"):
            list(Classifier().run_layers(bad))
    one = ToyProblem.of_vectors(X, np.zeros(30, int), names=("a", "b"))
    with pytest.raises(DataError, match="carry one label"):
        list(Classifier().run_layers(one))
    hole = X.copy()
    hole[1, 0, 0] = np.nan
    with pytest.raises(EncodingError, match="layer 1"):
        list(Classifier().run_layers(ToyProblem.of_vectors(hole, y)))
    several = Labels(Units.of_sentences(30), np.ones((30, 2), bool), ("a", "b"))
    many = TaskData(Corpus([str(i) for i in range(30)]), several, fixed=Split(*[np.arange(10)] * 3))
    with pytest.raises(DataError, match="several"):
        list(Classifier().run_layers(ToyProblem(many, vectors=list(X))))
    with pytest.raises(DataError, match="wants labels"):
        list(Classifier().run_layers(ToyProblem(
            dataclasses.replace(many, target=None), vectors=list(X), splits={0: many.fixed}
        )))  # fmt: skip
