"""What a probe sees: vectors and states of one encoder for one task, out of the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Corpus, Labels, Rankings, Split, States, TaskData, Units
from sondage.errors import DataError, EncodingError, PluginError
from sondage.plan.cells import Job
from sondage.store import Key, Store


class StoredProblem:
    """A `contracts.Problem` over the store."""

    def __init__(self, store: Store, job: Job, data: TaskData) -> None:
        self.data = data
        self.layers = job.layers
        self.seeds = tuple(dict.fromkeys(cell.seed for cell in job.cells))
        self.encoder = job.encoders[0].instance
        measures = getattr(job.component.instance, "measures", False)
        split = getattr(job.component.instance, "units", "vectors") != "none"
        self.splits: Mapping[int, Split] = {
            s: checked_split(data, s, train=not measures) for s in self.seeds if split
        }
        self.warnings: Counter[str] = Counter(data.warnings)
        self._store, self._job = store, job
        self._vectors: tuple[int, NDArray[np.float32]] | None = None

    def states(self, layer: int) -> States:
        """Return the rows of every sentence of the corpus."""
        return spread_states(self._read(layer), self.data.corpus)

    def distinct_states(self, layer: int) -> States:
        """Return the rows of every distinct sentence, uncopied."""
        return self._read(layer)

    def vectors(self, layer: int) -> NDArray[np.float32]:
        """Return one row per unit."""
        if self._vectors is None or self._vectors[0] != layer:
            target = self.data.target
            if not isinstance(target, Labels | Rankings):
                raise DataError(f"{self.data.corpus.name}: this target has no units")
            rows = pool(self._read(layer), self.data.corpus, target.units)
            self._check_width(rows.shape[1])
            self._vectors = (layer, rows)
        return self._vectors[1]

    def rng(self, layer: int | None, seed: int) -> np.random.Generator:
        """Return a generator that hangs on nothing but the layer and the seed."""
        return np.random.default_rng([seed, 0 if layer is None else layer + 1])

    def _check_width(self, width: int) -> None:
        """Refuse what a plan could not know: whether words are paired, how wide a view is."""
        wanted = getattr(self._job.component.instance, "wants_width", None)
        if wanted and width != wanted:
            raise EncodingError(
                f"probe '{self._job.component.label}' wants vectors of width {wanted}, but those "
                f"of {self.data.corpus.name} (view '{self._job.view}') have {width}",
                hint="of pairs the two vectors are joined; keep the probe to others by 'only:'",
            )

    def _read(self, layer: int) -> States:
        if self._job.reads != "store":
            raise PluginError(
                f"probe '{self._job.component.label}' says that it reads the encoder, and asks for "
                "stored vectors",
                hint="leave 'reads' out",
            )
        encoder = self._job.encoders[0]
        key = self._job.key_of(encoder, layer)
        return read_layer(self._store, key, self.data.corpus, encoder.label, self.warnings)


def read_layer(
    store: Store, key: Key, corpus: Corpus, encoder: str, warnings: Counter[str]
) -> States:
    """Open a layer; refuse one that holds NaN or infinity, or vectors of other texts.

    Raises
    ------
    EncodingError
        With the number of rows concerned.
    PluginError
        If the task's `corpus_fingerprint` stands for texts that are not these.
    """
    states, manifest = store.read(key)
    if manifest["texts"] != corpus.distinct_fingerprint:
        raise PluginError(
            f"{corpus.name}: the stored vectors are of other texts under the same "
            "corpus_fingerprint, so that fingerprint does not identify the texts",
            where=str(store.folder(key)),
            hint="sondage check TASK; then: sondage cache prune",
        )
    if manifest["nonfinite_rows"]:
        raise EncodingError(
            f"layer {key.layer} of encoder '{encoder}' has NaN or infinite values in "
            f"{manifest['nonfinite_rows']} of {len(states.values)} rows of view '{key.view}'",
            hint="check the weights; with float16, try bfloat16 or float32",
        )
    for slug, count in manifest["warnings"].items():
        warnings[slug] = max(warnings[slug], count)
    return states


def checked_split(data: TaskData, seed: int, *, train: bool = True) -> Split:
    """Return a seed's split; raises `DataError` for an empty training or test part.

    Without `train` the training part may be empty: what measures fits nothing.
    """
    split = data.split(seed)
    for part in ("train", "test") if train else ("test",):
        if not len(getattr(split, part)):
            raise DataError(
                f"{data.corpus.name}: the {part} part of the split (seed {seed}) is empty",
                hint="give more data, or other 'ratios'",
            )
    return split


def spread_states(states: States, corpus: Corpus) -> States:
    """Return states of all sentences from those of the distinct ones."""
    first, inverse = corpus.unique
    if len(first) == len(corpus):
        return states
    lengths = np.diff(states.offsets)[inverse]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    rows = np.repeat(states.offsets[inverse] - offsets[:-1], lengths) + np.arange(offsets[-1])
    return States(states.values[rows], offsets)


def pool(states: States, corpus: Corpus, units: Units) -> NDArray[Any]:
    """Return one row per unit, shape (n, width × max(arity, 1)), read-only.

    A sentence is its row; a word its row; a longer span the mean of its words' rows; a
    pair the concatenation of its two.

    Raises
    ------
    DataError
        If a span is empty or leaves its sentence.
    EncodingError
        If the rows are not one a sentence, or one a word: then which is whose is not known.
    """
    first, inverse = corpus.unique
    place = inverse[units.sentence]
    if units.arity == 0:
        _check_rows(states, np.ones(len(first), np.int64), first, corpus, "sentence")
        return _frozen(_gather(states.values, states.offsets[place]))
    if corpus.offsets is not None:
        _check_rows(states, np.diff(corpus.offsets)[first], first, corpus, "word")
    start = states.offsets[place][:, None] + units.spans[:, :, 0]
    end = states.offsets[place][:, None] + units.spans[:, :, 1]
    bad = (units.spans[:, :, 0] < 0) | (end > states.offsets[place + 1][:, None]) | (start >= end)
    if bad.any():
        i = int(np.flatnonzero(bad.any(axis=1))[0])
        raise DataError(
            f"{corpus.name}: item {i} has span {units.spans[i].tolist()} in sentence "
            f"{int(units.sentence[i])}, which has "
            f"{int(np.diff(states.offsets)[place[i]])} words"
        )
    if np.all(end - start == 1):
        rows = _gather(states.values, start.ravel())
    else:
        rows = _span_means(states.values, start.ravel(), end.ravel())
    return _frozen(rows.reshape(len(units), -1))


def _check_rows(
    states: States, wanted: NDArray[np.int64], first: NDArray[np.int64], corpus: Corpus, what: str
) -> None:
    """Refuse rows that are not one a word or sentence, going by their number alone."""
    rows = np.diff(states.offsets)
    if np.array_equal(rows, wanted):
        return
    i = int(np.flatnonzero(rows != wanted)[0]) if len(rows) == len(wanted) else 0
    raise EncodingError(
        f"{corpus.name}: this takes one vector a {what}, but the view has {int(rows.sum())} rows "
        f"for {int(wanted.sum())} {what}s (sentence {int(first[i])}: {int(rows[i])} for "
        f"{int(wanted[i])}), and does not say which are whose",
        hint=f"choose a view with a row per {what}; a probe that reads `states` may take such rows",
    )


def _gather(values: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
    if len(rows) == len(values) and np.array_equal(rows, np.arange(len(rows))):
        return values  # the memory map itself: nothing is copied
    return values[rows]


def _span_means(
    values: NDArray[Any], start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[Any]:
    lengths = end - start
    cuts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    rows = np.repeat(start - cuts, lengths) + np.arange(int(lengths.sum()))
    sums = np.add.reduceat(values[rows], cuts, axis=0)
    return np.asarray(sums / lengths[:, None], values.dtype)


def _frozen(rows: NDArray[Any]) -> NDArray[Any]:
    view = rows.view(np.ndarray)
    view.flags.writeable = False
    return view
