"""What a plan is made of: cells, and the jobs, encodings and trainings that fill them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from sondage.data import digest
from sondage.plain import html_table, inert_html
from sondage.registry.built import Built
from sondage.registry.models import Composition, StoreDtype
from sondage.store import Key


@dataclass(frozen=True)
class Cell:
    """The smallest unit of work with a result of its own.

    Attributes
    ----------
    id : str
        32 hex digits of all that determines the result.
    other : str
        For a metric, the encoder compared with; else empty.
    controls : tuple of str
        What the seed controls: the split, an initialisation, a resample, or nothing.
    """

    id: str
    kind: Literal["probe", "metric", "training"]
    encoder: str
    other: str
    task: str
    component: str
    view: str
    layer: int | None
    seed: int
    controls: tuple[str, ...]
    step: int | None = None

    @property
    def who(self) -> str:
        """The encoder or encoders, as displays name them."""
        encoder = self.encoder if self.step is None else f"{self.encoder}@{self.step}"
        return f"{encoder} ~ {self.other}" if self.other else encoder


def layer_of(encoder: Built, layer: int) -> int:
    """Return the layer of an encoder that is compared at this one: its only one, or the same."""
    return layer if encoder.instance.n_layers else 0


@dataclass(frozen=True)
class Job:
    """Cells computed by one call, and what it reads.

    Attributes
    ----------
    reads : {'store', 'passing', 'encoder'}
        Stored activations; what models hand out while they read; or the encoder itself.
    stored : {'float32', 'float16', 'bfloat16'}
        What stored activations are rounded to; 'float32' where it reads none.
    """

    cells: tuple[Cell, ...]
    component: Built
    task: Built
    encoders: tuple[Built, ...]
    view: str
    layers: tuple[int, ...]
    joint: bool = False
    reads: Literal["store", "passing", "encoder"] = "store"
    stored: StoreDtype = "float32"

    def key_of(self, encoder: Built, layer: int) -> Key:
        """Return the store key of one of its encoders' layers."""
        corpus = self.task.instance.corpus_fingerprint
        return Key(encoder.id, corpus, self.view, layer_of(encoder, layer), self.stored)

    @property
    def needs(self) -> list[Key]:
        """Store keys of all that the job reads."""
        if self.reads != "store":
            return []
        return [self.key_of(encoder, layer) for encoder in self.encoders for layer in self.layers]

    @property
    def title(self) -> str:
        """What a progress display calls the job."""
        cell = self.cells[0]
        layer = f"layer {self.layers[0]}" if len(self.layers) == 1 else "all layers"
        return f"{cell.component} · {cell.task} · {cell.who} · {layer}"

    @property
    def key(self) -> dict[str, Any]:
        """What determines the cells' results beside layer and seed, in clear."""
        return {
            "component": self.component.key,
            "task": self.task.key,
            "encoders": [encoder.key for encoder in self.encoders],
        } | ({} if self.stored == "float32" else {"store_dtype": self.stored})

    @property
    def used(self) -> tuple[Built, ...]:
        """The components at work."""
        return (self.component, *self.component.made_of, self.task, *self.encoders)


@dataclass(frozen=True)
class Training:
    """An encoder to be trained: a cell, and a node before the encodings that need it."""

    encoder: Built
    cell: Cell

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The one cell."""
        return (self.cell,)

    @property
    def title(self) -> str:
        """What a progress display calls it."""
        return f"train {self.encoder.label}"

    @property
    def key(self) -> dict[str, Any]:
        """What determines the weights, in clear."""
        return {"encoder": self.encoder.key, "parts": [one.key for one in self.encoder.made_of]}

    @property
    def used(self) -> tuple[Built, ...]:
        """The components at work."""
        return (self.encoder, *self.encoder.made_of)


@dataclass(frozen=True)
class Passing:
    """One pass of a model, or of two side by side, that all these jobs are measured in."""

    encoders: tuple[Built, ...]
    task: Built
    jobs: tuple[Job, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of all its jobs."""
        return tuple(cell for job in self.jobs for cell in job.cells)

    @property
    def title(self) -> str:
        """What a progress display calls the pass."""
        who = " ~ ".join(encoder.title for encoder in self.encoders)
        return f"read {self.task.label} with {who} for {len(self.cells)} cells"

    @property
    def used(self) -> tuple[Built, ...]:
        """The components at work."""
        return tuple(built for job in self.jobs for built in job.used)


