"""Probes that ask the encoder itself: good ones, and some that break one promise each."""

import numpy as np

from sondage.data import Outcomes, Result
from sondage.errors import EncodingError


def offering(encoder, method):
    if not hasattr(encoder, method):
        raise EncodingError(f"{type(encoder).__name__} has no {method}")
    return encoder


class HiddenNats:
    """Mean nats of every second subword, all of these hidden at once."""

    units, reads, joint, randomness, per_layer = "none", "encoder", (), (), False

    def run_layers(self, problem):
        nats, sentence = self.nats(problem)
        outcomes = Outcomes(np.arange(len(nats)), sentence, nats, score="nats")
        for seed in problem.seeds:
            yield None, seed, Result({"nats": float(nats.mean())}, outcomes)

    def nats(self, problem):
        encoder, corpus = offering(problem.encoder, "masked_nats"), problem.data.corpus
        batch = encoder.lay_out(corpus, np.arange(len(corpus)))
        rows, places = (a[::2] for a in np.nonzero(batch.mask & ~batch.special))
        ids = batch.ids.copy()
        ids[rows, places] = encoder.mask_id
        nats = encoder.masked_nats(batch, ids, rows, places, batch.ids[rows, places])
        return nats, batch.sentences[rows]


class EndScore:
    """What the head of the training makes of each split's test part."""

    units, reads, joint, randomness = "vectors", "encoder", (), ()

    def run_layers(self, problem):
        for seed in problem.seeds:
            items = problem.splits[seed].test
            yield None, seed, offering(problem.encoder, "end_task").end_task(problem.data, items)


class LayerSpread:
    """How much the states of a layer vary, layer by layer."""

    units, reads, joint, randomness, per_layer = "none", "encoder", (), (), True

    def run_layers(self, problem):
        corpus = problem.data.corpus
        batch = offering(problem.encoder, "lay_out").lay_out(corpus, np.arange(len(corpus)))
        found = {}
        problem.encoder.pass_through(
            batch, problem.layers, frozenset({"states"}), found.__setitem__
        )
        for layer in problem.layers:
            spread = float(np.asarray(found[layer]["states"])[batch.mask].std())
            for seed in problem.seeds:
                yield layer, seed, Result({"spread": spread})


class Meddles(HiddenNats):
    def nats(self, problem):
        offering(problem.encoder, "module").module().table[3] = 0
        return super().nats(problem)


class HearsNothing(HiddenNats):
    def nats(self, problem):
        nats, sentence = super().nats(problem)
        return np.full(len(nats), 0.5), sentence


class AsksInVain:
    """Needs what the kit's encoder has not."""

    units, reads, joint, randomness = "none", "encoder", (), ()

    def run_layers(self, problem):
        raise EncodingError(f"{type(problem.encoder).__name__} has no parse trees")
        yield
