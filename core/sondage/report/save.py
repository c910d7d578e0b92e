"""What a report leaves: figures with their data, tables as CSV and LaTeX, and a list of both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.plain import flat
from sondage.report.page import Shared, drawn, write_picture
from sondage.report.sheet import inert
from sondage.report.tex import escape, tabular
from sondage.report.theme import Size, size_of

if TYPE_CHECKING:
    from pandas import DataFrame


def file_name(*parts: str) -> str:
    """Return a name for a file, made of letters, digits and ``._@-``."""
    return re.sub(r"[^A-Za-z0-9._@-]+", "-", "-".join(parts)).strip("-.") or "figure"


def save_figure(
    panels: Sequence[Any], data: DataFrame, path: Path, *, across: int = 3, title: str = "",
    note: str = "", shared: Shared = ("color", "shape"), size: str | Size = "screen",
    pdf: bool = False, font: float | None = None,
) -> list[Path]:  # fmt: skip
    """Write panels as one picture, and the data behind it as a CSV of the same name.

    Parameters
    ----------
    panels : sequence of Altair charts
        As `lines` and `dots` make them, or others, each with a width and a height.
    data : DataFrame
    path : Path
        Without an ending.
    across : int
        Panels beside each other, at most.
    title, note : str
        Above the panels; a line break in the note is kept, and long lines are broken.
    shared : tuple of str
        What all panels have one scale and one legend of: ``color``, ``shape``,
        ``strokeDash``, ``y``.
    size : str or Size
        ``screen`` as wide as the panels are, ``column`` or ``page`` for a paper.
    pdf : bool
        A PDF, too, of the same size.
    font : float, optional
        Points of axis titles and legends as printed, instead of the size's own.

    Returns
    -------
    list of Path
        The SVG, the CSV, and the PDF if there is one.
    """
    picture = drawn(
        [panels], across=across, title=title, note=note, shared=shared, size=size_of(size, font)
    )
    return save_picture(picture, data, path, pdf=pdf)


def save_picture(svg: str, data: DataFrame, path: Path, *, pdf: bool = False) -> list[Path]:
    """Write a picture that is drawn already, and its data, as `save_figure` does."""
    files = [path.with_name(path.name + end) for end in (".svg", ".csv", *[".pdf"] * pdf)]
    inert(data).to_csv(files[1], index=False)
    for file in (files[0], *files[2:]):
        write_picture(svg, file)
    return files


def save_table(
    data: DataFrame, path: Path, *, caption: str,
    shown: Mapping[str, str] | DataFrame | None = None, digits: int = 3,
) -> list[Path]:  # fmt: skip
    """Write a table as CSV, whole, and as LaTeX (booktabs), as it is to be read.

    Parameters
    ----------
    data : DataFrame
    path : Path
        Without an ending.
    caption : str
    shown : mapping of column to heading, or DataFrame, optional
        The columns of the LaTeX table, or another table for it; without, all columns.
    digits : int
        Decimals of numbers that are not whole.

    Returns
    -------
    list of Path
        The CSV and the LaTeX file.
    """
    files = [path.with_name(path.name + end) for end in (".csv", ".tex")]
    inert(data).to_csv(files[0], index=False)
    if isinstance(shown, Mapping):
        kept = {column: heading for column, heading in shown.items() if column in data}
        table = data[list(kept)].set_axis(list(kept.values()), axis=1)
    else:
        table = data if shown is None else shown
    columns = [table.iloc[:, i] for i in range(table.shape[1])]
    # Numbers, and in a table made for reading all but the first column, end in line.
    right = [c.dtype.kind in "iufb" or (table is shown and i > 0) for i, c in enumerate(columns)]
    rows = [[_cell(value, digits) for value in row] for row in zip(*columns, strict=True)]
    heads = [escape(flat(c)) for c in table.columns]
    text = tabular(escape(flat(caption)), "".join("lr"[r] for r in right), heads, rows)
    files[1].write_text(text, "utf-8")
    return files


def _cell(value: Any, digits: int) -> str:
    if isinstance(value, str):
        return escape(flat(value))
    # What is missing in pandas is equal to nothing, not even to itself.
    if value is None or type(value).__name__ == "NAType" or value != value:
        return "--"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 1):
        return str(int(value))
    return rf"\({value:.{digits}f}\)"


@dataclass(frozen=True)
class Paper:
    """A report's folder, and how its figures are made.

    Attributes
    ----------
    folder : Path
    size : str or Size
        Of every figure; see `save_figure`.
    pdf : bool
        Whether every figure is a PDF, too.
    font : float, optional
        Of every figure; see `save_figure`.
    """

    folder: Path
    size: str | Size = "screen"
    pdf: bool = False
    font: float | None = None

    def figure(
        self, name: str, panels: Sequence[Any], data: DataFrame, **options: Any
    ) -> list[Path]:
        """Write a figure; see `save_figure`."""
        path = self.folder / name
        own = {"size": self.size, "pdf": self.pdf, "font": self.font}
        return save_figure(panels, data, path, **own | options)

    def table(self, name: str, data: DataFrame, **options: Any) -> list[Path]:
        """Write a table; see `save_table`."""
        return save_table(data, self.folder / name, **options)

    def write(
        self, title: str, parts: Mapping[str, tuple[Callable[[], list[Path]], str]], *,
        said: Iterable[str] = (), missing: Iterable[str] = (),
    ) -> list[Path]:  # fmt: skip
        """Make all parts, and ``README.md``, which lists them and what is not in the run.

        Parameters
        ----------
        title : str
        parts : mapping of name to (function, str)
            What writes a part and returns its files, none if there is nothing to write; and
            what results it needs.
        said : iterable of str
            Paragraphs below the title.
        missing : iterable of str
            What else is not there.

        Returns
        -------
        list of Path
            ``README.md`` first.
        """
        written = {name: make() for name, (make, _) in parts.items()}
        lines = [f"# {title}", "", *(line for text in said for line in (text, ""))]
        for name, files in written.items():
            if files:
                links = ", ".join(f"[{file.name}]({file.name})" for file in files)
                lines.append(f"- {name}: {links}")
        absent = [f"- {text}" for text in missing]
        absent += [f"- {n}: needs {parts[n][1]}" for n, files in written.items() if not files]
        if absent:
            lines += ["", "## Not in this run", "", *absent]
        index = self.folder / "README.md"
        index.write_text("\n".join(lines) + "\n", "utf-8")
        return [index, *(file for files in written.values() for file in files)]
