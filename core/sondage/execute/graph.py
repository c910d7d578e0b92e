"""The graph of a plan's work: a node for each training, encoding and job, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sondage.errors import StoreError
from sondage.execute.listener import Listener
from sondage.plan.cells import Encoding, Job, Passing, Plan, Training, passings
from sondage.registry.built import Built
from sondage.store import Key, Store


@dataclass(frozen=True)
class Node:
    """One piece of work, and the names of those that must be done before it."""

    name: str
    item: Training | Encoding | Passing | Job
    needs: tuple[str, ...]


def graph_of(
    planned: Plan, todo: list[Job], training: list[Training], passes: list[Encoding]
) -> list[Node]:
    """Return the nodes of what is left, each after those that it needs."""
    pending = {t.encoder.id for t in training}
    reading = passings(todo)
    at_work = [encoder for job in todo if job.reads != "store" for encoder in job.encoders]
    at_work += [item.encoder for item in passes]
    used = {built.id for encoder in at_work for built in encoder.trained}
    trainings = {
        t.encoder.id: (f"a{i:06d}", t)
        for i, t in enumerate(planned.trainings)
        if t.encoder.id in pending | used
    }

    def before(parts: Iterable[Built]) -> tuple[str, ...]:
        return tuple(trainings[b.id][0] for b in parts if b.id in trainings)

    nodes = [Node(n, t, before(t.encoder.trained[:-1])) for n, t in trainings.values()]
    source: dict[Key, str] = {}
    for i, item in enumerate(passes):
        nodes.append(Node(f"b{i:06d}", item, before(item.encoder.trained)))
        source |= dict.fromkeys(item.wants, f"b{i:06d}")
    for i, passing in enumerate(reading):
        parts = [built for encoder in passing.encoders for built in encoder.trained]
        nodes.append(Node(f"d{i:06d}", passing, before(parts)))
    for i, job in enumerate(job for job in todo if job.reads != "passing"):
        needs = dict.fromkeys(source[k] for k in job.needs if k in source)
        asked = job.encoders[0].trained if job.reads == "encoder" else ()
        nodes.append(Node(f"c{i:06d}", job, (*needs, *before(asked))))
    return nodes


def missing_keys(store: Store, wanted: Iterable[Key], listener: Listener) -> set[Key]:
    """Return the keys that the store does not hold whole, checksums verified."""
    out = set()
    for key in dict.fromkeys(wanted):
        wrong = store.wrong(key)
        if wrong:
            out.add(key)
            if wrong != "absent":
                where = store.folder(key)
                listener.said(f"an entry of the store is damaged ({wrong}): made anew in {where}")
            continue
        try:
            store.check(key)
        except StoreError as error:
            listener.said(f"{error.message}; it is encoded again")
            out.add(key)
    return out
