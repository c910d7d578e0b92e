"""The summary as LaTeX tables (booktabs)."""

from __future__ import annotations

from sondage.report.pivot import Panel, panels
from sondage.report.read import Findings

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "·": r"\(\cdot\)",
    "±": r"\(\pm\)",
}


def escape(text: str) -> str:
    """Return text that LaTeX prints as it stands; control characters are dropped."""
    return "".join(_SPECIAL.get(c, c if c.isprintable() else " ") for c in text)


def latex(found: Findings, *, every_score: bool = False) -> str:
    r"""Return one ``table`` environment a panel; needs ``\usepackage{booktabs}``.

    Parameters
    ----------
    found : Findings
    every_score : bool
        Not only the first score of each component.
    """
    lacking = [found.lacking] if found.lacking else []
    return "\n".join(_table(panel, lacking) for panel in panels(found, every_score=every_score))


def _table(panel: Panel, lacking: list[str]) -> str:
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape('; '.join([panel.title, *panel.notes, *lacking]))}}}",
        rf"\begin{{tabular}}{{r{'l' * len(panel.encoders)}}}",
        r"\toprule",
        " & ".join(["layer", *(escape(name) for name in panel.encoders)]) + r" \\",
        r"\midrule",
    ]
    for layer in panel.layers:
        cells = ["all" if layer is None else str(layer)]
        for encoder in panel.encoders:
            text = panel.cell(layer, encoder, r"\pm")
            number = text.rstrip("*")
            star = "^{*}" if text.endswith("*") else ""
            cells.append(rf"\({number}{star}\)" if text else "")
        lines.append(" & ".join(cells) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    return "\n".join(lines)
