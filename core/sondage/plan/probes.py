"""The jobs and cells of a probe."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as pairs

from sondage.data import VIEWS, digest
from sondage.plan.cells import Cell, Job
from sondage.plan.passing import OF_LAYERS
from sondage.plan.product import CELL_FORMAT, FITS, Product, by_rows
from sondage.plan.views import fit_of
from sondage.registry.built import Built


def probe_jobs(product: Product, probe: Built, task: Built, encoder: Built) -> Iterator[Job]:
    """Yield a probe's jobs on a task and an encoder; none where they do not fit."""
    units = getattr(probe.instance, "units", "vectors")
    if units in OF_LAYERS:
        return
    reads = getattr(probe.instance, "reads", "vectors")
    if task.instance.units not in FITS[units] or not product.only.any(probe, task, encoder):
        return
    # What takes no targets is not split.
    split = () if units == "none" else task.instance.randomness
    controls = (*split, *_own_randomness(probe))
    seeds = product.seeds_of(controls, f"{probe.label} on {task.label}")
    if units != "none":
        _warn_of_leaks(task, encoder, seeds, product.notes)
    about = task.instance.corpus_fingerprint if units == "none" else task.id
    joint = tuple(getattr(probe.instance, "joint", ()))
    whole = not getattr(probe.instance, "per_layer", reads != "encoder")
    together = whole or "layer" in joint
    views = [""] if reads == "encoder" else _views_of(product, probe, task, encoder)
    for view in views:
        layers = product.only.layers(probe, task, (encoder,), view, product.layers_of(encoder))
        if VIEWS.get(view) == "attention":
            layers = tuple(layer for layer in layers if layer > 0)
        for group in [layers] if together and layers else [(layer,) for layer in layers]:
            # What is solved together is keyed together.
            shared = [
                ("layers", group if together else ()),
                ("seeds", seeds if "seed" in joint else ()),
            ]
            cells = tuple(
                Cell(
                    digest(
                        CELL_FORMAT, "probe", probe.id, about, encoder.id, view,
                        layer, seed if controls else None, shared,
                        *by_rows(view, units in ("vectors", "rankings")),
                        *(product.rounded if reads != "encoder" else ()),
                    ),
                    "probe", encoder.label, "", task.label, probe.label, view,
                    layer, seed, controls, encoder.step,
                )
                for layer, seed in pairs((None,) if whole else group, seeds)
            )  # fmt: skip
            yield Job(
                cells, probe, task, (encoder,), view, group, bool(joint) or whole,
                *(("encoder",) if reads == "encoder" else ("store", product.stored)),
            )  # fmt: skip


def _views_of(product: Product, probe: Built, task: Built, encoder: Built) -> list[str]:
    wants = tuple(getattr(probe.instance, "wants_views", ()))
    units = getattr(probe.instance, "units", "vectors")
    more = {"subword"} if units in ("spans", "trees") else set()
    views = product.views.of(probe, task, (encoder,), fit_of(task, more, wants))
    product.views.check_width(probe, task, encoder, views)
    return views


def _own_randomness(probe: Built) -> tuple[str, ...]:
    own = getattr(probe.instance, "randomness", None)
    # A simple probe is handed a generator, so its seed may always matter.
    return ("probe",) if own is None else tuple(own)


def _warn_of_leaks(
    task: Built, encoder: Built, seeds: tuple[int, ...], notes: dict[str, None]
) -> None:
    """Say which seeds test on sentences that the encoder was trained on."""
    texts = task.instance.corpus_fingerprint
    for built in encoder.trained:
        seen = getattr(built.instance, "split_seed", None)
        same = any(
            one.kind == "task" and one.instance.corpus_fingerprint == texts for one in built.made_of
        )
        leaking = [seed for seed in seeds if seed != seen]
        if same and leaking and "split" in task.instance.randomness:
            notes[
                f"seeds {', '.join(map(str, leaking))}: task '{task.label}' tests on sentences "
                f"that encoder '{built.label}' was trained on (its split_seed is {seen})"
            ] = None
