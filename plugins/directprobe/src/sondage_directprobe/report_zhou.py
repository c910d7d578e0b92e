"""`directprobe.zhou2022`: the paper's tables and figures from a run's findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sondage.contracts import Findings
from sondage.report import FigureOptions

_PARTS = {
    "table 7, and tables 2 to 4 from it": "a classifier or directprobe.clusters on a series and "
    "its original, for the task that it was trained on",
    "table 5": "directprobe.clusters (with distances) on tuned encoders and their original",
    "figures 2 and 6 (least distances)": "directprobe.clusters at two steps or more of a series",
    "figure 3 (paths)": "directprobe.clusters at two steps or more of a series",
    "figure 4 (similarity)": "directprobe.spatial_similarity or directprobe.clusters on a series, "
    "with layers where labels are separable",
    "figures 5 and 7 to 10 (moves)": "directprobe.clusters before and after fine-tuning",
    "layers": "a probe before and after fine-tuning",
}


@dataclass(kw_only=True, eq=False)
class Zhou2022(FigureOptions):
    """Tables 2 to 5 and 7, and figures 2 to 10 of the paper, of whatever is there.

    Each figure is an SVG with its data as CSV, each table CSV and LaTeX. ``README.md`` lists them,
    and says what is missing and which results it needs.

    Parameters
    ----------
    base : str
        Name of the original encoder: "before" of series that have no step 0 in the results. If it
        is not there and only one encoder was not trained, that one.
    classifier : str
        Name of the probe whose accuracy is shown; without it, the first with restarts
        (`classifiers.mlp`), else the first classifier.

    References
    ----------
    Zhou and Srikumar 2022, A Closer Look at How Fine-tuning Changes BERT, arXiv:2106.14282, tables
    2 to 5 and 7, figures 2 to 10. Departs from it: figure 2 is a part of figure 6; paths and moves
    are of label means, which are the clusters' centroids where labels are separable; figure 5
    shows every layer of the results.
    """

    base: str = "base"
    classifier: str = ""

    def write(self, findings: Findings, folder: Path) -> Sequence[Path]:
        """Write what the findings allow; return the files, ``README.md`` first."""
        from sondage.report import Paper
        from sondage_directprobe import report_curves as curves
        from sondage_directprobe import report_layers as layers
        from sondage_directprobe import report_motion as motion
        from sondage_directprobe import report_moves as moves
        from sondage_directprobe import report_tables as tables
        from sondage_directprobe.report_read import gather

        results = gather(findings, self.base).printed()
        wanted = results.labelled.of("component", self.classifier) if self.classifier else ""
        classifier = tables.classifier_of(results, wanted)
        cells = tables.cells(results, classifier)
        paper = Paper(folder, self.size, self.pdf, self.font)
        made: list[Callable[[], list[Path]]] = [
            lambda: tables.before_and_after(results, cells, paper),
            lambda: tables.across_tasks(results, cells, paper),
            lambda: curves.least_distances(results, paper),
            lambda: motion.paths(results, paper),
            lambda: curves.similarities(results, paper),
            lambda: moves.differences(results, paper),
            lambda: layers.by_layer(results, cells, paper),
        ]
        return paper.write(
            "Zhou and Srikumar 2022, from this run",
            {name: (make, _PARTS[name]) for name, make in zip(_PARTS, made, strict=True)},
            said=[f"Accuracies are those of `{classifier}`."] if classifier else [],
            missing=results.missing,
        )
