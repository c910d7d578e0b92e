"""Pronouns and what they stand for as people have said: GAP and Winograd schemas."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sondage.data import Ints
from sondage.defects import Defects, OnError
from sondage.errors import DataError
from sondage.files import Columns, Paths, named
from sondage.parts import read_rows
from sondage_qa.wordings import Span, Wording, Wordings
from sondage_qa.words import Words

_COLUMNS = ("Text", "Pronoun", "Pronoun-offset", "A", "A-offset", "A-coref", "B", "B-offset",
            "B-coref")  # fmt: skip
#: The reason to leave out a text in which the pronoun stands for neither name, or not for this one.
_NO_PAIR = "texts-without-pair"
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


Characters = tuple[int, int]


@dataclass(frozen=True)
class _Mention:
    """A text with the characters of a pronoun, the name it stands for, and perhaps another name."""

    text: str
    pronoun: Characters
    name: Characters
    rival: Characters | None = None


@dataclass(frozen=True)
class _Placed:
    """The same in words."""

    words: Words
    pronoun: Span
    name: Span
    rival: Span | None


#: What a line says, or for which reason it is left out; its second argument is for messages.
_Read = Callable[[str, str], _Mention | str]


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

    def opened(lines: list[str], name: str) -> tuple[int, _Read]:
        columns = Columns.named(lines[0], _COLUMNS, name)
        return 1, lambda line, where: _gap_mention(columns.cells(line, where), where)

    return _mentions(path, opened, on_error)


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
    return _mentions(path, lambda *_: (0, _wsc_mention), on_error)


def _mentions(
    path: Paths, opened: Callable[[list[str], str], tuple[int, _Read]], on_error: OnError
) -> Mentions:
    """Read the files of a format.

    `opened` is given a file's lines and name, and returns how many lines are not data, and what
    reads the others.
    """
    defects = Defects(on_error, "skipped-lines")
    files = named(path)

    def rows(name: str) -> Iterator[tuple[int, _Placed]]:
        lines = defects.lines(name)
        begin, read = opened(lines, name)
        for number, line in enumerate(lines[begin:], begin + 1):
            kept: _Placed | str | None = None
            if line.strip():
                with defects.entry():
                    defects.check_bytes(line, f"{name}:{number}")
                    kept = _placed(read(line, f"{name}:{number}"))
            if isinstance(kept, str):
                defects.counts[kept] += 1
            elif kept is not None:
                yield number, kept

    found, file_of, _ = read_rows(files, rows, defects, "no pronoun stands for a name here")
    wordings = [Wording(Words(""), one.words, (0,) * len(one.words)) for one in found]
    return Mentions(
        wordings=Wordings(wordings, [*range(len(wordings))], {}),
        pronouns=[one.pronoun for one in found],
        names=[one.name for one in found],
        rivals=[one.rival for one in found],
        files=files,
        file_of=file_of,
        warnings=dict(+defects.counts),
    )


def _placed(mention: _Mention | str) -> _Placed | str:
    """Return mentions in words; or the reason, if there is one, to leave their text out."""
    if isinstance(mention, str):
        return mention
    words, rival = Words(mention.text), mention.rival
    every = (mention.pronoun, mention.name, *([] if rival is None else [rival]))
    if not all(words.fits(*characters) for characters in every):
        return "mentions-within-words"
    return _Placed(
        words,
        words.span(*mention.pronoun),
        words.span(*mention.name),
        None if rival is None else words.span(*rival),
    )


def _gap_mention(row: dict[str, str], where: str) -> _Mention | str:
    at = {key: _place(row, key, where) for key in ("Pronoun", "A", "B")}
    labels = [row[f"{key}-coref"].upper() for key in "AB"]
    if not set(labels) <= {"TRUE", "FALSE"}:
        raise DataError(f"labels {labels}, wanted TRUE or FALSE", where=where)
    if labels.count("TRUE") != 1:
        return _NO_PAIR
    right, wrong = ("A", "B") if labels[0] == "TRUE" else ("B", "A")
    return _Mention(row["Text"], at["Pronoun"], at[right], at[wrong])


def _place(row: dict[str, str], key: str, where: str) -> Characters:
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


def _wsc_mention(line: str, where: str) -> _Mention | str:
    text, label, (pronoun, phrase) = _wsc_item(line, where)
    if not label:
        return _NO_PAIR
    if pronoun is None or phrase is None:
        return "mentions-not-found"
    return _Mention(text, pronoun, phrase)


def _wsc_item(line: str, where: str) -> tuple[str, bool, list[Characters | None]]:
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


def _wsc_place(text: str, index: int, part: str) -> Characters | None:
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
