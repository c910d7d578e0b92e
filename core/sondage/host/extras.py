"""What only some ways of using sondage need, and the line that installs it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from sondage.errors import DependencyError

#: Extra of the distribution to the modules that it adds. The others build on ``run``.
EXTRAS = {
    "run": ("dask", "pandas"),
    "cluster": ("distributed", "cryptography"),
    "figures": ("altair", "vl_convert", "jinja2"),
    "sql": ("duckdb", "pyarrow"),
    "data": ("pooch",),
    # With what draws.
    "notebook": ("xarray",),
}


def install_line(extra: str) -> str:
    """Return the command that installs an extra."""
    return f'pip install "sondage[{extra}]"'


def lacking(extra: str) -> list[str]:
    """Return the modules of an extra that are not installed; imports none."""
    wanted = dict.fromkeys((*EXTRAS["run"], *EXTRAS[extra]))
    return [module for module in wanted if find_spec(module) is None]


def together(names: Sequence[str]) -> str:
    """Return names in words: ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def need(extra: str, what: str) -> None:
    """Refuse to begin what an extra is missing for.

    Parameters
    ----------
    extra : str
        One of `EXTRAS`.
    what : str
        What needs it, to begin a message with: ``running a composition``.

    Raises
    ------
    DependencyError
        With the line that installs it.
    """
    lacks = lacking(extra)
    if lacks:
        are = "is" if len(lacks) == 1 else "are"
        raise DependencyError(
            f"{what} needs {together(lacks)}, which {are} not installed", hint=install_line(extra)
        )


def explained(error: BaseException) -> DependencyError | None:
    """Return what to tell where an import failed for want of an extra; else None.

    For code of others, such as a report's, that imports what it draws with itself.
    """
    module = (getattr(error, "name", None) or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError):
        for extra, modules in EXTRAS.items():
            if module in modules:
                return DependencyError(f"{module} is not installed", hint=install_line(extra))
    return None
