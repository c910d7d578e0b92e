"""The estimators: a planted subspace is found again, and what cannot be used is said."""

import numpy as np
import pytest

import sondage_structural
from sondage.data import States, offsets_of
from sondage.errors import DataError, EncodingError, ParameterError
from sondage_structural import (
    DepthProbe,
    DistanceProbe,
    dspr,
    nspr,
    root_accuracy,
    spanning_tree,
    tree_distances,
    uuas,
)


def random_heads(rng, t):
    order = rng.permutation(t)
    heads = np.full(t, -1)
    for rank in range(1, t):
        heads[order[rank]] = order[rng.integers(0, rank)]
    return heads


def planted(rng, n, width=24, k=9, noise=1.0, longest=10):
    """Words whose squared distances in a hidden k-dimensional subspace are those of the tree.

    Each word is its head plus a unit vector of its own; the root is the origin. Beside the
    subspace there is noise, far larger than the tree.
    """
    basis = np.linalg.qr(rng.standard_normal((width, width)))[0]
    states, heads = [], []
    for _ in range(n):
        own = random_heads(rng, int(rng.integers(3, longest + 1)))
        inner, axes = np.zeros((len(own), k)), iter(rng.permutation(k))
        depth_order = [int(np.flatnonzero(own == -1)[0])]
        for word in depth_order:
            for child in np.flatnonzero(own == word):
                inner[child] = inner[word]
                inner[child, next(axes)] += 1
                depth_order.append(int(child))
        outer = noise * rng.standard_normal((len(own), width - k))
        states.append((np.hstack([inner, outer]) @ basis.T).astype(np.float32))
        heads.append(own)
    return states, heads, basis[:, :k]


def test_a_planted_subspace_and_its_trees_are_found():
    rng = np.random.default_rng(0)
    states, heads, subspace = planted(rng, 400)
    probe = DistanceProbe(rank=9, learning_rate=0.02, batch=10, epochs=60)
    probe.fit(states[:300], heads[:300], states[300:350], heads[300:350])
    D, gold = probe.predict(states[350:]), heads[350:]
    assert uuas(D, gold) > 0.97
    gaps = [np.abs(d - tree_distances(h)).max() for d, h in zip(D, gold, strict=True)]
    assert np.quantile(gaps, 0.9) < 0.05
    # Not 1: gold distances tie, and predicted ones hardly ever do.
    assert dspr(D, gold) > 0.94
    # Before training, the noise hides the trees.
    random = DistanceProbe(rank=9, projection="random").fit(states[:300], heads[:300])
    assert uuas(random.predict(states[350:]), gold) < 0.6
    # B Bᵀ is the projection onto the subspace: distances are those in it, none of the noise.
    form = probe.projection_ @ probe.projection_.T
    assert np.abs(form - subspace @ subspace.T).max() < 0.1


def test_planted_depths_are_found():
    rng = np.random.default_rng(1)
    states, heads, subspace = planted(rng, 400)
    probe = DepthProbe(rank=9, learning_rate=0.02, batch=10, epochs=60)
    probe.fit(states[:300], heads[:300], states[300:350], heads[300:350])
    d, gold = probe.predict(states[350:]), heads[350:]
    assert root_accuracy(d, gold) > 0.97
    assert nspr(d, gold) > 0.9
    random = DepthProbe(rank=9, projection="random").fit(states[:300], heads[:300])
    assert root_accuracy(random.predict(states[350:]), gold) < 0.6
    form = probe.projection_ @ probe.projection_.T
    # Depths alone leave the form open within the subspace, but not outside.
    assert np.trace(subspace.T @ form @ subspace) > 0.97 * np.trace(form)


def test_nothing_is_found_where_nothing_is():
    rng = np.random.default_rng(2)
    _, heads, _ = planted(rng, 200)
    states = [rng.standard_normal((len(h), 24)).astype(np.float32) for h in heads]
    probe = DistanceProbe(rank=9, learning_rate=0.02, batch=10)
    probe.fit(states[:150], heads[:150], states[150:170], heads[150:170])
    test, gold = states[170:], heads[170:]
    # Above 0 all the same: under both measures a word is nearest to itself.
    floor = dspr(DistanceProbe(rank=24, projection="random").fit(test, gold).predict(test), gold)
    assert dspr(probe.predict(test), gold) < floor + 0.1


