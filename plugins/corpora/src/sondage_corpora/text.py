"""Plain text as a task without a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from sondage.contracts import TaskUnits
from sondage.data import TaskData, digest
from sondage.defects import OnError
from sondage.files import file_hash, find_files
from sondage.parts import name_of
from sondage_corpora.reader import read_text

#: Raised whenever the same bytes would be read into another corpus.
READER = "corpora-text-1"


@dataclass(kw_only=True, eq=False)
class Text:
    """Plain text, such as WikiText-2: a text a line, with nothing to predict.

    Empty lines are left out. Texts stay as they are written, ``<unk>`` included.

    Parameters
    ----------
    files : str or list of str
        Files, plain or gzipped, or patterns of such.
    headings : bool
        Whether lines such as ``= Title =`` are texts.
    sentences : bool
        Cut lines into sentences, behind a word that is ``.``, ``!`` or ``?``: for text whose
        words and marks are parted by blanks.
    words : bool
        Whether what stands between blanks is a word. If not, the texts have no words, and a
        tokenizer cuts each as a whole.
    min_words : int
        Texts of fewer words, which are what stands between blanks, are left out.
    limit : int, optional
        The first this many texts alone.
    on_error : {'raise', 'skip'}
        Whether a line with a defect is an error, or is left out and counted.
    """

    units: ClassVar[TaskUnits] = "none"
    randomness: ClassVar[tuple[str, ...]] = ()

    files: str | list[str]
    headings: bool = True
    sentences: bool = False
    words: bool = True
    min_words: Annotated[int, Field(ge=1)] = 1
    limit: Annotated[int, Field(ge=1)] | None = None
    on_error: OnError = "raise"

    @property
    def _paths(self) -> tuple[str, ...]:
        return find_files(self.files, what="text file", suffixes=(".txt", ".gz"))

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: the files' bytes, and how they are read."""
        how = (self.headings, self.sentences, self.words, self.min_words, self.limit)
        return digest(READER, [file_hash(path) for path in self._paths], how, self.on_error)

    @property
    def fingerprint(self) -> str:
        """As `corpus_fingerprint`: there is nothing but the texts."""
        return digest(self.corpus_fingerprint)

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        found = read_text(
            self._paths,
            headings=self.headings,
            sentences=self.sentences,
            min_words=self.min_words,
            on_error=self.on_error,
        )
        corpus = found.corpus(name_of(found.files), words=self.words)
        if self.limit is not None and self.limit < len(corpus):
            corpus = corpus.take(range(self.limit))
        return TaskData(corpus, None, warnings=dict(found.warnings))
