"""Tasks that break one promise each."""

import dataclasses
import itertools

import numpy as np
from good_ones import AnswerTask, FixedTask, ShownTask, TreeTask

from sondage.data import Examples, Split, TaskData, digest
from sondage.testing.toys import ToyTask


def other_labels(data, y):
    return dataclasses.replace(data, target=dataclasses.replace(data.target, y=y))


class FingerprintOfUse(ToyTask):
    used = 0

    @property
    def fingerprint(self):
        return digest(self.used)

    def load(self):
        self.used += 1
        return super().load()


class DeafFingerprint(ToyTask):
    fingerprint = "always the same"


class DeafCorpusFingerprint(ToyTask):
    corpus_fingerprint = "always the same"


class Unsteady(ToyTask):
    loads = itertools.count()

    def load(self):
        data = super().load()
        y = data.target.y.copy()
        y[0] = next(self.loads) % 3
        return other_labels(data, y)


class SaysSentences(ToyTask):
    units = "sentences"


class OneLabelTooFar(ToyTask):
    def load(self):
        data = super().load()
        return other_labels(data, data.target.y + 1)


class FloatLabels(ToyTask):
    def load(self):
        data = super().load()
        return other_labels(data, data.target.y.astype(float))


class SpanTooLong(ToyTask):
    def load(self):
        data = super().load()
        data.target.units.spans[-1, 0, 1] += 1
        return data


class SentenceTooFar(FixedTask):
    def load(self):
        data = super().load()
        data.target.units.sentence[-1] = len(data.corpus)
        return data


class EmptySpan(ToyTask):
    def load(self):
        data = super().load()
        data.target.units.spans[0, 0, 1] = data.target.units.spans[0, 0, 0]
        return data


class Cyclic(TreeTask):
    def load(self):
        data = super().load()
        heads = data.target.heads
        root, size = int(np.flatnonzero(heads == -1)[0]), int(data.corpus.offsets[1])
        low = next(i for i in range(size) if heads[i] != -1 and heads[i] != root)
        heads[heads[low]] = low
        return data


class TwoRoots(TreeTask):
    def load(self):
        data = super().load()
        data.target.heads[data.corpus.offsets[0] : data.corpus.offsets[1]] = -1
        return data


class AnswerTooFar(AnswerTask):
    gold = ((0, 3), (4, 99), (0, 3))


class EmptyAnswer(AnswerTask):
    gold = ((0, 3), (4, 4), (0, 3))


class Refixed(FixedTask):
    """Its split is given, and wrong."""

    def load(self):
        data = super().load()
        train, dev, test = (getattr(data.fixed, p) for p in ("train", "dev", "test"))
        return dataclasses.replace(data, fixed=self.refix(train, dev, test))


class Overlapping(Refixed):
    def refix(self, train, dev, test):
        return Split(train, np.concatenate([train[-2:], dev]), test)


class OneTooFar(Refixed):
    def refix(self, train, dev, test):
        return Split(train, dev, np.append(test, 10_000))


class Descending(Refixed):
    def refix(self, train, dev, test):
        return Split(train[::-1], dev, test)


class NoTest(Refixed):
    def refix(self, train, dev, test):
        return Split(train, dev, test[:0])


class NoTrain(Refixed):
    def refix(self, train, dev, test):
        return Split(train[:0], dev, test)


class ShowsAll(ShownTask):
    def examples(self, n):
        return super().examples(3)


class ShowsAnother(ShownTask):
    shown = itertools.count()

    def examples(self, n):
        return Examples({"shown": next(self.shown)}, ("anchor",), [("a",)][:n])


class SaysThatSeedsDraw(FixedTask):
    randomness = ("split",)


class SaysThatNoSeedDraws(ToyTask):
    randomness = ()


class OtherSplits(ToyTask):
    data_class = TaskData

    def load(self):
        data = super().load()
        return self.data_class(data.corpus, data.target)


class WanderingData(TaskData):
    calls = itertools.count()

    def split(self, seed):
        return super().split(seed + 100 * next(self.calls))


class WanderingSplit(OtherSplits):
    data_class = WanderingData


class TornData(TaskData):
    def split(self, seed):
        order = np.random.default_rng(seed).permutation(len(self.target))
        return Split(*(np.sort(p) for p in np.split(order, [100, 120])))


class TearsSentences(OtherSplits):
    data_class = TornData


class LoudWarnings(ToyTask):
    def load(self):
        return dataclasses.replace(super().load(), warnings={"Skipped lines": 3})


class VagueWarnings(ToyTask):
    def load(self):
        return dataclasses.replace(super().load(), warnings={"skipped-lines": "some"})
