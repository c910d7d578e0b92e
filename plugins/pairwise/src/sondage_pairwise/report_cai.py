"""`pairwise.cai2020`: the paper's figure and its second table from a run's findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.contracts import Findings
from sondage.plain import flat
from sondage.report import FigureOptions

if TYPE_CHECKING:
    from pandas import DataFrame

    from sondage.report import Paper

_PARTS = {
    "figure 1 (matches ranked, by layer)": "the probe pairwise.ranking, by layer",
    "figure 1 as printed": "the probe pairwise.ranking with paper: true, by layer",
    "changes (of each layer, against the baseline)": "the probe pairwise.ranking on a baseline "
    "and on other encoders",
    "boundary by logits": "the probe pairwise.boundary on an encoder that was tuned on answers",
    "table 2 (scores of the fine-tuning)": "trainings with scores",
}
_MEASURES = {"cosine": "cosine similarity", "euclidean": "Euclidean distance"}
#: In names of tasks, in the paper's order.
_PHENOMENA = ("synonym", "abbrev", "coref", "type", "bound")
_ENDS_OF_ANSWERS = {"both": "both ends", "start": "its start", "end": "its end"}
_KEYS = ["rule", "measure", "task", "encoder", "ranked", "layer"]
_ENDS = ["low", "high"]


@dataclass(kw_only=True, eq=False)
class Cai2020(FigureOptions):
    """Figure 1 and table 2 of the paper, of whatever is there.

    Figure 1 has a panel for each phenomenon (task) and measure: the share of candidates that the
    match beats, layer by layer, a line an encoder; dashed, what the same matches get from other
    examples' anchors. Probes with ``paper: true`` make a second figure, of the share as printed
    (equation 3). Table ``changes`` has each layer's difference to the composition's baseline, its
    interval and p-value corrected over layers. The logits of a tuned head have a figure of their
    own: the share of positions that an answer's ends beat (its data: also how often nothing beats
    them), after the training and, where the run has its step 0, with the head that it began
    with. Table 2 has the scores of the trainings. Each figure is
    an SVG with its data as CSV, each table CSV and LaTeX; ``README.md`` lists them, and says what
    is missing.

    References
    ----------
    Cai et al. 2020, arXiv:2006.01346, figure 1 and table 2. Departs from it: lines have 95%
    intervals, over the seeds of the fine-tuning where there are several, else over contexts; the
    first figure shows means over examples.
    """

    def write(self, findings: Findings, folder: Path) -> Sequence[Path]:
        """Write what the findings allow; return the files, ``README.md`` first."""
        from sondage.report import Labels, Paper

        paper = Paper(folder, self.size, self.pdf, self.font)
        labels = Labels(findings.frame())
        found = labels.printed(gather(findings))
        made = [
            _figure(found[found["rule"] == "auc"], "figure1-ranking", paper),
            _figure(found[found["rule"] == "paper"], "figure1-as-printed", paper),
            _changes(labels.printed(changes(findings)), paper),
            _pointed(pointed(findings), paper),
            _tuning(labels.printed(trainings(findings), tuned_on="task"), paper),
        ]
        parts = zip(_PARTS.items(), made, strict=True)
        return paper.write(
            "Cai et al. 2020, from this run", {name: (make, needs) for (name, needs), make in parts}
        )


def gather(findings: Findings) -> DataFrame:
    """Return the share of each encoder family, phenomenon, measure and layer.

    Returns
    -------
    DataFrame
        ``rule`` (`auc` or `paper`), ``measure``, ``task``, ``encoder``, ``ranked`` (`match` or
        `other anchor`), ``layer``, ``value`` (of `auc` the mean over examples, of `paper` that
        over all words), ``low`` and ``high`` (95%), ``n_seeds`` (trainings).
    """
    import pandas as pd

    from sondage.report import by_family, over_seeds

    table = findings.table("ranked")
    if not {"rule", "measure", "ranked", "macro", "micro", "micro_high"} <= set(table.columns):
        return pd.DataFrame(columns=[*_KEYS, "value", *_ENDS, "n_seeds"])
    table = _at_the_end(table[table["ranked"].isin(["match", "other anchor"])])
    printed = table["rule"] == "paper"
    values = {
        "value": ("macro", "micro"),
        "low": ("low", "micro_low"),
        "high": ("high", "micro_high"),
    }
    for column, (mean, whole) in values.items():
        table[column] = table[whole].where(printed, table[mean]).astype(float)
    # Splits have seeds of their own: first the mean over these.
    table = table.groupby([*_KEYS, "component"], sort=False)[["value", *_ENDS]].mean().reset_index()
    table = by_family(table)
    means = over_seeds(table, _KEYS, "value", bounds=(0.0, 1.0)).set_index(_KEYS)
    own = table.groupby(_KEYS, sort=False)[_ENDS].first()
    for end in _ENDS:
        means[end] = means[end].where(means["n_seeds"] > 1, own[end])
    out = means.reset_index().astype({"layer": int})
    out = out.assign(**{c: out[c].map(flat) for c in ("task", "encoder", "ranked")})
    return _in_order(out, set(trainings(findings)["encoder"]))


def _in_order(table: DataFrame, tuned: set[str]) -> DataFrame:
    """Return rows in the paper's order of phenomena, encoders that were not trained first."""

    def place(task: str) -> int:
        name = task.lower()
        return next((i for i, p in enumerate(_PHENOMENA) if p in name), len(_PHENOMENA))

    keys = {"_task": table["task"].map(place), "_tuned": table["encoder"].isin(tuned)}
    order = ["_task", "task", "_tuned", "encoder", "ranked", "layer"]
    found = table.assign(**keys).sort_values(order, kind="stable", ignore_index=True)
    return found.drop(columns=list(keys))


