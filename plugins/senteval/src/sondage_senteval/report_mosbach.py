"""`senteval.mosbach2020`: the paper's figures and tables from a run's findings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.contracts import Findings
from sondage.plain import flat
from sondage.report import FigureOptions

if TYPE_CHECKING:
    from pandas import DataFrame

_PARTS = {
    "table 1 (scores of the fine-tuning)": "trainings with scores on a development part",
    "figure 1 (accuracy by layer and pooling)": "a probe with accuracies by layer",
    "mean against CLS": "a probe in the views cls and mean",
    "figure 2 (attention by layer)": "a probe with the score entropy, or a metric with emd",
    "figure 3 (perplexity)": "a probe with the score perplexity on a series of encoders",
    "tables 2 and 5 (change by half)": "a probe on fine-tuned encoders and on their original",
    "figures 4 and 5 (change by layer)": "a probe on fine-tuned encoders and on their original",
}
_KEYS = ["task", "view", "layer"]


@dataclass(kw_only=True, eq=False)
class Mosbach2020(FigureOptions):
    """Figures 1 to 5 and tables 1, 2 and 5 of the paper, of whatever is there.

    Each figure is an SVG with its data as CSV, each table CSV and LaTeX. ``README.md`` lists
    them, and says what is missing and which results it needs. A fine-tuned encoder is taken at
    its last step, but for perplexity; encoders that differ by their seed are one, with intervals
    over trainings. Figure 2 has every probe with the score ``entropy`` and metric with ``emd``
    (which reads the attention of CLS alone where it is told to, with ``rows: cls``), figure 3
    every probe with the score ``perplexity``: by epoch, and for a sweep of spliced
    encoders by the number of layers.

    Parameters
    ----------
    base : str
        Name of the encoder that the others were tuned from. If it is not there and only one
        encoder was not trained, that one.
    probe : str
        Name of the probe whose accuracy is shown; without it, the first in the results that
        has one.
    matthews : list of str
        Names of tasks whose training is scored in table 1 by Matthews correlation; the others
        by accuracy.

    References
    ----------
    Mosbach, Khokhlova, Hedderich and Klakow 2020, arXiv:2010.02616, figures 1 to 5, tables
    1, 2 and 5. Departs from it: the lower half ends at layer L // 2 for any depth L (0 to 6 and 7
    to 12 for 12 layers, as printed); changes have a standard deviation over seeds; the mean of
    perplexities, and its interval, is that of their logarithms.
    """

    base: str = "base"
    probe: str = ""
    matthews: tuple[str, ...] = ("cola",)

    def write(self, findings: Findings, folder: Path) -> Sequence[Path]:
        """Write what the findings allow; return the files, ``README.md`` first."""
        from sondage.report import Labels, Paper
        from sondage_senteval import report_figures as figures
        from sondage_senteval import report_tuning as tuning
        from sondage_senteval import report_tuning_figures as more

        frame = findings.frame()
        labels = Labels(frame)
        tuned_on = {
            labels.of("encoder", encoder): labels.of("task", task)
            for encoder, task in tuning.tuned_on(frame).items()
        }
        scores, probe, base = gather(findings, self.base, self.probe)
        by_layer, by_half = (labels.printed(table) for table in changes(scores, base))
        plain = labels.printed(untuned(scores))
        tuned = tuning.trainings(frame, self.matthews)
        read = tuning.perplexities(frame, findings.table("checkpoints"), base)
        base, probe = labels.of("encoder", base), labels.of("component", probe)
        paper = Paper(folder, self.size, self.pdf, self.font)
        made = [
            lambda: more.scores(labels.printed(tuned, tuned_on="task"), paper),
            lambda: figures.accuracies(plain, paper),
            lambda: figures.pooling(poolings(plain), paper),
            lambda: more.attentions(labels.printed(tuning.attention(frame)), paper),
            lambda: more.perplexity(labels.printed(read), paper, base),
            lambda: figures.halves(by_half, tuned_on, paper),
            lambda: figures.differences(by_layer, paper),
        ]
        said = f"Accuracies are those of `{probe}`; changes are against `{base}`."
        return paper.write(
            "Mosbach et al. 2020, from this run",
            {name: (make, _PARTS[name]) for name, make in zip(_PARTS, made, strict=True)},
            said=[said] if probe else [],
        )


def gather(findings: Findings, base: str, probe: str) -> tuple[DataFrame, str, str]:
    """Return accuracies, and the names of the probe and of the original.

    Returns
    -------
    scores : DataFrame
        One row a ``encoder, tuned, task, view, layer``: ``accuracy`` (mean over seeds), ``low``
        and ``high`` (95%, over test sentences where there are outcomes), ``difference`` to the
        run's baseline with ``difference_low`` and ``difference_high``, and ``of_seed``, a
        mapping of seed to accuracy. ``tuned`` says whether it has steps; only the last is here.
    """
    import pandas as pd
    from pandas import isna

    summary, frame = _stepped(findings.summary()), _stepped(findings.frame())
    probes = summary[(summary["kind"] == "probe") & (summary["score"] == "accuracy")]
    probes = probes[probes["layer"].notna()]
    if probe not in set(probes["component"]):
        probe = str(probes["component"].iloc[0]) if len(probes) else ""
    probes = probes[probes["component"] == probe]
    rows = []
    cells = frame[(frame["kind"] == "probe") & (frame["score"] == "accuracy")]
    cells = cells[(cells["component"] == probe) & cells["layer"].notna() & cells["value"].notna()]
    seeds: dict[tuple[Any, ...], dict[int, float]] = {}
    for c in cells.itertuples():
        key = (c.encoder, c.step, c.task, c.view, int(c.layer))
        seeds.setdefault(key, {})[int(c.seed)] = float(c.value)
    last = probes.groupby("encoder")["step"].transform("max")
    for r in probes[probes["step"] == last].itertuples():
        low, high = (r.low, r.high) if isna(r.boot_low) else (r.boot_low, r.boot_high)
        key = (r.encoder, r.step, r.task, r.view, int(r.layer))
        rows.append((flat(r.encoder), r.step >= 0, flat(r.task), flat(r.view), int(r.layer),
                     float(r.mean), low, high, r.difference, r.difference_low,
                     r.difference_high, seeds.get(key, {})))  # fmt: skip
    columns = ["encoder", "tuned", *_KEYS, "accuracy", "low", "high", "difference",
               "difference_low", "difference_high", "of_seed"]  # fmt: skip
    scores = pd.DataFrame(rows, columns=columns)
    plain = list(dict.fromkeys(untuned(scores)["encoder"]))
    if base not in plain and len(plain) == 1:
        base = plain[0]
    return scores, flat(probe), base


def _stepped(table: Any) -> Any:
    """Give encoders without steps the step -1."""
    return table.assign(step=table["step"].astype("Int64").fillna(-1).astype("int64"))


def untuned(scores: DataFrame) -> DataFrame:
    """Return the rows of encoders that were not trained."""
    return scores[~scores["tuned"].astype(bool)]


def halves_of(layers: Sequence[int]) -> dict[int, str]:
    """Return each layer's half: ``0-6`` and ``7-12`` of 0 to 12, ``0-3`` and ``4-6`` of 0 to 6."""
    top = max(layers, default=0)
    middle = top // 2
    return {x: f"0-{middle}" if x <= middle else f"{middle + 1}-{top}" for x in layers}


