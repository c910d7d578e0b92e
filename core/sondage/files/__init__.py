"""Data files for tasks: found by name or pattern, hashed, and read, with errors that help."""

from sondage.files.columns import Columns
from sondage.files.reading import (
    Path,
    Paths,
    file_hash,
    find_files,
    find_one,
    grown,
    most_unpacked,
    named,
    read_bytes,
    read_lines,
    read_text,
    unpacked,
    unreadable,
)

__all__ = [
    "Columns", "Path", "Paths", "file_hash", "find_files", "find_one", "grown", "most_unpacked",
    "named", "read_bytes", "read_lines", "read_text", "unpacked", "unreadable",
]  # fmt: skip
