"""The components: scores and artifacts agree with the plain library, and bad input is said."""

import dataclasses
import itertools

import numpy as np
import pytest

from sondage.data import Corpus, Labels, Split, States, TaskData, Trees, Units
from sondage.errors import DataError, EncodingError, ParameterError
from sondage.testing import toys
from sondage_structural import (
    DistanceProbe,
    dspr,
    inputs,
    nspr,
    root_accuracy,
    spanning_tree,
    tree_distances,
    uuas,
)
from sondage_structural.chain import Chain
from sondage_structural.component import Depth, Distance

SMALL = {"rank": 8, "epochs": 6, "batch": 4, "learning_rate": 0.02}


def problem(**how):
    return toys.tree_problem(**how)


def punctuated(**how):
    """The toy problem with every fifth word punctuation."""
    whole = problem(**how)
    target = whole.data.target
    scored = np.arange(len(target.heads)) % 5 != 0
    data = dataclasses.replace(whole.data, target=dataclasses.replace(target, scored=scored))
    return whole.only(data=data)


def parts(whole, sentences):
    offsets, target = whole.data.corpus.offsets, whole.data.target
    cut = [slice(offsets[i], offsets[i + 1]) for i in sentences]
    return [target.heads[c] for c in cut], [target.scored[c] for c in cut]


def projected(whole, layer, sentences, B):
    states = whole.states(layer)
    return [states[i].astype(np.float64) @ B.astype(np.float64) for i in sentences]


def test_distance_results_are_those_of_the_plain_functions():
    whole = punctuated()
    for layer, seed, result in Distance(**SMALL, keep_projection=True).run_layers(whole):
        test = whole.splits[seed].test
        heads, scored = parts(whole, test)
        Z = projected(whole, layer, test, result.arrays["projection"])
        D = [((z[:, None] - z[None]) ** 2).sum(-1) for z in Z]
        assert result.scores["uuas"] == pytest.approx(uuas(D, heads, scored))
        assert result.scores["dspr"] == pytest.approx(dspr(D, heads), abs=1e-6)
        offsets = result.arrays["edge_offsets"]
        for i, d in enumerate(D):
            found = result.arrays["edges"][offsets[i] : offsets[i + 1]]
            assert np.array_equal(found, spanning_tree(d, scored[i]))
        assert result.outcomes.values.mean() == pytest.approx(result.scores["uuas"])
        assert np.array_equal(result.outcomes.items, test)
        share = result.arrays["found"].sum() / result.arrays["gold"].sum()
        assert share == result.scores["uuas"]
        assert result.arrays["edge_correct"].sum() == result.arrays["found"].sum()


def test_outcomes_give_the_spread_of_a_ratio():
    # Resampling sentences and taking the ratio anew, against the mean of resampled outcomes.
    (_, _, result) = next(iter(Distance(**SMALL).run_layers(punctuated(n=400, seeds=(0,)))))
    c, e, values = result.arrays["found"], result.arrays["gold"], result.outcomes.values
    draws = np.random.default_rng(0).integers(0, len(c), (4000, len(c)))
    ratio = c[draws].sum(axis=1) / e[draws].sum(axis=1)
    assert values[draws].mean(axis=1).std() == pytest.approx(ratio.std(), rel=0.03)


def test_depth_results_are_those_of_the_plain_functions():
    whole = punctuated()
    for layer, seed, result in Depth(**SMALL, keep_projection=True).run_layers(whole):
        test = whole.splits[seed].test
        heads, scored = parts(whole, test)
        Z = projected(whole, layer, test, result.arrays["projection"])
        d = [(z**2).sum(-1) for z in Z]
        assert result.scores["root_accuracy"] == pytest.approx(root_accuracy(d, heads, scored))
        assert result.scores["nspr"] == pytest.approx(nspr(d, heads), abs=1e-6)
        assert result.outcomes.values.mean() == result.scores["root_accuracy"]


def test_a_component_is_the_estimator():
    whole = problem(n_layers=1, seeds=(0,))
    ((_, _, result),) = Distance(**SMALL, keep_projection=True).run_layers(whole)
    split, states = whole.splits[0], whole.states(0)

    class Draws:
        """Starts as the component does, then shuffles as it does."""

        def __init__(self):
            self.start, self.order = whole.rng(0, 0), whole.rng(None, 0)

        def uniform(self, *given):
            return self.start.uniform(*given)

        def permutation(self, n):
            return self.order.permutation(n)

    probe = DistanceProbe(**SMALL).fit(
        [states[i] for i in split.train], parts(whole, split.train)[0],
        [states[i] for i in split.dev], parts(whole, split.dev)[0], rng=Draws(),
    )  # fmt: skip
    assert np.allclose(probe.projection_, result.arrays["projection"], atol=1e-6)
    assert probe.losses_ == pytest.approx(result.tables["training"]["dev_loss"])


