"""What a plan is made of: cells, and the jobs, encodings and trainings that fill them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sondage.data import digest
from sondage.registry.built import Built
from sondage.registry.models import Composition
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
    """Cells computed by one call, and the activations that it reads."""

    cells: tuple[Cell, ...]
    component: Built
    task: Built
    encoders: tuple[Built, ...]
    view: str
    layers: tuple[int, ...]
    joint: bool = False

    @property
    def needs(self) -> list[Key]:
        """Store keys of all that the job reads."""
        corpus = self.task.instance.corpus_fingerprint
        return [
            Key(encoder.id, corpus, self.view, layer_of(encoder, layer))
            for encoder in self.encoders
            for layer in self.layers
        ]

    @property
    def title(self) -> str:
        """What a progress display calls the job."""
        cell = self.cells[0]
        layer = "all layers" if len(self.layers) > 1 else f"layer {self.layers[0]}"
        return f"{cell.component} · {cell.task} · {cell.who} · {layer}"

    @property
    def key(self) -> dict[str, Any]:
        """What determines the cells' results beside layer and seed, in clear."""
        return {
            "component": self.component.key,
            "task": self.task.key,
            "encoders": [encoder.key for encoder in self.encoders],
        }

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

    @property
    def cells(self) -> list[Cell]:
        """All cells, in order."""
        trained = [training.cell for training in self.trainings]
        return trained + [cell for job in self.jobs for cell in job.cells]

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
    return Job(cells, job.component, job.task, job.encoders, job.view, job.layers, job.joint)


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
