"""A task's items in words, for ``sondage describe task NAME --examples``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sondage.commands.check import Subject
from sondage.contracts import Illustrated, Task
from sondage.data import Answers, Corpus, Examples, Labels, Rankings, TaskData, Trees
from sondage.errors import ParameterError
from sondage.guard.guarded import as_one_error

#: Characters of a text that are shown on either side of what matters in it.
_AROUND = 120


def examples_of(subject: Subject, n: int = 10) -> Examples:
    """Construct a task and show some of its items.

    Parameters
    ----------
    subject : Subject
        As `sondage.commands.check.subject` finds it.
    n : int
        At most so many items.

    Raises
    ------
    ParameterError
        If it is no task.
    SondageError
        As the task raises it.
    PluginError
        For whatever else it raises.
    """
    spec = subject.offer.spec
    if spec.kind != "task":
        raise ParameterError(
            f"'{spec.name}' is a {spec.kind}: only tasks have examples",
            hint=f"sondage describe {spec.kind} {spec.name}",
        )
    with as_one_error(f"task '{spec.name}' cannot be shown", hint=f"sondage check {spec.name}"):
        task = spec.load()(**subject.arguments)
        return task.examples(n) if isinstance(task, Illustrated) else default_examples(task, n)


def default_examples(task: Task, n: int) -> Examples:
    """Show a task's items from first to last: texts, the words concerned, labels.

    Parameters
    ----------
    task : Task
    n : int
        At most so many, evenly spaced.
    """
    data = task.load()
    target = data.target
    size = len(data.corpus) if target is None else len(target)
    counts = {"items": size, "texts": len(data.corpus), **data.warnings}
    every = np.unique(np.linspace(0, size - 1, min(n, size)).round().astype(int)).tolist()
    columns, rows = _rows_told(data, every)
    return Examples(counts, columns, tuple(rows))


def _rows_told(
    data: TaskData, items: list[int]
) -> tuple[tuple[str, ...], Iterable[tuple[str, ...]]]:
    corpus, target = data.corpus, data.target
    if isinstance(target, Labels):
        spans = tuple(f"span {k + 1}" for k in range(target.units.arity))
        return (*spans, "label", "text"), (_labelled(corpus, target, i) for i in items)
    if isinstance(target, Trees):
        return ("heads", "text"), (_tree(corpus, target, i) for i in items)
    if isinstance(target, Rankings):
        names = ("anchor", "match", "candidates", "text")
        return names, (_ranked(corpus, target, i) for i in items)
    if isinstance(target, Answers):
        asked = ("question", "answers", "context")
        return asked, (_answered(corpus, target, i) for i in items)
    return ("text",), ((_text(corpus, i),) for i in items)


def _text(corpus: Corpus, i: int) -> str:
    """Return a text, or both of a pair, cut if it is long."""
    second = None if corpus.second is None else corpus.second[i]
    return " | ".join(_cut(text) for text in (corpus.texts[i], second) if text is not None)


def _cut(text: str, start: int = 0, end: int = 0) -> str:
    """Return what lies around some characters of a text."""
    first, last = max(start - _AROUND, 0), end + _AROUND
    return ("… " if first else "") + text[first:last] + (" …" if last < len(text) else "")


def _span_texts(corpus: Corpus, sentence: int, spans: Any) -> tuple[str, ...]:
    words = corpus.words_of(sentence) if len(spans) else ()
    return tuple(" ".join(words[start:end]) for start, end in spans)


def _labelled(corpus: Corpus, target: Labels, i: int) -> tuple[str, ...]:
    sentence, y = int(target.sentence[i]), target.y[i]
    held = np.flatnonzero(y) if target.y.dtype == bool else [y]
    label = ", ".join(target.names[int(k)] for k in held)
    return (*_span_texts(corpus, sentence, target.units.spans[i]), label, _text(corpus, sentence))


def _tree(corpus: Corpus, target: Trees, i: int) -> tuple[str, ...]:
    sentence = int(target.sentence[i])
    words = corpus.words_of(sentence)
    assert corpus.offsets is not None
    heads = target.heads[int(corpus.offsets[sentence]) :][: len(words)]
    pairs = zip(words, heads.tolist(), strict=True)
    said = ", ".join(f"{word} < {words[head] if head >= 0 else 'root'}" for word, head in pairs)
    return said, _text(corpus, sentence)


def _ranked(corpus: Corpus, target: Rankings, i: int) -> tuple[str, ...]:
    units = [int(target.anchor[i]), int(target.match[i])]
    said = [" ".join(_span_texts(corpus, int(target.units.sentence[u]), target.units.spans[u]))
            for u in units]  # fmt: skip
    count = int(target.offsets[i + 1] - target.offsets[i])
    return (*said, str(count), _text(corpus, int(target.sentence[i])))


def _answered(corpus: Corpus, target: Answers, i: int) -> tuple[str, ...]:
    sentence = int(target.sentence[i])
    gold = slice(int(target.offsets[i]), int(target.offsets[i + 1]))
    context = (corpus.second[sentence] if corpus.second is not None else None) or ""
    bounds = [*target.start[gold].tolist()[:1], *target.end[gold].tolist()[:1]]
    answers = " / ".join(dict.fromkeys(target.texts[gold])) or "none"
    return _cut(corpus.texts[sentence]), answers, _cut(context, *bounds)
