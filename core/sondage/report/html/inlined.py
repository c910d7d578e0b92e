"""SVG documents as parts of a page: only what draws is kept, no two have an id in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from sondage.plain import flat

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ELEMENTS = _names(
    "svg g path rect line circle ellipse polygon polyline text tspan defs clipPath "
    "linearGradient radialGradient stop use"
)
#: What draws, and may stand in a `style`, too.
_LOOKS = _names(
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray "
    "stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit opacity text-anchor "
    "font-size font-weight font-style dominant-baseline clip-path clip-rule stop-color "
    "stop-opacity display visibility"
)
_PLACES = _names(
    "d x y x1 y1 x2 y2 cx cy r rx ry dx dy fx fy width height points transform id offset viewBox "
    "clipPathUnits gradientUnits gradientTransform"
)
_NUMBERS = _names("d x y x1 y1 x2 y2 cx cy dx dy points transform")
_LONG = re.compile(r"-?\d*\.\d{3,}(?:[eE][+-]?\d+)?")
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^'\")\s]+)['\"]?\s*\)")
_WHITE = frozenset({"white", "#fff", "#ffffff"})


@dataclass(frozen=True)
class Inlined:
    """A picture that can stand in a page.

    Attributes
    ----------
    svg : str
        Markup, inert.
    title : str
        What the picture calls itself; empty if it does not.
    """

    svg: str
    title: str


def inlined(document: str, prefix: str, alt: str = "") -> Inlined:
    """Return an SVG document as a part of a page.

    Scripts, links, styles, pictures within it and all names but ids are left out, its white
    background too, and long numbers are cut to hundredths of a pixel.

    Parameters
    ----------
    document : str
    prefix : str
        Begins every id, so that pictures of one page do not share any.
    alt : str
        What those hear who do not see it; without it, its title.

    Raises
    ------
    ValueError
        If it is no SVG.
    """
    from xml.etree import ElementTree

    if "<!DOCTYPE" in document or "<!ENTITY" in document:
        raise ValueError("it declares entities")
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    if root.tag != f"{_SVG}svg":
        raise ValueError("it is no SVG")
    title = _title(root)
    _without_background(root)
    ids = {e.get("id", ""): f"{prefix}{i}" for i, e in enumerate(_with_ids(root))}
    said = escape(flat(alt or title or "a figure"), quote=True)
    inside = "".join(_markup(child, ids) for child in root)
    given = {k: v for k, v in _attributes(root, ids) if k in ("width", "height", "viewBox")}
    if "viewBox" not in given and {"width", "height"} <= given.keys():
        given["viewBox"] = f"0 0 {given['width']} {given['height']}"
    attributes = "".join(f' {k}="{v}"' for k, v in given.items())
    return Inlined(f'<svg role="img" aria-label="{said}"{attributes}>{inside}</svg>', title)


def _with_ids(root: Element) -> Iterator[Element]:
    return (e for e in root.iter() if e.get("id"))


def _title(root: Element) -> str:
    """Return what a picture calls itself: its title element, or the text set as its title."""
    own = root.find(f"{_SVG}title")
    if own is not None and own.text:
        return flat(own.text).strip()
    for group in root.iter(f"{_SVG}g"):
        if "role-title" in group.get("class", "").split():
            texts = [" ".join(t.itertext()) for t in group.iter(f"{_SVG}text")]
            return flat(" ".join(texts)).strip()
    return ""


def _without_background(root: Element) -> None:
    for child in list(root)[:3]:
        full = child.get("width") in ("100%", root.get("width"))
        if child.tag == f"{_SVG}rect" and full and child.get("fill", "").lower() in _WHITE:
            root.remove(child)
            return


def _markup(element: Element, ids: dict[str, str]) -> str:
    tag = str(element.tag).removeprefix(_SVG)
    if tag not in _ELEMENTS:
        return ""
    texts = tag in ("text", "tspan")
    inside = escape(flat(element.text), quote=False) if texts and element.text else ""
    for child in element:
        inside += _markup(child, ids)
        if texts and child.tail:
            inside += escape(flat(child.tail), quote=False)
    if not inside and tag in ("g", "text", "defs"):
        return ""
    attributes = "".join(f' {name}="{value}"' for name, value in _attributes(element, ids))
    if tag == "path" and ' d="' not in attributes:
        return ""
    return f"<{tag}{attributes}>{inside}</{tag}>"


def _attributes(element: Element, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    found = {k: v for k, v in element.attrib.items() if k in _LOOKS or k in _PLACES}
    for part in element.get("style", "").split(";"):
        name, _, value = part.partition(":")
        if name.strip() in _LOOKS:
            found[name.strip()] = value.strip()
    link = element.get("href") or element.get(_LINK) or ""
    if link.startswith("#") and link[1:] in ids:
        yield "href", f"#{ids[link[1:]]}"
    for name, value in found.items():
        if name == "id":
            yield "id", ids[value]
            continue
        if "url" in value.lower() or "\\" in value:
            target = _REFERENCE.fullmatch(value.strip())
            if target is None or target[1] not in ids:
                continue
            value = f"url(#{ids[target[1]]})"
        elif name in _NUMBERS:
            value = _LONG.sub(_cut, value)
        if value:
            yield name, escape(flat(value), quote=True)


def _cut(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".") or "0"
