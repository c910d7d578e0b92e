"""``sondage data``: the data that tasks read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sondage.cli import text
from sondage.errors import DataError

if TYPE_CHECKING:
    from sondage.specs import DataSpec

group = typer.Typer(no_args_is_help=True, help="List, get and verify the data that tasks read.")


@group.command("list")
def listing(
    file: Annotated[
        Path | None, typer.Argument(help="A registry file, for its tasks; else the shipped one.")
    ] = None,
) -> None:
    """List data: size, licence, where it is, and which tasks of the registry use it."""
    from sondage import registry
    from sondage.commands import data
    from sondage.files.catalogue import cache_folder
    from sondage.host import Host

    found = data.rows(Host.discover(), registry.load(file))
    rows = [
        [r.offer.spec.name, text.size(r.offer.spec.size), _licence(r.offer.spec.licence, r.ask),
         r.where, ", ".join(r.tasks)]
        for r in found
    ]  # fmt: skip
    text.table(["data", "size", "licence", "where", "tasks"], rows, right=["size"])
    if not found:
        text.say("no installed plugin offers data; try: sondage plugins")
    text.say(f"\nsondage data get NAME puts data into {cache_folder()}")


def _licence(licence: str, ask: str) -> str:
    """Return a licence for a table, marked where it has to be accepted."""
    most = 32
    cut = licence if len(licence) <= most else licence[: most - 3] + "..."
    return cut + (" *" if ask else "")


@group.command("get")
def get(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", show_default=False)] = [],  # noqa: B006
    accept: Annotated[
        bool,
        typer.Option("--accept", help="I have read the licences and accept them."),
    ] = False,
    mirror: Annotated[
        str,
        typer.Option("--from", metavar="ADDRESS", help="A folder or URL that holds the files."),
    ] = "",
    composition: Annotated[
        str,
        typer.Option("--for", metavar="NAME", help="All that this composition reads."),
    ] = "",
) -> None:
    """Download data into the cache; what broke off goes on, and every byte is checked."""
    from sondage.commands import data
    from sondage.host import Host

    host = Host.discover()
    wanted = dict.fromkeys([*names, *(data.needed(composition, host) if composition else [])])
    if not wanted and not composition:
        raise typer.BadParameter("name data, or a composition with --for", param_hint="NAME")
    specs = [host.find_data(name) for name in wanted]
    failed: list[DataError] = []
    for spec in specs:
        _about(spec)
        try:
            for file in data.get(spec, accept=accept, mirror=mirror, began=_download_line()):
                text.say(f"  {'there' if file.was_there else 'got'}: {text.flat(file.path)}")
        except DataError as error:
            if len(specs) == 1:
                raise
            failed.append(error)
            text.tell_error(error)
    if failed:
        raise typer.Exit(2)


def _about(spec: DataSpec) -> None:
    text.say(f"{spec.name}: {text.flat(spec.summary)}, {text.size(spec.size)}")
    for word, said in (
        ("licence", spec.licence), ("from", spec.source), ("cite", spec.citation),
    ):  # fmt: skip
        if said:
            text.say(f"  {word}: {text.flat(said)}")


def _download_line() -> Callable[[str], Callable[[int, int], None]]:
    """Return what hears of downloads: a line that grows on a terminal, else nothing."""

    def began(path: str) -> Callable[[int, int], None]:
        shown = [-1]

        def heard(done: int, total: int) -> None:
            percent = 100 * done // total if total else 100
            if text.on_terminal() and percent != shown[0]:
                shown[0] = percent
                end = "\r" if done < total else "\n"
                typer.echo(f"  {text.flat(path)}: {percent}% of {text.size(total)} ", nl=False)
                typer.echo(end, nl=False)

        return heard

    return began


@group.command("verify")
def verify(
    names: Annotated[list[str], typer.Argument(metavar="[NAME...]", show_default=False)] = [],  # noqa: B006
) -> None:
    """Compare the data that are here with their checksums; exits with 2 if a file differs."""
    from sondage.commands import data
    from sondage.host import Host

    whole = bad = 0
    for spec, path, wrong in data.verified(names, Host.discover()):
        whole += not wrong
        bad += bool(wrong)
        if wrong:
            text.say(f"BAD  {spec.name}: {text.flat(path)}: {wrong}")
    text.say(f"{text.counted(whole, 'file')} as released, {bad} not")
    if bad:
        raise DataError(
            f"{text.counted(bad, 'file')} of data differ from what was released",
            hint="remove them and run: sondage data get NAME",
        )


@group.command("where")
def where(
    name: Annotated[str, typer.Argument(metavar="NAME", help="NAME or NAME/FILE.")],
) -> None:
    """Print where the files of data are."""
    from sondage.commands import data
    from sondage.host import Host

    for path in data.paths(name, Host.discover()):
        text.say(path)
