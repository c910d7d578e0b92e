"""From a composition to a plan: what would run, and what identifies it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from sondage.data import digest
from sondage.errors import RegistryError, SondageError, nearest
from sondage.plan.cells import Cell, Job, Plan, Training
from sondage.plan.metrics import metric_jobs
from sondage.plan.only import Only, names_of
from sondage.plan.pairs import compared
from sondage.plan.passing import in_passing, passing_jobs
from sondage.plan.probes import probe_jobs
from sondage.plan.product import CELL_FORMAT, FITS, Product
from sondage.plan.views import Views
from sondage.registry import Registry
from sondage.registry.build import Builder
from sondage.registry.built import Built, steps_of
from sondage.registry.document import Keys
from sondage.registry.naming import joined, parted

#: Bytes that file systems take of a name, less those that a run's id needs.
_NAME_BYTES = 255 - 9
#: Tasks that a probe does not fit are named one by one up to this number.
_MOST_NAMED = 8


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
        if len(os.fsencode(self.name)) > _NAME_BYTES:
            raise RegistryError(
                f"the name of composition '{self.name[:20]}...' is too long for a run's folder",
                where=self.where(),
                hint=f"at most {_NAME_BYTES} bytes",
            )
        encoders, tasks = self._build("encoder"), self._build("task")
        self._settle_baseline(encoders)
        self._check_baseline(encoders)
        probes, metrics = self._build("probe"), self._build("metric")
        if not probes and not metrics:
            raise RegistryError(
                f"composition '{self.name}' names no probes and no metrics", where=self.where()
            )
        views = Views(self.composition, self.name, self.where, encoders, self.notes)
        self._check_layers(encoders)
        self._check_fits(probes, tasks)
        rules = self.composition.rules
        ran = [*probes, *metrics]
        only = Only(rules, ran, tasks, encoders, self.where, self.registry.declared)
        passing = in_passing(self.composition, metrics, self.registry.declared, self.where)
        stored = self.composition.store_dtype
        axes = Product(self.layers, self.seeds, views, only, passing, self.notes, stored)
        jobs: list[Job] = []
        for probe, task, encoder in product(probes, tasks, encoders):
            jobs.extend(probe_jobs(axes, probe, task, encoder))
        jobs.extend(passing_jobs(axes, probes, tasks, encoders))
        if metrics:
            bases = self._baselines(encoders)
            pairs = compared(self.composition, encoders, bases, self.where)
            jobs.extend(metric_jobs(axes, metrics, tasks, pairs))
        self._check_idle(ran, jobs)
        jobs = _distinct(jobs, self.notes)
        components = (*encoders, *tasks, *probes, *metrics, *self._build("report"))
        scores = tuple((k, one.label) for k, one in self.registry.contents.scores.items())
        return Plan(
            self.name, self.composition, tuple(jobs), components, tuple(self.notes),
            _trainings(encoders), scores,
        )  # fmt: skip

    def _build(self, kind: Any) -> list[Built]:
        section = f"{kind}s"
        out: list[Built] = []
        for i, item in enumerate(getattr(self.composition, section)):
            path = ("compositions", self.name, section, i)
            members = self.builder.members(kind, item, path, f"composition '{self.name}'")
            if kind == "task":
                self.builder.check_files(members[0], path)
            for one in (step for member in members for step in self._steps(member, path)):
                if any(b.title == one.title for b in out):
                    raise RegistryError(
                        f"composition '{self.name}' names {kind} '{one.title}' twice",
                        where=self.registry.document.where(*path),
                        hint=f"declare each under '{section}:' with a name of its own",
                    )
                out.append(one)
        return out

    def _steps(self, built: Built, path: Keys) -> list[Built]:
        """Return the steps of a series, or what is none; take down what encoders have to say."""
        with self.builder.told(built, path):
            steps = list(steps_of(built))
            for encoder in (one for one in steps if one.kind == "encoder"):
                _ = encoder.key, encoder.instance.n_layers
                self.notes |= dict.fromkeys(encoder.notes)
        return steps

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
            others = [t for t in tasks if t.instance.units not in FITS[units]]
            if others and len(others) == len(tasks):
                told = [t for t in others if t.instance.units != "none"] or others
                has = told[0].instance.units
                raise RegistryError(
                    f"probe '{probe.label}' takes {units}, but task '{told[0].label}' has "
                    + ("no targets" if has == "none" else f"targets on {has}"),
                    where=self.where("probes"),
                )
            named = [task.label for task in others]
            if len(named) > _MOST_NAMED:
                named = [f"{len(named)} of the {len(tasks)} tasks"]
            for name in named:
                self.notes[f"{probe.label} takes {units}: not run on {name}"] = None

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

    def _settle_baseline(self, encoders: list[Built]) -> None:
        """Put the step in place of ``NAME@last``, which results do not know."""
        wanted = self.composition.baseline
        if wanted is None or not wanted.endswith("@last"):
            return
        for encoder in encoders:
            if wanted in names_of(encoder):
                family, seed, _ = parted(wanted)
                update = {"baseline": joined(family, seed, encoder.step or 0)}
                self.composition = self.composition.model_copy(update=update)
                return

    def _check_baseline(self, encoders: list[Built]) -> None:
        """Refuse a baseline that is no encoder; say so if it is one of another composition."""
        wanted = self.composition.baseline
        try:
            self._baselines(encoders)
        except RegistryError:
            # A command line may have taken it out; metrics cannot do without it.
            name = parted(wanted or "")[0]
            known = name in self.registry.declared("encoder")
            there = {parted(e.label)[0] for e in encoders}
            if not known or self.composition.metrics or name in there:
                raise
            told = f"baseline '{wanted}' is not among the encoders: nothing is compared with it"
            self.notes[told] = None

    def _baselines(self, encoders: list[Built]) -> list[Built]:
        """Return the encoder that is the baseline; of one with several seeds, all."""
        wanted = self.composition.baseline
        if wanted is None:
            return []
        steps = (None, *_step_of(wanted))
        found = [e for e in encoders if wanted in names_of(e) and e.step in steps]
        if found:
            return found
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


def _step_of(name: str) -> tuple[int, ...]:
    step = name.rpartition("@")[2]
    return (int(step),) if "@" in name and step.isdigit() else ()


def _trainings(encoders: Sequence[Built]) -> tuple[Training, ...]:
    """Return what has to be trained for these encoders, each once, and after what it is made of."""
    wanted = {built.id: built for encoder in encoders for built in encoder.trained}
    out = []
    for built in wanted.values():
        task = next((one.label for one in built.made_of if one.kind == "task"), "")
        cell = Cell(
            digest(CELL_FORMAT, "training", built.id), "training", built.label, "", task,
            built.use, "", None, 0, (),
        )  # fmt: skip
        out.append(Training(built, cell))
    return tuple(out)
