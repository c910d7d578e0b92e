"""What merging keeps beside the vectors, against the same read off them afresh."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage_directprobe import hyperplanes
from sondage_directprobe.hyperplanes import Hyperplanes
from sondage_directprobe.pairs import HARD, SOFT, Pairs, squared


def grouped(rng, sizes, d):
    """Return points of several labels on a grid, where ties abound, and the labels' rows."""
    X = rng.integers(-3, 4, (sum(sizes), d)).astype(float)
    ends = np.cumsum(sizes)
    return X, [np.arange(b - n, b) for n, b in zip(sizes, ends, strict=True)]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100_000))
def test_the_closest_pair_is_that_of_all_pairs_as_clusters_merge_and_fail(seed):
    rng = np.random.default_rng(seed)
    X, groups = grouped(rng, (14, 9), 2)
    weight = rng.integers(1, 4, len(X)).astype(float)
    first = rng.permutation(len(X))
    pairs = Pairs(X, weight, groups, first)
    failed: dict[frozenset[int], int] = {}
    while (pair := pairs.closest()) is not None:
        alive = np.flatnonzero(pairs.alive)
        left = [
            (*sorted((i, j), key=lambda c: pairs.number[c]),)
            for at, i in enumerate(alive)
            for j in alive[at + 1 :]
            if pairs.group[i] == pairs.group[j] and frozenset((i, j)) not in failed
        ]
        gap = [float(squared(pairs.centre[i][None], pairs.centre[j][None])[0]) for i, j in left]
        keys = [(g, pairs.number[i], pairs.number[j]) for g, (i, j) in zip(gap, left, strict=True)]
        assert pair == left[min(range(len(left)), key=keys.__getitem__)]
        i, j = pair
        if rng.random() < 0.4:
            state = int(rng.choice([SOFT, HARD]))
            pairs.fail(i, j, state)
            failed[frozenset(pair)] = state
            continue
        others = [k for k in alive if pairs.group[k] == pairs.group[i] and k not in pair]
        barred = np.array([k for k in others if rng.random() < 0.1], np.int64)
        total = pairs.total[i] + pairs.total[j]
        pairs.merge(i, j, total, total / (pairs.weight[i] + pairs.weight[j]), barred)
        for k in others:
            old = [failed.pop(frozenset((c, k)), 0) for c in (i, j)]
            if HARD in old or k in barred:
                failed[frozenset((i, k))] = HARD if HARD in old else SOFT


def test_what_has_merged_leaves_the_table_of_distances():
    X, groups = grouped(np.random.default_rng(0), (40,), 3)
    pairs = Pairs(X, np.ones(40), groups, np.arange(40))
    for left in range(39, 0, -1):
        i, j = pairs.closest()
        total = pairs.total[i] + pairs.total[j]
        centre = total / (pairs.weight[i] + pairs.weight[j])
        pairs.merge(i, j, total, centre, np.empty(0, np.int64))
        assert left <= len(pairs.D[0]) <= 2 * left
        assert pairs.D[0].shape == pairs.state[0].shape == (len(pairs.rows[0]),) * 2


@pytest.mark.parametrize("seed", range(6))
def test_a_question_is_settled_by_just_the_hyperplanes_kept(seed, monkeypatch):
    monkeypatch.setattr(hyperplanes, "SLOTS", 13)
    rng = np.random.default_rng(seed)
    X, groups = grouped(rng, (8, 7, 6), 3)
    label = np.repeat([0, 1, 2], [8, 7, 6])
    planes = Hyperplanes(X, groups, 1e-9)
    members = {i: [i] for i in range(len(X))}
    kept: dict[tuple[int, int], list] = {}
    for step in range(60):
        a, b = sorted(rng.choice(3, 2, replace=False).tolist())
        normal = rng.normal(size=3)
        normal /= np.linalg.norm(normal)
        first = (a, b) not in kept
        kept.setdefault((a, b), []).append(normal)
        planes.add(a, b, normal, first=first)
        # The first stays; of the others the last twelve.
        kept[a, b] = kept[a, b][:1] + kept[a, b][1:][-12:]
        if step % 5 == 4:
            same = [c for c in members if label[c] == step % 3]
            if len(same) > 2:
                i, j = same[:2]
                planes.merge(i, j, np.array(members[j]))
                members[i] += members.pop(j)
    for x in range(3):
        i, j = [c for c in members if label[c] == x][:2]
        others = np.array([c for c in members if label[c] != x])
        wanted = []
        for c in others:
            y = int(label[c])
            sign = 1 if x < y else -1
            P, C = X[members[i] + members[j]], X[members[c]]
            normals = kept.get((min(x, y), max(x, y)), [])
            wanted.append(
                not any((P @ v * sign).min() - (C @ v * sign).max() > 1e-9 for v in normals)
            )
        assert planes.unsettled(i, j, others, label[others]).tolist() == wanted
