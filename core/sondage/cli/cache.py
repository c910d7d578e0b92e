"""``sondage cache``: the store of activations."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sondage.cli import options, text
from sondage.errors import StoreError

app = typer.Typer(no_args_is_help=True, help="List, verify and prune stored activations.")
_ID = 8


@app.command("ls")
def ls() -> None:
    """List what is stored, by encoder, corpus and view."""
    from sondage import inventory, paths
    from sondage.store import Store

    store = Store(paths.store_folder())
    found = inventory.shelves(store, inventory.encoder_names(paths.runs_folder()))
    rows = [
        [s.encoder[:_ID], s.name, s.corpus[:_ID], s.view, options.ranges(s.layers),
         text.size(s.bytes)]
        for s in found
    ]  # fmt: skip
    if rows:
        columns = ["encoder", "name", "corpus", "view", "layers", "size"]
        text.table(columns, rows, right=["size"])
    text.say(f"{text.size(sum(s.bytes for s in found))} in {store.root}")


@app.command("verify")
def verify() -> None:
    """Recompute all checksums; what is damaged is said and discarded."""
    from sondage import inventory, paths
    from sondage.store import Store

    store = Store(paths.store_folder())
    whole = bad = 0
    for folder, wrong in inventory.damaged(store):
        whole += not wrong
        bad += bool(wrong)
        if wrong:
            text.say(f"discarded {text.flat(folder)}: {wrong}")
    text.say(f"{text.counted(whole, 'entry')} whole, {bad} discarded")
    if bad:
        text.say("the next run that needs them encodes them again")


@app.command("prune")
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
    from sondage import inventory, paths
    from sondage.store import Store

    store = Store(paths.store_folder())
    text.say(f"{text.size(store.sweep())} left by killed processes removed")
    picked = inventory.chosen(store, every=every, encoder=encoder, older_than=older_than)
    if not picked:
        return
    what = f"{len(picked)} layers, {text.size(sum(e.bytes for e in picked))}"
    if not yes:
        if not sys.stdin.isatty():
            raise StoreError(f"{what} would be removed from {store.root}", hint="add --yes")
        typer.confirm(f"remove {what} from {text.flat(store.root)}?", abort=True)
    text.say(f"{text.size(inventory.remove(store, picked))} removed")
