"""The annotation of SPR2: which properties of each pair hold, by the annotators' answers."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from typing import Any

from sondage.defects import Defects
from sondage.errors import DataError, nearest
from sondage.files import grown, most_unpacked, read_text, unreadable
from sondage_edges.spans import short, wrong

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

#: Predicate and argument, numbered from 1, the properties that hold, and those that were asked.
Pair = tuple[int, int, tuple[str, ...], tuple[str, ...]]


def annotated_pairs(
    annotations: str, ids: str, threshold: float, broken: Defects
) -> dict[str, list[Pair]]:
    """Return the pairs of each sent_id.

    Parameters
    ----------
    annotations, ids, threshold
        As `sondage_edges.read_spr2` takes them.
    broken : Defects
        What is done about a pair with a defect.
    """
    release = _json(_unpacked(annotations), annotations)
    sent_ids = _json(read_text(ids), ids)
    _object(sent_ids, "the file", ids)
    found: dict[str, list[Pair]] = {}
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


def _pair(pairs: dict[str, Any], name: str, annotations: str, threshold: float) -> Pair:
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
