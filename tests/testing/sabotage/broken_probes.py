"""Probes that break one promise each."""

import dataclasses
import itertools
import signal

import numpy as np
from good_ones import Entropy, Looped, NearestMean, RankProbe, SeveralLabels, TreeProbe

from sondage.data import Result
from sondage.scores import classification


class Majority(NearestMean):
    def fit(self, X, y, *, rng):
        self.most_ = np.bincount(y).argmax()
        return self

    def predict(self, X):
        return np.full(len(X), self.most_)


class FlatTrees(TreeProbe):
    """Says of every sentence that half of its edges are right."""

    def share(self, states, trees, sentence):
        return 0.5


class Peeks(Looped):
    """Has every label by heart, those of the test part too."""

    def cell(self, problem, layer, seed):
        labels, test = problem.data.target, problem.splits[seed].test
        return classification(labels, labels.y[test], test)


class AlwaysRight(RankProbe):
    def beats(self, X, items, i):
        return True


class Remembers(NearestMean):
    def fit(self, X, y, *, rng):
        before = getattr(self, "means_", None)
        super().fit(X, y, rng=rng)
        if before is not None and before.shape == self.means_.shape:
            self.means_ = (before + self.means_) / 2
        return self


class RegressesOnNumbers(NearestMean):
    """Takes the labels' numbers for quantities."""

    def fit(self, X, y, *, rng):
        self.weights_ = np.linalg.lstsq(X, y, rcond=None)[0]
        self.last_ = y.max()
        return self

    def predict(self, X):
        return np.clip(np.round(X @ self.weights_), 0, self.last_).astype(int)


class CentresInPlace(NearestMean):
    def fit(self, X, y, *, rng):
        X *= 1
        return super().fit(X, y, rng=rng)


class WritesIntoTheTarget(Looped):
    def cell(self, problem, layer, seed):
        problem.data.target.units.spans[0] += 1
        return super().cell(problem, layer, seed)


class Repeats(Looped):
    def run_layers(self, problem):
        cells = list(super().run_layers(problem))
        yield from [*cells, cells[0]]


class MixesLayers(Looped):
    def disturb(self, fitted, problem, rng):
        fitted.means_ = fitted.means_ + 1e-4 * len(problem.layers)


class MixesSeeds(Looped):
    def disturb(self, fitted, problem, rng):
        fitted.means_ = fitted.means_ + 1e-4 * len(problem.seeds)


class OtherOutcomes(Looped):
    def cell(self, problem, layer, seed):
        result = super().cell(problem, layer, seed)
        return dataclasses.replace(result, outcomes=self.outcomes(result.outcomes, problem, seed))


class GroupsByItem(OtherOutcomes):
    def outcomes(self, outcomes, problem, seed):
        return dataclasses.replace(outcomes, groups=outcomes.items)


class TrainOutcomes(OtherOutcomes):
    def outcomes(self, outcomes, problem, seed):
        train = problem.splits[seed].train
        items = np.concatenate([train[:1], outcomes.items])
        values = np.concatenate([[True], outcomes.values])
        return dataclasses.replace(
            outcomes, items=items, groups=problem.data.target.sentence[items], values=values
        )


class LeavesOneOut(OtherOutcomes):
    def outcomes(self, outcomes, problem, seed):
        return dataclasses.replace(
            outcomes,
            items=outcomes.items[1:],
            groups=outcomes.groups[1:],
            values=outcomes.values[1:],
        )


class OutcomesOfAnother(Looped):
    """Puts a score first that is not the mean of the outcomes."""

    def cell(self, problem, layer, seed):
        result = super().cell(problem, layer, seed)
        return dataclasses.replace(result, scores={"clusters": 7.0, **result.scores})


class OutcomesOfNoScore(OtherOutcomes):
    def outcomes(self, outcomes, problem, seed):
        return dataclasses.replace(outcomes, score="precision")


class NotANumber(Looped):
    def cell(self, problem, layer, seed):
        result = super().cell(problem, layer, seed)
        return dataclasses.replace(result, scores={**result.scores, "gain": float("nan")})


class NoScores(Looped):
    def cell(self, problem, layer, seed):
        return dataclasses.replace(super().cell(problem, layer, seed), scores={})


class Ticks(Looped):
    ticks = itertools.count()

    def disturb(self, fitted, problem, rng):
        fitted.means_ = fitted.means_ + 1e-9 * next(self.ticks)


class SecretlyRandom(Looped):
    def disturb(self, fitted, problem, rng):
        fitted.means_ = fitted.means_ + 0.4 * rng.standard_normal(fitted.means_.shape[1])


class IdlySeeded(Looped):
    randomness = ("initialisation",)


class SaysThatItMeasures(Looped):
    """Fits means."""

    measures = True


class Deaf(Entropy):
    """Gives every sentence one bit."""

    def of(self, rows):
        return 1.0


class ViewsInOneText(Looped):
    wants_views = "word"


class ReadsTheModel(Looped):
    reads = "model"


class SaysYes(Looped):
    measures = "no"


class NoOutcomes(Looped):
    """Not broken: there are probes that predict nothing."""

    def cell(self, problem, layer, seed):
        return Result(super().cell(problem, layer, seed).scores)


class Unstoppable(NearestMean):
    """Goes on when it is told to stop."""

    def fit(self, X, y, *, rng):
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for _ in range(20):
                super().fit(X, y, rng=rng)
            return self
        finally:
            signal.signal(signal.SIGINT, before)


class TrainsWhatWasNotAsked(SeveralLabels):
    def known(self, labels):
        return np.ones_like(labels.asked), labels.asked


class ScoresWhatWasNotAsked(SeveralLabels):
    def known(self, labels):
        return labels.asked, np.ones_like(labels.asked)
