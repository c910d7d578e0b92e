"""The published edge-probing format: a JSON object a line, with text and targets."""

from __future__ import annotations

import json
from typing import Any, Literal, get_args

from sondage.defects import Defects, OnError
from sondage.errors import DataError
from sondage.files import Paths, named
from sondage_edges.spans import Edges, EdgesDraft, read_entries, short, wrong

LabelMode = Literal["auto", "one", "many"]

_LINE = '{"text": "Ian ate ice cream", "targets": [{"span1": [2, 4], "label": "NP"}]}'
_HINT = f"a line is {_LINE}"


def read_jsonl(path: Paths, *, labels: LabelMode = "auto", on_error: OnError = "raise") -> Edges:
    """Read edge-probing JSON Lines, plain or gzipped.

    A line is an object with ``text``, words with blanks between, and ``targets``, a list of
    objects with ``span1``, perhaps ``span2`` (half-open, over the words), and ``label``, a
    string or a list of strings. A target of many labels may have ``asked``, a list of the
    labels that are known of it; the others count for nothing there. Other keys (``info``) are
    passed over; so are blank lines.

    Parameters
    ----------
    path : path or sequence of paths
        Several files make one list of sentences, in the order given.
    labels : {'auto', 'one', 'many'}
        Whether a target has one label or any number of them. ``auto`` goes by how the files
        write it: all labels strings, one; all lists, many; a mixture is an error. With
        ``one`` a list of a single string will do; with ``many`` a string is a list of one.
    on_error : {'raise', 'skip'}
        Whether a line with a defect is an error, or left out and counted.

    Returns
    -------
    Edges
        Sentences without targets are kept.

    Raises
    ------
    sondage.errors.DataError
        With file and line: malformed JSON, a missing key or one of another type, a text
        without words, a span that is empty, ends before it starts or leaves the sentence;
        ``span2`` in some targets only; labels that do not fit `labels`. For another value
        of `labels`.

    References
    ----------
    Tenney et al. 2019, *What do you learn from context?*, openreview.net/forum?id=SJzSgnRcKX,
    section 3, and the data format of its published code. Departs from it: labels are not
    told apart by their number within the file but by string or list; ``span3`` is refused.
    """
    if labels not in get_args(LabelMode):
        raise DataError(
            f"labels is {short(labels)}, wanted auto, one or many", near=get_args(LabelMode)
        )
    files = named(path)
    reader, draft = _Reader(labels), EdgesDraft(files)
    read_entries(draft, Defects(on_error, "skipped-lines"), reader.add)
    if not draft.labels:
        raise DataError(
            "no line has a target", where=f"{files[0]}:1", hint=f"a line looks like {_LINE}"
        )
    draft.arity = reader.arity
    draft.many = labels == "many" or (labels == "auto" and reader.written is list)
    return draft.edges()


