"""Tasks on text pairs (premise and hypothesis): both segments are read, and told apart."""

import numpy as np
import pytest

from sondage.data import Corpus, Labels, Split, TaskData, Units, digest
from sondage_transformers import Finetuned, Pretrained, Settings, collect, finetune

COLOURS, NOUNS = ("red", "green", "blue", "grey"), ("fox", "dog", "bank", "river", "noon")
N = 240


def pairs(kind):
    """Return pairs with a colour in either segment; the label is that of the second."""
    rng = np.random.default_rng(0)
    colours = rng.integers(0, len(COLOURS), (N, 2))

    def segment(colour):
        words = [str(w) for w in rng.choice(NOUNS, rng.integers(1, 4))]
        words.insert(int(rng.integers(len(words) + 1)), COLOURS[colour])
        return words

    both = [(segment(a), segment(b)) for a, b in colours]
    first, second = ([" ".join(p[k]) for p in both] for k in (0, 1))
    if kind == "texts":
        corpus = Corpus(tuple(first), second=tuple(second))
    else:
        whole = Corpus.of_words([a + b for a, b in both])
        corpus = Corpus(
            whole.texts, words=whole.words, offsets=whole.offsets,
            boundary=np.array([len(a) for a, _ in both]),
        )  # fmt: skip
    order = np.arange(N)
    split = Split(order[: N // 2], order[N // 2 : 3 * N // 4], order[3 * N // 4 :])
    return TaskData(corpus, Labels(Units.of_sentences(N), colours[:, 1], COLOURS), split)


class PairTask:
    randomness = ()
    units = "sentences"

    def __init__(self, kind):
        self.kind = kind

    @property
    def fingerprint(self):
        return digest("pairs", self.kind)

    corpus_fingerprint = fingerprint

    def load(self):
        return pairs(self.kind)


@pytest.mark.parametrize("kind", ["texts", "words"])
@pytest.mark.parametrize("head", ["sentence", "sentence-mean"])
def test_the_segment_that_counts_is_found(bert, tmp_path, kind, head):
    series = Finetuned(
        base=bert, task=PairTask(kind), head=head, epochs=8, batch_size=8, learning_rate=3e-3
    )
    series.place(tmp_path)
    result = series.train()
    # The right colour of the wrong segment would give one in four, guessing one of the two 5/8.
    assert result.scores["dev_accuracy"] > 0.8
    assert result.scores["test_accuracy"] > 0.8
    assert result.warnings == {}


@pytest.mark.parametrize("kind", ["texts", "words"])
@pytest.mark.parametrize("head", ["sentence", "sentence-mean"])
def test_a_pairs_vector_is_what_encode_delivers(bert, kind, head):
    import torch

    from sondage_transformers.engine import Engine
    from sondage_transformers.examples import LabelExamples, view_of
    from sondage_transformers.headed_encoder import HeadedEncoder, head_for

    data = pairs(kind)
    view = view_of(head, data.target, has_cls=True)
    headed = HeadedEncoder(
        Engine(bert.recipe), view, head_for(data.target, bert.width, seed=5)
    ).eval()
    chosen = np.array([3, 7, 90])
    with torch.no_grad():
        examples = LabelExamples(headed.engine, data, np.arange(N), view)
        logits = headed(examples.portion(chosen))["logits"].numpy()
    rows = collect(bert, data.corpus, (3,), view)[0][0][chosen]
    expected = rows @ headed.head.linear.weight.detach().numpy().T
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    swapped = pairs("texts").corpus
    swapped = Corpus(swapped.second, second=swapped.texts)
    assert np.abs(collect(bert, swapped, (3,), view)[0][0][chosen] - rows).max() > 1e-3


def test_type_ids_reach_the_model(bert):
    from sondage_transformers.engine import Engine
    from sondage_transformers.examples import LabelExamples

    data = pairs("texts")
    engine = Engine(bert.recipe)
    portion = LabelExamples(engine, data, np.arange(N), "cls").portion(np.array([0]))
    n = [len(t[0].split()) for t in (data.corpus.texts, data.corpus.second)]
    inputs = engine.inputs(portion.batch)
    assert inputs["token_type_ids"].tolist() == [[0] * (n[0] + 2) + [1] * (n[1] + 1)]


@pytest.mark.parametrize("kind", ["gpt2", "roberta", "t5"])
def test_other_families_train_on_pairs(model_folder, tmp_path, kind):
    base = Pretrained(model=model_folder(kind), device="cpu")
    data = pairs("texts")
    settings = Settings(epochs=4, batch_size=16, learning_rate=3e-3)
    result = finetune(base, data, data.fixed, tmp_path, settings)
    table = result.tables["checkpoints"]
    assert table["dev_loss"][-1] < table["dev_loss"][0]


def test_pairs_too_long_are_counted(bert, tmp_path):
    data = pairs("texts")
    settings = Settings(epochs=1, batch_size=16, max_length=9)
    result = finetune(bert, data, data.fixed, tmp_path, settings)
    assert result.warnings["truncated-sentences"] > 20


def test_the_longest_pairs_are_scored_first(bert):
    from sondage_transformers.engine import Engine
    from sondage_transformers.examples import LabelExamples

    data = pairs("texts")
    order = LabelExamples(Engine(bert.recipe), data, np.arange(N), "cls").by_length()
    size = [len(data.corpus.texts[i]) + len(data.corpus.second[i]) for i in order]
    assert size == sorted(size, reverse=True)
