"""What is left of a plan in seconds, each kind of work by what it took in earlier runs here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sondage.execute.loading import letters, load_task
from sondage.plain import duration
from sondage.plan.cells import Encoding, Job, Training
from sondage.records.paces import Paces, kind_of_cell, kind_of_encoding, kind_of_training

#: Kinds of work that are named where nothing is known of them.
_MOST_NAMED = 4

TextSize = Callable[[Encoding], int | None]


@dataclass(frozen=True)
class Piece:
    """Some work that is left.

    Attributes
    ----------
    what : {'trainings', 'encodings', 'cells'}
    title : str
        Of what kind it is, for people.
    n : int
    seconds : float or None
        All together; None if no earlier run here did such work.
    """

    what: str
    title: str
    n: int
    seconds: float | None


@dataclass(frozen=True)
class Estimate:
    """What is left, piece by piece."""

    pieces: tuple[Piece, ...]

    @property
    def seconds(self) -> float:
        """Of all that is known."""
        return sum(p.seconds for p in self.pieces if p.seconds is not None)

    @property
    def unknown(self) -> list[Piece]:
        """What no earlier run here did."""
        return [p for p in self.pieces if p.seconds is None]

    def __str__(self) -> str:
        if not self.pieces:
            return "none: all is done"
        known = [p for p in self.pieces if p.seconds is not None]
        lacking = self._lacking()
        if not known:
            return f"not known, no earlier run on this machine did {lacking}"
        parts = []
        for what in dict.fromkeys(p.what for p in known):
            own = [p.seconds or 0.0 for p in known if p.what == what]
            parts.append(f"{what} {duration(sum(own))}")
        said = f"{duration(self.seconds)} ({', '.join(parts)}), by earlier runs on this machine"
        return f"at least {said}; none of them did {lacking}" if lacking else f"about {said}"

    def _lacking(self) -> str:
        titles = list(dict.fromkeys(p.title for p in self.unknown))
        more = f" and {len(titles) - _MOST_NAMED} more" if len(titles) > _MOST_NAMED else ""
        return ", ".join(titles[:_MOST_NAMED]) + more


def estimate(
    todo: Iterable[Job],
    training: Iterable[Training],
    passes: Iterable[Encoding],
    paces: Paces,
    size: TextSize,
) -> Estimate:
    """Return what is left, with the seconds that are known.

    Parameters
    ----------
    todo, training, passes : iterables of Job, Training and Encoding
        What is left.
    paces : Paces
    size : callable
        Returns the characters of the texts that a pass reads, asked for only where the encoder's
        pace is known and that text's is not.
    """
    found = [Piece("trainings", t.title, 1, paces.cell(kind_of_training(t))) for t in training] + [
        Piece("encodings", e.title, 1, encoding_seconds(e, paces, size)) for e in passes
    ]
    for job in todo:
        each = paces.cell(kind_of_cell(job))
        n = len(job.cells)
        title = f"{job.component.label} on {job.task.label}"
        found.append(Piece("cells", title, n, None if each is None else each * n))
    return Estimate(tuple(found))


def encoding_seconds(item: Encoding, paces: Paces, size: TextSize) -> float | None:
    """Return the seconds that a pass takes, by earlier ones of the same encoder; else None."""
    kind = kind_of_encoding(item)
    known = paces.encoding(kind, None)
    if known is None and (kind[0], "", kind[2]) in paces.likewise:
        known = paces.encoding(kind, size(item))
    return known


def size_of_texts(item: Encoding) -> int | None:
    """Return the characters that a pass reads; None if the task cannot be loaded."""
    try:
        return letters(load_task(item.task).corpus)
    except Exception:
        # The run says why.
        return None
