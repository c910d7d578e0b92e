"""Encoders that break one promise each."""

import dataclasses
import itertools
import uuid

import numpy as np
from good_ones import OwnViews, StepEncoder, TrainedSeries

from sondage.data import VIEWS, Request
from sondage.testing.passable import ToyPassable
from sondage.testing.toys import ToyEncoder


class Changed(ToyEncoder):
    """Changes chunks on their way out."""

    def encode(self, corpus, request):
        for chunk in super().encode(corpus, request):
            rows = {v: self.change(v, r, chunk, corpus) for v, r in chunk.rows.items()}
            yield dataclasses.replace(chunk, rows=rows)

    def change(self, view, rows, chunk, corpus):
        return rows

    def words(self, chunk, corpus):
        return [w for i in chunk.sentences for w in corpus.words_of(i)] if corpus.words else []


class NewFingerprint(ToyEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.fingerprint_ = uuid.uuid4().hex

    @property
    def fingerprint(self):
        return self.fingerprint_


class FingerprintOfUse(ToyEncoder):
    used = 0

    @property
    def fingerprint(self):
        return f"after {self.used}"

    def encode(self, corpus, request):
        self.used = 1
        yield from super().encode(corpus, request)


class DeafFingerprint(ToyEncoder):
    fingerprint = "always the same"


class Repeats(ToyEncoder):
    def encode(self, corpus, request):
        chunks = list(super().encode(corpus, request))
        yield from [*chunks, chunks[0]]


class Forgets(ToyEncoder):
    def encode(self, corpus, request):
        yield from list(super().encode(corpus, request))[1:]


class TooWide(Changed):
    def change(self, view, rows, chunk, corpus):
        return np.concatenate([rows, rows[:, :, :1]], axis=2)


class ExtraLayer(Changed):
    def change(self, view, rows, chunk, corpus):
        return np.concatenate([rows, rows[:1]]) if len(rows) == 3 else rows


class DropsWords(Changed):
    """As a tokenizer does that has nothing for a zero-width space."""

    def change(self, view, rows, chunk, corpus):
        if view != "word":
            return rows
        return rows[:, [w != "\u200b" for w in self.words(chunk, corpus)]]


class Miscounts(ToyEncoder):
    def row_counts(self, corpus, view):
        return super().row_counts(corpus, view) + 1


class NotANumber(Changed):
    def change(self, view, rows, chunk, corpus):
        if view == "word":
            rows[:, [w == "\x07" for w in self.words(chunk, corpus)]] = np.nan
        return rows


class SilentZeros(Changed):
    def change(self, view, rows, chunk, corpus):
        if view == "word":
            rows[:, [w == "\u200d" for w in self.words(chunk, corpus)]] = 0
        return rows


class FeelsPadding(Changed):
    def change(self, view, rows, chunk, corpus):
        return rows + 0.01 * max(len(t) for t in corpus.texts)


class FeelsOrder(Changed):
    def change(self, view, rows, chunk, corpus):
        return rows + 0.01 * (int(chunk.sentences[0]) if len(corpus) == 9 else 0)


class ShortChangesCopies(ToyEncoder):
    def encode(self, corpus, request):
        first, inverse = corpus.unique
        for chunk in super().encode(corpus, request):
            copies = first[inverse[chunk.sentences]] != chunk.sentences
            rows = {
                v: r * (0.5 if VIEWS[v] == "sentence" and copies.all() else 1)
                for v, r in chunk.rows.items()
            }
            yield dataclasses.replace(chunk, rows=rows)


class Generous(ToyEncoder):
    def encode(self, corpus, request):
        yield from super().encode(corpus, Request(request.layers, self.views))


class SortsLayers(ToyEncoder):
    def encode(self, corpus, request):
        yield from super().encode(corpus, Request(tuple(sorted(request.layers)), request.views))


class Dropout(Changed):
    ticks = itertools.count()

    def change(self, view, rows, chunk, corpus):
        return rows + np.float32(1e-6) * np.float32(next(self.ticks) % 7)


class OneForAll(TrainedSeries):
    def at(self, step):
        return SameStep(self, step)


class SameStep(StepEncoder):
    @property
    def fingerprint(self):
        return self.series.fingerprint


class NotesInOneText(ToyEncoder):
    notes = "two of three are one"


class ShowsAnother(ToyEncoder):
    def module(self):
        return object()


class ShowsItInTraining(ToyEncoder):
    training = True

    def module(self):
        return self


class MovedByShowing(ToyEncoder):
    shown = 0

    def module(self):
        self.shown += 1
        return self

    def encode(self, corpus, request):
        for chunk in super().encode(corpus, request):
            rows = {v: r + self.shown for v, r in chunk.rows.items()}
            yield dataclasses.replace(chunk, rows=rows)


class ReleasesMore(ToyEncoder):
    let_go = 0

    def release(self):
        self.let_go += 1

    def encode(self, corpus, request):
        for chunk in super().encode(corpus, request):
            rows = {v: r + (self.let_go > 1) for v, r in chunk.rows.items()}
            yield dataclasses.replace(chunk, rows=rows)


class Descends(TrainedSeries):
    steps = (3, 0)


class FingerprintOfTraining(TrainedSeries):
    @property
    def fingerprint(self):
        return f"in {self.folder}"


class TrainsByTheClock(TrainedSeries):
    ticks = itertools.count()

    def train(self):
        for step in self.steps:
            (self.folder / f"{step}.txt").write_text(str(1 + next(self.ticks) / 8))


class TrainsAloud(TrainedSeries):
    def train(self):
        print("step 1")
        return super().train()


class MiscountsItsOwn(OwnViews):
    def row_counts(self, corpus, view):
        if view == "piece-length":
            return np.diff(corpus.offsets)
        return super().row_counts(corpus, view)


class PassesOtherLayers(ToyPassable):
    """Hands out the layers below those that it encodes."""

    def pass_through(self, batch, layers, wants, sink):
        for layer in layers:
            below = (max(layer - 1, 0),)
            super().pass_through(batch, below, wants, lambda _, found, at=layer: sink(at, found))
