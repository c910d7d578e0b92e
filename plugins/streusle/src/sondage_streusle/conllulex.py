"""CoNLL-U-Lex: the columns that STREUSLE adds to CoNLL-U, checked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sondage.defects import Defects
from sondage.files import conllu
from sondage_streusle.corpus import NONE
from sondage_streusle.sentence import BadSentence, StreusleSentence, check_labels, short

COLUMNS = (
    *conllu.COLUMNS,
    *("SMWE", "LEXCAT", "LEXLEMMA", "SS", "SS2", "WMWE", "WCAT", "WLEMMA", "LEXTAG"),
)
# ASCII digits only, and few: int() would take other scripts' digits and thousands of them.
_SMWE = re.compile(r"([1-9][0-9]{0,8}):([1-9][0-9]{0,8})", re.ASCII)


def sentences(text: str, path: str, defects: Defects) -> Iterator[StreusleSentence]:
    """Yield the sentences of a CoNLL-U-Lex file, whose words `sondage.files.conllu` reads.

    Parameters
    ----------
    text : str
        The file's contents, lines ending in LF.
    path : str
        For messages.
    defects : Defects
        What is done about a sentence with a defect. Where they are passed over, single words
        without lexical category and supersense are none.
    """
    for block in conllu.read_blocks(text, path, defects.pass_over, COLUMNS):
        try:
            sentence = _sentence(block, lenient=defects.on_error == "skip")
        except BadSentence as bad:
            defects.pass_over(bad.at(path))
        else:
            yield sentence


def _sentence(block: conllu.Block, *, lenient: bool) -> StreusleSentence:
    sentence = StreusleSentence(block.sent_id, block.text, multiword=len(block.multiword))
    groups: dict[int, int] = {}
    for line, row in zip(block.lines, block.rows, strict=True):
        _add(sentence, row, line, groups)
    for group, length in groups.items():
        if length == 1:
            raise BadSentence(
                f"the multiword expression {group} has one word",
                "write _ as SMWE of a single word",
                line=sentence.lines[sentence.strong.index(group)],
            )
    try:
        check_labels(sentence, lenient=lenient)
    except BadSentence as bad:
        bad.line = sentence.lines[bad.word or 0]
        raise
    return sentence


def _add(sentence: StreusleSentence, row: list[str], line: int, groups: dict[int, int]) -> None:
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
