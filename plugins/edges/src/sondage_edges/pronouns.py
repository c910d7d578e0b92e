"""Winograd-like questions: definite pronoun resolution, and SuperGLUE's WSC."""

from __future__ import annotations

import string as letters
from typing import Any

from sondage.defects import Defects, OnError
from sondage.errors import DataError
from sondage.files import Paths, named
from sondage_edges.gap import LABELS
from sondage_edges.jsonl import parse_object, string
from sondage_edges.spans import Edges, EdgesDraft, blocks, read_entries, short, wrong
from sondage_edges.tokens import Words, occurrences

_BLOCK = "a block is four lines: sentence, pronoun, two candidates with a comma, answer"
_ITEM = (
    'a line is {"text": "Sam told Bo that he won.", "label": true, "target": {"span1_index": 0, '
    '"span1_text": "Sam", "span2_index": 4, "span2_text": "he"}}'
)
_ATTACHED = letters.punctuation + "“”‘’«»…–—"


def read_dpr(paths: Paths, *, on_error: OnError = "raise") -> Edges:
    """Read blocks of definite pronoun resolution: two pairs of pronoun and candidate each.

    A block is four lines, the sentence, a pronoun, two candidates parted by a comma, and
    the one that the pronoun means; blank lines part the blocks.

    Parameters
    ----------
    paths : path or sequence of paths
        Several files make one list of sentences, in the order given.
    on_error : {'raise', 'skip'}
        Whether a block with a defect is an error, or left out and counted.

    Returns
    -------
    Edges
        Items are (pronoun, candidate), in the order of the candidates, labelled
        ``coreferent`` or ``not``. The files give no positions: pronoun and candidates are
        where the sentence has them first, as whole words and whatever their case.
        Words are cut from the sentence by `sondage_edges.tokens.Words`, never across the
        end of one of these mentions. Warnings: ``candidates-not-found`` are pairs left out
        since the sentence does not have the candidate, ``pronouns-not-found`` blocks left
        out; so are blocks of which no pair is left.

    Raises
    ------
    sondage.errors.DataError
        With file and line: a block that has not four lines, not two candidates, or an
        answer that is not exactly one of them; case does not count.

    References
    ----------
    Rahman and Ng 2012, *Resolving complex cases of definite pronouns*, aclanthology.org/
    D12-1071, section 2; the description that is published with the data says that a pronoun
    which occurs several times is asked about where it occurs first. Departs from it: each
    candidate is a question of its own, as in edge probing; for a candidate that occurs
    several times, of which the description says nothing, the first occurrence is ours.
    """
    draft = EdgesDraft(named(paths))
    read_entries(draft, Defects(on_error, "skipped-blocks"), _block, blocks)
    return draft.edges(LABELS)


def _block(draft: EdgesDraft, block: list[str]) -> None:
    where = draft.where()
    if len(block) != 4:
        raise DataError(f"the block has {len(block)} lines", where=where, hint=_BLOCK)
    text, pronoun, both, answer = (line.strip() for line in block)
    candidates = [part.strip() for part in both.split(",")]
    if len(candidates) != 2 or not all(candidates):
        raise DataError(f"{short(both)} is not two candidates", where=where, hint=_BLOCK)
    right = [part.casefold() == answer.casefold() for part in candidates]
    if sum(right) != 1:
        raise DataError(
            f"the answer {short(answer)} is {'both' if all(right) else 'none'} of the candidates",
            where=where,
            near=candidates,
            hint=_BLOCK,
        )
    asked = occurrences(text, pronoun, ignore_case=True)
    if not asked:
        draft.warnings["pronouns-not-found"] += 1
        return
    found = [occurrences(text, part, ignore_case=True) for part in candidates]
    draft.warnings["candidates-not-found"] += sum(not spans for spans in found)
    pairs = [(spans[0], ok) for spans, ok in zip(found, right, strict=True) if spans]
    if not pairs:
        return
    words = Words(text, (cut for span in [asked[0], *(s for s, _ in pairs)] for cut in span))
    draft.add(words.words, text)
    for span, ok in pairs:
        draft.label(LABELS[:1] if ok else LABELS[1:], *words.span(*asked[0]), *words.span(*span))


