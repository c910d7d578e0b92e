"""Probes of several seeds, trained together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sondage.data import States
from sondage.errors import EncodingError
from sondage.probing import check_finite
from sondage_edge.alone import Work, train_all
from sondage_edge.estimator import EdgeProbe
from sondage_edge.progress import Progress
from sondage_edge.ragged import Batches


def end_together(begun: Sequence[tuple[EdgeProbe, Work]]) -> None:
    """Train probes that have `begin` behind them, all cells of all of them in one program.

    On a processor each cell is trained by itself, as many at a time as BLAS may use threads;
    on another device the cells of a probe together, and one probe after the other.

    Raises
    ------
    EncodingError
        For NaN or infinite values.
    """
    host = [(probe, work) for probe, work in begun if probe.device == "cpu"]
    try:
        found = train_all([work for _, work in host])
        for (probe, work), cells in zip(host, found, strict=True):
            probe.keep(cells, work.reader)
        for probe, work in begun:
            if probe.device != "cpu":
                probe.keep(_on_device(work), work.reader)
    except EncodingError:
        for _, work in begun:
            check_read(work.reader.states, work.train)
        raise


def _on_device(work: Work) -> list[Progress]:
    import torch

    from sondage_edge.training import Target, Trainer

    answers, device = work.answers, work.reader.device
    y = torch.from_numpy(answers.y).to(device)
    mask = None if answers.asked is None else torch.from_numpy(answers.asked).to(device)
    trainer = Trainer(work.shape, work.reader, work.settings)
    target = Target(y, answers.labels, mask)
    return trainer.train(work.start, work.train, work.dev, target, work.rng)


def check_read(layers: Sequence[States], batches: Batches) -> None:
    """Raise `EncodingError` for rows that are read and hold NaN or infinite values."""
    rows = np.unique(np.concatenate([b.rows for b in batches.deal(256)]))
    for number, layer in enumerate(layers):
        check_finite(layer.values, f"layer {number}, the rows that the spans touch", rows)
