"""The jobs and cells of metrics, on pairs of encoders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product as product_of

from sondage.data import digest
from sondage.plan.cells import Cell, Job
from sondage.plan.pairs import Pair
from sondage.plan.passing import check_passable
from sondage.plan.product import CELL_FORMAT, FITS, Product, by_rows
from sondage.plan.views import fit_of
from sondage.registry.built import Built


def metric_jobs(
    product: Product, metrics: list[Built], tasks: list[Built], compared: Sequence[Pair]
) -> Iterator[Job]:
    """Yield the jobs of all metrics; of tasks that share their texts the first stands for all."""
    corpora = {t.instance.corpus_fingerprint: t for t in reversed(tasks)}
    labelled = [t for t in tasks if t.instance.units in FITS["vectors"]]
    for metric in metrics:
        units = metric.instance.units
        stimuli = labelled if units == "labelled" else list(reversed(corpora.values()))
        for task, (encoder, base) in product_of(stimuli, compared):
            if product.only.any(metric, task, encoder, base):
                yield from _jobs_on(product, metric, task, encoder, base)


def _jobs_on(
    product: Product, metric: Built, task: Built, encoder: Built, base: Built
) -> Iterator[Job]:
    units = metric.instance.units
    controls = tuple(metric.instance.randomness)
    about = task.instance.corpus_fingerprint
    if units == "labelled":
        controls, about = (*task.instance.randomness, *controls), task.id
    seeds = product.seeds_of(controls, f"{metric.label} on {task.label}")
    passing = units == "attention" or metric.label in product.passing
    from_where = ("passing",) if passing else product.rounded
    if passing:
        check_passable(product, metric, encoder, base, attention=units == "attention")
    if units == "attention":
        views = ["attention"]
    else:
        # A metric without labels compares any rows that both sides have.
        more = {"sentence", "subword"} if units == "vectors" else set()
        views = product.views.of(metric, task, (encoder, base), fit_of(task, more))
    both, pair = product.layers_of(encoder, base), (encoder, base)
    _tell_depths(product, encoder, base)
    for view in views:
        layers = product.only.layers(metric, task, pair, view, both)
        kept = tuple(layer for layer in layers if layer or view != "attention")
        cells = {
            layer: tuple(
                Cell(
                    digest(
                        CELL_FORMAT, "metric", metric.id, about, encoder.id, base.id,
                        view, layer, seed if controls else None,
                        *by_rows(view, units == "labelled"), *from_where,
                    ),
                    "metric", encoder.label, base.title, task.label, metric.label, view,
                    layer, seed, controls, encoder.step,
                )
                for seed in seeds
            )
            for layer in kept
        }  # fmt: skip
        if passing and kept:
            all_of_them = tuple(cell for some in cells.values() for cell in some)
            yield Job(all_of_them, metric, task, pair, view, kept, reads="passing")
        for layer in () if passing else kept:
            yield Job(cells[layer], metric, task, pair, view, (layer,), stored=product.stored)


def _tell_depths(product: Product, encoder: Built, base: Built) -> None:
    """Say which layers are compared of encoders of different depth."""
    depths = sorted(one.instance.n_layers for one in (encoder, base))
    # What has layer 0 alone is compared with every layer of the other.
    if depths[0] and depths[0] < depths[1]:
        product.notes[
            f"'{encoder.title}' has {encoder.instance.n_layers} blocks and '{base.title}' "
            f"{base.instance.n_layers}: metrics compare layers 0 to {depths[0]}, each with that of "
            "the same number"
        ] = None
