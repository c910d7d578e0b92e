"""Online codes: by hand, against a loop of the same probe, and what they say of bad input."""

import dataclasses
import importlib.util
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage import probing
from sondage.data import Corpus, Labels, Split, TaskData, Trees, Units
from sondage.errors import DataError, EncodingError, ParameterError, PluginError
from sondage.testing.problems import ToyProblem, labelled_problem
from sondage_mdl import PORTIONS, as_published, online_code, uniform_code
from sondage_mdl.blocks import blocks_of, order_of
from sondage_mdl.codes import finite, mixed
from sondage_mdl.mlp import MLP
from sondage_mdl.online import Online

classifiers = importlib.util.find_spec("sondage_classifiers")


class Frequencies:
    """Says each label's share in training, without the vectors; add-one smoothed over K."""

    def __init__(self, K=None):
        self.K = K

    def fit(self, X, y, *, rng=None):
        n = int(y.max()) + 1 if self.K is None else self.K
        counts = np.bincount(y, minlength=n) + (0 if self.K is None else 1)
        self.classes_ = np.flatnonzero(counts)
        self.p_ = counts[self.classes_] / counts.sum()
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[self.p_.argmax()])

    def predict_proba(self, X):
        return np.tile(self.p_, (len(X), 1))

    def predict_log_proba(self, X):
        return np.log(self.predict_proba(X))


def cells(probe, problem):
    return {(layer, seed): r for layer, seed, r in probing.run(probe, problem)}


def test_three_labels_by_hand():
    """Items a b | c a | a a b c, three labels: K = 3, blocks end at 2, 4 and 8.

    The first block takes 2 log2 3. After (a, b), counts plus one are (2, 2, 1) of 5: c takes
    log2(5/1) and a log2(5/2). After (a, b, c, a) they are (3, 2, 2) of 7: a, a, b, c take
    2 log2(7/3) + 2 log2(7/2).
    """
    y = np.array([0, 1, 2, 0, 0, 0, 1, 2])
    code = online_code(
        np.zeros((8, 1)),
        y,
        fit=lambda X, y: Frequencies(3).fit(X, y),
        portions=(0.25, 0.5, 1.0),
    )
    first, second = 2 * math.log2(3), math.log2(5) + math.log2(5 / 2)
    third = 2 * math.log2(7 / 3) + 2 * math.log2(7 / 2)
    np.testing.assert_allclose(code.curve["bits"], [first, second, third])
    assert code.codelength == pytest.approx(first + second + third)
    assert code.uniform == pytest.approx(8 * math.log2(3))
    assert code.compression == pytest.approx(code.uniform / code.codelength)
    np.testing.assert_allclose(code.item_bits[:3], [math.log2(3), math.log2(3), math.log2(5)])
    assert code.curve["accuracy"] == [None, 0.5, 0.5]
    assert code.curve["trained_on"] == [0, 2, 4]


def test_a_label_ruled_out_by_hand():
    """Items a b | c a, with frequencies as they are: c has none, so the block is mixed.

    m = 2, K = 3: c takes -log2((0 + 1/3) / 3) = log2 9, a -log2((2 * 1/2 + 1/3) / 3) = log2(9/4).
    """
    y = np.array([0, 1, 2, 0])
    code = online_code(
        np.zeros((4, 1)), y, fit=lambda X, y: Frequencies().fit(X, y), portions=(0.5, 1.0)
    )
    np.testing.assert_allclose(code.item_bits[2:], [math.log2(9), math.log2(9 / 4)])


@given(n=st.integers(1, 10**6), K=st.integers(2, 500))
def test_uniform_is_n_log_k(n, K):
    assert uniform_code(n, K) == n * math.log2(K)


def test_as_published_mixes_bits_and_nats():
    assert as_published(10 + 90 / math.log(2), uniform=10) == pytest.approx(100)
    assert as_published(1 / math.log(2)) == pytest.approx(1)


@given(p=st.lists(st.floats(0.01, 1), min_size=2, max_size=6), m=st.integers(1, 10**6))
def test_mixed_is_a_code(p, m):
    q = np.array([*p, 0.0]) / sum(p)
    with np.errstate(divide="ignore"):
        bits = mixed(-np.log2(q), m, len(q))
    assert np.isfinite(bits).all()
    assert np.exp2(-bits).sum() == pytest.approx(1)
    assert np.all(bits[:-1] <= -np.log2(q[:-1]) + math.log2((m + 1) / m) + 1e-9)


