"""Averages in passing, against the paper's formula written out, and on bad input."""

from __future__ import annotations

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy as scipy_entropy
from scipy.stats import wasserstein_distance

from sondage.data import Batch
from sondage.errors import DataError, ParameterError
from sondage_attention import EMD, JS, Entropy


def batch(*texts: str, start: int = 0) -> Batch:
    """Return a batch whose sentences are drawn: c and s special, 0 and 1 segments, . padding."""
    t = max(map(len, texts), default=0)
    drawn = np.array([list(text.ljust(t, ".")) for text in texts]).reshape(len(texts), t)
    special = np.isin(drawn, ["c", "s"])
    segment = np.where(drawn == "1", 1, np.where(drawn == "0", 0, -1)).astype(np.int8)
    word = np.where(segment >= 0, np.cumsum(segment >= 0, axis=1) - 1, -1)
    return Batch(
        sentences=np.arange(start, start + len(texts)),
        mask=drawn != ".",
        special=special,
        segment=segment,
        word=word,
        ids=np.zeros(drawn.shape, np.int64),
    )


def arrays(given: Batch) -> dict[str, np.ndarray]:
    """Return a batch's arrays by name."""
    return {name: array for name, array in vars(given).items() if name != "warnings"}


TEXTS = ("c000s111s", "c00s1s", "c0s1111s", "c0000s00s")
SINGLE = ("c000s", "c0s", "c0000s", "cs")


def maps(given, seed: int, heads: int = 2, junk: float | None = None) -> np.ndarray:
    """Return attention like a model's, with junk in the rows and columns of padding."""
    rng = np.random.default_rng(seed)
    b, t = given.mask.shape
    found = np.exp(2 * rng.standard_normal((b, heads, t, t))) * given.mask[:, None, None, :]
    found = (found / found.sum(-1, keepdims=True)).astype(np.float32)
    if junk is not None:
        pad = ~given.mask
        found[np.broadcast_to(pad[:, None, None, :] | pad[:, None, :, None], found.shape)] = junk
    return found


def read(given, measure, s):
    """Return the rows and positions that are read of a sentence."""
    mask, special, segment = given.mask[s], given.special[s], given.segment[s]
    keys, queries = mask.copy(), mask.copy()
    if measure.special == "drop":
        keys, queries = keys & ~special, queries & ~special
    if measure.to_segment is not None:
        keys = keys & (segment == measure.to_segment)
    if measure.from_segment is not None:
        queries = queries & (segment == measure.from_segment)
    rows = np.flatnonzero(queries) if measure.rows == "all" else np.flatnonzero(mask)[:1]
    return rows, np.flatnonzero(keys)


def slow(measure, given, *sides) -> list[float]:
    """Average a value a row as in Hao et al. 2020, section 3; each head's average."""
    of_sentences = []
    for s in range(len(given.mask)):
        rows, keys = read(given, measure, s)
        if not len(rows) or not len(keys):
            continue
        of_heads = []
        for h in range(sides[0].shape[1]):
            values = []
            for i in rows:
                p, *q = (x[s, h, i, keys].astype(np.float64) for x in sides)
                p, q = p / p.sum(), [x / x.sum() for x in q]
                if isinstance(measure, JS):
                    base = 2 if measure.unit == "bits" else None
                    values.append(jensenshannon(p, q[0], base=base) ** 2)
                elif isinstance(measure, Entropy):
                    values.append(scipy_entropy(p, base=2 if measure.unit == "bits" else None))
                elif measure.ground == "position":
                    values.append(wasserstein_distance(keys, keys, p, q[0]))
                else:
                    values.append(np.abs(p - q[0]).sum() / 2)
            of_heads.append(np.mean(values))
        of_sentences.append(of_heads)
    return np.mean(of_sentences, axis=0).tolist()


def run(measure, given, *sides):
    accumulator = measure.begin(0)
    accumulator.update(*sides, given)
    return accumulator.compute()


READINGS = [
    {},
    {"special": "drop"},
    {"rows": "cls"},
    {"rows": "cls", "special": "drop"},
    {"from_segment": 0, "to_segment": 1},
    {"from_segment": 1, "special": "drop"},
    {"to_segment": 0},
    {"rows": "cls", "to_segment": 1},
]


@pytest.mark.parametrize("reading", READINGS, ids=str)
@pytest.mark.parametrize(
    "measure", [JS(), JS(unit="bits"), EMD(), EMD(ground="uniform"), Entropy(unit="bits")], ids=str
)
def test_averages_are_the_papers_formula(measure, reading):
    measure = replace(measure, **reading)
    given = batch(*TEXTS)
    sides = [maps(given, i, junk=9.0) for i in range(1 if isinstance(measure, Entropy) else 2)]
    result = run(measure, given, *sides)
    by_head = slow(measure, given, *sides)
    name = measure.name.removeprefix("attention.")
    assert result.scores[name] == pytest.approx(np.mean(by_head), rel=1e-5)
    assert result.tables["heads"]["head"] == [0, 1]
    assert result.tables["heads"][name] == pytest.approx(by_head, rel=1e-5)


