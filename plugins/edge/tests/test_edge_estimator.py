"""`EdgeProbe` on synthetic states, and what it says of bad input."""

import re

import numpy as np
import pytest

from sondage.data import States, Units
from sondage.errors import DataError, EncodingError, ParameterError
from sondage_edge import EdgeProbe
from sondage_edge.estimator import EdgeSettings, cells_of
from sondage_edge.progress import Progress

SMALL = {"projection": 16, "hidden": 16, "dropout": 0.0, "validate_every": 25, "batch": 16}


def planted(layers=4, carrier=2, n=300, width=8, classes=3, several=False, seed=0):
    """Sentences of three words; only one layer's vectors of each span know its label."""
    rng = np.random.default_rng(seed)
    offsets = np.arange(0, 3 * n + 1, 3)
    y = rng.random((n, classes)) < 0.5 if several else rng.integers(0, classes, n)
    known = y if several else np.eye(classes)[y]
    states = [rng.standard_normal((3 * n, width)).astype(np.float32) for _ in range(layers)]
    start = rng.integers(0, 2, n)
    for step in (0, 1):
        rows = offsets[:-1] + start + step
        states[carrier][rows, :classes] += 4 * known - 2
    units = Units(np.arange(n), np.stack([start, start + 2], axis=1)[:, None])
    return [States(s, offsets) for s in states], units, y


def fitted(states, units, y, seed=0, **params):
    train, dev = np.arange(0, 200), np.arange(200, 240)
    return EdgeProbe(**{**SMALL, **params}).fit(
        states, cells_of(train, units), y[train], dev=(cells_of(dev, units), y[dev]),
        rng=np.random.default_rng(seed),
    )  # fmt: skip


def right(probe, states, units, y, test=slice(240, 300)):
    part = Units(units.sentence[test], units.spans[test])
    scores = probe.decision_function(states, part)
    return (scores.argmax(axis=-1) == y[test]).mean(axis=-1)


@pytest.mark.parametrize("carrier", range(4))
def test_mix_finds_the_layer_that_knows(carrier):
    states, units, y = planted(carrier=carrier, seed=carrier)
    # Few vectors suffice to learn this, so that shares have to move fast to move far.
    probe = fitted(states, units, y, rate=0.01, max_validations=40)
    assert probe.shares_.shape == (1, 4)
    assert probe.shares_.sum() == pytest.approx(1)
    rest = np.delete(probe.shares_[0], carrier)
    assert probe.shares_[0, carrier] > 2 * rest.max()
    assert right(probe, states, units, y) > 0.95


def test_layers_are_told_apart_and_trained_together():
    states, units, y = planted()
    probe = fitted(states, units, y, read="layer", max_validations=20)
    found = right(probe, states, units, y)
    assert found.shape == (4,)
    assert found[2] > 0.95
    assert (found[[0, 1, 3]] < 0.6).all()
    assert probe.shares_.shape == (4, 0)


def test_cumulative_mixes_know_from_the_carrier_on_and_ignore_what_lies_above():
    states, units, y = planted()
    probe = fitted(states, units, y, read="cumulative", max_validations=20)
    found = right(probe, states, units, y)
    assert (found[:2] < 0.6).all()
    assert (found[2:] > 0.95).all()
    assert np.triu(probe.shares_, 1).max() == 0
    assert probe.shares_.sum(axis=1) == pytest.approx(np.ones(4))
    assert probe.shares_[0, 0] == 1


@pytest.mark.parametrize(("read", "knows"), [("top", False), ("lexical", False), ("cat", False)])
def test_single_reads_see_their_layers_only(read, knows):
    states, units, y = planted()
    assert (right(fitted(states, units, y, read=read), states, units, y) > 0.9) == knows
    for carrier in {"top": [3], "lexical": [0], "cat": [0, 3]}[read]:
        states, units, y = planted(carrier=carrier)
        assert right(fitted(states, units, y, read=read), states, units, y) > 0.95


def test_several_labels_an_item():
    states, units, y = planted(several=True)
    probe = fitted(states, units, y, max_validations=40)
    test = Units(units.sentence[240:], units.spans[240:])
    p = probe.predict_proba(states, test)
    assert p.shape == (60, 3)
    assert ((p > 0.5) == y[240:]).mean() > 0.95
    assert probe.n_labels_ == 3


def test_pairs_with_a_role_each():
    """The label is whether the first span's sign beats the second's: roles may not be mixed up."""
    rng = np.random.default_rng(1)
    offsets = np.arange(0, 1201, 4)
    values = rng.standard_normal((1200, 4)).astype(np.float32)
    spans = np.stack([rng.integers(0, 4, (300, 2))] * 2, axis=2) + np.array([0, 1])
    units = Units(np.arange(300), spans)
    first, second = (values[offsets[:-1] + spans[:, k, 0], 0] for k in (0, 1))
    y = (first > second).astype(int)
    probe = fitted([States(values, offsets)], units, y, read="top", loss="softmax")
    assert right(probe, [States(values, offsets)], units, y) > 0.85
    p = probe.predict_proba(States(values, offsets), units)
    assert p.sum(axis=1) == pytest.approx(np.ones(300))


