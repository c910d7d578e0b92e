"""Metrics that break one promise each."""

import copy

import numpy as np
from good_ones import (
    AttentionGaps,
    CosineSums,
    LabelledGap,
    MeanAttentionGap,
    MeanCosine,
    ShuffledCosine,
    alike,
)

from sondage.data import Result


class DeniesSymmetry(MeanCosine):
    symmetric = False


class WeighedSums(CosineSums):
    """Cosines weighed by the length of a."""

    def update(self, a, b, rows):
        alike(a, b)
        weights = np.linalg.norm(a, axis=1)
        lengths = weights * np.linalg.norm(b, axis=1)
        self.total += float((weights * (a * b).sum(axis=1) / lengths).sum())
        self.n += float(weights.sum())


class ClaimsSymmetry(MeanCosine):
    accumulator = WeighedSums


class TightBounds(MeanCosine):
    bounds = (-0.5, 1.0)


class OtherSelfValue(MeanCosine):
    self_value = 0.5


class ClaimsOrthogonal(MeanCosine):
    invariances = frozenset({"scaling", "orthogonal"})


class DeniesScaling(MeanCosine):
    invariances = frozenset()


class ClaimsTranslation(MeanCosine):
    invariances = frozenset({"scaling", "translation"})


class ClaimsLinear(MeanCosine):
    invariances = frozenset({"scaling", "linear"})


class EverySecondTwice(CosineSums):
    def update(self, a, b, rows):
        alike(a, b)
        for at, (x, y) in enumerate(zip(a, b, strict=True), self.n):
            times = 1 + at % 2
            self.total += times * float(x @ y / np.linalg.norm(x) / np.linalg.norm(y)) / 1.5
        self.n += len(a)


class FeelsOrder(MeanCosine):
    accumulator = EverySecondTwice


class LaterChunksTwice(CosineSums):
    later = False

    def update(self, a, b, rows):
        for _ in range(1 + self.later):
            super().update(a, b, rows)
        self.later = True


class FeelsChunks(MeanCosine):
    accumulator = LaterChunksTwice


class MergeForgets(CosineSums):
    def merge(self, other):
        self.total += other.total / 2
        self.n += other.n
        return self


class FeelsMerging(MeanCosine):
    accumulator = MergeForgets


class MergeTakesAway(CosineSums):
    def merge(self, other):
        super().merge(other)
        other.total = 0.0
        return self


class RobsTheOther(MeanCosine):
    accumulator = MergeTakesAway


class MergeCopies(CosineSums):
    def merge(self, other):
        return copy.copy(super().merge(other))


class ReturnsACopy(MeanCosine):
    accumulator = MergeCopies


class ComputeEmpties(CosineSums):
    def compute(self):
        result = super().compute()
        self.total = 0.0
        return result


class ComputesOnce(MeanCosine):
    accumulator = ComputeEmpties


class ComputeNormalises(CosineSums):
    """Computes the same again, but goes on from one stimulus."""

    def compute(self):
        self.total, self.n = self.total / self.n, 1
        return super().compute()


class ComputesEarly(MeanCosine):
    accumulator = ComputeNormalises


class HoldsALambda(CosineSums):
    def __init__(self):
        super().__init__()
        self.function = lambda: 0


class StaysAtHome(MeanCosine):
    accumulator = HoldsALambda


class WritesIntoInputs(CosineSums):
    def update(self, a, b, rows):
        a /= np.linalg.norm(a, axis=1, keepdims=True)
        super().update(a, b, rows)


class Normalises(MeanCosine):
    accumulator = WritesIntoInputs


class SumsAndNaN(CosineSums):
    def compute(self):
        return Result({**super().compute().scores, "spread": float("nan")})


class NotANumber(MeanCosine):
    accumulator = SumsAndNaN


class SecretlyRandom(MeanCosine):
    def begin(self, seed):
        accumulator = self.accumulator()
        accumulator.total = 1e-6 * seed
        return accumulator


class ClaimsLinearOfLabels(LabelledGap):
    invariances = frozenset({"orthogonal", "scaling", "translation", "linear"})


class LabelsDenyTranslation(LabelledGap):
    invariances = frozenset({"orthogonal", "scaling"})


class KeepsCosines(CosineSums):
    """Keeps a number of every stimulus."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def update(self, a, b, rows):
        super().update(a, b, rows)
        self.kept = [*self.kept, rows]


class GrowsWithStimuli(MeanCosine):
    accumulator = KeepsCosines


class Broadcast(AttentionGaps):
    def update(self, a, b, batch):
        for x, y, t in zip(a, b, batch.lengths, strict=True):
            self.total += float(np.abs(x - y)[:, :t, :t].sum(axis=-1).mean()) / 2
            self.n += 1


class RepeatsAHead(AttentionGaps):
    def update(self, a, b, batch):
        if 1 in (a.shape[1], b.shape[1]):
            a, b = np.broadcast_arrays(a, b)
        super().update(a, b, batch)


class NeedsLikeHeads(MeanAttentionGap):
    accumulator = Broadcast


class TakesOneHead(MeanAttentionGap):
    accumulator = RepeatsAHead


class KeepsMaps(AttentionGaps):
    kept = b""

    def update(self, a, b, batch):
        super().update(a, b, batch)
        self.kept += batch.sentences.tobytes()


class GrowsWithMaps(MeanAttentionGap):
    accumulator = KeepsMaps


class ReadsPadding(AttentionGaps):
    def update(self, a, b, batch):
        spoilt = 1 + int((a > 1).any())
        super().update(a * spoilt, b, batch)


class MindsPadding(MeanAttentionGap):
    accumulator = ReadsPadding


class ShufflesTheOtherSide(ShuffledCosine):
    def null(self, a, b, orders):
        return super().null(b, a, orders)


class OneValueTooMany(ShuffledCosine):
    def null(self, a, b, orders):
        return np.append(super().null(a, b, orders), 0.0)
