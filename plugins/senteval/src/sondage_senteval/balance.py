"""Parts in which labels are balanced, dealt from all that fits a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sondage.errors import DataError
from sondage_senteval.formats import PARTS


@dataclass(frozen=True)
class Item:
    """A sentence with its label.

    Parameters
    ----------
    tokens : tuple of str
    label : str
    where : str
        Where its source stands.
    part : int
        0, 1, 2 for train, dev, test; -1 before it is dealt.
    """

    tokens: tuple[str, ...]
    label: str
    where: str
    part: int = -1


Slot = tuple[Item, ...]


def shares(n: int, ratios: Sequence[float]) -> list[int]:
    """Return n cut by `ratios`; each part has at least one where n allows it."""
    cuts = [round(n * sum(ratios[: k + 1])) for k in range(3)]
    out = [cuts[0], cuts[1] - cuts[0], n - cuts[1]]
    for k in range(3):
        if ratios[k] > 0 and not out[k] and max(out) > 1:
            out[int(np.argmax(out))] -= 1
            out[k] = 1
    return out


def slots_of(strata: Mapping[object, Mapping[str, list[Item]]], labels: Sequence[str],
             rng: np.random.Generator) -> list[Slot]:  # fmt: skip
    """Return slots, each one item of every label, all of one stratum.

    As many as the rarest label of each stratum allows, drawn at random: whatever takes whole
    slots is balanced, and its labels have the same distribution over strata.
    """
    out: list[Slot] = []
    for of_label in strata.values():
        n = min(len(of_label.get(label, ())) for label in labels)
        drawn = [[of_label[x][i] for i in rng.permutation(len(of_label[x]))[:n]]
                 for x in labels if n]  # fmt: skip
        out += list(zip(*drawn, strict=True))
    return out


def deal_slots(
    slots: Sequence[Slot], ratios: Sequence[float], size: int | None, rng: np.random.Generator
) -> list[Item]:
    """Deal whole slots to the parts.

    Parameters
    ----------
    size : int, optional
        At most this many items in all.
    """
    order = rng.permutation(len(slots))
    if size is not None and slots:
        order = order[: size // len(slots[0])]
    part = np.repeat(np.arange(3), shares(len(order), ratios))
    return [
        replace(item, part=int(p)) for p, i in zip(part, order, strict=True) for item in slots[i]
    ]


def deal_keys(
    groups: Mapping[str, list[Item]], ratios: Sequence[float], size: int | None,
    labels: Sequence[str], rng: np.random.Generator,
) -> list[Item]:  # fmt: skip
    """Deal items so that no key has items in two parts, and each part is balanced.

    Keys come in random order, those with many items first; each goes to the part that
    lacks most of what its items would give. Then the commoner labels of a part are thinned.

    Parameters
    ----------
    groups : mapping of key to its items
    """
    keys = list(groups)
    keys = [keys[i] for i in rng.permutation(len(keys))]
    keys.sort(key=lambda k: -len(groups[k]))
    totals = {x: sum(item.label == x for g in groups.values() for item in g) for x in labels}
    wanted = [{x: r * totals[x] for x in labels} for r in ratios]
    held: list[dict[str, list[Item]]] = [{x: [] for x in labels} for _ in range(3)]
    for key in keys:
        gain = [
            sum((wanted[p][i.label] - len(held[p][i.label])) / max(wanted[p][i.label], 1e-9)
                for i in groups[key]) if ratios[p] else -np.inf
            for p in range(3)
        ]  # fmt: skip
        p = int(np.argmax(gain))
        for item in groups[key]:
            held[p][item.label].append(item)
    out = []
    room = None if size is None else shares(size // len(labels), ratios)
    for p in range(3):
        n = min(len(held[p][x]) for x in labels)
        n = n if room is None else min(n, room[p])
        for x in labels:
            out += [replace(held[p][x][i], part=p) for i in rng.permutation(len(held[p][x]))[:n]]
    return out


def ordered(items: Sequence[Item], rng: np.random.Generator) -> list[Item]:
    """Return items by part, in random order within each, as SentEval's files have them."""
    shuffled = [items[i] for i in rng.permutation(len(items))]
    return sorted(shuffled, key=lambda item: item.part)


def check_filled(
    task: str, items: Sequence[Item], ratios: Sequence[float], labels: Sequence[str],
    found: Mapping[str, int], read: int,
) -> None:  # fmt: skip
    """Raise `DataError`, with all counts, if a wanted part has no item of some label."""
    for p in range(3):
        have = {item.label for item in items if item.part == p}
        if ratios[p] and not set(labels) <= have:
            counts = ", ".join(f"{what}: {n}" for what, n in found.items()) or "none"
            raise DataError(
                f"{task}: too few sentences: of {read} of a fitting length, those that fit the "
                f"rules are {counts}; balanced, nothing is left for part {PARTS[p]}",
                hint="give more of the treebank, wider limits, or other 'ratios'",
            )
