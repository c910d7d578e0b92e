"""Several runs as one, so that a picture or table holds the encoders of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sondage.records.printed import PrintedNames
from sondage.records.summary import Summary
from sondage.registry.naming import joined, parted


def merged(runs: Sequence[Summary]) -> Summary:
    """Return a summary with the rows of all runs; encoders of one label get the run's number.

    Stars and differences stay those within each run.
    """
    labels = [PrintedNames(run.header) for run in runs]
    alike = Counter(
        label
        for run, own in zip(runs, labels, strict=True)
        for label in {own.of("encoder", name) for name in run.order("encoder")}
    )
    parts = [
        _Part(run, own, f" [{number}]", alike)
        for number, (run, own) in enumerate(zip(runs, labels, strict=True), 1)
    ]
    components = {(c["kind"], c["label"]): c for part in parts for c in part.components()}
    return Summary(
        name=", ".join(run.name for run in runs),
        rows=[row for part in parts for row in part.rows()],
        primary=list(dict.fromkeys(pair for run in runs for pair in run.primary)),
        failed=[cell for run in runs for cell in run.failed],
        warnings=[warning for run in runs for warning in run.warnings],
        n_cells=sum(run.n_cells for run in runs),
        header={
            "cells": sum(int(run.header.get("cells") or 0) for run in runs),
            "components": list(components.values()),
        },
    )


@dataclass(frozen=True)
class _Part:
    run: Summary
    own: PrintedNames
    mark: str
    alike: Counter[str]

    def components(self) -> list[dict[str, Any]]:
        return [
            {"kind": c["kind"], "label": self._encoder(c["label"])}
            if c["kind"] == "encoder"
            else {"kind": c["kind"], "label": c["label"]}
            for c in self.run.header.get("components", [])
        ]

    def rows(self) -> list[dict[str, Any]]:
        out = []
        for row in self.run.rows:
            names = {c: self._encoder(row[c]) if row[c] else "" for c in ("encoder", "other")}
            out.append({**row, **names, **{f"{c}_label": text for c, text in names.items()}})
        return out

    def _encoder(self, name: str) -> str:
        family, seed, _ = parted(name)
        twice = self.alike[self.own.of("encoder", joined(family, seed))] > 1
        return self.own.of("encoder", name) + self.mark * twice
