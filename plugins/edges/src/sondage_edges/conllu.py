"""Sentences of CoNLL-U files: names, words and heads, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sondage.defects import Defects
from sondage.errors import DataError

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_LEFT_OUT = re.compile(r"[0-9]+[-.][0-9]+", re.ASCII)
_HINT = "a word is a line of ten columns with tabs between: ID FORM LEMMA UPOS XPOS FEATS HEAD ..."


@dataclass(frozen=True)
class Sentence:
    """One sentence.

    Parameters
    ----------
    sent_id : str
    text : str
        What ``# text`` gives, else the words with blanks between.
    words : list of str
        The syntactic words.
    heads : list of int
        Of each word, the number of its head from 1, or 0 at a root; 0 throughout where the
        file has no heads (``_`` for all words).
    line : int
        The sentence's first line in its file, from 1.
    multiword : int
        How many multiword tokens (``5-6 don't``) it has.
    """

    sent_id: str
    text: str
    words: list[str]
    heads: list[int]
    line: int
    multiword: int = 0


def read_sentences(path: str, defects: Defects | None = None) -> Iterator[Sentence]:
    """Yield the sentences of a CoNLL-U file, plain or gzipped.

    Lines of multiword tokens (``5-6``), which are counted, and empty nodes (``8.1``) are passed
    over. Sentences with a defect are errors, or what `defects` says.

    Raises
    ------
    sondage.errors.DataError
        With file and line: a sentence without ``# sent_id``, a line without ten columns, ids
        out of sequence, an empty form, a head outside the sentence.

    References
    ----------
    The CoNLL-U format of Universal Dependencies, version 2. Departs from it: only ID, FORM
    and HEAD are looked at, and cycles and several roots are let through.
    """
    defects = defects or Defects()
    lines = defects.lines(path)
    lines.append("")
    first = -1
    for i, line in enumerate(lines):
        if line and not line.isspace():
            first = i if first < 0 else first
        elif first >= 0:
            sentence = None
            with defects.entry():
                defects.check_bytes(lines[first:i], f"{path}:{first + 1}")
                sentence = _sentence(path, lines[first:i], first + 1)
            if sentence is not None:
                yield sentence
            first = -1


def _sentence(path: str, lines: list[str], first: int) -> Sentence | None:
    comments: dict[str, str] = {}
    words: list[str] = []
    heads: list[str] = []
    places: list[int] = []
    multiword = 0
    for number, line in enumerate(lines, first):
        if line[0] == "#":
            key, _, value = line[1:].partition("=")
            comments.setdefault(key.strip(), value.strip())
            continue
        row = line.split("\t")
        where = f"{path}:{number}"
        if len(row) != 10:
            raise DataError(f"{len(row)} columns, wanted ten", where=where, hint=_HINT)
        if row[0] == str(len(words) + 1):
            if not row[1] or row[1].isspace():
                raise DataError("the form is empty", where=where, hint=_HINT)
            words.append(row[1])
            heads.append(row[6])
            places.append(number)
        elif not _LEFT_OUT.fullmatch(row[0]):
            raise DataError(f"id {row[0][:20]!r}, wanted {len(words) + 1}", where=where, hint=_HINT)
        else:
            multiword += "-" in row[0]
    if not words:
        return None
    if not comments.get("sent_id"):
        raise DataError(
            "the sentence has no sent_id, by which annotations are found",
            where=f"{path}:{first}",
            hint="take the treebank's released file, with its comments",
        )
    if set(heads) == {"_"}:
        heads = ["0"] * len(heads)
    for head, number in zip(heads, places, strict=True):
        if not _NUMBER.fullmatch(head) or int(head) > len(words):
            raise DataError(
                f"head {head[:20]!r} is no word of a sentence of {len(words)} words",
                where=f"{path}:{number}",
                hint=_HINT,
            )
    return Sentence(
        comments["sent_id"],
        comments.get("text") or " ".join(words),
        words,
        [int(head) for head in heads],
        first,
        multiword,
    )


def subtree(heads: list[int], top: int, *, without: int = 0) -> list[int]:
    """Return the words that `top` dominates, itself included, ascending; numbers from 1.

    Parameters
    ----------
    heads : list of int
        Of each word, the number of its head from 1, 0 at a root; cycles do no harm.
    top : int
        The word.
    without : int, optional
        A word whose subtree is taken out, unless it holds `top`.
    """
    children: dict[int, list[int]] = {}
    for word, head in enumerate(heads, 1):
        children.setdefault(head, []).append(word)
    found: set[int] = set()
    todo = [top]
    while todo:
        word = todo.pop()
        if word not in found and (word != without or word == top):
            found.add(word)
            todo += children.get(word, ())
    return sorted(found)