@dataclass(frozen=True)
class Encoding:
    """One pass over a model: all layers and views that are wanted of a corpus."""

    encoder: Built
    task: Built
    wants: tuple[Key, ...]

    @property
    def title(self) -> str:
        """What a progress display calls the pass."""
        return f"encode {self.task.label} with {self.encoder.title}"


@dataclass(frozen=True)
class Plan:
    """All that a composition asks for, before anything runs."""

    name: str
    composition: Composition
    jobs: tuple[Job, ...]
    components: tuple[Built, ...]
    notes: tuple[str, ...] = ()
    trainings: tuple[Training, ...] = ()
    score_labels: tuple[tuple[str, str], ...] = ()
    command: str = ""
    trackers: tuple[Built, ...] = ()

    @property
    def cells(self) -> list[Cell]:
        """All cells, in order."""
        trained = [training.cell for training in self.trainings]
        return trained + [cell for job in self.jobs for cell in job.cells]

    def __repr__(self) -> str:
        return f"<Plan {self.name}: {len(self.cells)} cells>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: how many cells of what, and the notes."""
        rows: dict[tuple[str, ...], list[Cell]] = {}
        for cell in self.cells:
            rows.setdefault((cell.kind, cell.component, cell.task, cell.who), []).append(cell)
        heads = ["", "component", "task", "encoder", "layers", "seeds", "cells"]
        shown = [
            [*names, len({c.layer for c in found}), len({c.seed for c in found}), len(found)]
            for names, found in rows.items()
        ]
        table = html_table(heads, shown, f"{self.name}: {len(self.cells)} cells")
        return table + "".join(f"<p>note: {inert_html(note)}</p>" for note in self.notes)

    @property
    def id(self) -> str:
        """Identifies the cells, their names and the baseline.

        The same command continues the same run; other names for the same cells are another
        run, which takes its results from the first.
        """
        names = ((c.id, c.who, c.task, c.component, c.layer, c.seed) for c in self.cells)
        return digest(self.composition.baseline, *sorted(map(repr, names)))

    def pending(self, done: Iterable[str]) -> list[Job]:
        """Return the jobs left when these cells are done; joint jobs stay whole."""
        finished = set(done)
        left = []
        for job in self.jobs:
            cells = tuple(c for c in job.cells if c.id not in finished)
            if cells:
                left.append(job if job.joint else _narrowed(job, cells))
        return left


def _narrowed(job: Job, cells: tuple[Cell, ...]) -> Job:
    return replace(job, cells=cells)


def passings(jobs: Iterable[Job]) -> list[Passing]:
    """Group the jobs that are measured in passing, such that each model reads each corpus once.

    What is measured of one encoder alone joins the first pass of two that it takes part in.
    """
    groups: dict[tuple[str, ...], list[Job]] = {}
    waiting = [job for job in jobs if job.reads == "passing"]
    for job in sorted(waiting, key=lambda job: -len(job.encoders)):
        names = tuple(encoder.id for encoder in job.encoders)
        key = (job.task.instance.corpus_fingerprint, *names)
        if len(names) == 1:
            shared = [k for k, some in groups.items() if _may_join(job, some[0])]
            key = shared[0] if shared else key
        groups.setdefault(key, []).append(job)
    return [Passing(some[0].encoders, some[0].task, tuple(some)) for some in groups.values()]


def encodings(jobs: Iterable[Job], missing: set[Key]) -> list[Encoding]:
    """Group the missing activations that jobs need into one pass per encoder and corpus."""
    wanted: dict[tuple[str, str], tuple[Built, Built, dict[Key, None]]] = {}
    for job in jobs:
        corpus = job.task.instance.corpus_fingerprint
        for encoder in job.encoders:
            slot = wanted.setdefault((encoder.id, corpus), (encoder, job.task, {}))
            slot[2].update(
                dict.fromkeys(k for k in job.needs if k.encoder == encoder.id and k in missing)
            )
    return [Encoding(e, t, tuple(keys)) for e, t, keys in wanted.values() if keys]


def _may_join(job: Job, other: Job) -> bool:
    """Whether one encoder alone is read in the pass of two, whose batches the first decides."""
    (own,) = job.encoders
    first = other.encoders[0].instance
    corpora = {j.task.instance.corpus_fingerprint for j in (job, other)}
    batches = {(e.batch_tokens, e.heads * e.n_layers) for e in (own.instance, first)}
    among = own.id in {encoder.id for encoder in other.encoders}
    return among and len(corpora) == 1 and len(batches) == 1