def test_same_seed_same_bits_and_other_seed_other_bits():
    states, units, y = planted()
    one, two, other = (fitted(states, units, y, seed=s, dropout=0.3) for s in (0, 0, 1))
    assert np.array_equal(one.parameters_, two.parameters_)
    assert one.history_ == two.history_
    assert not np.array_equal(one.parameters_, other.parameters_)


def test_kept_parameters_are_the_best_on_dev():
    states, units, y = planted(classes=4, width=6)
    probe = fitted(states, units, y, max_validations=30)
    dev = cells_of(np.arange(200, 240), units)
    found = probe.decision_function(states, dev) > 0
    gold = np.eye(4, dtype=bool)[y[200:240]]
    f1 = 2 * (found & gold).sum() / (found.sum() + gold.sum())
    assert f1 == pytest.approx(max(probe.history_["dev_micro_f1"]))


def test_training_stops_by_itself_and_halves_its_rate():
    states, units, y = planted()
    probe = fitted(states, units, y, stop_after=4, halve_after=2)
    assert probe.converged_.tolist() == [True]
    rates = probe.history_["rate"]
    assert len(rates) < 100
    assert min(rates) < 6e-4
    f1 = probe.history_["dev_micro_f1"]
    assert max(f1[-4:]) <= max(f1[:-4]) + 1e-4
    assert fitted(states, units, y, max_validations=1).converged_.tolist() == [False]


def test_a_stopped_cell_keeps_what_it_had():
    """Cells that stop early and late give one history each, and scores of their own best."""
    states, units, y = planted(layers=3, carrier=1)
    probe = fitted(states, units, y, read="layer", stop_after=3)
    looks = np.bincount(probe.history_["cell"])
    assert looks.max() > looks.min()
    assert probe.converged_.all()
    dev = cells_of(np.arange(200, 240), units)
    found = probe.decision_function(states, dev) > 0
    gold = np.eye(3, dtype=bool)[y[200:240]]
    for cell in range(3):
        f1 = 2 * (found[cell] & gold).sum() / (found[cell].sum() + gold.sum())
        at = [v for c, v in zip(probe.history_["cell"], probe.history_["dev_micro_f1"],
                                strict=True) if c == cell]  # fmt: skip
        assert f1 == pytest.approx(max(at))


def test_states_may_be_read_only_memory_maps_of_half_precision(tmp_path):
    states, units, y = planted()
    for dtype, wanted in ((np.float32, 0.95), (np.float16, 0.95)):
        maps = []
        for i, layer in enumerate(states):
            np.save(tmp_path / f"{i}.npy", layer.values.astype(dtype))
            maps.append(States(np.load(tmp_path / f"{i}.npy", mmap_mode="r"), layer.offsets))
        assert right(fitted(maps, units, y), maps, units, y) > wanted


def test_overlapping_spans_are_spans():
    states, units, y = planted()
    twice = Units(units.sentence, np.repeat(units.spans, 2, axis=1))
    assert right(fitted(states, twice, y), states, twice, y) > 0.95


def test_whole_sentences_are_spans_of_all_words():
    states, units, y = planted()
    whole = Units(units.sentence, np.empty((300, 0, 2), np.int64))
    given = Units(units.sentence, np.tile([[[0, 3]]], (300, 1, 1)))
    one, two = fitted(states, whole, y), fitted(states, given, y)
    assert np.array_equal(one.parameters_, two.parameters_)


@pytest.mark.parametrize(
    ("spans", "said"),
    [([0, 4], "which has 3 words"), ([2, 2], r"\[\[2, 2\]\]"), ([-1, 1], "which has 3 words"),
     ([2, 1], "not empty")],
)  # fmt: skip
def test_bad_spans_are_named(spans, said):
    states, units, y = planted()
    units.spans[7, 0] = spans
    with pytest.raises(DataError, match=said) as error:
        fitted(states, units, y)
    assert "item 7" in str(error.value)
    assert "sentence 7" in str(error.value)


def test_three_spans_and_unknown_sentences_are_refused():
    states, units, y = planted()
    with pytest.raises(DataError, match="one or two spans"):
        fitted(states, Units(units.sentence, np.repeat(units.spans, 3, axis=1)), y)
    units.sentence[3] = 300
    with pytest.raises(DataError, match="sentence 300 of 300"):
        fitted(states, units, y)


def test_bad_labels_are_refused():
    states, units, y = planted()
    with pytest.raises(DataError, match="all 200 items of the training part carry the same: 1"):
        fitted(states, units, np.ones_like(y))
    with pytest.raises(DataError, match="labels run from -1"):
        fitted(states, units, np.where(y == 0, -1, y))
    with pytest.raises(DataError, match="float64"):
        fitted(states, units, y / 2)
    with pytest.raises(DataError, match="softmax"):
        fitted(states, units, np.eye(3, dtype=bool)[y], loss="softmax")
    several = np.tile([True, False, True], (300, 1))
    with pytest.raises(DataError, match="carry the same: 0, 2"):
        fitted(states, units, several)