def poolings(scores: DataFrame) -> DataFrame:
    """Return one row a ``encoder, task, layer`` that has both: cls, mean, and mean − cls."""
    out = scores[scores["view"] == "mean"].merge(
        scores[scores["view"] == "cls"], on=["encoder", "task", "layer"], suffixes=("_mean", "_cls")
    )
    out["difference"] = out["accuracy_mean"] - out["accuracy_cls"]
    kept = ["encoder", "task", "layer", "accuracy_cls", "low_cls", "high_cls",
            "accuracy_mean", "low_mean", "high_mean", "difference"]  # fmt: skip
    return out[kept].sort_values(["encoder", "task", "layer"], kind="stable", ignore_index=True)


def changes(scores: DataFrame, base: str) -> tuple[DataFrame, DataFrame]:
    """Return how accuracies of tuned encoders differ from the original's, in percent.

    Returns
    -------
    by_layer : DataFrame
        ``encoder, task, view, layer, change``, its 95% interval ``low, high`` and how that was
        made (``interval``), and ``against_mean``: the change against the original under mean
        pooling (the paper's stars), for the view cls. The interval is ``paired`` (over test
        items) where the run's baseline is the original; else over ``seeds``; over ``trainings``
        where the encoder has several; with one seed it
        is made of both accuracies' own, as if they were ``independent``, which is wider.
    by_half : DataFrame
        ``encoder, task, view, half, change`` (mean over the half's layers), ``std`` (over seeds,
        of that mean; NaN with one seed), ``layers`` and ``seeds``, how many.
    """
    import numpy as np
    import pandas as pd

    from sondage_senteval.report_tuning import families

    original = scores[scores["encoder"] == base].set_index(_KEYS)
    rows = []
    for r in scores[scores["tuned"].astype(bool)].itertuples():
        key = (r.task, r.view, r.layer)
        if key not in original.index:
            continue
        before = original.loc[key]
        mean, star = (r.task, "mean", r.layer), np.nan
        if r.view == "cls" and mean in original.index:
            star = 100 * (r.accuracy - original.loc[mean, "accuracy"])
        was = before["of_seed"]
        of_seed = {s: 100 * (r.of_seed[s] - was[s]) for s in sorted(r.of_seed) if s in was}
        change = 100 * (r.accuracy - before["accuracy"])
        rows.append((r.encoder, *key, change, *_interval(r, before, of_seed), star, of_seed))
    columns = ["encoder", *_KEYS, "change", "low", "high", "interval", "against_mean", "of_seed"]
    by_layer = families(pd.DataFrame(rows, columns=columns))
    half = []
    for (encoder, task, view), part in by_layer.groupby(["encoder", "task", "view"], sort=False):
        names = halves_of(part["layer"].tolist())
        for name in dict.fromkeys(names.values()):
            mine = part[[names[x] == name for x in part["layer"]]]
            shared = set.intersection(*(set(o) for o in mine["of_seed"]))
            means = [float(np.mean([o[s] for o in mine["of_seed"]])) for s in sorted(shared)]
            std = float(np.std(means, ddof=1)) if len(means) > 1 else np.nan
            change = float(mine["change"].mean())
            half.append((encoder, task, view, name, change, std, len(mine), len(means)))
    columns = ["encoder", "task", "view", "half", "change", "std", "layers", "seeds"]
    by_half = pd.DataFrame(half, columns=columns)
    return by_layer.drop(columns="of_seed"), by_half


def _interval(
    after: Any, before: Any, of_seed: dict[int, float]
) -> tuple[float | None, float | None, str]:
    """Return the ends of a change's interval, in percent, and how it was made."""
    from pandas import isna

    from sondage.stats import seed_interval

    # Only the run's baseline has no difference of its own.
    if not isna(after.difference_low) and isna(before["difference"]):
        return 100 * float(after.difference_low), 100 * float(after.difference_high), "paired"
    if len(of_seed) > 1:
        over = seed_interval(list(of_seed.values()))
        return over.low, over.high, "seeds"
    own = (after.low, after.high, before["low"], before["high"])
    if any(isna(end) for end in own):
        return None, None, ""
    mean, was = float(after.accuracy), float(before["accuracy"])
    down = math.hypot(mean - float(own[0]), float(own[3]) - was)
    up = math.hypot(float(own[1]) - mean, was - float(own[2]))
    return 100 * (mean - was - down), 100 * (mean - was + up), "independent"
