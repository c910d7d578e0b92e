"""What the store holds, what is damaged, and what can go."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sondage.errors import StoreError
from sondage.records.across import runs
from sondage.registry.built import key_id
from sondage.store import Entry, Store, disk

DAY = 86_400


@dataclass(frozen=True)
class Shelf:
    """Entries of one encoder, corpus and view.

    Attributes
    ----------
    name : str
        What the runs here call the encoder; empty if none does.
    view : str
        With what its numbers are rounded to, if they are.
    """

    encoder: str
    name: str
    corpus: str
    view: str
    layers: tuple[int, ...]
    bytes: int


def shelves(store: Store, names: dict[str, str]) -> list[Shelf]:
    """Return what the store holds; `names` as `encoder_names` gives them."""
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in store.entries():
        key = entry.key
        view = key.view if key.stored == "float32" else f"{key.view}, {key.stored}"
        groups.setdefault((key.encoder, key.corpus, view), []).append(entry)
    return [
        Shelf(
            encoder, names.get(encoder, ""), corpus, view,
            tuple(sorted(e.key.layer for e in found)), sum(e.bytes for e in found),
        )
        for (encoder, corpus, view), found in groups.items()
    ]  # fmt: skip


def encoder_names(root: Path) -> dict[str, str]:
    """Return the encoder ids that the runs under `root` name, trained ones too, with labels."""
    out = {}
    for folder in runs(root):
        trained = folder.header().get("trained")
        named = [c for c in folder.components() if c.get("kind") == "encoder"]
        named += [c for c in trained if isinstance(c, dict)] if isinstance(trained, list) else []
        for component in named:
            if "key" in component:
                out[key_id(component["key"])] = str(component.get("label", ""))
    return out


def verified_entries(store: Store) -> Iterator[tuple[Path, str]]:
    """Recompute every checksum; yield each entry's folder with what is wrong ('' if nothing).

    A damaged entry, and what lies among the entries and is none, is removed before it is
    yielded.
    """
    for entry in list(store.entries()):
        wrong = store.wrong(entry.key)
        if wrong:
            store.discard(entry.key)
        else:
            try:
                store.check(entry.key)
            except StoreError as error:
                wrong = error.message
        yield entry.folder, wrong
    for path in list(store.strays()):
        try:
            disk.take_away(path)
        except OSError as error:
            yield path, f"it is no whole entry, and cannot be removed: {error.strerror}"
        else:
            yield path, "it is no whole entry"


def entries_to_prune(
    store: Store, *, every: bool, encoder: str | None, older_than: float | None
) -> list[Entry]:
    """Return the entries that all given conditions pick; none without a condition.

    Parameters
    ----------
    store : Store
    every : bool
        No further condition is needed.
    encoder : str, optional
        Beginning of an encoder's id.
    older_than : float, optional
        Days since the entry was written.
    """
    if not every and encoder is None and older_than is None:
        return []
    before = None if older_than is None else time.time() - older_than * DAY
    return [
        entry
        for entry in store.entries()
        if (encoder is None or entry.key.encoder.startswith(encoder))
        and (before is None or (entry.folder / "manifest.json").stat().st_mtime < before)
    ]


def remove_entries(store: Store, entries: Iterable[Entry]) -> int:
    """Discard entries; return the bytes freed."""
    freed = 0
    for entry in entries:
        store.discard(entry.key)
        freed += entry.bytes
    return freed