def test_blocks_are_mixed_only_where_a_label_is_missing():
    a, b = np.array([1.0, 2.0]), np.array([1.0, np.inf])
    assert finite([a, a], [4, 8], [2, 2], 3)[0] is a, "nothing is ruled out"
    out = finite([a, b, a], [4, 8, 16], [2, 2, 3], 3)
    np.testing.assert_allclose(out[0], mixed(a, 4, 3))
    assert np.isfinite(out[1]).all()
    assert out[2] is a, "all labels were seen"


@settings(deadline=None, max_examples=30)
@given(
    n=st.integers(2, 300),
    seed=st.integers(0, 10**6),
    portions=st.lists(st.floats(0.0005, 0.999), max_size=8, unique=True),
    grouped=st.booleans(),
    of=st.sampled_from(["items", "groups"]),
)
def test_blocks_cover_all_items_once(n, seed, portions, grouped, of):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    y[0], y[-1] = 0, 1
    groups = np.sort(rng.integers(0, 1 + n // 3, n)) if grouped else None
    blocks = blocks_of(y, (*sorted(portions), 1.0), groups, of=of)
    assert blocks.ends[-1] == n
    assert np.all(np.diff(blocks.ends) > 0)
    assert len(np.unique(y[: blocks.ends[0]])) >= 2
    assert len(blocks.ends) + blocks.merged == len(portions) + 1
    if groups is not None:
        inner = blocks.ends[:-1]
        assert np.all(groups[inner] != groups[inner - 1]), "a run is torn apart"


def test_the_papers_blocks():
    y = np.arange(16944) % 17
    assert blocks_of(y).ends.tolist() == [
        17, 34, 68, 136, 271, 542, 1059, 2118, 4236, 8472, 16944,
    ]  # fmt: skip
    assert len(PORTIONS) == 11


def test_portions_of_items_and_of_sentences_by_hand():
    # Ten sentences: one of 11 items, then nine of one. Half of the 20 items lie within the first,
    # which is sent whole; half of the sentences are the first five, 15 items. A fifth of the
    # items ends where half of them does; of the sentences, after two.
    y, groups = np.arange(20) % 2, np.repeat(np.arange(10), [11] + 9 * [1])
    items = blocks_of(y, (0.2, 0.5, 1.0), groups)
    assert (items.ends.tolist(), items.portions.tolist(), items.merged) == ([11, 20], [0.5, 1], 1)
    shares = blocks_of(y, (0.2, 0.5, 1.0), groups, of="groups")
    assert (shares.ends.tolist(), shares.merged) == ([12, 15, 20], 0)
    # A share that rounds to no sentence has no block.
    few = blocks_of(y, (0.04, 0.5, 1.0), groups, of="groups")
    assert (few.ends.tolist(), few.merged) == ([15, 20], 1)


@pytest.mark.parametrize("order", ["sentences", "sentence-shares"])
def test_the_code_is_cut_as_asked(order):
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 30, 40)
    corpus = Corpus.of_words([["a"] * n for n in lengths])
    places = np.repeat(np.arange(40), lengths), np.concatenate([np.arange(n) for n in lengths])
    labels = Labels(Units.of_words(*places), rng.integers(0, 3, len(places[0])), ("A", "B", "C"))
    states = rng.normal(size=(len(places[0]), 4)).astype(np.float32)
    problem = ToyProblem(TaskData(corpus, labels), [states])
    probe = Online(probe=Frequencies(3), portions=(0.1, 0.3, 1.0), order=order, keep_bits=True)
    ((_, _, result),) = probe.run_layers(problem)
    sentence = problem.data.target.sentence[result.arrays["order"]]
    last = np.flatnonzero(np.append(np.diff(sentence) != 0, True)) + 1
    if order == "sentence-shares":
        wanted = last[np.rint(np.array([0.1, 0.3, 1.0]) * len(last)).astype(int) - 1]
    else:
        wanted = [last[last >= round(p * len(sentence))][0] for p in (0.1, 0.3, 1.0)]
    assert set(wanted) <= set(last.tolist())
    assert np.cumsum(result.tables["curve"]["n"]).tolist() == list(wanted)
    # The seed draws one order of sentences, however they are cut.
    plain = Online(probe=Frequencies(3), keep_bits=True)
    ((_, _, other),) = plain.run_layers(problem)
    assert np.array_equal(other.arrays["order"], result.arrays["order"])


def test_orders():
    items, groups = np.arange(10) * 3, np.repeat([5, 2, 9], [4, 3, 3])
    rng = np.random.default_rng
    order, runs = order_of(items, groups, rng(0), "sentences")
    assert sorted(order) == items.tolist()
    assert len(np.flatnonzero(np.diff(runs))) == 2, "sentences stay together"
    for g in (2, 5, 9):
        assert np.all(np.diff(order[runs == g]) > 0)
    order, runs = order_of(items, groups, rng(0), "items")
    assert runs is None
    assert sorted(order) == items.tolist()
    firsts = {order_of(items, groups, rng(s), "sentences")[0][0] for s in range(20)}
    assert len(firsts) == 3


def by_hand(probe, problem, layer, seed, portions, K):
    """The definition: a portion after the other, each a problem of its own."""
    labels, whole = problem.data.target, problem.splits[seed]
    rng = problem.rng(None, seed).spawn(1)[0]
    order, runs = order_of(whole.train, labels.sentence[whole.train], rng, "sentences")
    ends = blocks_of(labels.y[order], portions, runs).ends
    total = [ends[0] * math.log2(K)]
    for i, (a, b) in enumerate(itertools.pairwise(ends)):
        split = Split(np.sort(order[:a]), whole.dev, np.sort(order[a:b]))

        class One:
            data, layers, seeds, splits = problem.data, (layer,), (0,), {0: split}
            portion = i

            def vectors(self, layer):
                return problem.vectors(layer)

            def rng(self, layer, _):
                return problem.rng(layer, seed).spawn(self.portion + 2)[-1]

        ((_, _, result),) = probing.run(probe, One())
        total.append(float(result.outcomes.surprisal.sum()))
    return total


@settings(deadline=None, max_examples=5)
@given(seed=st.integers(0, 100), K=st.integers(2, 4))
def test_one_program_agrees_with_a_loop_over_portions(seed, K):
    problem = labelled_problem(n=80, classes=K, noise=1.5, seed=seed)
    portions = (0.1, 0.3, 1.0)
    probe = MLP(hidden=(8, 8), max_epochs=30)
    found = cells(Online(probe=probe, portions=portions), problem)
    for (layer, s), result in found.items():
        bits = by_hand(probe, problem, layer, s, portions, K)
        # Float32, and products whose order hangs on the neighbours.
        np.testing.assert_allclose(result.tables["curve"]["bits"], bits, rtol=0.02, atol=0.05)


def test_a_simple_probe_is_exact():
    problem = labelled_problem(n=80)
    found = cells(Online(probe=Frequencies(3), portions=(0.1, 0.3, 1.0)), problem)
    for (layer, s), result in found.items():
        bits = by_hand(Frequencies(3), problem, layer, s, (0.1, 0.3, 1.0), 3)
        np.testing.assert_allclose(result.tables["curve"]["bits"], bits, rtol=1e-12)
        n = len(problem.splits[s].train)
        assert result.scores["uniform"] == pytest.approx(n * math.log2(3), rel=1e-12)
        assert sum(result.tables["curve"]["n"]) == n
        assert result.outcomes is None
        assert list(result.scores) == [
            "compression", "codelength", "uniform", "accuracy",
        ]  # fmt: skip


@pytest.mark.skipif(not classifiers, reason="needs sondage-classifiers")
def test_linear_probe_with_control_and_unseen_labels():
    from sondage_classifiers.linear import Linear

    problem = labelled_problem(n=150, classes=3, noise=0.3)
    y = problem.data.target.y.copy()
    # One item of a label that no portion but the last holds.
    split = problem.splits[0]
    rng = problem.rng(None, 0).spawn(1)[0]
    order, _ = order_of(split.train, problem.data.target.sentence[split.train], rng, "sentences")
    names = ("A", "B", "C", "D")
    y[order[-1]] = 3
    target = Labels(problem.data.target.units, y, names)
    data = TaskData(problem.data.corpus, target, ratios=problem.data.ratios)
    problem = problem.only(data=data, seeds=(0,))
    probe = Online(probe=Linear(strengths=(1.0,)), control=True, keep_bits=True)
    for result in cells(probe, problem).values():
        assert np.isfinite(result.arrays["bits"]).all()
        at = int(np.flatnonzero(result.arrays["order"] == order[-1])[0])
        m = result.tables["curve"]["trained_on"][-1]
        assert result.arrays["bits"][at] == pytest.approx(math.log2(4 * (m + 1)))
        assert result.arrays["bits"].sum() == pytest.approx(result.scores["codelength"])
        assert result.scores["control_codelength"] > result.scores["codelength"]
        assert result.scores["selectivity"] == pytest.approx(
            result.scores["accuracy"] - result.scores["control_accuracy"]
        )
        assert result.tables["control_curve"]["n"]


def test_random_labels_are_not_compressed():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1, 1500, 8)), rng.integers(0, 4, 1500)
    problem = ToyProblem.of_vectors(X, y)
    ((_, _, result),) = Online(probe=MLP(hidden=(16, 16))).run_layers(problem)
    assert 0.9 < result.scores["compression"] < 1.02


