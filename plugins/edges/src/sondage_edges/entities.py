"""WNUT-17: the type of each named entity."""

from __future__ import annotations

from collections.abc import Sequence

from sondage.defects import Defects, OnError
from sondage.errors import DataError, nearest
from sondage.files import Paths, named
from sondage_edges.spans import Edges, EdgesDraft, blocks, read_entries, short

#: The six types, sorted.
TYPES = ("corporation", "creative-work", "group", "location", "person", "product")

_TAGS = ("O", *(f"{head}-{name}" for head in "BI" for name in TYPES))
_LINE = "Paris<TAB>B-location"


def read_wnut17(paths: Paths, *, on_error: OnError = "raise") -> Edges:
    """Read WNUT-17, plain or gzipped.

    A line is ``token<TAB>tag``; the tag is ``O``, or ``B-`` or ``I-`` and a type. Lines of
    nothing or of blanks and tabs only stand between sentences.

    Parameters
    ----------
    paths : path or sequence of paths
        ``wnut17train.conll``, ``emerging.dev.conll``, ``emerging.test.annotated``; several
        make one list of sentences.
    on_error : {'raise', 'skip'}
        Whether a sentence with a defect is an error, or left out and counted.

    Returns
    -------
    Edges
        One span an entity, labelled with its type; an entity is its ``B-`` and the ``I-`` of
        the same type that follow. Sentences without an entity are kept. The texts are
        the tokens with blanks between. `names` are those of the six types that occur, sorted.
        The warning ``bio-mended`` counts ``I-`` that follow neither ``B-`` nor ``I-`` of
        their type: each begins an entity.

    Raises
    ------
    sondage.errors.DataError
        With file and line: a line that is not a token, a tab and a tag; a token with blanks
        in it; an unknown tag; no entity in any file.

    References
    ----------
    Derczynski et al. 2017, *Results of the WNUT2017 Shared Task on Novel and Emerging Entity
    Recognition*, aclanthology.org/W17-4418, section 3. Departs from it: entities are given
    and their type is asked for, where the shared task asks for both.
    """
    draft = EdgesDraft(named(paths), arity=1)
    read_entries(draft, Defects(on_error), _sentence, blocks)
    if not draft.labels:
        raise DataError(
            "no token is tagged as an entity",
            where=f"{draft.files[0]}:1",
            hint=f"an entity's first line looks like {_LINE}",
        )
    seen = {label for (label,) in draft.labels}
    return draft.edges(tuple(label for label in TYPES if label in seen))


def _sentence(draft: EdgesDraft, block: list[str]) -> None:
    tokens, tags = zip(*(_pair(draft, n, row) for n, row in enumerate(block)), strict=True)
    draft.add(tokens, " ".join(tokens))
    _label(draft, tags)


def _pair(draft: EdgesDraft, n: int, line: str) -> tuple[str, str]:
    """Return the token and tag of line n (from 0) of the sentence being read."""
    token, tab, tag = line.partition("\t")
    tag = tag.rstrip()
    if not tab or len(token.split()) != 1 or token != token.strip():
        raise DataError(
            f"wanted a token, a tab and a tag, found {short(line)}",
            where=draft.where(n),
            hint=f"a line looks like {_LINE}",
        )
    if tag not in _TAGS:
        raise DataError(
            f"unknown tag {short(tag)}",
            where=draft.where(n),
            near=nearest(tag, _TAGS),
            hint="a tag is O, or B- or I- and one of " + ", ".join(TYPES),
        )
    return token, tag


def _label(draft: EdgesDraft, tags: Sequence[str]) -> None:
    """Label the entities of the sentence added last."""
    start, kind = 0, ""
    for i, tag in enumerate((*tags, "O")):
        head, _, name = tag.partition("-")
        if head == "I" and name == kind:
            continue
        if kind:
            draft.label((kind,), start, i)
        draft.warnings["bio-mended"] += head == "I"
        start, kind = i, name