def test_relative_scores_are_over_what_each_sentence_has():
    given = batch("c00s", "c0000000s")
    a, b = maps(given, 0), maps(given, 1)
    rows = [(s, i) for s in (0, 1) for i in range(given.mask[s].sum())]
    weight = {0: 1 / 2 / 4, 1: 1 / 2 / 9}
    entropies = [
        weight[s] * scipy_entropy(a[s, h, i]) / math.log(given.mask[s].sum()) / 2
        for s, i in rows
        for h in (0, 1)
    ]
    assert run(Entropy(), given, a).scores["relative"] == pytest.approx(sum(entropies), rel=1e-5)
    moved = [
        weight[s]
        * wasserstein_distance(range(9), range(9), a[s, h, i], b[s, h, i])
        / (given.mask[s].sum() - 1)
        / 2
        for s, i in rows
        for h in (0, 1)
    ]
    assert run(EMD(), given, a, b).scores["relative"] == pytest.approx(sum(moved), rel=1e-5)
    assert set(run(EMD(ground="uniform"), given, a, b).scores) == {"emd"}


@pytest.mark.parametrize("junk", [0.0, 5.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize("measure", [JS(), EMD(), JS(rows="cls"), JS(special="drop")], ids=str)
def test_padding_may_hold_anything(measure, junk):
    given = batch(*TEXTS)
    clean = run(measure, given, maps(given, 0), maps(given, 1))
    found = run(measure, given, maps(given, 0, junk=junk), maps(given, 1, junk=junk))
    assert found.scores["js" if isinstance(measure, JS) else "emd"] == pytest.approx(
        next(iter(clean.scores.values())), rel=1e-6
    )
    assert not found.warnings


def test_padding_may_be_on_the_left():
    given = batch("c000s", "c0s")
    a, b = maps(given, 0), maps(given, 1)
    left = batch("c000s", "..c0s")
    left = replace(left, mask=np.array([[True] * 5, [False, False, True, True, True]]))

    def moved(x):
        out = x.copy()
        out[1] = np.roll(x[1], 2, axis=(1, 2))
        return out

    for measure in (JS(), EMD(), JS(rows="cls"), EMD(rows="cls"), JS(special="drop")):
        there = run(measure, left, moved(a), moved(b)).scores
        assert there == pytest.approx(run(measure, given, a, b).scores, rel=1e-6)


@pytest.mark.parametrize("measure", [JS(), EMD(rows="cls"), Entropy(special="drop")], ids=str)
def test_order_chunks_and_merging_do_not_matter(measure, monkeypatch):
    given = batch(*TEXTS, *SINGLE[:3])
    # In float64: rounding hangs on how much padding a sentence has.
    n = 1 if isinstance(measure, Entropy) else 2
    sides = [maps(given, i).astype(np.float64) for i in range(n)]
    whole = run(measure, given, *sides)

    def some(index):
        part = replace(given, **{k: v[index] for k, v in arrays(given).items()})
        accumulator = measure.begin(0)
        accumulator.update(*(x[index] for x in sides), part)
        return accumulator

    def same(result):
        assert result.scores == pytest.approx(whole.scores, rel=1e-12)
        assert result.tables["heads"]["sentences"] == whole.tables["heads"]["sentences"]

    same(some(np.random.default_rng(0).permutation(7)).compute())
    x, y, z = some([0, 3]), some([1]), some([5, 2, 4, 6])
    kept = copy.deepcopy(y)
    same(measure.begin(0).merge(x).merge(pickle.loads(pickle.dumps(y))).merge(z).compute())
    assert y.compute().scores == kept.compute().scores
    same(some([0, 3]).merge(some([1]).merge(some([5, 2, 4, 6]))).merge(measure.begin(0)).compute())
    for block in (1, 200):
        monkeypatch.setattr("sondage_attention.reading.BLOCK", block)
        same(run(measure, given, *sides))


def test_tensors_are_taken_and_stay_as_they_are():
    given = batch(*TEXTS)
    a, b = maps(given, 0), maps(given, 1)
    x, y = torch.from_numpy(a.copy()), torch.from_numpy(b.copy())
    tensors = replace(given, **{k: torch.from_numpy(v) for k, v in arrays(given).items()})
    for measure in (JS(), EMD(from_segment=0, to_segment=1)):
        assert run(measure, tensors, x, y).scores == run(measure, given, a, b).scores
    np.testing.assert_array_equal(x.numpy(), a)
    np.testing.assert_array_equal(y.numpy(), b)


def test_a_models_pass_may_be_under_way_or_not():
    given = batch(*TEXTS)
    sides = [torch.from_numpy(maps(given, i)) for i in (0, 1)]
    long = batch("c" + "0" * 60 + "s")
    for measure in (JS(), EMD(special="drop"), EMD(ground="uniform")):
        plain = run(measure, given, *sides).scores
        with torch.inference_mode():
            made = [torch.from_numpy(maps(long, i)) + 0 for i in (0, 1)]
            run(measure, long, *made)
            assert run(measure, given, *sides).scores == plain
        run(measure, long, *made)
        assert run(measure, given, *sides).scores == plain


def test_what_is_given_may_be_read_only():
    given = batch(*TEXTS)
    a, b = maps(given, 0), maps(given, 1)
    for x in (a, b, *arrays(given).values()):
        x.setflags(write=False)
    assert run(JS(), given, a, b).scores["js"] > 0


def test_a_model_and_itself_differ_by_exactly_nothing():
    given = batch(*TEXTS)
    a = maps(given, 0)
    for measure in (JS(), JS(special="drop"), EMD(), EMD(ground="uniform")):
        assert set(run(measure, given, a, a.copy()).scores.values()) == {0.0}


# --- bad input ------------------------------------------------------------------------------


def test_a_head_that_is_masked_out_is_left_out_and_counted():
    given = batch("c00s", "c0s")
    a, b = maps(given, 0, heads=3), maps(given, 1, heads=3)
    b[:, 1] = 0
    result = run(JS(), given, a, b)
    others = run(JS(), given, a[:, [0, 2]], b[:, [0, 2]])
    assert result.scores["js"] == pytest.approx(others.scores["js"], rel=1e-12)
    assert result.tables["heads"]["js"][1] is None
    assert result.tables["heads"]["sentences"] == [2, 0, 2]
    assert result.warnings == {"attention-zero-rows": 7}
    entropies = run(Entropy(), given, b)
    assert entropies.tables["heads"]["relative"][1] is None
    assert entropies.warnings == {"attention-zero-rows": 7}


def test_a_row_that_sums_to_nothing_is_left_out_of_its_sentence():
    given = batch("c00s")
    a, b = maps(given, 0, heads=1), maps(given, 1, heads=1)
    a[0, 0, 2] = 0
    result = run(JS(), given, a, b)
    rows = [jensenshannon(a[0, 0, i], b[0, 0, i]) ** 2 for i in (0, 1, 3)]
    assert result.scores["js"] == pytest.approx(np.mean(rows), rel=1e-5)
    assert result.warnings == {"attention-zero-rows": 1}


def test_a_row_that_gives_all_to_special_tokens_is_left_out_where_they_are():
    given = batch("c00s")
    a, b = maps(given, 0, heads=1), maps(given, 1, heads=1)
    a[0, 0, 1] = [1, 0, 0, 0]
    assert run(JS(), given, a, b).warnings == {}
    assert run(JS(special="drop"), given, a, b).warnings == {"attention-zero-rows": 1}


def test_nothing_but_zeros_is_an_error():
    given = batch("c00s")
    with pytest.raises(DataError, match=r"no row of attention.*attention-zero-rows: 8"):
        run(JS(), given, 0 * maps(given, 0), maps(given, 1))
    with pytest.raises(DataError, match="no sentences"):
        JS().begin(0).compute()


@pytest.mark.parametrize("reading", [{}, {"special": "drop"}, {"rows": "cls"}], ids=str)
def test_rows_that_do_not_sum_to_1_are_divided_and_counted(reading):
    given = batch("c00s", "c0s")
    a, b = maps(given, 0), maps(given, 1)
    whole = run(JS(**reading), given, a, b)
    off = a.copy()
    off[0] *= 1 / 0.9
    result = run(JS(**reading), given, off, b)
    assert result.scores["js"] == pytest.approx(whole.scores["js"], rel=1e-5)
    rows = {"{}": 8, "{'special': 'drop'}": 4, "{'rows': 'cls'}": 2}[str(reading)]
    assert (whole.warnings, result.warnings) == ({}, {"attention-unnormalised-rows": rows})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_softmaxs_rounding_is_not_counted(dtype):
    given = batch("c" + "0" * 254 + "s")
    logits = torch.randn((1, 2, 256, 256), generator=torch.Generator().manual_seed(0))
    for scale in (0.0, 1.0, 5.0):
        a = torch.softmax(scale * logits, -1).to(dtype)
        assert run(Entropy(), given, a).warnings == {}


def test_a_sentence_of_one_subword_has_no_relative_value():
    given = batch("c0s", "c000s")
    a, b = maps(given, 0), maps(given, 1)
    result = run(Entropy(special="drop"), given, a)
    of_long = run(Entropy(special="drop"), batch("c000s"), a[1:])
    # Its entropy is 0, and counts.
    assert result.scores["entropy"] == pytest.approx(of_long.scores["entropy"] / 2)
    assert result.scores["relative"] == pytest.approx(of_long.scores["relative"])
    assert result.warnings == {"one-subword-sentences": 1}
    assert run(EMD(special="drop"), given, a, b).warnings == {"one-subword-sentences": 1}
    assert run(JS(special="drop"), given, a, b).warnings == {}
    with pytest.raises(DataError, match="one-subword-sentences: 1"):
        run(Entropy(special="drop"), batch("c0s"), a[:1, :, :3, :3])


def test_sentences_without_rows_are_left_out_and_counted():
    given = batch("c000s11s", "c0s", "cs")
    a, b = maps(given, 0), maps(given, 1)
    result = run(JS(from_segment=0, to_segment=1), given, a, b)
    assert result.warnings == {"sentences-without-rows": 2}
    assert result.tables["heads"]["sentences"] == [1, 1]
    assert run(JS(special="drop"), given, a, b).warnings == {"sentences-without-rows": 1}
    assert run(JS(), given, a, b).warnings == {}
    with pytest.raises(DataError, match="sentences-without-rows: 1"):
        run(JS(from_segment=0, to_segment=1), batch("c0s"), a[1:2, :, :3, :3], b[1:2, :, :3, :3])


def test_a_sentence_without_rows_is_counted_once():
    given = batch("c000s11s", "c0s")
    result = run(Entropy(from_segment=1, to_segment=0), given, maps(given, 0))
    assert result.warnings == {"sentences-without-rows": 1}


@pytest.mark.parametrize(
    ("value", "said"), [(math.nan, "NaN"), (math.inf, "infinite"), (-0.25, "below 0")]
)
def test_a_batch_with_values_that_are_no_shares_is_refused(value, said):
    given = batch("c00s", "c0s")
    for side in (0, 1):
        sides = [maps(given, 0), maps(given, 1)]
        sides[side][1, 0, 1, 2] = value
        for measure in (JS(), EMD()):
            with pytest.raises(DataError, match=f"{measure.name}: .*{said}.* in 1 of the rows"):
                run(measure, given, *sides)
    with pytest.raises(DataError, match=r"attention\.entropy"):
        run(Entropy(), given, sides[1])
    # Elsewhere it does no harm.
    assert run(JS(rows="cls"), given, *sides).scores["js"] > 0
    assert run(JS(special="drop"), given, *sides).scores["js"] > 0


def test_maps_of_unequal_shapes_are_refused():
    given = batch("c00s", "c0s")
    a, b = maps(given, 0), maps(given, 1)
    with pytest.raises(DataError, match="2 sentences padded to 4 subwords") as found:
        run(JS(), given, a, b[..., :3, :3])
    assert "same subwords" in str(found.value)
    with pytest.raises(DataError, match="head with head, but the models have 2 and 1"):
        run(JS(), given, a, b[:, :1])
    with pytest.raises(DataError, match=r"was given \(2, 4, 4\)"):
        run(JS(), given, a[:, 0], b[:, 0])
    accumulator = JS().begin(0)
    accumulator.update(a, b, given)
    with pytest.raises(DataError, match="1 heads after maps of 2"):
        accumulator.update(a[:, :1], b[:, :1], given)
    fewer = JS().begin(0)
    fewer.update(a[:, :1], b[:, :1], given)
    with pytest.raises(DataError, match="1 heads after maps of 2"):
        accumulator.merge(fewer)


def test_only_like_accumulators_merge():
    for other in (JS(unit="bits"), JS(special="drop"), EMD(), Entropy()):
        with pytest.raises(DataError, match="cannot be merged"):
            JS().begin(0).merge(other.begin(0))
    JS().begin(0).merge(JS().begin(1))


def test_the_first_position_is_in_no_segment():
    with pytest.raises(ParameterError, match="from_segment and rows: cls exclude each other"):
        JS(rows="cls", from_segment=0)


def test_an_empty_batch_changes_nothing():
    given = batch("c00s")
    a, b = maps(given, 0), maps(given, 1)
    accumulator = JS().begin(0)
    accumulator.update(a[:0], b[:0], replace(given, **{k: v[:0] for k, v in arrays(given).items()}))
    accumulator.update(a, b, given)
    assert accumulator.compute().scores == run(JS(), given, a, b).scores
