"""Any task of labels, written in the published edge-probing format."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from os import PathLike, fspath
from typing import IO, Any

import numpy as np

from sondage.data import Ints, Labels, TaskData
from sondage.errors import DataError


def edges_jsonl(
    data: TaskData,
    path: str | PathLike[str],
    *,
    items: Ints | Sequence[int] | None = None,
    info: dict[str, Any] | None = None,
    blanks: str | None = None,
) -> int:
    """Write a task's labels as edge-probing JSON Lines, a sentence a line.

    Parameters
    ----------
    data : TaskData
        What a task's ``load()`` returns; its target has to be `Labels`. A label on a whole
        sentence is written on the span of all its words; a corpus without words is cut at
        blanks.
    path : path
        The file to write; a name that ends in ``.gz`` is packed. It is whole or not there.
    items : ints, optional
        Write these items alone and the sentences that have them: ``data.split(0).train``.
        Without, all items and all sentences.
    info : dict, optional
        Written as each line's ``info``.
    blanks : str, optional
        What is written for each run of blanks within a word (``"_"``, say), and for a word
        that is nothing but blanks or empty: the format cuts words at blanks. Without it such
        a word is an error.

    Returns
    -------
    int
        How many lines were written.

    Raises
    ------
    sondage.errors.DataError
        If the target is no labels; if the corpus is of text pairs; if a word holds a blank
        or is empty, and `blanks` does not say what to write; if `blanks` is empty or holds a
        blank itself; if a sentence has no word; if a
        span is empty or leaves its sentence; if a label has no name; if an item does not
        exist; if `info` is not JSON; if the file cannot be written.

    Notes
    -----
    Lines follow the corpus, and targets the items of each sentence in their order. One label
    is a string; of a target with any number of labels it is a list, as `read_jsonl` expects.
    Where not every label was asked of every item (`Labels.asked`), each target has a list
    ``asked`` beside its label, which `read_jsonl` reads back and other readers pass over.

    References
    ----------
    The format of Tenney et al. 2019, see `read_jsonl`. Departs from it: none.
    """
    target = data.target
    if not isinstance(target, Labels):
        raise DataError(f"{data.corpus.name}: only labels can be written, not {target!r:.20}")
    if data.corpus.second is not None or data.corpus.boundary is not None:
        raise DataError(f"{data.corpus.name}: the format holds no text pairs")
    if target.units.arity > 2:
        raise DataError(f"{data.corpus.name}: the format holds one or two spans a target")
    if blanks is not None and blanks.split() != [blanks]:
        raise DataError(
            f"blanks is {blanks!r}, which is empty or holds a blank itself", hint="say blanks='_'"
        )
    chosen = _chosen(data, target, items)
    try:
        json.dumps(info, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"info cannot be written as JSON: {error}") from error
    return _write(fspath(path), _lines(data, target, chosen, items is None, info, blanks))


def _write(name: str, lines: Iterator[bytes]) -> int:
    """Write a file that is whole or not there; return the number of lines."""
    temporary, count = f"{name}.part", 0
    try:
        with ExitStack() as stack:
            out: IO[bytes] = stack.enter_context(open(temporary, "wb"))
            if name.endswith(".gz"):
                # No time of writing: equal data are equal bytes.
                out = stack.enter_context(gzip.GzipFile("", "wb", fileobj=out, mtime=0))
            for line in lines:
                out.write(line)
                count += 1
        os.replace(temporary, name)
    except OSError as error:
        raise DataError(
            f"the file cannot be written: {error.strerror or error}", where=name
        ) from error
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
    return count


def _chosen(data: TaskData, target: Labels, items: Ints | Sequence[int] | None) -> Ints:
    if items is None:
        return np.arange(len(target))
    chosen = np.unique(np.asarray(items))
    if chosen.size and chosen.dtype.kind not in "iu":
        raise DataError(
            f"{data.corpus.name}: items are numbers of items, not {chosen.dtype.name}",
            hint="of a mask, give numpy.flatnonzero(mask)",
        )
    if chosen.size and (chosen[0] < 0 or chosen[-1] >= len(target)):
        raise DataError(f"{data.corpus.name}: there are {len(target)} items to choose from")
    return chosen.astype(np.int64)


def _lines(
    data: TaskData,
    target: Labels,
    chosen: Ints,
    every: bool,
    info: dict[str, Any] | None,
    blanks: str | None,
) -> Iterator[bytes]:
    chosen = chosen[np.argsort(target.sentence[chosen], kind="stable")]
    of_item = target.sentence[chosen]
    wanted = np.arange(len(data.corpus)) if every else np.unique(of_item)
    starts = np.searchsorted(of_item, wanted)
    ends = np.searchsorted(of_item, wanted, side="right")
    for sentence, start, end in zip(wanted.tolist(), starts, ends, strict=True):
        words = _words(data, sentence, blanks)
        targets = []
        for item in chosen[start:end].tolist():
            spans = target.units.spans[item].tolist() or [[0, len(words)]]
            if not all(0 <= a < b <= len(words) for a, b in spans):
                raise DataError(
                    f"{data.corpus.name}: item {item} has a span that is empty or leaves its "
                    f"sentence {sentence}, which has {len(words)} words"
                )
            made: dict[str, Any] = {f"span{k}": span for k, span in enumerate(spans, 1)}
            made["label"] = _label(data, target, item)
            if target.asked is not None:
                made["asked"] = [target.names[k] for k in np.flatnonzero(target.asked[item])]
            targets.append(made)
        record = {"text": " ".join(words), "targets": targets, "info": info or {}}
        try:
            yield json.dumps(record, ensure_ascii=False).encode() + b"\n"
        except UnicodeEncodeError:
            raise DataError(f"{data.corpus.name}: sentence {sentence} is no valid text") from None


def _words(data: TaskData, sentence: int, blanks: str | None) -> Sequence[str]:
    corpus = data.corpus
    words = corpus.texts[sentence].split() if corpus.words is None else corpus.words_of(sentence)
    if not len(words):
        raise DataError(
            f"{corpus.name}: sentence {sentence} has no word, and the format wants one",
            hint="choose items of other sentences",
        )
    if blanks is not None:
        return [blanks.join(word.split()) or blanks for word in words]
    for k, word in enumerate(words):
        if word.split() != [word]:
            raise DataError(
                f"{corpus.name}: word {k} of sentence {sentence} is {word!r}, and the format "
                "cuts words at blanks",
                hint="say blanks='_' to have blanks within words replaced",
            )
    return words


def _label(data: TaskData, target: Labels, item: int) -> str | list[str]:
    one = target.y.ndim == 1
    found = [int(target.y[item])] if one else np.flatnonzero(target.y[item]).tolist()
    names = [target.names[k] if 0 <= k < len(target.names) else "" for k in found]
    if not all(names):
        raise DataError(
            f"{data.corpus.name}: label {found[names.index('')]} of item {item} has no name",
            hint="declare a name, which is not empty, for each label",
        )
    return names[0] if one else names
