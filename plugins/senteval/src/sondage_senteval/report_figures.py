"""The files of `senteval.mosbach2020`: pictures with their data, tables as CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.plain import flat
from sondage.report.figure import COLOURS
from sondage.report.tex import escape
from sondage.sheet import inert

if TYPE_CHECKING:
    from pandas import DataFrame

_INK, _GREY, _FAINT = "#333333", "#767676", "#E6E6E6"
_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"


def accuracies(scores: DataFrame, folder: Path) -> list[Path]:
    """Write figure 1: accuracy by layer, a panel a task, a line an encoder and pooling."""
    import altair as alt

    if not len(scores):
        return []
    data = scores[["encoder", "task", "view", "layer", "accuracy", "low", "high"]]
    data = data.sort_values(["task", "encoder", "view", "layer"], kind="stable", ignore_index=True)
    panels = []
    for task in dict.fromkeys(data["task"]):
        base = alt.Chart(_inline(data[data["task"] == task]))
        x, colour, dash = _layer(), _encoders(data), _views(data)
        y = alt.Y("accuracy:Q", title="accuracy").axis(domain=False, ticks=False, format="%")
        y = y.scale(zero=False)
        band = base.mark_area(opacity=0.15).encode(
            x, alt.Y("low:Q", title="accuracy"), alt.Y2("high:Q"), colour, alt.Detail("view:N")
        )
        line = base.mark_line(strokeWidth=2).encode(x, y, colour, dash)
        points = base.mark_point(filled=True, size=30, opacity=1).encode(
            x, y, colour, alt.Detail("view:N")
        )
        panels.append(alt.layer(band, line, points).properties(
            width=230, height=190, title=alt.TitleParams(flat(task))
        ))  # fmt: skip
    whole = _grid(panels, "Probing accuracy by layer and pooling", "bands: 95% intervals")
    return _save(whole, data, folder / "figure1-accuracy")


def pooling(data: DataFrame, folder: Path) -> list[Path]:
    """Write the table of mean pooling against CLS."""
    if not len(data):
        return []
    shown = {"encoder": "encoder", "task": "task", "layer": "layer", "accuracy_cls": "CLS",
             "accuracy_mean": "mean", "difference": "mean - CLS"}  # fmt: skip
    caption = "Accuracy under CLS and mean pooling, by layer"
    return _table(data, folder / "pooling", caption, shown, 3)


def halves(data: DataFrame, tuned_on: Mapping[str, str], folder: Path) -> list[Path]:
    """Write tables 2 and 5: changes averaged over the lower and the upper layers."""
    if not len(data):
        return []
    data = data.copy()
    data.insert(1, "tuned_on", [tuned_on.get(e, "") for e in data["encoder"]])
    shown = {"encoder": "encoder", "tuned_on": "tuned on", "task": "probing task",
             "view": "pooling", "half": "layers", "change": "change", "std": "std"}  # fmt: skip
    caption = (
        "Change in probing accuracy (percentage points) after fine-tuning, averaged over layers"
    )
    return _table(data, folder / "table2-changes", caption, shown, 2)


def differences(data: DataFrame, folder: Path) -> list[Path]:
    """Write figures 4 and 5: the change in every layer, a panel a pooling and task."""
    import altair as alt

    if not len(data):
        return []
    order = ["encoder", "view", "task", "layer"]
    data = data.sort_values(order, kind="stable", ignore_index=True)
    views, tasks = (list(dict.fromkeys(data[c])) for c in ("view", "task"))
    panels = []
    for view in views:
        for task in tasks:
            part = data[(data["view"] == view) & (data["task"] == task)]
            base = alt.Chart(_inline(part))
            x, colour = _layer(), _encoders(data)
            y = alt.Y("change:Q", title="change (points)").axis(domain=False, ticks=False)
            marks = [
                alt.Chart(_inline(part.head(1).assign(zero=0.0)))
                .mark_rule(color="#999999").encode(alt.Y("zero:Q", title="change (points)")),
                base.mark_line(strokeWidth=2).encode(x, y, colour),
                base.mark_point(filled=True, size=30, opacity=1).encode(x, y, colour),
            ]  # fmt: skip
            if part["against_mean"].notna().any():
                star = alt.Y("against_mean:Q", title="change (points)")
                marks.append(base.mark_point(shape="cross", size=40).encode(x, star, colour))
            title = alt.TitleParams(flat(task), subtitle=f"{flat(view)} pooling")
            panels.append(alt.layer(*marks).properties(width=230, height=170, title=title))
    note = "crosses: CLS pooling after fine-tuning, against mean pooling before it"
    whole = _grid(panels, "Change in probing accuracy after fine-tuning", note, max(len(tasks), 1))
    return _save(whole, data, folder / "figure4-changes")


def _layer() -> Any:
    import altair as alt

    return alt.X("layer:Q", title="layer").axis(format="d", grid=False, tickMinStep=1)


def _encoders(data: DataFrame) -> Any:
    import altair as alt

    names = list(dict.fromkeys(data["encoder"]))
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(names))]
    return alt.Color("encoder:N").scale(domain=names, range=colours)


def _views(data: DataFrame) -> Any:
    import altair as alt

    # The paper's: mean pooling solid, CLS dashed.
    kinds = {"mean": [1, 0], "cls": [5, 3]}
    names = sorted(set(data["view"]), key=lambda v: (v not in kinds, v != "mean", v))
    dashes = [kinds.get(v, [2, 2 + i]) for i, v in enumerate(names)]
    return alt.StrokeDash("view:N").scale(domain=names, range=dashes)


def _inline(data: DataFrame) -> Any:
    import altair as alt

    values: Any = data.astype(object).where(data.notna(), None).to_dict("records")
    return alt.InlineData(values=values)


def _grid(panels: Sequence[Any], title: str, note: str, across: int = 3) -> Any:
    import altair as alt

    rows = [alt.hconcat(*panels[i : i + across], spacing=30) for i in range(0, len(panels), across)]
    head = alt.TitleParams(
        title, subtitle=[note] if note else [], anchor="start", fontSize=15, fontWeight=600,
        color=_INK, subtitleColor=_GREY, subtitleFontSize=12, offset=14,
    )  # fmt: skip
    return alt.vconcat(*rows, spacing=26, padding=16, background="white", title=head)


def _save(whole: Any, data: DataFrame, path: Path) -> list[Path]:
    styled = (
        whole.configure(font=_FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_INK, titleColor=_INK, titleFontWeight="normal", titleFontSize=12,
            labelFontSize=11, gridColor=_FAINT, domainColor="#999999", tickColor="#999999",
        )
        .configure_title(
            anchor="start", fontSize=12, fontWeight=600, color=_INK, subtitleColor=_GREY,
            subtitleFontSize=11, frame="group",
        )
        .configure_legend(orient="top", title=None, labelFontSize=12, labelLimit=260, columns=7)
    )  # fmt: skip
    picture, table = path.with_name(path.name + ".svg"), path.with_name(path.name + ".csv")
    inert(data).to_csv(table, index=False)
    styled.save(str(picture))
    return [picture, table]


def _table(
    data: DataFrame, path: Path, caption: str, shown: Mapping[str, str], digits: int
) -> list[Path]:
    names = path.with_name(path.name + ".csv"), path.with_name(path.name + ".tex")
    inert(data).to_csv(names[0], index=False)
    sides = "".join("r" if data[c].dtype.kind in "iuf" else "l" for c in shown)
    lines = [
        r"\begin{table}", r"\centering", rf"\caption{{{escape(caption)}}}",
        rf"\begin{{tabular}}{{{sides}}}", r"\toprule",
        " & ".join(escape(name) for name in shown.values()) + r" \\", r"\midrule",
        *(" & ".join(_cell(row[c], digits) for c in shown) + r" \\" for _, row in data.iterrows()),
        r"\bottomrule", r"\end{tabular}", r"\end{table}",
    ]  # fmt: skip
    names[1].write_text("\n".join(lines) + "\n", "utf-8")
    return list(names)


def _cell(value: Any, digits: int) -> str:
    if isinstance(value, str):
        return escape(value)
    if value is None or value != value:
        return "--"
    return str(value) if isinstance(value, int) else rf"\({value:.{digits}f}\)"
