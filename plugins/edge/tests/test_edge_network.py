"""The vectorised network against hand-made numbers, and against the slow literal one."""

import math

import edge_reference as reference
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.data import States, Units, ranges
from sondage_edge.network import Shape, initial, logits, losses, named
from sondage_edge.ragged import Batches, batch, places
from sondage_edge.reading import Reader

WORDS = States(np.array([[9, 9], [1, 0], [0, 1], [9, 9]], np.float32), np.array([0, 1, 4]))


def by_hand(attention):
    """Identities everywhere: the logit is the first of two normalised hidden units."""
    shape = Shape(width=2, roles=1, labels=1, projection=2, hidden=2)
    eye = torch.eye(2)[None]
    zero = torch.zeros(1, 2)
    weights = {
        "A0": eye, "b0": zero, "att0": torch.tensor([attention]), "U0": eye, "c": zero,
        "scale": torch.ones(1, 2), "shift": zero, "V": torch.tensor([[[1.0], [0.0]]]),
        "o": torch.zeros(1, 1),
    }  # fmt: skip
    assert list(weights) == list(shape.parts)
    return weights


def test_pool_of_two_words_by_hand():
    # Scores ln 3 and 0 give weights 3/4 and 1/4, so the span is (3/4, 1/4).
    where = places(Units(np.array([1]), np.array([[[0, 2]]])), WORDS.offsets)
    part = batch(where, np.array([0]))
    assert part.rows.tolist() == [1, 2]
    found = logits(
        by_hand([math.log(3), 0.0]), torch.from_numpy(WORDS.values[part.rows])[None], part
    )
    a, b = math.tanh(0.75), math.tanh(0.25)
    gap = (a - b) / 2
    assert found.item() == pytest.approx(gap / math.sqrt(gap**2 + 1e-5), rel=1e-6)


def test_one_word_is_pooled_as_itself_whatever_the_attention():
    where = places(Units(np.array([1]), np.array([[[1, 2]]])), WORDS.offsets)
    part = batch(where, np.array([0]))
    X = torch.from_numpy(WORDS.values[part.rows])[None]
    one = logits(by_hand([5.0, -7.0]), X, part)
    assert torch.equal(one, logits(by_hand([0.0, 0.0]), X, part))
    gap = -math.tanh(1) / 2
    assert one.item() == pytest.approx(gap / math.sqrt(gap**2 + 1e-5), rel=1e-6)


def test_losses_by_hand():
    z = torch.tensor([[[0.0, math.log(3)], [0.0, 0.0]]])
    y = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    # p = 1/2, 3/4; 1/2, 1/2: -log of 1/2, 3/4, 1/2, 1/2.
    each = [math.log(2) + math.log(4 / 3), 2 * math.log(2)]
    assert losses(z, y, "sigmoid").item() == pytest.approx(sum(each) / 4)
    # Of four decisions the first was not asked for.
    known = torch.tensor([[False, True], [True, True]])
    each = [math.log(4 / 3), 2 * math.log(2)]
    assert losses(z, y, "sigmoid", known=known).item() == pytest.approx(sum(each) / 3)
    masked = np.array([[np.nan, 1], [0, 0]], np.float32)
    assert reference.loss(z[0], masked, "sigmoid").item() == pytest.approx(sum(each) / 3)
    nothing = torch.zeros_like(known)
    assert losses(z, y, "sigmoid", known=nothing).item() == 0
    one = torch.tensor([1, 0])
    each = [math.log(4 / 3), math.log(2)]
    assert losses(z, one, "softmax").item() == pytest.approx(sum(each) / 2)


