"""CoNLL-U-Lex: the lines of one sentence, checked and cut into columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from sondage_streusle.corpus import NONE
from sondage_streusle.sentence import BadSentence, Sentence, check_labels, short

COLUMNS = (
    *("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"),
    *("SMWE", "LEXCAT", "LEXLEMMA", "SS", "SS2", "WMWE", "WCAT", "WLEMMA", "LEXTAG"),
)
# ASCII digits only, and few: int() would take other scripts' digits and thousands of them.
_ID = re.compile(r"([1-9][0-9]{0,8}|0)(?:([-.])([1-9][0-9]{0,8}))?", re.ASCII)
_SMWE = re.compile(r"([1-9][0-9]{0,8}):([1-9][0-9]{0,8})", re.ASCII)


def sentences(
    text: str, pass_over: Callable[[BadSentence], None] | None = None
) -> Iterator[Sentence]:
    """Yield the sentences of a CoNLL-U-Lex file.

    Parameters
    ----------
    text : str
        The file's contents; lines end in LF. Blank lines separate sentences; runs of
        comments without words are passed over.
    pass_over : callable, optional
        What is done about a sentence with a defect, instead of raising it. Single words
        without lexical category and supersense are then no defect.

    Raises
    ------
    BadSentence
        At the first defect, with its line.
    """
    block: list[str] = []
    first = 0
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line and not line.isspace():
            first = first if block else number
            block.append(line)
        elif block:
            try:
                sentence = parse_block(block, first, lenient=pass_over is not None)
                if sentence.forms:
                    yield sentence
            except BadSentence as bad:
                if pass_over is None:
                    raise
                pass_over(bad)
            block = []


def parse_block(lines: Sequence[str], first: int, *, lenient: bool = False) -> Sentence:
    """Cut the lines between two blank lines into columns, and check them.

    Parameters
    ----------
    lines : sequence of str
        Comments and word lines; none is blank.
    first : int
        Line of ``lines[0]`` in the file.
    lenient : bool
        Whether single words may have neither lexical category nor supersense.

    Returns
    -------
    Sentence
        Without words where there are only comments.

    Raises
    ------
    BadSentence
        With the line of the defect.
    """
    sentence = Sentence()
    ids = _Ids()
    groups: dict[int, int] = {}
    for number, line in enumerate(lines, first):
        if line[0] == "#":
            key, _, value = line[1:].partition("=")
            if (key := key.strip()) == "text":
                sentence.text = value.strip()
            elif key == "sent_id":
                sentence.sent_id = value.strip()
            continue
        row = line.split("\t")
        if len(row) != 19 or "" in row:
            raise _bad_columns(number, line, row)
        if ids.is_word(number, row[0]):
            _add(sentence, row, number, groups)
        sentence.multiword += "-" in row[0]
    if ids.last < ids.range_end or (not ids.last and ids.seen):
        raise BadSentence(
            f"the sentence ends after word {ids.last}, before its last multiword token does",
            "give the words of the range, or mend the range",
            line=first + len(lines) - 1,
        )
    for group, length in groups.items():
        if length == 1:
            at = sentence.lines[sentence.strong.index(group)]
            raise BadSentence(
                f"the multiword expression {group} has one word",
                "write _ as SMWE of a single word",
                line=at,
            )
    try:
        check_labels(sentence, lenient=lenient)
    except BadSentence as bad:
        bad.line = sentence.lines[bad.word or 0]
        raise
    return sentence


class _Ids:
    """Follows the first column: words 1, 2, ..., ranges ``5-6``, empty nodes ``8.1``."""

    def __init__(self) -> None:
        self.last = self.range_end = 0
        self.seen = False

    def is_word(self, line: int, text: str) -> bool:
        """Take the next id and say whether it is a word's; BadSentence out of sequence."""
        self.seen = True
        found = _ID.fullmatch(text)
        if found is None:
            raise BadSentence(
                f"the id {short(text)} is not a number", "ids look like 5, 5-6 or 5.1", line=line
            )
        start, kind = int(found[1]), found[2]
        end = int(found[3]) if kind else start
        due = self.last if kind == "." else self.last + 1
        # A range of one word, too: Universal Dependencies' validator passes those.
        if start != due or (kind == "-" and end < start):
            hint = "a blank line ends a sentence" if start == 1 else "number words 1, 2, ..."
            raise BadSentence(f"id {text} after word {self.last}", hint, line=line)
        if kind == "-":
            self.range_end = end
        elif not kind:
            self.last = start
        return not kind


def _add(sentence: Sentence, row: list[str], line: int, groups: dict[int, int]) -> None:
    group = 0
    if row[10] != NONE:
        found = _SMWE.fullmatch(row[10])
        if found is None:
            raise BadSentence(
                f"SMWE is {short(row[10])}, which is no group and position",
                "SMWE looks like 1:2, or _ outside strong multiword expressions",
                line=line,
            )
        group, place = int(found[1]), int(found[2])
        due = groups.get(group, 0) + 1
        if place != due:
            raise BadSentence(
                f"SMWE is {row[10]} where {group}:{due} is due",
                "number the words of an expression 1, 2, ... in their order",
                line=line,
            )
        groups[group] = place
    sentence.forms.append(row[1])
    sentence.lemmas.append(row[2])
    sentence.upos.append(row[3])
    sentence.xpos.append(row[4])
    sentence.lexcats.append(row[11])
    sentence.ss.append(row[13])
    sentence.ss2.append(row[14])
    sentence.strong.append(group)
    sentence.lines.append(line)


def _bad_columns(line: int, text: str, row: list[str]) -> BadSentence:
    if len(row) == 19:
        empty = COLUMNS[row.index("")]
        return BadSentence(f"the column {empty} is empty", "write _ instead", line=line)
    if len(row) == 10:
        hint = "this looks like plain CoNLL-U, without supersenses; take the .conllulex file"
    elif len(row) == 1 and len(text.split()) > 1:
        hint = "separate the columns by single tabs, not by spaces"
    else:
        hint = "CoNLL-U-Lex has the ten columns of CoNLL-U and SMWE to LEXTAG, between tabs"
    plural = "s" * (len(row) != 1)
    return BadSentence(f"{len(row)} column{plural}, wanted 19", hint, line=line)
