"""What a probe is handed from ragged rows: by the number of rows, not by a view's name."""

import numpy as np
import pytest

from sondage import api
from sondage.data import Corpus, States, Units, offsets_of
from sondage.errors import EncodingError
from sondage.problem import pool

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