def test_the_network_learns_what_no_line_separates():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1, 2500, 4))
    problem = ToyProblem.of_vectors(X, (X[0, :, 0] * X[0, :, 1] > 0).astype(int))
    ((_, _, result),) = Online(probe=MLP(hidden=(32, 32))).run_layers(problem)
    assert result.scores["accuracy"] > 0.9
    assert result.scores["compression"] > 1.4


def test_tiny_training_sets_merge_portions():
    problem = labelled_problem(n=30)
    ((_, result), *_) = cells(Online(probe=Frequencies(3)), problem).items()
    assert result.warnings["merged-portions"] > 0
    curve = result.tables["curve"]
    assert len(curve["n"]) + result.warnings["merged-portions"] == 11
    assert min(curve["n"]) > 0


def test_mistakes_are_told():
    class Hard:
        units, joint, randomness = "vectors", (), ()

        def fit(self, X, y, *, rng):
            return self

        def predict(self, X):
            return np.zeros(len(X), int)

    problem = labelled_problem()
    with pytest.raises(ParameterError, match="Hard gives no probabilities"):
        cells(Online(probe=Hard()), problem)
    wrong = Hard()
    wrong.units = "trees"
    with pytest.raises(ParameterError, match="takes trees"):
        _ = Online(probe=wrong).units
    selfish = Frequencies(3)
    selfish.control = True
    with pytest.raises(ParameterError, match="control task of its own"):
        cells(Online(probe=selfish), problem)
    with pytest.raises(ParameterError, match="ascend"):
        cells(Online(probe=Frequencies(3), portions=(0.5, 0.4, 1.0)), problem)
    with pytest.raises(ParameterError, match="ascend"):
        cells(Online(probe=Frequencies(3), portions=(0.5,)), problem)
    target = problem.data.target
    same = Labels(target.units, np.zeros_like(target.y), target.names)
    data = TaskData(problem.data.corpus, same, ratios=problem.data.ratios)
    with pytest.raises(DataError, match=r"toy problem \(seed 0\): all \d+ items .* one label"):
        cells(Online(probe=Frequencies(3)), problem.only(data=data))
    tree = Trees(np.array([-1]), np.ones(1, bool), np.zeros(1, int), ("root",), np.zeros(1, int))
    data = TaskData(Corpus.of_words([["a"]]), tree)
    with pytest.raises(DataError, match="Trees"):
        cells(Online(probe=Frequencies(3)), ToyProblem(data, splits={0: problem.splits[0]}))
    X = np.full((1, 40, 2), np.nan)
    with pytest.raises(EncodingError, match="40 of 40"):
        cells(Online(probe=MLP()), ToyProblem.of_vectors(X, np.arange(40) % 2))
    with pytest.raises(EncodingError):
        online_code(X[0], np.arange(40) % 2, fit=lambda X, y: Frequencies(2).fit(X, y))
    with pytest.raises(PluginError, match="no probabilities"):
        online_code(np.zeros((9, 1)), np.arange(9) % 2, fit=lambda X, y: Hard(), portions=(0.5, 1))
    with pytest.raises(DataError, match="outside"):
        online_code(np.zeros((9, 1)), np.arange(9), fit=lambda X, y: Hard(), n_labels=3)


