"""Sentences of CoNLL-U files: names, words and heads, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sondage.defects import Defects
from sondage.errors import DataError
from sondage.files.conllu import Block, heads_of, read_blocks


@dataclass(frozen=True)
class ConlluSentence:
    """One sentence.

    Parameters
    ----------
    sent_id : str
    text : str
        What ``# text`` gives, else the words with blanks between.
    words : list of str
        The syntactic words.
    heads : list of int
        Of each word, the number of its head from 1, or 0 at a root; 0 throughout where the
        file has no heads (``_`` for all words).
    line : int
        The sentence's first line in its file, from 1.
    multiword : int
        How many multiword tokens (``5-6 don't``) it has.
    """

    sent_id: str
    text: str
    words: list[str]
    heads: list[int]
    line: int
    multiword: int = 0


def read_sentences(path: str, defects: Defects | None = None) -> Iterator[ConlluSentence]:
    """Yield the sentences of a CoNLL-U file, plain or gzipped.

    Lines of multiword tokens (``5-6``), which are counted, and empty nodes (``8.1``) are passed
    over. Sentences with a defect are errors, or what `defects` says.

    Raises
    ------
    sondage.errors.DataError
        With file and line: a sentence without ``# sent_id``, or what `sondage.files.conllu`
        refuses: a line without ten columns, ids out of sequence, a head outside the sentence.

    References
    ----------
    The CoNLL-U format of Universal Dependencies, version 2. Departs from it: cycles and
    several roots are let through.
    """
    defects = defects or Defects()
    for block in read_blocks(defects.text(path), path, defects.pass_over):
        sentence = None
        with defects.entry():
            sentence = _sentence(block, path)
        if sentence is not None:
            yield sentence


def _sentence(block: Block, path: str) -> ConlluSentence:
    if not block.sent_id:
        raise DataError(
            "the sentence has no sent_id, by which annotations are found",
            where=f"{path}:{block.first}",
            hint="take the treebank's released file, with its comments",
        )
    words = block.column(1)
    heads = [max(head + 1, 0) for head in heads_of(block, path)]
    text = block.text or " ".join(words)
    return ConlluSentence(block.sent_id, text, words, heads, block.first, len(block.multiword))


def subtree(heads: list[int], top: int, *, without: int = 0) -> list[int]:
    """Return the words that `top` dominates, itself included, ascending; numbers from 1.

    Parameters
    ----------
    heads : list of int
        Of each word, the number of its head from 1, 0 at a root; cycles do no harm.
    top : int
        The word.
    without : int, optional
        A word whose subtree is taken out, unless it holds `top`.
    """
    children: dict[int, list[int]] = {}
    for word, head in enumerate(heads, 1):
        children.setdefault(head, []).append(word)
    found: set[int] = set()
    todo = [top]
    while todo:
        word = todo.pop()
        if word not in found and (word != without or word == top):
            found.add(word)
            todo += children.get(word, ())
    return sorted(found)
