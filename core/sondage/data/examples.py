"""A task as people look at it: a few counts, and some of its items in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sondage.errors import DataError


@dataclass(frozen=True)
class Examples:
    """What ``sondage describe task NAME --examples`` shows.

    Parameters
    ----------
    counts : mapping of name to int or float
        How many items there are, and what else of them is worth knowing, such as shares.
    columns : tuple of str
    rows : sequence of tuples of str
        An example each, a value for each column.
    """

    counts: Mapping[str, int | float]
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise DataError(
                    f"an example has {len(row)} values for the columns {', '.join(self.columns)}"
                )
