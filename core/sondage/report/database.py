"""SQL over all runs or one, through an in-memory DuckDB that sees nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sondage.errors import ResultsError
from sondage.host import extras
from sondage.records.across import runs
from sondage.records.folder import RunFolder

if TYPE_CHECKING:
    from pandas import DataFrame


def query(
    root: Path, sql: str, *, run: str = "", left_out: Callable[[str, str], None] | None = None
) -> DataFrame:
    """Return what a query gives over the tables ``cells`` and ``summary``.

    Parameters
    ----------
    root : Path
        The folder that holds the runs.
    sql : str
        One DuckDB statement. Nothing outside the two tables can be read or written.
    run : str
        The run folder's name that the tables are of; empty for all runs.
    left_out : callable, optional
        Called with the name of each run that cannot be read, and why; of all runs, those are
        not in the tables.

    Raises
    ------
    ResultsError
        If the query is wrong.
    """
    extras.need("sql", "a query")
    import duckdb

    if not sql.strip():
        raise ResultsError(
            "the query is empty", where="--sql", hint="such as: select * from summary"
        )
    folders = [folder for folder in runs(root) if run in ("", folder.path.name)]
    if not run:
        folders = [folder for folder in folders if _readable(folder, left_out)]
    with duckdb.connect(":memory:") as connection:
        connection.register("_cells", all_cells(folders))
        connection.register("_summary", all_summaries(folders))
        connection.execute("create table cells as select * from _cells")
        connection.execute("create table summary as select * from _summary")
        connection.execute("drop view _cells; drop view _summary")
        # From here on a query reaches neither files nor the variables of this program.
        connection.execute("set enable_external_access = false")
        connection.execute("set python_enable_replacements = false")
        connection.execute("set lock_configuration = true")
        try:
            return connection.execute(sql).df()
        except duckdb.Error as error:
            columns = connection.execute(
                "select table_name, string_agg(column_name, ', ' order by ordinal_position) "
                "from information_schema.columns group by 1 order by 1"
            ).fetchall()
            raise ResultsError(
                f"the query cannot be answered: {str(error).strip()}",
                where="--sql",
                hint="; ".join(f"{table}({names})" for table, names in columns),
            ) from error


def _readable(folder: RunFolder, left_out: Callable[[str, str], None] | None) -> bool:
    """Return whether a run's results can be read; one that cannot leaves the others alone."""
    try:
        folder.records()
    except ResultsError as error:
        if left_out is not None:
            left_out(folder.path.name, error.message)
        return False
    return True


def all_cells(folders: Iterable[RunFolder]) -> DataFrame:
    """Return the tidy frame of some runs, each cell once: finished if it is so anywhere."""
    from sondage.records.frames import frame

    cells = frame(folders)
    cells = cells.sort_values("status", key=lambda s: s != "done", kind="stable")
    finished = set(cells.loc[cells["status"] == "done", "id"])
    cells = cells[(cells["status"] == "done") | ~cells["id"].isin(finished)]
    return cells.drop_duplicates(["id", "score"]).sort_index().reset_index(drop=True)


def all_summaries(folders: Iterable[RunFolder]) -> DataFrame:
    """Return the summaries of some runs, with the run's name in front."""
    extras.need("run", "a table of results")
    import pandas as pd

    from sondage.records.frames import SUMMARY
    from sondage.records.summary import read_summary

    parts = []
    for folder in folders:
        part = read_summary(folder).frame()
        if len(part):
            part.insert(0, "run", folder.path.name)
            parts.append(part)
    if not parts:
        empty = pd.DataFrame(columns=["run", *SUMMARY])
        return empty.astype({"run": "string"} | SUMMARY)
    return pd.concat(parts, ignore_index=True)
