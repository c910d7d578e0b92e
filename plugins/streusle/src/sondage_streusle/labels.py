"""From columns to targets: which words are prepositions, and what they are labelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

from sondage.data import Labels, Units
from sondage.errors import DataError, nearest
from sondage.parts import numbered
from sondage_streusle.corpus import NONE, Streusle

Warnings = dict[str, int]


def adposition_labels(
    bank: Streusle,
    which: Literal["role", "function"],
    *,
    lexcats: Sequence[str] = ("P",),
    special: Literal["skip", "keep"] = "skip",
) -> tuple[Labels, Warnings]:
    """Label each single-token adposition with its supersense.

    An item is a word outside every strong multiword expression (membership in a weak one
    does not matter), of one of the `lexcats`, whose two supersenses both begin with ``p.``.
    The items of role and function are thus the same.

    Parameters
    ----------
    bank : Streusle
        What `read_streusle` returns.
    which : {'role', 'function'}
        The first supersense (SS), what the word marks here, or the second (SS2), what it
        contributes itself.
    lexcats : sequence of str
        Lexical categories that count: ``P`` (single prepositions), ``INF.P`` (*to* and *for*
        of an infinitive with a supersense), ``POSS`` (*'s*), ``PRON.POSS`` (*my*).
    special : {'skip', 'keep'}
        Whether words labelled ``??`` (could not be annotated) or with a backtick, such as
        ```` `$ ```` (opaque possessive of an idiom), are left out and counted, or are items
        whose label that is.

    Returns
    -------
    labels : Labels
        Of single words, in order; names sorted, with their ``p.`` as in the file.
    warnings : dict
        ``special-labels`` (left out), ``unlabelled-adpositions`` (of the lexcats, but without
        two supersenses of adpositions) and ``multiword-adpositions`` (strong expressions of
        several words, which have one of the lexcats and are no items), where there were any.

    Raises
    ------
    sondage.errors.DataError
        If no single word has one of the lexcats (with the nearest names), or none a label.

    References
    ----------
    Zhou and Srikumar 2022, section 3.2, after Liu et al. 2019, arXiv:1903.08855: single-token
    prepositions. Departs from it: the reader that Liu et al. published takes every single
    word whose label begins with ``p.``, possessives and infinitives too; this is
    ``lexcats=("P", "INF.P", "POSS", "PRON.POSS")``, not the default.
    """
    wanted = set(lexcats)
    single = (bank.strong == 0).tolist()
    chosen = [i for i, lexcat in enumerate(bank.lexcats) if single[i] and lexcat in wanted]
    if not chosen:
        known = {lexcat for i, lexcat in enumerate(bank.lexcats) if single[i]} - {NONE}
        raise DataError(
            f"no single word has a lexical category among {', '.join(sorted(wanted)) or 'none'}",
            where=", ".join(bank.files),
            near=[name for w in sorted(wanted) for name in nearest(w, known)][:5],
            hint="lexcats are those of the file; prepositions are P",
        )
    found = {i: _label(bank.ss[i], bank.ss2[i], which, special) for i in chosen}
    keep = [i for i, (label, _) in found.items() if label]
    lost = Counter(why for label, why in found.values() if not label)
    several = sum(bank.lexcats[i] in wanted for i, one in enumerate(single) if not one)
    if not keep:
        raise DataError(
            "no adposition is labelled with a supersense",
            where=", ".join(bank.files),
            hint="take a file of STREUSLE 4, where supersenses of adpositions begin with p.",
        )
    at = np.array(keep, np.int64)
    sentence = np.searchsorted(bank.offsets, at, side="right").astype(np.int64) - 1
    units = Units.of_words(sentence, at - bank.offsets[sentence])
    labels = Labels(units, *numbered([found[i][0] for i in keep]))
    return labels, dict(+(lost + Counter({"multiword-adpositions": several})))


def _label(ss: str, ss2: str, which: str, special: str) -> tuple[str, str]:
    """Return a word's label, or none and why it is left out."""
    label = ss if which == "role" else ss2
    if ss.startswith("p.") and ss2.startswith("p."):
        return label, ""
    if not ss.startswith(("??", "`")) and not ss2.startswith(("??", "`")):
        return "", "unlabelled-adpositions"
    if special == "skip":
        return "", "special-labels"
    # The file gives ?? no second label.
    return ss if label == NONE else label, ""