def test_a_random_projection_is_not_trained():
    whole = problem()
    cells = list(Distance(rank=8, projection="random", keep_projection=True).run_layers(whole))
    assert len(cells) == 4
    for layer, seed, result in cells:
        wanted = whole.rng(layer, seed).uniform(-0.05, 0.05, (8, 8)).astype(np.float32)
        assert np.array_equal(result.arrays["projection"], wanted)
        assert "training" not in result.tables
        assert set(result.warnings) == {"few-sentences"}


def test_a_random_projection_needs_no_dev_part():
    whole = problem(n_layers=1, seeds=(0,))
    split = whole.splits[0]
    without = {0: Split(split.train, split.dev[:0], split.test)}
    bare = toys.ToyProblem(whole.data, [whole.states(0).values], splits=without)
    assert len(list(Depth(rank=8, projection="random").run_layers(bare))) == 1
    for probe in (Distance(**SMALL), Depth(**SMALL)):
        with pytest.raises(DataError, match=r"the dev part of toy problem .seed 0. is empty"):
            list(probe.run_layers(bare))


def test_the_chain_joins_neighbours():
    whole = punctuated()
    for layer, seed, result in Chain().run_layers(whole):
        assert layer is None
        test = whole.splits[seed].test
        heads, scored = parts(whole, test)
        D = [np.abs(np.subtract.outer(np.arange(len(h)), np.arange(len(h)))) for h in heads]
        own = [np.arange(len(h)) for h in heads]
        assert result.scores == pytest.approx(
            {
                "uuas": uuas(D, heads, scored),
                "dspr": dspr(D, heads),
                "root_accuracy": root_accuracy(own, heads, scored),
                "nspr": nspr(own, heads),
            }
        )
        first = result.arrays["edges"][: result.arrays["edge_offsets"][1]]
        kept = np.flatnonzero(scored[0])
        assert first.tolist() == [[int(a), int(b)] for a, b in itertools.pairwise(kept)]


def test_pictured_sentences_hold_words_and_trees():
    whole = problem(seeds=(0,), n_layers=1)
    ((_, _, result),) = Distance(**SMALL, pictures=3).run_layers(whole)
    words, arcs = result.tables["words"], result.tables["arcs"]
    assert len(set(words["sentence"])) == 3
    i = words["sentence"][0]
    rows = [n for n, s in enumerate(words["sentence"]) if s == i]
    assert [words["form"][n] for n in rows] == list(whole.data.corpus.words_of(i))
    heads = parts(whole, [i])[0][0]
    assert [words["head"][n] for n in rows] == heads.tolist()
    gold = tree_distances(heads)
    for n, s in enumerate(arcs["sentence"]):
        if s == i:
            assert arcs["correct"][n] == (gold[arcs["first"][n], arcs["second"][n]] == 1)
    assert "words" not in next(iter(Depth(**SMALL, pictures=0).run_layers(whole)))[2].tables


def test_layers_in_groups_are_those_together(monkeypatch):
    whole = problem(n_layers=3, seeds=(0,))
    probe = Distance(**SMALL, keep_projection=True)
    together = {layer: r for layer, _, r in probe.run_layers(whole)}
    monkeypatch.setattr(inputs, "GROUP_BYTES", 1)
    apart = {layer: r for layer, _, r in probe.run_layers(whole)}
    assert list(apart) == list(together) == [0, 1, 2]
    for layer in apart:
        a, b = (r[layer].arrays["projection"] for r in (apart, together))
        assert np.allclose(a, b, atol=1e-6)


def test_half_precision_and_memory_maps_are_read(tmp_path):
    whole = problem(n_layers=1, seeds=(0,))
    half = whole.states(0).values.astype(np.float16)
    np.save(tmp_path / "half.npy", half)
    mapped = np.load(tmp_path / "half.npy", mmap_mode="r")

    class Half(toys.ToyProblem):
        def states(self, layer):
            return States(mapped, self.data.corpus.offsets)

    probe = Distance(**SMALL)
    ((_, _, a),) = probe.run_layers(Half(whole.data, [half]))
    ((_, _, b),) = probe.run_layers(toys.ToyProblem(whole.data, [half.astype(np.float32)]))
    assert a.scores == b.scores


def test_an_unfinished_training_is_counted():
    ((_, _, result), *_) = Distance(rank=8, epochs=1).run_layers(problem())
    assert result.warnings["not-converged"] == 1


