"""Read a corpus with a model, or with two side by side, and measure what their layers give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from sondage.data import Batch, Corpus, Ints, TaskData, offsets_of
from sondage.errors import EncodingError
from sondage.execute.metric_job import JACKKNIFE_GROUPS
from sondage.execute.pooled import rows_of, starts_of
from sondage.execute.slots import Slot, slots_of
from sondage.guard.headway import tell
from sondage.plan.cells import Cell, Job, Passing
from sondage.records.record import Finished

#: Numbers in one model's attention maps of a batch (256 MiB of float32).
_MOST_IN_MAPS = 2**26


def run_passing(item: Passing, data: TaskData) -> Iterator[tuple[Job, Cell, Finished | Exception]]:
    """Yield every cell of a pass with its result, or with why it has none.

    Where two models cannot be read side by side, what is measured of one alone is read alone.

    Raises
    ------
    EncodingError
        If two encoders cut the texts into different subwords, or one cannot read them, and
        nothing is measured of one alone.
    """
    alone = [job for job in item.jobs if len(job.encoders) == 1]
    try:
        yield from list(_read(item, data))
        return
    except Exception as error:
        if not alone or len(item.encoders) == 1:
            raise
        together = error
    yield from _failed([job for job in item.jobs if len(job.encoders) > 1], together)
    for encoder in item.encoders:
        jobs = tuple(job for job in alone if job.encoders[0].id == encoder.id)
        try:
            yield from list(_read(Passing((encoder,), item.task, jobs), data)) if jobs else ()
        except Exception as error:  # that of this one may be read all the same
            yield from _failed(jobs, error)


def _failed(jobs: Iterable[Job], error: Exception) -> Iterator[tuple[Job, Cell, Exception]]:
    return ((job, cell, error) for job in jobs for cell in job.cells)


def _read(item: Passing, data: TaskData) -> Iterator[tuple[Job, Cell, Finished | Exception]]:
    """Yield the cells of what is read together.

    Sentences are read group by group, each group the shorter ones together: the groups whose
    leaving out gives the intervals are then whole, and the same whatever else is measured.
    """
    first, _ = data.corpus.unique
    corpus = data.corpus if len(first) == len(data.corpus) else data.corpus.take(first)
    reading = _Reading(item, corpus)
    n_groups = min(JACKKNIFE_GROUPS, len(corpus))
    done = 0
    tell(done, len(corpus), "sentences")
    for group in range(n_groups):
        for sentences in reading.batches(np.arange(group, len(corpus), n_groups, dtype=np.int64)):
            reading.read(sentences)
            done += len(sentences)
            tell(done, len(corpus), "sentences")
        for slot in reading.slots:
            slot.close(last=group == n_groups - 1)
    warnings = Counter(data.warnings) + reading.warnings
    for slot in reading.slots:
        yield from slot.finished(warnings, len(corpus), reading.starts(slot))


class _Held:
    """The first encoder's layers, until the second one has come to those compared with them."""

    def __init__(self, slots: list[Slot]) -> None:
        pairs = [slot for slot in slots if len(slot.who) == 2 and slot.error is None]
        self._uses = Counter(slot.at[0] for slot in pairs)
        self._first = {slot.who[0] for slot in pairs}
        self._kept: dict[int, Mapping[str, Any]] = {}

    def keep(self, k: int, layer: int, found: Mapping[str, Any]) -> None:
        if k in self._first and self._uses[layer]:
            self._kept[layer] = found

    def use(self, layer: int) -> Mapping[str, Any]:
        self._uses[layer] -= 1
        return self._kept[layer] if self._uses[layer] else self._kept.pop(layer)


