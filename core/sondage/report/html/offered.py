"""What plugins show of a run's tables by themselves, such as predicted trees: a few of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from sondage.guard.guarded import guarded
from sondage.guard.isolation import Isolation
from sondage.host import Host, Offer, extras
from sondage.plain import flat
from sondage.records.runs import Run
from sondage.report.html.pictures import Drawn, drawn_in
from sondage.report.html.sources import Part
from sondage.specs import ReportSpec

#: Pictures, and tables, of one report that a page has: from the first to the last, as what is
#: to be compared often lies apart.
_MOST_SHOWN = 8


@contextmanager
def volunteered(
    run: Run, tables: Collection[str], ran: Sequence[Part], host: Host, room: int
) -> Iterator[list[Drawn]]:
    """Write the reports that are made for tables which a run holds, and return what they drew.

    A report that the run's folder has is left out. The files are there within the context.

    Parameters
    ----------
    run : Run
    tables : collection of str
        Names of those that it holds.
    ran : sequence of Part
        What ran, reports among it.
    host : Host
        Knows what plugins offer.
    room : int
        Bytes that all pictures together may take.
    """
    written = {path.name for path in (run.folder.path / "reports").glob("*") if path.is_dir()}
    written |= {part.use for part in ran if part.kind == "report" and part.label in written}
    with TemporaryDirectory(prefix="sondage-page-") as scratch:
        out: list[Drawn] = []
        for offer in _made_for(host, tables, written):
            found = _drawn(offer, run, Path(scratch, str(len(out))), room, len(out))
            out.append(found)
            room -= sum(len(picture.svg) for picture in found.pictures)
        yield [one for one in out if one.pictures or one.tables or one.failed]


def _made_for(host: Host, tables: Collection[str], written: Collection[str]) -> list[Offer]:
    offers = [o for o in host.offers("report") if o.spec.name not in written]
    fitting = [o for o in offers if {*cast("ReportSpec", o.spec).shows} & {*tables}]
    return [o for o in fitting if not o.spec.superseded_by]


def _drawn(offer: Offer, run: Run, folder: Path, room: int, number: int) -> Drawn:
    name, about = offer.spec.name, offer.spec.summary
    folder.mkdir()
    try:
        with guarded(Isolation()):
            offer.spec.load()().write(run, folder)
    except Exception as error:
        said = extras.explained(error) or f"{type(error).__name__}: {error}"
        return Drawn(name, about, [], [], failed=f"it failed: {flat(said)}")
    pictures, tables, left = drawn_in(folder, f"o{number}-", room, "", most=_MOST_SHOWN)
    whole = f"{left} more: sondage report {name} {run.name}" if left else ""
    return Drawn(name, about, pictures, tables, more=whole)
