"""`attention.hao2020`: the paper's seven figures from a run's findings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.contracts import Findings
from sondage.report import FigureOptions

if TYPE_CHECKING:
    from pandas import DataFrame

    from sondage.report import Paper

#: What is compared, to the numbers of its figures: of attention, and of features.
_FIGURES = {"change": (1, 2), "put back": (0, 3), "seeds": (4, 5), "data sets": (6, 7)}
_TITLES = {
    "change": "of each layer between a model before and after fine-tuning",
    "put back": "of the last layer when one layer is put back",
    "seeds": "of each layer between models fine-tuned with two seeds",
    "data sets": "of each layer between models fine-tuned on two data sets",
}
_NEEDS = {
    "change": "pairs of a fine-tuned encoder and one that was not trained",
    "put back": "pairs of a sweep of spliced encoders and the encoder that it was made of",
    "seeds": "pairs of two seeds of a fine-tuned encoder",
    "data sets": "pairs of encoders fine-tuned on two tasks",
}
#: What else a figure's reader has to know.
_FLOOR = {
    "svcca": "; with the mean over the width, a model is at the share of directions cut off from "
    "itself, not at 0"
}
_MEASURES = {"js": "JS divergence", "svcca": "SVCCA distance"}
#: Least and greatest value; the divergence's in nats.
_BOUNDS = {"js": (0.0, math.log(2)), "svcca": (0.0, 1.0)}


@dataclass(kw_only=True, eq=False)
class Hao2020(FigureOptions):
    """Figures 1 to 7 of the paper, of whatever is there.

    Figures 1, 4 and 6 show the Jensen-Shannon divergence of attention by layer, 2, 5 and 7 the
    SVCCA distance of the layers' vectors: to the model before fine-tuning, between two seeds,
    between two data sets; figure 3 the distance of the last layer where one layer was put back
    to what it was before fine-tuning. Each is an SVG with its data as CSV; ``README.md`` lists
    them, and says what is missing and which results it needs. What an encoder was tuned on is
    read from its training.

    References
    ----------
    Hao, Dong, Wei and Xu 2020, Investigating Learning Dynamics of BERT Fine-Tuning, AACL-IJCNLP,
    figures 1 to 7. Departs from it: lines have 95% intervals, over the seeds of the fine-tuning
    where there are several, else over groups of sentences. Those over seeds are cut at the least
    and greatest value that a measure can have, which two seeds easily pass.
    """

    def write(self, findings: Findings, folder: Path) -> Sequence[Path]:
        """Write what the findings allow; return the files, ``README.md`` first."""
        from sondage.report import Paper

        found, paper = gather(findings), Paper(folder, self.size, self.pdf, self.font)
        made: dict[str, tuple[Callable[[], list[Path]], str]] = {}
        for (relation, numbers), (k, measure) in (
            (figures, which)
            for figures in _FIGURES.items()
            for which in enumerate(_MEASURES)
            if figures[1][which[0]]
        ):
            part = found[(found["relation"] == relation) & (found["measure"] == measure)]
            name = f"figure {numbers[k]} ({_MEASURES[measure]} {_TITLES[relation]})"
            needs = f"{measure} of {_NEEDS[relation]}"
            made[name] = (_drawing(part, relation, measure, numbers[k], paper), needs)
        return paper.write("Hao et al. 2020, from this run", dict(sorted(made.items())))


def gather(findings: Findings) -> DataFrame:
    """Return the mean of each measure for each pair of families, layer and text.

    Returns
    -------
    DataFrame
        ``relation`` (`change`, `put back`, `seeds` or `data sets`), ``measure`` (`js` or
        `svcca`), ``pair`` (what the lines are called), ``task`` (the texts), ``layer`` (the one
        put back, in that relation), ``value`` (a distance), ``low`` and ``high`` (95%), and
        ``n_seeds``.
    """
    import pandas as pd

    from sondage.report import Labels, by_family, over_seeds

    frame = findings.frame()
    labels = Labels(frame)
    trained = frame[(frame["kind"] == "training") & (frame["status"] == "done")]
    tasks = [labels.of("task", task) for task in trained["task"]]
    tuned_on = dict(zip(by_family(trained)["encoder"], tasks, strict=True))
    cells = frame[(frame["kind"] == "metric") & frame["value"].notna()]
    rows = []
    for cell in by_family(cells).itertuples():
        measure = next((m for m in _MEASURES if str(cell.score).split("_")[0] == m), None)
        other = str(cell.other).partition("@")[0]
        relation = _relation(cell.encoder, other, tuned_on, cell.step)
        if measure is None or relation is None or pd.isna(cell.layer):
            continue
        ends = (cell.value, cell.low, cell.high)
        value, low, high = (1 - ends[0], 1 - ends[2], 1 - ends[1]) if measure == "svcca" else ends
        at = int(cell.step if relation == "put back" else cell.layer)
        pair = _called(cell.encoder, other, relation, tuned_on)
        rows.append((relation, measure, pair, cell.task, at, value, low, high))
    keys = ["relation", "measure", "pair", "task", "layer"]
    cells = pd.DataFrame(rows, columns=[*keys, "value", "low", "high"])
    if cells.empty:
        return cells.assign(n_seeds=[])
    means = pd.concat(
        over_seeds(part, keys, "value", bounds=_BOUNDS[str(measure)])
        for measure, part in cells.groupby("measure", sort=False)
    ).set_index(keys)
    own = cells.groupby(keys, sort=False)[["low", "high"]].first()
    for end in ("low", "high"):  # of one seed, over groups of sentences
        means[end] = means[end].where(means["n_seeds"] > 1, own[end])
    return labels.printed(means.reset_index())


def _relation(encoder: str, other: str, tuned_on: dict[str, str], step: Any) -> str | None:
    from pandas import isna

    if other not in tuned_on:
        return "change" if encoder in tuned_on else None
    if encoder not in tuned_on:
        return None if isna(step) else "put back"
    return "seeds" if encoder == other else "data sets"


def _called(encoder: str, other: str, relation: str, tuned_on: dict[str, str]) -> str:
    if relation == "data sets":
        return f"{tuned_on[encoder]} and {tuned_on[other]}"
    return tuned_on[other if relation == "put back" else encoder]


def _drawing(
    part: DataFrame, relation: str, measure: str, number: int, paper: Paper
) -> Callable[[], list[Path]]:
    def draw() -> list[Path]:
        from sondage.report import layer_axis, lines, score_axis, series

        if part.empty:
            return []
        data = part.drop(columns=["relation", "measure"]).reset_index(drop=True)
        by = series("pair", data["pair"], title="tuned on")
        x = layer_axis(data["layer"], title="layer put back" if relation == "put back" else "layer")
        called = _MEASURES[measure] + (" (nats)" if measure == "js" else "")
        y = score_axis(
            [0.0, *data["value"]], "value", title=called, bounds=_BOUNDS[measure],
            ends=[*data["low"], *data["high"]],
        )  # fmt: skip
        return paper.figure(
            f"figure{number}-{measure}-{relation.replace(' ', '-')}",
            [lines(data, x, y, by, width=380, height=230)],
            data,
            title=f"{_MEASURES[measure]} {_TITLES[relation]}",
            note=_note(data) + _FLOOR.get(measure, ""),
        )

    return draw


def _note(data: DataFrame) -> str:
    """Say what the intervals of a figure are over: of one seed there are only its sentences."""
    several = data["n_seeds"] > 1
    seeds = "the seeds of the fine-tuning, cut at the bounds of the measure"
    if several.all():
        return f"bands and bars: 95% intervals over {seeds}"
    if several.any():
        return f"bands and bars: 95% intervals over {seeds}; of one seed, over groups of sentences"
    return "bands and bars: 95% intervals over groups of sentences"
