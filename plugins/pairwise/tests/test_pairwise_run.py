"""A run over a task of rankings, from registry to report, against one pair at a time."""

from __future__ import annotations

import numpy as np
import pytest

import sondage
from sondage.testing import toys
from sondage_pairwise.report_cai import gather

PLUGIN = """
import sondage
from sondage.data import Corpus, Rankings, Split, TaskData, Units, digest, offsets_of
from sondage.testing.toys import ToyEncoder
import numpy as np

class Questions:
    units = "rankings"
    randomness = ()
    corpus_fingerprint = fingerprint = digest("toyrank questions")
    def load(self):
        rng = np.random.default_rng(0)
        words = [f"word{i}" for i in range(40)]
        contexts = [list(rng.choice(words, 9)) for _ in range(12)]
        asked = [list(rng.choice(words, 3)) for _ in range(24)]
        corpus = Corpus.of_words(asked, second=[contexts[i // 2] for i in range(24)], name="asked")
        units = Units.of_words(np.repeat(np.arange(24), 12), np.tile(np.arange(12), 24))
        first = 12 * np.arange(24)
        target = Rankings(
            units, first + 1, first + 5,
            np.concatenate([f + np.r_[3:5, 6:12] for f in first]), offsets_of([8] * 24),
        )
        none = np.zeros(0, np.int64)
        return TaskData(corpus, target, fixed=Split(none, none, np.arange(24)))

@sondage.hookimpl
def sondage_tasks():
    return [sondage.TaskSpec(name="toyrank.asked", factory=Questions, summary="s", reference="r")]

@sondage.hookimpl
def sondage_encoders():
    return [sondage.EncoderSpec(name="toyrank.toy", factory=ToyEncoder, summary="s", reference="r")]
"""

REGISTRY = """
version: 1
encoders:
  base: {use: toyrank.toy}
  tuned: {use: toyrank.toy, seed: 1}
tasks:
  asked: {use: toyrank.asked}
probes:
  cosine: {use: pairwise.ranking}
  euclidean: {use: pairwise.ranking, measure: euclidean}
  printed: {use: pairwise.ranking, paper: true}
compositions:
  ranked:
    encoders: [base, tuned]
    baseline: base
    tasks: [asked]
    probes: [cosine, euclidean, printed]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairwise")
    info = folder / "site" / "sondage_toyrank-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sondage-toyrank\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[sondage]\ntoyrank = m_sondage_toyrank\n")
    (folder / "site" / "m_sondage_toyrank.py").write_text(PLUGIN)
    (folder / "r.yaml").write_text(REGISTRY)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder / "site"))
        patch.setenv("SONDAGE_STORE", str(folder / "store"))
        patch.setenv("SONDAGE_RUNS", str(folder / "runs"))
        yield sondage.run(f"{folder / 'r.yaml'}:ranked")


def one_at_a_time(seed, layer, measure):
    """Return each question's share; encoders give equal words equal vectors, wherever."""
    import m_sondage_toyrank as plugin

    data = plugin.Questions().load()
    request = sondage.data.Request((layer,), ("word",))
    corpus = data.corpus
    X = np.zeros((corpus.n_words, 8))
    for chunk in toys.ToyEncoder(seed=seed).encode(corpus, request):
        at = 0
        for s in chunk.sentences:
            n = corpus.offsets[s + 1] - corpus.offsets[s]
            rows = chunk.rows["word"][0, at : at + n]
            X[corpus.offsets[s] : corpus.offsets[s + 1]], at = rows, at + n
    shares = []
    for i in range(24):
        anchor, match, *others = (X[12 * i + k] for k in (1, 5, 3, 4, 6, 7, 8, 9, 10, 11))

        def like(v, anchor=anchor):
            if measure == "euclidean":
                return -np.linalg.norm(anchor - v)
            return anchor @ v / np.linalg.norm(anchor) / np.linalg.norm(v)

        gaps = np.array([like(match) - like(v) for v in others])
        shares.append(np.mean((gaps > 1e-9) + 0.5 * (np.abs(gaps) <= 1e-9)))
    return np.array(shares)


@pytest.mark.parametrize("measure", ["cosine", "euclidean"])
def test_a_run_gives_what_a_loop_gives(run, measure):
    assert run.failed == []
    summary = run.summary().set_index(["component", "score", "encoder", "layer"])
    for layer in (0, 1, 2):
        slow = {
            name: one_at_a_time(seed, layer, measure) for name, seed in (("base", 0), ("tuned", 1))
        }
        for name, shares in slow.items():
            row = summary.loc[measure, f"{measure}_auc", name, layer]
            assert row["mean"] == pytest.approx(shares.mean(), abs=1e-9)
            assert row["low"] < row["mean"] < row["high"]
            assert row["n_groups"] == 12  # contexts, not questions
            assert row["interval"] == "items"
        row = summary.loc[measure, f"{measure}_auc", "tuned", layer]
        assert row["difference"] == pytest.approx((slow["tuned"] - slow["base"]).mean(), abs=1e-9)
        assert row["p"] <= row["p_holm"] <= 1


def test_the_report_finds_what_the_run_left(run):
    found = gather(run)
    assert set(found["rule"]) == {"auc", "paper"}
    found = found.set_index(["rule", "measure", "encoder", "ranked", "layer"])["value"]
    wanted = one_at_a_time(0, 1, "cosine").mean()
    assert found["auc", "cosine", "base", "match", 1] == pytest.approx(wanted, abs=1e-9)
    # Without ties nothing but the denominator: 8 candidates of 9 words.
    printed = found["paper", "cosine", "base", "match", 1]
    assert printed <= wanted * 8 / 9 + 1e-9
