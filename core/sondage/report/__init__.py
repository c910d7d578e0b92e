"""What a run found, for people: tables in the terminal, LaTeX, SQL and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage.report.database import query as query
    from sondage.report.figure import plot as plot
    from sondage.report.pivot import Panel as Panel
    from sondage.report.pivot import panels as panels
    from sondage.report.read import Findings as Findings
    from sondage.report.read import findings as findings
    from sondage.report.tex import latex as latex
else:
    # Reading a finished run's findings imports neither pandas nor Altair.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "database": ["query"],
            "figure": ["plot"],
            "pivot": ["Panel", "panels"],
            "read": ["Findings", "findings"],
            "tex": ["latex"],
        },
    )
