"""Panels on a page: in rows under one title, as wide as a column or page asks, and as a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sondage.errors import ResultsError
from sondage.report import theme
from sondage.report.pdf import ordered
from sondage.report.theme import Size

if TYPE_CHECKING:
    import altair as alt

Groups = Sequence[Sequence[Any]]
Shared = tuple[Literal["color", "shape", "strokeDash", "y"], ...]

_PADDING, _GAP = 16, 30
#: What an axis with its title takes beside a panel, about.
_BESIDE = 66
#: No panel with its axis is drawn narrower than so many pixels.
_LEAST = 200
_ROOT = re.compile(r'(<svg[^>]*?) width="([\d.]+)" height="([\d.]+)"')


def arranged(groups: Groups, across: int, shared: Shared) -> alt.VConcatChart:
    """Return panels in rows, each group beginning a new one.

    Parameters
    ----------
    groups : sequence of sequences of panels
    across : int
        Panels beside each other, at most.
    shared : tuple of str
        What all panels have one scale and one legend of.
    """
    import altair as alt

    rows = [
        alt.hconcat(*group[i : i + across], spacing=_GAP)
        for group in groups
        for i in range(0, len(group), across)
    ]
    each = dict.fromkeys(("color", "shape", "strokeDash"), "independent")
    scales: Any = each | dict.fromkeys(shared, "shared")
    rows = [row.resolve_scale(**scales) for row in rows]
    whole = alt.vconcat(*rows, spacing=_GAP - 4, padding=_PADDING, background="white")
    made: alt.VConcatChart = whole.resolve_scale(**scales)
    return made


def drawn(
    groups: Groups, *, across: int, title: str = "", note: str = "", foot: str = "",
    shared: Shared = ("color", "shape"), size: Size,
) -> str:  # fmt: skip
    """Return panels as an SVG document of a size.

    Panels are made narrower or wider until the picture is as wide as `size` says, and fewer
    stand beside each other where they would get too narrow; a square panel stays one, and is
    never enlarged.
    """
    across = max(1, min(across, max(map(len, groups))))
    target = size.pixels
    if target is not None:
        across = min(across, max(1, int(target // _LEAST)))
    spec = arranged(groups, across, shared).to_dict()
    panels = list(_panels(spec))
    natural = across * (max(p.get("width", 300) for p in panels) + _BESIDE)
    room = (natural if target is None else target) - 2 * _PADDING
    names = [n for p in panels for n in _names(p)]
    beside = theme.legend_columns(names, room)
    spec["config"] = theme.config(beside, room)
    if title or note:
        spec["title"] = theme.title(title, note, room)
    elif foot:
        spec["title"] = theme.foot(foot, room)
    if target is None:
        for panel in panels:
            _titled(panel, panel.get("width", 300))
        return _svg(spec)
    first = [(p.get("width", 300), p.get("height", 200)) for p in panels]
    while True:
        text = _fitted(spec, panels, first, target, across)
        # A legend begins where its panel does, and may be what makes the picture too wide.
        if beside == 1 or _width(text) < target + 1:
            return _scaled(text, size)
        beside -= 1
        spec["config"] = theme.config(beside, room)


def _fitted(
    spec: dict[str, Any], panels: Sequence[dict[str, Any]], first: Sequence[tuple[Any, Any]],
    target: float, across: int,
) -> str:  # fmt: skip
    """Return the picture with panels of such a width that the whole is `target` wide."""
    width = (target - 2 * _PADDING) / across - _BESIDE
    for _ in range(3):
        full = [_resize(p, width, *size) for p, size in zip(panels, first, strict=True)]
        text = _svg(spec)
        spare = target - _width(text)
        if abs(spare) < 0.5 or (all(full) and spare > 0):
            break
        width += spare / across
    return text


def _resize(panel: dict[str, Any], width: float, first: float, height: Any) -> bool:
    """Give a panel a width, and the height that suits it; return whether it can be no wider."""
    square = first == height
    panel["width"] = wide = max(40.0, min(width, first) if square else width)
    # Neither a wide panel nor one as high as its rows must be gets higher by its width.
    if isinstance(height, int | float):
        panel["height"] = wide if square else height * min(1.0, wide / first)
    _titled(panel, wide)
    return square and width >= first


def _titled(panel: dict[str, Any], width: float) -> None:
    said = panel.get("title")
    if isinstance(said, dict):
        for key, size in (("text", theme.BASE + 1), ("subtitle", theme.BASE - 1)):
            text = said.get(key)
            if text:
                whole = " ".join(text) if isinstance(text, list) else text
                said[key] = theme.wrapped(whole, width, size, bold=key == "text")


def _panels(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the parts of a chart that have a width of their own."""
    inside = [part for key in ("vconcat", "hconcat") for part in spec.get(key, ())]
    if not inside:
        yield spec
    for part in inside:
        yield from _panels(part)


def _names(part: Any) -> Iterator[str]:
    """Yield the names in the legends of a part of a chart."""
    for layer in (part, *part.get("layer", ())):
        for channel in ("color", "shape", "strokeDash"):
            scale = layer.get("encoding", {}).get(channel, {}).get("scale") or {}
            yield from map(str, scale.get("domain", ()))


def _svg(spec: dict[str, Any]) -> str:
    import vl_convert

    # As Altair itself does: the version that it wrote the chart for.
    found = re.search(r"v(\d+\.\d+)", spec["$schema"])
    text: str = vl_convert.vegalite_to_svg(spec, vl_version=found and found[1])
    return text


def _width(svg: str) -> float:
    found = _ROOT.search(svg)
    return float(found[2]) if found else 0.0


def _scaled(svg: str, size: Size) -> str:
    """Say in print's points how large a picture is: what is in it grows or shrinks with it."""
    found = _ROOT.search(svg)
    if found is None:
        return svg
    wide, high = (float(found[i]) * size.font / theme.BASE for i in (2, 3))
    return svg.replace(found[0], f'{found[1]} width="{wide:.2f}pt" height="{high:.2f}pt"', 1)


def write_picture(svg: str, path: Path) -> Path:
    """Write an SVG document as the kind of file that a path's name ends in.

    Parameters
    ----------
    svg : str
    path : Path
        Ends in ``.svg``, ``.pdf`` or ``.png`` (twice the size in pixels, for dense screens).

    Raises
    ------
    ResultsError
        If it ends otherwise, or cannot be written.
    """
    try:
        path.write_bytes(_as(svg, path.suffix))
    except KeyError:
        raise ResultsError(
            f"'{path}' ends in none of .svg, .pdf and .png", hint=f"{path.stem or 'figure'}.svg"
        ) from None
    except OSError as error:
        raise ResultsError(f"'{path}' cannot be written: {error.strerror}") from error
    return path


def _as(svg: str, suffix: str) -> bytes:
    import vl_convert

    if suffix == ".svg":
        return svg.encode()
    # Its converters count every unit as a point in a PDF, as a pixel in a PNG.
    units = re.sub(r'(<svg[^>]*? width="[\d.]+)pt(" height="[\d.]+)pt"', r'\1\2"', svg, count=1)
    return {
        ".pdf": lambda: ordered(vl_convert.svg_to_pdf(units)),
        ".png": lambda: vl_convert.svg_to_png(units, scale=2),
    }[suffix]()
