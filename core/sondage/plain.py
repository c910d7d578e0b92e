"""Text from data, plugins and registries, made harmless to terminals and pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# C0 but tab and newline, DEL, C1, line separators, marks of direction, lone surrogates,
# and the two that no XML may hold.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def clean(text: object) -> str:
    r"""Return text with control characters written out (``\x1b``), newlines and tabs kept."""
    return _OBEYED.sub(lambda match: _escaped(match[0]), str(text))


def flat(text: object) -> str:
    """Return text as `clean` does, on one line: for cells, names and labels."""
    return clean(text).replace("\n", " ").replace("\t", " ")


def _escaped(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"


def shown(value: object) -> str:
    """Return the beginning of what a value calls itself, if it can say."""
    try:
        return f"{value!r:.80}"
    except Exception:
        return ""


def duration(seconds: float) -> str:
    """Return a time in words: ``45 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


#: Rows that a notebook shows of a table.
MOST_ROWS = 40


def html_table(
    heads: Sequence[object],
    rows: Iterable[Sequence[object]],
    title: str = "",
    most: int = MOST_ROWS,
) -> str:
    """Return a small table for a notebook: every text escaped, nothing in it that runs.

    Parameters
    ----------
    heads : sequence
        Texts, or what becomes one.
    rows : iterable of sequences
    title : str
        Above it.
    most : int
        Rows that are shown; those beyond are counted.
    """

    def line(tag: str, cells: Iterable[object]) -> str:
        return "<tr>" + "".join(f"<{tag}>{inert_html(c)}</{tag}>" for c in cells) + "</tr>"

    body = [line("td", row) for row in rows]
    more = len(body) - most
    parts = [f"<p>{inert_html(title)}</p>"] if title else []
    if body:
        parts += ["<table><thead>", line("th", heads), "</thead><tbody>", *body[:most]]
        parts += ["</tbody></table>", f"<p>and {more} more</p>" * (more > 0)]
    return "".join(parts)


def inert_html(text: object) -> str:
    """Return text for a page: one line, controls written out, what HTML would read escaped."""
    from html import escape  # has a large table, and nothing but a notebook or a page needs it

    return escape("" if text is None else flat(text), quote=True)


def size(count: float) -> str:
    """Return bytes in words: ``12.3 MiB``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
