"""`directprobe.labels`: each label's clusters and least distance, under each encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sondage.contracts import Findings
from sondage.report import FigureOptions

if TYPE_CHECKING:
    from pandas import DataFrame

    from sondage.report import Paper

_COLUMNS = ["encoder", "layer", "label", "items", "clusters", "min_distance", "nearest_label"]
_NEEDS = "directprobe.clusters"


@dataclass(kw_only=True, eq=False)
class Labels(FigureOptions):
    """Each label's clusters and least distance to another, under each encoder.

    For every task and probe (`directprobe.clusters`) a table and, where distances were computed,
    a figure; of each encoder its last step and layer, of the first seed.

    References
    ----------
    Zhou and Srikumar 2021, arXiv:2104.05904, section 3. Departs from it: the tables are ours.
    """

    def write(self, findings: Findings, folder: Path) -> Sequence[Path]:
        """Write what the findings allow; return the files, ``README.md`` first."""
        from sondage.report import Labels as Printed
        from sondage.report import Paper, file_name

        paper = Paper(folder, self.size, self.pdf, self.font)
        printed = Printed(findings.frame())
        parts: dict[str, tuple[Callable[[], list[Path]], str]] = {}
        for (task, component), part in gather(findings).groupby(["task", "component"], sort=False):
            data = printed.printed(part).reset_index(drop=True)
            name = file_name("labels", str(task), str(component))
            what = f"{data['component'].iloc[0]} on {data['task'].iloc[0]}"
            parts[f"clusters of each label, {what}"] = (partial(_table, data, name, paper), _NEEDS)
            if data["min_distance"].notna().any():
                drawing = partial(_figure, data, name, what, paper)
                parts[f"least distance of each label, {what}"] = (drawing, _NEEDS)
        missing = [] if parts else [f"clusters: needs {_NEEDS}"]
        return paper.write("Labels and their clusters", parts, missing=missing)


def gather(findings: Findings) -> DataFrame:
    """Return the labels under each encoder at its last step and layer, of the first seed.

    Returns
    -------
    DataFrame
        ``task, component, encoder, layer, label, items, clusters, min_distance`` (missing where
        none was computed) and ``nearest_label``.
    """
    import pandas as pd

    table = findings.table("per_label")
    wanted = ["task", "component", *_COLUMNS]
    if not {"label", "items", "clusters"} <= set(table.columns):
        return pd.DataFrame(columns=wanted)
    table = table.reindex(columns=[*table.columns, *(c for c in wanted if c not in table)])
    place = ["task", "component", "encoder"]
    for column, which in (("step", "max"), ("layer", "max"), ("seed", "min")):
        numbers = table[column].astype("Int64").fillna(-1)
        table = table[numbers == numbers.groupby([table[c] for c in place]).transform(which)]
    out = table[wanted].reset_index(drop=True)
    return out.astype({"min_distance": float})


def _table(data: DataFrame, name: str, paper: Paper) -> list[Path]:
    shown = {"encoder": "encoder", "layer": "layer", "label": "label", "items": "items",
             "clusters": "clusters", "min_distance": "least distance",
             "nearest_label": "to"}  # fmt: skip
    caption = "Clusters of each label, and its least distance to another label."
    return paper.table(f"{name}-clusters", data[_COLUMNS], shown=shown, caption=caption)


def _figure(data: DataFrame, name: str, what: str, paper: Paper) -> list[Path]:
    from sondage.report import dots, score_axis, series

    x = score_axis(data["min_distance"], "min_distance", title="least distance", bounds=(0.0, None))
    by = series("encoder", data["encoder"])
    panel = dots(data, "label", x, by, sideways=True, title=what, width=460)
    return paper.figure(
        f"{name}-distances", [panel], data[_COLUMNS],
        title="Least distance of each label to another",
        note="between the hulls of clusters, at the last layer",
    )  # fmt: skip
