"""Names that a package offers without importing the modules that hold them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def exports(
    package: str, homes: Mapping[str, Sequence[str]], own: Sequence[str] = (), root: str = ""
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return a package's ``__getattr__``, ``__dir__`` and ``__all__``.

    Type checkers do not run this: the package imports the same names for them, each
    ``as`` itself, under ``if TYPE_CHECKING``, and calls this in the ``else``.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : mapping of str to sequence of str
        Module of the package to the names that are taken from it at first use. No name may be
        a module's: importing the module would hide what is meant.
    own : sequence of str
        Names that are there already and public too.
    root : str
        The package that the modules are of, where that is another.

    Examples
    --------
    ::

        if TYPE_CHECKING:
            from fruit.trees import Apple as Apple
        else:
            __getattr__, __dir__, __all__ = exports(__name__, {"trees": ["Apple"]})
    """
    home = {name: module for module, names in homes.items() for name in names}
    public = sorted([*home, *own])

    def get(name: str) -> Any:
        if name in home:
            return getattr(importlib.import_module(f"{root or package}.{home[name]}"), name)
        from sondage.errors import nearest

        # Dunders are asked for by machines, which try their luck.
        near = () if name.startswith("__") else nearest(name, public)
        closest = f"; closest: {', '.join(near)}" if near else ""
        module = sys.modules.get(package)
        said = f"module {package!r} has no attribute {name!r}{closest}"
        raise AttributeError(said, name=name, obj=module)

    def listed() -> list[str]:
        # What the package imported for itself is left out; its hooks and modules are not.
        there = vars(sys.modules[package]).items()
        return sorted({*public, *(n for n, v in there if n[:2] == "__" or _within(v, package))})

    return get, listed, public


def _within(value: object, package: str) -> bool:
    """Return whether a value was defined in a package's ``__init__``, or is a module of it."""
    if isinstance(value, type(sys)):
        return value.__name__.rpartition(".")[0] == package
    return getattr(value, "__module__", None) == package