class _Reading:
    """One pass: its encoders, its texts, and what is accumulated."""

    def __init__(self, item: Passing, corpus: Corpus) -> None:
        self.corpus, self.slots = corpus, slots_of(item)
        self.labels = [encoder.title for encoder in item.encoders]
        self.encoders: list[Any] = [encoder.instance for encoder in item.encoders]
        self.warnings: Counter[str] = Counter()
        counts = [
            np.asarray(encoder.instance.row_counts(corpus, "subwords"), np.int64)
            for encoder in item.encoders
        ]
        if not all(np.array_equal(counts[0], other) for other in counts[1:]):
            raise self._unlike()
        self.lengths, self.subword_rows = counts[0], offsets_of(counts[0])

    def batches(self, sentences: Ints) -> Iterator[Ints]:
        """Yield the sentences of a group in batches, those of like length together."""
        order = sentences[np.argsort(-self.lengths[sentences], kind="stable")]
        first = self.encoders[0]
        # The same batches whatever is measured, since they decide a number's last digits.
        maps = max(first.heads * first.n_layers, 1)
        start = 0
        while start < len(order):
            t = max(int(self.lengths[order[start]]), 1)
            most = max(min(first.batch_tokens // t, _MOST_IN_MAPS // (maps * t * t)), 1)
            yield order[start : start + most]
            start += most

    def read(self, sentences: Ints) -> None:
        """Pass a batch through the encoders, one after the other, and use up what they give."""
        batches = [encoder.lay_out(self.corpus, sentences) for encoder in self.encoders]
        first = batches[0]
        self.warnings.update(first.warnings)
        for other in batches[1:]:
            if not np.array_equal(other.ids[other.mask], first.ids[first.mask]):
                raise self._unlike()
        held = _Held(self.slots)
        for k, (encoder, batch) in enumerate(zip(self.encoders, batches, strict=True)):
            mine = [slot for slot in self.slots if k in slot.who and slot.error is None]
            layers = tuple(sorted({slot.at[slot.who.index(k)] for slot in mine}))
            if layers:
                wants = frozenset(slot.wants for slot in mine)
                encoder.pass_through(batch, layers, wants, self._sink(k, mine, batch, held))

    def _sink(self, k: int, mine: list[Slot], batch: Batch, held: _Held) -> Any:
        def sink(layer: int, found: Mapping[str, Any]) -> None:
            bad = {what for what, values in found.items() if not _finite(values, batch)}
            for slot in mine:
                if slot.at[slot.who.index(k)] == layer and slot.wants in bad:
                    slot.error = self._not_finite(k, layer, slot.wants, batch)
            held.keep(k, layer, found)
            for slot in mine:
                if slot.at[-1] == layer and slot.who[-1] == k:
                    before = [held.use(slot.at[0])] if len(slot.who) == 2 else []
                    self._feed(slot, [*before, found], batch)

        return sink

    def _feed(self, slot: Slot, sides: list[Mapping[str, Any]], batch: Batch) -> None:
        values = [side[slot.wants] for side in sides]
        if slot.job.view == "attention" or slot.job.cells[0].kind == "probe":
            slot.take(*values, batch)
            return
        view, rows = slot.job.view, []
        for side in values:
            some, numbers = rows_of(view, side, batch, self.corpus, self.subword_rows)
            rows.append(some)
        slot.take(*rows, numbers)

    def starts(self, slot: Slot) -> Ints | None:
        """Return where the rows that a slot takes begin, sentence by sentence; None for maps."""
        if slot.job.view == "attention" or slot.job.cells[0].kind == "probe":
            return None
        return starts_of(slot.job.view, self.corpus, self.subword_rows)

    def _unlike(self) -> EncodingError:
        one, other = (f"'{label}'" for label in self.labels)
        return EncodingError(
            f"encoders {one} and {other} cut the texts into different subwords, so they cannot "
            "be compared while they read",
            hint="compare attention between models with one tokenizer ('pairs:', 'only:'); a "
            "metric of words' vectors compares what is stored, if 'in_passing' leaves it out",
        )

    def _not_finite(self, k: int, layer: int, what: str, batch: Batch) -> EncodingError:
        return EncodingError(
            f"layer {layer} of encoder '{self.labels[k]}' has NaN or infinite values in its {what} "
            f"(a batch with sentence {int(batch.sentences[0])} of {self.corpus.name})",
            hint="check the weights; with float16, try bfloat16 or float32",
        )


def _finite(values: Any, batch: Batch) -> bool:
    # A sum is finite if all terms are, unless it overflows: then every number is looked at.
    if np.isfinite(float(values.sum())):
        return True
    whole = np.isfinite(np.asarray(values))
    if whole.ndim == 3:
        return bool(whole[batch.mask].all())
    both = batch.mask[:, None, :, None] & batch.mask[:, None, None, :]
    return bool((whole | ~both).all())
