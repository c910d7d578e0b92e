"""What the generator reads: bracketed constituents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from sondage.defects import Defects, check_file, check_words
from sondage.errors import DataError
from sondage.files import Paths, named


@dataclass(frozen=True)
class Bracketed:
    """A constituency tree.

    Parameters
    ----------
    tokens : tuple of str
    top : tuple of str
        Labels of the constituents below the sentence's node, functions (``-SBJ``) dropped.
    depth : int
        Nodes on the longest way from the sentence's node to a token's tag, both counted.
    where : str
        ``file:line`` of its first bracket.
    """

    tokens: tuple[str, ...]
    top: tuple[str, ...]
    depth: int
    where: str


#: The reason under which trees without a word are counted.
EMPTY = "empty-trees"


def read_brackets(path: Paths, defects: Defects | None = None) -> list[Bracketed]:
    """Read trees such as ``(ROOT (S (NP (PRP I)) (VP (VBP run)) (. .)))``, over any lines.

    An outermost node without a label, or called ROOT or TOP, is dropped, and so are empty
    elements (``-NONE-``) with what then is empty. The sentence's node is what remains on top.
    A tree of which nothing remains is left out, and counted in ``defects.counts``.

    Parameters
    ----------
    path : path or sequence of paths
    defects : Defects, optional
        Says whether trees with a defect are errors, as without it, or left out, and counts
        what was left out. Where brackets do not match, that takes a file in which a bracket
        without indentation begins a tree, and only such a one; else it cannot be told where
        the next tree begins.

    Raises
    ------
    DataError
        With file and line, for a bracket that is not closed, text outside of brackets, or
        brackets in brackets beyond any sentence; for words that are withheld (``_`` for each).
    """
    defects = defects or Defects()
    found: list[Bracketed] = []
    for name in named(path):
        for at, node in _nodes(defects.lines(name), name, defects):
            whole = _bracketed(node, f"{name}:{at}")
            defects.counts[EMPTY] += not whole
            with defects.entry():
                for tree in whole:
                    check_words(tree.tokens, tree.where)
                found += whole
    if not found:
        raise defects.none_left(
            DataError("no tree could be read", hint="name a file of bracketed trees")
        )
    check_file([form for tree in found for form in tree.tokens], found[0].where.rpartition(":")[0])
    return found


#: Brackets within each other, at most: no sentence has half as many.
_DEEPEST = 200
_Raw = tuple[int, list[object]]


def _nodes(lines: list[str], name: str, defects: Defects) -> list[_Raw]:
    """Return the outermost nodes of a file, each with its line."""
    try:
        return _parsed(lines, 1, name, defects)
    except DataError as error:
        starts = [i for i, line in enumerate(lines) if line.startswith("(")]
        if defects.on_error == "raise" or not starts:
            raise
        found: list[_Raw] = []
        broken: list[DataError] = []
        for begin, end in pairwise(sorted({0, *starts, len(lines)})):
            try:
                found += _parsed(lines[begin:end], begin + 1, name, defects)
            except DataError as bad:
                broken.append(bad)
        if len(broken) > len(found):
            raise error from None
        for bad in broken:
            defects.pass_over(bad)
        return found


def _parsed(lines: list[str], first: int, name: str, defects: Defects) -> list[_Raw]:
    stack: list[_Raw] = []
    found: list[_Raw] = []
    for number, line in enumerate(lines, first):
        where = f"{name}:{number}"
        defects.check_bytes(line, where)
        for piece in re.findall(r"[()]|[^\s()]+", line):
            if piece == "(":
                stack.append((number, []))
                if len(stack) > _DEEPEST:
                    raise DataError(f"more than {_DEEPEST} brackets in each other", where=where)
            elif not stack:
                raise DataError(f"{piece[:20]!r} outside of brackets", where=where)
            elif piece == ")":
                at, node = stack.pop()
                if stack:
                    stack[-1][1].append(node)
                else:
                    found.append((at, node))
            else:
                stack[-1][1].append(piece)
    if stack:
        raise DataError("a bracket is not closed", where=f"{name}:{stack[0][0]}")
    return found


@dataclass(frozen=True)
class _Node:
    label: str
    below: tuple[_Node | str, ...]

    def leaves(self) -> list[str]:
        return [w for c in self.below for w in ([c] if isinstance(c, str) else c.leaves())]

    def height(self) -> int:
        return 1 + max((c.height() for c in self.below if isinstance(c, _Node)), default=0)


def _bracketed(raw: list[object], where: str) -> list[Bracketed]:
    node = _pruned(raw)
    while node and node.label in ("", "ROOT", "TOP") and len(node.below) == 1:
        only = node.below[0]
        node = only if isinstance(only, _Node) else None
    children = [c for c in node.below if isinstance(c, _Node)] if node else []
    if node is None or not children:
        return []
    top = tuple(re.split(r"(?<=.)[-=|]", child.label)[0] for child in children)
    return [Bracketed(tuple(node.leaves()), top, node.height(), where)]


def _pruned(raw: list[object]) -> _Node | None:
    label = raw[0] if raw and isinstance(raw[0], str) else ""
    if label == "-NONE-":
        return None
    below: list[_Node | str] = []
    for part in raw[1:] if label else raw:
        kept = _pruned(part) if isinstance(part, list) else str(part)
        if kept is not None:
            below.append(kept)
    return _Node(label, tuple(below)) if below else None
