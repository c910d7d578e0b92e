"""Colours and marks that no two series of a picture share, and scales for what has an order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from sondage.errors import ResultsError

Lab = tuple[float, float, float]

#: Okabe and Ito's colours, which people who do not see red or green tell apart, without the
#: yellow that paper swallows.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
#: A mark for each of them.
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
#: Of text; of what explains; of grid lines; of what stands behind the rest.
INK, GREY, FAINT, PALE = "#333333", "#767676", "#E6E6E6", "#BBBBBB"

_LIGHTNESS, _CHROMA = (0.36, 0.46, 0.56, 0.66, 0.74), (0.06, 0.11, 0.16, 0.21)


def colours(n: int) -> list[str]:
    """Return `n` colours, no two of them alike.

    The first seven are `COLOURS`; every further one is that which lies farthest from all
    before it, as an eye sees distances (OKLab), and dark enough for white paper.

    Raises
    ------
    ResultsError
        If there are more series than colours that can be told apart at all.
    """
    if n <= len(COLOURS):
        return list(COLOURS[:n])
    if n > len(_order()):
        raise ResultsError(
            f"{n} lines in one picture: at most {len(_order())} have a colour of their own",
            hint="draw fewer encoders, or fewer of their steps",
        )
    return list(_order()[:n])


def shapes(n: int) -> list[str]:
    """Return `n` marks; from the eighth on they come again, in a colour of their own."""
    return [SHAPES[i % len(SHAPES)] for i in range(n)]


def shades(n: int, colour: str = COLOURS[0]) -> list[str]:
    """Return `n` shades of a colour from light to dark: for steps, layers, all that has an order.

    Parameters
    ----------
    n : int
    colour : str
        As ``#0072B2``; black and grey give greys.
    """
    if n < 2:
        return [colour][:n]
    _, a, b = lab(colour)
    chroma = math.hypot(a, b) or 1.0
    # Light and dark colours hold less chroma than those between: what none can show is cut.
    ends = [(0.82, min(chroma, 0.09) / chroma), (0.28, min(chroma, 0.10) / chroma)]
    (light, pale), (dark, deep) = ends
    out = []
    for i in range(n):
        t = i / (n - 1)
        middle = 4 * t * (1 - t)
        part = (pale + t * (deep - pale)) * (1 - middle) + middle
        out.append(_hex((light + t * (dark - light), a * part, b * part)))
    return out


def series_colours(names: Sequence[tuple[str, int | None]]) -> list[str]:
    """Return a colour for each encoder and step: shades where an encoder has several steps.

    Parameters
    ----------
    names : sequence of (str, int or None)
        Encoder and training step.
    """
    bases = list(dict.fromkeys((encoder, step is None) for encoder, step in names))
    out: dict[tuple[str, int | None], str] = {}
    for (encoder, plain), colour in zip(bases, colours(len(bases)), strict=True):
        steps = sorted({s for e, s in names if e == encoder and s is not None})
        mine: list[int | None] = [None] if plain else [*steps]
        out |= zip(((encoder, s) for s in mine), shades(len(mine), colour), strict=True)
    return [out[name] for name in names]


@cache
def _order() -> tuple[str, ...]:
    """Return every colour that there is, each as far as can be from those before it."""
    taken = [lab(c) for c in COLOURS]
    hues = [math.radians(h) for h in range(0, 360, 10)]
    grid = [(x, c * math.cos(h), c * math.sin(h)) for x in _LIGHTNESS for c in _CHROMA
            for h in hues]  # fmt: skip
    left = {point: min(math.dist(point, t) for t in taken) for point in grid if _shown(point)}
    out = list(COLOURS)
    # Nearer than this, neighbours in a legend look alike.
    while left and (best := max(left, key=lambda p: (left[p], p))) and left[best] > 0.035:
        del left[best]
        out.append(_hex(best))
        for point, least in left.items():
            left[point] = min(least, math.dist(point, best))
    return tuple(out)


def lab(colour: str) -> Lab:
    """Return a colour in OKLab, whose distances are about what an eye sees."""
    r, g, b = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    cones = (
        0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
        0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
        0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
    )
    x, y, z = (math.cbrt(c) for c in cones)
    return (
        0.2104542553 * x + 0.7936177850 * y - 0.0040720468 * z,
        1.9779984951 * x - 2.4285922050 * y + 0.4505937099 * z,
        0.0259040371 * x + 0.7827717662 * y - 0.8086757660 * z,
    )


def _rgb(point: Lab) -> Lab:
    light, a, b = point
    x = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    y = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    z = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z,
        -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
        -0.0041960863 * x - 0.7034186147 * y + 1.7076147010 * z,
    )


def _shown(point: Lab) -> bool:
    return all(-1e-4 <= c <= 1.0001 for c in _rgb(point))


def _hex(point: Lab) -> str:
    clipped = (min(max(c, 0.0), 1.0) for c in _rgb(point))
    return "#" + "".join(f"{round(255 * _curved(c)):02X}" for c in clipped)


def _linear(c: float) -> float:
    return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4


def _curved(c: float) -> float:
    return 12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055