class _Reader:
    """Remembers what the first target was like: all others must be."""

    def __init__(self, labels: LabelMode) -> None:
        self.labels, self.arity = labels, 0
        self.written: type | None = None

    def add(self, draft: EdgesDraft, line: str) -> None:
        before = self.arity, self.written
        try:
            self._add(draft, line, draft.where())
        except DataError:
            # Of a line that is left out nothing is remembered.
            self.arity, self.written = before
            raise

    def _add(self, draft: EdgesDraft, line: str, where: str) -> None:
        record = parse_object(line, where)
        text = string(record, "text", where)
        words = text.split()
        if not words:
            raise DataError("the text has no word", where=where, hint="leave the line out")
        targets = record.get("targets")
        if not isinstance(targets, list):
            raise wrong("targets", targets, "a list", where, _HINT)
        found = [self._target(target, len(words), where) for target in targets]
        draft.add(words, text)
        for names, bounds, asked in found:
            draft.label(names, *bounds, asked=asked)

    def _target(
        self, target: Any, n_words: int, where: str
    ) -> tuple[tuple[str, ...], tuple[int, ...], tuple[str, ...] | None]:
        """Return a target's labels, the ends of its spans, and the labels asked about."""
        if not isinstance(target, dict):
            raise wrong("a target", target, "an object with span1 and label", where, _HINT)
        if "span3" in target:
            raise DataError(
                "a target has span3, and one or two spans is all that there is",
                where=where,
                hint="take each pair as a target of its own",
            )
        arity = 2 if target.get("span2") is not None else 1
        if self.arity not in (0, arity):
            raise DataError(
                "some targets have span2 and others do not",
                where=where,
                hint="put targets of one span and of two into separate files",
            )
        self.arity = arity
        bounds: tuple[int, ...] = check_span(target, "span1", n_words, where)
        if arity == 2:
            bounds = (*bounds, *check_span(target, "span2", n_words, where))
        names = self._names(target.get("label"), where)
        return names, bounds, self._asked(target, names, where)

    def _asked(
        self, target: dict[str, Any], names: tuple[str, ...], where: str
    ) -> tuple[str, ...] | None:
        asked = target.get("asked")
        if asked is None:
            return None
        if not isinstance(asked, list) or not all(isinstance(a, str) and a for a in asked):
            raise wrong("asked", asked, "a list of strings", where, _HINT)
        for name in asked:
            check_letters(name, where)
        missing = [name for name in names if name not in asked]
        if missing or not isinstance(target["label"], list) or self.labels == "one":
            what = f"{short(missing[0])} is no label in asked" if missing else "labels are single"
            raise DataError(
                f"a target has asked, but {what}",
                where=where,
                hint="asked lists every label that is known of a target with a list of labels",
            )
        return tuple(dict.fromkeys(asked))

    def _names(self, label: Any, where: str) -> tuple[str, ...]:
        several = label if isinstance(label, list) else [label]
        for name in several:
            if not isinstance(name, str) or not name:
                raise wrong("the label", label, "a string or a list of strings", where, _HINT)
            check_letters(name, where)
        if self.labels == "one" and len(several) != 1:
            raise DataError(
                f"a target has {len(several)} labels, and labels: one says that each has one",
                where=where,
                hint="say labels: many",
            )
        if self.labels == "auto":
            if self.written not in (None, type(label)):
                raise DataError(
                    "some labels are strings and others lists, so it cannot be told whether "
                    "targets have one label or many",
                    where=where,
                    hint="say labels: one, or labels: many",
                )
            self.written = type(label)
        return tuple(dict.fromkeys(several))


def parse_object(line: str, where: str, hint: str = _HINT) -> dict[str, Any]:
    """Return a line's JSON object; raises `DataError` at `where` for anything else.

    The `hint`, here and below, shows a line as it should be.
    """
    try:
        record = json.loads(line)
    except RecursionError:
        raise DataError("the JSON is nested too deeply", where=where) from None
    except ValueError as error:  # json's own, or int()'s on thousands of digits
        what = str(error)[:80]
        if isinstance(error, json.JSONDecodeError):  # which says "line 1" of every line
            what = f"{error.msg} at character {error.pos + 1}"
        raise DataError(f"the line is not JSON: {what}", where=where, hint=hint) from None
    if not isinstance(record, dict):
        raise wrong("the line", record, "an object", where, hint)
    return record


def check_span(target: dict[str, Any], key: str, n_words: int, where: str) -> tuple[int, int]:
    """Return a target's span [start, end); raises `DataError` unless it lies in its sentence."""
    span = target.get(key)
    if not isinstance(span, list) or len(span) != 2 or not all(type(x) is int for x in span):
        raise wrong(key, span, "[start, end] in words", where, _HINT)
    start, end = span
    if 0 <= start < end <= n_words:
        return start, end
    if start == end:
        what = "is empty: the end is the first word after the span"
    elif end < start:
        what = "ends before it starts"
    else:
        what = f"leaves its sentence, which has {n_words} words"
    raise DataError(
        f"{key} [{short(start, 20)}, {short(end, 20)}] {what}",
        where=where,
        hint="spans are half-open and count words from 0",
    )


def string(record: dict[str, Any], key: str, where: str, hint: str = _HINT) -> str:
    """Return the string under a key, or raise `DataError`."""
    value = record.get(key)
    if not isinstance(value, str):
        raise wrong(key, value, "a string", where, hint)
    check_letters(value, where)
    return value


def check_letters(text: str, where: str) -> None:
    """Raise `DataError` for half a surrogate pair, which JSON can write but no text holds."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"\\u{ord(text[error.start]):04x} alone is no character",
                where=where,
                hint="write characters beyond \\uffff as pairs of \\u escapes, or plainly",
            ) from None