def test_predictions_are_squared_distances_after_the_projection():
    rng = np.random.default_rng(3)
    states, heads, _ = planted(rng, 40)
    states = [s + 100 for s in states]  # a common part that float32 inner products would drown in
    probe = DistanceProbe(rank=5).fit(states, heads, states, heads)
    for s, D in zip(states, probe.predict(states), strict=True):
        Z = s.astype(np.float64) @ probe.projection_.astype(np.float64)
        wanted = ((Z[:, None] - Z[None]) ** 2).sum(-1)
        assert np.allclose(D, wanted, rtol=1e-3, atol=1e-4)
        assert (D >= 0).all()
        assert not np.diag(D).any()
        assert spanning_tree(D).shape == (len(s) - 1, 2)
    depth = DepthProbe(rank=5).fit(states, heads, states, heads)
    for s, d in zip(states, depth.predict(states), strict=True):
        assert np.allclose(d, ((s @ depth.projection_) ** 2).sum(-1), rtol=1e-4)


def test_ragged_states_and_lists_are_the_same():
    states, heads, _ = planted(np.random.default_rng(4), 30)
    ragged = States(np.concatenate(states), offsets_of(len(s) for s in states))
    one = DistanceProbe(rank=4, epochs=3).fit(states, heads, states[:5], heads[:5])
    two = DistanceProbe(rank=4, epochs=3).fit(ragged, heads, states[:5], heads[:5])
    assert np.array_equal(one.projection_, two.projection_)
    for a, b in zip(one.predict(states), two.predict(ragged), strict=True):
        assert np.array_equal(a, b)


def test_the_generator_decides():
    states, heads, _ = planted(np.random.default_rng(5), 20)

    def fit(rng):
        return DepthProbe(rank=3, epochs=2).fit(states, heads, states, heads, rng=rng).projection_

    assert np.array_equal(fit(None), fit(np.random.default_rng(0)))
    assert not np.array_equal(fit(np.random.default_rng(1)), fit(np.random.default_rng(0)))


def test_a_fitted_probe_says_how_it_went():
    states, heads, _ = planted(np.random.default_rng(6), 40)
    probe = DistanceProbe(rank=4, epochs=4).fit(states[:30], heads[:30], states[30:], heads[30:])
    assert probe.n_epochs_ == len(probe.losses_) == len(probe.rates_) == 4
    assert probe.dev_loss_ == min(probe.losses_)
    assert probe.rates_[0] == 1e-3


def test_odd_sentences_do_no_harm():
    rng = np.random.default_rng(7)
    states, heads, _ = planted(rng, 20)
    long = random_heads(rng, 150)
    states += [rng.standard_normal((150, 24)).astype(np.float32), states[0][:1]]
    heads += [long, np.array([-1])]
    probe = DistanceProbe(rank=4, epochs=2).fit(states, heads, states, heads)
    assert [len(D) for D in probe.predict(states)][-2:] == [150, 1]
    assert np.isfinite(probe.dev_loss_)
    assert probe.predict([]) == []


@pytest.mark.parametrize("kind", [DistanceProbe, DepthProbe])
def test_what_cannot_be_used_is_said(kind):
    states, heads, _ = planted(np.random.default_rng(8), 6)
    probe = kind(rank=4)
    with pytest.raises(ParameterError, match="rank 30 of vectors that are 24 wide"):
        kind(rank=30).fit(states, heads, states, heads)
    with pytest.raises(DataError, match="no dev sentences"):
        probe.fit(states, heads)
    with pytest.raises(DataError, match="no training sentences"):
        probe.fit(States(np.empty((0, 24), np.float32), np.zeros(1, np.int64)), [], states, heads)
    with pytest.raises(DataError, match="6 and 6 sentences, but trees of 5 and 6"):
        probe.fit(states, heads[:5], states, heads)
    with pytest.raises(DataError, match="sentence 1 of the training part"):
        probe.fit([states[0], states[1][:-1], *states[2:]], heads, states, heads)
    with pytest.raises(DataError, match="sentence 2 of the dev part"):
        probe.fit(states, heads, [*states[:2], states[2][:, :3], *states[3:]], heads)
    with pytest.raises(DataError, match="23 wide, wanted 24"):
        probe.fit(states, heads, [s[:, :23] for s in states], heads)
    broken = [s.copy() for s in states]
    broken[3][0, 0] = np.nan
    with pytest.raises(EncodingError, match=r"1 of \d+ vectors hold NaN"):
        probe.fit(broken, heads, states, heads)
    probe.fit(states, heads, states, heads)
    with pytest.raises(EncodingError, match="NaN"):
        probe.predict(broken)


def test_names_are_imported_when_used():
    for name in sondage_structural.__all__:
        assert getattr(sondage_structural, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sondage_structural.nothing
