"""Lines of a file of results: read, made of a record, and a record again if whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xxhash

from sondage.errors import ResultsError

#: A cell's line, as it is read and written; see docs/reference/results.md.
Record = dict[str, Any]

# A line starts with its id and status, so that looking cells up parses no JSON.
_BEFORE_ID = b'{"id": "'
_STATUS = b'", "status": "'
_CHECK = b', "check": "'
_SECONDS = "seconds"
_OF_A_CELL = ("kind", "encoder", "other", "task", "component", "view", "layer", "seed", "step")


def line(record: Record) -> bytes:
    """Return a record as a line: id and status first, checksum and seconds last.

    The seconds are no result, and are not under the checksum: the same cell has the same one.
    """
    ordered = {"id": record["id"], "status": record["status"], **record}
    seconds = {_SECONDS: ordered.pop(_SECONDS)} if _SECONDS in ordered else {}
    body = json.dumps(ordered, allow_nan=False).encode()[:-1]
    end = json.dumps({"check": _check_of(body)} | seconds, allow_nan=False).encode()
    return body + b", " + end[1:] + b"\n"


def _check_of(body: bytes) -> str:
    return xxhash.xxh3_64(body).hexdigest()


def start_of(raw: bytes) -> tuple[str, str]:
    """Return a line's id and status as far as its beginning tells them, unchecked."""
    if not raw.startswith(_BEFORE_ID):
        return "", ""
    id_, found, rest = raw[len(_BEFORE_ID) : len(_BEFORE_ID) + 80].partition(_STATUS)
    status = rest.partition(b'"')[0] if found else b""
    return id_.decode("ascii", "replace"), status.decode("ascii", "replace")


def parsed(raw: bytes) -> Record | None:
    """Return a line's record without its checksum, or None if the line is damaged.

    Lines of before there were checksums are taken if they are records.
    """
    try:
        record = json.loads(raw, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not raw.startswith(_BEFORE_ID):
        return None
    check = record.pop("check", None)
    if check is None and record.get("schema", 1) != 1:
        return None
    if check is not None and check != _check_of(raw.rpartition(_CHECK)[0]):
        return None
    return record if _fits(record) else None


def _fits(record: Record) -> bool:
    if not isinstance(record.get("id"), str) or record.get("status") not in ("done", "failed"):
        return False
    if not isinstance(record.get("scores"), dict):
        return False
    return "schema" not in record or all(name in record for name in _OF_A_CELL)


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def raw_lines(path: Path) -> Iterator[bytes]:
    """Yield the whole lines of a file; none if it is not there.

    Raises
    ------
    ResultsError
    """
    try:
        if not path.is_file():
            if os.path.lexists(path):
                raise OSError(f"{path.name} is no file")
            return
        with open(path, "rb") as file:
            yield from (raw for raw in file if raw.endswith(b"\n"))
    except OSError as error:
        raise ResultsError(
            f"results cannot be read: {error.strerror or error}",
            where=str(path),
            hint="check that it is yours to read; the same 'sondage run' makes it anew",
        ) from error
