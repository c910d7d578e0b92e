"""Sentences in words with labelled spans over them: what every reader here returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Corpus, Ints, Labels, Units, offsets_of
from sondage.defects import Defects, check_file, check_words
from sondage.errors import DataError
from sondage.parts import Rows, numbered


@dataclass(frozen=True)
class Edges(Rows):
    """Labelled spans, or pairs of spans, over the sentences of one or several files.

    What it has of `sondage.parts.Rows` is of sentences, not of items. Parameters are those, and:

    Parameters
    ----------
    words : sequence of str, length n_words
        All words of all sentences.
    offsets : int64 array, shape (n_sentences + 1,)
        Sentence i owns ``words[offsets[i]:offsets[i + 1]]``.
    texts : sequence of str, length n_sentences
        The sentences as running text.
    sentence : int64 array, shape (n,), ascending
        The sentence of each labelled item.
    spans : int64 array, shape (n, k, 2)
        Half-open, over the sentence's words; k is 1 or 2.
    labels : sequence of tuple of str, length n
        The label of each item; where `many`, any number of labels.
    many : bool
        Whether an item may carry any number of labels, or has exactly one.
    names : tuple of str, optional
        The label names, where the format declares them; else those that occur, sorted.
    asked : sequence of tuple of str, length n, optional
        Of each item, the labels that the annotators were asked about, where that differs
        from item to item; the others are not known, and no negatives.
    """

    words: Sequence[str]
    offsets: Ints
    texts: Sequence[str]
    sentence: Ints
    spans: Ints
    labels: Sequence[tuple[str, ...]]
    many: bool
    files: tuple[str, ...]
    file_of: Ints
    lines: Ints
    warnings: Mapping[str, int] = field(default_factory=dict)
    names: tuple[str, ...] | None = None
    asked: Sequence[tuple[str, ...]] | None = None

    def __len__(self) -> int:
        return len(self.sentence)

    def words_of(self, sentence: int) -> Sequence[str]:
        """Return the words of one sentence."""
        return self.words[self.offsets[sentence] : self.offsets[sentence + 1]]

    def corpus(self, name: str = "edges") -> Corpus:
        """Return the sentences as a corpus of words."""
        return Corpus(tuple(self.texts), words=tuple(self.words), offsets=self.offsets, name=name)

    def target(self) -> Labels:
        """Return the labels: int64 of shape (n,), or where `many` bool of shape (n, K)."""
        every = [*self.labels, *(self.asked or ())]
        names = self.names or tuple(sorted({name for item in every for name in item}))
        index = {name: k for k, name in enumerate(names)}
        if not self.many:
            y, names = numbered([item[0] for item in self.labels], names)
            return Labels(Units(self.sentence, self.spans), y, names)
        asked = None if self.asked is None else _hot(self.asked, index)
        return Labels(Units(self.sentence, self.spans), _hot(self.labels, index), names, asked)


def _hot(items: Sequence[tuple[str, ...]], index: Mapping[str, int]) -> NDArray[np.bool_]:
    hot = np.zeros((len(items), len(index)), bool)
    rows = np.repeat(np.arange(len(items)), [len(item) for item in items])
    hot[rows, [index[name] for item in items for name in item]] = True
    return hot


class EdgesDraft:
    """The growing columns of an `Edges`; `place` and `line` say which entry is being read."""

    def __init__(self, files: tuple[str, ...], *, arity: int = 2, many: bool = False) -> None:
        self.files, self.arity, self.many = files, arity, many
        self.place = self.line = 0
        self.words: list[str] = []
        self.lengths: list[int] = []
        self.texts: list[str] = []
        self.file_of: list[int] = []
        self.lines: list[int] = []
        self.sentence: list[int] = []
        self.spans: list[int] = []
        self.labels: list[tuple[str, ...]] = []
        self.asked: list[tuple[str, ...] | None] = []
        self.warnings: Counter[str] = Counter()
        # One object for equal strings: memory follows the vocabulary, not the words.
        self._share = dict[str, str]().setdefault
        self._labels = dict[tuple[str, ...], tuple[str, ...]]().setdefault

    def where(self, further: int = 0) -> str:
        """Return ``file:line`` of the entry being read, or of a line further down in it."""
        return f"{self.files[self.place]}:{self.line + further}"

    def add(self, words: Sequence[str], text: str) -> None:
        """Append the sentence of the entry being read.

        Raises
        ------
        sondage.errors.DataError
            If its words are withheld: ``_`` stands for each.
        """
        check_words(words, self.where())
        self.words.extend(map(self._share, words, words))
        self.lengths.append(len(words))
        self.texts.append(text)
        self.file_of.append(self.place)
        self.lines.append(self.line)

    def label(
        self, names: tuple[str, ...], *bounds: int, asked: tuple[str, ...] | None = None
    ) -> None:
        """Label spans of the last sentence; `bounds` are start, end, start, end.

        `asked` are the labels that were asked about, or all of them.
        """
        self.sentence.append(len(self.lengths) - 1)
        self.spans.extend(bounds)
        self.labels.append(self._labels(names, names))
        self.asked.append(None if asked is None else self._labels(asked, asked))

    def edges(self, names: tuple[str, ...] | None = None) -> Edges:
        """Return the columns as arrays."""
        return Edges(
            words=self.words,
            offsets=offsets_of(self.lengths),
            texts=self.texts,
            sentence=np.array(self.sentence, np.int64),
            spans=np.array(self.spans, np.int64).reshape(-1, self.arity, 2),
            labels=self.labels,
            many=self.many,
            files=self.files,
            file_of=np.array(self.file_of, np.int64),
            lines=np.array(self.lines, np.int64),
            warnings=dict(+self.warnings),
            names=names,
            asked=self._asked(names),
        )

    def _asked(self, names: tuple[str, ...] | None) -> list[tuple[str, ...]] | None:
        if all(item is None for item in self.asked):
            return None
        known = {name for item in (*self.labels, *self.asked) for name in item or ()}
        every = tuple(sorted(known)) if names is None else names
        return [every if item is None else item for item in self.asked]


def read_each(draft: EdgesDraft, read: Callable[[str], None], defects: Defects) -> None:
    """Call ``read(file)`` for each file of a draft; an error if one gives nothing.

    What `defects` counts is added to the draft's warnings. Words that are withheld (``_`` for
    each) are an error if they are most of a file's.
    """
    for place, name in enumerate(draft.files):
        draft.place = place
        before, words = len(draft.lengths), len(draft.words)
        defects.start()
        read(name)
        if len(draft.lengths) == before:
            raise defects.none_left(
                DataError(
                    "the file holds no example",
                    where=f"{name}:1",
                    hint="check that it is the data",
                )
            )
        check_file(draft.words[words:], name)
    draft.warnings.update(defects.counts)


def read_entries(
    draft: EdgesDraft,
    defects: Defects,
    add: Callable[[EdgesDraft, Any], None],
    entries: Callable[[Sequence[str]], Iterable[tuple[int, Any]]] | None = None,
) -> None:
    """Call ``add(draft, entry)`` for each entry of each file of a draft, as `read_each`.

    Parameters
    ----------
    draft : EdgesDraft
    defects : Defects
        What is done about an entry with a defect.
    add : callable
    entries : callable, optional
        Cuts a file's lines into entries, each with the number of its first line; by default
        every line that is not blank is one. See `blocks`.
    """

    def read(name: str) -> None:
        for line, entry in (entries or filled)(defects.lines(name)):
            draft.line = line
            with defects.entry():
                defects.check_bytes(entry, draft.where())
                add(draft, entry)

    read_each(draft, read, defects)


def filled(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, numbered from 1."""
    return ((number, line) for number, line in enumerate(lines, 1) if line and not line.isspace())


def blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield runs of lines that are not blank, each with the number of its first line."""
    block: list[str] = []
    # The blank line after the last ends the last block.
    for number, line in enumerate((*lines, ""), 1):
        if line and not line.isspace():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def short(text: object, limit: int = 40) -> str:
    """Return a value as messages show it."""
    shown = repr(text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def wrong(what: str, value: object, wanted: str, where: str, hint: str) -> DataError:
    """Return the error for a value that is missing or of another type."""
    found = "is missing" if value is None else f"is {short(value)}"
    return DataError(f"{what} {found}, wanted {wanted}", where=where, hint=hint)