def test_several_labels_an_item():
    """A probe that says 1/2 to every label: K bits an item, which is the uniform code."""

    class Half:
        units, joint, randomness, per_layer = "spans", (), (), False

        def run_layers(self, problem):
            from sondage.data import Outcomes, Result

            for seed, split in problem.splits.items():
                n = len(split.test)
                outcomes = Outcomes(
                    split.test,
                    problem.data.target.sentence[split.test],
                    np.ones(n),
                    np.full(n, 3.0),
                )
                yield None, seed, Result({"micro_f1": 0.5}, outcomes)

    y = np.random.default_rng(0).random((60, 3)) < 0.4
    corpus = Corpus([f"s{i}" for i in range(60)])
    problem = ToyProblem(
        TaskData(corpus, Labels(Units.of_sentences(60), y, ("a", "b", "c"))),
        vectors=[np.zeros((60, 2), np.float32)],
    )
    probe = Online(probe=Half())
    assert (probe.units, probe.per_layer) == ("spans", False)
    ((layer, _, result),) = probe.run_layers(problem)
    assert layer is None
    assert result.scores["compression"] == pytest.approx(1)
    assert result.scores["uniform"] == 3 * len(problem.splits[0].train)
    assert result.scores["micro_f1"] == 0.5
    # What was not asked costs nothing under the uniform code either.
    asked = y | (np.arange(3) < 2)
    target = Labels(Units.of_sentences(60), y, ("a", "b", "c"), asked)
    partly = problem.only(data=dataclasses.replace(problem.data, target=target))
    ((_, _, result),) = probe.run_layers(partly)
    train = problem.splits[0].train
    assert result.scores["uniform"] == asked[train].sum()
    with pytest.raises(DataError, match="control"):
        cells(Online(probe=Half(), control=True), problem)


