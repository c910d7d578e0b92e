"""Which encoders metrics compare: each with the baseline, or the pairs that are named."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sondage.errors import RegistryError, nearest
from sondage.plan.only import names_of
from sondage.registry.built import Built
from sondage.registry.models import Composition
from sondage.registry.naming import parted

Pair = tuple[Built, Built]


def compared(
    composition: Composition,
    encoders: Sequence[Built],
    bases: Sequence[Built],
    where: Callable[..., str],
) -> list[Pair]:
    """Return the pairs of encoders to compare.

    Those of several seeds are compared seed by seed; what has none, with all. A pair of one
    family with itself is every two of its seeds.

    Raises
    ------
    RegistryError
        For a name that is none of the composition's encoders, for a pair of one encoder alone,
        or where neither a baseline nor pairs are named.
    """
    if not composition.pairs:
        if not bases:
            raise RegistryError(
                "the composition has metrics, which compare encoders with a baseline, but names "
                "none",
                where=where("metrics"),
                hint=f"add 'baseline: {encoders[0].label}', or 'pairs:'",
            )
        return _matched(encoders, bases)
    found: dict[tuple[str, str], Pair] = {}
    for i, pair in enumerate(composition.pairs):
        one, other = (_named(name, encoders, where("pairs", i)) for name in pair)
        several = _every_two(one) if pair[0] == pair[1] else _matched(one, other)
        if not several:
            raise RegistryError(
                f"'pairs' compares '{pair[0]}' with itself",
                where=where("pairs", i),
                hint="of an encoder with several seeds, every two of them",
            )
        found |= {(a.id, b.id): (a, b) for a, b in several}
    return list(found.values())


def _named(name: str, encoders: Sequence[Built], where: str) -> list[Built]:
    found = [encoder for encoder in encoders if name in names_of(encoder)]
    if not found:
        names = {n for encoder in encoders for n in names_of(encoder)}
        raise RegistryError(
            f"'pairs' names '{name}', which is not an encoder of the composition",
            where=where,
            near=nearest(name, names) or sorted(names),
        )
    return found


def _every_two(encoders: Sequence[Built]) -> list[Pair]:
    return [(a, b) for i, b in enumerate(encoders) for a in encoders[i + 1 :]]


def _matched(ones: Sequence[Built], others: Sequence[Built]) -> list[Pair]:
    pairs = []
    for one in ones:
        seed = parted(one.label)[1]
        mates = [other for other in others if parted(other.label)[1] == seed] or others
        pairs += [(one, other) for other in mates if one.id != other.id]
    return pairs