@st.composite
def cases(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    sizes = rng.integers(1, 12, draw(st.integers(1, 5)))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    roles, n = draw(st.sampled_from([1, 2])), draw(st.integers(1, 12))
    longest = draw(st.sampled_from([1, 3, 12]))
    sentence = rng.integers(0, len(sizes), n)
    start = rng.integers(0, sizes[sentence][:, None], (n, roles))
    length = np.minimum(rng.integers(1, longest + 1, (n, roles)), sizes[sentence][:, None] - start)
    units = Units(sentence, np.stack([start, start + length], axis=2))
    read = draw(st.sampled_from(["mix", "layer", "top", "lexical", "cat", "cumulative"]))
    width = draw(st.sampled_from([2, 5, 40]))  # with 2, both orders of the products occur
    layers = [
        States(rng.standard_normal((offsets[-1], width)).astype(np.float32), offsets)
        for _ in range(draw(st.integers(1, 3)))
    ]
    reader = Reader(layers, read)
    shape = Shape(reader.width, roles, 3, projection=4, hidden=6, mixed=reader.mixed)
    values = np.stack([initial(shape, rng) for _ in range(reader.cells)])
    values += 0.3 * rng.standard_normal(values.shape).astype(np.float32)
    several = draw(st.booleans())
    y = rng.random((n, 3)) < 0.4 if several else rng.integers(0, 3, n)
    return units, reader, shape, values, y


def own_layers(reader, cell):
    """What the literal network of one cell is given."""
    states = list(reader.states)
    if reader.read == "cat":
        both = np.concatenate([states[0].values, states[-1].values], axis=1)
        return [States(both, states[0].offsets)]
    return {
        "mix": states, "layer": states[cell : cell + 1], "top": states[-1:],
        "lexical": states[:1], "cumulative": states[: cell + 1],
    }[reader.read]  # fmt: skip


@settings(deadline=None, max_examples=80)
@given(cases())
def test_vectorised_equals_literal_in_scores_loss_and_gradient(case):
    units, reader, shape, values, y = case
    where = places(units, reader.states[0].offsets)
    kind = "sigmoid"
    own = torch.from_numpy(y)
    target = own.float() if y.ndim == 2 else torch.nn.functional.one_hot(own, 3).float()
    if y.ndim == 1 and len(y) % 2:
        kind, target = "softmax", own
    fast = torch.from_numpy(values.copy()).requires_grad_()
    weights = named(shape, fast)
    part = batch(where, np.arange(len(units)))
    found = logits(weights, reader.take(part.rows, np.arange(reader.cells), weights), part)
    mean = losses(found, target, kind)
    (gradient,) = torch.autograd.grad(mean.sum(), fast)
    for cell in range(reader.cells):
        slow = torch.from_numpy(values[cell : cell + 1].copy()).requires_grad_()
        alone = {k: v[0] for k, v in named(shape, slow).items()}
        layers = own_layers(reader, cell)
        if shape.mixed:
            alone["scalars"] = alone["scalars"][: len(layers)]
        expected = reference.scores(alone, layers, units)
        torch.testing.assert_close(found[cell], expected, rtol=1e-3, atol=2e-4)
        loss = reference.loss(expected, y, kind)
        torch.testing.assert_close(mean[cell], loss, rtol=1e-3, atol=1e-4)
        (own_gradient,) = torch.autograd.grad(loss, slow)
        torch.testing.assert_close(gradient[cell], own_gradient[0], rtol=5e-3, atol=5e-4)


def test_gradient_is_that_of_finite_differences():
    rng = np.random.default_rng(3)
    offsets = np.array([0, 4, 9])
    states = [States(rng.standard_normal((9, 3)).astype(np.float32), offsets) for _ in range(2)]
    spans = np.array([[[0, 3], [1, 2]], [[1, 5], [0, 5]], [[0, 1], [2, 4]]])
    where = places(Units(np.array([0, 1, 1]), spans), offsets)
    part = batch(where, np.arange(3))
    shape = Shape(3, 2, 2, projection=2, hidden=3, mixed=2)
    values = torch.from_numpy(initial(shape, rng)[None]).double()
    values += 0.3 * torch.from_numpy(rng.standard_normal(values.shape))
    y = torch.from_numpy(rng.random((3, 2)) < 0.5).double()

    def loss(v):
        weights = named(shape, v)
        H = torch.from_numpy(np.stack([s.values[part.rows] for s in states])).double()
        shares = weights["scalars"].softmax(dim=1) * weights["gamma"]
        X = torch.einsum("cl,lrd->crd", shares, H)
        return losses(logits(weights, X, part), y, "sigmoid")

    assert torch.autograd.gradcheck(loss, values.requires_grad_(), atol=1e-6)


@settings(deadline=None, max_examples=60)
@given(cases(), st.integers(1, 3))
def test_batches_deal_every_item_once_with_the_rows_it_needs(case, size):
    units, reader, *_ = case
    where = places(units, reader.states[0].offsets)
    parts = list(Batches(where, np.arange(len(units))).deal(size, np.random.default_rng(0)))
    assert sorted(np.concatenate([p.items for p in parts])) == list(range(len(units)))
    for part in parts:
        assert len(np.unique(units.sentence[part.items])) <= size
        spans = zip(where.start[part.items].ravel(), where.length[part.items].ravel(), strict=True)
        needed = {row for start, length in spans for row in range(start, start + length)}
        assert part.rows.tolist() == sorted(needed)


def test_ranges():
    assert ranges(np.array([5, 1, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
    assert ranges(np.array([], int), np.array([], int)).tolist() == []
