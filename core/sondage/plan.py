"""From a composition to a plan: what would run, and what identifies it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from sondage.build import Builder, Built, at_step
from sondage.contracts import Series
from sondage.data import VIEWS, digest
from sondage.errors import RegistryError, SondageError, nearest
from sondage.graph import Cell, Job, Plan, Training
from sondage.only import Only, names_of
from sondage.plan_views import Views, fit_of
from sondage.registry import Registry

CELL_FORMAT = 1
#: Bytes that file systems take of a name, less those that a run's id needs.
_LONGEST = 255 - 9
_FITS = {
    "vectors": ("sentences", "words"),
    "spans": ("words",),
    "trees": ("trees",),
    "rankings": ("rankings",),
}


def make(
    registry: Registry,
    builder: Builder,
    name: str,
    *,
    layers: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
) -> Plan:
    """Plan a composition.

    Parameters
    ----------
    registry : Registry
    builder : Builder
    name : str
        The composition.
    layers, seeds : sequences of int, optional
        Instead of the composition's own.

    Raises
    ------
    RegistryError
        With file and line, for what does not fit together.
    """
    return _Planner(registry, builder, name, layers, seeds).plan()


class _Planner:
    def __init__(
        self,
        registry: Registry,
        builder: Builder,
        name: str,
        layers: Sequence[int] | None,
        seeds: Sequence[int] | None,
    ) -> None:
        self.composition = registry.composition(name)
        self.registry, self.builder, self.name = registry, builder, name
        own = self.composition.layers
        self.layers = tuple(layers) if layers is not None else None if own == "all" else tuple(own)
        self.seeds = tuple(dict.fromkeys(seeds if seeds is not None else self.composition.seeds))
        self.notes: dict[str, None] = {}

    def where(self, *path: str | int) -> str:
        return self.registry.document.where("compositions", self.name, *path)

    def plan(self) -> Plan:
        if len(os.fsencode(self.name)) > _LONGEST:
            raise RegistryError(
                f"the name of composition '{self.name[:20]}...' is too long for a run's folder",
                where=self.where(),
                hint=f"at most {_LONGEST} bytes",
            )
        encoders, tasks = self._build("encoder"), self._build("task")
        self._settle_baseline(encoders)
        self._check_baseline(encoders)
        probes, metrics = self._build("probe"), self._build("metric")
        if not probes and not metrics:
            raise RegistryError(
                f"composition '{self.name}' names no probes and no metrics", where=self.where()
            )
        self.views = Views(self.composition, self.name, self.where, encoders, self.notes)
        self._check_layers(encoders)
        self._check_fits(probes, tasks)
        rules = self.composition.rules
        ran = [*probes, *metrics]
        self.only = Only(rules, ran, tasks, encoders, self.where, self.registry.declared)
        jobs: list[Job] = []
        for probe, task, encoder in product(probes, tasks, encoders):
            jobs.extend(self._probe_jobs(probe, task, encoder))
        if metrics:
            jobs.extend(self._metric_jobs(metrics, tasks, encoders))
        self._check_idle(ran, jobs)
        jobs = _distinct(jobs, self.notes)
        components = (*encoders, *tasks, *probes, *metrics, *self._build("report"))
        notes = tuple(self.notes)
        return Plan(
            self.name, self.composition, tuple(jobs), components, notes, _trainings(encoders)
        )

    def _build(self, kind: Any) -> list[Built]:
        section = f"{kind}s"
        out: list[Built] = []
        for i, item in enumerate(getattr(self.composition, section)):
            path = ("compositions", self.name, section, i)
            built = self.builder.build(kind, item, path, f"composition '{self.name}'")
            if kind == "task":
                self.builder.check_files(built, path)
            series = kind == "encoder" and built.step is None and isinstance(built.instance, Series)
            for one in [at_step(built, s) for s in built.instance.steps] if series else [built]:
                if any(b.title == one.title for b in out):
                    raise RegistryError(
                        f"composition '{self.name}' names {kind} '{one.title}' twice",
                        where=self.registry.document.where(*path),
                        hint=f"declare each under '{section}:' with a name of its own",
                    )
                out.append(one)
        return out

    def _check_layers(self, encoders: list[Built]) -> None:
        deepest = max(e.instance.n_layers for e in encoders)
        beyond = [layer for layer in self.layers or () if not 0 <= layer <= deepest]
        if beyond:
            raise RegistryError(
                f"composition '{self.name}' wants layer {beyond[0]}, but its deepest encoder "
                f"has layers 0 to {deepest}",
                where=self.where("layers"),
            )

    def _check_fits(self, probes: list[Built], tasks: list[Built]) -> None:
        """Refuse a probe without a task and a task without a probe; say which pairs are none."""
        for probe in probes:
            units = self._units(probe)
            others = [t for t in tasks if t.instance.units not in _FITS[units]]
            if others and len(others) == len(tasks):
                told = [t for t in others if t.instance.units != "none"] or others
                has = told[0].instance.units
                raise RegistryError(
                    f"probe '{probe.label}' takes {units}, but task '{told[0].label}' has "
                    + ("no targets" if has == "none" else f"targets on {has}"),
                    where=self.where("probes"),
                )
            for task in others:
                self.notes[f"{probe.label} takes {units}: not run on {task.label}"] = None

    def _units(self, probe: Built) -> str:
        """Return what a probe takes; one made of another may find here that it cannot be."""
        try:
            units: str = getattr(probe.instance, "units", "vectors")
        except SondageError as error:
            error.where = error.where or self._declared_at(probe)
            raise
        return units

    def _declared_at(self, built: Built) -> str:
        section = f"{built.kind}s"
        if built.label in self.registry.declared(built.kind):
            return self.registry.document.where(section, built.label)
        return self.where(section)

    def _layers(self, *encoders: Built) -> tuple[int, ...]:
        # An encoder of layer 0 alone is compared with every layer of another.
        depth = min((n for e in encoders if (n := e.instance.n_layers)), default=0)
        wanted = self.layers if self.layers is not None else range(depth + 1)
        return tuple(sorted({layer for layer in wanted if layer <= depth}))

    def _seeds(self, controls: tuple[str, ...], who: str) -> tuple[int, ...]:
        if controls or len(self.seeds) == 1:
            return self.seeds
        self.notes[f"{who}: a seed would vary nothing, so it is run once"] = None
        return self.seeds[:1]

    def _check_idle(self, ran: list[Built], jobs: list[Job]) -> None:
        """Refuse a composition in which something is run on nothing, or say so if others are."""
        rules = self.composition.rules
        there = {job.component.label for job in jobs}
        for one in (c for c in ran if c.label not in there):
            if one.label in rules:
                raise RegistryError(
                    f"'only' leaves nothing for '{one.label}' to be run on",
                    where=self.where("only", one.label),
                )
            nothing = f"there is nothing for '{one.label}' to be run on: {_why_idle(one)}"
            if not jobs:
                raise RegistryError(nothing, where=self.where(f"{one.kind}s"))
            self.notes[nothing] = None

    def _probe_jobs(self, probe: Built, task: Built, encoder: Built) -> Iterator[Job]:
        units = getattr(probe.instance, "units", "vectors")
        if task.instance.units not in _FITS[units] or not self.only.any(probe, task, encoder):
            return
        joint = tuple(getattr(probe.instance, "joint", ()))
        own = getattr(probe.instance, "randomness", None)
        # A simple probe is handed a generator, so its seed may always matter.
        own = ("probe",) if own is None else tuple(own)
        controls = (*task.instance.randomness, *own)
        seeds = self._seeds(controls, f"{probe.label} on {task.label}")
        self._warn_of_leaks(task, encoder, seeds)
        whole = not getattr(probe.instance, "per_layer", True)
        together = whole or "layer" in joint
        wants = tuple(getattr(probe.instance, "wants_views", ()))
        more = {"subword"} if units in ("spans", "trees") else set()
        views = self.views.of(probe, task, (encoder,), fit_of(task, more, wants))
        self.views.check_width(probe, task, encoder, views)
        for view in views:
            layers = self.only.layers(probe, task, encoder, view, self._layers(encoder))
            if VIEWS.get(view) == "attention":
                layers = tuple(layer for layer in layers if layer > 0)
            groups = [layers] if together and layers else [(layer,) for layer in layers]
            for group in groups:
                rows: tuple[int | None, ...] = (None,) if whole else group
                cells = []
                for layer, seed in product(rows, seeds):
                    shared = {
                        "layers": group if together else (),
                        "seeds": seeds if "seed" in joint else (),
                    }
                    cells.append(
                        Cell(
                            digest(
                                CELL_FORMAT, "probe", probe.id, task.id, encoder.id, view,
                                layer, seed if controls else None, sorted(shared.items()),
                                *_by_rows(view, units in ("vectors", "rankings")),
                            ),
                            "probe", encoder.label, "", task.label, probe.label, view,
                            layer, seed, controls, encoder.step,
                        )
                    )  # fmt: skip
                yield Job(tuple(cells), probe, task, (encoder,), view, group, bool(joint) or whole)

    def _warn_of_leaks(self, task: Built, encoder: Built, seeds: tuple[int, ...]) -> None:
        """Say which seeds test on sentences that the encoder was trained on."""
        texts = task.instance.corpus_fingerprint
        for built in encoder.trained:
            seen = getattr(built.instance, "split_seed", None)
            same = any(
                part.kind == "task" and part.instance.corpus_fingerprint == texts
                for part in built.parts
            )
            leaking = [seed for seed in seeds if seed != seen]
            if same and leaking and "split" in task.instance.randomness:
                self.notes[
                    f"seeds {', '.join(map(str, leaking))}: task '{task.label}' tests on sentences "
                    f"that encoder '{built.label}' was trained on (its split_seed is {seen})"
                ] = None

    def _metric_jobs(
        self, metrics: list[Built], tasks: list[Built], encoders: list[Built]
    ) -> Iterator[Job]:
        base = self._baseline(encoders)
        if base is None:
            raise RegistryError(
                f"composition '{self.name}' has metrics, which compare encoders with a "
                "baseline, but names none",
                where=self.where("metrics"),
                hint=f"add 'baseline: {encoders[0].label}'",
            )
        corpora = {t.instance.corpus_fingerprint: t for t in reversed(tasks)}
        labelled = [t for t in tasks if t.instance.units in _FITS["vectors"]]
        for metric in metrics:
            units = metric.instance.units
            stimuli = labelled if units == "labelled" else list(reversed(corpora.values()))
            for task, encoder in product(stimuli, encoders):
                if encoder.id != base.id and self.only.any(metric, task, encoder):
                    yield from self._metric_cells(metric, task, encoder, base)

    def _metric_cells(
        self, metric: Built, task: Built, encoder: Built, base: Built
    ) -> Iterator[Job]:
        units = metric.instance.units
        controls = tuple(metric.instance.randomness)
        about = task.instance.corpus_fingerprint
        if units == "labelled":
            controls, about = (*task.instance.randomness, *controls), task.id
        seeds = self._seeds(controls, f"{metric.label} on {task.label}")
        if units == "attention":
            views = self.views.attention(encoder, base)
        else:
            # A metric without labels compares any rows that both sides have.
            more = {"sentence", "subword"} if units == "vectors" else set()
            views = self.views.of(metric, task, (encoder, base), fit_of(task, more))
        both = self._layers(encoder, base)
        pairs = [
            (view, layer)
            for view in views
            for layer in self.only.layers(metric, task, encoder, view, both)
        ]
        for view, layer in pairs:
            if view == "attention" and layer == 0:
                continue
            cells = tuple(
                Cell(
                    digest(
                        CELL_FORMAT, "metric", metric.id, about, encoder.id, base.id,
                        view, layer, seed if controls else None,
                        *_by_rows(view, units == "labelled"),
                    ),
                    "metric", encoder.label, base.title, task.label, metric.label, view,
                    layer, seed, controls, encoder.step,
                )
                for seed in seeds
            )  # fmt: skip
            yield Job(cells, metric, task, (encoder, base), view, (layer,))

    def _settle_baseline(self, encoders: list[Built]) -> None:
        """Put the step in place of ``NAME@last``, which results do not know."""
        wanted = self.composition.baseline
        if wanted is None or not wanted.endswith("@last"):
            return
        for encoder in encoders:
            if wanted in names_of(encoder):
                update = {"baseline": encoder.title}
                self.composition = self.composition.model_copy(update=update)
                return

    def _check_baseline(self, encoders: list[Built]) -> None:
        """Refuse a baseline that is no encoder; say so if it is one of another composition."""
        wanted = self.composition.baseline
        try:
            self._baseline(encoders)
        except RegistryError:
            # A command line may have taken it out; metrics cannot do without it.
            name = (wanted or "").split("@")[0]
            known = name in self.registry.declared("encoder")
            if not known or self.composition.metrics or name in {e.label for e in encoders}:
                raise
            told = f"baseline '{wanted}' is not among the encoders: nothing is compared with it"
            self.notes[told] = None

    def _baseline(self, encoders: list[Built]) -> Built | None:
        wanted = self.composition.baseline
        if wanted is None:
            return None
        for encoder in encoders:
            if wanted in (encoder.title, encoder.label) and encoder.step in (None, *_steps(wanted)):
                return encoder
        labels = [e.title for e in encoders]
        raise RegistryError(
            f"composition '{self.name}' has baseline '{wanted}', which is not among its encoders",
            where=self.where("baseline"),
            near=nearest(wanted, labels) or labels,
        )


def _distinct(jobs: list[Job], notes: dict[str, None]) -> list[Job]:
    """Leave out cells that an earlier one equals in all but its names, and say so."""
    seen: dict[str, Cell] = {}
    out = []
    for job in jobs:
        cells = []
        for cell in job.cells:
            first = seen.setdefault(cell.id, cell)
            if first is cell:
                cells.append(cell)
                continue
            for name in ("component", "encoder", "task", "other"):
                one, other = getattr(first, name), getattr(cell, name)
                if one != other:
                    notes[f"'{other}' is the same as '{one}': run once, under that name"] = None
        if cells:
            out.append(replace(job, cells=tuple(cells)))
    return out


def _why_idle(one: Built) -> str:
    if one.kind == "probe":
        return "no layer and seed are left"
    units = one.instance.units
    if units == "labelled":
        return "it wants a task with labels, and an encoder beside the baseline"
    if units == "attention":
        return "it wants an encoder beside the baseline, and a layer above 0"
    return "it wants an encoder beside the baseline"


def _by_rows(view: str, pooled: bool) -> tuple[str, ...]:
    """Return what tells a cell from one whose rows were taken for words, sight unseen."""
    return ("rows",) if pooled and view not in VIEWS else ()


def _steps(name: str) -> tuple[int, ...]:
    step = name.rpartition("@")[2]
    return (int(step),) if "@" in name and step.isdigit() else ()


def _trainings(encoders: Sequence[Built]) -> tuple[Training, ...]:
    """Return what has to be trained for these encoders, each once, parts before wholes."""
    wanted = {built.id: built for encoder in encoders for built in encoder.trained}
    out = []
    for built in wanted.values():
        task = next((part.label for part in built.parts if part.kind == "task"), "")
        cell = Cell(
            digest(CELL_FORMAT, "training", built.id), "training", built.label, "", task,
            built.use, "", None, 0, (),
        )  # fmt: skip
        out.append(Training(built, cell))
    return tuple(out)