def labelled():
    corpus = Corpus.of_words([["a", "b"], ["c", "d"]], name="labels only")
    units = Units.of_words(np.array([0, 1]), np.array([0, 0]))
    data = TaskData(corpus, Labels(units, np.array([0, 1]), ("x", "y")))
    split = {0: Split(*(np.array([i]) for i in (0, 0, 1)))}
    return toys.ToyProblem(data, [np.zeros((4, 8), np.float32)], splits=split)


@pytest.mark.parametrize("probe", [Distance(**SMALL), Depth(**SMALL), Chain()])
def test_a_task_without_trees_is_refused(probe):
    with pytest.raises(DataError, match="wants trees over words, but labels only has Labels"):
        list(probe.run_layers(labelled()))


def changed(heads=None, scored=None, splits=None):
    whole = problem(n_layers=1, seeds=(0,))
    target = whole.data.target
    target = Trees(
        target.heads if heads is None else heads(target.heads.copy()),
        target.scored if scored is None else scored,
        target.relations, target.names, target.sentence,
    )  # fmt: skip
    data = dataclasses.replace(whole.data, target=target)
    return toys.ToyProblem(data, [whole.states(0).values], splits=splits)


@pytest.mark.parametrize("probe", [Distance(**SMALL), Depth(**SMALL), Chain()])
def test_broken_trees_are_refused(probe):
    def rootless(heads):
        heads[heads == -1] = 0
        return heads

    with pytest.raises(DataError, match="toy problem: sentence 0 has 0 roots"):
        list(probe.run_layers(changed(heads=rootless)))


@pytest.mark.parametrize("probe", [Distance(**SMALL), Depth(**SMALL), Chain()])
def test_short_test_sentences_alone_leave_scores_undefined(probe):
    whole = problem(n_layers=1, seeds=(0,))
    lengths = np.diff(whole.data.corpus.offsets)
    short, rest = np.flatnonzero(lengths == 4), np.flatnonzero(lengths != 4)
    split = {0: Split(rest[:20], rest[20:], short)}
    with pytest.raises(DataError, match=r"no test sentence of toy problem .seed 0. has 5 to 50"):
        list(probe.run_layers(changed(splits=split)))


def test_test_sentences_of_punctuation_leave_uuas_undefined():
    n = len(problem().data.target.heads)
    none = changed(scored=np.zeros(n, bool))
    for probe in (Distance(**SMALL), Chain()):
        with pytest.raises(DataError, match="UUAS is undefined"):
            list(probe.run_layers(none))
    ((_, _, result),) = Depth(**SMALL).run_layers(none)
    assert 0 <= result.scores["root_accuracy"] <= 1


def test_empty_parts_are_refused():
    whole = problem(n_layers=1, seeds=(0,))
    s, no = whole.splits[0], np.empty(0, np.int64)
    for split, part in ((Split(no, s.dev, s.test), "train"), (Split(s.train, s.dev, no), "test")):
        with pytest.raises(DataError, match=f"the {part} part"):
            list(Distance(**SMALL).run_layers(changed(splits={0: split})))


def test_vectors_that_do_not_fit_are_refused():
    whole = problem(n_layers=1, seeds=(0,))
    with pytest.raises(ParameterError, match=r"structural.depth: rank 64 of vectors that are 8"):
        list(Depth().run_layers(whole))
    values = whole.states(0).values.copy()
    values[3, 1] = np.inf
    with pytest.raises(EncodingError, match="layer 0, toy problem: 1 of"):
        list(Distance(**SMALL).run_layers(toys.ToyProblem(whole.data, [values])))

    class Subwords(toys.ToyProblem):
        def states(self, layer):
            return States(np.zeros((9, 8), np.float32), np.array([0, 9]))

    with pytest.raises(EncodingError, match="one vector a word"):
        list(Distance(**SMALL).run_layers(Subwords(whole.data, [values])))


def test_a_test_sentence_without_predicted_order_is_counted():
    whole = problem(n_layers=1, seeds=(0,))
    zeros = toys.ToyProblem(whole.data, [np.zeros_like(whole.states(0).values)])
    test = whole.splits[0].test
    words = int(np.diff(whole.data.corpus.offsets)[test].sum())
    ((_, _, a),) = Distance(rank=8, projection="random").run_layers(zeros)
    ((_, _, b),) = Depth(rank=8, projection="random").run_layers(zeros)
    few = {"few-sentences": int((np.diff(whole.data.corpus.offsets)[test] >= 5).sum())}
    assert a.warnings == {"undefined-correlation": words} | few
    assert b.warnings == {"undefined-correlation": len(test)} | few
    assert a.scores["dspr"] == b.scores["nspr"] == 0
