"""The reader: GLUE's tables in, columns out."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, get_args

from sondage.data import Corpus, Ints
from sondage.defects import Defects, OnError, check_words
from sondage.errors import DataError, ParameterError
from sondage.files import Paths, named
from sondage.parts import Rows, read_rows

Name = Literal["cola", "sst2", "rte", "mrpc", "mnli"]


@dataclass(frozen=True)
class Layout:
    """One way in which a task's files are laid out.

    Parameters
    ----------
    columns : tuple of str
        Names of all columns, or with `header` those that are read.
    label, first, second : str
        Names among them; `second` is '' for single sentences.
    header : bool
        Whether the first line names the columns.
    delimiter : str
        A tab, without quoting; or a comma, with quotes.
    """

    columns: tuple[str, ...]
    label: str
    first: str
    second: str = ""
    header: bool = True
    delimiter: str = "\t"


_PAIR = ("sentence1", "sentence2", "label")
LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "cola": (Layout(("source", "label", "mark", "sentence"), "label", "sentence", header=False),),
    "sst2": (
        Layout(("sentence", "label"), "label", "sentence"),
        Layout(("sentence", "label"), "label", "sentence", header=False),
    ),
    "rte": (Layout(_PAIR, "label", "sentence1", "sentence2"),),
    "mrpc": (Layout(("Quality", "#1 String", "#2 String"), "Quality", "#1 String", "#2 String"),),
    "mnli": (
        Layout(("sentence1", "sentence2", "gold_label"), "gold_label", "sentence1", "sentence2"),
        Layout(("premise", "hypothesis", "label"), "label", "premise", "hypothesis", delimiter=","),
    ),
}
#: The reason under which rows without a label are counted.
UNLABELLED = "rows-without-label"
# No label agreed on (MultiNLI, SNLI), and none published (GLUE's and MultiNLI's test parts).
_NO_LABEL = ("-", "-1", "hidden", "")
#: What a label is written as, and what it is called.
LABELS: dict[str, dict[str, str]] = {
    "cola": {"0": "unacceptable", "1": "acceptable"},
    "sst2": {"0": "negative", "1": "positive"},
    "rte": {"entailment": "entailment", "not_entailment": "not_entailment"},
    "mrpc": {"0": "different", "1": "paraphrase"},
    "mnli": {k: k for k in ("entailment", "neutral", "contradiction")},
}


@dataclass(frozen=True)
class Table(Rows):
    """The rows of one or several files, a column per field.

    Parameters
    ----------
    first : sequence of str, length n
    second : sequence of str, length n, optional
        Of pairs.
    labels : sequence of str, length n
        By name, such as ``acceptable``.
    files : tuple of str
    file_of, lines : int64 arrays, shape (n,)
        Where each row stands; lines count from 1.
    warnings : mapping of slug to count
        ``rows-without-label``, left out since no label was agreed on (``-``) or published
        (``-1``, ``hidden``, or nothing); ``skipped-rows``, left out for a defect.
    """

    first: Sequence[str]
    second: Sequence[str] | None
    labels: Sequence[str]
    files: tuple[str, ...]
    file_of: Ints
    lines: Ints
    warnings: Mapping[str, int] = field(default_factory=dict)

    def corpus(self, name: str = "glue") -> Corpus:
        """Return the sentences, or pairs, as running text."""
        return Corpus(self.first, second=self.second, name=name)


def read_glue(path: Paths, task: Name, *, on_error: OnError = "raise") -> Table:
    """Read files of one of GLUE's tasks, plain or gzipped.

    Tables with tabs are read without quoting, as GLUE's have to be; MultiNLI also as
    ``premise,hypothesis,label`` with commas and quotes.

    Parameters
    ----------
    path : path or sequence of paths
        Several files make one table, in the order given.
    task : {'cola', 'sst2', 'rte', 'mrpc', 'mnli'}
    on_error : {'raise', 'skip'}
        Whether a row with a defect is an error, or left out and counted. Rows whose label is
        ``-`` (MultiNLI's for no agreement), ``-1`` (GLUE's for not published), ``hidden`` or
        empty are no defects: they are left out and counted in any case. Of a table with commas
        whose quotes do not fit, the line at which such a row begins is left out, and reading
        goes on at the next.

    Raises
    ------
    DataError
        With file and line: a first line that fits no known layout (a test file without labels
        is one), a wrong number of columns, an unknown label, an empty sentence, a file of which
        no row has a label.
    ParameterError
        For an unknown task.

    References
    ----------
    Wang et al. 2019, GLUE, arXiv:1804.07461v3, section 3. Departs from it: none.
    """
    if task not in get_args(Name):
        raise ParameterError(f"unknown task {task!r}", near=get_args(Name))
    names = named(path)
    defects = Defects(on_error, "skipped-rows")

    def rows_of(name: str) -> list[tuple[int, tuple[str, str, str]]]:
        before = defects.counts[UNLABELLED]
        rows = _rows(name, task, defects)
        bare = defects.counts[UNLABELLED] - before
        if bare and not rows:
            hint = "a published test file has none: take the train and dev files"
            error = DataError(f"none of the {bare} rows has a label", where=f"{name}:1", hint=hint)
            raise defects.none_left(error)
        return rows

    rows, file_of, lines = read_rows(names, rows_of, defects)
    first, second, labels = zip(*rows, strict=True)
    pairs = second if LAYOUTS[task][0].second else None
    return Table(first, pairs, labels, names, file_of, lines, defects.added_to({}))


def _rows(name: str, task: str, defects: Defects) -> list[tuple[int, tuple[str, str, str]]]:
    lines = defects.lines(name)
    started = _start(lines, task, name, defects)
    if started is None:
        return []
    start, layout = started
    head = _cut(lines[start], layout.delimiter)
    columns = head if layout.header else list(layout.columns)
    places = [columns.index(c) for c in (layout.first, layout.second, layout.label) if c]
    found = []
    for number, fields in _numbered(lines, start + layout.header, layout.delimiter, name, defects):
        where = f"{name}:{number}"
        with defects.entry():
            defects.check_bytes(fields, where)
            row = _row(fields, places, columns, task, where)
            if row is None:
                defects.counts[UNLABELLED] += 1
            else:
                found.append((number, row))
    return found


def _start(lines: list[str], task: str, name: str, defects: Defects) -> tuple[int, Layout] | None:
    """Return where the table starts, and its layout; None without any line.

    Where defects are passed over, that is the first line that fits a layout.
    """
    written = [i for i, line in enumerate(lines) if line.strip()]
    for before, i in enumerate(written if defects.on_error == "skip" else ()):
        with suppress(DataError):
            layout = _layout(lines[i], task, f"{name}:{i + 1}")
            defects.counts[defects.reason] += before
            return i, layout
    if not written:
        return None
    return written[0], _layout(lines[written[0]], task, f"{name}:{written[0] + 1}")


def _layout(line: str, task: str, where: str) -> Layout:
    for layout in LAYOUTS[task]:
        fields = _cut(line, layout.delimiter)
        if layout.header and set(layout.columns) <= set(fields):
            return layout
        if not layout.header and len(fields) == len(layout.columns):
            label = fields[layout.columns.index(layout.label)].strip()
            if label in LABELS[task] or label in _NO_LABEL:
                return layout
    wanted = "; or ".join(
        ("a header with " if y.header else "no header, and columns ") + ", ".join(y.columns)
        for y in LAYOUTS[task]
    )
    raise DataError(
        f"the first line fits no layout of {task}: {line[:60]!r}",
        where=where,
        hint=f"{wanted}; files without labels cannot be used",
    )


def _cut(line: str, delimiter: str) -> list[str]:
    if delimiter == "\t":
        return [f.strip() for f in line.split("\t")]
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _numbered(
    lines: list[str], start: int, delimiter: str, name: str, defects: Defects
) -> list[tuple[int, list[str]]]:
    if delimiter == "\t":
        numbered = enumerate(lines[start:], start + 1)
        return [(n, _cut(line, delimiter)) for n, line in numbered if line.strip()]
    out: list[tuple[int, list[str]]] = []
    begin = start
    while begin < len(lines):
        # A quoted field may hold a line's end.
        reader = csv.reader((line + "\n" for line in lines[begin:]), strict=True)
        start = begin
        try:
            for fields in reader:
                if fields:
                    out.append((begin + 1, fields))
                begin = start + reader.line_num
        except csv.Error as error:
            where = f"{name}:{begin + 1}"
            defects.pass_over(
                DataError(f"not a table with commas and quotes: {error}", where=where)
            )
            begin += 1
    return out


def _row(
    fields: list[str], places: list[int], columns: list[str], task: str, where: str
) -> tuple[str, str, str] | None:
    """Return both texts and the label; None for a row without a label."""
    if len(fields) != len(columns):
        raise DataError(
            f"{len(fields)} columns, where there should be {len(columns)}: "
            f"{', '.join(columns)[:80]}",
            where=where,
            hint="is a tab or a line's end missing, or one too many?",
        )
    *texts, label = [fields[p].strip() for p in places]
    if label in _NO_LABEL:
        return None
    if label not in LABELS[task]:
        raise DataError(
            f"label {label[:30]!r} of {task}", where=where, near=tuple(LABELS[task]),
            hint="is this the file's label column?",
        )  # fmt: skip
    if not all(texts):
        raise DataError("an empty sentence", where=where, hint="leave the row out, or mend it")
    for text in texts:
        check_words(text.split(), where)
    return texts[0], texts[1] if len(texts) > 1 else "", LABELS[task][label]
