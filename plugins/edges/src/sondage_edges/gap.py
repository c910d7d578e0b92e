"""GAP: a pronoun, two names, and whether each is what the pronoun means."""

from __future__ import annotations

from itertools import islice

from sondage.defects import Defects, OnError
from sondage.errors import DataError
from sondage.files import Columns, Paths, named
from sondage_edges.spans import Edges, EdgesDraft, filled, read_each, short
from sondage_edges.tokens import Words

#: What the readers of coreference data label a pair with.
LABELS = ("coreferent", "not")

_TRUTH = {"TRUE": LABELS[:1], "FALSE": LABELS[1:]}
_COLUMNS = ("Text", "Pronoun", "Pronoun-offset", "A", "A-offset", "A-coref", "B", "B-offset",
            "B-coref")  # fmt: skip


def read_gap(paths: Paths, *, on_error: OnError = "raise") -> Edges:
    """Read GAP's tab-separated files: two pairs of pronoun and name a row.

    A file has a line of column names, which are found by name, and a row a line; quotation
    marks are characters like others, and offsets count characters from 0. Blank lines are
    passed over.

    Parameters
    ----------
    paths : path or sequence of paths
        Several files make one list of texts, in the order given.
    on_error : {'raise', 'skip'}
        Whether a row with a defect is an error, or left out and counted.

    Returns
    -------
    Edges
        Row i is sentence i: its whole text, which often has several sentences. Its items
        are (pronoun, name A) and (pronoun, name B), labelled ``coreferent`` or ``not``. Words
        are cut from the text by `sondage_edges.tokens.Words`, never across the end of one
        of the row's three mentions.

    Raises
    ------
    sondage.errors.DataError
        With file and line: a missing column, a row of another length, an offset that is no
        number or does not hold its mention, a blank mention, a label but TRUE and FALSE.

    References
    ----------
    Webster et al. 2018, *Mind the GAP*, arXiv:1810.05201v1, section 3, and the format in
    its data's README. Departs from it: each pronoun and name is a question of its own, as in
    edge probing, so an answer may call both names coreferent; ids and URLs are passed over.
    """
    draft, defects = EdgesDraft(named(paths)), Defects(on_error, "skipped-rows")

    def read(name: str) -> None:
        lines = defects.lines(name)
        columns = Columns.named(lines[0], _COLUMNS, name)
        for number, line in islice(filled(lines), 1, None):
            draft.line = number
            where = draft.where()
            with defects.entry():
                defects.check_bytes(line, where)
                _row(draft, columns.cells(line, where), where)

    read_each(draft, read, defects)
    return draft.edges(LABELS)


def _row(draft: EdgesDraft, cells: dict[str, str], where: str) -> None:
    mentions = [_mention(cells, column, where) for column in ("Pronoun", "A", "B")]
    labels = [_truth(cells, column, where) for column in ("A-coref", "B-coref")]
    words = Words(cells["Text"], (cut for mention in mentions for cut in mention))
    first, *names = [words.span(*mention) for mention in mentions]
    draft.add(words.words, cells["Text"])
    for name, label in zip(names, labels, strict=True):
        draft.label(label, *first, *name)


def _mention(cells: dict[str, str], column: str, where: str) -> tuple[int, int]:
    text, part, at = cells["Text"], cells[column], cells[f"{column}-offset"]
    if not (at.isascii() and at.isdigit() and len(at) < 10):
        raise DataError(
            f"{column}-offset is {short(at)}, wanted a number of characters", where=where
        )
    if not part or part.isspace():
        raise DataError(f"{column} is blank", where=where, hint="name the words that are meant")
    start = int(at)
    end = start + len(part)
    if text[start:end] != part:
        raise DataError(
            f"at character {start} the text has {short(text[start:end])}, not {column}, "
            f"{short(part)}",
            where=where,
            hint="offsets count characters from 0, not bytes",
        )
    return start, end


def _truth(cells: dict[str, str], column: str, where: str) -> tuple[str, ...]:
    label = _TRUTH.get(cells[column].upper())
    if label is None:
        raise DataError(f"{column} is {short(cells[column])}, wanted TRUE or FALSE", where=where)
    return label
