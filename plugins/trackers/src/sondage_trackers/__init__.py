"""Trackers: runs in MLflow and in trackio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_trackers.mlflow_store import MLflow as MLflow
    from sondage_trackers.trackio_store import Trackio as Trackio
else:
    __getattr__, __dir__, __all__ = exports(
        __name__, {"mlflow_store": ["MLflow"], "trackio_store": ["Trackio"]}
    )

_TRACKERS = {
    "mlflow": ("mlflow_store:MLflow", "runs in MLflow, local or on a server", "MLflow 3"),
    "trackio": ("trackio_store:Trackio", "runs in trackio's local dashboard", "trackio 0.43"),
}


@sondage.hookimpl
def sondage_trackers() -> list[sondage.TrackerSpec]:
    """Offer the trackers; their libraries are imported when a run begins."""
    return [
        sondage.TrackerSpec(
            name=f"trackers.{name}",
            factory=f"sondage_trackers.{factory}",
            summary=summary,
            reference=reference,
        )
        for name, (factory, summary, reference) in _TRACKERS.items()
    ]
