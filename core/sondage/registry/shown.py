"""How components are printed: under their names, the file's labels, or the model that was set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from sondage.registry.built import Built
from sondage.registry.models import Declaration
from sondage.registry.naming import joined, parted
from sondage.specs import Kind

#: The parameter of an encoder that says which model it is.
MODEL = "model"
_HUB_CACHE = re.compile(r"models--(?:[^/\\]+--)?([^/\\]+)[/\\]snapshots[/\\][^/\\]+$")


class Shown:
    """Knows how the components of a registry are printed.

    The name stands unless the declaration has a ``label``. Where a setting put another model in
    an encoder's place, the name is that model's, and so it is in what is made of the encoder: a
    name or label in the file was given to what is not there any more.

    Parameters
    ----------
    overrides : mapping of dotted path to value
        The settings, as `sondage.registry.load` takes them.
    """

    def __init__(self, overrides: Mapping[str, Any]) -> None:
        self._set = dict(_paths_set(overrides))

    def of(
        self, kind: Kind, name: str, declaration: Declaration, made_of: Iterable[Built]
    ) -> tuple[str, bool]:
        """Return how a component is printed, and whether that is because of a setting.

        Parameters
        ----------
        kind : str
        name : str
            With its seed, where there are several: it stays behind the label.
        declaration : Declaration
        made_of : iterable of Built
        """
        family, seed, step = parted(name)
        if kind != "encoder":
            return declaration.label or name, False
        path = f"encoders.{family}"
        if f"{path}.label" in self._set:
            return joined(declaration.label or family, seed, step), False
        if MODEL in declaration.parameters and self._set.keys() & {
            f"{path}.{MODEL}",
            f"{path}.revision",
        }:
            given = declaration.parameters
            return joined(model_name(given.get(MODEL), given.get("revision")), seed, step), True
        inside = next((b for b in made_of if b.kind == "encoder" and b.renamed), None)
        if inside is not None:
            return joined(_made_of(declaration.label or family, inside), seed, step), True
        if family == declaration.use and not declaration.label and MODEL in declaration.parameters:
            # Declared in place: it has no name but that of the component.
            given = declaration.parameters
            return joined(model_name(given[MODEL], given.get("revision")), seed, step), False
        return joined(declaration.label or family, seed, step), False


def _paths_set(overrides: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for path, value in overrides.items():
        yield path, value
        if isinstance(value, Mapping):
            yield from _paths_set({f"{path}.{key}": inner for key, inner in value.items()})


def _made_of(own: str, base: Built) -> str:
    """Return a name with another model's in place of its base's; behind it, if it has none."""
    family, shown = parted(base.label)[0], parted_label(base)
    found = re.sub(rf"(?<![A-Za-z0-9]){re.escape(family)}(?![A-Za-z0-9])", lambda _: shown, own)
    return found if found != own else f"{own} ({shown})"


def parted_label(built: Built) -> str:
    """Return an encoder's label without its seed."""
    seed = parted(built.label)[1]
    return built.shown.removesuffix(f"#{seed}") if seed else built.shown


def model_name(model: object, revision: object = None) -> str:
    """Return the short name of a model: the last part of a hub name, folder or package.

    Examples
    --------
    >>> model_name("google-bert/bert-base-uncased")
    'bert-base-uncased'
    >>> model_name("./models/tuned/")
    'tuned'
    >>> model_name("EleutherAI/pythia-70m", "step1000")
    'pythia-70m (step1000)'
    """
    text = str(model).removeprefix("package:")
    cached = _HUB_CACHE.search(text.rstrip("/\\"))
    short = cached[1] if cached else PurePath(text).name or text
    return f"{short} ({revision})" if revision else short
