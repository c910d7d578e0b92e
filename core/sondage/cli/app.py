"""The command line put together: what exists, in which order, and how errors end."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sondage import __version__
from sondage.cli import (
    cache,
    check,
    compare,
    data,
    describe,
    doctor,
    explain,
    listing,
    new,
    parcels,
    plan,
    plugins,
    report,
    results,
    run,
    runs,
    schema,
    slurm,
    validate,
)
from sondage.cli.text import say, tell_error, warn
from sondage.errors import SondageError
from sondage.host.extras import explained


class Group(TyperGroup):
    """Turns what a command raises into a message and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands in the order in which they were added."""
        return list(self.commands)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            value = super().invoke(ctx)
            sys.stdout.flush()
        except SondageError as error:
            _flush()
            tell_error(error)
            raise typer.Exit(error.exit_code) from error
        except ModuleNotFoundError as error:
            lacking = explained(error)
            if lacking is None:
                raise
            _flush()
            tell_error(lacking)
            raise typer.Exit(lacking.exit_code) from error
        except KeyboardInterrupt as error:
            _flush()
            warn("interrupted; the same command continues")
            raise typer.Exit(130) from error
        except BrokenPipeError as error:
            # Whoever read us has had enough; Python would complain once more at exit.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(141) from error
        return value


def _flush() -> None:
    with contextlib.suppress(OSError):
        sys.stdout.flush()


app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Boxes for people; files and programs get plain text, in half the time.
    rich_markup_mode="rich" if sys.stdout.isatty() else None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"sondage {__version__}")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Cut through a pretrained model, layer by layer.

    Start with: sondage run quickstart
    """


app.command("run")(run.run)
app.command("plan")(plan.plan)
app.command("slurm")(slurm.slurm)
app.command("results")(results.results)
app.command("runs")(runs.runs)
app.command("compare")(compare.compare)
app.command("leaderboard")(compare.leaderboard)
app.command("report")(report.report)
app.command("export")(parcels.export)
app.command("import")(parcels.import_)
app.command("list")(listing.listing)
app.command("describe")(describe.describe)
app.command("validate")(validate.validate)
app.command("schema")(schema.schema)
app.command("plugins")(plugins.plugins)
app.command("new")(new.new)
app.command("check")(check.check)
app.add_typer(data.group, name="data")
app.add_typer(cache.group, name="cache")
app.command("doctor")(doctor.doctor)
app.command("explain")(explain.explain)
