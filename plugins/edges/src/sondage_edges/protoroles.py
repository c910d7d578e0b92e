"""SPR2: proto-role properties of predicates and arguments, on UD English EWT."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from os import fspath
from typing import Any, Literal

from sondage.defects import Defects, OnError
from sondage.errors import DataError, nearest
from sondage.files import Path, Paths, grown, most_unpacked, named, read_text, unreadable
from sondage.files.conllu import Block, heads_of, read_blocks
from sondage_edges.spans import Edges, EdgesDraft, read_each, short, wrong
from sondage_edges.subtrees import subtree

#: The properties, of which the last four of another question are asked of adjuncts only.
ARGUMENT_PROPERTIES = (
    *("awareness", "change_of_location", "change_of_possession", "change_of_state"),
    *("change_of_state_continuous", "existed_after", "existed_before", "existed_during"),
    *("instigation", "partitive", "sentient", "volition", "was_for_benefit", "was_used"),
)
ADJUNCT_PROPERTIES = ("location", "manner", "purpose", "time")
PROPERTIES = tuple(sorted(ARGUMENT_PROPERTIES + ADJUNCT_PROPERTIES))
_KNOWN = frozenset(PROPERTIES)

_NAME = re.compile(
    r"(?:.*-)?pred-([1-9][0-9]{0,8})%%(?:.*-)?arg-([1-9][0-9]{0,8})", re.ASCII | re.DOTALL
)
_SHAPE = 'the raw file looks like {"data": {"ewt-train-1": {"...-pred-4%%...-arg-3": {...}}}}'

# Predicate and argument, numbered from 1, the properties that hold, and those that were asked.
_Pair = tuple[int, int, tuple[str, ...], tuple[str, ...]]


def read_spr2(
    conllu: Paths,
    annotations: Path,
    ids: Path,
    *,
    threshold: float = 4.0,
    spans: Literal["heads", "subtrees"] = "subtrees",
    on_error: OnError = "raise",
) -> Edges:
    """Read the proto-roles of the UDS release over CoNLL-U files of UD English EWT.

    Each pair of a predicate and an argument is an item with two spans, predicate first, and
    any number of labels: the properties that hold. A property holds where the mean response,
    on the scale of 1 to 5, of those annotators who found it applicable is at least
    `threshold`. It does not hold where none found it applicable. Where it was not asked it is
    not known: 14 properties are asked of arguments, four others (location, manner, purpose,
    time) of prepositional adjuncts, never both of one pair. `Edges.asked` says which, and
    probes neither train nor score the others.

    Parameters
    ----------
    conllu : path or sequence of paths
        CoNLL-U files, plain or gzipped.
    annotations : path
        The release's ``raw/protoroles.zip``. It gives the responses as 0 to 4 (one is added)
        and, as confidence, applicable (1) or not (0). The normalised file is refused: its
        values are scores of a model of annotators, no longer on the scale.
    ids : path
        The release's ``ud_ids.json``, from its sentence names (``ewt-train-1``) to EWT's
        ``sent_id``.
    threshold : float
        From 1 to 5; the least mean response for a property to hold.
    spans : {'heads', 'subtrees'}
        The argument's span: its head word, or from the first to the last word of the head's
        subtree, less the subtree of the predicate where that lies within (a relative clause's
        verb). The predicate is one word in any case.
    on_error : {'raise', 'skip'}
        Whether a sentence of the CoNLL-U files with a defect is an error, or left out and
        counted; so, as ``skipped-pairs`` and ``skipped-annotations``, is a pair of the
        annotations, or a sentence of theirs that has no name in `ids`, or is no list of pairs.
        A file of them that cannot be read at all is an error in any case.

    Returns
    -------
    Edges
        Sentences without annotation are left out; their order is the files'. `names` are
        all 18 properties, sorted. Warnings: ``sentences-not-found``, annotated sentences
        that no file has (those of EWT's other parts among them), ``sentences-not-annotated``,
        the files' others, ``pairs-not-found``, pairs whose numbers exceed their sentence, and
        ``multiword-tokens``, in whose place the words are read, with the sentences that have one.

    Raises
    ------
    sondage.errors.DataError
        With the file and what is wrong in it: not a zip file, or not with one JSON file
        inside; not JSON; a key missing or of another type; an unknown property; a CoNLL-U
        file without ``sent_id`` or with a defect, or without any annotated sentence. Also
        for a threshold out of range or an unknown kind of span.

    References
    ----------
    White et al. 2016, *Universal Decompositional Semantics on Universal Dependencies*,
    section 4 (the annotation); White et al. 2020, *The Universal Decompositional Semantics
    Dataset and Decomp Toolkit* (the release); Tenney et al. 2019, *What do you learn from
    context?* (the task, with its published conversion: a mean of at least 4 over applicable
    responses, and the argument's phrase as second span). Departs from it: that the raw
    confidence says whether a property is applicable is read off the file, where it is 0 for
    responses up to 3 only, and off the original release's column of that name. The
    conversion read that original release on UD 1.2, with 20 properties (six in pilots only)
    and no adjuncts; the phrase is given there, here it is the subtree in the treebank as
    read, punctuation and prepositions included. Word numbers are taken as they are, so that
    where EWT was tokenised anew since UD 1.2 they may be off. Pairs for which no property is
    applicable are kept, without labels.
    """
    if isinstance(threshold, bool) or not 1 <= threshold <= 5:
        raise DataError(
            f"threshold {threshold!r} is not on the scale", hint="take one of 1 to 5, such as 4"
        )
    if spans not in ("heads", "subtrees"):
        raise DataError(f"unknown spans {short(spans)}", near=("heads", "subtrees"))
    draft = EdgesDraft(named(conllu), many=True)
    broken = Defects(on_error, "skipped-pairs")
    pairs = _annotated(fspath(annotations), fspath(ids), threshold, broken)
    left = set(pairs)
    defects = Defects(on_error)

    def read(name: str) -> None:
        before = len(draft.lengths)
        for block in read_blocks(defects.text(name), name, defects.pass_over):
            with defects.entry():
                # Cycles and several roots are let through.
                heads = _heads(block, name)
                left.discard(str(block.sent_id))
                _add(draft, block, heads, pairs.get(str(block.sent_id)), spans)
        if len(draft.lengths) == before:
            raise defects.none_left(
                DataError(
                    "the file has no annotated sentence",
                    where=f"{name}:1",
                    hint="take UD English EWT, and the release's own ud_ids.json",
                )
            )

    read_each(draft, read, defects)
    draft.warnings["sentences-not-found"] = len(left)
    draft.warnings.update(broken.counts)
    return draft.edges(PROPERTIES)


def _heads(block: Block, path: str) -> list[int]:
    """Return the number of each word's head from 1, or 0 at a root or where there are none."""
    if not block.sent_id:
        raise DataError(
            "the sentence has no sent_id, by which annotations are found",
            where=f"{path}:{block.first}",
            hint="take the treebank's released file, with its comments",
        )
    return [max(head + 1, 0) for head in heads_of(block, path)]


def _add(
    draft: EdgesDraft, block: Block, heads: list[int], pairs: list[_Pair] | None, spans: str
) -> None:
    if pairs is None:
        draft.warnings["sentences-not-annotated"] += 1
        return
    draft.line, words = block.first, block.column(1)
    if spans == "subtrees" and len(words) > 1 and not any(heads):
        raise DataError(
            "HEAD is 0 or _ for every word, so that no word has a subtree",
            where=draft.where(),
            hint="take a treebank with heads, or spans: heads",
        )
    draft.add(words, block.text or " ".join(words))
    draft.warnings["multiword-tokens"] += len(block.multiword)
    draft.warnings["sentences-with-multiword-tokens"] += bool(block.multiword)
    for predicate, argument, names, asked in pairs:
        if max(predicate, argument) > len(words):
            draft.warnings["pairs-not-found"] += 1
            continue
        whole = spans == "subtrees"
        phrase = subtree(heads, argument, without=predicate) if whole else [argument]
        draft.label(names, predicate - 1, predicate, phrase[0] - 1, phrase[-1], asked=asked)


def _annotated(
    annotations: str, ids: str, threshold: float, broken: Defects
) -> dict[str, list[_Pair]]:
    """Return the pairs of each sent_id."""
    release = _json(_unpacked(annotations), annotations)
    sent_ids = _json(read_text(ids), ids)
    _object(sent_ids, "the file", ids)
    found: dict[str, list[_Pair]] = {}
    unnamed = Defects(broken.on_error, "skipped-annotations")
    for sentence, pairs in _get(release, "data", "the file", annotations).items():
        with unnamed.entry():
            sent_id = _get(sent_ids, sentence, "the file", ids).get("sentence_id")
            if not isinstance(sent_id, str):
                raise wrong(f"sentence_id of {short(sentence)}", sent_id, "a string", ids, _SHAPE)
            _object(pairs, short(sentence), annotations)
            here = []
            for name in pairs:
                with broken.entry():
                    here.append(_pair(pairs, name, annotations, threshold))
            if here or not pairs:
                found.setdefault(sent_id, []).extend(here)
    broken.counts.update(unnamed.counts)
    first = broken if broken.first else unnamed
    if not found and first.first:
        raise first.none_left(first.first)
    return found


def _pair(pairs: dict[str, Any], name: str, annotations: str, threshold: float) -> _Pair:
    numbers = _NAME.fullmatch(name)
    if numbers is None:
        raise DataError(
            f"{short(name, 80)} does not name a predicate and an argument",
            where=annotations,
            hint="such a name ends as in ewt-train-1-semantics-pred-4%%ewt-train-1-semantics-arg-3",
        )
    answers = _get(pairs[name], "protoroles", short(name, 80), annotations)
    asked = tuple(sorted(answers))
    labels = tuple(p for p in asked if _holds(answers[p], p, name, annotations, threshold))
    return int(numbers[1]), int(numbers[2]), labels, asked


def _holds(answer: Any, label: str, pair: str, path: str, threshold: float) -> bool:
    """Return whether the mean applicable response is at least the threshold."""
    if label not in _KNOWN:
        raise DataError(
            f"{short(label)} of {short(pair, 80)} is no proto-role property",
            where=path,
            near=nearest(label, PROPERTIES) if label.isprintable() else (),
            hint="the properties are " + ", ".join(PROPERTIES),
        )
    of = f"{label} of {short(pair, 80)}"
    if isinstance(answer, dict) and isinstance(answer.get("value"), int | float):
        raise DataError(
            f"value of {of} is a number, not each annotator's response",
            where=path,
            hint="take the release's raw file, not the normalised one",
        )
    values = _get(answer, "value", of, path)
    applicable = _get(answer, "confidence", of, path)
    total = count = 0
    for annotator, value in values.items():
        applies = applicable.get(annotator)
        if type(applies) is not int or applies not in (0, 1):
            raise wrong(
                f"confidence of {of} by {short(annotator)}", applies, "0 or 1", path, _SHAPE
            )
        if type(value) is not int or not 0 <= value <= 4:
            raise wrong(f"value of {of} by {short(annotator)}", value, "0 to 4", path, _SHAPE)
        if applies:
            total += value + 1
            count += 1
    return count > 0 and total >= threshold * count


def _unpacked(path: str) -> bytes:
    try:
        with zipfile.ZipFile(path) as packed:
            inside = [name for name in packed.namelist() if name.endswith(".json")]
            if len(inside) != 1:
                raise DataError(
                    f"the zip file has {len(inside)} JSON files in it, wanted one",
                    where=path,
                    near=[short(name) for name in (inside or packed.namelist())[:5]],
                    hint="take the release's protoroles.zip as it is",
                )
            info = packed.getinfo(inside[0])
            # The stated size is never exceeded: reading stops there.
            if info.file_size > most_unpacked(info.compress_size):
                raise grown(path, info.compress_size)
            return packed.read(info)
    except OSError as error:
        raise unreadable(path, error) from error
    # Encrypted: RuntimeError; packed in an unknown way: NotImplementedError, one of those.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise DataError(
            f"the zip file cannot be unpacked: {error}",
            where=path,
            hint="take the release's protoroles.zip as it is",
        ) from None


def _json(text: bytes | str, path: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise DataError("the JSON is nested too deeply", where=path) from None
    except ValueError as error:  # json's own, not UTF-8, or int()'s on thousands of digits
        line = getattr(error, "lineno", None)
        raise DataError(
            f"this is not JSON: {str(error)[:80]}",
            where=path if line is None else f"{path}:{line}",
            hint="fetch the file again",
        ) from None


def _get(record: Any, key: str, of: str, path: str) -> dict[str, Any]:
    """Return the object under a key of an object."""
    return _object(_object(record, of, path).get(key), f"{short(key, 80)} of {of}", path)


def _object(value: Any, what: str, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong(what, value, "an object", path, _SHAPE)
    return value
