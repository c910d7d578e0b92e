"""What the generator reads: CoNLL-U trees over surface tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike, fspath

from sondage.defects import Defects, check_file, check_words
from sondage.errors import DataError

Path = str | PathLike[str]


@dataclass(frozen=True)
class Tree:
    """A sentence of a treebank.

    Parameters
    ----------
    tokens : tuple of str
        Surface tokens: a multiword token (``3-4 don't``) is one, unless ``_`` stands for it.
    token_of : tuple of int, a word each
        Each syntactic word's token.
    upos, feats, deprel : tuples of str, a word each
        ``_`` where the file has nothing.
    head : tuple of int, a word each
        Place of the head among the words; -1 at the root; -2 where the file has nothing,
        and -3 where it has 0 for all words of several, which is no tree either.
    where : str
        ``file:line`` of the first word.
    multiword : int
        How many multiword tokens there are.
    """

    tokens: tuple[str, ...]
    token_of: tuple[int, ...]
    upos: tuple[str, ...]
    feats: tuple[str, ...]
    head: tuple[int, ...]
    deprel: tuple[str, ...]
    where: str
    multiword: int = 0

    @property
    def root(self) -> int:
        """Place of the root's word."""
        return self.head.index(-1)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Dependents of each word, in order."""
        out: list[list[int]] = [[] for _ in self.head]
        for i, h in enumerate(self.head):
            if h >= 0:
                out[h].append(i)
        return tuple(tuple(c) for c in out)

    def relation(self, word: int) -> str:
        """Return a word's relation without its subtype: nsubj for nsubj:pass."""
        return self.deprel[word].partition(":")[0]

    def feature(self, word: int, name: str) -> str:
        """Return the value of a feature, or ''."""
        for pair in self.feats[word].split("|"):
            key, _, value = pair.partition("=")
            if key == name:
                return value
        return ""

    def below(self, word: int) -> set[int]:
        """Return a word and all words that hang below it."""
        found, todo = {word}, [word]
        while todo:
            todo += (new := [c for c in self.children[todo.pop()] if c not in found])
            found.update(new)
        return found


#: The reason under which sentences with a blank inside a word are counted.
BLANKS = "sentences-with-blanks-in-words"


def read_conllu(path: Path | Sequence[Path], defects: Defects | None = None) -> list[Tree]:
    """Read CoNLL-U files, plain or gzipped: forms, UPOS, features, heads, relations.

    Empty nodes (``8.1``) are passed over. A sentence one of whose forms holds a blank is left
    out, since SentEval's format tells words by blanks, and counted in ``defects.counts``.

    Parameters
    ----------
    path : path or sequence of paths
    defects : Defects, optional
        Says whether sentences with a defect are errors, as without it, or left out, and
        counts what was left out.

    Raises
    ------
    DataError
        With file and line: not ten columns, ids out of order, a head that is no number, points
        outside its sentence, or is part of a cycle; no root or two; words that are withheld
        (``_`` for each); no sentence at all.
    """
    defects = defects or Defects()
    trees: list[Tree] = []
    for name in map(fspath, [path] if isinstance(path, str | PathLike) else path):
        before = len(trees)
        for block in _blocks(defects.lines(name)):
            with defects.entry():
                defects.check_bytes([line for _, line in block], f"{name}:{block[0][0]}")
                tree = _tree([_fields(line, f"{name}:{n}", n) for n, line in block], name)
                if any(len(form.split()) > 1 or not form.strip() for form in tree.tokens):
                    defects.counts[BLANKS] += 1
                else:
                    check_words(tree.tokens, tree.where)
                    trees.append(tree)
        check_file([form for tree in trees[before:] for form in tree.tokens], name)
    if trees:
        return trees
    if defects.counts[BLANKS] and defects.first is None:
        raise DataError(
            f"all {defects.counts[BLANKS]} sentences have a blank inside a word, and SentEval's "
            "format tells words by blanks",
            hint="replace blanks within words, by '_' for instance",
        )
    raise defects.none_left(
        DataError("no sentence could be read", hint="name at least one CoNLL-U file")
    )


def _blocks(lines: list[str]) -> Iterator[list[tuple[int, str]]]:
    """Yield the numbered lines of each sentence, without its comments."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.startswith("#"):
            continue
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []


def _fields(line: str, where: str, number: int) -> tuple[int, list[str]]:
    fields = line.split("\t")
    if len(fields) != 10:
        raise DataError(
            f"{len(fields)} column{'s' if len(fields) > 1 else ''}, where CoNLL-U has "
            "ten, with tabs between",
            where=where,
            hint="is this a CoNLL-U file?",
        )
    if not fields[1]:
        raise DataError("the column FORM is empty", where=where, hint="write _ instead")
    return number, fields


def _tree(block: list[tuple[int, list[str]]], name: str) -> Tree:
    tokens: list[str] = []
    token_of: list[int] = []
    columns: list[tuple[str, str, str, str, int]] = []
    until = joined = multiword = 0
    for number, fields in block:
        where = f"{name}:{number}"
        span = re.fullmatch(r"([1-9][0-9]*)-([1-9][0-9]*)", fields[0])
        if re.fullmatch(r"[0-9]+\.[1-9][0-9]*", fields[0]):
            continue
        if span:
            start, end = int(span[1]), int(span[2])
            if start != len(columns) + 1 or end < start or start <= until:
                raise DataError(f"the range {fields[0]} is out of order", where=where)
            multiword += 1
            until = end
            if fields[1] != "_":
                tokens.append(fields[1])
                joined = end
            continue
        if fields[0] != str(len(columns) + 1):
            raise DataError(
                f"word id {fields[0][:20]!r} where {len(columns) + 1} is due", where=where
            )
        if len(columns) + 1 > joined:
            tokens.append(fields[1])
        token_of.append(len(tokens) - 1)
        columns.append((fields[3], fields[5], fields[6], fields[7], number))
    if until > len(columns) or not columns:
        raise DataError("a range ends after the sentence", where=f"{name}:{block[0][0]}")
    heads = [_head(c[2], i, len(columns), f"{name}:{c[4]}") for i, c in enumerate(columns)]
    where = f"{name}:{block[0][0]}"
    if len(heads) > 1 and set(heads) == {-1}:
        heads = [-3] * len(heads)
    elif -2 not in heads:
        _check_tree(heads, where)
    return Tree(
        tokens=tuple(tokens),
        token_of=tuple(token_of),
        upos=tuple(c[0] for c in columns),
        feats=tuple(c[1] for c in columns),
        head=tuple(heads),
        deprel=tuple(c[3] for c in columns),
        where=where,
        multiword=multiword,
    )


def _head(field: str, word: int, n: int, where: str) -> int:
    if field == "_":
        return -2
    if not (field.isascii() and field.isdigit()) or int(field) > n:
        raise DataError(
            f"head {field[:20]!r} of word {word + 1}, in a sentence of {n}", where=where
        )
    return int(field) - 1


def _check_tree(heads: list[int], where: str) -> None:
    if heads.count(-1) != 1:
        raise DataError(f"{heads.count(-1)} roots, where a sentence has one", where=where)
    safe = {heads.index(-1)}
    for start in range(len(heads)):
        seen, at = [], start
        while at not in safe:
            if at in seen:
                raise DataError(f"word {at + 1} is its own ancestor", where=where)
            seen.append(at)
            at = heads[at]
        safe.update(seen)
