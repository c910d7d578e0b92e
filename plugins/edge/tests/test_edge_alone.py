"""Cells trained by hand and by themselves, against autograd and against each other."""

import numpy as np
import pytest
import threadpoolctl
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.data import States, Units
from sondage.errors import EncodingError
from sondage.testing import toys
from sondage_edge.alone import Answers, Cell, Work, train_all
from sondage_edge.component import Edge
from sondage_edge.estimator import EdgeSettings
from sondage_edge.network import Shape, initial, logits, losses, named
from sondage_edge.progress import Progress
from sondage_edge.ragged import Batches, places
from sondage_edge.reading import Reader
from sondage_edge.training import Target, Trainer


def work(rng, read="layer", loss="sigmoid", roles=1, longest=1, masked=False, n=40, **params):
    """Return work of one seed on random states, whose labels are in the vectors."""
    lengths = rng.integers(longest, longest + 6, 12)
    offsets = np.append(0, np.cumsum(lengths))
    states = [
        States(rng.standard_normal((offsets[-1], 6)).astype(np.float32), offsets) for _ in range(3)
    ]
    sentence = np.sort(rng.integers(0, 12, n))
    start = rng.integers(0, lengths[sentence] - longest + 1, (roles, n)).T
    width = rng.integers(1, longest + 1, (n, roles))
    units = Units(sentence, np.stack([start, start + width], axis=2))
    where, labels = places(units, offsets), 4
    y = (states[2].values[where.start[:, 0]][:, :labels]).argmax(axis=1)
    asked = None
    if masked:
        y, asked = np.eye(labels, dtype=np.float32)[y], rng.random((n, labels)) < 0.6
    chosen = EdgeSettings(read=read, loss=loss, projection=5, hidden=7, batch=4, **params)
    reader = Reader(states, read)
    shape = Shape(reader.width, roles, labels, 5, 7, reader.mixed)
    first = np.stack([initial(shape, rng) for _ in range(reader.cells)])
    held = np.arange(n) % 4 == 0
    train, dev = (Batches(where, np.flatnonzero(part)) for part in (~held, held))
    return Work(shape, reader, chosen, first, train, dev, Answers(y, labels, asked), rng)


