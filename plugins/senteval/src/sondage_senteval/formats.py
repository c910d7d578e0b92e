"""The readers: SentEval's own format, and two columns; detected by a rule, or declared."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, get_args

import numpy as np

from sondage.data import Corpus, Ints
from sondage.defects import Defects, OnError, check_words
from sondage.errors import DataError, ParameterError
from sondage.files import Paths, named
from sondage.parts import Rows, read_rows

Layout = Literal["senteval", "sentence-label", "label-sentence"]
Format = Literal["auto", "senteval", "sentence-label", "label-sentence"]

#: SentEval's names of the parts, in the order of `sondage.data.Split`.
PARTS = ("tr", "va", "te")
_SHAPE = {
    "senteval": "split<TAB>label<TAB>sentence, split one of tr, va, te",
    "sentence-label": "sentence<TAB>label",
    "label-sentence": "label<TAB>sentence",
}


@dataclass(frozen=True)
class Sentences(Rows):
    """Labelled sentences of one or several files, a column per field.

    Parameters
    ----------
    sentences : sequence of str, length n
        As in the file, without surrounding blanks.
    labels : sequence of str, length n
    part : int64 array, shape (n,), optional
        0 for tr, 1 for va, 2 for te, where the format says it.
    layout : {'senteval', 'sentence-label', 'label-sentence'}
    files : tuple of str
    file_of, lines : int64 arrays, shape (n,)
        Where each sentence stands; lines count from 1.
    warnings : mapping of slug to count
        ``skipped-lines``: left out for a defect.
    """

    sentences: Sequence[str]
    labels: Sequence[str]
    part: Ints | None
    layout: Layout
    files: tuple[str, ...]
    file_of: Ints
    lines: Ints
    warnings: Mapping[str, int] = field(default_factory=dict)

    def corpus(self, name: str = "senteval") -> Corpus:
        """Return the corpus; words are what stands between blanks."""
        return Corpus.of_words([s.split() for s in self.sentences], texts=self.sentences, name=name)


def detect(lines: Sequence[str], where: str, on_error: OnError = "raise") -> Layout:
    """Return the only layout that all lines fit.

    With ``on_error="skip"``, that all lines fit which have as many columns as most have, and
    of three columns one of the parts in the first.

    Three columns of which the first is tr, va or te on every line: SentEval's. Two columns of
    which exactly one never holds a blank inside: that one is the label. Nothing else is
    detected, so a file whose sentences are all single words has to be declared.

    Raises
    ------
    DataError
        With the first line that fits nothing, or with what would have to be declared.
    """
    rows = [(n, line.split("\t")) for n, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise DataError("the file has no lines", where=f"{where}:1", hint="fetch it again")
    width = len(rows[0][1])
    if on_error == "skip":
        width = Counter(len(row) for _, row in rows).most_common(1)[0][0]
        rows = [(n, row) for n, row in rows if len(row) == width]
        known = [(n, row) for n, row in rows if row[0].strip() in PARTS]
        rows = known if width == 3 and known else rows
    for number, row in rows:
        if len(row) != width:
            raise DataError(
                f"{len(row)} columns, but line {rows[0][0]} has {width}",
                where=f"{where}:{number}",
                hint="one format a file: " + "; ".join(_SHAPE.values()),
            )
    if width == 3:
        for number, row in rows:
            if row[0] not in PARTS:
                raise DataError(
                    f"three columns, of which the first is {row[0][:30]!r} and not tr, va or te",
                    where=f"{where}:{number}",
                    hint=_SHAPE["senteval"],
                )
        return "senteval"
    if width != 2:
        raise DataError(
            f"{width} column{'s' if width > 1 else ''}, which is no known format",
            where=f"{where}:{rows[0][0]}",
            hint="; ".join(_SHAPE.values()),
        )
    return _two_columns(rows, where)


def _two_columns(rows: list[tuple[int, list[str]]], where: str) -> Layout:
    # A label is one word; a column of sentences has a blank somewhere.
    blank = [any(len(row[k].split()) > 1 for _, row in rows) for k in range(2)]
    if blank[0] == blank[1]:
        neither = "neither" if not blank[0] else "either"
        raise DataError(
            f"two columns, and {neither} holds a blank on some line: which one is the label "
            "cannot be told",
            where=f"{where}:{rows[0][0]}",
            hint="say format: sentence-label, or format: label-sentence",
        )
    return "sentence-label" if blank[0] else "label-sentence"


def read_senteval(
    path: Paths, *, format: Format = "auto", on_error: OnError = "raise"
) -> Sentences:
    """Read files of labelled sentences, plain or gzipped, in one format.

    Lines end in LF or CRLF; empty lines are passed over; a byte order mark is dropped.

    Parameters
    ----------
    path : path or sequence of paths
        Several files make one list, in the order given.
    format : {'auto', 'senteval', 'sentence-label', 'label-sentence'}
        ``auto`` is the rule of `detect`, for all files together.
    on_error : {'raise', 'skip'}
        Whether a line with a defect (an empty sentence, which published files have) is an
        error, or left out and counted.

    Returns
    -------
    Sentences

    Raises
    ------
    DataError
        With file and line: a wrong number of columns, an unknown part, an empty label or
        sentence, bytes that are not UTF-8; a file that is empty or cannot be read; files of
        several formats.
    ParameterError
        For an unknown `format`.

    References
    ----------
    Conneau et al. 2018, arXiv:1805.01070v2, and the description that comes with its data.
    Departs from it: "at least" three columns are exactly three.
    """
    if format not in get_args(Format):
        raise ParameterError(
            f"unknown format {format!r}", near=get_args(Format), hint="; ".join(_SHAPE.values())
        )
    names = named(path)
    defects = Defects(on_error, "skipped-lines")
    texts = [defects.lines(name) for name in names]
    layouts = [
        detect(t, n, on_error) if format == "auto" else format
        for t, n in zip(texts, names, strict=True)
    ]
    if len(set(layouts)) > 1:
        odd = next(i for i, layout in enumerate(layouts) if layout != layouts[0])
        raise DataError(
            f"{names[0]} is {layouts[0]}, but this file is {layouts[odd]}",
            where=f"{names[odd]}:1",
            hint="one task reads files of one format",
        )
    layout = layouts[0]
    of_file = dict(zip(names, texts, strict=True))

    def rows_of(name: str) -> Iterator[tuple[int, tuple[int, str, str]]]:
        for number, line in enumerate(of_file[name], 1):
            if line.strip():
                with defects.entry():
                    defects.check_bytes(line, f"{name}:{number}")
                    yield number, _parse(line, layout, f"{name}:{number}")

    rows, file_of, at = read_rows(names, rows_of, defects, "the file has no lines")
    part_of, labels, sentences = zip(*rows, strict=True)
    part = np.array(part_of, np.int64) if layout == "senteval" else None
    warnings = defects.added_to({})
    return Sentences(sentences, labels, part, layout, names, file_of, at, warnings)


def _parse(line: str, layout: Layout, where: str) -> tuple[int, str, str]:
    fields = [f.strip() for f in line.split("\t")]
    if len(fields) != (3 if layout == "senteval" else 2):
        raise DataError(
            f"{len(fields)} column{'s' if len(fields) > 1 else ''} where the format {layout} "
            f"has {3 if layout == 'senteval' else 2}",
            where=where,
            hint=f"a line is {_SHAPE[layout]}",
        )
    part = 0
    if layout == "senteval":
        if fields[0] not in PARTS:
            raise DataError(
                f"the part is {fields[0][:30]!r}", where=where, near=PARTS, hint=_SHAPE[layout]
            )
        part = PARTS.index(fields[0])
        fields = fields[1:]
    sentence, label = fields if layout == "sentence-label" else fields[::-1]
    for what, value in (("label", label), ("sentence", sentence)):
        if not value:
            raise DataError(
                f"an empty {what}",
                where=where,
                hint=f"a line is {_SHAPE[layout]}; on_error: skip leaves such lines out",
            )
    check_words(sentence.split(), where)
    return part, label, sentence


# A packed file may hold a line, or blank lines, without an end.
_LONGEST_LINE = 1 << 20
_MOST_BLANK = 10_000


def first_line(path: str) -> str:
    """Return the first line that is not blank, of what may be a large file; '' without one.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    try:
        with open(path, "rb") as f:
            packed = f.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else open(path, "rb") as f:
            lines = iter(lambda: f.readline(_LONGEST_LINE), b"")
            line = next((raw for raw in islice(lines, _MOST_BLANK) if raw.strip()), b"")
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"the file cannot be read: {error}", where=path) from error
    return line.decode("utf-8", "replace").rstrip("\r\n")
