"""Find the component that ``sondage check`` names, and its constructor's arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sondage import registry
from sondage.errors import ParameterError, UnknownComponentError, nearest
from sondage.host import Host, Offer
from sondage.registry import Registry
from sondage.registry.build import Builder
from sondage.registry.document import read_yaml
from sondage.registry.models import Contents, Declaration
from sondage.registry.signature import model_of
from sondage.specs import SPECS, Kind


@dataclass(frozen=True)
class Subject:
    """A component to check, and the arguments to construct it with."""

    offer: Offer
    arguments: dict[str, Any]


def subject(
    name: str,
    host: Host,
    params: Path | None = None,
    registry_file: Path | None = None,
    *,
    kinds: Iterable[Kind] = tuple(SPECS),
) -> Subject:
    """Find a component by its name in the catalogue or in a registry.

    Parameters
    ----------
    name : str
        ``plugin.component``, or what a registry declares.
    host : Host
    params : Path, optional
        A YAML file with parameters, which may name the registry's components.
    registry_file : Path, optional
        The shipped registry by default.
    kinds : iterable of str
        Where it is looked for.

    Raises
    ------
    UnknownComponentError, ParameterError, RegistryError
    """
    found = registry.load(registry_file)
    given = _parameters_in(params) if params is not None else {}
    kinds = tuple(kinds)
    for kind in kinds:
        declared = found.declared(kind).get(name)
        if declared is not None:
            declaration = Declaration(use=declared.use, **{**declared.parameters, **given})
            return _built(kind, declaration, name, host, found)
    for kind in kinds:
        if (kind, name) in host.catalogue:
            if not given and params is None:
                return Subject(host.catalogue[kind, name], _defaults(host, kind, name))
            return _built(kind, Declaration(use=name, **given), name, host, found)
    known = [n for k, n in host.catalogue if k in kinds]
    known += [n for kind in kinds for n in found.declared(kind)]
    raise UnknownComponentError(
        f"no active plugin offers '{name}' and {found.source} does not declare it",
        near=nearest(name, known),
        hint="sondage list encoders (or tasks, probes, metrics, reports, trackers)",
    )


def _defaults(host: Host, kind: Kind, name: str) -> dict[str, Any]:
    fields = model_of(host.catalogue[kind, name].spec.load()).model_fields
    needed = [n for n, field in fields.items() if field.is_required()]
    if needed:
        raise ParameterError(
            f"{kind} '{name}' needs {', '.join(needed)}",
            hint=f"--params FILE.yaml with '{needed[0]}: ...', or check a declared {kind}",
        )
    return {}


def _parameters_in(path: Path) -> dict[str, Any]:
    document = read_yaml(path)
    if not isinstance(document.data, Mapping):
        raise ParameterError("parameters are a mapping", where=document.where())
    return dict(document.data)


def _built(kind: Kind, declaration: Declaration, name: str, host: Host, found: Registry) -> Subject:
    # Declared under its own name, so that messages point somewhere and loops are seen.
    section = dict(found.declared(kind)) | {name: declaration}
    contents = found.contents.model_copy(update={f"{kind}s": section})
    assert isinstance(contents, Contents)
    builder = Builder(host, Registry(contents, found.document))
    # Of several encoders, one a seed, any stands for all.
    built = builder.members(kind, name, (f"{kind}s", name), f"check of '{name}'")[0]
    # Constructors store their arguments unchanged under the same names.
    fields = model_of(type(built.instance)).model_fields
    return Subject(built.offer, {field: getattr(built.instance, field) for field in fields})