@pytest.mark.skipif(not importlib.util.find_spec("sondage_edge"), reason="needs sondage-edge")
@pytest.mark.parametrize(("read", "layers"), [("mix", (None,)), ("layer", (0, 1))])
def test_edge_probes_are_coded(read, layers):
    from sondage_edge.component import Edge

    small = {"projection": 8, "hidden": 8, "validate_every": 10, "max_validations": 12}
    problem = labelled_problem(n=120, longest=2, seeds=(0,), writeable=False)
    probe = Online(probe=Edge(read=read, loss="softmax", **small), portions=(0.2, 1.0))
    assert probe.units == "spans"
    assert probe.per_layer == (read == "layer")
    found = cells(probe, problem)
    assert sorted(found, key=str) == [(layer, 0) for layer in layers]
    for result in found.values():
        assert result.scores["compression"] > 1.2
        assert result.scores["micro_f1"] > 0.7
        assert sum(result.tables["curve"]["n"]) == len(problem.splits[0].train)


def test_layers_beyond_the_budget_are_trained_in_turn(monkeypatch):
    problem = labelled_problem(n=80, noise=1.0)
    whole = cells(MLP(hidden=(8,), max_epochs=10), problem)
    monkeypatch.setattr("sondage_mdl.mlp.BUDGET", 1)
    parts = cells(MLP(hidden=(8,), max_epochs=10), problem)
    assert list(parts) == list(whole)
    for cell, result in parts.items():
        ours, theirs = result.outcomes.surprisal, whole[cell].outcomes.surprisal
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_what_its_probe_wants_is_what_it_wants():
    class Choosy(Frequencies):
        wants_views, wants_width = ("mean", "cls"), 12

    wrapped = Online(probe=Choosy())
    assert (wrapped.wants_views, wrapped.wants_width) == (("mean", "cls"), 12)
    plain = Online(probe=Frequencies())
    assert (plain.wants_views, plain.wants_width) == ((), None)


def test_a_probe_that_cannot_be_coded_is_refused_when_planning():
    class Controlled(Frequencies):
        control = True

    for probe in (Controlled(), object()):
        with pytest.raises(ParameterError, match=r"mdl\.online: probe"):
            _ = Online(probe=probe).units
