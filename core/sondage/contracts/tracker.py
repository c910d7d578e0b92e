"""What a tracker is, and what it is told of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from sondage.contracts.report import Findings

RunState = Literal["finished", "failed", "stopped"]


@dataclass(frozen=True, kw_only=True)
class ToldRun:
    """The run that a tracker is told of.

    Attributes
    ----------
    id : str
        32 hex digits: the same whenever and wherever the same run is begun or taken up again.
    name : str
        The run folder's name, for people.
    composition : str
        Its name in the registry.
    folder : Path
        The run's folder, which is not the tracker's to write to; reports are under ``reports``.
    command : str
        What asks for the run.
    commit : str
        The git commit of the working folder, ``+`` behind it where files differ; may be empty.
    n_cells : int
        How many are planned.
    components : tuple of mappings
        As ``run.json`` has them: ``kind``, ``label``, ``shown`` (where it is printed otherwise),
        ``parameters``, ``key``, ``distribution``, and ``origins``, the models of an encoder.
    versions : mapping of str to str
        Distribution to version, of all that is at work.
    """

    id: str
    name: str
    composition: str
    folder: Path
    command: str = ""
    commit: str = ""
    n_cells: int = 0
    components: tuple[Mapping[str, Any], ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


class Tracker(Protocol):
    """Keeps runs where a group looks at them; see the reference of results for records.

    Whatever it raises is a warning of the run's, never its end: what it was to be told is kept and
    told again, after three times in a row no more. It has a minute for each call.
    """

    def begin(self, run: ToldRun) -> None:
        """Hear that a run begins, or is taken up again: then its ``id`` is one of before."""
        ...

    def recorded(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Hear of cells, each a record of a line, whose results are on disk.

        A cell may be told of more than once, the same: after `begin` come all that were there.
        """
        ...

    def end(self, state: RunState, findings: Findings) -> None:
        """Hear how the run ended: all cells done; some failed, or the run did; or it was stopped.

        It is the last call. All that `recorded` heard should be in its place when it returns.
        """
        ...