def test_empty_dev_is_refused():
    states, units, y = planted()
    none = np.empty(0, np.int64)
    with pytest.raises(DataError, match="no dev items"):
        EdgeProbe().fit(
            states, units, y, dev=(cells_of(none, units), y[none]), rng=np.random.default_rng(0)
        )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_counted_by_layer(bad):
    states, units, y = planted()
    broken = states[1].values.copy()
    broken[units.spans[5, 0, 0] + 15, 3] = bad
    states[1] = States(broken, states[1].offsets)
    with pytest.raises(EncodingError, match=r"layer 1, .*: 1 of 400 vectors hold NaN"):
        fitted(states, units, y)


def test_values_that_are_no_numbers_in_what_is_predicted():
    states, units, y = planted()
    probe = fitted(states, units, y, max_validations=2)
    broken = np.full_like(states[3].values, np.nan)
    with pytest.raises(EncodingError, match="layer 3"):
        probe.predict_proba([*states[:3], States(broken, states[3].offsets)], units)


def test_layers_that_do_not_fit_are_refused():
    states, units, y = planted()
    narrow = States(states[0].values[:, :5], states[0].offsets)
    with pytest.raises(EncodingError, match=re.escape("(900, 8) and (900, 5)")):
        fitted([states[0], narrow], units, y)
    with pytest.raises(EncodingError, match="no layer"):
        fitted([], units, y)
    probe = fitted(states, units, y, max_validations=1)
    with pytest.raises(EncodingError, match="differ from those in training"):
        probe.predict_proba(states[:2], units)


def test_parameters_out_of_range_are_refused():
    states, units, y = planted()
    for bad in ({"batch": 0}, {"dropout": 1.0}, {"rate": 0.0}, {"clip": -1.0}):
        with pytest.raises(ParameterError, match="edge probe wants"):
            fitted(states, units, y, **bad)


def looks(losses, f1s, few=True):
    """Return at how many looks training ends (None: it goes on), and the rate then."""
    progress = Progress(np.zeros(2, np.float32), EdgeSettings(halve_after=2, stop_after=3))
    rate = 1e-3
    for k, (loss, f1) in enumerate(zip(losses, f1s, strict=True), 1):
        rate = progress.note(k, (1.0, loss), f1, few, rate, np.zeros(2, np.float32))
        if progress.stopped:
            return k, rate
    return None, rate


def test_a_falling_loss_is_progress_while_few_labels_are_predicted():
    falling = 0.2 * 0.998 ** np.arange(10)
    assert looks(falling, np.zeros(10)) == (None, pytest.approx(1e-3))
    # Slowly, 0.04% a look, it adds up to 0.1% each third look.
    assert looks(0.2 * 0.9996 ** np.arange(10), np.zeros(10))[0] is None


def test_a_loss_that_stands_still_is_none_and_neither_is_one_that_falls_later():
    assert looks(np.full(10, 0.2), np.zeros(10))[0] == 4
    assert looks(0.2 * 0.9 ** np.arange(10), np.full(10, 0.5), few=False)[0] == 4
    assert looks(np.full(10, 0.2), 0.5 + 0.01 * np.arange(10), few=False)[0] is None


def test_rare_labels_are_learned_though_none_is_predicted_at_first():
    states, units, y = planted(layers=1, carrier=0, classes=8, width=8)
    params = {"validate_every": 10, "stop_after": 3, "rate": 5e-4, "max_validations": 200}
    probe = fitted(states, units, y, **params)
    f1 = np.array(probe.history_["dev_micro_f1"])
    assert (f1[:5] == 0).all()
    assert f1.max() > 0.6


def test_steps_are_torchs_on_each_cell_with_its_gradient_clipped():
    import torch

    from sondage_edge.training import Steps

    rng = np.random.default_rng(0)
    start = rng.standard_normal((3, 5)).astype(np.float32)
    ours = Steps(torch.from_numpy(start.copy()), EdgeSettings(clip=1.5))
    ours.rate = torch.tensor([0.1, 0.02, 0.003])
    theirs = [torch.from_numpy(row.copy()).requires_grad_() for row in start]
    adams = [torch.optim.Adam([t], lr=float(r)) for t, r in zip(theirs, ours.rate, strict=True)]
    for _ in range(20):
        gradient = torch.from_numpy(rng.standard_normal((3, 5)).astype(np.float32))
        ours.step([gradient])
        for own, adam, given in zip(theirs, adams, gradient, strict=True):
            own.grad = given.clone()
            torch.nn.utils.clip_grad_norm_([own], 1.5)
            adam.step()
    for row, own in zip(ours.weights[0], theirs, strict=True):
        torch.testing.assert_close(row, own.detach(), rtol=1e-4, atol=1e-5)
