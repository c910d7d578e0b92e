"""Columns of Parquet files, and what Hugging Face's libraries say of them there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sondage.errors import DataError, nearest
from sondage.files import unreadable

if TYPE_CHECKING:
    import pyarrow


def columns(path: str, wanted: Sequence[str]) -> tuple[list[list[Any]], pyarrow.Schema]:
    """Return some columns as lists, in the order wanted, and the schema.

    Raises
    ------
    DataError
        If the file is no Parquet table, or lacks a column.
    """
    import pyarrow
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            missing = [name for name in wanted if name not in schema.names]
            if missing:
                raise DataError(
                    f"there is no column '{missing[0]}'",
                    where=path,
                    near=nearest(missing[0], schema.names) or schema.names[:10],
                    hint=f"its columns: {', '.join(schema.names[:20])}",
                )
            table = file.read(columns=list(dict.fromkeys(wanted)))
    except (pyarrow.ArrowException, ValueError, OSError) as error:
        # Of the file's own bytes the library says OSError too, without a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(path, error) from error
        raise DataError(
            f"the file is no Parquet table: {(str(error).splitlines() or ['?'])[0]}",
            where=path,
            hint="download it again",
        ) from error
    return [table.column(name).to_pylist() for name in wanted], schema


def class_names(schema: pyarrow.Schema, column: str) -> tuple[str, ...] | None:
    """Return the names of a column's classes, or of those in its lists; None without any."""
    try:
        said = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        feature = said["info"]["features"][column]
    except (ValueError, KeyError, TypeError):
        return None
    # A list of one, or a mapping that holds it, depending on the version that wrote it.
    feature = feature[0] if isinstance(feature, list) and feature else feature
    if isinstance(feature, dict) and "names" not in feature:
        feature = feature.get("feature")
    names = feature.get("names") if isinstance(feature, dict) else None
    return tuple(map(str, names)) if isinstance(names, list) and names else None
