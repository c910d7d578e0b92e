"""`structural.arcs`: pictures of test sentences with gold and predicted arcs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge

from sondage.contracts import Findings
from sondage.plain import flat
from sondage.report import Labels, file_name, save_picture
from sondage_structural.picture import draw, gold_edges

if TYPE_CHECKING:
    from pandas import DataFrame

_PLACE = ["task", "component", "encoder", "step", "view"]


@dataclass(kw_only=True, eq=False)
class Arcs:
    """Some test sentences under each encoder: gold arcs above, predicted arcs below.

    For every task, probe (`structural.distance` or `structural.chain`), encoder, step and view:
    the layer with the best mean UUAS over seeds, of its first seed. Each picture is an SVG with
    its edges as CSV; ``README.md`` lists them.

    Parameters
    ----------
    sentences : int
        Pictures for each, at most; the probe's ``pictures`` says how many sentences are kept.
    layer : int or None
        This layer instead of the best one.
    pdf : bool
        Every picture as a PDF, too.

    References
    ----------
    Hewitt and Manning 2019, figure 2. Departs from it: colours.
    """

    sentences: Annotated[int, Ge(1)] = 5
    layer: Annotated[int, Ge(0)] | None = None
    pdf: bool = False

    def write(self, findings: Findings, folder: Path) -> Sequence[Path]:
        """Write what the findings allow; return the files, ``README.md`` first."""
        words, arcs = findings.table("words"), findings.table("arcs")
        frame = findings.frame()
        chosen, labels = self._chosen(frame), Labels(frame)
        paths: list[Path] = []
        lines = ["# Gold and predicted arcs", ""]
        for place in chosen:
            mine, edges = _of(words, place), _of(arcs, place)
            if not {"form", "head"} <= set(mine) or not len(mine) or "first" not in edges:
                continue
            name, where = _where(place), _where(_printed(place, labels))
            lines += [f"## {where}", "", f"UUAS of this cell: {place['value']:.3f}", ""]
            for sentence in list(dict.fromkeys(mine["sentence"].tolist()))[: self.sentences]:
                one = mine[mine["sentence"] == sentence].sort_values("word")
                found = edges[edges["sentence"] == sentence]
                file = folder / file_name(name, f"sentence {sentence}")
                said = f"{where}, sentence {sentence}"
                files = _picture(one, found, said, file, pdf=self.pdf)
                paths += files
                links = ", ".join(f"[{f.name}]({f.name})" for f in files)
                lines.append(f"- {said}: {links}")
            lines.append("")
        index = folder / "README.md"
        if not paths:
            lines += ["Nothing to draw: this needs finished cells of structural.distance or",
                      "structural.chain with pictures of at least 1."]  # fmt: skip
        index.write_text("\n".join(lines).rstrip() + "\n", "utf-8")
        return [index, *paths]

    def _chosen(self, frame: DataFrame) -> list[dict[str, Any]]:
        scores = frame[(frame["score"] == "uuas") & (frame["status"] == "done")]
        if self.layer is not None:
            scores = scores[(scores["layer"] == self.layer) | scores["layer"].isna()]
        out = []
        for _, part in scores.groupby(_PLACE, dropna=False, sort=False):
            means = part.groupby("layer", dropna=False)["value"].mean()
            best = means.index[int(means.to_numpy(float).argmax())]
            of_best = part["layer"].isna() if _is_na(best) else part["layer"] == best
            row = part[of_best.fillna(False).astype(bool)].sort_values("seed").iloc[0]
            out.append({c: row[c] for c in [*_PLACE, "layer", "seed", "value"]})
        return out


def _of(table: DataFrame, place: dict[str, Any]) -> DataFrame:
    """Return the rows of one cell."""
    keep = table["seed"] == place["seed"]
    for column in [*_PLACE, "layer"]:
        value = place[column]
        same = table[column].isna() if _is_na(value) else table[column] == value
        keep &= same.fillna(False).astype(bool)
    found: DataFrame = table[keep]
    return found


def _is_na(value: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(value))


def _printed(place: dict[str, Any], labels: Labels) -> dict[str, Any]:
    named = ("task", "component", "encoder")
    return place | {kind: labels.of(kind, place[kind]) for kind in named}


def _where(place: dict[str, Any]) -> str:
    parts = [flat(place["task"]), flat(place["component"]), flat(place["encoder"])]
    if not _is_na(place["step"]):
        parts[-1] += f"@{int(place['step'])}"
    if place["view"] not in ("", "word"):
        parts.append(flat(place["view"]))
    if not _is_na(place["layer"]):
        parts.append(f"layer {int(place['layer'])}")
    return ", ".join(parts)


def _picture(
    words: DataFrame, edges: DataFrame, title: str, path: Path, *, pdf: bool
) -> list[Path]:
    import pandas as pd

    forms = [flat(w) for w in words["form"]]
    gold = gold_edges(words["head"].tolist(), words["scored"].tolist())
    predicted = [(int(a), int(b)) for a, b in zip(edges["first"], edges["second"], strict=True)]
    rows = [("gold", *e, e in set(predicted)) for e in gold]
    rows += [("predicted", *e, e in set(gold)) for e in predicted]
    data = pd.DataFrame(rows, columns=["kind", "first", "second", "in_both"])
    data.insert(3, "first_word", [forms[i] for i in data["first"]])
    data.insert(4, "second_word", [forms[i] for i in data["second"]])
    return save_picture(draw(forms, gold, predicted, title=title), data, path, pdf=pdf)
