"""Options that commands share: ``--layers``, ``--seeds``, ``--set``, and where to write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer

Changes = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting or any dotted path."),
]
Layers = Annotated[str | None, typer.Option(help="Such as 0,3 or 0-6.")]
Seeds = Annotated[str | None, typer.Option(help="Such as 0,1 or 0-4.")]
CellSeconds = Annotated[
    float | None, typer.Option(min=0.001, metavar="N", help="A time limit for each cell.")
]
FileOrDash = Annotated[str | None, typer.Option(metavar="FILE", help="'-' prints.")]
Every = Annotated[bool, typer.Option("--all", help="Every score, not only each component's first.")]
Size = Annotated[
    str,
    typer.Option(
        "--width",
        "--size",
        metavar="WIDTH",
        help="Of the picture: screen; a paper's column, page; or millimetres, such as 84.",
    ),
]
Font = Annotated[
    float | None,
    typer.Option(metavar="POINTS", help="Of the picture's text, at that width; else 8."),
]
PictureKind = Annotated[
    str,
    typer.Option("--kind", metavar="KIND", help="Of the picture: lines, difference or map."),
]

_PART = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
_MOST_NUMBERS = 10_000


def compositions(incomplete: str) -> list[str]:
    """Return what a shell may complete a composition's name to; none where a file is not right."""
    from sondage import registry
    from sondage.errors import SondageError

    try:
        found = registry.load().contents.compositions
    except SondageError:
        return []
    return [name for name in found if name.startswith(incomplete)]


Target = Annotated[
    str,
    typer.Argument(metavar="NAME", help="NAME or FILE.yaml:NAME.", autocompletion=compositions),
]


def numbers(text: str | None, option: str) -> tuple[int, ...] | None:
    """Read ``0,3`` or ``0-6`` or a mixture; None stays None.

    Raises
    ------
    typer.BadParameter
    """
    if text is None:
        return None
    found: dict[int, None] = {}
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise typer.BadParameter(f"'{text}' is not like 0,3 or 0-6", param_hint=option)
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < first + _MOST_NUMBERS:
            raise typer.BadParameter(f"'{part}' runs backwards or too far", param_hint=option)
        found.update(dict.fromkeys(range(first, last + 1)))
    return tuple(found)


def names(text: str | None, option: str) -> tuple[str, ...]:
    """Read names with commas between them; each counts once.

    Raises
    ------
    typer.BadParameter
    """
    found = dict.fromkeys(part.strip() for part in text.split(",")) if text is not None else {}
    if "" in found:
        raise typer.BadParameter(f"'{text}' is not like NAME or NAME,NAME", param_hint=option)
    return tuple(found)


def settings(given: Sequence[str]) -> dict[str, Any]:
    """Read ``key=value`` pairs; values are YAML: numbers, true, lists, text.

    Raises
    ------
    typer.BadParameter, RegistryError
    """
    from sondage.registry.document import parse_yaml

    out: dict[str, Any] = {}
    for item in given:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise typer.BadParameter(f"'{item}' is not like key=value", param_hint="--set")
        if key.strip() in out:
            raise typer.BadParameter(f"'{key}' is given twice", param_hint="--set")
        out[key.strip()] = parse_yaml(value, f"--set {key}").data
    return out


def ranges(found: Sequence[int]) -> str:
    """Write numbers as `numbers` reads them: ``0-6,8``."""
    runs: list[list[int]] = []
    for n in sorted(set(found)):
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
