"""YAML as plain data that remembers its lines."""

from __future__ import annotations

import re
import stat
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from sondage.errors import RegistryError

#: Where a value stands in a file: the keys and indices that lead to it.
Keys = tuple[str | int, ...]

#: What a registry may hold: some hundred times what the shipped one does, read in seconds.
MAX_BYTES = 1_000_000
MAX_NODES = 50_000
_LONGEST_NUMBER = 400


class Document:
    """A parsed YAML file.

    Attributes
    ----------
    data : Any
        Mappings, lists and scalars.
    lines : mapping of path to line
        Where each value starts, counted from 1.
    """

    def __init__(self, data: Any, lines: dict[Keys, int], source: str) -> None:
        self.data = data
        self.lines = lines
        self.source = source

    def where(self, *path: str | int) -> str:
        """Return ``file:line, dotted.path`` of a value, or of the nearest thing around it."""
        key: Keys = path
        while key and key not in self.lines:
            key = key[:-1]
        dotted = ".".join(str(p) for p in path)
        return f"{self.source}:{self.lines.get(key, 1)}" + (f", {dotted}" if dotted else "")


def read_yaml(path: Path) -> Document:
    """Read a YAML file without ever building an object from a tag.

    Raises
    ------
    RegistryError
        For syntax errors, repeated keys, tags, anchors, what is not UTF-8, what is too large,
        and devices and pipes, which may never end.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise RegistryError(
                f"registry '{path}' is a device or a pipe, not a file", hint="write it to a file"
            )
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except ValueError as error:
        raise RegistryError(f"{str(path)!r} is no file name: {error}") from error
    except OSError as error:
        raise RegistryError(
            f"registry '{path}' cannot be read: {error.strerror}",
            hint="name a file as in 'sondage run my.yaml:name'",
        ) from error
    return parse_yaml(raw, str(path))


def parse_yaml(raw: bytes | str, source: str) -> Document:
    """Parse YAML text; `source` is what messages call it. Raises as `read_yaml` does."""
    if len(raw) > MAX_BYTES:
        raise RegistryError(f"{source} is too large: a registry has at most {MAX_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
        node = _Loader(text).get_single_node()
    except UnicodeDecodeError as error:
        raise RegistryError(f"{source} is not UTF-8: {error.reason}", where=source) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{source}:{mark.line + 1}" if mark else source
        raise RegistryError(f"YAML: {error.problem or error.context}", where=at) from error
    except (ValueError, OverflowError) as error:
        # An escape such as "\\U00110000" in a text in quotes.
        raise RegistryError(f"YAML: there is no such character: {error}", where=source) from error
    except yaml.reader.ReaderError as error:
        raise RegistryError(f"YAML: {error.reason}", where=source) from error
    except RecursionError as error:
        raise RegistryError("YAML: nested too deeply", where=source) from error
    lines: dict[Keys, int] = {}
    data = None if node is None else _build(node, (), lines, source)
    return Document(data, lines, source)


class _Loader(yaml.SafeLoader):
    _nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._nodes += 1
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not used in a registry; write the value out",
                problem_mark=event.start_mark,
            )
        if self._nodes > MAX_NODES:
            raise yaml.MarkedYAMLError(
                problem=f"a registry has at most {MAX_NODES:,} keys and values",
                problem_mark=event.start_mark,
            )
        return super().compose_node(parent, index)


def _build(node: yaml.Node, path: Keys, lines: dict[Keys, int], source: str) -> Any:
    at = node.start_mark.line + 1
    lines.setdefault(path, at)
    if len(path) > 50:
        raise RegistryError("YAML: nested too deeply", where=f"{source}:{at}")
    if isinstance(node, yaml.MappingNode):
        _refuse_tag(node, "map", source)
        out: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _build(key_node, (*path, "?"), lines, source)
            here = f"{source}:{key_node.start_mark.line + 1}"
            if not isinstance(key, Hashable) or not isinstance(key, str):
                raise RegistryError(f"key {key!r} is not a name; put it in quotes", where=here)
            if key in out:
                raise RegistryError(
                    f"key '{key}' is repeated (first at line {lines[(*path, key)]})", where=here
                )
            lines[(*path, key)] = key_node.start_mark.line + 1
            out[key] = _build(value_node, (*path, key), lines, source)
        return out
    if isinstance(node, yaml.SequenceNode):
        _refuse_tag(node, "seq", source)
        return [_build(n, (*path, i), lines, source) for i, n in enumerate(node.value)]
    return _value_of(node, source)


def _refuse_tag(node: yaml.Node, kind: str, source: str) -> None:
    if node.tag != f"tag:yaml.org,2002:{kind}":
        raise RegistryError(
            f"the tag '{node.tag}' is not allowed: a registry is data",
            where=f"{source}:{node.start_mark.line + 1}",
        )


# 1e-4 is a string in YAML 1.1 and a number to everyone else.
_EXPONENT = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]{1,3}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NULL = {"", "~", "null", "Null", "NULL"}
_SCALARS = {f"tag:yaml.org,2002:{t}" for t in ("null", "bool", "int", "float", "str")}


def _value_of(node: yaml.Node, source: str) -> Any:
    where = f"{source}:{node.start_mark.line + 1}"
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value
    if node.tag not in _SCALARS:
        raise RegistryError(f"the tag '{node.tag}' is not allowed: a registry is data", where=where)
    kind = node.tag.rpartition(":")[2]
    if kind in ("int", "float") and len(node.value) > _LONGEST_NUMBER:
        raise RegistryError(f"YAML: a number of {len(node.value)} characters", where=where)
    try:
        value = yaml.SafeLoader("").construct_object(node)
        if value is None and str(node.value) not in _NULL:
            raise ValueError
    except (ValueError, OverflowError, LookupError) as error:
        # An explicit tag, or a number out of range.
        said = f"{node.value[:80]!r} is no {kind}"
        raise RegistryError(f"YAML: {said}", where=where) from error
    if isinstance(value, str) and _SURROGATE.search(value):
        raise RegistryError(f"YAML: {value[:80]!r} holds half a character", where=where)
    plain = isinstance(node, yaml.ScalarNode) and not node.style
    if isinstance(value, str) and plain and _EXPONENT.fullmatch(value):
        return float(value)
    return value
