"""The reader: files in, columns out."""

from __future__ import annotations

from typing import Any

import numpy as np

from sondage.data import offsets_of
from sondage.defects import Defects, OnError, check_file, check_words
from sondage.errors import DataError
from sondage.files import Paths, named
from sondage_streusle import conllulex, jsonlex
from sondage_streusle.corpus import NONE, Streusle
from sondage_streusle.sentence import StreusleSentence


def read_streusle(path: Paths, *, on_error: OnError = "raise") -> Streusle:
    """Read STREUSLE files, JSON or CoNLL-U-Lex, plain or gzipped, into columns.

    A file whose first character is ``[`` is JSON, whatever its name. The syntactic words are
    the words: multiword tokens (``5-6``) are counted, and they and empty nodes (``8.1``) left out.

    Parameters
    ----------
    path : path or sequence of paths
        Several files make one corpus, in the order given; formats may differ.
    on_error : {'raise', 'skip'}
        Whether a sentence with a defect is an error, or left out and counted. With 'skip',
        single words without lexical category and supersense are none, but counted
        (``words-without-lexcat``): they are in corpora in which adpositions alone are annotated.

    Raises
    ------
    sondage.errors.DataError
        With file and line, or in JSON with file and sentence: bytes that are not UTF-8; a
        line without 19 columns or with an empty one; JSON of another shape; words out of
        sequence; a multiword expression of one word or out of sequence; an expression
        without lexical category, or with labels away from its first word; words that are
        withheld (``_`` for each); a file that cannot be read or unpacked, is empty, or holds
        no (sound) sentence.

    References
    ----------
    The formats as the file CONLLULEX.md and the script conllulex2json.py of STREUSLE 4.x
    describe them. Departs from it: heads, weak expressions and LEXTAG, which repeats the
    other columns, are not read, and no list of lexical categories or supersenses is enforced,
    since it changed between releases.
    """
    names = named(path, "STREUSLE file")
    found: list[StreusleSentence] = []
    file_of: list[int] = []
    defects = Defects(on_error)
    for place, name in enumerate(names):
        of_file = _read_one(name, defects)
        found += of_file
        file_of += [place] * len(of_file)
    columns: dict[str, Any] = {
        name: [value for sentence in found for value in getattr(sentence, name)]
        for name in ("forms", "lemmas", "upos", "xpos", "lexcats", "ss", "ss2", "strong", "lines")
    }
    columns |= {name: np.array(columns[name], np.int64) for name in ("strong", "lines")}
    return Streusle(
        **columns,
        offsets=offsets_of(len(s.forms) for s in found),
        sent_ids=[s.sent_id for s in found],
        texts=[s.text for s in found],
        files=names,
        file_of=np.array(file_of, np.int64),
        warnings=defects.added_to(
            {
                "words-without-lexcat": sum(map(_without_lexcat, found)),
                "multiword-tokens": sum(s.multiword for s in found),
                "sentences-with-multiword-tokens": sum(s.multiword > 0 for s in found),
            }
        ),
    )


def _read_one(path: str, defects: Defects) -> list[StreusleSentence]:
    text = defects.text(path)
    of_format = jsonlex if text.lstrip()[:1] in ("[", "{") else conllulex
    defects.start()
    found: list[StreusleSentence] = []
    for sentence in of_format.sentences(text, path, defects):
        where = f"{path}:{sentence.lines[0]}" if sentence.lines[0] else path
        with defects.entry():
            defects.check_bytes(_texts(sentence), where)
            check_words(sentence.forms, where)
            found.append(sentence)
    if not found:
        raise defects.none_left(
            DataError(
                "the file holds no sentence",
                where=f"{path}:1",
                hint="take streusle.*.json or a .conllulex file of STREUSLE 4",
            )
        )
    check_file([form for sentence in found for form in sentence.forms], path)
    return found


def _texts(sentence: StreusleSentence) -> list[str]:
    columns = (sentence.forms, sentence.lemmas, sentence.ss, sentence.ss2)
    return [*(v for column in columns for v in column), sentence.text or ""]


def _without_lexcat(sentence: StreusleSentence) -> int:
    pairs = zip(sentence.lexcats, sentence.strong, strict=True)
    return sum(lexcat == NONE and not group for lexcat, group in pairs)
