"""Tables whose first line names their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sondage.errors import DataError

#: Names that an error shows of a first line without the ones that are wanted.
_SHOWN = 11


@dataclass(frozen=True)
class Columns:
    """The columns of a table, a row a line, whose cells are parted by tabs.

    Quotation marks are characters like others.

    Parameters
    ----------
    names : sequence of str
        In their order.

    Examples
    --------
    >>> columns = Columns(["id", "text", "label"])
    >>> columns.cells(chr(9).join(["1", "It rains.", "0"]), "a.tsv:2")
    {'id': '1', 'text': 'It rains.', 'label': '0'}
    """

    names: Sequence[str]

    @classmethod
    def named(cls, first: str, wanted: Sequence[str], path: str) -> Columns:
        """Return the columns that the first line of a file names.

        Parameters
        ----------
        first : str
        wanted : sequence of str
            Columns that have to be there.
        path : str
            For messages.

        Raises
        ------
        DataError
            If one of `wanted` is missing.
        """
        names = first.split("\t")
        missing = [column for column in wanted if column not in names]
        if missing:
            raise DataError(
                f"the first line names no column {missing[0]!r}",
                where=f"{path}:1",
                near=names[:_SHOWN],
                hint="give the file with its line of column names, columns parted by tabs",
            )
        return cls(names)

    def cells(self, line: str, where: str) -> dict[str, str]:
        """Return the cells of a row by the names of their columns.

        Raises
        ------
        DataError
            If there are more or fewer than columns; `where` is the row's ``file:line``.
        """
        cells = line.split("\t")
        if len(cells) != len(self.names):
            raise DataError(
                f"the row has {len(cells)} columns, wanted {len(self.names)}",
                where=where,
                hint="rows have as many tabs as the first line",
            )
        return dict(zip(self.names, cells, strict=True))
