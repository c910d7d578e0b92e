"""What the readers return: questions, each with its context and its gold answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, overload

from sondage.data import Ints


@dataclass(frozen=True)
class Question:
    """A question, its context, and where the answers stand.

    Parameters
    ----------
    id : str
        What the file calls it.
    question, context : str
    starts, ends : tuples of int, length m
        Characters of the context, half-open, of each gold answer, without blanks at its ends;
        none for a question without an answer in its context.
    texts : tuple of str, length m
        The gold answers as the file words them. From its slice of the context one may differ
        in blanks.
    where : str
        The file, and the question's place in it.
    """

    id: str
    question: str
    context: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    texts: tuple[str, ...]
    where: str


@dataclass(frozen=True)
class Questions(Sequence[Question]):
    """The questions of one or several files, in order; what a sequence does, it does.

    Parameters
    ----------
    items : sequence of Question, length n
    files : tuple of str
        The files read, as they were named.
    file_of, article_of : int64 arrays, shape (n,)
        The place in `files` of each question's, and the number of its article, counted
        through all files.
    warnings : mapping of slug to count
        What was left out, by reason.
    """

    items: Sequence[Question]
    files: tuple[str, ...]
    file_of: Ints
    article_of: Ints
    warnings: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Question]:
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> Question: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Question]: ...
    def __getitem__(self, index: int | slice) -> Question | Sequence[Question]:
        return self.items[index]


#: What a split drawn by a seed keeps together.
Together = Literal["paragraph", "article"]
