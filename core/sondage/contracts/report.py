"""What a report is, and the findings that it is written from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray


class Findings(Protocol):
    """What a report is made from: one run's results (`sondage.api.Run` is one).

    Frames are pandas; see the reference of results for their columns.
    """

    def frame(self) -> Any:
        """Return one row per cell and score."""
        ...

    def summary(self) -> Any:
        """Return one row per score, over seeds, with intervals and differences."""
        ...

    def table(self, name: str) -> Any:
        """Return one named table of all cells, stacked."""
        ...

    def arrays(self) -> Iterator[tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]]:
        """Yield each finished cell that has arrays: its record and its arrays by name."""
        ...


class Report(Protocol):
    """A paper's tables and figures, from whatever part of the results is there."""

    def write(self, findings: Findings, folder: Path) -> Sequence[Path]:
        """Write files into `folder`, which exists and is the report's own; return them.

        Every figure is an SVG, and the data behind it a CSV table of the same name.
        """
        ...
