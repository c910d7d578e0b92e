"""`edge.merchant2020`: the paper's tables and figures from a run's findings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sondage.contracts import Findings
from sondage.report import FigureOptions

if TYPE_CHECKING:
    from sondage.report import Paper
    from sondage_edge.report_read import MerchantResults

_PARTS = {
    "end tasks (section 3)": "trained encoders",
    "table 1": "edge.probe with read: mix on the pretrained encoder; for the baselines read: "
    "lexical, and a randomised encoder",
    "figure 1 (structural probes)": "structural.distance or structural.depth by layer",
    "figure 2 (similarity)": "similarity.rsa against the pretrained encoder",
    "figures 3 and 4 (freezing, truncation)": "trained encoders that this report's parameters "
    "'freezing' or 'truncation' name",
    "figure 5 (domains)": "similarity.rsa on texts of a training's kind, which this report's "
    "parameter 'domains' names, and on others",
    "appendix A (top layer)": "edge.probe with read: top, under a name with 'top' in it",
    "appendix B (codelengths)": "mdl.online or mdl.variational by layer",
    "expected layers": "edge.probe with read: mix, or read: cumulative",
    "mix weights": "edge.probe with read: mix",
    "cumulative scores": "edge.probe with read: cumulative",
    "single layers": "edge.probe with read: layer",
}


@dataclass(kw_only=True, eq=False)
class Merchant2020(FigureOptions):
    """The paper's tables and figures, and where a mix looks, of whatever is there.

    Each figure is an SVG with its data as CSV, each table CSV and LaTeX. ``README.md`` lists
    them, and says what is missing and which results it needs. Of a series the last step is
    shown. Encoders that differ by their seed are one, with intervals over trainings; of a single
    training intervals are over sentences. The randomised encoder is known by its name, which has
    ``random`` in it, the lexical probe by ``lex``, that of the top layer by ``top``.

    Parameters
    ----------
    base : str
        Name of the pretrained encoder. If it is not there and one other encoder alone was
        neither trained nor randomised, that one.
    freezing : mapping of encoder to int, optional
        How many layers each partly frozen encoder kept (its ``freeze``). Of several seeds the
        name without the seed.
    truncation : mapping of encoder to int, optional
        How many blocks each truncated and trained encoder has left. One tuned as a whole is
        drawn beside them where the run has a result of its single layers.
    domains : mapping of task to task, optional
        Texts that are read, and the end task whose kind of text they are: in-domain for the
        encoders trained on that. The texts of an end task itself are so without being named.

    References
    ----------
    Merchant et al. 2020, arXiv:2004.14448v1, tables, figures and appendices A and B; Tenney, Das
    and Pavlick 2019, arXiv:1905.05950v2, section 3. Departs from it: intervals are shown
    throughout; similarity in and out of domain is compared layer by layer; a centre of gravity
    is left out, with a note, where its mean over seeds is below 3 of their standard deviations.
    """

    base: str = "base"
    freezing: dict[str, int] | None = None
    truncation: dict[str, int] | None = None
    domains: dict[str, str] | None = None

    def write(self, findings: Findings, folder: Path) -> Sequence[Path]:
        """Write what the findings allow; return the files, ``README.md`` first."""
        from sondage.report import Labels, Paper
        from sondage_edge import report_ends as ends
        from sondage_edge import report_layers as layers
        from sondage_edge import report_mixes as mixes
        from sondage_edge import report_tables as tables
        from sondage_edge.report_read import gather

        results = gather(
            findings,
            base=self.base,
            freezing=self.freezing or {},
            truncation=self.truncation or {},
            domains=self.domains or {},
        )
        if {*results.ends["encoder"]} & {*results.roles.frozen, *results.roles.cut}:
            results = dataclasses.replace(results, fared=ends.fared(findings))
        results = results.printed(Labels(findings.frame()))
        paper = Paper(folder, self.size, self.pdf, self.font)
        made: list[Callable[[MerchantResults, Paper], list[Path]]] = [
            ends.end_tasks, tables.table1, layers.structural, layers.similarity, ends.ablations,
            layers.domains, tables.appendix_a, layers.codelengths, mixes.expected_layers,
            mixes.mix_weights, mixes.cumulative, layers.single_layers,
        ]  # fmt: skip
        parts = {
            name: (partial(make, results, paper), _PARTS[name])
            for name, make in zip(_PARTS, made, strict=True)
        }
        base = results.roles.base
        return paper.write(
            "Merchant et al. 2020, from this run", parts,
            said=[*([f"The pretrained encoder is `{base}`."] if base else []),
                  *mixes.left_out(results)],
            missing=[] if base else ["differences: no encoder is known to be the pretrained one"],
        )  # fmt: skip
