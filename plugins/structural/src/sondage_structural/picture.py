"""A sentence with its gold arcs above and its predicted arcs below, as SVG."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from sondage.errors import DataError
from sondage.plain import flat
from sondage.report.palette import COLOURS, INK
from sondage.report.theme import FONT

Edge = tuple[int, int]

MISSED = "#9A9A9A"
RIGHT, WRONG = COLOURS[:2]
_SIZE, _GAP, _LEVEL, _MARGIN = 15, 20, 15, 16


def draw(
    words: Sequence[str],
    gold: Iterable[Sequence[int]],
    predicted: Iterable[Sequence[int]],
    *,
    title: str = "",
) -> str:
    """Return a picture of a sentence's gold and predicted edges.

    Gold edges arch above the words, grey where they were not predicted; predicted edges hang
    below, blue where they are right, orange and dashed where they are wrong.

    Parameters
    ----------
    words : sequence of str, length t
    gold, predicted : iterables of pairs of ints
        The words that each edge joins, in either order; `gold_edges` makes them from heads.
    title : str
        A line above the picture.

    Returns
    -------
    str
        An SVG document; text is escaped, and control characters are written out.

    Raises
    ------
    sondage.errors.DataError
        If an edge joins no two different words of the sentence.

    References
    ----------
    Hewitt and Manning 2019, figure 2. Departs from it: colours.
    """
    above, below = _pairs(gold, len(words)), _pairs(predicted, len(words))
    shown = [flat(word) for word in words]
    widths = [_width(word) for word in shown]
    centres, x = [], float(_MARGIN)
    for width in widths:
        centres.append(x + width / 2)
        x += width + _GAP
    width = max(x - _GAP + _MARGIN, 430.0)
    up, down = _levels(above), _levels(below)
    head = _MARGIN + (26 if title else 4)
    top = head + _LEVEL * max(up.values(), default=0) + 8
    base = top + 30
    bottom = base + _LEVEL * max(down.values(), default=0) + 8
    height = bottom + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" font-family="{FONT}">',
        f"<title>{escape(flat(title) or 'gold and predicted edges')}</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="white"/>',
    ]
    if title:
        parts.append(_text(_MARGIN, _MARGIN + 12, flat(title), "start", 14, INK, weight=600))
    for edge, level in up.items():
        colour = INK if edge in down else MISSED
        parts.append(_arc(edge, centres, top, -_LEVEL * level, colour, dashed=False))
    for edge, level in down.items():
        right = edge in up
        colour = RIGHT if right else WRONG
        parts.append(_arc(edge, centres, base, _LEVEL * level, colour, dashed=not right))
    for word, centre in zip(shown, centres, strict=True):
        parts.append(_text(centre, top + 20, word, "middle", _SIZE, INK))
    parts.append(_legend(bottom + 20))
    return "\n".join([*parts, "</svg>"]) + "\n"


def gold_edges(heads: Sequence[int], scored: Sequence[bool] | None = None) -> list[Edge]:
    """Return the edges of a tree.

    Parameters
    ----------
    heads : sequence of int, length t
        Index of each word's head; -1 at the root.
    scored : sequence of bool, length t, optional
        Edges with an end that is not scored are left out.

    Returns
    -------
    list of (int, int)
        The smaller index first; sorted.
    """
    keep = [True] * len(heads) if scored is None else [bool(s) for s in scored]
    edges = [(w, h) for w, h in enumerate(heads) if h >= 0 and keep[w] and keep[h]]
    return sorted((min(e), max(e)) for e in edges)


def _pairs(edges: Iterable[Sequence[int]], t: int) -> list[Edge]:
    out = []
    for edge in edges:
        a, b = sorted(int(end) for end in edge)
        if not 0 <= a < b < t:
            raise DataError(f"an edge joins {a} and {b}, in a sentence of {t} words")
        out.append((a, b))
    return sorted(set(out))


def _levels(edges: Sequence[Edge]) -> dict[Edge, int]:
    """Return how high each arc rises: over every arc that it spans."""
    levels: dict[Edge, int] = {}
    for a, b in sorted(edges, key=lambda e: (e[1] - e[0], e)):
        inside = [level for (c, d), level in levels.items() if a <= c and d <= b]
        levels[a, b] = 1 + max(inside, default=0)
    return levels


def _arc(
    edge: Edge, centres: Sequence[float], y: float, rise: float, colour: str, *, dashed: bool
) -> str:
    # Ends a little inside, so that arcs that share a word do not touch.
    left, right = centres[edge[0]] + 3, centres[edge[1]] - 3
    bend = min(14.0, (right - left) / 2)
    path = (
        f"M{left:.1f},{y:.1f} C{left:.1f},{y + rise:.1f} {left:.1f},{y + rise:.1f} "
        f"{left + bend:.1f},{y + rise:.1f} L{right - bend:.1f},{y + rise:.1f} "
        f"C{right:.1f},{y + rise:.1f} {right:.1f},{y + rise:.1f} {right:.1f},{y:.1f}"
    )
    dash = ' stroke-dasharray="5 3"' if dashed else ""
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>'


def _legend(y: float) -> str:
    entries = (
        ("gold, found", INK, False),
        ("gold, missed", MISSED, False),
        ("predicted, right", RIGHT, False),
        ("predicted, wrong", WRONG, True),
    )
    parts = []
    for i, (label, colour, dashed) in enumerate(entries):
        x = _MARGIN + 101 * i
        dash = ' stroke-dasharray="5 3"' if dashed else ""
        parts.append(
            f'<path d="M{x},{y - 4:.1f} h16" stroke="{colour}" stroke-width="2"{dash}/>'
            + _text(x + 20, y, label, "start", 10, INK)
        )
    return "\n".join(parts)


def _text(
    x: float, y: float, text: str, anchor: str, size: int, colour: str, weight: int = 400
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{colour}" font-weight="{weight}" xml:space="preserve">{escape(text)}</text>'
    )


def _width(word: str) -> float:
    # No font is at hand to measure with: wide scripts take twice the place, marks none.
    cells = 0.0
    for char in word:
        if unicodedata.combining(char):
            continue
        if unicodedata.east_asian_width(char) in "WF":
            cells += 1.0
        else:
            cells += 0.3 if char in "iljtf.,:;'!|()[] " else 0.82 if char in "mwMW@" else 0.56
    return max(cells * _SIZE, 8.0)
