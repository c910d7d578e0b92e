"""SemEval-2010 Task 8: the relation between two marked nominals."""

from __future__ import annotations

import re

from sondage.defects import Defects, OnError
from sondage.errors import DataError, nearest
from sondage.files import Paths, named
from sondage_edges.spans import Edges, EdgesDraft, blocks, read_entries, short
from sondage_edges.tokens import Words

_DIRECTED = (
    "Cause-Effect",
    "Instrument-Agency",
    "Product-Producer",
    "Content-Container",
    "Entity-Origin",
    "Entity-Destination",
    "Component-Whole",
    "Member-Collection",
    "Message-Topic",
)
#: The 19 labels, in the order of the data's README: nine relations both ways, and none.
RELATIONS = (*(f"{name}({way})" for name in _DIRECTED for way in ("e1,e2", "e2,e1")), "Other")

_MARKS = ("<e1>", "</e1>", "<e2>", "</e2>")
_MARK = re.compile("</?e[12]>")
_LINE = '7<TAB>"The <e1>boy</e1> sat at the <e2>desk</e2>."'


def read_semeval2010(paths: Paths, *, on_error: OnError = "raise") -> Edges:
    """Read SemEval-2010 Task 8, plain or gzipped.

    A block is a line ``number<TAB>"sentence"`` with one ``<e1>..</e1>`` and one
    ``<e2>..</e2>`` in it, a line with the relation, and a line ``Comment: ..``. Blank lines
    stand between blocks. The marks are taken out of the text, the comments are passed over.

    Parameters
    ----------
    paths : path or sequence of paths
        ``TRAIN_FILE.TXT``, ``TEST_FILE_FULL.TXT``; several make one list of sentences.
    on_error : {'raise', 'skip'}
        Whether a block with a defect is an error, or left out and counted.

    Returns
    -------
    Edges
        One item a sentence, of two spans, e1 and then e2, wherever they stand. `names` are
        those of the 19 labels that occur, in the order of `RELATIONS`.

    Raises
    ------
    sondage.errors.DataError
        With file and line: a sentence without number, tab or quotes; a mark that is missing,
        there twice or within another span; a span without a word; a relation that is none of
        the 19; a block that is cut short or too long.

    References
    ----------
    Hendrickx et al. 2010, *SemEval-2010 Task 8: Multi-Way Classification of Semantic
    Relations Between Pairs of Nominals*, aclanthology.org/S10-1006, and the README that comes
    with its data. Departs from it: the data are running text, and the words are those of
    `sondage_edges.tokens.Words`, with no word across the end of a span, also where the
    text has no blank there (``doves<e2>moles</e2>``: 7 sentences).
    """
    draft = EdgesDraft(named(paths))
    read_entries(draft, Defects(on_error, "skipped-blocks"), _block, blocks)
    seen = {label for (label,) in draft.labels}
    return draft.edges(tuple(label for label in RELATIONS if label in seen))


def _block(draft: EdgesDraft, block: list[str]) -> None:
    text, e1, e2 = _sentence(block[0], draft.where())
    relation = _relation(block, draft)
    words = Words(text, (*e1, *e2))
    spans = words.span(*e1), words.span(*e2)
    for mark, (start, end) in zip(_MARKS[::2], spans, strict=True):
        if start == end:
            raise _bad(f"there is no word within {mark}", draft.where())
    draft.add(words.words, text)
    draft.label((relation,), *spans[0], *spans[1])


def _sentence(line: str, where: str) -> tuple[str, tuple[int, int], tuple[int, int]]:
    """Return the text without its marks, and the characters of e1 and of e2."""
    number, tab, quoted = line.partition("\t")
    quoted = quoted.strip()
    if not tab or not number.strip().isdecimal():
        raise _bad(f"wanted a number and a tab before the sentence, found {short(line)}", where)
    if len(quoted) < 2 or quoted[0] != '"' or quoted[-1] != '"':
        raise _bad(f"the sentence is not within double quotes: {short(quoted)}", where)
    marked = quoted[1:-1]
    found = list(_MARK.finditer(marked))
    order = [m[0] for m in found]
    for mark in _MARKS:
        if order.count(mark) != 1:
            what = "is missing" if mark not in order else f"is there {order.count(mark)} times"
            raise _bad(f"the mark {mark} {what}", where)
    if tuple(order) not in (_MARKS, _MARKS[2:] + _MARKS[:2]):
        raise _bad(f"the marks stand in the order {' '.join(order)}", where)
    # Each mark lies further left in the text by the marks before it.
    place, taken = {}, 0
    for m in found:
        place[m[0]] = m.start() - taken
        taken += len(m[0])
    e1, e2 = ((place[a], place[b]) for a, b in (_MARKS[:2], _MARKS[2:]))
    return _MARK.sub("", marked), e1, e2


def _relation(block: list[str], draft: EdgesDraft) -> str:
    """Return the relation of the block being read."""
    if len(block) == 1:
        raise _cut("relation and comment", draft.where())
    relation = block[1].strip()
    if relation not in RELATIONS:
        raise DataError(
            f"{short(relation)} is none of the 19 relations",
            where=draft.where(1),
            near=nearest(relation, RELATIONS),
            hint="the relation stands in the line after the sentence (TEST_FILE_FULL.TXT has it)",
        )
    if len(block) == 2:
        raise _cut("comment", draft.where(1))
    if not block[2].lstrip().startswith("Comment"):
        raise _cut("comment", draft.where(2))
    if len(block) > 3:
        raise DataError(
            f"the block goes on after its comment: {short(block[3])}",
            where=draft.where(3),
            hint="put a blank line between blocks",
        )
    return relation


def _cut(what: str, where: str) -> DataError:
    return DataError(
        f"the block is cut short, without {what}",
        where=where,
        hint="a block is the sentence, the relation and a line Comment:",
    )


def _bad(message: str, where: str) -> DataError:
    return DataError(message, where=where, hint=f"a sentence looks like {_LINE}")
