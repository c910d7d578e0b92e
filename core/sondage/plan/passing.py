"""The jobs and cells of probes that are measured in passing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product as pairs

from sondage.contracts import Passable
from sondage.data import digest
from sondage.errors import RegistryError, nearest
from sondage.plan.cells import Cell, Job
from sondage.plan.product import CELL_FORMAT, Product
from sondage.registry.built import Built
from sondage.registry.models import Composition
from sondage.specs import Kind

Where = Callable[..., str]
Declared = Callable[[Kind], Iterable[str]]

#: What a probe takes of a layer, to the view that its cells are listed under.
OF_LAYERS = {"attention": "attention", "states": "subwords"}


def passing_jobs(
    product: Product, probes: Sequence[Built], tasks: Sequence[Built], encoders: Sequence[Built]
) -> Iterator[Job]:
    """Yield the jobs; of tasks that share their texts the first stands for all."""
    corpora = {t.instance.corpus_fingerprint: t for t in reversed(tasks)}
    for probe in probes:
        units = getattr(probe.instance, "units", "vectors")
        if units not in OF_LAYERS:
            continue
        view = OF_LAYERS[units]
        for task, encoder in pairs(reversed(corpora.values()), encoders):
            if not product.only.any(probe, task, encoder):
                continue
            check_passable(product, probe, encoder, attention=units == "attention")
            controls = tuple(probe.instance.randomness)
            seeds = product.seeds_of(controls, f"{probe.label} on {task.label}")
            layers = product.only.layers(probe, task, (encoder,), view, product.layers_of(encoder))
            kept = tuple(layer for layer in layers if layer or units != "attention")
            about = task.instance.corpus_fingerprint
            cells = tuple(
                Cell(
                    digest(
                        CELL_FORMAT, "passing", probe.id, about, encoder.id, view,
                        layer, seed if controls else None,
                    ),
                    "probe", encoder.label, "", task.label, probe.label, view,
                    layer, seed, controls, encoder.step,
                )
                for layer, seed in pairs(kept, seeds)
            )  # fmt: skip
            if cells:
                yield Job(cells, probe, task, (encoder,), view, kept, reads="passing")


def in_passing(
    composition: Composition, metrics: Sequence[Built], declared: Declared, where: Where
) -> frozenset[str]:
    """Return the metrics of vectors that a composition wants measured in passing.

    Raises
    ------
    RegistryError
        For a name that is none, unless a command line took that metric out.
    """
    there = {metric.label for metric in metrics}
    fit = {metric.label for metric in metrics if metric.instance.units == "vectors"}
    gone = set(declared("metric")) - there
    for i, name in enumerate(composition.in_passing):
        if name not in fit | gone:
            raise RegistryError(
                f"'in_passing' names '{name}', which is not a metric of vectors of the composition",
                where=where("in_passing", i),
                near=nearest(name, fit) or sorted(fit),
                hint="leave it out: probes and metrics of attention are always measured in passing",
            )
    return frozenset(composition.in_passing)


def check_passable(product: Product, who: Built, *encoders: Built, attention: bool) -> None:
    """Raise `RegistryError` for an encoder that hands nothing out while it reads."""
    for encoder in encoders:
        if not isinstance(encoder.instance, Passable):
            raise RegistryError(
                f"{who.kind} '{who.label}' is measured while a model reads, and encoder "
                f"'{encoder.title}' does not hand its layers out",
                where=product.views.where("encoders"),
                hint="'only:' keeps a component to encoders with lay_out and pass_through",
            )
        if attention and not encoder.instance.heads:
            raise RegistryError(
                f"encoder '{encoder.title}' has no attention maps, which {who.kind} "
                f"'{who.label}' reads",
                where=product.views.where("encoders"),
            )
