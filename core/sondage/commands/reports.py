"""Write what a composition's reports make of its results."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from sondage import registry
from sondage.commands.target import split_target
from sondage.errors import ResultsError, UnknownComponentError, nearest
from sondage.execute.listener import Listener, Silent
from sondage.guard.guarded import guarded
from sondage.guard.isolation import Isolation
from sondage.host import Host, extras
from sondage.records.runs import Run
from sondage.registry.build import Builder
from sondage.registry.built import Built
from sondage.registry.models import Declaration
from sondage.report.stamp import STAMP, stamp_of
from sondage.store import disk

#: Files of one report; one that never ends writing them is stopped here.
_LARGEST_REPORT = 10_000


def write_report(found: Run, built: Built, listener: Listener) -> list[Path]:
    """Write a report of a run, unless it has been written from just these results.

    A report that fails is told to the listener; results are never lost by it.

    Returns
    -------
    list of Path
        What was written, in the run's folder under ``reports``.
    """
    folder = found.folder.path / "reports" / built.label
    mark = folder / STAMP
    try:
        stamp = stamp_of(built.id, found.folder)
        if mark.is_file() and mark.read_bytes() == stamp.encode():
            return []
        disk.make_folder(folder, found.folder.path)
        if os.path.lexists(mark) and not mark.is_file():
            disk.take_away(mark)
    except OSError as error:
        listener.said(f"report '{built.label}' cannot be written: {error}")
        return []
    listener.started(f"report {built.label}")
    try:
        with guarded(Isolation()):
            files = list(islice(built.instance.write(found, folder), _LARGEST_REPORT))
    except Exception as error:
        said = extras.explained(error) or f"{type(error).__name__}: {error}"
        listener.said(f"report '{built.label}' failed: {said}")
        return []
    with contextlib.suppress(OSError):
        mark.write_text(stamp, "utf-8")
    listener.said(f"report '{built.label}': {len(files)} files in {folder}")
    return files


class _Hearing(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def said(self, text: str) -> None:
        """Keep it."""
        self.heard.append(text)


def report_on(target: str, run: Run, given: Mapping[str, Any], host: Host) -> list[Path]:
    """Write a report of a finished run, whatever its composition has.

    Parameters
    ----------
    target : str
        A report that the shipped registry declares, ``FILE.yaml:NAME``, or a component's name.
    run : Run
    given : mapping
        Parameters, instead of those declared.
    host : Host

    Returns
    -------
    list of Path
        What was written, in the run's folder under ``reports``.

    Raises
    ------
    ResultsError
        If the report fails, with what it said.
    UnknownComponentError, ParameterError
    """
    file, name = split_target(target)
    found = registry.load(file)
    declared = found.declared("report").get(name)
    if declared is None and name not in (offers := [o.spec.name for o in host.offers("report")]):
        known = [*found.declared("report"), *offers]
        raise UnknownComponentError(
            f"there is no report '{name}'",
            where=found.document.where("reports"),
            near=nearest(name, known) or known[:10],
            hint="sondage list reports",
        )
    own = declared.parameters if declared is not None else {}
    declaration = Declaration(use=declared.use if declared else name, **{**own, **given})
    section = dict(found.declared("report")) | {name: declaration}
    contents = found.contents.model_copy(update={"reports": section})
    builder = Builder(host, registry.Registry(contents, found.document))
    built = builder.build("report", name, ("reports", name), "the command")
    hearing = _Hearing()
    with contextlib.suppress(OSError):
        # What is asked for by name is written anew.
        (run.folder.path / "reports" / built.label / STAMP).unlink(missing_ok=True)
    files = write_report(run, built, hearing)
    if not files:
        said = hearing.heard[-1] if hearing.heard else f"report '{name}' wrote nothing"
        raise ResultsError(said, where=str(run.folder.path), hint=f"sondage describe report {name}")
    return files
