"""Write reference pages from the code itself, before Sphinx reads its sources.

The pages go to ``docs/reference/generated``, which git ignores. The functions return Markdown
and need no Sphinx, so that the tests can look at what they say.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parents[1]
FOLDER = DOCS / "reference" / "generated"
FRAGMENTS = DOCS / "changelog.d"

#: Types of changelog fragments, in the order in which they are shown.
CHANGES = {
    "result": "Numbers that may move",
    "removal": "Removed",
    "plugin-api": "For plugin authors",
    "feature": "New",
    "change": "Changed",
    "bugfix": "Mended",
}


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; empty if there are no rows."""
    body = [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    head = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return "\n".join([*head, *body]) + "\n" if body else ""


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")


def _code(value: object) -> str:
    # A bar inside a table's cell must be escaped, even in code.
    return f"`{value}`" if str(value) else ""


# --- command line ---------------------------------------------------------------------------


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command that can be run, with its full name: ``cache ls``."""
    import typer

    from sondage.cli.app import app

    def below(command: Any, name: str) -> Iterator[tuple[str, Any]]:
        for part, inner in getattr(command, "commands", {}).items():
            full = f"{name} {part}".strip()
            if hasattr(inner, "commands"):
                yield from below(inner, full)
            else:
                yield full, inner

    yield from below(typer.main.get_command(app), "")


def command_line() -> str:
    """Return the page on the command line."""
    out = ["# Command line\n", "Made from the program; `sondage COMMAND --help` says the same.\n"]
    for name, command in commands():
        arguments = [p for p in command.params if not p.opts[0].startswith("-")]
        options = [p for p in command.params if p.opts[0].startswith("-")]
        usage = " ".join(
            ["sondage", name, *(_argument(p) for p in arguments), *["[OPTIONS]"] * bool(options)]
        )
        out += [f"({_label('command', name)})=\n\n## {name}\n", f"```text\n{usage}\n```\n"]
        out.append(" ".join((command.help or "").split()) + "\n")
        rows = [[_code(_name(p)), _meaning(p)] for p in (*arguments, *options)]
        out.append(table(["argument or option", "meaning"], rows))
    return "\n".join(out)


def _choices(parameter: Any) -> tuple[str, ...]:
    descriptor = getattr(parameter, "type_descriptor", None)
    annotation = getattr(descriptor, "annotation", None)
    if typing.get_origin(annotation) is Literal:
        return tuple(map(str, typing.get_args(annotation)))
    return tuple(getattr(getattr(parameter, "type", None), "choices", ()))


def _placeholder(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.strip("_").upper())


def _argument(parameter: Any) -> str:
    name = _placeholder(parameter)
    return name if parameter.required else f"[{name}]"


def _name(parameter: Any) -> str:
    if not parameter.opts[0].startswith("-"):
        return _placeholder(parameter)
    value = "" if parameter.is_flag else f" {_placeholder(parameter)}"
    return ", ".join(parameter.opts) + value


def _meaning(parameter: Any) -> str:
    said = [parameter.help or ""]
    choices = _choices(parameter)
    if choices:
        said.append("One of " + ", ".join(f"`{c}`" for c in choices) + ".")
    if getattr(parameter, "multiple", False):
        said.append("May be given several times.")
    default = parameter.default
    if isinstance(default, int | float | str) and not isinstance(default, bool) and default != "":
        said.append(f"Default: `{default}`.")
    return " ".join(filter(None, said))


def _label(*parts: str) -> str:
    return "-".join(re.sub(r"[^a-z0-9.]+", "-", part.lower()) for part in parts)


# --- registry files -------------------------------------------------------------------------


def registry_keys() -> str:
    """Return the tables of keys of a registry file, from its models."""
    from sondage.registry.models import Composition, Contents, Declaration, EncoderDeclaration

    out = []
    for title, model in (
        ("The file", Contents),
        ("A component", Declaration),
        ("An encoder", EncoderDeclaration),
        ("A composition", Composition),
    ):
        rows = []
        schema = model.model_json_schema()
        for name, field in model.model_fields.items():
            kind = _json_type(schema["properties"][name])
            default = "(required)" if field.is_required() else _default(field)
            rows.append([_code(name), kind, default, field.description or ""])
        out += [f"**{title}**\n", table(["key", "type", "default", ""], rows)]
    return "\n".join(out)


def _default(field: Any) -> str:
    value = field.get_default(call_default_factory=True)
    return _code("null" if value is None else '""' if value == "" else value)


def _json_type(schema: dict[str, Any]) -> str:
    if "const" in schema:
        return f"`{schema['const']!r}`"
    if "anyOf" in schema:
        return " or ".join(_json_type(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_json_type(schema['items'])}"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        named = isinstance(inner, dict) and inner
        return f"mapping of name to {_json_type(inner)}" if named else "mapping"
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2].lower()
    words = {"string": "text", "integer": "whole number", "number": "number"}
    lowest = f" ≥ {schema['minimum']}" if "minimum" in schema else ""
    return words.get(schema.get("type", ""), str(schema.get("type", "anything"))) + lowest


# --- components -----------------------------------------------------------------------------


def components() -> str:
    """Return the catalogue of what the installed plugins offer."""
    from sondage.commands.describe import description
    from sondage.host import Host
    from sondage.specs import SPECS

    host = Host.discover(strict=True)
    out = [
        "# Catalogue of components\n",
        "Everything that the plugins of this repository offer, read from the installed plugins. "
        "`sondage describe KIND NAME` shows the same of what is installed with you.\n",
    ]
    for kind in SPECS:
        out.append(f"## {kind.capitalize()}s\n")
        for offer in host.offers(kind):
            found = description(offer)
            spec = offer.spec
            out += [
                f"({_label(kind, spec.name)})=\n\n### {spec.name}\n",
                f"{spec.summary[:1].upper()}{spec.summary[1:]}. From `{offer.distribution}`.\n",
                f"*{_text(spec.reference)}*\n" if spec.reference else "",
                f"Superseded by `{spec.superseded_by}`.\n" if spec.superseded_by else "",
                _text(found.paragraph) + "\n",
            ]
            if found.attributes:
                said = "; ".join(f"{name}: {value}" for name, value in found.attributes.items())
                out.append(f"Declares {said}.\n")
            rows = [
                [_code(p.name), p.type, "(required)" if p.required else _code(p.default),
                 p.description]
                for p in found.parameters
            ]  # fmt: skip
            out.append(table(["parameter", "type", "default", "meaning"], rows))
    return "\n".join(out)


def _text(text: str) -> str:
    # Docstrings mark code with double backticks, as Markdown may; only tags would be obeyed.
    return text.replace("<", "&lt;")


# --- changelog ------------------------------------------------------------------------------


def fragments(folder: Path = FRAGMENTS) -> dict[str, list[tuple[str, str]]]:
    """Return changelog fragments by type: issue and text, ordered by issue.

    Raises
    ------
    ValueError
        If a fragment's name is not ``<issue>.<type>[.<word>].md`` with a known type.
    """
    out: dict[str, list[tuple[str, str]]] = {kind: [] for kind in CHANGES}
    for file in sorted(folder.glob("*.md"), key=lambda f: (_issue(f), f.name)):
        kind = file.name.split(".")[1]
        if not re.fullmatch(r"\d+\.[a-z-]+(\.[a-z0-9-]+)?\.md", file.name) or kind not in CHANGES:
            known = ", ".join(CHANGES)
            raise ValueError(
                f"{file}: a fragment is named <issue>.<type>[.<word>].md, a type is {known}"
            )
        out[kind].append((str(_issue(file)), " ".join(file.read_text("utf-8").split())))
    return out


def _issue(file: Path) -> int:
    number = file.name.partition(".")[0]
    return int(number) if number.isdigit() else 0


def changes() -> str:
    """Return what changed since the last release."""
    out = []
    for kind, items in fragments().items():
        if items:
            out.append(f"**{CHANGES[kind]}**\n")
            out += [f"- {text} (#{issue})" for issue, text in items]
            out.append("")
    return "\n".join(out) or "Nothing yet.\n"


# --- Sphinx ---------------------------------------------------------------------------------

PAGES = {
    "cli": command_line,
    "registry": registry_keys,
    "components": components,
    "changes": changes,
}


def write(app: Sphinx | None = None) -> None:
    """Write every page whose text has changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        file, text = FOLDER / f"{name}.md", make()
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Tie the pages to the build."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
