"""Checks of probes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from sondage.data import Labels, Rankings, Result
from sondage.testing.asking import AskingProblem
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.compared import IN_PASSING, same_for_every_seed
from sondage.testing.component import Component
from sondage.testing.drive import frozen
from sondage.testing.probed import (
    Cells,
    cells,
    every_cell,
    hard_cells,
    hard_problem,
    success,
    takes_a_problem,
    toy_cells,
    toy_problem,
)
from sondage.testing.problems import ToyProblem
from sondage.testing.wishes import asks, per_layer


def labelled(problem: ToyProblem) -> Labels:
    """Return the problem's labels; NotApplicable where it has none."""
    if not isinstance(problem.data.target, Labels):
        raise NotApplicable("the probe takes no labels")
    if isinstance(problem, AskingProblem):
        raise NotApplicable("the probe asks an encoder, which may know these labels alone")
    return problem.data.target


#: Ends the message about a probe that does not learn.
UNLESS = "; one that measures instead of learning says measures = True"


def learner(component: Component) -> Any:
    """Return an instance; NotApplicable where it says that it measures instead."""
    probe = component.make()
    if getattr(probe, "measures", False):
        raise NotApplicable("the probe measures, and has nothing to learn")
    if asks(probe):
        raise NotApplicable("the probe asks an encoder: what there is to learn, the kit cannot say")
    return probe


def axes(probe: Any) -> tuple[str, ...]:
    """Return the axes along which the probe says that cells stand alone."""
    takes_a_problem(probe)
    if not hasattr(probe, "run_layers"):
        raise NotApplicable("the core hands a simple probe one cell at a time")
    return tuple(a for a in ("layer", "seed") if a not in probe.joint)


def one_split(component: Component) -> list[tuple[Result, Result]]:
    """Return each layer's results for two seeds that have the same split."""
    same = problem = hard_problem(component)
    if problem.splits:
        shared = problem.splits[problem.seeds[0]]
        same = problem.only(splits=dict.fromkeys(problem.seeds, shared))
    found = cells(component.make, same)
    first, second = problem.seeds
    return [(r, found[layer, second]) for (layer, seed), r in found.items() if seed == first]


def steady(component: Component) -> Cells:
    """Return the results on the hard problem; NotApplicable where they hang on chance."""
    if "again" not in component.memory:
        again = cells(component.make, hard_problem(component))
        component.memory["again"] = frozen(again) == frozen(hard_cells(component))
    if not component.memory["again"]:
        raise NotApplicable("no two runs agree: see check_running_twice_is_bit_identical")
    return hard_cells(component)


@promise_of("probe", since="0.1")
def check_learns_separable_data(component: Component) -> None:
    """On data with a rule, nine outcomes in ten are right, or much better than without it."""
    learner(component)
    found = toy_cells(component)
    right = success(found)
    if all(set(np.unique(r.outcomes.values)) <= {0, 1} for r in found.values() if r.outcomes):
        assert right >= 0.9, f"{right:.3f} of the outcomes are right{UNLESS}"
    else:
        without = success(cells(component.make, toy_problem(component, shuffled=True)))
        said = f"mean outcome {right:.3f}, {without:.3f} without a rule{UNLESS}"
        assert right >= without + 0.2, said


@promise_of("probe", since="0.1")
def check_chance_on_shuffled_labels(component: Component) -> None:
    """Where there is nothing to learn, outcomes are no better than guessing."""
    learner(component)
    problem = toy_problem(component, shuffled=True)
    target = problem.data.target
    if isinstance(target, Labels):
        chance = np.bincount(target.y).max() / len(target)
    elif isinstance(target, Rankings):
        chance = 1 / (1 + np.diff(target.offsets).min())
    else:
        raise NotApplicable("guessing has no known rate on trees")
    right = success(cells(component.make, problem))
    n = sum(len(s.test) for s in problem.splits.values())
    assert right <= chance + 4 * np.sqrt(chance * (1 - chance) / n), f"{right:.3f} are right"


@promise_of("probe", since="0.1")
def check_outcomes_are_of_a_score(component: Component) -> None:
    """The mean outcome is the score that intervals and tests of outcomes are shown with."""
    success(found := hard_cells(component))
    splits = hard_problem(component).splits
    for (_, seed), result in found.items():
        # Whether outcomes and scores are those of the test part is for other checks to say.
        if result.outcomes is None or not result.scores:
            continue
        if splits and not np.array_equal(result.outcomes.items, splits[seed].test):
            continue
        name = result.outcomes.score or next(iter(result.scores))
        assert name in result.scores, f"the outcomes are of '{name}', which is no score"
        mean, score = float(np.mean(result.outcomes.values)), result.scores[name]
        assert np.isclose(mean, score, rtol=1e-6, atol=1e-6), f"mean {mean:.6f}, {name} {score:.6f}"


@promise_of("probe", since="0.1")
def check_refit_forgets(component: Component) -> None:
    """An instance that was fitted before gives what a fresh one gives."""
    used = component.make()
    problem = hard_problem(component)
    fresh = steady(component)
    every_cell(lambda: used, toy_problem(component, seed=5, n=40))
    for key, result in cells(lambda: used, problem).items():
        assert frozen(result) == frozen(fresh[key]), "the earlier fit shows"


