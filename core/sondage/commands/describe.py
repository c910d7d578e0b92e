"""What a component is, read from its class, or a composition from its file.

For ``sondage describe`` and the reference.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sondage.errors import PluginError, SondageError
from sondage.host import Offer
from sondage.registry.models import Composition
from sondage.registry.signature import Ref, model_of, references

#: Attributes of the contracts that say how a component behaves.
ATTRIBUTES = (
    "units", "reads", "randomness", "joint", "per_layer", "measures", "wants_views", "wants_width",
    "views", "symmetric", "bounds", "self_value", "invariances",
)  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One constructor parameter.

    Attributes
    ----------
    default : str
        As a registry would write it; empty if `required`.
    """

    name: str
    type: str
    default: str
    required: bool
    description: str


@dataclass(frozen=True)
class Description:
    """All that can be said of a component without constructing it.

    Attributes
    ----------
    attributes : dict of name to str
        What the class declares; of a property, what it is with the default parameters, or
        that it depends on them.
    """

    offer: Offer
    paragraph: str
    parameters: tuple[Parameter, ...]
    attributes: dict[str, str]


def description(offer: Offer) -> Description:
    """Read a component's class.

    Raises
    ------
    PluginError
        If the class cannot be imported, or its constructor has positional or untyped arguments.
    """
    try:
        return _read_class(offer)
    except SondageError:
        raise
    except Exception as error:
        raise PluginError(
            f"{offer.spec.kind} '{offer.spec.name}' of {offer.distribution} {offer.version} cannot "
            f"be imported: {type(error).__name__}: {error}",
            hint="sondage doctor",
        ) from error


def _read_class(offer: Offer) -> Description:
    factory = offer.spec.load()
    refs = references(factory)
    said = documented(factory)
    parameters = tuple(
        Parameter(
            name,
            _type(field, refs.get(name)),
            "" if field.is_required() else _written_default(field),
            field.is_required(),
            field.description or said.get(name, "")
            if name not in refs
            else said.get(name, field.description or ""),
        )
        for name, field in model_of(factory).model_fields.items()
    )
    return Description(offer, _paragraph(factory), parameters, _attributes(factory))


def _attributes(factory: type[Any]) -> dict[str, str]:
    out = {}
    for name in ATTRIBUTES:
        value = inspect.getattr_static(factory, name, None)
        by_parameters = isinstance(value, property)
        if by_parameters:
            value = _by_written_default(factory, name)
        if isinstance(value, frozenset | set):
            value = sorted(value)
        if isinstance(value, list | tuple):
            out[name] = ", ".join(map(str, value)) or "none"
        elif isinstance(value, str | bool | int | float):
            out[name] = str(value)
        if by_parameters:
            said = f"{out[name]} with the defaults; " if name in out else ""
            out[name] = f"{said}depends on the parameters"
    return out


def _by_written_default(factory: type[Any], name: str) -> Any:
    """Return a property of an instance with default parameters; None if there is none."""
    if any(field.is_required() for field in model_of(factory).model_fields.values()):
        return None
    try:
        return getattr(factory(), name)
    except Exception:
        # Some need more than their parameters; the class still says what it says.
        return None


def _paragraph(factory: type[Any]) -> str:
    text = inspect.cleandoc(factory.__doc__ or "")
    if text.startswith(f"{factory.__name__}("):
        return ""  # what a dataclass puts where nobody wrote anything
    # Only the part before the sections, which are shown as a table.
    return re.split(r"\n[A-Z][a-z ]+\n-{3,}\n", text)[0].strip()


def documented(factory: type[Any]) -> dict[str, str]:
    """Return what NumPy-style docstrings say of each parameter, in one line.

    Those of a class and of its bases; the class's own word counts most.
    """
    return {
        name: said
        for base in reversed(factory.__mro__)
        for name, said in _documented(base.__doc__ or "").items()
    }


def _documented(docstring: str) -> dict[str, str]:
    text = inspect.cleandoc(docstring)
    found = re.search(r"(?:^|\n)Parameters\n-+\n(.*?)(?=\n[A-Z][a-z ]+\n-{3,}\n|\Z)", text, re.S)
    out: dict[str, list[str]] = {}
    names: list[str] = []
    for line in (found[1] if found else "").splitlines():
        if line and not line.startswith(" "):
            names = [n.strip() for n in line.partition(":")[0].split(",")]
            out.update({name: [] for name in names})
        elif line.strip():
            for name in names:
                out[name].append(line.strip())
    return {name: " ".join(lines) for name, lines in out.items()}


def _written_default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _type(field: FieldInfo, ref: str | None) -> str:
    if ref:
        article = "an" if ref == "encoder" else "a"
        listed = any(get_origin(a) in (list, tuple) for a in _flat(field.annotation))
        return f"{ref} names" if listed else f"{article} {ref}'s name"
    bounds = [_bound(m) for m in field.metadata]
    return " ".join([_type_name(field.annotation), *filter(None, bounds)])


def _flat(annotation: Any) -> list[Any]:
    return [annotation, *(a for part in get_args(annotation) for a in _flat(part))]


_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def _bound(constraint: Any) -> str:
    parts = [
        f"{sign} {getattr(constraint, name)}"
        for name, sign in _SIGNS.items()
        if getattr(constraint, name, None) is not None
    ]
    return ", ".join(parts)


def _type_name(annotation: Any) -> str:
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation is None or annotation is type(None):
        return "null"
    if origin is Literal:
        return " | ".join(repr(a) for a in args)
    if origin is Annotated:
        bounds = [_bound(m) for m in args[1:] if not isinstance(m, Ref)]
        return " ".join([_type_name(args[0]), *filter(None, bounds)])
    if origin in (types.UnionType, typing.Union):
        return " | ".join(dict.fromkeys(_type_name(a) for a in args))
    if origin is not None:
        inner = ", ".join("..." if a is Ellipsis else _type_name(a) for a in args)
        return f"{_type_name(origin)}[{inner}]"
    if annotation is Any:
        return "any"
    return {"str": "text", "tuple": "list"}.get(
        getattr(annotation, "__name__", ""), getattr(annotation, "__name__", str(annotation))
    )


def composition_lines(composition: Composition) -> list[str]:
    """Return ``key: value`` for each key of a composition that its file gives, but its settings."""
    out = []
    for key in type(composition).model_fields:
        value = getattr(composition, key)
        if key not in composition.model_fields_set or key in ("summary", "settings"):
            continue
        if key == "only":
            rules = composition.rules.items()
            out += [f"only {name}: {_flow(rule)}" for name, some in rules for rule in some]
        elif key == "pairs":
            out.append(f"pairs: {', '.join(' ~ '.join(pair) for pair in value)}")
        else:
            out.append(f"{key}: {_flow(value)}")
    return out


def _flow(value: Any) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_unset=True)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in value.items()) + "}"
    if not isinstance(value, list):
        return str(value)
    return f"[{', '.join(_flow(part) for part in value)}]"


def setting_rows(composition: Composition, data: Any) -> list[list[str]]:
    """Return each setting of a composition, the path that it sets, and what stands there now."""
    rows = []
    for short, path in composition.settings.items():
        value = data
        for key in path.split("."):
            value = value.get(key, "") if isinstance(value, dict) else ""
        rows.append([f"--set {short}=...", path, _flow(value)])
    return rows
