"""Which entries runs still read, and which go when nobody does.

A run that keeps nothing but results marks the entries that it makes as temporary. Every run claims
what it reads: a file under ``claims`` that names its process and the entries. A temporary entry
goes when the run that is done with it finds no claim of another living run on it. A run that keeps
activations takes the marks off what it claims. Claims are written and looked at under one lock:
either a claim is seen, or the run that makes it sees that the entry is gone and encodes it anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from sondage.store import disk
from sondage.store.entries import Key, Store, abandoned
from sondage.store.machine import this_machine
from sondage.store.writer import TEMPORARY


class Claim:
    """What a run reads of a store.

    Parameters
    ----------
    store : Store
    own : str
        Name of the claim's file.
    """

    def __init__(self, store: Store, own: str) -> None:
        self._store, self._own = store, own
        self._folder = store.root / "claims"
        # A claim is never changed, so each is read once.
        self._others: dict[Path, frozenset[str]] = {}

    def let_go(self, keys: Collection[Key]) -> None:
        """Discard those of these entries that are temporary and that no other run claims.

        Raises
        ------
        StoreError
            If one cannot be taken away.
        OSError
            If the lock cannot be had.
        """
        there = [key for key in keys if (self._store.folder(key) / TEMPORARY).exists()]
        if not there:
            return
        with _locked(self._store):
            claimed = self._claimed()
            for key in there:
                if key.id not in claimed:
                    self._store.discard(key)

    def _claimed(self) -> frozenset[str]:
        """Return the ids that other living runs claim; forget the claims of dead ones."""
        found = []
        for file in self._folder.glob("*.json"):
            if file.name == self._own:
                continue
            if abandoned(file):
                file.unlink(missing_ok=True)
                continue
            if file not in self._others:
                self._others[file] = _ids(file)
            found.append(self._others[file])
        return frozenset().union(*found)


@contextmanager
def claimed(store: Store, keys: Collection[Key], *, keep: bool) -> Iterator[Claim]:
    """Claim entries as long as the block runs.

    Parameters
    ----------
    store : Store
    keys : collection of Key
        What is read, whether it is there yet or not.
    keep : bool
        Whether those that are there stay when the run is over, temporary or not.
    """
    if not keys:
        yield Claim(store, "")
        return
    name = f"{this_machine()}-{os.getpid()}-{uuid.uuid4().hex}.json"
    file = store.root / "claims" / name
    # Where nothing can be written there is nothing to drop; others' claims are their own concern.
    with contextlib.suppress(OSError), _locked(store):
        disk.make_folder(file.parent, store.root)
        file.write_text(json.dumps([key.id for key in keys]), "utf-8")
        if keep:
            for key in keys:
                with contextlib.suppress(OSError):  # a damaged entry keeps no other marked
                    (store.folder(key) / TEMPORARY).unlink(missing_ok=True)
    try:
        yield Claim(store, name)
    finally:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


@contextmanager
def _locked(store: Store) -> Iterator[None]:
    store.root.mkdir(parents=True, exist_ok=True)
    with disk.locked(store.root / "claims.lock"):
        yield


def _ids(file: Path) -> frozenset[str]:
    try:
        return frozenset(map(str, json.loads(file.read_text("utf-8"))))
    except (OSError, ValueError, TypeError):
        return frozenset()
