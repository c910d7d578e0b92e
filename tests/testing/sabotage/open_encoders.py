"""Encoders that predict what is hidden and score their task, and break one promise each."""

import dataclasses
import itertools

import numpy as np

from sondage.testing.open_toy import ToyModel, ToyOpen


class MaskBelowAll(ToyOpen):
    mask_id = -1


class MaskInText(ToyOpen):
    mask_id = np.int64(1)


class MindsRepetition(ToyOpen):
    def masked_nats(self, batch, ids, rows, places, targets):
        found = super().masked_nats(batch, ids, rows, places, targets)
        asked = list(zip(rows.tolist(), places.tolist(), targets.tolist(), strict=True))
        return found + np.array([asked[:k].count(one) for k, one in enumerate(asked)], float)


class SinglePrecision(ToyOpen):
    def masked_nats(self, *question):
        return super().masked_nats(*question).astype(np.float32)


class Bits(ToyOpen):
    def masked_nats(self, *question):
        return super().masked_nats(*question) / np.log(2)


class ReadsOneSubword(ToyOpen):
    def logits(self, batch, ids, row, place):
        return self.module().table[ids[row, place]]


class ReadsTheBatch(ToyOpen):
    def logits(self, batch, ids, row, place):
        found = super().logits(batch, ids, row, place)
        return found + super().logits(batch, batch.ids, row, place)


class ReadsPadding(ToyOpen):
    def logits(self, batch, ids, row, place):
        everywhere = dataclasses.replace(batch, mask=np.ones_like(batch.mask))
        return super().logits(everywhere, ids, row, place)


class FeelsCompany(ToyOpen):
    def logits(self, batch, ids, row, place):
        return super().logits(batch, ids, row, place) * (1 + 0.01 * len(batch))


class DropsOut(ToyOpen):
    ticks = itertools.count()

    def logits(self, batch, ids, row, place):
        return super().logits(batch, ids, row, place) * (1 + 1e-7 * (next(self.ticks) % 7))


class CountsWordsFromOne(ToyOpen):
    def word_numbers(self, corpus, batch):
        found = super().word_numbers(corpus, batch)
        return found + (found >= 0) if corpus.words is None else found


class ModelThatLearns(ToyModel):
    def named_parameters(self):
        for name, values in super().named_parameters():
            learning = values.view(Learning)
            yield name, learning


class Learning(np.ndarray):
    requires_grad = True


class ShowsItLearning(ToyOpen):
    shown = ModelThatLearns(ToyOpen.vocabulary, 0)

    def module(self):
        return self.shown


class Ended(ToyOpen):
    """Changes what the head says on its way out."""

    def end_task(self, data, items):
        return self.changed(super().end_task(data, items))

    def changed(self, found):
        return found


class ScoresWithoutLoss(Ended):
    def changed(self, found):
        scores = {k: v for k, v in found.scores.items() if k != "loss"}
        return dataclasses.replace(found, scores=scores)


class OutcomesOfOthers(Ended):
    def changed(self, found):
        others = dataclasses.replace(found.outcomes, items=found.outcomes.items + 1)
        return dataclasses.replace(found, outcomes=others)


class HeadThatFeelsCompany(Ended):
    def changed(self, found):
        if len(found.outcomes.items) > 12:
            return found
        turned = dataclasses.replace(found.outcomes, values=1 - found.outcomes.values)
        return dataclasses.replace(found, outcomes=turned)


class HeadThatDropsOut(Ended):
    ticks = itertools.count()

    def changed(self, found):
        loss = found.scores["loss"] + next(self.ticks) / 1024
        return dataclasses.replace(found, scores={**found.scores, "loss": loss})


class TakesAnyLabels(ToyOpen):
    def end_task(self, data, items):
        own = dataclasses.replace(data.target, names=("short", "middling", "long"))
        return super().end_task(dataclasses.replace(data, target=own), items)


class ScoresNothing(ToyOpen):
    def end_task(self, data, items):
        return super().end_task(data, items if len(items) else np.arange(1))
