"""Probes that are measured in passing: good ones, and the metrics' faults one by one."""

import broken_metrics
import numpy as np
from good_ones import AttentionGaps, CosineSums

from sondage.data import Result
from sondage.errors import EncodingError


class OfRows:
    """Hands the states of real subwords, and those of their neighbours, to a metric's sums."""

    def __init__(self, sums):
        self.sums = sums

    def update(self, a, batch):
        real = batch.mask & ~batch.special
        rows = np.asarray(a)[real]
        self.sums.update(rows, rows[:, ::-1], np.flatnonzero(real))

    def merge(self, other):
        merged = self.sums.merge(other.sums)
        return self if merged is self.sums else type(self)(merged)

    def compute(self):
        return self.sums.compute()


class OfMaps(OfRows):
    def update(self, a, batch):
        self.sums.update(a, np.zeros_like(a), batch)


class StatesCosine:
    units, randomness, bounds = "states", (), (-1.0, 1.0)
    sums, rows = CosineSums, OfRows

    def begin(self, seed):
        return self.rows(self.sums())


class MapsSum(StatesCosine):
    units = "attention"
    sums, rows = AttentionGaps, OfMaps


class MindsDescent(OfRows):
    def update(self, a, batch):
        super().update(a, batch)
        self.sums.total += (np.diff(batch.sentences) < 0).any()


class FeelsOrder(StatesCosine):
    rows = MindsDescent


class FeelsChunks(StatesCosine):
    sums = broken_metrics.FeelsChunks.accumulator


class FeelsMerging(StatesCosine):
    sums = broken_metrics.FeelsMerging.accumulator


class RobsTheOther(StatesCosine):
    sums = broken_metrics.RobsTheOther.accumulator


class ReturnsACopy(StatesCosine):
    sums = broken_metrics.ReturnsACopy.accumulator


class ComputesOnce(StatesCosine):
    sums = broken_metrics.ComputesOnce.accumulator


class GrowsWithStimuli(StatesCosine):
    sums = broken_metrics.GrowsWithStimuli.accumulator


class StaysAtHome(StatesCosine):
    sums = broken_metrics.StaysAtHome.accumulator


class MindsPadding(MapsSum):
    sums = broken_metrics.ReadsPadding


class TightBounds(StatesCosine):
    bounds = (-1.0, -0.5)


class SecretlyRandom(StatesCosine):
    def begin(self, seed):
        made = super().begin(seed)
        made.sums.total += seed
        return made


class TakesParameters:
    """Asks an encoder for its model, whether it has one or not."""

    units, reads, randomness, joint = "none", "encoder", (), ()

    def run_layers(self, problem):
        for seed in problem.seeds:
            named = problem.encoder.module().named_parameters()
            total = sum(float(np.asarray(values).sum()) for _, values in named)
            yield None, seed, Result({"sum": total})


class AsksForParameters(TakesParameters):
    def run_layers(self, problem):
        if not hasattr(problem.encoder, "module"):
            raise EncodingError("the encoder has no model to read")
        yield from super().run_layers(problem)
