"""Checks of tasks."""

from __future__ import annotations

from typing import Any

import numpy as np

from sondage.contracts import Illustrated
from sondage.data import Answers, Labels, Rankings, Split, TaskData, Trees
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component
from sondage.testing.drive import frozen

SEEDS = (0, 1, 2)


def with_target(component: Component) -> TaskData:
    """Return a new instance's data; NotApplicable for stimuli, which have no target."""
    data: TaskData = component.make().load()
    if data.target is None:
        raise NotApplicable("the task has no target")
    return data


def parts(split: Split) -> list[Any]:
    """Return train, dev and test."""
    return [np.asarray(split.train), np.asarray(split.dev), np.asarray(split.test)]


def contents(data: TaskData) -> Any:
    """Return all that was loaded, in a form that compares bit for bit."""
    split = [data.fixed, data.ratios, data.groups]
    return frozen([data.corpus.fingerprint, data.target, *split, data.warnings])


@promise_of("task", since="0.1")
def check_one_corpus_fingerprint_is_one_corpus(component: Component) -> None:
    """Variants that share a corpus fingerprint share their texts: they share an encoding."""
    if not component.variants:
        raise NotApplicable("the test names no variants")
    texts: dict[str, str] = {}
    for variant in ({}, *component.variants):
        task = component.make(**variant)
        found = task.load().corpus.fingerprint
        assert texts.setdefault(task.corpus_fingerprint, found) == found, f"{variant} differs"


@promise_of("task", since="0.1")
def check_loading_twice_agrees(component: Component) -> None:
    """Two instances load the same texts, targets and splits."""
    first, second = component.make().load(), component.make().load()
    assert contents(first) == contents(second), "two loads differ"


@promise_of("task", since="0.1")
def check_units_are_as_declared(component: Component) -> None:
    """What the target sits on is what the task says without loading."""
    task = component.make()
    target = task.load().target
    names = {type(None): "none", Trees: "trees", Rankings: "rankings", Answers: "answers"}
    found = names.get(type(target))
    if isinstance(target, Labels):
        found = "sentences" if target.units.arity == 0 else "words"
    assert task.units == found, f"declared {task.units}, observed {found}"


@promise_of("task", since="0.1")
def check_labels_are_declared(component: Component) -> None:
    """Every label is an index into names, and no name comes twice."""
    target = with_target(component).target
    if not isinstance(target, Labels | Trees):
        raise NotApplicable("neither rankings nor answers have labels")
    ids = np.asarray(target.y if isinstance(target, Labels) else target.relations)
    k = len(target.names)
    assert len(set(target.names)) == k, "a name comes twice"
    if ids.dtype == bool:
        assert ids.ndim == 2, f"bool labels of shape {ids.shape}"
        assert ids.shape[1] == k, f"{ids.shape[1]} columns for {k} names"
    else:
        assert np.issubdtype(ids.dtype, np.integer), f"labels are {ids.dtype}"
        assert ids.min(initial=0) >= 0, "a label is negative"
        assert ids.max(initial=-1) < k, f"label {ids.max()} of {k} names"


@promise_of("task", since="0.1")
def check_items_lie_in_the_corpus(component: Component) -> None:
    """Every item's sentence exists, and its spans lie inside it and are not empty."""
    data = with_target(component)
    target = data.target
    assert target is not None
    sentence = np.asarray(target.sentence)
    assert sentence.min(initial=0) >= 0, "a sentence index is negative"
    assert sentence.max(initial=-1) < len(data.corpus), "a sentence does not exist"
    if isinstance(target, Trees | Answers) or target.units.arity == 0:
        return
    assert data.corpus.offsets is not None, "spans over a corpus without words"
    size = np.diff(data.corpus.offsets)[target.units.sentence][:, None]
    start, end = target.units.spans[..., 0], target.units.spans[..., 1]
    assert ((start >= 0) & (start < end) & (end <= size)).all(), "a span is empty or outside"


@promise_of("task", since="0.1")
def check_answers_lie_in_their_contexts(component: Component) -> None:
    """Every gold answer is characters of its question's context, and as many as are told of."""
    data = with_target(component)
    target = data.target
    if not isinstance(target, Answers):
        raise NotApplicable("the target is no answers")
    count, m = np.diff(target.offsets), len(target.texts)
    assert len(set(target.ids)) == len(count) == len(target), "not as many ids as questions"
    assert (target.offsets[[0, -1]] == [0, m]).all(), "the offsets do not span the answers"
    assert (count >= 0).all(), "an offset is less than the one before"
    assert target.start.shape == target.end.shape == (m,), "starts, ends and texts differ in number"
    contexts = data.corpus.second
    assert contexts is not None, "answers in a corpus without second segments"
    size = np.array([len(contexts[i] or "") for i in target.sentence], np.int64)
    inside = (target.start >= 0) & (target.start < target.end)
    inside &= target.end <= np.repeat(size, count)
    assert inside.all(), "an answer is empty or lies outside its context"