def changes(findings: Findings) -> DataFrame:
    """Return each layer's difference to the baseline.

    Returns
    -------
    DataFrame
        ``task``, ``component``, ``score``, ``encoder``, ``layer``, ``value``, ``difference``,
        ``low`` and ``high`` (95%, paired, over contexts), ``p_holm`` (corrected over layers).
    """
    rows = findings.summary()
    score = rows["score"].astype(str)
    mine = score.isin([f"{m}_{end}" for m in _MEASURES for end in ("auc", "share")])
    rows = rows[mine & (rows["kind"] == "probe") & rows["difference"].notna()]
    rows = _at_the_end(rows)[[
        "task", "component", "score", "encoder", "layer", "mean", "difference",
        "difference_low", "difference_high", "p_holm",
    ]]  # fmt: skip
    names = {"mean": "value", "difference_low": "low", "difference_high": "high"}
    return rows.rename(columns=names).reset_index(drop=True)


def pointed(findings: Findings) -> DataFrame:
    """Return how the ends of answers fare among all positions, by the logits of tuned heads.

    Tasks and encoders are called by their labels.

    Returns
    -------
    DataFrame
        ``task``, ``encoder`` (at step 0 with ``, step 0``), ``end`` (`both`, `start`, `end`),
        ``value`` (share of positions beaten, mean over questions), ``low`` and ``high`` (95%),
        ``found`` (share of questions in which nothing beats them), ``questions``, ``n_seeds``.
    """
    import pandas as pd

    from sondage.report import Labels, by_family, over_seeds

    keys, told = ["task", "encoder", "end"], ["found", "questions"]
    table = findings.table("pointed")
    if not {"auc", "found", "end"} <= set(table.columns):
        return pd.DataFrame(columns=[*keys, "value", *_ENDS, *told, "n_seeds"])
    last = _at_the_end(table)
    first = table[(table["step"].astype("Int64") == 0) & ~table.index.isin(last.index)]
    table = pd.concat([by_family(first).assign(late=", step 0"), by_family(last).assign(late="")])
    table = Labels(findings.frame()).printed(table)
    table["encoder"] = table["encoder"] + table["late"]
    table = table.assign(value=table["auc"].astype(float))
    means = over_seeds(table, keys, "value").set_index(keys)
    of = table.groupby(keys, sort=False)
    for end in _ENDS:
        means[end] = means[end].where(means["n_seeds"] > 1, of[end].first().astype(float))
    means = means.join(of[told].mean().astype(float))
    return means.reset_index()[[*keys, "value", *_ENDS, *told, "n_seeds"]]


def trainings(findings: Findings) -> DataFrame:
    """Return every score of every training, over seeds.

    Returns
    -------
    DataFrame
        ``encoder, tuned_on, score, value``, ``low`` and ``high`` (95%), ``n_seeds``.
    """
    from sondage.report import by_family, over_seeds

    frame = findings.frame()
    cells = by_family(frame[(frame["kind"] == "training") & frame["value"].notna()])
    names = {"encoder": cells["encoder"].map(flat), "tuned_on": cells["task"].map(flat)}
    cells = cells.assign(**names, value=cells["value"].astype(float))
    return over_seeds(cells, ["encoder", "tuned_on", "score"], "value", score="score")