def read_wsc(paths: Paths, *, on_error: OnError = "raise") -> Edges:
    """Read the Winograd schemas of SuperGLUE, JSON Lines: a pronoun and a noun phrase each.

    A line is an object with ``text``; ``target``, which has ``span1_index``, ``span1_text``
    (the noun phrase), ``span2_index`` and ``span2_text`` (the pronoun), where an index
    counts the text's words between blanks; and ``label``, true or false. Other keys are
    passed over; so are blank lines.

    Parameters
    ----------
    paths : path or sequence of paths
        Several files make one list of texts, in the order given.
    on_error : {'raise', 'skip'}
        Whether a line with a defect is an error, or left out and counted.

    Returns
    -------
    Edges
        Line i is a sentence of its own, and its item (pronoun, noun phrase) is labelled
        ``coreferent`` or ``not``. Words are what stands between blanks, so a word may have
        punctuation or ``'s`` attached, and so may a span's words. Warnings:
        ``spans-mended`` are spans whose index points elsewhere while the text has their
        words at one place alone, where they are taken; ``spans-left-out`` items left out
        since it has them nowhere or at several places.

    Raises
    ------
    sondage.errors.DataError
        With file and line: malformed JSON, a missing key or one of another type, a span's
        text without words. The unlabelled test file has no ``label``.

    References
    ----------
    Levesque et al. 2012, *The Winograd Schema Challenge*; in this form Wang et al. 2019,
    *SuperGLUE*, arXiv:1905.00537v3, section 3. Departs from it: spans whose index does not
    point at their text are mended or left out; case, punctuation around a word and a final
    ``'s`` do not count when an index is compared with its text.
    """
    draft = EdgesDraft(named(paths))
    read_entries(draft, Defects(on_error, "skipped-lines"), _schema)
    return draft.edges(LABELS)


def _schema(draft: EdgesDraft, line: str) -> None:
    where = draft.where()
    record = parse_object(line, where, _ITEM)
    text = string(record, "text", where, _ITEM)
    target = record.get("target")
    if not isinstance(target, dict):
        raise wrong("target", target, "an object with two spans", where, _ITEM)
    label = record.get("label")
    if not isinstance(label, bool):
        raise wrong("label", label, "true or false", where, _ITEM)
    words = text.split()
    bare = [_bare(word) for word in words]
    bounds: list[int] = []
    mended = lost = 0
    for key in ("span2", "span1"):
        index, part = _named(target, key, where)
        places = _places(bare, part)
        if index not in places:
            mended += len(places) == 1
            lost += len(places) != 1
            index = places[0] if places else 0
        bounds += index, index + len(part)
    if lost:
        draft.warnings["spans-left-out"] += 1
        return
    draft.warnings["spans-mended"] += mended
    draft.add(words, text)
    draft.label(LABELS[:1] if label else LABELS[1:], *bounds)


def _named(target: dict[str, Any], key: str, where: str) -> tuple[int, list[str]]:
    index = target.get(f"{key}_index")
    if type(index) is not int:
        raise wrong(f"{key}_index", index, "a number of words", where, _ITEM)
    part = [_bare(word) for word in string(target, f"{key}_text", where, _ITEM).split()]
    if not part:
        raise DataError(f"{key}_text has no word", where=where, hint=_ITEM)
    return index, part


def _places(words: list[str], part: list[str]) -> list[int]:
    n = len(part)
    return [k for k in range(len(words) - n + 1) if words[k : k + n] == part]


def _bare(word: str) -> str:
    bare = word.strip(_ATTACHED).casefold()
    return bare.removesuffix("'s").removesuffix("’s") or word
