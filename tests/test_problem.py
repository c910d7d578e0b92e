"""What a probe is handed from ragged rows: by the number of rows, not by a view's name."""

import numpy as np
import pytest

from sondage import api
from sondage.data import Corpus, Request, States, Units, offsets_of
from sondage.errors import EncodingError
from sondage.execute.problem import pool
from sondage.testing.toys import ToyEncoder, ToyTask

CORPUS = Corpus.of_words([["a", "b"], ["c"], ["a", "b"], ["d", "e", "f"]])
WORDS = Units.of_words(np.array([0, 1, 2, 3, 3]), np.array([1, 0, 0, 2, 0]))


def rows(counts):
    offsets = offsets_of(counts)
    return States(np.arange(offsets[-1], dtype=np.float32)[:, None], offsets)


def test_rows_of_which_each_word_has_one_are_the_words():
    found = pool(rows([2, 1, 3]), CORPUS, WORDS)
    assert found[:, 0].tolist() == [1, 2, 0, 5, 3]


@pytest.mark.parametrize("counts", [[3, 1, 4], [1, 1, 1], [1, 2, 3], [4, 1, 9]])
def test_rows_of_pieces_are_not_taken_for_words(counts):
    with pytest.raises(EncodingError, match="one vector a word"):
        pool(rows(counts), CORPUS, WORDS)


def test_rows_of_pieces_are_not_taken_for_sentences():
    sentences = Units.of_sentences(4)
    assert pool(rows([1, 1, 1]), CORPUS, sentences)[:, 0].tolist() == [0, 1, 0, 2]
    with pytest.raises(EncodingError, match="one vector a sentence"):
        pool(rows([2, 1, 3]), CORPUS, sentences)


OWN = """
    import numpy as np, sondage
    from sondage.data import Chunk
    from sondage.testing.toys import ToyEncoder

    class Own(ToyEncoder):
        views = ("word-length", "piece-length")
        def row_counts(self, corpus, view):
            if view == "word-length":
                return np.diff(corpus.offsets)
            return super().row_counts(corpus, view)
        def encode(self, corpus, request):
            for i in range(len(corpus)):
                words = self._pieces(corpus, i)
                sizes = {
                    "word-length": [[sum(map(len, w))] for w in words],
                    "piece-length": [[len(p)] for w in words for p in w],
                }
                rows = {v: np.array([sizes[v]] * len(request.layers)) for v in request.views}
                yield Chunk(np.array([i]), {v: r.astype(np.float32) for v, r in rows.items()})

    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="own.own", factory=Own, summary="s", reference="r")]
"""


def test_a_run_on_an_encoders_own_views(toy_registry, make_plugin):
    make_plugin("own", OWN)
    text = toy_registry.read_text("utf-8").split("compositions:")[0]
    toy_registry.write_text(
        text + "compositions:\n  c: {encoders: [own.own], tasks: [t], probes: [slow], layers: [1],"
        " seeds: [0], views: [word-length, piece-length]}\n",
        "utf-8",
    )
    run = api.run(f"{toy_registry}:c")
    found = {r["view"]: r for r in run.folder.records()}
    assert found["word-length"]["scores"]["accuracy"] == 1
    assert found["piece-length"]["status"] == "failed"
    assert found["piece-length"]["error"]["slug"] == "encoding"


MEASURES = """
    import dataclasses
    import numpy as np, sondage
    from sondage.data import Result, Split
    from sondage.testing.toys import ToyTask

    class Norm:
        units, joint, randomness, per_layer, measures = "vectors", (), (), True, True
        def run_layers(self, problem):
            for layer in problem.layers:
                for seed in problem.seeds:
                    rows = problem.vectors(layer)[problem.splits[seed].test]
                    yield layer, seed, Result({"norm": float(np.linalg.norm(rows))})

    class Sum:
        def __init__(self):
            self.total, self.n = 0.0, 0
        def update(self, a, b, rows):
            self.total, self.n = self.total + float((a * b).sum()), self.n + len(rows)
        def merge(self, other):
            self.total, self.n = self.total + other.total, self.n + other.n
            return self
        def compute(self):
            return Result({"dot": self.total / self.n})

    class Dot:
        units, randomness, symmetric = "vectors", (), True
        def begin(self, seed):
            return Sum()

    class TestOnly(ToyTask):
        randomness = ()
        def load(self):
            data = super().load()
            none, every = np.zeros(0, int), np.arange(len(data.target))
            return dataclasses.replace(data, fixed=Split(none, none, every))

    ABOUT = {"summary": "s", "reference": "r"}
    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="own.norm", factory=Norm, **ABOUT)]
    @sondage.hookimpl
    def sondage_metrics():
        return [sondage.MetricSpec(name="own.dot", factory=Dot, **ABOUT)]
    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="own.test", factory=TestOnly, **ABOUT)]
"""


def records(toy_registry, body):
    text = toy_registry.read_text("utf-8").split("compositions:")[0]
    toy_registry.write_text(f"{text}compositions:\n  c: {body}\n", "utf-8")
    return list(api.run(f"{toy_registry}:c").folder.records())


def test_a_probe_that_measures_needs_no_training_items(toy_registry, make_plugin):
    make_plugin("own", MEASURES)
    found = records(toy_registry, "{encoders: [a], tasks: [own.test], probes: [own.norm, slow]}")
    status = {(r["component"], r["status"]) for r in found}
    assert status == {("own.norm", "done"), ("slow", "failed")}


@pytest.mark.parametrize("view", ["word", "mean"])
def test_a_layer_0_alone_against_every_layer_of_another(toy_registry, make_plugin, view):
    make_plugin("own", MEASURES)
    flat = "{use: toy.encoder, seed: 1, n_layers: 0}"
    text = toy_registry.read_text("utf-8").replace("encoders:\n", f"encoders:\n  f: {flat}\n", 1)
    toy_registry.write_text(text, "utf-8")
    found = records(
        toy_registry,
        f"{{encoders: [a, f], baseline: f, tasks: [t], metrics: [own.dot], views: [{view}]}}",
    )
    corpus = ToyTask(n=60).load().corpus
    corpus = corpus.take(corpus.unique[0])

    def rows(encoder, layer):
        chunks = encoder.encode(corpus, Request((layer,), (view,)))
        parts = sorted(((c.sentences[0], c.rows[view][0]) for c in chunks), key=lambda p: p[0])
        return np.concatenate([part for _, part in parts])

    base = rows(ToyEncoder(n_layers=0, seed=1), 0)
    for record in found:
        own = rows(ToyEncoder(n_layers=3, seed=0), record["layer"])
        wanted = (own * base).sum() / len(base)
        assert record["scores"]["dot"] == pytest.approx(wanted, rel=1e-4)
    assert sorted(r["layer"] for r in found) == [0, 1, 2, 3]
