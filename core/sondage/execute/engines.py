"""Whose models what is left of a run needs in memory, in what order, and letting the others go."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sondage.contracts import Releasable
from sondage.errors import SondageError
from sondage.execute.graph import Node
from sondage.guard.guarded import guarded
from sondage.guard.isolation import Isolation
from sondage.plan.cells import Encoding, Job, Passing, Training
from sondage.registry.built import Built

#: Encoders by the identity of their objects: equal ones that are two objects load two models.
Instances = dict[int, Any]


def encoders_of(item: Training | Encoding | Passing | Job) -> tuple[Built, ...]:
    """Return the encoders that a piece of work reads with; a training keeps no model."""
    if isinstance(item, Encoding):
        return (item.encoder,)
    if isinstance(item, Passing) or (isinstance(item, Job) and item.reads == "encoder"):
        return item.encoders
    return ()


def instances_of(encoders: Iterable[Built]) -> Instances:
    """Return what may hold a model once these have read: they, and what they are made of."""
    found: Instances = {}
    for built in encoders:
        if built.kind != "encoder":
            continue
        # A series holds no model: its steps do.
        if hasattr(built.instance, "encode"):
            found[id(built.instance)] = built.instance
        found |= instances_of(built.made_of)
    return found


def in_order(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield nodes, each after those that it needs, such that few models are needed at a time.

    What reads the store comes as soon as it can. Then comes what is read with models that are
    there already, then what needs the fewest more; a training comes after what needs none.
    """
    waiting = {node.name: len(node.needs) for node in nodes}
    after: dict[str, list[tuple[int, Node]]] = {}
    ready = _Ready()
    for number, node in enumerate(nodes):
        for name in node.needs:
            after.setdefault(name, []).append((number, node))
        if not node.needs:
            ready.add(number, node)
    while ready:
        done = ready.next()
        yield done
        for number, node in after.get(done.name, ()):
            waiting[node.name] -= 1
            if not waiting[node.name]:
                ready.add(number, node)


class _Ready:
    """Nodes that may run, those that are read with the same models together."""

    def __init__(self) -> None:
        self._plain: deque[Node] = deque()
        self._groups: dict[tuple[Any, ...], deque[tuple[int, Node]]] = {}
        # What was read with is there as long as anything left needs it.
        self._there: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._plain or self._groups)

    def add(self, number: int, node: Node) -> None:
        models = frozenset(instances_of(encoders_of(node.item)))
        training = isinstance(node.item, Training)
        if not models and not training:
            self._plain.append(node)
            return
        self._groups.setdefault((training, models), deque()).append((number, node))

    def next(self) -> Node:
        if self._plain:
            return self._plain.popleft()

        def cost(key: tuple[Any, ...]) -> tuple[int, bool, int]:
            training, models = key
            return training + len(models - self._there), training, self._groups[key][0][0]

        best = min(self._groups, key=cost)
        _, node = self._groups[best].popleft()
        if not self._groups[best]:
            del self._groups[best]
        self._there |= best[1]
        return node


class Engines:
    """Lets encoders' models go once nothing is left that is read with them.

    What shares a part with the next to be read with stays until that is done: weights that
    both have are then in memory once, and are not loaded anew.

    Parameters
    ----------
    nodes : sequence of Node
        All that is to be done.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._left: Counter[int] = Counter()
        self._there: Instances = {}
        self._parts: dict[int, frozenset[int]] = {}
        for node in nodes:
            self._left.update(instances_of(encoders_of(node.item)).keys())

    def before(self, node: Node) -> list[str]:
        """Let go what is read with no more; return what went wrong."""
        encoders = encoders_of(node.item)
        if not encoders:
            return []
        wanted = instances_of(encoders)
        gone = [
            key
            for key in self._there
            if not self._left[key] and not self._parts[key] & wanted.keys()
        ]
        said = release(self._there.pop(key) for key in gone)
        self._there |= wanted
        self._parts |= {key: frozenset({key}) for key in wanted if key not in self._parts}
        for built in encoders:
            self._parts[id(built.instance)] = frozenset(instances_of([built]))
        return said

    def after(self, node: Node) -> None:
        """Count a node as done."""
        self._left.subtract(instances_of(encoders_of(node.item)).keys())

    def close(self) -> list[str]:
        """Let everything go."""
        return release(self._there.values())


def release(instances: Iterable[Any]) -> list[str]:
    """Have encoders forget their models; return what went wrong."""
    said = []
    for instance in instances:
        if not isinstance(instance, Releasable):
            continue
        try:
            with guarded(Isolation()):
                instance.release()
        except SondageError as error:
            said.append(f"{type(instance).__name__} does not let its model go: {error.message}")
        except Exception as error:  # a component may fail in any way
            said.append(f"{type(instance).__name__} does not let its model go: {error!r}")
    return said


class Uses:
    """Counts, where workers read, which encoders nothing is left to be read with.

    Parameters
    ----------
    nodes : sequence of Node
        All that is to be done.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._left = Counter(one.id for node in nodes for one in encoders_of(node.item))

    def done(self, item: Training | Encoding | Passing | Job) -> list[str]:
        """Count a piece of work as done; return the ids of encoders that are not used any more."""
        ids = [built.id for built in encoders_of(item)]
        self._left.subtract(ids)
        return [one for one in ids if self._left[one] == 0]


#: Of a worker, what its last piece of work was read with, by store and encoder.
_held: dict[tuple[Path, str], Built] = {}
#: Of these, what nothing is left to be read with.
_unused: set[tuple[Path, str]] = set()


def mark_unused(store: Path, encoders: Sequence[str]) -> None:
    """Have this worker let encoders go before its next piece of work, whatever that is."""
    _unused.update((store, one) for one in encoders)


def let_all_go(store: Path) -> None:
    """Let go what this worker holds for a store; while it is at no piece of work."""
    mark_unused(store, [one for root, one in list(_held) if root == store])
    _hold(_still_used())


def _still_used() -> dict[tuple[Path, str], Built]:
    return {key: built for key, built in _held.items() if key not in _unused}


def _hold(found: dict[tuple[Path, str], Built]) -> None:
    """Hold these, and let go the models of all else."""
    stays = instances_of(found.values()).keys()
    before = instances_of(_held.values())
    release(instance for key, instance in before.items() if key not in stays)
    _held.clear()
    _held.update(found)
    _unused.clear()


def kept_here(item: Any, store: Path) -> Any:
    """Return a worker's piece of work, with the encoders of its last one where it has them too.

    They travel without their models. So a worker has the models of one piece of work in memory,
    and loads none anew that the next is read with.

    Parameters
    ----------
    item : Training, Encoding, Passing or Job
    store : Path
    """
    encoders = encoders_of(item)
    if not encoders:
        if _unused:
            _hold(_still_used())
        return item
    found = {(store, built.id): _held.get((store, built.id), built) for built in encoders}
    _hold(found)
    kept = tuple(found[store, built.id] for built in encoders)
    if isinstance(item, Encoding):
        return replace(item, encoder=kept[0])
    return replace(item, encoders=kept)
