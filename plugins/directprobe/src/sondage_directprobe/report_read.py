"""What the report needs, taken from a run's findings and put in one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from sondage.contracts import Findings
from sondage.plain import flat
from sondage.report import Labels
from sondage_directprobe.geometry import Doubles, label_means

if TYPE_CHECKING:
    from pandas import DataFrame

_TEXTS = ["encoder", "other", "task", "component", "label", "nearest_label"]


@dataclass(frozen=True)
class Means:
    """The mean vector of each label in one cell.

    Parameters
    ----------
    encoder, task : str
    step : int
    layer, seed : int
    labels : list of str
    values : float64 array, shape (len(labels), d)
    """

    encoder: str
    task: str
    step: int
    layer: int
    seed: int
    labels: list[str]
    values: Doubles


@dataclass
class ZhouResults:
    """Tidy results. Steps are ints; the original encoder stands in for a missing step 0.

    Parameters
    ----------
    scores : DataFrame
        One row per score of ``encoder, step, task, component, layer``, as `Findings.summary`.
    labels : DataFrame
        One row per label: its least distance, mean over seeds.
    pairs : DataFrame
        One row per pair of labels of linearly separable cells: its distance.
    means : list of Means
    tuned_on : mapping of encoder to task
        From the cells of training.
    base : str
        The original encoder.
    labelled : Labels
        How names are printed, and what they were.
    missing : list of str
        What could not be read.
    """

    scores: DataFrame
    labels: DataFrame
    pairs: DataFrame
    means: list[Means]
    tuned_on: Mapping[str, str]
    base: str
    labelled: Labels
    missing: list[str] = field(default_factory=list)

    def printed(self) -> ZhouResults:
        """Return the same with labels in place of all names, as they are to be printed."""
        labels = self.labelled
        encoder, task = partial(labels.of, "encoder"), partial(labels.of, "task")
        means = [replace(m, encoder=encoder(m.encoder), task=task(m.task)) for m in self.means]
        # What a score means goes by its name.
        scores = labels.printed(self.scores).assign(score=self.scores["score"])
        return ZhouResults(
            scores, labels.printed(self.labels), labels.printed(self.pairs), means,
            {encoder(e): task(t) for e, t in self.tuned_on.items()}, encoder(self.base), labels,
            self.missing,
        )  # fmt: skip

    @cached_property
    def series(self) -> list[str]:
        """Encoders that have been trained, in the findings' order."""
        found = self.scores[self.scores["step"] > 0]["encoder"].tolist()
        return list(dict.fromkeys([*self.tuned_on, *found]))

    def own(self, task: str) -> list[str]:
        """Return the encoders trained on a task; where nothing says on what, all series."""
        return [e for e in self.series if self.tuned_on.get(e, task) == task]

    @property
    def tasks(self) -> list[str]:
        """Tasks with results of a probe, in the findings' order."""
        probed = self.scores[self.scores["kind"] == "probe"]
        return list(dict.fromkeys(probed["task"].tolist()))


def gather(findings: Findings, base: str) -> ZhouResults:
    """Return the tidy results of a run.

    Parameters
    ----------
    findings : Findings
    base : str
        The original encoder's name. If it is not there and one encoder alone was not trained,
        that one.
    """
    summary = _plain(findings.summary())
    frame = findings.frame()
    trained = frame[(frame["kind"] == "training") & (frame["status"] == "done")]
    tuned_on = {flat(e): flat(t) for e, t in zip(trained["encoder"], trained["task"], strict=True)}
    untrained = list(dict.fromkeys(summary[summary["step"].isna()]["encoder"].tolist()))
    untrained = [e for e in untrained if e not in tuned_on]
    if base not in untrained and len(untrained) == 1:
        base = untrained[0]
    scores = _with_origin(summary, base)
    labels = _over_seeds(findings.table("per_label"), ["label"], "min_distance")
    pairs = _over_seeds(findings.table("distances"), ["label_a", "label_b"], "distance")
    found = ZhouResults(scores, _with_origin(labels, base), _with_origin(pairs, base), [], tuned_on,
                     base, Labels(frame))  # fmt: skip
    try:
        found.means = _means(findings, found)
    except OSError as error:
        found.missing.append(f"arrays of cells cannot be read: {error.strerror}")
    return found


def _plain(table: Any) -> DataFrame:
    out = table.copy()
    for column in _TEXTS:
        if column in out:
            out[column] = [flat(v) for v in out[column]]
    return out


def _over_seeds(table: Any, keys: list[str], value: str) -> DataFrame:
    place = ["encoder", "step", "task", "component", "layer"]
    columns = [*place, *keys, value]
    if value not in table:
        import pandas as pd

        return pd.DataFrame(columns=columns)
    table = _plain(table[table[value].notna()])
    table["step"] = table["step"].astype("Int64")
    for key in keys:
        table[key] = [flat(v) for v in table[key]]
    grouped = table.groupby([*place, *keys], dropna=False, sort=False)
    return grouped[value].mean().reset_index()


def _with_origin(table: DataFrame, base: str) -> DataFrame:
    """Give every series a step 0, and the original encoder the step 0 that it is."""
    import pandas as pd

    table = table.copy()
    table["step"] = table["step"].astype("Int64")
    original = table[(table["encoder"] == base) & table["step"].isna()]
    parts = [table.assign(step=table["step"].fillna(0))]
    stepped = table[table["step"].notna()]
    for encoder in dict.fromkeys(stepped["encoder"].tolist()):
        mine = stepped[stepped["encoder"] == encoder]
        for task in dict.fromkeys(mine["task"].tolist()):
            # A series that was probed at step 0 keeps its own.
            if not ((mine["task"] == task) & (mine["step"] == 0)).any():
                borrowed = original[original["task"] == task]
                parts.append(borrowed.assign(encoder=encoder, step=0))
    out = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
    out["step"] = out["step"].astype("int64")
    return out


def _means(findings: Findings, found: ZhouResults) -> list[Means]:
    out: list[Means] = []
    for record, arrays in findings.arrays():
        names = record.get("tables", {}).get("per_label", {}).get("label")
        if names is None or not {"centroids", "cluster_labels", "assignments"} <= set(arrays):
            continue
        values = label_means(arrays["centroids"], arrays["cluster_labels"], arrays["assignments"])
        place = (flat(record["encoder"]), flat(record["task"]), int(record["step"] or 0))
        out.append(Means(*place, record["layer"], record["seed"], [flat(n) for n in names], values))
    if not out:
        return out
    # Pictures show one seed: the first.
    first = min(m.seed for m in out)
    out = [m for m in out if m.seed == first]
    have = {(m.encoder, m.task, m.step, m.layer) for m in out}
    for m in [m for m in out if m.encoder == found.base]:
        for encoder in found.series:
            if (encoder, m.task, 0, m.layer) not in have:
                out.append(Means(encoder, m.task, 0, m.layer, m.seed, m.labels, m.values))
    return sorted(out, key=lambda m: (m.encoder, m.task, m.layer, m.step))
