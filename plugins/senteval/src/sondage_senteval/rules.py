"""Which sentences of a treebank fit a task, and with which label."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from sondage.errors import DataError
from sondage_senteval.balance import Item
from sondage_senteval.brackets import Bracketed
from sondage_senteval.trees import DependencyTree

#: SentEval's bins of sentence length, both ends included.
BINS = ((5, 8), (9, 12), (13, 16), (17, 20), (21, 25), (26, 28))
_NUMBER = {"Sing": "NN", "Plur": "NNS"}
_TENSE = {"Past": "PAST", "Pres": "PRES"}


def need(trees: Sequence[DependencyTree], task: str, column: str) -> None:
    """Raise `DataError` unless some word of the treebank has what a task reads.

    Parameters
    ----------
    column : {'UPOS', 'HEAD'} or a relation (``nsubj``) or a feature (``Tense=``)
    """
    if column == "HEAD":
        bare = next((t for t in trees if min(t.head) < -1), None)
        if bare is not None:
            zeros = -3 in bare.head
            why = "is 0 for every word of a sentence" if zeros else "a sentence leaves empty"
            raise DataError(
                f"{task} needs column HEAD, which {why}",
                where=bare.where,
                hint="give a treebank with dependencies",
            )
        return
    if column == "UPOS":
        there = any(u != "_" for t in trees for u in t.upos)
        what = "column UPOS, which is empty"
    elif column.endswith("="):
        there = any(column in f"|{feats}" and t.feature(i, column[:-1])
                    for t in trees for i, feats in enumerate(t.feats))  # fmt: skip
        what = f"the feature {column[:-1]} (column FEATS), which no word has"
    else:
        there = any(d.partition(":")[0] == column for t in trees for d in t.deprel)
        what = f"the relation {column} (column DEPREL), which no word has"
    if not there:
        raise DataError(
            f"{task} needs {what}",
            where=trees[0].where.rpartition(":")[0],
            hint="give a treebank with this annotation, or leave the task out",
        )


def length(trees: Sequence[DependencyTree | Bracketed]) -> Iterator[tuple[object, Item]]:
    """Yield sentences labelled with the bin of their number of tokens.

    References
    ----------
    Conneau et al. 2018, section 2, SentLen. Departs from it: none.
    """
    for tree in trees:
        for k, (low, high) in enumerate(BINS):
            if low <= len(tree.tokens) <= high:
                yield None, Item(tree.tokens, str(k), tree.where)


def depth(tree: DependencyTree | Bracketed) -> int:
    """Return the number of words on the longest way from the root down, punctuation aside.

    Of a constituency tree, the nodes from the sentence's to a tag.
    """
    if isinstance(tree, Bracketed):
        return tree.depth
    level = [0] * len(tree.head)
    level[tree.root] = 1
    todo = [tree.root]
    while todo:
        word = todo.pop()
        for child in tree.children[word]:
            level[child] = level[word] + 1
            todo.append(child)
    return max(n for n, u in zip(level, tree.upos, strict=True) if u != "PUNCT" or n == 1)


def depths(
    trees: Sequence[DependencyTree | Bracketed], low: int, high: int
) -> Iterator[tuple[object, Item]]:
    """Yield sentences labelled with their depth; the stratum is their length.

    References
    ----------
    Conneau et al. 2018, section 2, TreeDepth (constituents, depths 5 to 11, lengths and depths
    sampled to fit a bivariate Gaussian without covariance). Departs from it: depth is that of
    the dependency tree where there are no brackets; every depth has the same number of
    sentences of each length, which leaves no dependence at all between the two.
    """
    for tree in trees:
        found = depth(tree)
        if low <= found <= high:
            yield len(tree.tokens), Item(tree.tokens, str(found), tree.where)


def _sequences(
    found: list[tuple[DependencyTree, str]] | list[tuple[Bracketed, str]], top: int
) -> Iterator[tuple[object, Item]]:
    """Yield sentences labelled with their sequence, if it is one of the `top` most common."""
    counts = Counter(s for _, s in found if s)
    # Ties by name, so that the order of files does not matter.
    common = {s for s, _ in sorted(counts.items(), key=lambda kv: (-kv[1], kv[0]))[:top]}
    for tree, sequence in found:
        if sequence:
            label = sequence if sequence in common else "OTHER"
            yield None, Item(tree.tokens, label, tree.where)


def constituents(trees: Sequence[Bracketed], top: int) -> Iterator[tuple[object, Item]]:
    """Yield sentences labelled with the constituents below the sentence's node.

    References
    ----------
    Conneau et al. 2018, section 2, TopConst. Departs from it: the `top` most common sequences
    are those of the files that are read.
    """
    return _sequences([(tree, _constituents(tree)) for tree in trees], top)


def _constituents(tree: Bracketed) -> str:
    inside = any(not any(c.isalnum() for c in label) for label in tree.top[:-1])
    return "" if tree.top[-1] != "." or inside else "_".join(tree.top)


def dependents(trees: Sequence[DependencyTree], top: int) -> Iterator[tuple[object, Item]]:
    """Yield sentences labelled with the relations of the root's dependents.

    The root stands in its place among them by its part of speech: ``nsubj_VERB_obj_punct``.

    References
    ----------
    After Conneau et al. 2018, section 2, TopConst, and named differently because it is another
    task. Departs from it: dependents of the root instead of constituents below the sentence's
    node; a sentence must end in punctuation that hangs on the root, and have none inside.
    """
    return _sequences([(tree, _dependents(tree)) for tree in trees], top)


def _dependents(tree: DependencyTree) -> str:
    last = len(tree.upos) - 1
    if tree.upos[last] != "PUNCT" or tree.head[last] != tree.root:
        return ""
    below = [c for c in tree.children[tree.root] if c != last]
    if any(tree.upos[c] == "PUNCT" for c in below):
        return ""
    row = [*sorted([*below, tree.root]), last]
    return "_".join(tree.upos[c] if c == tree.root else tree.relation(c) for c in row)


def tenses(trees: Sequence[DependencyTree]) -> Iterator[tuple[str, Item]]:
    """Yield (form, sentence) labelled with the tense of the main verb.

    The main verb is the root, a VERB that is finite (VerbForm=Fin, or none) and has no
    auxiliary, with Tense=Past or Tense=Pres.

    References
    ----------
    Conneau et al. 2018, section 2, Tense (VBD against VBP and VBZ). Departs from it: features
    instead of tags; auxiliaries as main verbs are left out by rule and not by their frequency.
    """
    for tree in trees:
        root = tree.root
        label = _TENSE.get(tree.feature(root, "Tense"), "")
        finite = tree.feature(root, "VerbForm") in ("Fin", "")
        helped = any(tree.relation(c) in ("aux", "cop") for c in tree.children[root])
        if tree.upos[root] == "VERB" and label and finite and not helped:
            form = tree.tokens[tree.token_of[root]].lower()
            yield form, Item(tree.tokens, label, tree.where)


def numbers(trees: Sequence[DependencyTree], relation: str) -> Iterator[tuple[str, Item]]:
    """Yield (form, sentence) labelled with the number of the root's only subject or object.

    Parameters
    ----------
    relation : {'nsubj', 'obj'}
        Subtypes count. The word must be a NOUN with Number=Sing or Number=Plur.

    References
    ----------
    Conneau et al. 2018, section 2, SubjNum and ObjNum. Departs from it: features instead of
    tags, so that a mass noun counts as the treebank says.
    """
    for tree in trees:
        found = [c for c in tree.children[tree.root] if tree.relation(c) == relation]
        if len(found) == 1 and tree.upos[found[0]] == "NOUN":
            label = _NUMBER.get(tree.feature(found[0], "Number"))
            if label:
                form = tree.tokens[tree.token_of[found[0]]].lower()
                yield form, Item(tree.tokens, label, tree.where)


def by_key(
    pairs: Iterator[tuple[str, Item]], counts: Counter[str], least: int, most: int
) -> dict[str, list[Item]]:
    """Return items by form, of the forms that occur between `least` and `most` times."""
    out: dict[str, list[Item]] = defaultdict(list)
    for form, item in pairs:
        if least <= counts[form] <= most:
            out[form].append(item)
    return dict(out)


def by_stratum(pairs: Iterator[tuple[object, Item]]) -> dict[object, dict[str, list[Item]]]:
    """Return items by stratum and label."""
    out: dict[object, dict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for stratum, item in pairs:
        out[stratum][item.label].append(item)
    return {s: dict(of_label) for s, of_label in out.items()}
