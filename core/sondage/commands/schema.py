"""The JSON Schema of registry files, with which editors complete and check them."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from sondage.host import Host, Offer
from sondage.registry.models import SECTIONS, Composition, EncoderDeclaration, Label, Name
from sondage.registry.signature import model_of
from sondage.specs import Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAME_SCHEMA = TypeAdapter(Name).json_schema()
_LABEL = TypeAdapter(Label).json_schema() | {"description": "how results print it"}


def export(host: Host) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the schema, and the components left out of it with the reason.

    Parameters
    ----------
    host : Host
        Each component on offer becomes one alternative: its name under ``use`` and its
        constructor's parameters beside it.

    Returns
    -------
    schema : dict
    skipped : dict of component name to reason
        Components that cannot be imported or whose constructor cannot be read.
    """
    definitions: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    sections: dict[str, Any] = {}
    for section, kind in SECTIONS.items():
        alternatives = _alternatives(host, kind, definitions, skipped)
        # Without a plugin of a kind nothing can be said against a declaration.
        definitions[kind] = {"anyOf": alternatives} if alternatives else {"type": "object"}
        sections[section] = {
            "type": "object",
            "propertyNames": _NAME_SCHEMA,
            "additionalProperties": {"$ref": f"#/$defs/{kind}"},
        }
    definitions["composition"] = _composition_schema(host)
    definitions |= definitions["composition"].pop("$defs", {})
    schema = {
        "$schema": DIALECT,
        "title": "sondage registry",
        "type": "object",
        "required": ["version"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": 1},
            **sections,
            "scores": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "required": ["label"],
                    "additionalProperties": False,
                    "properties": {"label": _LABEL},
                },
            },
            "compositions": {
                "type": "object",
                "propertyNames": _NAME_SCHEMA,
                "additionalProperties": {"$ref": "#/$defs/composition"},
            },
        },
        "$defs": definitions,
    }
    return schema, skipped


def _alternatives(
    host: Host, kind: Kind, definitions: dict[str, Any], skipped: dict[str, str]
) -> list[dict[str, str]]:
    """Return references to a kind's components, and put these among the definitions."""
    alternatives = []
    for offer in host.offers(kind):
        try:
            own = component(offer)
        except Exception as error:
            skipped[offer.spec.name] = f"{type(error).__name__}: {error}"
            continue
        definitions |= own.pop("$defs", {})
        name = f"{kind}:{offer.spec.name}"
        definitions[name] = own
        alternatives.append({"$ref": f"#/$defs/{name}"})
    return alternatives


def component(offer: Offer) -> dict[str, Any]:
    """Return the schema of one component's declaration: ``use`` and its parameters."""
    schema = model_of(offer.spec.load()).model_json_schema()
    reference = offer.spec.reference
    described = offer.spec.summary + (f" ({reference})" if reference else "")
    properties: dict[str, Any] = {
        "use": {"const": offer.spec.name, "description": offer.spec.summary},
        "label": _LABEL,
    }
    # One without it may be several by what it is made of, but has no seeds of its own.
    if offer.spec.kind == "encoder" and "seed" in schema.get("properties", {}):
        properties["seeds"] = EncoderDeclaration.model_json_schema()["properties"]["seeds"]
    out = {
        "title": offer.spec.name,
        "description": described,
        "type": "object",
        "required": ["use", *schema.get("required", [])],
        "properties": properties | schema.get("properties", {}),
        "additionalProperties": False,
    }
    if offer.spec.kind == "task" and "data" not in schema.get("properties", {}):
        _allow_data(out)
    if "$defs" in schema:
        out["$defs"] = schema["$defs"]
    return out


def _allow_data(out: dict[str, Any]) -> None:
    """Let a task's files be named by a data set, which gives those that it needs."""
    out["properties"]["data"] = {
        "type": "string", "description": "a data set, as 'sondage data list' names it",
    }  # fmt: skip
    needed = out["required"][1:]
    if needed:
        out["required"] = ["use"]
        out["anyOf"] = [{"required": needed}, {"required": ["data"]}]


def _composition_schema(host: Host) -> dict[str, Any]:
    schema = Composition.model_json_schema()
    for section, kind in SECTIONS.items():
        if section not in schema["properties"]:
            continue  # who tracks runs is no matter of a composition
        schema["properties"][section]["items"] = {"anyOf": _items(host, kind)}
    return schema


def _items(host: Host, kind: Kind) -> list[dict[str, Any]]:
    names = [offer.spec.name for offer in host.offers(kind)]
    # Editors offer the names of components; any declared name is as good.
    known = [{"enum": names}] if names else []
    return [*known, {"type": "string"}, {"$ref": f"#/$defs/{kind}"}]
