"""A composition's `only`: which cells of the product a probe or metric is run on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sondage.contracts import Series
from sondage.errors import RegistryError, nearest
from sondage.registry.built import Built
from sondage.registry.models import Rule
from sondage.registry.naming import joined, parted
from sondage.specs import Kind

Where = Callable[..., str]


class Only:
    """Rules by probe or metric; one without rules is run on everything.

    A cell is run if any of the rules admits it. A rule admits what it does not speak of; its
    `steps` leave encoders alone that are not a series.

    Parameters
    ----------
    rules : mapping of a probe's or metric's label to a list of Rule
    components, tasks, encoders : sequences of Built
        Of the composition.
    where : callable
        Keys within the composition to ``file:line``.
    declared : callable
        A kind to what the registry declares of it: a rule may name what ``--set`` took out.

    Raises
    ------
    RegistryError
        For a name that neither the composition nor the registry has.
    """

    def __init__(
        self,
        rules: dict[str, list[Rule]],
        components: Sequence[Built],
        tasks: Sequence[Built],
        encoders: Sequence[Built],
        where: Where,
        declared: Callable[[Kind], Iterable[str]],
    ) -> None:
        self._rules = rules
        gone = {*declared("probe"), *declared("metric")}
        _known(rules, {c.label for c in components}, gone, "a probe or metric", where("only"))
        for name, given in rules.items():
            for rule in given:
                at = where("only", name)
                _known(rule.tasks or (), {t.label for t in tasks}, declared("task"), "a task", at)
                labels = {name for e in encoders for name in names_of(e)}
                gone = {e for e in declared("encoder") if e not in labels}
                named = [*(rule.encoders or ()), *(rule.others or ())]
                _known(named, labels, gone, "an encoder", at)

    def layers(
        self,
        component: Built,
        task: Built,
        encoders: Sequence[Built],
        view: str,
        layers: tuple[int, ...],
    ) -> tuple[int, ...]:
        """Return those of `layers` on which a component is run; maybe none."""
        rules = self._rules.get(component.label)
        if rules is None:
            return layers
        wanted: set[int] = set()
        for rule in rules:
            if _admits(rule, task, *encoders) and (rule.views is None or view in rule.views):
                wanted |= set(_picked(rule.layers, layers))
        return tuple(layer for layer in layers if layer in wanted)

    def any(self, component: Built, task: Built, *encoders: Built) -> bool:
        """Tell whether a component is run on a task and an encoder, or two, at all."""
        rules = self._rules.get(component.label)
        return rules is None or any(_admits(rule, task, *encoders) for rule in rules)


def _admits(rule: Rule, task: Built, encoder: Built, other: Built | None = None) -> bool:
    if rule.others is not None and other is not None and not names_of(other) & set(rule.others):
        return False
    if rule.tasks is not None and task.label not in rule.tasks:
        return False
    if rule.encoders is not None and not names_of(encoder) & set(rule.encoders):
        return False
    if rule.steps is None or encoder.step is None:
        return True
    return encoder.step in _picked(rule.steps, _all_steps(encoder, encoder.step))


def _all_steps(encoder: Built, own: int) -> tuple[int, ...]:
    series = encoder.made_of[0].instance if encoder.made_of else None
    return tuple(series.steps) if isinstance(series, Series) else (own,)


def names_of(encoder: Built) -> set[str]:
    """Return what a composition may call an encoder.

    Of a series' step also ``NAME@last``; of one seed among several also what all are called.
    """
    family, seed, _ = parted(encoder.label)
    steps: list[int | str] = [] if encoder.step is None else [encoder.step]
    if encoder.step is not None and encoder.step == _all_steps(encoder, encoder.step)[-1]:
        steps.append("last")
    return {joined(family, s, step) for s in {seed, ""} for step in ("", *steps)}


def _picked(wanted: Sequence[int | str] | None, known: Sequence[int]) -> Sequence[int]:
    if wanted is None:
        return known
    words = {"first": known[:1], "last": known[-1:], "later": known[1:]}
    return [n for w in wanted for n in (words[w] if isinstance(w, str) else (w,))]


def _known(
    names: Iterable[str], labels: set[str], gone: Iterable[str], what: str, where: str
) -> None:
    for name in names:
        if name not in labels and parted(name)[0] not in gone:
            raise RegistryError(
                f"'only' names '{name}', which is not {what} of the composition",
                where=where,
                near=nearest(name, labels) or sorted(labels),
            )
