"""What the generator reads: CoNLL-U trees over surface tokens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sondage.defects import Defects, check_file, check_words
from sondage.errors import DataError
from sondage.files import Paths, named
from sondage.files.conllu import NO_HEAD, Block, check_tree, heads_of, read_blocks


@dataclass(frozen=True)
class DependencyTree:
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


def read_conllu(path: Paths, defects: Defects | None = None) -> list[DependencyTree]:
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
        With file and line: what `sondage.files.conllu` refuses; a cycle; no root or two; words
        that are withheld (``_`` for each); no sentence at all.
    """
    defects = defects or Defects()
    trees: list[DependencyTree] = []
    for name in named(path):
        before = len(trees)
        for block in read_blocks(defects.text(name), name, defects.pass_over):
            with defects.entry():
                tree = _tree(block, name)
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


def _tree(block: Block, path: str) -> DependencyTree:
    tokens, token_of = _tokens(block)
    heads = heads_of(block, path, partial=True)
    where = f"{path}:{block.lines[0]}"
    if len(heads) > 1 and set(heads) == {-1}:
        heads = [-3] * len(heads)
    elif NO_HEAD not in heads:
        if (roots := heads.count(-1)) > 1:
            raise DataError(f"{roots} roots, where a sentence has one", where=where)
        check_tree(heads, block, path)
    return DependencyTree(
        tokens=tuple(tokens),
        token_of=tuple(token_of),
        upos=tuple(block.column(3)),
        feats=tuple(block.column(5)),
        head=tuple(heads),
        deprel=tuple(block.column(7)),
        where=where,
        multiword=len(block.multiword),
    )


def _tokens(block: Block) -> tuple[list[str], list[int]]:
    """Return the surface tokens, and of each word its token's place."""
    written = {start: (end, form) for start, end, form in block.multiword if form != "_"}
    tokens: list[str] = []
    token_of: list[int] = []
    until = 0
    for word, form in enumerate(block.column(1)):
        if word in written:
            until, form = written[word]
            tokens.append(form)
        elif word >= until:
            tokens.append(form)
        token_of.append(len(tokens) - 1)
    return tokens, token_of
