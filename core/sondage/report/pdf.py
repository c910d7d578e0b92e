"""PDF files in one order: the same picture is the same bytes."""

from __future__ import annotations

import re

_REFERENCE = re.compile(rb"(\d+) 0 R")
_ENTRY = re.compile(rb" +/\w+ \d+ 0 R")


def ordered(pdf: bytes) -> bytes:
    """Return a PDF with its objects in the order in which they are referred to.

    The converter numbers fonts and sorts resources by a hash that differs each time. A file
    that is not built as that one builds them is returned as it is.
    """
    found = re.search(rb"startxref\s+(\d+)", pdf)
    if found is None or not pdf[int(found[1]) :].startswith(b"xref"):
        return pdf
    table = int(found[1])
    rows, _, trailer = pdf[table:].partition(b"trailer")
    starts = sorted(int(at) for at in re.findall(rb"(\d{10}) \d{5} n", rows))
    objects: dict[int, tuple[bytes, bytes]] = {}
    for start, end in zip(starts, [*starts[1:], table], strict=True):
        name, _, body = pdf[start:end].partition(b" 0 obj")
        head, stream, content = body.partition(b"stream\n")
        objects[int(name)] = (_sorted(head), stream + content)
    numbers: dict[int, int] = {}
    waiting = [int(n) for n in reversed(_REFERENCE.findall(trailer))]
    while waiting:
        number = waiting.pop()
        if number not in numbers:
            numbers[number] = len(numbers) + 1
            waiting += [int(n) for n in reversed(_REFERENCE.findall(objects[number][0]))]
    return _written_to_pdf(pdf[: starts[0]], objects, numbers, trailer)


def _sorted(head: bytes) -> bytes:
    """Return an object's dictionaries with neighbouring references by their names."""
    out: list[bytes] = []
    run: list[bytes] = []
    for line in [*head.split(b"\n"), b""]:
        if _ENTRY.fullmatch(line):
            run.append(line)
        else:
            out += [*sorted(run), line]
            run = []
    return b"\n".join(out[:-1])


def _written_to_pdf(
    start: bytes, objects: dict[int, tuple[bytes, bytes]], numbers: dict[int, int], trailer: bytes
) -> bytes:
    def renumbered(text: bytes) -> bytes:
        return _REFERENCE.sub(lambda found: b"%d 0 R" % numbers[int(found[1])], text)

    out, places = bytearray(start), []
    for number, new in numbers.items():
        places.append(b"%010d 00000 n\r\n" % len(out))
        head, rest = objects[number]
        out += b"%d 0 obj%s%s" % (new, renumbered(head), rest)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f\r\n%s" % (len(places) + 1, b"".join(places))
    end = re.sub(rb"/Size \d+", b"/Size %d" % (len(places) + 1), renumbered(trailer))
    return bytes(out) + b"trailer" + re.sub(rb"(startxref\s+)\d+", rb"\g<1>%d" % table, end)
