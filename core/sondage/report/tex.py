"""The summary as LaTeX tables (booktabs)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sondage.records.summary import Summary
from sondage.report.pivot import Panel, panels

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


def latex(found: Summary, *, every_score: bool = False) -> str:
    r"""Return one ``table`` environment a panel; needs ``\usepackage{booktabs}``.

    Parameters
    ----------
    found : Summary
    every_score : bool
        Not only the first score of each component.
    """
    lacking = [found.lacking] if found.lacking else []
    return "\n".join(_table(panel, lacking) for panel in panels(found, every_score=every_score))


def _table(panel: Panel, lacking: list[str]) -> str:
    rows = []
    for layer in panel.layers:
        cells = ["all" if layer is None else str(layer)]
        for encoder in panel.encoders:
            text = panel.cell(layer, encoder, r"\pm")
            number = text.rstrip("*")
            star = "^{*}" if text.endswith("*") else ""
            cells.append(rf"\({number}{star}\)" if text else "")
        rows.append(cells)
    caption = escape("; ".join([panel.title, *panel.notes, *lacking]))
    heads = ["layer", *(escape(name) for name in panel.encoders)]
    return tabular(caption, f"r{'l' * len(panel.encoders)}", heads, rows)


def tabular(caption: str, sides: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Return a ``table`` environment; needs ``\usepackage{booktabs}``.

    Parameters
    ----------
    caption : str
        As LaTeX; so are all cells.
    sides : str
        A letter a column: ``l`` or ``r``.
    heads : sequence of str
    rows : iterable of sequences of str
    """
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{caption}}}",
        rf"\begin{{tabular}}{{{sides}}}",
        r"\toprule",
        " & ".join(heads) + r" \\",
        r"\midrule",
        *(" & ".join(row) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"
