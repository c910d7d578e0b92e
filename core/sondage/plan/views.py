"""Which views of an encoder fit a probe or metric on a task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sondage.data import VIEWS
from sondage.errors import RegistryError, nearest
from sondage.registry.built import Built
from sondage.registry.models import Composition

_DEFAULT = {"sentence": "mean", "word": "word"}


@dataclass(frozen=True)
class Fit:
    """What rows are taken.

    Attributes
    ----------
    levels : frozenset of str
        What a row may stand for, as in `sondage.data.VIEWS`.
    wants : tuple of str
        If not empty, these views and no others.
    defaults : tuple of str
        What is taken, the first that there is, where a composition names no views.
    """

    levels: frozenset[str]
    wants: tuple[str, ...]
    defaults: tuple[str, ...]

    def admits(self, view: str) -> bool:
        """Tell whether a view fits; one of an encoder's own may, until its rows are counted."""
        if self.wants:
            return view in self.wants
        return view not in VIEWS or VIEWS[view] in self.levels


def fit_of(task: Built, more: Iterable[str], wants: tuple[str, ...] = ()) -> Fit:
    """Return what fits a task.

    Parameters
    ----------
    task : Built
    more : iterable of str
        Levels beside the task's own: of its sentences, else of its words.
    wants : tuple of str
        What the probe says that it wants.
    """
    level = "sentence" if task.instance.units == "sentences" else "word"
    default = _DEFAULT[level]
    if not wants:
        return Fit(frozenset({level, *more}), (), (default,))
    return Fit(frozenset({level}), wants, wants)


class Views:
    """The views of a composition: each is used, refused, or said to be left out.

    Parameters
    ----------
    composition : Composition
    name : str
        The composition's.
    where : callable
        Keys within the composition to ``file:line``.
    encoders : sequence of Built
    notes : dict
        Takes what is left out, as keys.
    """

    def __init__(
        self,
        composition: Composition,
        name: str,
        where: Callable[..., str],
        encoders: Sequence[Built],
        notes: dict[str, None],
    ) -> None:
        self._given = tuple(composition.views)
        self.where, self._notes = where, notes
        known = [*VIEWS, *(view for e in encoders for view in e.instance.views)]
        for i, view in enumerate(self._given):
            if view not in known:
                raise RegistryError(
                    f"composition '{name}' wants view '{view}'",
                    where=where("views", i),
                    near=nearest(view, known) or list(dict.fromkeys(known)),
                )

    def of(self, who: Built, task: Built, encoders: Sequence[Built], fit: Fit) -> list[str]:
        """Return the views that a component is run with: as asked for, never another instead.

        Raises
        ------
        RegistryError
            If none of the given ones fits, or the default is not offered.
        """
        fitting = [v for v in self._given or fit.defaults if fit.admits(v)]
        offered = [v for v in encoders[0].instance.views if _offered(encoders, v)]
        chosen = [v for v in fitting if v in offered]
        if not self._given:
            chosen = chosen[:1]
        if not chosen and fit.wants:
            # The probe says itself what it reads; the composition's views are for others.
            chosen = [v for v in fit.wants if v in offered][:1]
        if not chosen:
            raise RegistryError(
                self._refusal(who, task, encoders, fitting, fit.wants),
                where=self.where("views") if self._given else self.where(),
                near=[v for v in offered if fit.admits(v)],
                hint="choose 'views:' in the composition",
            )
        if unfit := [v for v in self._given if v not in fitting]:
            told = f"{who.label} on {task.label} takes no view of {', '.join(unfit)}"
            self._notes[f"{told}: run with {', '.join(chosen)}"] = None
        for view in (v for v in fitting if self._given and v not in offered):
            self._notes[f"{_lacks(encoders, view)}: run with {', '.join(chosen)}"] = None
        return chosen

    def _refusal(
        self,
        who: Built,
        task: Built,
        encoders: Sequence[Built],
        fitting: Sequence[str],
        wants: Sequence[str],
    ) -> str:
        if wants:
            return (
                f"{who.kind} '{who.label}' reads the view {' or '.join(wants)}, which encoder "
                f"'{encoders[0].title}' does not offer"
            )
        if fitting:
            return _lacks(encoders, fitting[0])
        views = ", ".join(self._given)
        return f"{who.kind} '{who.label}' takes no view of {views} on task '{task.label}'"

    def check_width(self, probe: Built, task: Built, encoder: Built, views: Sequence[str]) -> None:
        """Refuse an encoder whose vectors have not the width that a probe says it wants."""
        wanted = getattr(probe.instance, "wants_width", None)
        common = any(VIEWS.get(view, "attention") != "attention" for view in views)
        # Of pairs the two vectors are joined, and a plan does not know which words are paired.
        widths = (1, 2) if task.instance.units == "words" else (1,)
        if wanted and common and wanted not in [n * encoder.instance.width for n in widths]:
            raise RegistryError(
                f"probe '{probe.label}' wants vectors of width {wanted}, but those of encoder "
                f"'{encoder.title}' have {encoder.instance.width}",
                where=self.where("probes"),
                hint="keep the probe to other encoders by 'only:'",
            )


def _offered(encoders: Sequence[Built], view: str) -> bool:
    return all(view in encoder.instance.views for encoder in encoders)


def _lacks(encoders: Sequence[Built], view: str) -> str:
    short = next(e for e in encoders if view not in e.instance.views)
    return f"encoder '{short.title}' has no view '{view}'"
