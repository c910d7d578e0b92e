"""Pronouns and what they stand for as people have said: GAP and Winograd schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sondage.data import Ints
from sondage.defects import Defects, OnError
from sondage.errors import DataError
from sondage.files import Paths, named
from sondage.parts import read_rows
from sondage_qa.wordings import Span, Wording, Wordings
from sondage_qa.words import Words

_COLUMNS = ("Text", "Pronoun", "Pronoun-offset", "A", "A-offset", "A-coref", "B", "B-offset",
            "B-coref")  # fmt: skip
_ITEM = (
    'a line is {"text": "Sam told Bo that he won.", "label": true, "target": {"span1_index": 0, '
    '"span1_text": "Sam", "span2_index": 4, "span2_text": "he"}}'
)


@dataclass(frozen=True)
class Mentions:
    """Texts with a pronoun, the name it stands for, and perhaps a name that it does not.

    Parameters
    ----------
    wordings : Wordings
        Without questions.
    pronouns, names : list of (int, int), length n
        Words of each text.
    rivals : list of (int, int) or None, length n
        The other name.
    files : tuple of str
    file_of : int64 array, shape (n,)
    warnings : dict of slug to count
        ``texts-without-pair``: whose pronoun stands for neither name, or not for this one;
        ``mentions-within-words`` and ``mentions-not-found``, left out; ``skipped-lines``.
    """

    wordings: Wordings
    pronouns: list[Span]
    names: list[Span]
    rivals: list[Span | None]
    files: tuple[str, ...]
    file_of: Ints
    warnings: dict[str, int] = field(default_factory=dict)


Mention = tuple[str, tuple[int, int], tuple[int, int], tuple[int, int] | None]


def read_gap(path: Paths, *, on_error: OnError = "raise") -> Mentions:
    """Read GAP's tab-separated files: pronoun, the name it stands for, and the other name.

    Parameters
    ----------
    path : path or sequence of paths
    on_error : {'raise', 'skip'}
        Whether a row with a defect is an error, or left out and counted.

    Raises
    ------
    DataError
        With file and line: a missing column, a row of another length, an offset that does not
        hold its mention, a label but TRUE and FALSE, a file without a pair.

    References
    ----------
    Webster et al. 2018, *Mind the GAP*, arXiv:1810.05201v1, section 3. Departs from it: rows
    whose pronoun stands for neither name are left out.
    """
    return _mentions(path, _gap_rows, on_error)


def read_wsc(path: Paths, *, on_error: OnError = "raise") -> Mentions:
    """Read Winograd schemas as SuperGLUE has them: those in which pronoun and phrase corefer.

    Parameters
    ----------
    path : path or sequence of paths
        JSON Lines with labels.
    on_error : {'raise', 'skip'}
        Whether a line with a defect is an error, or left out and counted.

    Raises
    ------
    DataError
        With file and line: malformed JSON, a missing key, a file without a pair.

    References
    ----------
    Levesque et al. 2012; Wang et al. 2019, *SuperGLUE*, arXiv:1905.00537v3, section 3. Departs
    from it: where an index does not point at its text, the text's only place is taken.
    """
    return _mentions(path, _wsc_rows, on_error)


def _mentions(path: Paths, rows: Any, on_error: OnError) -> Mentions:
    defects = Defects(on_error, "skipped-lines")
    files = named(path)
    found, file_of, _ = read_rows(
        files, lambda name: rows(name, defects), defects, "no pronoun stands for a name here"
    )
    wordings = []
    spans: list[tuple[Span, Span, Span | None]] = []
    for words, *bounds in found:
        wordings.append(Wording(Words(""), words, (0,) * len(words)))
        spans.append(tuple(None if b is None else words.span(*b) for b in bounds))  # type: ignore[arg-type]
    pronouns, names, rivals = (list(column) for column in zip(*spans, strict=True))
    whole = Wordings(wordings, [*range(len(wordings))], {})
    counted = dict(+defects.counts)
    return Mentions(whole, pronouns, names, rivals, files, file_of, counted)  # type: ignore[arg-type]


def _kept(mention: Mention, defects: Defects) -> tuple[Any, ...] | None:
    """Return the words of a text, and the mentions; None, and count, if they are no words."""
    text, *bounds = mention
    words = Words(text)
    if not all(words.fits(*b) for b in bounds if b is not None):
        defects.counts["mentions-within-words"] += 1
        return None
    return (words, *bounds)


def _gap_rows(name: str, defects: Defects) -> Iterator[tuple[int, tuple[Any, ...]]]:
    lines = defects.lines(name)
    header = lines[0].split("\t")
    missing = [column for column in _COLUMNS if column not in header]
    if missing:
        raise DataError(
            f"the first line names no column {missing[0]!r}",
            where=f"{name}:1",
            near=header[:11],
            hint="give a GAP file with its line of column names, columns parted by tabs",
        )
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        kept, where = None, f"{name}:{number}"
        with defects.entry():
            defects.check_bytes(line, where)
            cells = line.split("\t")
            if len(cells) != len(header):
                what = f"the row has {len(cells)} columns, wanted {len(header)}"
                raise DataError(what, where=where)
            mention = _gap_mention(dict(zip(header, cells, strict=True)), where)
            if mention is None:
                defects.counts["texts-without-pair"] += 1
            else:
                kept = _kept(mention, defects)
        if kept is not None:
            yield number, kept


def _gap_mention(row: dict[str, str], where: str) -> Mention | None:
    at = {key: _place(row, key, where) for key in ("Pronoun", "A", "B")}
    labels = [row[f"{key}-coref"].upper() for key in "AB"]
    if not set(labels) <= {"TRUE", "FALSE"}:
        raise DataError(f"labels {labels}, wanted TRUE or FALSE", where=where)
    if labels.count("TRUE") != 1:
        return None
    right, wrong = ("A", "B") if labels[0] == "TRUE" else ("B", "A")
    return row["Text"], at["Pronoun"], at[right], at[wrong]


def _place(row: dict[str, str], key: str, where: str) -> tuple[int, int]:
    part, at = row[key], row[f"{key}-offset"]
    start = int(at) if at.isascii() and at.isdigit() else -1
    if start < 0 or not part.strip() or not row["Text"].startswith(part, start):
        stands = row["Text"][max(start, 0) : max(start, 0) + len(part)]
        raise DataError(
            f"{key} is {part!r:.40}, but its offset {at!r:.12} has {stands!r:.40}",
            where=where,
            hint="offsets count characters of Text from 0",
        )
    return start, start + len(part)


def _wsc_rows(name: str, defects: Defects) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for number, line in enumerate(defects.lines(name), 1):
        if not line.strip():
            continue
        kept, where = None, f"{name}:{number}"
        with defects.entry():
            defects.check_bytes(line, where)
            text, label, bounds = _wsc_item(line, where)
            if not label:
                defects.counts["texts-without-pair"] += 1
            elif None in bounds:
                defects.counts["mentions-not-found"] += 1
            else:
                kept = _kept((text, bounds[0], bounds[1], None), defects)
        if kept is not None:
            yield number, kept


def _wsc_item(line: str, where: str) -> tuple[str, bool, list[Any]]:
    """Return the text, the label, and the characters of pronoun and phrase."""
    try:
        record = json.loads(line)
        text, label, target = record["text"], record["label"], record["target"]
        spans = [(target[f"span{k}_index"], target[f"span{k}_text"]) for k in (2, 1)]
        if type(text) is not str or type(label) is not bool:
            raise TypeError
        return text, label, [_wsc_place(text, index, part) for index, part in spans]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"not a Winograd schema with a label: {type(error).__name__} {error}".rstrip()
        raise DataError(what[:120], where=where, hint=_ITEM) from None


def _wsc_place(text: str, index: int, part: str) -> tuple[int, int] | None:
    """Return the characters of a phrase that begins with this word, counted by blanks."""
    words, part = text.split(), part.strip(" .,;:!?\"'“”")
    at = -1
    if 0 <= index < len(words):
        before = 0
        for word in words[: index + 1]:
            before = text.index(word, before) + len(word)
        start = before - len(words[index])
        at = text.casefold().find(part.casefold(), start, before + len(part))
    if not part:
        return None
    if at < 0 and text.casefold().count(part.casefold()) == 1:
        at = text.casefold().index(part.casefold())
    return None if at < 0 else (at, at + len(part))
