"""Every picture that a run has: its scores by layer, and what its reports drew."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sondage.errors import ResultsError
from sondage.records.folder import RunFolder
from sondage.report.figure import by_task
from sondage.report.guides import Guides
from sondage.report.html.inlined import inlined
from sondage.report.html.sources import Part
from sondage.report.page import drawn
from sondage.report.palette import COLOURS
from sondage.report.pivot import Panel, column_of
from sondage.report.stamp import is_behind
from sondage.report.theme import size_of

#: Charts beside each other: what a page's text is wide.
_ACROSS = 3
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


@dataclass(frozen=True)
class Picture:
    """A picture, or why it is not there.

    Attributes
    ----------
    svg : str
        Markup that is inert; empty if it cannot be shown.
    caption : str
    said : str
        What is to be said of it; or why it is not shown.
    """

    svg: str
    caption: str
    said: str = ""


def charts(panels: Sequence[Panel], guides: Guides) -> dict[str, Picture]:
    """Return one picture for each task: scores by layer, with what they say in words.

    They have what `sondage.report.plot` draws to read them against: chance, the largest class,
    a control task, the best layer.
    """
    out = {}
    for number, task in enumerate(dict.fromkeys(panel.task for panel in panels)):
        mine = [panel for panel in panels if panel.task == task]
        try:
            svg = drawn(
                [by_task(mine, guides, among=_alike(panels, mine))[task]],
                across=_ACROSS, size=size_of("screen"),
            )  # fmt: skip
            words = _in_words(mine, guides)
            out[task] = Picture(inlined(svg, f"c{number}-", words).svg, "", guides.said_below(mine))
        except ResultsError as error:
            out[task] = Picture("", "", error.message)
    return out


def _alike(panels: Sequence[Panel], mine: Sequence[Panel]) -> Sequence[Panel]:
    """Return the panels whose encoders look alike: all where all have colours of their own."""
    names = {name for panel in panels for name in panel.encoders}
    return panels if len(names) <= len(COLOURS) else mine


def _in_words(panels: Sequence[Panel], guides: Guides) -> str:
    return " ".join(f"{panel.title}: {'; '.join(_courses(panel, guides))}." for panel in panels)


def _courses(panel: Panel, guides: Guides) -> Iterator[str]:
    for name in panel.encoders:
        yield _course(name, [row for (_, who), row in panel.rows.items() if who == name], panel)
    for name, level in guides.levels(panel).items():
        yield f"{name} {level:.{panel.decimals}f}"
    control = guides.control(panel)
    for name in dict.fromkeys(map(column_of, control)):
        mine = [row for row in control if column_of(row) == name]
        yield _course(f"{name} on the control task", mine, panel)


def _course(name: str, rows: Sequence[dict[str, Any]], panel: Panel) -> str:
    at = {row["layer"]: row["mean"] for row in rows}
    layers = sorted(layer for layer in at if layer is not None)
    digits = panel.decimals
    if len(layers) < 2:
        return f"{name} {next(iter(at.values())):.{digits}f}"
    top = max(layers, key=lambda layer: at[layer])
    return (
        f"{name} from {at[layers[0]]:.{digits}f} at layer {layers[0]} to "
        f"{at[layers[-1]]:.{digits}f} at layer {layers[-1]}, highest "
        f"{at[top]:.{digits}f} at layer {top}"
    )


@dataclass(frozen=True)
class Drawn:
    """What a report left: its pictures, and tables that are no data of a picture.

    Attributes
    ----------
    label, about : str
        Its name, and what it is in a line.
    pictures : list of Picture
    tables : list of (str, Path)
        Caption and CSV.
    failed : str
        Why there is nothing.
    more : str
        What else there would be.
    """

    label: str
    about: str
    pictures: list[Picture]
    tables: list[tuple[str, Path]]
    failed: str = ""
    more: str = ""


def reports(folder: RunFolder, ran: Sequence[Part], room: int) -> list[Drawn]:
    """Return what the reports of a run drew, in the order of their lists.

    Parameters
    ----------
    folder : RunFolder
    ran : sequence of Part
        Reports come in this order, others behind them.
    room : int
        Bytes that all pictures together may take; those beyond are named.
    """
    out = []
    known = {part.label: (i, part.summary) for i, part in enumerate(ran) if part.kind == "report"}
    last = (len(ran), "")
    for number, path in enumerate(
        sorted(
            (p for p in (folder.path / "reports").glob("*") if p.is_dir() and not p.is_symlink()),
            key=lambda p: (known.get(p.name, last)[0], p.name),
        )
    ):
        said = "drawn before the last cells of this run were there"
        where = str(path.relative_to(folder.path))
        old = said if is_behind(path, folder) else ""
        pictures, tables, _ = drawn_in(path, f"r{number}-", room, f"{where}/", said=old)
        room -= sum(len(picture.svg) for picture in pictures)
        if pictures or tables:
            out.append(Drawn(path.name, known.get(path.name, last)[1], pictures, tables))
    return out


def drawn_in(
    path: Path, prefix: str, room: int, where: str, *, said: str = "", most: int | None = None
) -> tuple[list[Picture], list[tuple[str, Path]], int]:
    """Return the pictures in a report's folder, its tables, and how many of both are left out.

    Parameters
    ----------
    path : Path
    prefix : str
        Begins every id in the pictures.
    room : int
        Bytes that the pictures may take; those beyond are named.
    where : str
        Begins their names.
    said : str
        Of every picture.
    most : int, optional
        Pictures, and tables, at most: some from the first to the last.
    """
    told = _captions(path)
    all_drawn = _in_order(path, "svg", told)
    all_tables = [f for f in _in_order(path, "csv", told) if not f.with_suffix(".svg").exists()]
    files, tables = _some(all_drawn, most), _some(all_tables, most)
    pictures = []
    for place, file in enumerate(files):
        picture = _of_file(file, f"{prefix}{place}-", told.get(file.name, ""), said)
        if len(picture.svg) > room:
            left = f"left out for its size: {where}{file.name}"
            picture = Picture("", picture.caption, left)
        room -= len(picture.svg)
        pictures.append(picture)
    named = [(told.get(file.name) or _words(file.stem), file) for file in tables]
    return pictures, named, len(all_drawn) + len(all_tables) - len(files) - len(tables)


def _some(files: Sequence[Path], most: int | None) -> Sequence[Path]:
    n = len(files) if most is None else min(len(files), most)
    return [files[i * len(files) // n] for i in range(n)]


def _of_file(file: Path, prefix: str, caption: str, said: str) -> Picture:
    caption = caption or _words(file.stem)
    try:
        found = inlined(file.read_text("utf-8"), prefix, caption)
    except (OSError, ValueError) as error:
        return Picture("", caption, f"{file.name} cannot be shown: {error}")
    # Its own title is drawn in it.
    return Picture(found.svg, caption if caption != found.title else "", said)


def _captions(folder: Path) -> dict[str, str]:
    """Return what a report's list calls its files."""
    out: dict[str, str] = {}
    heading = ""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for line in (folder / "README.md").read_text("utf-8").splitlines():
            if line.startswith("## "):
                heading = line[3:].strip()
            links = _LINK.findall(line)
            name = line[2 : line.index("[")].strip().rstrip(":") if links else ""
            for said, target in links:
                words = _words(Path(said).stem)
                out[target] = name or (words if heading in words else f"{heading}: {words}")
    return out


def _in_order(folder: Path, end: str, told: dict[str, str]) -> list[Path]:
    place = {name: i for i, name in enumerate(told)}
    files = [p for p in folder.glob(f"*.{end}") if p.is_file() and not p.is_symlink()]
    return sorted(files, key=lambda p: (place.get(p.name, len(place)), p.name))


def _words(stem: str) -> str:
    return stem.replace("-", " ").replace("_", " ")
