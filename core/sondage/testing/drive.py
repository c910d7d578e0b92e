"""Uses a component of each kind as the core would, and gathers what it delivers."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Encoder, Metric, Problem
from sondage.data import VIEWS, Corpus, Ints, Labels, Request, Result, TaskData
from sondage.probing import dev_of
from sondage.scores import classification
from sondage.testing import toys, wishes
from sondage.testing.check import NotApplicable
from sondage.testing.component import Component

Cells = dict[tuple[int | None, int], Result]

# ------------------------------------------------------------------------------ encoders


@dataclass
class Encoded:
    """What an encoder delivered for a request, put in corpus order.

    Parameters
    ----------
    rows : list, one a sentence, of a mapping of view to array, shape (n_layers, r, width)
    warnings : Counter of slugs
    """

    rows: list[dict[str, NDArray[Any]]]
    warnings: Counter[str]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Every array, sentence by sentence."""
        return (rows for views in self.rows for rows in views.values())


def requests(encoder: Encoder, corpus: Corpus) -> list[Request]:
    """Return requests for all that an encoder offers on a corpus.

    Attention maps come apart, since layer 0 has none; views of words only where the corpus
    has words. Each view of the encoder's own is asked for alone, since its width is its own.
    """
    plain = tuple(
        v
        for v in encoder.views
        if VIEWS.get(v) in ("sentence", "subword")
        or (VIEWS.get(v) == "word" and corpus.words is not None)
    )
    wanted = [Request(tuple(range(encoder.n_layers + 1)), plain)]
    if "attention" in encoder.views:
        wanted.append(Request(tuple(range(1, encoder.n_layers + 1)), ("attention",)))
    if corpus.words is not None:
        own = (view for view in encoder.views if view not in VIEWS)
        wanted += [Request(tuple(range(encoder.n_layers + 1)), (view,)) for view in own]
    return [r for r in wanted if r.views]


def expected_counts(encoder: Encoder, corpus: Corpus, view: str) -> Ints:
    """Return how many rows each sentence has in a view."""
    if VIEWS.get(view) == "sentence":
        return np.ones(len(corpus), np.int64)
    if VIEWS.get(view) == "word":
        assert corpus.offsets is not None
        return np.diff(corpus.offsets)
    return np.asarray(encoder.row_counts(corpus, view))


def gather(encoder: Encoder, corpus: Corpus, request: Request) -> Encoded:
    """Encode a corpus and cut what comes into sentences.

    Raises
    ------
    NotApplicable
        If sentences or rows are missing: the checks of structure say so.
    """
    found: list[dict[str, NDArray[Any]]] = [{} for _ in range(len(corpus))]
    warnings: Counter[str] = Counter()
    counts = {v: expected_counts(encoder, corpus, v) for v in request.views}
    for chunk in encoder.encode(corpus, request):
        warnings.update(chunk.warnings)
        for view in request.views:
            sizes = counts[view][chunk.sentences]
            rows = chunk.rows[view]
            if rows.shape[1] != sizes.sum():
                raise NotApplicable("rows and units do not agree: see the checks of row counts")
            parts = np.split(rows, np.cumsum(sizes)[:-1], axis=1)
            for sentence, part in zip(chunk.sentences, parts, strict=True):
                found[int(sentence)].setdefault(view, part)
    if any(len(views) != len(request.views) for views in found):
        raise NotApplicable("sentences are missing: see check_each_sentence_comes_once")
    return Encoded(found, warnings)


