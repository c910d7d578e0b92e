"""From a treebank's columns to targets. Each function also counts what it left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

from sondage.data import Ints, Labels, Trees, Units
from sondage.errors import DataError, nearest
from sondage.parts import numbered
from sondage_treebank.columns import NO_HEAD, Treebank

Warnings = dict[str, int]
NONE = "none"


def word_labels(treebank: Treebank, column: Literal["upos", "xpos"]) -> tuple[Labels, Warnings]:
    """Label each word with a column's value.

    Parameters
    ----------
    treebank : Treebank
        What `read_conllu` returns.
    column : {'upos', 'xpos'}
        Which.

    Returns
    -------
    labels : Labels
        Of single words, in order; names sorted. Words without a value are left out.
    warnings : dict
        ``unlabelled-words``, where there were any.

    Raises
    ------
    sondage.errors.DataError
        If no word has a value.
    """
    values = treebank.upos if column == "upos" else treebank.xpos
    keep = np.flatnonzero([v != "_" for v in values])
    if not len(keep):
        raise _empty_column(treebank, column.upper())
    return _of_words(treebank, keep, [values[i] for i in keep.tolist()])


def feature_labels(
    treebank: Treebank, feature: str | None = None, *, without: Literal["skip", "none"] = "skip"
) -> tuple[Labels, Warnings]:
    """Label each word with one feature's value, or with its whole FEATS string.

    Parameters
    ----------
    treebank : Treebank
        What `read_conllu` returns.
    feature : str or None
        A name such as ``Number`` or ``Number[psor]``; several values (``Int,Rel``) are one
        label. None takes the whole string, such as ``Case=Nom|Number=Sing``.
    without : {'skip', 'none'}
        Whether words without the feature are left out and counted, or carry the label
        ``none``: the absence is an annotation, too.

    Returns
    -------
    labels : Labels
        Of single words, in order; names sorted.
    warnings : dict
        ``words-without-feature``, where any were left out. FEATS does not tell a word
        without features from one not annotated.

    Raises
    ------
    sondage.errors.DataError
        If no word has the feature (with the nearest names), or if an entry of FEATS has no
        equals sign (with file and line).
    """
    values = list(treebank.feats)
    if feature is not None:
        by_string: dict[str, dict[str, str]] = {}
        for i, feats in enumerate(values):
            if feats not in by_string:
                by_string[feats] = _parse(treebank, i, feats)
        known = {name for parsed in by_string.values() for name in parsed}
        if known and feature not in known:
            raise DataError(
                f"no word has the feature {feature!r}",
                where=", ".join(treebank.files),
                near=nearest(feature, known) or sorted(known)[:5],
                hint="name a feature that the column FEATS has",
            )
        values = [by_string[feats].get(feature, "_") for feats in values]
    keep = np.flatnonzero([v != "_" for v in values])
    if not len(keep):
        raise _empty_column(treebank, "FEATS")
    if without == "none":
        if NONE in values:
            raise DataError(
                f"the value {NONE!r} occurs, so it cannot stand for words without one",
                where=", ".join(treebank.files),
                hint="leave them out: without: skip",
            )
        keep = np.arange(len(values))
        values = [NONE if v == "_" else v for v in values]
    labels = _of_words(treebank, keep, [values[i] for i in keep.tolist()])[0]
    return labels, dict(+Counter({"words-without-feature": len(values) - len(keep)}))


def relation_labels(treebank: Treebank, *, subtypes: bool = True) -> tuple[Labels, Warnings]:
    """Label each pair of a head and its dependent with their relation.

    Parameters
    ----------
    treebank : Treebank
        What `read_conllu` returns.
    subtypes : bool
        Whether to keep what follows the colon, as in ``nsubj:pass``.

    Returns
    -------
    labels : Labels
        Of pairs of words, (head, dependent), in the dependents' order; names sorted. Roots
        have no head and are left out.
    warnings : dict
        ``unlabelled-words`` and ``sentences-without-heads``, where there were any.

    Raises
    ------
    sondage.errors.DataError
        If no word has a relation, or none a head.
    """
    values = relation_names(treebank.deprel, subtypes)
    has_head = treebank.heads >= 0
    named = np.array([v != "_" for v in values], bool)
    keep = np.flatnonzero(has_head & named)
    if not len(keep):
        raise _empty_column(treebank, "DEPREL") if has_head.any() else _no_trees(treebank)
    sentence, word = places(treebank)
    y, names = numbered([values[i] for i in keep.tolist()])
    units = Units.of_words(sentence[keep], treebank.heads[keep], word[keep])
    lost = Counter({"unlabelled-words": int(np.sum(has_head & ~named))})
    lost["sentences-without-heads"] = int(np.sum(treebank.heads[treebank.offsets[:-1]] == NO_HEAD))
    return Labels(units, y, names), dict(+lost)


def trees(treebank: Treebank, *, subtypes: bool = True) -> tuple[Trees, Warnings]:
    """Return the dependency tree of each sentence.

    Parameters
    ----------
    treebank : Treebank
        What `read_conllu` returns.
    subtypes : bool
        Whether relations keep what follows the colon.

    Returns
    -------
    trees : Trees
        Punctuation (UPOS ``PUNCT``) is not scored. Sentences with several roots or without
        heads are left out of the items; the latter's words have head -1.
    warnings : dict
        ``sentences-without-heads``, where there were any (the reader counts several roots).

    Raises
    ------
    sondage.errors.DataError
        If no sentence has a tree.
    """
    sentence, _ = places(treebank)
    roots = np.bincount(sentence[treebank.heads == -1], minlength=len(treebank))
    usable = np.flatnonzero(roots == 1).astype(np.int64)
    if not len(usable) or not (treebank.heads >= 0).any():
        raise _no_trees(treebank)
    relations, names = numbered(relation_names(treebank.deprel, subtypes))
    lost = Counter({"sentences-without-heads": int(np.sum(roots == 0))})
    target = Trees(
        heads=np.maximum(treebank.heads, -1),
        scored=np.array([u != "PUNCT" for u in treebank.upos], bool),
        relations=relations,
        names=names,
        sentence=usable,
    )
    return target, dict(+lost)


def places(treebank: Treebank) -> tuple[Ints, Ints]:
    """Return the sentence of each word, and its index within it: int64, (n_words,) each."""
    sentence = np.repeat(np.arange(len(treebank), dtype=np.int64), np.diff(treebank.offsets))
    return sentence, np.arange(treebank.n_words, dtype=np.int64) - treebank.offsets[sentence]


def relation_names(deprel: Sequence[str], subtypes: bool) -> list[str]:
    """Return the relations, without what follows the colon unless `subtypes`."""
    return list(deprel) if subtypes else [r.partition(":")[0] or r for r in deprel]


def _of_words(treebank: Treebank, keep: Ints, values: list[str]) -> tuple[Labels, Warnings]:
    sentence, word = places(treebank)
    y, names = numbered(values)
    lost = treebank.n_words - len(keep)
    labels = Labels(Units.of_words(sentence[keep], word[keep]), y, names)
    return labels, {"unlabelled-words": lost} if lost else {}


def _parse(treebank: Treebank, word: int, feats: str) -> dict[str, str]:
    if feats == "_":
        return {}
    parsed = {}
    for entry in feats.split("|"):
        name, equals, value = entry.partition("=")
        if not (name and equals and value):
            sentence = int(np.searchsorted(treebank.offsets, word, side="right")) - 1
            raise DataError(
                f"FEATS holds {entry[:40]!r}, which is not Name=Value",
                where=treebank.where(sentence, word - int(treebank.offsets[sentence])),
                hint="FEATS looks like Case=Nom|Number=Sing, or _",
            )
        parsed[name] = value
    return parsed


def _no_trees(treebank: Treebank) -> DataError:
    none, roots = treebank.heads == NO_HEAD, treebank.heads == -1
    if none.all():
        return _empty_column(treebank, "HEAD")
    if (none | roots).all():
        why = "HEAD is 0 for every word" + (" that has one" if none.any() else "")
        what, hint = f"{why}, so that each is a root and none depends on another", "HEAD"
    else:
        what, hint = "no sentence has exactly one root (HEAD 0)", "one root a sentence"
    return DataError(
        what,
        where=", ".join(treebank.files),
        hint=f"take a treebank that annotates {hint}, or a task on another column",
    )


def _empty_column(treebank: Treebank, column: str) -> DataError:
    return DataError(
        f"the column {column} is not annotated: it is _ for every word",
        where=", ".join(treebank.files),
        hint="take another treebank, or a task on another column",
    )
