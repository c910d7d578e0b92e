"""`edge.merchant2020`: the paper's tables and figures from a run's findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sondage.contracts import Findings
from sondage.report import FigureOptions

_PARTS = {
    "table 1": "edge.probe with read: mix on the pretrained encoder; for the baselines read: "
    "lexical, and a randomised encoder",
    "expected layers": "edge.probe with read: mix, or read: cumulative",
    "mix weights": "edge.probe with read: mix",
    "cumulative scores": "edge.probe with read: cumulative",
    "single layers": "edge.probe with read: layer",
    "figures 2 and 5 (similarity)": "similarity.rsa against the pretrained encoder",
    "figures 3 and 4 (freezing, truncation)": "trained encoders that this report's parameters "
    "'freezing' or 'truncation' name",
}


@dataclass(kw_only=True, eq=False)
class Merchant2020(FigureOptions):
    """Table 1 and figures 2 to 5 of the paper, and where a mix looks, of whatever is there.

    Each figure is an SVG with its data as CSV, each table CSV and LaTeX. ``README.md`` lists
    them, and says what is missing and which results it needs. Of a series the last step is
    shown. The randomised encoder is known by its name, which has ``random`` in it, the
    lexical probe by ``lex``.

    Parameters
    ----------
    base : str
        Name of the pretrained encoder. If it is not there and one other encoder alone was
        neither trained nor randomised, that one.
    freezing : mapping of encoder to int, optional
        How many layers each partly frozen encoder kept (its ``freeze``).
    truncation : mapping of encoder to int, optional
        How many blocks each truncated and trained encoder has left. One tuned as a whole is
        drawn beside them where the run has a result of its single layers.

    References
    ----------
    Merchant et al. 2020, arXiv:2004.14448v1, table 1, figures 2 to 5; Tenney, Das and Pavlick
    2019, arXiv:1905.05950v2, section 3. Departs from it: intervals are shown throughout; the
    structural probes (figure 1) and MDL (appendix B) have reports of their own.
    """

    base: str = "base"
    freezing: dict[str, int] | None = None
    truncation: dict[str, int] | None = None

    def write(self, findings: Findings, folder: Path) -> Sequence[Path]:
        """Write what the findings allow; return the files, ``README.md`` first."""
        from sondage.report import Paper
        from sondage_edge import report_layers as layers
        from sondage_edge.report_read import gather
        from sondage_edge.report_tables import table1

        results = gather(
            findings,
            base=self.base,
            freezing=self.freezing or {},
            truncation=self.truncation or {},
        )
        paper = Paper(folder, self.size, self.pdf)
        made: list[Callable[[], list[Path]]] = [
            lambda: table1(results, paper),
            lambda: layers.expected_layers(results, paper),
            lambda: layers.mix_weights(results, paper),
            lambda: layers.cumulative(results, paper),
            lambda: layers.by_layer(results, paper),
            lambda: layers.similarity(results, paper),
            lambda: layers.ablations(results, paper),
        ]
        parts = {n: (make, _PARTS[n]) for n, make in zip(_PARTS, made, strict=True)}
        base = results.roles.base
        return paper.write(
            "Merchant et al. 2020, from this run", parts,
            said=[f"The pretrained encoder is `{base}`."] if base else [],
            missing=[] if base else ["differences: no encoder is known to be the pretrained one"],
        )  # fmt: skip
