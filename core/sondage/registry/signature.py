"""A component's constructor signature as its schema."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from sondage.contracts import Encoder, Metric, Probe, Task
from sondage.errors import PluginError
from sondage.specs import Before

RefKind = Literal["encoder", "task", "probe", "metric"]


class Ref:
    """Marks a parameter that names another component."""

    def __init__(self, kind: RefKind) -> None:
        self.kind: RefKind = kind


Reference = str | dict[str, Any]
_REFERENCES: dict[Any, Any] = {
    Encoder: Annotated[Reference, Ref("encoder"), Field(description="an encoder's name")],
    Task: Annotated[Reference, Ref("task"), Field(description="a task's name")],
    Probe: Annotated[Reference, Ref("probe"), Field(description="a probe's name")],
    Metric: Annotated[Reference, Ref("metric"), Field(description="a metric's name")],
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def model_of(factory: type[Any]) -> type[BaseModel]:
    """Return the pydantic model of a component's constructor.

    Raises
    ------
    PluginError
        If the constructor takes positional or untyped arguments.
    """
    where = f"{factory.__module__}:{factory.__qualname__}"
    fields: dict[str, Any] = {}
    for name, (parameter, hint) in parameters_of(factory).items():
        if parameter.kind is not parameter.KEYWORD_ONLY:
            raise PluginError(
                f"{where}: parameter '{name}' must be keyword-only",
                hint="@dataclass(kw_only=True), or a * before the constructor's parameters",
            )
        if hint is None:
            raise PluginError(f"{where}: parameter '{name}' has no type")
        fields[name] = (_replaced(hint), _field_default(parameter.default))
    return create_model(factory.__name__, __base__=_Strict, **_befores_first(fields))


def parameters_of(factory: type[Any]) -> dict[str, tuple[inspect.Parameter, Any]]:
    """Return a constructor's parameters with their types, None where there is none.

    A parameter that is a dataclass's field is read where the field is declared, in whichever
    base class that is; any other from the constructor as it is written. The default of a field
    with a ``default_factory`` is the `dataclasses.Field`.

    Raises
    ------
    PluginError
        If an annotation names what does not exist.
    """
    init = factory.__init__
    if init is object.__init__:
        return {}
    owner = next(base for base in factory.__mro__ if "__init__" in vars(base))
    declared = vars(owner).get("__dataclass_fields__", {})
    out: dict[str, tuple[inspect.Parameter, Any]] = {}
    for parameter in list(inspect.signature(init).parameters.values())[1:]:
        field = declared.get(parameter.name)
        try:
            # A constructor written by hand may say otherwise than the fields.
            if field is not None and field.type == parameter.annotation:
                hint = _hint(owner, field)
                if field.default_factory is not dataclasses.MISSING:
                    parameter = parameter.replace(default=field)
            else:
                hint = get_type_hints(init, include_extras=True).get(parameter.name)
        except NameError as error:
            where = f"{factory.__module__}:{factory.__qualname__}"
            raise PluginError(f"{where} has an annotation that cannot be read: {error}") from error
        out[parameter.name] = parameter, hint
    return out


def _hint(owner: type[Any], field: dataclasses.Field[Any]) -> Any:
    """Return a field's type, its text read in the module of the class that declares it."""
    home = next(
        base
        for base in reversed(owner.__mro__)
        if vars(base).get("__dataclass_fields__", {}).get(field.name) is field
    )
    # Only this field: other annotations may name what is imported for type checkers alone.
    holder = types.SimpleNamespace(__annotations__={field.name: field.type})
    known = getattr(sys.modules.get(home.__module__), "__dict__", {})
    hint = get_type_hints(holder, dict(vars(home)), known, include_extras=True)[field.name]
    return hint.type if isinstance(hint, dataclasses.InitVar) else hint


def _field_default(value: Any) -> Any:
    if isinstance(value, dataclasses.Field):
        make: Any = value.default_factory
        return Field(default_factory=make)
    return ... if value is inspect.Parameter.empty else value


def _befores_first(fields: dict[str, Any]) -> dict[str, Any]:
    """Put those that say so before another."""
    names = list(fields)
    for name, (hint, _) in fields.items():
        for mark in getattr(hint, "__metadata__", ()):
            if isinstance(mark, Before) and mark.name in fields:
                names.remove(name)
                names.insert(names.index(mark.name), name)
    return {name: fields[name] for name in names}


def _replaced(annotation: Any) -> Any:
    if annotation in _REFERENCES:
        return _REFERENCES[annotation]
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is None or origin is Literal:
        return annotation
    if origin is Annotated:
        return Annotated[(_replaced(args[0]), *args[1:])]
    inner = tuple(_replaced(a) if a is not Ellipsis else a for a in args)
    if origin in (types.UnionType, typing.Union):
        return typing.Union[inner]  # noqa: UP007  (built at run time)
    return origin[inner]


def references(factory: type[Any]) -> dict[str, RefKind]:
    """Return the parameters that name other components, with the kind they name."""
    return {
        name: kind
        for name, hint in get_type_hints(model_of(factory), include_extras=True).items()
        if (kind := _ref_kind(hint)) is not None
    }


def _ref_kind(annotation: Any) -> RefKind | None:
    if isinstance(annotation, Ref):
        return annotation.kind
    for arg in (*get_args(annotation), *getattr(annotation, "__metadata__", ())):
        kind = _ref_kind(arg)
        if kind is not None:
            return kind
    return None