@promise_of("probe", since="0.1")
def check_relabelling_changes_nothing(component: Component) -> None:
    """Which number stands for which label does not matter, but for the odd close call."""
    labelled(toy_problem(component))
    problem = hard_problem(component, noise=1.0)
    labels = labelled(problem)
    turn = np.roll(np.arange(len(labels.names)), 1)
    names = tuple(labels.names[i] for i in np.argsort(turn))
    other = dataclasses.replace(labels, y=turn[labels.y], names=names)
    moved = problem.only(data=dataclasses.replace(problem.data, target=other))
    old, new = cells(component.make, problem), cells(component.make, moved)
    success(old)
    pairs = ((old[key].outcomes, new[key].outcomes) for key in old)
    same = float(np.mean([a.values == b.values for a, b in pairs if a and b]))
    assert same >= 0.9, f"only {same:.3f} of the outcomes stay"


@promise_of("probe", since="0.1")
def check_inputs_may_be_read_only(component: Component) -> None:
    """The probe works on arrays that it may not write to: the store's files are such."""
    problem = toy_problem(component, writeable=False)
    assert every_cell(component.make, problem), "no results"


@promise_of("probe", since="0.1")
def check_target_stays_as_it_is(component: Component) -> None:
    """The labels, trees or rankings are left alone: other probes get the same ones."""
    problem = toy_problem(component)
    before = frozen(problem.data.target)
    every_cell(component.make, problem)
    assert before == frozen(problem.data.target), "the target was changed"


@promise_of("probe", since="0.1")
def check_each_cell_comes_once(component: Component) -> None:
    """Every layer and seed asked for has one result; a probe over all layers, one per seed."""
    probe = component.make()
    problem = toy_problem(component)
    layers = problem.layers if per_layer(probe) else (None,)
    wanted = sorted((str(k), s) for k in layers for s in problem.seeds)
    found = sorted((str(k), s) for k, s, _ in every_cell(component.make, problem))
    assert found == wanted, f"cells {found}, wanted {wanted}"


@promise_of("probe", since="0.1")
def check_layers_stand_alone(component: Component) -> None:
    """A layer's results are the same bits whichever other layers are asked for."""
    probe = component.make()
    if "layer" not in axes(probe) or not per_layer(probe):
        raise NotApplicable("the probe solves its layers jointly")
    problem, whole = hard_problem(component), steady(component)
    for layer in problem.layers:
        for key, result in cells(component.make, problem.only(layers=(layer,))).items():
            assert frozen(whole[key]) == frozen(result), f"cell {key} differs when alone"


@promise_of("probe", since="0.1")
def check_seeds_stand_alone(component: Component) -> None:
    """A seed's results are the same bits whichever other seeds are asked for."""
    probe = component.make()
    if "seed" not in axes(probe):
        raise NotApplicable("the probe solves its seeds jointly")
    problem, whole = hard_problem(component), steady(component)
    for seed in problem.seeds:
        for key, result in cells(component.make, problem.only(seeds=(seed,))).items():
            assert frozen(whole[key]) == frozen(result), f"cell {key} differs when alone"


@promise_of("probe", since="0.1")
def check_outcomes_are_of_test_items(component: Component) -> None:
    """Outcomes are those of test items, each once, with its sentence and a finite value."""
    problem, found = toy_problem(component), toy_cells(component)
    success(found)
    target = problem.data.target
    for (_, seed), result in found.items():
        if result.outcomes is not None:
            items, groups = np.asarray(result.outcomes.items), result.outcomes.groups
            assert len(np.unique(items)) == len(items), "an item comes twice"
            assert np.isfinite(np.asarray(result.outcomes.values, float)).all(), "not finite"
            if target is None:  # items are what the probe takes for such
                assert np.isin(groups, np.arange(len(problem.data.corpus))).all(), "sentences"
                continue
            assert np.isin(items, problem.splits[seed].test).all(), (
                "an item is not of the test part"
            )
            assert np.array_equal(groups, target.sentence[items]), "sentences"


@promise_of("probe", since="0.1")
def check_every_test_item_has_an_outcome(component: Component) -> None:
    """A probe of labels says of every test item how it fared."""
    problem = toy_problem(component)
    labelled(problem)
    found = toy_cells(component)
    success(found)
    for (_, seed), result in found.items():
        if result.outcomes is not None:
            missing = np.setdiff1d(problem.splits[seed].test, result.outcomes.items)
            assert not len(missing), f"{len(missing)} test items have no outcome"


@promise_of("probe", since="0.1")
def check_running_twice_is_bit_identical(component: Component) -> None:
    """Two fresh instances on one problem give the same bits."""
    hard_cells(component)  # of another kind of probe this says nothing
    try:
        steady(component)
    except NotApplicable:
        raise AssertionError("two runs of one problem differ") from None


@promise_of("probe", since="0.1")
def check_seed_acts_only_if_declared(component: Component) -> None:
    """Where randomness is empty, seeds that share a split share their scores."""
    probe = component.make()
    if getattr(probe, "randomness", ()):
        raise NotApplicable(f"the seed controls: {', '.join(probe.randomness)}")
    if getattr(probe, "units", "vectors") in IN_PASSING:
        same_for_every_seed(probe)
        return
    for first, second in one_split(component):
        for name, score in first.scores.items():
            other = second.scores[name]
            assert np.isclose(score, other, rtol=0.01, atol=0.01, equal_nan=True), (
                f"{name}: {score}, {other}"
            )


@promise_of("probe", since="0.1")
def check_declared_randomness_acts(component: Component) -> None:
    """A seed that is said to control something changes something, the split apart."""
    probe = component.make()
    if not getattr(probe, "randomness", ()):
        raise NotApplicable("the seed controls nothing but the split")
    moved = [frozen(first) != frozen(second) for first, second in one_split(component)]
    assert any(moved), f"randomness is {probe.randomness}, but the seed changes nothing"
