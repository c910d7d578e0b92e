"""The HEAD column of a CoNLL-U sentence: numbers, and whether they make a tree."""

from __future__ import annotations

from collections.abc import Sequence

from sondage.errors import DataError
from sondage.files.conllu.blocks import Block
from sondage.files.conllu.ids import integer, quoted

#: The head of a word for which the file gives none.
NO_HEAD = -2

# Of numbers met all the time, the place; everything else is looked at one by one.
_BELOW = {str(i): i - 1 for i in range(512)}


def heads_of(block: Block, path: str, *, partial: bool = False) -> list[int]:
    """Return the place of each word's head; -1 at a root, `NO_HEAD` where the file has ``_``.

    Parameters
    ----------
    block : Block
    path : str
        For messages.
    partial : bool
        Whether some words may have a head and others none.

    Raises
    ------
    sondage.errors.DataError
        For what is no number, or no word of the sentence.
    """
    column = block.columns[6]
    n = len(column)
    try:
        heads = [*map(_BELOW.__getitem__, column)]
        if max(heads) < n:
            return heads
    except KeyError:
        pass
    heads = []
    partial = partial or set(column) == {"_"}
    for i, head in enumerate(column):
        number = integer(head)
        if head == "_" and partial:
            number = NO_HEAD + 1
        if number is None:
            missing = "no head" if head == "_" else f"the head {quoted(head)}, not a number"
            raise DataError(
                f"word {i + 1} has {missing}",
                where=f"{path}:{block.lines[i]}",
                hint="HEAD is 0 for the root or the id of a word; _ only if no word has one",
            )
        if number > n:
            raise DataError(
                f"word {i + 1} has head {quoted(head)}, in a sentence of {n} words",
                where=f"{path}:{block.lines[i]}",
                hint="HEAD is 0 for the root or the id of a word of the same sentence",
            )
        heads.append(number - 1)
    return heads


def check_tree(heads: Sequence[int], block: Block, path: str) -> None:
    """Raise `DataError`, at the word's line, unless every word reaches a root (`tree_problem`)."""
    problem = tree_problem(heads)
    if problem is not None:
        where = f"{path}:{block.lines[problem[0]]}"
        raise DataError(problem[1], where=where, hint="mend the HEAD column")


def tree_problem(heads: Sequence[int]) -> tuple[int, str] | None:
    """Return the word concerned and what is wrong, or None if every word reaches a root.

    Parameters
    ----------
    heads : sequence of int, length n, values in -2..n-1
        -1 at a root, of which there may be several; a sentence without heads (-2) has no problem.
    """
    if heads[0] == NO_HEAD:
        return None
    if -1 not in heads:
        return 0, "the sentence has no root (no HEAD is 0)"
    # 0 unseen, otherwise the number of the walk that met the word: one pass, linear time.
    met = [0] * len(heads)
    for start, word in enumerate(heads):
        if met[start]:
            continue
        met[start] = start + 1
        while word >= 0 and not met[word]:
            met[word] = start + 1
            word = heads[word]
        if word >= 0 and met[word] == start + 1:
            return word, f"the heads run in a cycle through word {word + 1}"
    return None
