"""The CoNLL-U reader: files in, columns out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from os import PathLike, fspath
from typing import Literal

import numpy as np

from sondage.data import offsets_of
from sondage.defects import WITHHELD, check_file, check_words
from sondage.errors import DataError
from sondage.files import read_bytes
from sondage_treebank.bank import Treebank
from sondage_treebank.block import BadLine, Block, parse_block

# Columns kept, by place: FORM, LEMMA, UPOS, XPOS, FEATS, DEPREL.
_KEPT = (1, 2, 3, 4, 5, 7)


def read_conllu(
    path: str | PathLike[str] | Sequence[str | PathLike[str]],
    *,
    on_error: Literal["raise", "skip"] = "raise",
) -> Treebank:
    """Read CoNLL-U files, plain or gzipped, into columns.

    The syntactic words are the words; multiword tokens (``5-6``) are kept beside them, and
    empty nodes (``8.1``) are checked and left out. UTF-8 with or without byte order mark;
    lines end in LF or CRLF; the last newline may be missing. Control characters in the text
    are data.

    Parameters
    ----------
    path : path or sequence of paths
        Several files make one treebank, in the order given.
    on_error : {'raise', 'skip'}
        Whether a sentence with a defect is an error, or left out and counted as
        ``skipped-sentences``, or as ``withheld-sentences`` where ``_`` stands for all words.

    Returns
    -------
    Treebank

    Raises
    ------
    sondage.errors.DataError
        With file and line: bytes that are not UTF-8, a line without ten columns, an empty
        column, words withheld (``_`` for each of a sentence, of two and more, or for more than
        half of a file), ids out of sequence, a head outside the sentence or given for some words
        only, a cycle, no root. Whatever `on_error`: a file that cannot be read or unpacked,
        is empty, or holds no (sound) sentence. Several roots are no error but counted as
        ``several-roots``.

    References
    ----------
    The CoNLL-U format of Universal Dependencies, version 2. Departs from it: comments may
    stand between words, lines of blanks end a sentence, several roots are let through, and
    the columns DEPS and MISC and the vocabularies of UPOS, FEATS and DEPREL are not checked.
    """
    paths = [path] if isinstance(path, str | PathLike) else list(path)
    if not paths:
        raise DataError("no CoNLL-U file was named", hint="name at least one file")
    names = tuple(fspath(p) for p in paths)
    columns = _Columns()
    for place, name in enumerate(names):
        _read_one(name, place, on_error, columns)
    return columns.treebank(names)


class _Columns:
    """The growing columns."""

    def __init__(self) -> None:
        self.kept: list[list[str]] = [[] for _ in _KEPT]
        self.heads: list[int] = []
        self.lines: list[int] = []
        self.lengths: list[int] = []
        self.sent_ids: list[str | None] = []
        self.texts: list[str | None] = []
        self.file_of: list[int] = []
        self.multiword: list[tuple[int, int]] = []
        self.written: list[str] = []
        self.warnings: Counter[str] = Counter()
        # One object for equal strings: memory follows the vocabulary, not the words.
        self.share = dict[str, str]().setdefault

    def add(self, block: Block, place: int) -> None:
        by_column = list(zip(*block.rows, strict=True))
        for target, source in zip(self.kept, _KEPT, strict=True):
            values = by_column[source]
            target.extend(map(self.share, values, values))
        before = len(self.heads)
        for start, end, form in block.multiword:
            self.multiword.append((before + start, before + end))
            self.written.append(form)
        self.heads += block.heads
        self.lines += block.lines
        self.lengths.append(len(block.rows))
        self.sent_ids.append(block.sent_id)
        self.texts.append(block.text)
        self.file_of.append(place)
        if block.heads.count(-1) > 1:
            self.warnings["several-roots"] += 1

    def treebank(self, files: tuple[str, ...]) -> Treebank:
        forms, lemmas, upos, xpos, feats, deprel = self.kept
        return Treebank(
            forms=forms,
            lemmas=lemmas,
            upos=upos,
            xpos=xpos,
            feats=feats,
            heads=np.array(self.heads, np.int64),
            deprel=deprel,
            offsets=offsets_of(self.lengths),
            sent_ids=self.sent_ids,
            texts=self.texts,
            files=files,
            file_of=np.array(self.file_of, np.int64),
            lines=np.array(self.lines, np.int64),
            multiword=np.array(self.multiword, np.int64).reshape(-1, 2),
            written=tuple(self.written),
            warnings=dict(self.warnings),
        )


def _read_one(path: str, place: int, on_error: Literal["raise", "skip"], columns: _Columns) -> None:
    try:
        text, clean = (raw := read_bytes(path)).decode("utf-8"), True
    except UnicodeDecodeError:
        # As lone surrogates, so that the sentence's line can be named.
        text, clean = raw.decode("utf-8", "surrogateescape"), False
    lines = text.split("\n")
    before, words = len(columns.lengths), len(columns.lines)
    first_error: DataError | None = None
    skipped = 0
    for start, end in _blocks(lines):
        try:
            if not clean:
                _check_encoding(lines[start:end], start + 1)
            block = parse_block(lines[start:end], start + 1)
            if block is not None:
                check_words([row[1] for row in block.rows], f"{path}:{block.lines[0]}")
        except BadLine as bad:
            if on_error == "raise":
                raise bad.at(path) from None
            skipped += 1
            first_error = first_error or bad.at(path)
            continue
        except DataError as withheld:
            if on_error == "raise":
                raise
            columns.warnings[WITHHELD] += 1
            first_error = first_error or withheld
            continue
        if block is not None:
            columns.add(block, place)
    if skipped:
        columns.warnings["skipped-sentences"] += skipped
    if len(columns.lengths) > before:
        check_file(columns.kept[0][words:], path)
        return
    if first_error is not None:
        raise DataError(
            f"every sentence has a defect; of the first: {first_error.message}",
            where=first_error.where,
            hint=first_error.hint,
        )
    raise DataError(
        "the file holds no sentence, only comments",
        where=f"{path}:1",
        hint="a sentence is a run of lines with ten columns each, separated by tabs",
    )


def _blocks(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield start and end (exclusive) of each run of lines that are not blank."""
    start = -1
    for i, line in enumerate(lines):
        if not line or line.isspace():
            if start >= 0:
                yield start, i
            start = -1
        elif start < 0:
            start = i
    if start >= 0:
        yield start, len(lines)


def _check_encoding(lines: list[str], first: int) -> None:
    for number, line in enumerate(lines, first):
        try:
            line.encode("utf-8")
        except UnicodeEncodeError as error:
            byte = ord(line[error.start]) - 0xDC00
            raise BadLine(
                number,
                f"byte {byte:#x} is not UTF-8",
                "convert the file to UTF-8 (from latin-1: iconv -f latin1 -t utf-8)",
            ) from None
