"""The files of a run that are kept with its scores: tables, a figure, reports."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sondage.contracts import Findings, ToldRun
from sondage.errors import SondageError
from sondage.host.extras import lacking

if TYPE_CHECKING:
    from sondage.api import Run


def write_files(run: ToldRun, findings: Findings, folder: Path) -> None:
    """Write ``summary.csv``, ``cells.csv``, a figure where one can be drawn, and the reports.

    Parameters
    ----------
    run : ToldRun
    findings : Findings
        Where it is a run on disk, with its figure.
    folder : Path
        Empty.
    """
    cells = findings.frame()
    cells.to_csv(folder / "cells.csv", index=False)
    if len(cells):
        findings.summary().to_csv(folder / "summary.csv", index=False)
    if hasattr(findings, "folder") and not lacking("figures"):
        from sondage import report

        # Not every run has scores by layer to draw.
        with contextlib.suppress(SondageError):
            report.plot(cast("Run", findings), folder / "results.svg")
    reports = run.folder / "reports"
    if reports.is_dir():
        shutil.copytree(reports, folder / "reports", ignore=shutil.ignore_patterns(".*"))
