"""The generator: a probing task from a treebank of any language, by SentEval's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path as FilePath
from typing import Literal, get_args

import numpy as np

from sondage.data import Ints
from sondage.errors import DataError, ParameterError
from sondage_senteval.balance import check_filled, ordered
from sondage_senteval.brackets import Bracketed
from sondage_senteval.formats import PARTS
from sondage_senteval.limits import Rules
from sondage_senteval.task_items import TaskItems
from sondage_senteval.trees import DependencyTree

#: The tasks that read the dependencies of CoNLL-U.
HEADED = frozenset({
    "tree_depth", "top_dependents", "past_present", "subj_number", "obj_number",
    "coordination_inversion",
})  # fmt: skip
Generatable = Literal[
    "sentence_length", "tree_depth", "top_constituents", "top_dependents", "bigram_shift",
    "past_present", "subj_number", "obj_number", "odd_man_out", "coordination_inversion",
]  # fmt: skip


@dataclass(frozen=True)
class Generated:
    """A task's sentences, ordered by part and at random within.

    Parameters
    ----------
    task : str
    sentences : tuple of tuples of str, length n
        Tokens.
    labels : tuple of str, length n
    part : int64 array, shape (n,)
        0, 1, 2 for train, dev, test.
    names : tuple of str
        The label set.
    where : tuple of str, length n
        ``file:line`` of each sentence's source.
    found : mapping of str to int
        How many sentences fitted the rules, before balancing.
    left_out : mapping of reason to int
        Sentences of the treebank that are not in the task, each under one reason: shorter or
        longer than the limits, repeated, or of another use than this task's (they do not fit
        its rules, or would upset the balance of labels).
    multiword : mapping of slug to int
        ``multiword-tokens`` of the task's sentences, and ``sentences-with-multiword-tokens``:
        each is one token here, as it is written.
    """

    task: str
    sentences: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]
    part: Ints
    names: tuple[str, ...]
    where: tuple[str, ...]
    found: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    multiword: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.sentences)

    def write(self, path: str | PathLike[str]) -> None:
        """Write SentEval's format: ``split<TAB>label<TAB>sentence`` lines, UTF-8."""
        rows = zip(self.part, self.labels, self.sentences, strict=True)
        lines = [f"{PARTS[p]}\t{label}\t{' '.join(words)}\n" for p, label, words in rows]
        FilePath(path).write_text("".join(lines), "utf-8", newline="\n")


def generate(
    trees: Sequence[DependencyTree] | Sequence[Bracketed], task: Generatable, *, seed: int = 0,
    limits: Rules | None = None,
) -> Generated:  # fmt: skip
    """Make a probing task.

    Labels are balanced in every part. No sentence comes twice, in two parts, or both as it was
    and changed; a changed sentence is none of the treebank's.

    Parameters
    ----------
    trees : sequence of DependencyTree (`read_conllu`) or Bracketed (`read_brackets`)
    task : str
        ``top_constituents`` needs brackets; ``sentence_length`` and ``tree_depth`` take both;
        all others need CoNLL-U.
    seed : int
    limits : Rules, optional

    Raises
    ------
    DataError
        For a treebank without the needed annotation, naming the column or feature; for too few
        sentences, with counts.
    ParameterError
        For an unknown task, or limits that nothing fits.

    References
    ----------
    Conneau et al. 2018, arXiv:1805.01070v2, section 2 and the description that comes with its
    data. Departs from it: tokens are the treebank's, words and multiword tokens, not Moses's;
    frequencies are those of the treebank, without SentEval's limits unless they are given; and
    as the rules of each task say (`rules`, `corrupt`).
    """
    if task not in get_args(Generatable):
        raise ParameterError(f"unknown task {task!r}", near=get_args(Generatable))
    limits = limits or Rules()
    limits.check()
    rng = np.random.default_rng(seed)
    _check_annotation(trees, task)
    usable, left_out = _usable(trees, limits)
    every = {tree.tokens for tree in trees}
    made = TaskItems(task, list(trees), usable, every, limits, rng)
    items, names = made.items()
    check_filled(task, items, limits.ratios, names, made.found, len(usable))
    items = ordered(items, rng)
    left_out["sentences-not-used"] = len(usable) - len({item.where for item in items})
    return Generated(
        task=task,
        sentences=tuple(i.tokens for i in items),
        labels=tuple(i.label for i in items),
        part=np.array([i.part for i in items], np.int64),
        names=names,
        where=tuple(i.where for i in items),
        found=made.found,
        left_out=dict(+left_out),
        multiword=_multiword(trees, {item.where for item in items}),
    )


def _check_annotation(
    trees: Sequence[DependencyTree] | Sequence[Bracketed], task: Generatable
) -> None:
    bracketed = bool(trees) and isinstance(trees[0], Bracketed)
    if bracketed and task not in ("top_constituents", "tree_depth", "sentence_length"):
        raise DataError(
            f"{task} needs dependencies and features, which brackets do not have",
            where=trees[0].where,
            hint="give CoNLL-U files",
        )
    if task == "top_constituents" and not bracketed:
        raise DataError(
            "top_constituents needs constituency brackets, which CoNLL-U files do not have",
            where=trees[0].where if trees else "",
            hint="give bracketed trees; or take top_dependents, a task of its own on dependencies",
        )


def _usable(
    trees: Sequence[DependencyTree] | Sequence[Bracketed], limits: Rules
) -> tuple[list[DependencyTree | Bracketed], Counter[str]]:
    """Return the sentences of a fitting length, each once, and how many others there are."""
    seen: set[tuple[str, ...]] = set()
    usable: list[DependencyTree | Bracketed] = []
    left_out: Counter[str] = Counter()
    for tree in trees:
        if len(tree.tokens) < limits.min_length:
            left_out["sentences-too-short"] += 1
        elif len(tree.tokens) > limits.max_length:
            left_out["sentences-too-long"] += 1
        elif tree.tokens in seen:
            left_out["sentences-repeated"] += 1
        else:
            seen.add(tree.tokens)
            usable.append(tree)
    return usable, left_out


def _multiword(trees: Sequence[DependencyTree | Bracketed], taken: set[str]) -> dict[str, int]:
    counts = [t.multiword for t in trees if isinstance(t, DependencyTree) and t.where in taken]
    told = {
        "multiword-tokens": sum(counts),
        "sentences-with-multiword-tokens": sum(map(bool, counts)),
    }
    return told if any(counts) else {}
