"""Files that hold text in another encoding or packing, told by how they begin."""

from __future__ import annotations

_ARCHIVE = "unpack it and name the file inside"
#: How files begin that are no text, what they are, and what to do.
_BEGINNINGS = (
    (b"PK\x03\x04", "a zip archive (or an office document)", _ARCHIVE + " (unzip)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _ARCHIVE),
    (b"Rar!\x1a\x07", "a RAR archive", _ARCHIVE),
    (b"BZh", "packed with bzip2", "unpack it (bunzip2)"),
    (b"\xfd7zXZ\x00", "packed with xz", "unpack it (unxz)"),
    (b"\x5d\x00\x00", "packed with lzma", "unpack it (unlzma)"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it (unzstd)"),
    (b"\x04\x22\x4d\x18", "packed with lz4", "unpack it (unlz4)"),
    (b"\x1f\x9d", "packed with compress", "unpack it (gunzip)"),
    (b"\x1f\x8b", "packed with gzip twice", "unpack it once (gunzip)"),
    (b"PAR1", "a Parquet table", "write it out in the format that the task reads"),
    (b"ARROW1", "an Arrow table", "write it out in the format that the task reads"),
    (b"SQLite format 3\x00", "an SQLite database", "write out what the task reads"),
    (b"\x80\x04\x95", "a Python pickle", "write it out as text; pickles are never loaded"),
    (b"%PDF-", "a PDF document", "fetch the data themselves"),
)
_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_TAR = (257, b"ustar")
_LOOKED_AT = 4096


def foreign(raw: bytes) -> tuple[str, str] | None:
    """Return what bytes are that are no UTF-8 text, and what to do; None for all else."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _in_encoding(encoding)
    for beginning, what, hint in _BEGINNINGS:
        if raw.startswith(beginning) and not _is_text(raw):
            return f"the file is {what}", hint
    if raw[_TAR[0] :].startswith(_TAR[1]):
        return "the file is a tar archive", _ARCHIVE + " (tar -x)"
    return _without_mark(raw[:_LOOKED_AT])


def _is_text(raw: bytes) -> bool:
    """Whether the beginning is text after all, such as a line that starts with 'BZh'."""
    head = raw[:_LOOKED_AT]
    if any(byte < 9 for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut off at the end of what is looked at is no mistake.
        return len(raw) > _LOOKED_AT and error.start >= len(head) - 3
    return True


def _without_mark(head: bytes) -> tuple[str, str] | None:
    """Tell UTF-16 without a mark by its zero bytes, nearly all at one parity."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    if most < 4 or most * 4 < len(head) or least * 20 > most:
        return None
    return _in_encoding("UTF-16LE" if odd > even else "UTF-16BE")


def _in_encoding(encoding: str) -> tuple[str, str]:
    name = encoding.lower().replace("utf", "utf-").replace("--", "-")
    return f"the file is {encoding}, not UTF-8", f"convert it: iconv -f {name} -t utf-8"
