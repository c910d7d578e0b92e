"""CoNLL-U-Lex: the columns that STREUSLE adds to CoNLL-U, checked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sondage.defects import Defects
from sondage.errors import DataError
from sondage.files import conllu
from sondage_streusle.corpus import NONE
from sondage_streusle.sentence import StreusleSentence, check_labels, short

COLUMNS = (
    *conllu.COLUMNS,
    *("SMWE", "LEXCAT", "LEXLEMMA", "SS", "SS2", "WMWE", "WCAT", "WLEMMA", "LEXTAG"),
)
_PLACES = {"forms": 1, "lemmas": 2, "upos": 3, "xpos": 4, "lexcats": 11, "ss": 13, "ss2": 14}
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
            sentence = _sentence(block, path, lenient=defects.on_error == "skip")
        except DataError as error:
            defects.pass_over(error)
        else:
            yield sentence


def _sentence(block: conllu.Block, path: str, *, lenient: bool) -> StreusleSentence:
    columns = {name: block.column(place) for name, place in _PLACES.items()}
    sentence = StreusleSentence(
        path, sent_id=block.sent_id, text=block.text, lines=block.lines,
        multiword=len(block.multiword), **columns,
    )  # fmt: skip
    groups: dict[int, int] = {}
    for i, row in enumerate(block.rows):
        sentence.strong.append(0 if row[10] == NONE else _group(sentence, i, row[10], groups))
    for group, length in groups.items():
        if length == 1:
            raise sentence.bad(
                f"the multiword expression {group} has one word",
                "write _ as SMWE of a single word",
                word=sentence.strong.index(group),
            )
    check_labels(sentence, lenient=lenient)
    return sentence


def _group(sentence: StreusleSentence, word: int, smwe: str, groups: dict[int, int]) -> int:
    """Return the expression that a word is in, whose words so far `groups` counts."""
    found = _SMWE.fullmatch(smwe)
    if found is None:
        raise sentence.bad(
            f"SMWE is {short(smwe)}, which is no group and position",
            "SMWE looks like 1:2, or _ outside strong multiword expressions",
            word=word,
        )
    group, place = int(found[1]), int(found[2])
    due = groups.get(group, 0) + 1
    if place != due:
        raise sentence.bad(
            f"SMWE is {smwe} where {group}:{due} is due",
            "number the words of an expression 1, 2, ... in their order",
            word=word,
        )
    groups[group] = place
    return group
