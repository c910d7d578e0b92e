"""Tables for spreadsheets, in which no text is a formula."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sondage.plain import flat

if TYPE_CHECKING:
    from pandas import DataFrame

_A_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def inert(frame: DataFrame) -> DataFrame:
    """Return a frame whose texts no terminal obeys and no spreadsheet computes.

    Control characters are written out; a text that begins as a formula does, with ``=``,
    ``+``, ``-`` or ``@``, and is no number gets a ``'`` before it.
    """
    out = frame.rename(columns=lambda name: safe(str(name)))
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        if column.dtype.kind not in "biufM":
            out.isetitem(place, [safe(v) if isinstance(v, str) else v for v in column])
    return out


def as_csv(frame: DataFrame) -> str:
    """Return an inert frame as CSV."""
    return inert(frame).to_csv(index=False, lineterminator="\n")


def safe(text: str) -> str:
    """Return one cell's text, cleaned and inert."""
    said = flat(text)
    begins = said.lstrip()[:1]
    if begins and begins in "=+-@" and not _A_NUMBER.fullmatch(said):
        return f"'{said}"
    return said