@promise_of("task", since="0.1")
def check_trees_are_trees(component: Component) -> None:
    """Every sentence that is an item has one root, and every word a path to it."""
    data = with_target(component)
    if not isinstance(data.target, Trees):
        raise NotApplicable("the target is no tree")
    offsets = data.corpus.offsets
    assert offsets is not None, "trees over a corpus without words"
    for i in data.target.sentence:
        heads = data.target.heads[offsets[i] : offsets[i + 1]]
        assert (heads == -1).sum() == 1, f"sentence {i} has {(heads == -1).sum()} roots"
        assert heads.max() < len(heads), f"sentence {i}: a head lies outside"
        above = np.arange(len(heads))
        for _ in heads:
            above = np.where(above < 0, -1, heads[above])
        assert (above == -1).all(), f"sentence {i} has a cycle"


@promise_of("task", since="0.1")
def check_split_parts_are_disjoint(component: Component) -> None:
    """No item is in two parts of a split, or twice in one."""
    data = with_target(component)
    for seed in SEEDS:
        every = np.concatenate(parts(data.split(seed)))
        assert len(np.unique(every)) == len(every), f"seed {seed}: an item comes twice"


@promise_of("task", since="0.1")
def check_split_parts_are_in_range(component: Component) -> None:
    """Parts hold indices of items, ascending."""
    data = with_target(component)
    assert data.target is not None
    for part in (p for seed in SEEDS for p in parts(data.split(seed)) if len(p)):
        assert np.issubdtype(part.dtype, np.integer), f"indices are {part.dtype}"
        assert part.min() >= 0, f"an item of {len(data.target)} is {part.min()}"
        assert part.max() < len(data.target), f"an item of {len(data.target)} is {part.max()}"
        assert (np.diff(part) >= 0).all(), "indices do not ascend"


@promise_of("task", since="0.1")
def check_train_and_test_are_not_empty(component: Component) -> None:
    """There is something to test on and, but for rankings, something to train on."""
    data = with_target(component)
    for seed in SEEDS:
        train, _, test = parts(data.split(seed))
        # Distances are ranked without learning anything.
        assert len(train) or isinstance(data.target, Rankings), f"seed {seed}: nothing to train on"
        assert len(test), f"seed {seed}: nothing to test on"


@promise_of("task", since="0.1")
def check_split_is_reproducible(component: Component) -> None:
    """One seed draws one split, from any load."""
    first, second = with_target(component), with_target(component)
    for seed in SEEDS:
        again = [frozen(parts(data.split(seed))) for data in (first, second, first)]
        assert again[0] == again[1] == again[2], f"seed {seed} draws different splits"


@promise_of("task", since="0.1")
def check_seed_draws_the_split_if_declared(component: Component) -> None:
    """Seeds draw different splits where randomness says so, and only there."""
    data, task = with_target(component), component.make()
    drawn = len({repr(frozen(parts(data.split(seed)))) for seed in SEEDS}) > 1
    declared = "split" in task.randomness
    assert drawn == declared, f"randomness is {task.randomness}, but seeds vary: {drawn}"


@promise_of("task", since="0.1")
def check_equal_sentences_share_a_part(component: Component) -> None:
    """A drawn split never tests on a sentence that it trains on."""
    data = with_target(component)
    assert data.target is not None
    if data.fixed is not None:
        raise NotApplicable("the files give the split")
    group = data.corpus.unique[1][data.target.sentence]
    for seed in SEEDS:
        train, dev, test = (set(group[p]) for p in parts(data.split(seed)))
        shared = (train & dev) | (train & test) | (dev & test)
        assert not shared, f"seed {seed}: {len(shared)} sentences are in two parts"


@promise_of("task", since="0.1")
def check_examples_are_as_many_as_asked(component: Component) -> None:
    """A task that shows its items shows no more than asked for, the same each time."""
    task = component.make()
    if not isinstance(task, Illustrated):
        raise NotApplicable("the core shows its items")
    for n in (0, 1, 3):
        found, again = task.examples(n), component.make().examples(n)
        assert len(found.rows) <= n, f"{len(found.rows)} examples, where {n} were asked for"
        assert found == again, "two instances show different examples"
    assert len(task.examples(1).rows) == 1, "none is shown, where one was asked for"


@promise_of("task", since="0.1")
def check_warnings_are_counts(component: Component) -> None:
    """Warnings map slugs in kebab case to how often each happened."""
    for slug, count in component.make().load().warnings.items():
        assert isinstance(slug, str), f"{slug!r} is no slug"
        assert slug == slug.lower().replace(" ", "-").replace("_", "-"), f"{slug!r} is no slug"
        assert isinstance(count, int), f"{slug}: {count!r} is no count"
        assert count >= 0, f"{slug}: {count} times"