def _at_the_end(table: DataFrame) -> DataFrame:
    """Return the rows of encoders without steps, and of each series those of its last step."""
    steps = table["step"].astype("Int64").fillna(-1)
    return table[steps == steps.groupby(table["encoder"]).transform("max")].copy()


def _figure(part: DataFrame, name: str, paper: Paper) -> Callable[[], list[Path]]:
    def draw() -> list[Path]:
        from sondage.report import layer_axis, score_axis, series

        if part.empty:
            return []
        order = {m: i for i, m in enumerate(_MEASURES)}
        data = part.assign(row=part["measure"].map(order)).sort_values("row", kind="stable")
        data = data.drop(columns=["rule", "row"]).reset_index(drop=True)
        by = series("encoder", data["encoder"])
        dash = series("ranked", sorted(set(data["ranked"])), title="ranked")
        y = score_axis(
            [0.5, *data["value"]], "value", bounds=(0.0, 1.0), ends=[*data["low"], *data["high"]],
            title="share of candidates beaten",
        )  # fmt: skip
        x = layer_axis(data["layer"])
        # What is compared with has its intervals in the table alone.
        shown = data.copy()
        shown.loc[shown["ranked"] != "match", _ENDS] = float("nan")
        panels = [
            _panel(rows, x, y, (by, dash), str(task), _MEASURES[str(measure)])
            for measure in dict.fromkeys(shown["measure"])
            for task in dict.fromkeys(shown["task"])
            if len(rows := shown[(shown["measure"] == measure) & (shown["task"] == task)])
        ]
        return paper.figure(
            name, panels, data, across=data["task"].nunique(),
            title="Is a match nearer to its anchor than the other words?",
            note="bands and bars: 95% intervals, over trainings where there are several, else over "
            "contexts; grey: one half; dashed: the same matches, ranked from another example's "
            "anchor",
            shared=("color", "shape", "strokeDash"),
        )  # fmt: skip

    return draw


def _panel(rows: DataFrame, x: Any, y: Any, told: tuple[Any, Any], title: str, below: str) -> Any:
    from sondage.report import level, lines

    by, dash = told
    return lines(
        rows, x, y, by, dash=dash, behind=[level(0.5, y)], title=title, below=below, width=200,
        height=170,
    )  # fmt: skip


def _changes(data: DataFrame, paper: Paper) -> Callable[[], list[Path]]:
    shown = {
        "task": "phenomenon", "score": "score", "encoder": "encoder", "layer": "layer",
        "value": "share", "difference": "change", "low": "from", "high": "to", "p_holm": "p",
    }  # fmt: skip
    caption = "Change against the baseline, with paired 95% intervals and p corrected over layers"
    return lambda: paper.table("changes", data, caption=caption, shown=shown) if len(data) else []


def _pointed(data: DataFrame, paper: Paper) -> Callable[[], list[Path]]:
    def draw() -> list[Path]:
        from sondage.report import dots, score_axis, series

        if data.empty:
            return []
        y = score_axis(
            [0.5, *data["value"]], "value", bounds=(0.0, 1.0), ends=[*data["low"], *data["high"]],
            title="share of positions beaten",
        )  # fmt: skip
        shown = data.assign(end=data["end"].map(_ENDS_OF_ANSWERS))
        by = series("encoder", shown["encoder"])
        panels = [
            dots(rows, "end", y, by, title=str(task))
            for task, rows in shown.groupby("task", sort=False)
        ]
        return paper.figure(
            "boundary-logits", panels, data,
            title="The ends of an answer, among all positions, by the logits of the tuned head",
            note="bars: 95% intervals, over trainings where there are several, else over contexts; "
            "one half is chance",
        )  # fmt: skip

    return draw


def _tuning(data: DataFrame, paper: Paper) -> Callable[[], list[Path]]:
    shown = {
        "encoder": "encoder", "tuned_on": "tuned on", "score": "score", "value": "value",
        "low": "from", "high": "to", "n_seeds": "trainings",
    }  # fmt: skip
    caption = "Scores of the fine-tuning, with 95% intervals over trainings"
    return lambda: (
        paper.table("table2-tuning", data, caption=caption, shown=shown) if len(data) else []
    )