def target(one):
    known = None if one.answers.asked is None else torch.from_numpy(one.answers.asked)
    return Target(torch.from_numpy(one.answers.y), one.answers.labels, known)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["mix", "layer", "cat", "cumulative"]),
    st.sampled_from([("sigmoid", False), ("sigmoid", True), ("softmax", False)]),
    st.integers(1, 2),
    st.integers(1, 4),
    st.integers(1, 12),
)
def test_the_gradient_is_autograds(seed, read, how, roles, longest, sentences):
    """Batches of few rows and of more than vectors are wide, so that both products are met."""
    rng = np.random.default_rng(seed)
    one = work(rng, read, how[0], roles, longest, how[1])
    one.start[:] += 0.3 * rng.standard_normal(one.start.shape).astype(np.float32)
    batch = next(one.train.deal(sentences, rng))
    keep = (rng.random((len(one.start), len(batch.items), 7)) < 0.7).astype(np.float32) / 0.7
    values, cells = torch.from_numpy(one.start.copy()).requires_grad_(), np.arange(len(one.start))
    weights = named(one.shape, values)
    scores = logits(weights, one.reader.take(batch.rows, cells, weights), batch,
                    torch.from_numpy(keep))  # fmt: skip
    own, known = target(one).of(batch.items, how[0])
    wanted = losses(scores, own, how[0], known=known)
    (slopes,) = torch.autograd.grad(wanted.sum(), values)
    for c in cells:
        loss, gradient = Cell(one, c, rng).gradient(batch, keep[c])
        assert loss == pytest.approx(wanted[c].item(), rel=1e-4)
        np.testing.assert_allclose(gradient, slopes[c], rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize("read", ["mix", "layer", "cumulative"])
@pytest.mark.parametrize("loss", ["sigmoid", "softmax"])
def test_training_is_that_of_the_program_that_autograd_follows(read, loss):
    """Without dropout, which the two draw in other ways; orders, rates and ends are the same."""
    params = {"dropout": 0.0, "validate_every": 4, "halve_after": 2, "stop_after": 3,
              "max_validations": 12, "rate": 1e-2, "n": 60, "longest": 2}  # fmt: skip
    one, other = (work(np.random.default_rng(1), read, loss, **params) for _ in range(2))
    (found,) = train_all([one])
    trainer = Trainer(other.shape, other.reader, other.settings)
    wanted = trainer.train(other.start, other.train, other.dev, target(other), other.rng)
    assert max(len(cell.looks) for cell in found) > 4
    for mine, theirs in zip(found, wanted, strict=True):
        assert mine.stopped == theirs.stopped
        np.testing.assert_allclose(mine.looks, theirs.looks, rtol=2e-3, atol=1e-4)


def test_bits_of_a_cell_hang_on_no_other_cell_and_no_thread():
    params = {"validate_every": 5, "stop_after": 2, "max_validations": 6, "n": 60}

    def works(seeds):
        return [work(np.random.default_rng(s), "layer", **params) for s in seeds]

    with threadpoolctl.threadpool_limits(1):
        alone = [train_all(works([s]))[0] for s in (0, 1, 2)]
    with threadpoolctl.threadpool_limits(3):
        together = train_all(works([0, 1, 2]))
    assert len({len(cell.looks) for cells in alone for cell in cells}) > 1, "all ended at once"
    for ones, others in zip(alone, together, strict=True):
        for one, other in zip(ones, others, strict=True):
            assert one.looks == other.looks
            assert np.array_equal(one.best, other.best)


@pytest.mark.parametrize("read", ["mix", "layer"])
def test_seeds_together_are_each_seed_alone(read):
    small = {"projection": 16, "hidden": 16, "validate_every": 10, "max_validations": 6}
    problem = toys.labelled_problem(n=80, noise=1.0, longest=3, seeds=(0, 1, 2))
    probe = Edge(read=read, **small)
    together = {(layer, s): result for layer, s, result in probe.run_layers(problem)}
    for seed in problem.seeds:
        for layer, s, alone in probe.run_layers(problem.only(seeds=(seed,))):
            one = together[layer, s]
            assert one.scores == alone.scores
            assert one.tables == alone.tables
            assert np.array_equal(one.outcomes.surprisal, alone.outcomes.surprisal)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.999999])
def test_dropout_drops_its_share_and_keeps_the_mean(share):
    one = work(np.random.default_rng(0), "top", dropout=share, n=400)
    batch = next(one.train.deal(12))
    cell = Cell(one, 0, np.random.default_rng(0))
    drawn = [cell._kept(batch) for _ in range(20)]
    if not share:
        assert drawn == [None] * 20
        return
    keep = np.stack(drawn)
    assert keep.shape[1:] == (len(batch.items), 7)
    spread = np.sqrt(share * (1 - share) / keep.size)
    assert (keep == 0).mean() == pytest.approx(share, abs=4 * spread + 2e-5)
    assert keep.max() * (1 - share) == pytest.approx(1, abs=1e-4) or share > 0.99
    assert not np.array_equal(keep[0], keep[1]) or share > 0.99


def test_a_broken_cell_ends_those_that_run_beside_it():
    """The second seed fails at its first look; the looks of the first would take minutes."""
    one, other = (work(np.random.default_rng(s), "top", validate_every=1, stop_after=10**6,
                       max_validations=10**6) for s in (0, 1))  # fmt: skip
    other.start[:] = np.nan
    with threadpoolctl.threadpool_limits(2), pytest.raises(EncodingError, match="at step 1"):
        train_all([one, other])


def test_a_loss_that_is_no_number_is_said():
    progress = Progress(np.zeros(2, np.float32), EdgeSettings())
    for bad in ((np.nan, 1.0), (1.0, np.inf)):
        with pytest.raises(EncodingError, match="no longer a number at step 7"):
            progress.note(7, bad, 0.0, False, 1e-3, np.zeros(2, np.float32))