def close(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Tell whether vectors agree but for rounding (1e-4 of their scale; 2% for float16)."""
    if a.shape != b.shape:
        return False
    scale = float(np.abs(a).max(initial=1e-30))
    tolerance = 0.02 if np.float16 in (a.dtype, b.dtype) else 1e-4
    return bool(np.allclose(a.astype(np.float64), b, rtol=0, atol=tolerance * scale))


# -------------------------------------------------------------------------------- probes

PROBLEMS: dict[str, Callable[..., toys.ToyProblem]] = {
    "vectors": toys.labelled_problem,
    "spans": lambda **how: toys.labelled_problem(longest=3, **how),
    "trees": toys.tree_problem,
    "rankings": toys.ranking_problem,
}


def toy_problem(probe: Any, **how: Any) -> toys.ToyProblem:
    """Return a problem of the probe's kind, view and width whose arrays may be written to."""
    units, shape = getattr(probe, "units", "vectors"), wishes.shape_of(probe)
    wanted = getattr(probe, "wants_width", None)
    given = {"writeable": True, **how}
    if shape == "attention" and units in ("trees", "rankings"):
        return wishes.attended(PROBLEMS[units](**given), heads=wanted or 3)
    if wanted is not None:
        given["width"] = wanted
    if shape != "word":
        return wishes.sentence_problem(wishes.view_of(probe), **given)
    if units == "trees" and wanted is not None and wanted < 8:
        raise NotApplicable("toy trees take vectors of 8 columns or more")
    return PROBLEMS[units](**given)


def hard_problem(probe: Any, **how: Any) -> toys.ToyProblem:
    """Return a problem on which no probe is always right."""
    labelled = getattr(probe, "units", "vectors") in ("vectors", "spans")
    return toy_problem(probe, **{**({"noise": 2.0} if labelled else {"shuffled": True}), **how})


def run(make: Callable[[], Any], problem: Problem) -> list[tuple[int | None, int, Result]]:
    """Run a probe on a problem as the core does: simple probes a cell at a time."""
    probe = make()
    if hasattr(probe, "run_layers"):
        return list(probe.run_layers(problem))
    cells: list[tuple[int | None, int, Result]] = []
    labels = problem.data.target
    assert isinstance(labels, Labels)
    for layer, seed in itertools.product(problem.layers, problem.seeds):
        X, split = problem.vectors(layer), problem.splits[seed]
        train = X[split.train]
        train.setflags(write=X.flags.writeable)
        made = make()
        dev = dev_of(made, X, labels.y, split)
        fitted = made.fit(train, labels.y[split.train], rng=problem.rng(layer, seed), **dev)
        test = X[split.test]
        test.setflags(write=X.flags.writeable)
        predicted = np.asarray(fitted.predict(test))
        cells.append((layer, seed, classification(labels, predicted, split.test, split.train)))
    return cells


def cells(make: Callable[[], Any], problem: Problem) -> Cells:
    """Run a probe and return its results by (layer, seed)."""
    return {(layer, seed): result for layer, seed, result in run(make, problem)}


def toy_cells(component: Component) -> Cells:
    """Return the results on the toy problem, computed once for all checks."""
    if "toy" not in component.memory:
        component.memory["toy"] = cells(component.make, toy_problem(component.make()))
    found: Cells = component.memory["toy"]
    return found


def hard_cells(component: Component) -> Cells:
    """Return the results on the hard problem, computed once for all checks."""
    if "hard" not in component.memory:
        component.memory["hard"] = cells(component.make, hard_problem(component.make()))
    found: Cells = component.memory["hard"]
    return found


def success(found: Cells) -> float:
    """Return the mean outcome over all cells; NotApplicable where there are none."""
    values = [r.outcomes.values for r in found.values() if r.outcomes is not None]
    if not values:
        raise NotApplicable("the probe reports no outcomes")
    return float(np.mean(np.concatenate([np.asarray(v, np.float64) for v in values])))


def frozen(value: Any) -> Any:
    """Return nested results in a form that compares bit for bit."""
    if isinstance(value, Result):
        outcomes = value.outcomes
        parts = () if outcomes is None else (outcomes.items, outcomes.groups, outcomes.values)
        return frozen([value.scores, parts, value.tables, value.arrays, value.warnings])
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    if dataclasses.is_dataclass(value):
        return frozen(vars(value))
    if hasattr(value, "items"):
        return {key: frozen(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [frozen(part) for part in value]
    return repr(value)


# ------------------------------------------------------------------------------- metrics

Rows = NDArray[Any] | list[NDArray[Any]]


def pairs(metric: Metric, seed: int = 0) -> tuple[Rows, Rows]:
    """Return toy stimuli of the metric's kind."""
    if metric.units == "attention":
        return toys.attention_maps(seed=seed)
    if metric.units == "labelled":
        return toys.labelled_pairs(seed=seed)
    return toys.vector_pairs(seed=seed)


def stimuli(metric: Metric, n: int) -> tuple[Rows, Rows]:
    """Return n toy stimuli of a metric that takes no labels."""
    return toys.attention_maps(n) if metric.units == "attention" else toys.vector_pairs(n)


def begun(metric: Metric, n: int, seed: int = 0) -> Any:
    """Return an empty accumulator; one over labelled items hears the labels of n toy ones."""
    if metric.units == "labelled":
        return metric.begin(seed, toys.stimulus_labels(n))
    return metric.begin(seed)


def take(values: Rows, index: Ints) -> Rows:
    """Return some stimuli, copied."""
    if isinstance(values, list):
        return [values[int(i)].copy() for i in index]
    return values[index]


def accumulate(metric: Metric, a: Rows, b: Rows, parts: Iterable[Ints] = (), seed: int = 0) -> Any:
    """Return an accumulator that has seen these parts, all in one chunk by default."""
    accumulator = begun(metric, len(a), seed)
    for part in parts or [np.arange(len(a), dtype=np.int64)]:
        accumulator.update(take(a, part), take(b, part), part)
    return accumulator


def value(accumulator: Any) -> float:
    """Return the first score."""
    scores: dict[str, float] = accumulator.compute().scores
    return float(next(iter(scores.values())))


def compare(metric: Metric, a: Rows, b: Rows, parts: Sequence[Ints] = (), seed: int = 0) -> float:
    """Return the metric's value on these stimuli."""
    return value(accumulate(metric, a, b, parts, seed))


def near(a: float, b: float) -> bool:
    """Tell whether two values of a metric agree but for rounding (1e-4, relative above 1)."""
    return bool(abs(a - b) <= 1e-4 * max(1.0, abs(a), abs(b)))


# ------------------------------------------------------------------------------ every kind


def exercise(component: Component) -> None:
    """Make a new instance and use it as its kind is used, once."""
    thing = component.make()
    kind = component.spec.kind
    if kind == "encoder":
        corpus, encoder = toys.word_corpus(), component.ready(thing, fresh=True)
        for request in requests(encoder, corpus):
            for _ in encoder.encode(corpus, request):
                pass
    elif kind == "task":
        data: TaskData = thing.load()
        if data.target is not None:
            data.split(0)
    elif kind == "probe":
        run(component.make, toy_problem(thing, seeds=(0,)))
    elif kind == "report":
        with tempfile.TemporaryDirectory(prefix="sondage-check-") as folder:
            thing.write(toys.findings(), Path(folder))
    else:
        compare(thing, *pairs(thing))


def global_state() -> tuple[object, ...]:
    """Return the state of every global generator that is loaded, comparable."""
    torch = sys.modules.get("torch")
    found = None if torch is None else torch.get_rng_state().numpy().tobytes()
    return (random.getstate(), frozen(np.random.get_state()), found)  # noqa: NPY002


@contextlib.contextmanager
def known_global_state() -> Iterator[None]:
    """Seed the global generators to a state that nobody sets by chance; restore them after."""
    torch = sys.modules.get("torch")
    before = (random.getstate(), np.random.get_state())  # noqa: NPY002
    torch_before = None if torch is None else torch.get_rng_state()
    random.seed(761_943)
    np.random.seed(761_943)  # noqa: NPY002 - the global generator is what is watched
    if torch is not None:
        torch.manual_seed(761_943)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
        if torch is not None:
            torch.set_rng_state(torch_before)
