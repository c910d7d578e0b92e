"""``sondage explain``: the page on a kind of error."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from sondage.cli import text


def explain(
    slug: Annotated[
        str, typer.Argument(help="What an error's last line names; without it, all of them.")
    ] = "",
) -> None:
    """Say what a kind of error means, what causes it and what to do."""
    from sondage.commands import explain

    if not slug:
        rows = [[name, explain.meaning(name)] for name in explain.slugs()]
        text.table(["error", "means"], rows)
        return
    # Where a link leads is nowhere in a terminal.
    page = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", explain.read_page(slug))
    text.page(page)
