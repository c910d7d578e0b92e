"""registry.yaml: what is declared, validated, with messages that point at the line."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sondage.errors import RegistryError, UnknownComponentError, nearest
from sondage.registry.document import Document, Keys, read_yaml
from sondage.registry.models import Composition, Contents, Declaration, Rule
from sondage.specs import Kind


@dataclass(frozen=True)
class Registry:
    """A validated registry file; components are checked when a composition is planned.

    Attributes
    ----------
    contents : Contents
    document : Document
    overrides : mapping of dotted path to value
        What was changed of it, as `load` was told.
    """

    contents: Contents
    document: Document = field(repr=False)
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The file's name."""
        return self.document.source

    def composition(self, name: str) -> Composition:
        """Return one composition; raises `UnknownComponentError` with the nearest names."""
        found = self.contents.compositions.get(name)
        if found is None:
            names = list(self.contents.compositions)
            raise UnknownComponentError(
                f"there is no composition '{name}'",
                where=self.document.where("compositions"),
                near=nearest(name, names) or names[:10],
                hint="sondage list compositions",
            )
        return found

    def declared(self, kind: Kind) -> Mapping[str, Declaration]:
        """Return the declared components of one kind."""
        section: dict[str, Declaration] = getattr(self.contents, f"{kind}s")
        return section


def shipped() -> Path:
    """Return the registry that comes with sondage."""
    packaged = Path(str(files("sondage"))) / "registry.yaml"
    # An editable install has the file at the top of the source tree instead.
    return packaged if packaged.is_file() else Path(__file__).parents[3] / "registry.yaml"


def load(path: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Registry:
    """Read and validate a registry file.

    Parameters
    ----------
    path : Path, optional
        The shipped registry by default.
    overrides : mapping of dotted path to value
        Applied before validation; the path must exist, or be a new key of a mapping.

    Raises
    ------
    RegistryError
        With file, line, nearest valid key and what to do.
    """
    source = path or shipped()
    document = read_yaml(source)
    if path is None:
        document = Document(document.data, document.lines, "registry.yaml")
    return registry_of(document, overrides or {})


def registry_of(document: Document, overrides: Mapping[str, Any]) -> Registry:
    """Validate a parsed registry; raises as `load` does."""
    if not isinstance(document.data, dict):
        raise RegistryError(
            "a registry is a mapping that starts with 'version: 1'", where=document.where()
        )
    for dotted, value in overrides.items():
        _override(document, dotted.split("."), value)
    try:
        contents = Contents.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        found = registry_error(error, document, (), Contents)
        if found.others and not overrides:
            found.hint = found.hint or f"sondage validate {document.source}"
        raise found from error
    return Registry(contents, document, dict(overrides))


def _override(document: Document, keys: list[str], value: Any) -> None:
    at = document.data
    for depth, key in enumerate(keys[:-1]):
        if not isinstance(at, dict) or key not in at:
            known = list(at) if isinstance(at, dict) else []
            raise RegistryError(
                f"--set {'.'.join(keys)}: there is no '{key}'"
                + (f" in {'.'.join(keys[:depth])}" if depth else ""),
                near=nearest(key, known) or known[:10],
            )
        at = at[key]
    if not isinstance(at, dict):
        raise RegistryError(f"--set {'.'.join(keys)}: '{'.'.join(keys[:-1])}' has no keys")
    at[keys[-1]] = value


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def substitute(text: str, *, where: str) -> str:
    """Replace ``${NAME}`` by the environment's value.

    Raises
    ------
    RegistryError
        If the variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            or_data = " (or name the data: sondage data list)" * (match[1] == "SONDAGE_DATA")
            error = RegistryError(
                f"'{text}' needs the environment variable {match[1]}, which is not set",
                where=where,
                hint=f"export {match[1]}=FOLDER{or_data}",
            )
            error.lacks = f"${match[1]}"
            raise error
        return found

    return _VARIABLE.sub(value, text)


def registry_error(
    error: ValidationError,
    document: Document,
    path: Keys,
    model: type[BaseModel],
) -> RegistryError:
    """Turn pydantic's findings into an error with file, line and nearest key.

    The first finding is the error; the rest are its ``others``.
    """
    # What is missing comes last: it may be there, misspelt.
    details = sorted(error.errors(include_url=False), key=lambda d: d["type"] == "missing")
    first, *others = (_finding(detail, document, path, model) for detail in details)
    first.others = tuple(others)
    return first


def _finding(
    detail: ErrorDetails,
    document: Document,
    path: Keys,
    model: type[BaseModel],
) -> RegistryError:
    loc = _real_path(document.data, path, detail)
    key = str(loc[-1]) if loc else ""
    owner = ".".join(str(p) for p in loc[:-1]) or "the registry"
    near: tuple[str, ...] = ()
    hint = ""
    if detail["type"] == "extra_forbidden":
        known = _keys_around(model, detail["loc"][:-1])
        message = f"{owner} has no key '{key}'"
        near = nearest(key, known) or tuple(known[:10])
    elif detail["type"] == "missing":
        message = f"{owner} needs a key '{key}'"
    else:
        given = str(detail.get("input"))
        message = f"{owner}: '{key}' is {given[:80]!r}: {detail['msg']}"
        declared = len(loc) == 2 and loc[0] != "compositions" and detail["type"] == "model_type"
        if declared and re.fullmatch(r"[\w.-]+", given):
            hint = f"{key}: {{use: {given}}}"
    return RegistryError(message, where=document.where(*loc), near=near, hint=hint)


def _real_path(data: Any, path: Keys, detail: ErrorDetails) -> Keys:
    # pydantic adds the names of union members to the path; those are not in the file.
    out = list(path)
    at = data
    for step in path:
        at = _inside(at, step)
    loc = detail["loc"]
    for i, step in enumerate(loc):
        below = _inside(at, step)
        if below is not _NOTHING:
            out.append(step)
            at = below
        elif i == len(loc) - 1 and detail["type"] in ("missing", "extra_forbidden"):
            out.append(step)
    return tuple(out)


_NOTHING = object()


def _inside(at: Any, step: str | int) -> Any:
    if isinstance(at, dict):
        return at.get(step, _NOTHING)
    if isinstance(at, list) and isinstance(step, int) and 0 <= step < len(at):
        return at[step]
    return _NOTHING


def _keys_around(model: type[BaseModel], loc: Keys) -> list[str]:
    at: type[BaseModel] = model
    if model is Contents and loc and loc[0] in ("compositions",):
        at = Rule if "only" in loc else Composition
    return [f.alias or name for name, f in at.model_fields.items()]
