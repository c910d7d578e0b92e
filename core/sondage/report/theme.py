"""The one look of all charts, and the sizes that a paper's columns and pages ask for."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sondage.errors import ResultsError
from sondage.plain import flat
from sondage.report.palette import FAINT, GREY, INK

#: As CSS has it: the first that is there.
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
#: Pixels of an axis title: what a `Size` makes `font` points of.
BASE = 12
_LINE = "#999999"
#: Pixels that an axis and a legend's mark take before its names.
_BEFORE_NAMES = 90

SizeName = Literal["screen", "column", "page"]


@dataclass(frozen=True)
class Size:
    """How wide a picture is in print, and how large its text.

    Attributes
    ----------
    width : float or None
        Points (72 to the inch; 28.35 to the centimetre); None as wide as the panels make it,
        in pixels.
    font : float
        Points of axis titles and legends; labels are a twelfth smaller, titles larger.
    """

    width: float | None = None
    font: float = BASE

    @property
    def pixels(self) -> float | None:
        """How many pixels wide the picture is drawn before it is scaled to print."""
        return None if self.width is None else self.width * BASE / self.font


#: A column (7.7 cm) and a page (16 cm) of a two-column paper; a screen takes what comes.
SIZES: dict[str, Size] = {
    "screen": Size(),
    "column": Size(219, 8),
    "page": Size(455, 8),
}


_MILLIMETRES = re.compile(r"(\d+(?:\.\d+)?) ?(?:mm)?")


#: Points of text that can be read in print, and that leave room for what is drawn.
SMALLEST, LARGEST = 4.0, 36.0
#: Pixels, with `BASE` of them a letter, below which a picture holds little but its labels.
_NARROWEST = 160


def size_of(size: str | Size, font: float | None = None) -> Size:
    """Return a size by its name, as it is, or of so many millimetres: ``84`` or ``84mm``.

    Parameters
    ----------
    size : str or Size
    font : float, optional
        Points of axis titles and legends as printed, instead of the size's own.

    Raises
    ------
    ResultsError
        If no size has that name, it is no width that text could be read at, or no text of that
        size could be read, or fit; or if a picture of no printed width is to have one.
    """
    found = _named(size)
    if font is None:
        return found
    if found.width is None:
        raise ResultsError(
            f"text of {font:g} points is that of a printed picture, and this one has no width",
            hint="say how wide, too: column, page or millimetres",
        )
    if not SMALLEST <= font <= LARGEST:
        raise ResultsError(
            f"text of {font:g} points in a picture: at least {SMALLEST:g} and at most {LARGEST:g}"
        )
    most = math.floor(found.width * BASE / _NARROWEST * 10) / 10
    if font > most:
        raise ResultsError(
            f"text of {font:g} points does not fit a picture {found.width * 25.4 / 72:.0f} mm wide",
            hint=f"at most {most:g} points, or a wider picture",
        )
    return Size(found.width, font)


def _named(size: str | Size) -> Size:
    if isinstance(size, Size):
        return size
    width = _MILLIMETRES.fullmatch(size)
    if width is not None:
        wide = float(width[1])
        if not 40 <= wide <= 1000:
            raise ResultsError(f"a picture {wide:g} mm wide: at least 40 and at most 1000")
        return Size(wide * 72 / 25.4, SIZES["column"].font)
    if size not in SIZES:
        raise ResultsError(f"there is no size '{flat(size)}' of pictures", near=[*SIZES, "84mm"])
    return SIZES[size]


def config(legend_columns: int, room: float) -> dict[str, Any]:
    """Return the look of a chart as a Vega-Lite ``config``.

    Parameters
    ----------
    legend_columns : int
        Names beside each other.
    room : float
        Pixels that the picture is wide, without its border.
    """
    text = {"labelColor": INK, "titleColor": INK, "titleFontWeight": "normal"}
    return {
        "font": FONT,
        "view": {"stroke": None},
        "line": {"strokeWidth": 2},
        "axis": text | {
            "titleFontSize": BASE, "labelFontSize": BASE - 1, "gridColor": FAINT,
            "domainColor": _LINE, "tickColor": _LINE, "tickSize": 4, "titlePadding": 8,
            "labelLimit": min(200.0, room * 0.35),
        },
        # Labels of unlike length leave panels below one another in line.
        "axisY": {"minExtent": 30},
        "title": {
            "anchor": "start", "fontSize": BASE + 1, "fontWeight": 600, "color": INK,
            "subtitleColor": GREY, "subtitleFontSize": BASE - 1, "offset": 10, "frame": "group",
        },
        "legend": {
            "orient": "top", "title": None, "labelFontSize": BASE, "labelColor": INK,
            "symbolSize": 80, "symbolOpacity": 1, "columns": legend_columns,
            "labelLimit": max(room - _BEFORE_NAMES, 60), "titleFontSize": BASE,
            "titleColor": INK, "titleFontWeight": "normal", "columnPadding": 18, "offset": 18,
        },
    }  # fmt: skip


def legend_columns(names: Sequence[str], width: float) -> int:
    """Return how many names stand beside each other in a legend of some width."""
    longest = max((_extent(name, BASE) for name in names), default=0.0)
    return max(1, min(len(names) or 1, int((width + 18) // (longest + 40))))


def wrapped(text: str, width: float, size: int, *, bold: bool = False) -> list[str]:
    """Return text in lines that a width of pixels holds, in the widest of the usual fonts."""
    per_line = max(int(width / _extent("n", size, bold)), 8)
    return textwrap.wrap(flat(text), per_line, break_long_words=False, break_on_hyphens=False) or [
        ""
    ]


def title(text: str, note: str, width: float) -> dict[str, Any]:
    """Return a picture's title, and the lines below that explain it, as Vega-Lite has it."""
    below = [line for part in note.split("\n") if note for line in wrapped(part, width, BASE)]
    return {
        "text": wrapped(text, width, BASE + 3, bold=True) if text else "", "subtitle": below,
        "anchor": "start", "fontSize": BASE + 3, "fontWeight": 600, "color": INK,
        "subtitleColor": GREY, "subtitleFontSize": BASE, "offset": 14, "frame": "bounds",
    }  # fmt: skip


def foot(note: str, width: float) -> dict[str, Any]:
    """Return a line of explanation below a picture."""
    return {
        "text": wrapped(note, width, BASE - 1), "orient": "bottom", "anchor": "start",
        "fontSize": BASE - 1, "fontWeight": "normal", "color": GREY, "offset": 12,
        "frame": "bounds",
    }  # fmt: skip


def _extent(text: str, size: float, bold: bool = False) -> float:
    # About: no font is at hand to measure with. DejaVu Sans, which many machines without Helvetica
    # and Arial fall back on, is wider than those: 0.51 of its size a letter, 0.56 where bold.
    return (0.6 if bold else 0.54) * size * len(text)


@dataclass(kw_only=True, eq=False)
class FigureOptions:
    """What reports that draw figures for a paper have in common.

    Parameters
    ----------
    size : {"screen", "column", "page"}
        How wide the figures are: as their panels, or as a column or page of a paper.
    pdf : bool
        Every figure as a PDF, too.
    font : float, optional
        Points of axis titles and legends as printed, 4 to 36, instead of 8; of a column or page.
    """

    size: SizeName = "screen"
    pdf: bool = False
    font: float | None = None

    def __post_init__(self) -> None:
        size_of(self.size, self.font)
