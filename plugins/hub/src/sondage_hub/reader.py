"""The readers: Parquet files in, texts or words with their labels out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sondage.data import Corpus, Ints, Labels, Units
from sondage.defects import Defects, OnError
from sondage.errors import DataError
from sondage.files import Paths, named
from sondage.parts import Rows, numbered, read_rows, sentence_labels
from sondage_hub.table import class_names, columns

#: The reason under which what has no label is counted.
UNLABELLED = "rows-without-label"


@dataclass(frozen=True)
class Texts(Rows):
    """Texts or pairs with their labels.

    Parameters
    ----------
    first : sequence of str, length n
    second : sequence of str, length n, optional
    labels : sequence of str, length n
    names : tuple of str or None
        All classes, where the files name them.
    files : tuple of str
    file_of, lines : int64 arrays, shape (n,)
        Rows count from 1.
    warnings : mapping of slug to count
        ``rows-without-label``, ``skipped-rows``.
    """

    first: Sequence[str]
    second: Sequence[str] | None
    labels: Sequence[str]
    names: tuple[str, ...] | None
    files: tuple[str, ...]
    file_of: Ints
    lines: Ints
    warnings: Mapping[str, int] = field(default_factory=dict)

    def problem(self, name: str) -> tuple[Corpus, Labels]:
        """Return corpus and target."""
        corpus = Corpus(self.first, second=self.second, name=name)
        return corpus, sentence_labels(self.labels, self.names)


@dataclass(frozen=True)
class TokenRows(Rows):
    """Sentences in words with a label on each, None where there is none; else as `Texts`."""

    words: Sequence[Sequence[str]]
    labels: Sequence[Sequence[str | None]]
    names: tuple[str, ...] | None
    files: tuple[str, ...]
    file_of: Ints
    lines: Ints
    warnings: Mapping[str, int] = field(default_factory=dict)

    def problem(self, name: str) -> tuple[Corpus, Labels]:
        """Return corpus and target: a unit for each word that has a label."""
        found = [
            (i, j, label)
            for i, labels in enumerate(self.labels)
            for j, label in enumerate(labels)
            if label is not None
        ]
        sentence, word, said = zip(*found, strict=True)
        units = Units.of_words(np.array(sentence, np.int64), np.array(word, np.int64))
        return Corpus.of_words(self.words, name=name), Labels(units, *numbered(said, self.names))


def read_texts(
    path: Paths, *, text: str, label: str, second: str = "", on_error: OnError = "raise"
) -> Texts:
    """Read texts or pairs of texts with their labels.

    Parameters
    ----------
    path : path or sequence of paths
        Parquet files; several make one table.
    text, second, label : str
        Columns; without `second` single texts. Labels are texts, whole numbers or truth
        values; numbers of classes that the file names are called by their names, and -1 or
        nothing is no label: such rows are left out and counted.
    on_error : {'raise', 'skip'}
        Whether a row with a defect (no text, a label of no class) is an error, or left out
        and counted.

    Raises
    ------
    DataError
        With file and row.

    References
    ----------
    Lhoest et al. 2021, *Datasets*, arXiv:2109.02846, section 3. Departs from it: none.
    """
    read = _Reading([text, *([second] if second else [])], label, on_error)

    def row(values: tuple[Any, ...], where: str) -> tuple[Any, ...] | None:
        *texts, value = values
        said = read.called(value, where)
        if said is None:
            read.defects.counts[UNLABELLED] += 1
            return None
        return (*(_text(given, where) for given in texts), said)

    rows, *places = read.rows(named(path), row)
    parts = list(zip(*rows, strict=True))
    pairs = parts[1] if second else None
    return Texts(parts[0], pairs, parts[-1], read.names, *places, read.defects.added_to({}))


def read_tokens(path: Paths, *, words: str, label: str, on_error: OnError = "raise") -> TokenRows:
    """Read sentences in words with a label on each.

    Parameters
    ----------
    path : path or sequence of paths
    words, label : str
        Columns of lists, one as long as the other.
    on_error : {'raise', 'skip'}

    Raises
    ------
    DataError
        As `read_texts`, and for lists of different length.

    References
    ----------
    Lhoest et al. 2021, *Datasets*, arXiv:2109.02846, section 3. Departs from it: none.
    """
    read = _Reading([words], label, on_error)

    def row(values: tuple[Any, ...], where: str) -> tuple[Any, ...] | None:
        given, tags = values
        if not isinstance(given, list) or not isinstance(tags, list):
            raise DataError(f"'{words}' or '{label}' is no list", where=where, hint=_COLUMNS)
        if len(given) != len(tags) or not given:
            raise DataError(
                f"{len(given)} words and {len(tags)} labels", where=where, hint=_COLUMNS
            )
        said = [read.called(tag, where) for tag in tags]
        if not any(tag is not None for tag in said):
            read.defects.counts[UNLABELLED] += 1
            return None
        return [_text(word, where) for word in given], said

    rows, *places = read.rows(named(path), row)
    found, labels = zip(*rows, strict=True)
    return TokenRows(found, labels, read.names, *places, read.defects.added_to({}))


_COLUMNS = "name the columns of words and of labels, or leave such rows out: on_error: skip"


class _Reading:
    """What both readers do: rows of columns, and labels by their names."""

    def __init__(self, texts: list[str], label: str, on_error: OnError) -> None:
        self._columns, self._label = [*texts, label], label
        self.defects = Defects(on_error, "skipped-rows")
        self.names: tuple[str, ...] | None = None
        self._first = True

    def rows(
        self, files: tuple[str, ...], row: Callable[[tuple[Any, ...], str], Any]
    ) -> tuple[list[Any], tuple[str, ...], Ints, Ints]:
        """Return rows, files, and each row's file and number."""

        def rows_of(path: str) -> list[tuple[int, Any]]:
            values, schema = columns(path, self._columns)
            self._take_names(class_names(schema, self._label), path)
            out = []
            for i, given in enumerate(zip(*values, strict=True), 1):
                with self.defects.entry():
                    found = row(given, f"{path}:{i}")
                    if found is not None:
                        out.append((i, found))
            return out

        found, file_of, lines = read_rows(files, rows_of, self.defects, "no row has a label")
        return found, files, file_of, lines

    def _take_names(self, names: tuple[str, ...] | None, path: str) -> None:
        if not self._first and names != self.names:
            raise DataError(
                f"its classes are {names}, those of the files before {self.names}",
                where=path,
                hint="name files of one version",
            )
        self.names, self._first = names, False

    def called(self, value: Any, where: str) -> str | None:
        """Return what a label is called; None for none."""
        if value is None or (self.names and value == -1):
            return None
        if self.names and isinstance(value, int):
            if 0 <= value < len(self.names):
                return self.names[value]
        elif isinstance(value, str | int) and (not self.names or value in self.names):
            return str(value)
        raise DataError(
            f"{str(value)[:40]!r} is no label", where=where, near=self.names or (),
            hint=f"is '{self._label}' the column of labels?",
        )  # fmt: skip


def _text(given: Any, where: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise DataError(
            f"{str(given)[:40]!r} is no text", where=where,
            hint="name the column of texts, or leave such rows out: on_error: skip",
        )  # fmt: skip
    return given
