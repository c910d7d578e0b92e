"""The CoNLL-U reader: files in, columns out."""

from __future__ import annotations

from collections import Counter

import numpy as np

from sondage.data import offsets_of
from sondage.defects import Defects, OnError, check_file, check_words
from sondage.errors import DataError
from sondage.files import Paths, named
from sondage.files.conllu import Block, check_tree, heads_of, read_blocks
from sondage_treebank.columns import Treebank

#: Columns kept, and their places.
_KEPT = {"forms": 1, "lemmas": 2, "upos": 3, "xpos": 4, "feats": 5, "deprel": 7}


def read_conllu(path: Paths, *, on_error: OnError = "raise") -> Treebank:
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
    The CoNLL-U format of Universal Dependencies, version 2, by the rules of
    `sondage.files.conllu`. Departs from it: comments may stand between words, lines of blanks
    end a sentence, several roots are let through, and the columns DEPS and MISC and the
    vocabularies of UPOS, FEATS and DEPREL are not checked.
    """
    names = named(path, "CoNLL-U file")
    columns = _Columns()
    defects = Defects(on_error)
    for place, name in enumerate(names):
        _read_one(name, place, defects, columns)
    return columns.treebank(names, defects)


class _Shared(dict[str, str]):
    """One object for equal strings: memory follows the vocabulary, not the words."""

    def __missing__(self, text: str) -> str:
        self[text] = text
        return text


class _Columns:
    """The growing columns."""

    def __init__(self) -> None:
        self.kept: dict[str, list[str]] = {name: [] for name in _KEPT}
        self.heads: list[int] = []
        self.lines: list[int] = []
        self.lengths: list[int] = []
        self.sent_ids: list[str | None] = []
        self.texts: list[str | None] = []
        self.file_of: list[int] = []
        self.multiword: list[tuple[int, int]] = []
        self.written: list[str] = []
        self.warnings: Counter[str] = Counter()
        self.share = _Shared().__getitem__

    def add(self, block: Block, heads: list[int], place: int) -> None:
        for name, place_in_row in _KEPT.items():
            values = block.columns[place_in_row]
            self.kept[name].extend(map(self.share, values))
        before = len(self.heads)
        for start, end, form in block.multiword:
            self.multiword.append((before + start, before + end))
            self.written.append(form)
        self.heads += heads
        self.lines += block.lines
        self.lengths.append(len(block.rows))
        self.sent_ids.append(block.sent_id)
        self.texts.append(block.text)
        self.file_of.append(place)
        if heads.count(-1) > 1:
            self.warnings["several-roots"] += 1

    def treebank(self, files: tuple[str, ...], defects: Defects) -> Treebank:
        return Treebank(
            **self.kept,
            heads=np.array(self.heads, np.int64),
            offsets=offsets_of(self.lengths),
            sent_ids=self.sent_ids,
            texts=self.texts,
            files=files,
            file_of=np.array(self.file_of, np.int64),
            lines=np.array(self.lines, np.int64),
            multiword=np.array(self.multiword, np.int64).reshape(-1, 2),
            written=tuple(self.written),
            warnings=defects.added_to(self.warnings),
        )


def _read_one(path: str, place: int, defects: Defects, columns: _Columns) -> None:
    before, words = len(columns.lengths), len(columns.lines)
    defects.start()
    for block in read_blocks(defects.text(path), path, defects.pass_over):
        try:  # not Defects.entry: it is felt over so many sentences
            heads = heads_of(block, path)
            check_tree(heads, block, path)
            check_words(block.columns[1], f"{path}:{block.lines[0]}")
        except DataError as error:
            defects.pass_over(error)
        else:
            columns.add(block, heads, place)
    if len(columns.lengths) == before:
        raise defects.none_left(
            DataError(
                "the file holds no sentence, only comments",
                where=f"{path}:1",
                hint="a sentence is a run of lines with ten columns each, separated by tabs",
            )
        )
    check_file(columns.kept["forms"][words:], path)
