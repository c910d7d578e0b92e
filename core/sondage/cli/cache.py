"""``sondage cache``: the store of activations."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sondage.cli import options, text
from sondage.errors import StoreError

group = typer.Typer(no_args_is_help=True, help="List, verify and prune stored activations.")
_SHORT = 8


@group.command("ls")
def ls() -> None:
    """List what is stored, by encoder, corpus and view, and trained weights."""
    from sondage.commands import cache, weights
    from sondage.store import Store, paths

    store = Store(paths.store_folder())
    names = cache.encoder_names(paths.runs_folder())
    found = cache.shelves(store, names)
    tuned = weights.weights_held(store.root)
    rows = [
        [s.encoder[:_SHORT], s.name, s.corpus[:_SHORT], s.view, options.ranges(s.layers),
         text.size(s.bytes)]
        for s in found
    ]  # fmt: skip
    rows += [
        [w.encoder[:_SHORT], names.get(w.encoder, ""), "",
         "weights" if w.finished else "weights, unfinished", "", text.size(w.bytes)]
        for w in tuned
    ]  # fmt: skip
    if rows:
        columns = ["encoder", "name", "corpus", "view", "layers", "size"]
        text.table(columns, rows, right=["size"])
    total = sum(s.bytes for s in found) + sum(w.bytes for w in tuned)
    text.say(f"{text.size(total)} in {store.root}")


@group.command("verify")
def verify() -> None:
    """Recompute all checksums; what is damaged is said and discarded."""
    from sondage.commands import cache, weights
    from sondage.store import Store, paths

    store = Store(paths.store_folder())
    whole = bad = 0
    for folder, wrong in cache.verified_entries(store):
        whole += not wrong
        bad += bool(wrong)
        if wrong:
            text.say(f"discarded {text.flat(folder)}: {wrong}")
    text.say(f"{text.counted(whole, 'entry')} whole, {bad} discarded")
    if bad:
        text.say("the next run that needs them encodes them again")
    checked = list(weights.verified_weights(store.root))
    for tuned, wrong in checked:
        if wrong:
            text.say(f"discarded {text.flat(tuned.folder)}: {wrong}")
    if checked:
        lost = sum(bool(wrong) for _, wrong in checked)
        text.say(f"trained weights: {len(checked) - lost} whole, {lost} discarded")
        if lost:
            text.say("the next run that needs them trains them again")


@group.command("prune")
def prune(
    older_than: Annotated[
        float | None, typer.Option(min=0, metavar="DAYS", help="Written before that.")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(metavar="ID", help="Of this encoder, as 'cache ls' shows it.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove what killed processes left, and the entries that the options pick."""
    from sondage.commands import cache, weights
    from sondage.store import Store, paths

    store = Store(paths.store_folder())
    text.say(f"{text.size(store.sweep())} left by killed processes removed")
    picked = cache.entries_to_prune(store, every=every, encoder=encoder, older_than=older_than)
    tuned = weights.weights_to_prune(
        store.root, every=every, encoder=encoder, older_than=older_than
    )
    if not picked and not tuned:
        return
    size = sum(e.bytes for e in picked) + sum(w.bytes for w in tuned)
    also = f" and {text.counted(len(tuned), 'trained encoder')}" if tuned else ""
    what = f"{len(picked)} layers{also}, {text.size(size)}"
    if not yes:
        if not sys.stdin.isatty():
            raise StoreError(f"{what} would be removed from {store.root}", hint="add --yes")
        typer.confirm(f"remove {what} from {text.flat(store.root)}?", abort=True)
    freed = cache.remove_entries(store, picked)
    for found in tuned:
        try:
            freed += weights.remove_weights(found)
        except StoreError as error:
            text.warn(error)
    text.say(f"{text.size(freed)} removed")
