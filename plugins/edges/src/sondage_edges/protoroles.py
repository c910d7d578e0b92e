"""SPR2: proto-role properties of predicates and arguments, on UD English EWT."""

from __future__ import annotations

from os import fspath
from typing import Literal

from sondage.defects import Defects, OnError
from sondage.errors import DataError
from sondage.files import Path, Paths, named
from sondage.files.conllu import Block, heads_of, read_blocks
from sondage_edges.proto_answers import PROPERTIES, Pair, annotated_pairs
from sondage_edges.spans import Edges, EdgesDraft, read_each, short
from sondage_edges.subtrees import subtree


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
    pairs = annotated_pairs(fspath(annotations), fspath(ids), threshold, broken)
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
    draft: EdgesDraft, block: Block, heads: list[int], pairs: list[Pair] | None, spans: str
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
