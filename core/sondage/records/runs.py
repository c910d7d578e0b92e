"""The runs that are on disk: found by name, each as an object that reads its results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sondage.errors import ResultsError, nearest
from sondage.records.across import runs
from sondage.records.catalogue import by_number, composition_of, last_asked
from sondage.records.folder import RunFolder
from sondage.records.glance import in_html
from sondage.records.lines import Record
from sondage.records.parcel import HEADERS, newer
from sondage.store import paths

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame
    from xarray import Dataset


class Run:
    """One composition's results.

    Attributes
    ----------
    folder : RunFolder
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        """The run folder's name."""
        return self.folder.path.name

    @property
    def failed(self) -> list[Record]:
        """Records of cells that failed."""
        return [r for r in self.folder.records() if r["status"] != "done"]

    def frame(self) -> DataFrame:
        """Return one row per cell and score: ``encoder, task, component, layer, seed, ...``."""
        from sondage.records.frames import frame

        return frame([self.folder])

    def summary(self) -> DataFrame:
        """Return one row per score with mean, deviation, intervals and difference to baseline.

        It is computed once for the same results, and kept beside them.
        """
        from sondage.records.frames import in_floats
        from sondage.records.summary import read_summary

        return in_floats(read_summary(self.folder).frame())

    def table(self, name: str) -> DataFrame:
        """Return one named table (such as ``per_class``) of all cells, stacked."""
        from sondage.records.frames import table

        return table(self.folder, name)

    def arrays(self) -> Iterator[tuple[Record, dict[str, NDArray[Any]]]]:
        """Yield each finished cell that has arrays: its record and its arrays by name."""
        import numpy as np

        for found in self.folder.records():
            if found["status"] == "done" and "artifact" in found:
                if not self.folder.holds(found):
                    raise ResultsError(
                        "the arrays of a cell are gone or damaged",
                        where=str(self.folder.path / found["artifact"]),
                        hint="run the same command again: the cell is run anew",
                    )
                with np.load(self.folder.path / found["artifact"], allow_pickle=False) as file:
                    yield found, dict(file)

    def to_xarray(self) -> Dataset:
        """Return the scores as an `xarray.Dataset`: encoder × layer × seed, and task and view.

        A variable for each component and score, ``linear.accuracy``; its intervals over seeds are
        ``linear.accuracy.low`` and ``.high``. What pairs of encoders have is along ``pair``, and
        what mixes all layers has no ``layer``. What is not there is NaN. Needs xarray.
        """
        from sondage.records.cube import cube

        return cube(self.folder)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: state, and each encoder's best layer."""
        from sondage.records.summary import read_summary

        return in_html(read_summary(self.folder))

    def __repr__(self) -> str:
        return f"<Run {self.name}: {len(self.folder.records())} cells in {self.folder.path}>"


def results(name: str = "") -> Run:
    """Return a run that exists: by its name, or the one that was run last.

    Parameters
    ----------
    name : str
        A run folder's name, a composition's, or the beginning of one; a run's number or the
        beginning of its id; or ``latest``. Where several runs of one composition fit, the one
        of them that was run last is returned.

    Raises
    ------
    ResultsError
        If there is none, or the beginning fits runs of several compositions.
    """
    return Run(matching(name)[-1])


def matching(name: str = "") -> list[RunFolder]:
    """Return the runs that a name fits, as `results` takes it: the one run last is the last.

    Parameters
    ----------
    name : str
        Empty for all runs; else runs of one composition are returned. ``latest`` is the run
        that was run last, ``3`` the third in `sondage.records.catalogue.listed`, and four
        digits or more of a run's id are that run.

    Raises
    ------
    ResultsError
        If there is none, or the beginning fits runs of several compositions.
    """
    root = paths.runs_folder()
    found = sorted(runs(root), key=last_asked)
    names = [f.path.name for f in found]
    fitting = _fitting(name, found) if name else found
    if not fitting:
        raise ResultsError(
            f"there is no run '{name}'" if name else "there are no results yet",
            where=str(root),
            near=nearest(name, names) or names[-5:],
            hint="sondage runs" if found else "sondage run NAME",
        )
    if fitting[-1].header().get("schema", 1) not in HEADERS:
        raise newer(fitting[-1].header(), fitting[-1].path)
    if not name:
        return found
    compositions = list(dict.fromkeys(composition_of(f) for f in reversed(fitting)))
    if len(compositions) > 1:
        names = [f.path.name for f in reversed(fitting)]
        raise ResultsError(
            f"'{name}' fits runs of {len(compositions)} compositions",
            where=str(root),
            near=names if len(names) <= _MOST_NAMES else compositions[:_MOST_NAMES],
            hint="give more of the name; a composition's whole name takes its last run",
        )
    return fitting


#: Names in a message, and digits of a run's id that may stand for it.
_MOST_NAMES, _LEAST_DIGITS = 10, 4
#: The run that was run last, whatever it is called.
LATEST = "latest"


def _fitting(name: str, found: list[RunFolder]) -> list[RunFolder]:
    """Return the runs that a name fits; a whole name counts before a beginning."""
    # 'pud' is not 'pud-upos', and a composition may be called '3' or 'latest'.
    whole = [f for f in found if f.path.name == name]
    whole = whole or [f for f in found if composition_of(f) == name]
    if whole:
        return whole
    if name == LATEST:
        return found[-1:]
    if name.isdecimal() and 0 < int(name) <= len(found):
        return [by_number(found)[int(name) - 1]]
    begun = [f for f in found if f.path.name.startswith(name)]
    ends = [f for f in found if f.path.name.rpartition("-")[2].startswith(name)]
    return begun or (ends if len(name) >= _LEAST_DIGITS else [])
