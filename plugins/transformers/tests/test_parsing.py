"""The parsing head: what it computes, what it learns, what it keeps, what it refuses."""

import dataclasses
import itertools

import numpy as np
import pytest

from sondage.data import Corpus, Labels, Split, TaskData, Trees, Units, digest
from sondage.errors import DataError, ParameterError
from sondage_transformers import Finetuned, Pretrained, Settings, Truncated, collect, finetune

COLOURS, NOUNS = ("red", "green", "blue", "grey"), ("fox", "dog", "bank", "river", "noon")
RELATIONS = ("colour", "noun", "punct", "root")


def treebank(n=120, seed=0):
    """Return sentences whose trees follow from their words: colours hang on the next noun."""
    rng = np.random.default_rng(seed)
    sentences, heads, relations = [], [], []
    for _ in range(n):
        words, colour = [], []
        for _ in range(rng.integers(1, 4)):
            if rng.random() < 0.6:
                colour.append(len(words))
                words.append(str(rng.choice(COLOURS)))
            words.append(str(rng.choice(NOUNS)))
        verb = int(rng.integers(len(words) + 1))
        verb -= verb - 1 in colour  # never between a colour and its noun
        words.insert(verb, "jumps")
        words.append(".")
        head = [verb] * len(words)
        head[verb] = -1
        for place in colour:
            place += place >= verb
            head[place] = place + 1
        sentences.append(words)
        heads += head
        kind = {".": 2, "jumps": 3} | dict.fromkeys(NOUNS, 1) | dict.fromkeys(COLOURS, 0)
        relations += [kind[w] for w in words]
    corpus = Corpus.of_words(sentences)
    relations = np.array(relations)
    target = Trees(np.array(heads), relations != 2, relations, RELATIONS, np.arange(n))
    order = np.arange(n)
    split = Split(order[: n // 2], order[n // 2 : 3 * n // 4], order[3 * n // 4 :])
    return TaskData(corpus, target, split)


class TreeTask:
    """A task over a treebank in memory."""

    randomness = ()
    units = "trees"

    def __init__(self, data=None):
        self.data = data or treebank()

    @property
    def fingerprint(self):
        target = self.data.target
        return digest(self.data.corpus.fingerprint, target.heads.tobytes(), target.scored.tobytes())

    corpus_fingerprint = fingerprint

    def load(self):
        return self.data


def trained(folder, **given):
    quick = {"task": TreeTask(), "epochs": 6, "batch_size": 8, "learning_rate": 3e-3}
    series = Finetuned(**{**quick, **given})
    series.place(folder)
    return series, series.train()


def weights(series, step):
    from safetensors.numpy import load_file

    return load_file(series.folder / f"step-{step}" / "model.safetensors")


@pytest.fixture(scope="module")
def parser(bert, tmp_path_factory):
    return trained(tmp_path_factory.mktemp("parser"), base=bert, epochs=10, checkpoints=2)


def test_trees_are_learned(parser):
    series, result = parser
    assert list(result.scores) == [
        "dev_las", "dev_uas", "test_las", "test_uas", "dev_loss", "test_loss", "train_loss",
    ]  # fmt: skip
    for part in ("dev", "test"):
        # All words on the verb, colours too: what a parser without a clue could do at best.
        target = treebank().target
        assert result.scores[f"{part}_uas"] > np.mean(target.relations[target.scored] != 0) + 0.05
        assert result.scores[f"{part}_las"] > 0.85
        assert result.scores[f"{part}_las"] <= result.scores[f"{part}_uas"]
    table = result.tables["checkpoints"]
    assert set(table) == {
        "step", "epoch", "train_loss", "dev_las", "dev_uas", "dev_loss", "dev_las_low",
        "dev_las_high",
    }  # fmt: skip
    assert table["step"] == list(series.steps) == [0, 40, 80]
    assert table["dev_las"][0] < 0.4 < table["dev_las"][-1] == result.scores["dev_las"]
    assert result.warnings == {}


def test_a_parsers_steps_are_encoders_and_the_first_is_the_base(parser, bert):
    series, _ = parser
    corpus = treebank(n=5).corpus
    base, _ = collect(bert, corpus, (0, 1, 2, 3), "word")
    assert collect(series.at(0), corpus, (0, 1, 2, 3), "word")[0].tobytes() == base.tobytes()
    last, _ = collect(series.at(80), corpus, (0, 1, 2, 3), "word")
    assert (np.abs(last - base).max((1, 2)) > 0.01).all()
    assert not [name for name in weights(series, 80) if "head" in name]


def leaky(x):
    return np.where(x > 0, x, 0.1 * x)


def slowly(head, rows, heads, relations):
    """Return one sentence's arcs, labels and loss by the paper's formulas, a pair at a time."""
    from sondage_transformers.biaffine import ARC_SIZE

    w = {name: p.detach().numpy().astype(float) for name, p in head.named_parameters()}

    def perceptron(name, x):
        out = leaky(w[f"{name}.weight"] @ x + w[f"{name}.bias"])
        return out[:ARC_SIZE], out[ARC_SIZE:]

    above = [perceptron("as_head", x) for x in [w["root"], *rows]]
    below = [perceptron("as_dependent", x) for x in rows]
    n = len(rows)
    arcs = np.full((n, n + 1), -np.inf)
    labels = np.empty((n, n + 1, len(w["single.bias"])))
    for d, h in itertools.product(range(n), range(n + 1)):
        if h != d + 1:
            arcs[d, h] = above[h][0] @ w["arc.weight"] @ below[d][0] + above[h][0] @ w["arc.bias"]
        for k, pair in enumerate(w["pair"]):
            both = np.concatenate([above[h][1], below[d][1]])
            single = w["single.weight"][k] @ both + w["single.bias"][k]
            labels[d, h, k] = above[h][1] @ pair @ below[d][1] + single

    def nats(logits, k):
        return np.log(np.exp(logits - logits[k]).sum())

    losses = [
        nats(arcs[d], h + 1) + nats(labels[d, h + 1], r)
        for d, (h, r) in enumerate(zip(heads, relations, strict=True))
    ]
    return arcs, labels, losses


def best_tree(arcs):
    def reaches_root(heads, word):
        for _ in heads:
            word = heads[word] if word >= 0 else -1
        return word == -1

    n = len(arcs)
    trees = (
        heads
        for heads in itertools.product(range(-1, n), repeat=n)
        if heads.count(-1) == 1 and all(reaches_root(heads, d) for d in range(n))
    )
    return max(trees, key=lambda heads: sum(arcs[d, h + 1] for d, h in enumerate(heads)))


@pytest.fixture(scope="module")
def small(bert):
    """Return a head with random weights, a portion of two sentences, and their vectors."""
    import torch

    from sondage_transformers.engine import Engine
    from sondage_transformers.headed_encoder import HeadedEncoder, head_for
    from sondage_transformers.tree_examples import TreeExamples

    corpus = Corpus.of_words([["grey", "fox", "jumps"], ["naïve", "dog", "jumps", "noon", "!"]])
    heads = np.array([1, 2, -1, 1, 2, -1, 2, 2])
    relations, scored = np.array([0, 1, 3, 0, 1, 3, 1, 2]), np.array([1] * 7 + [0], bool)
    data = TaskData(corpus, Trees(heads, scored, relations, RELATIONS, np.arange(2)))
    headed = HeadedEncoder(
        Engine(bert.recipe), "word", head_for(data.target, bert.width, seed=5)
    ).eval()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for p in headed.head.parameters():
            p += 0.1 * torch.randn(p.shape, generator=generator)
    portion = TreeExamples(headed.engine, data, np.arange(2)).portion(np.array([0, 1]))
    rows = collect(bert, corpus, (3,), "word")[0][0]
    return headed, portion, [rows[:3], rows[3:]]


def test_arcs_labels_and_loss_are_the_formulas(small):
    import torch

    headed, portion, rows = small
    with torch.no_grad():
        out = headed(portion)
        heads, relations = headed.head.parse(out, portion)
    losses, start = [], 0
    for i, x in enumerate(rows):
        here = slice(start, start + len(x))
        arcs, labels, nats = slowly(headed.head, x, portion.heads[here], portion.relations[here])
        losses += nats
        found = out["arcs"][i].numpy()
        np.testing.assert_allclose(found[: len(x), : len(x) + 1], arcs, atol=1e-4)
        assert np.isneginf(found[: len(x), len(x) + 1 :]).all()
        best = best_tree(arcs)
        assert heads[here].tolist() == list(best)
        expected = [int(labels[d, h + 1].argmax()) for d, h in enumerate(best)]
        assert relations[here].tolist() == expected
        start += len(x)
    assert float(out["loss"]) == pytest.approx(np.mean(losses), abs=1e-5)


def test_the_tally_counts_scored_words(small, monkeypatch):
    import torch

    headed, portion, _ = small
    with torch.no_grad():
        out = headed(portion)
    # Of 8 words 7 are scored. Heads: words 0 and 7 (not scored) wrong. Labels: 1 and 7 wrong.
    heads, relations = portion.heads.copy(), portion.relations.copy()
    heads[[0, 7]], relations[[1, 7]] = [2, 0], 3
    monkeypatch.setattr(type(headed.head), "parse", lambda *_: (heads, relations))
    sums, right = headed.head.tally(out, portion)
    assert sums[1:].tolist() == [8, 7, 5, 6]
    assert right.tolist() == [False, False, True, True, True, True, True]
    summary = headed.head.summary(sums)
    assert summary == {
        "las": pytest.approx(5 / 7),
        "uas": pytest.approx(6 / 7),
        "loss": pytest.approx(float(out["loss"])),
    }


def test_other_sentences_of_a_batch_move_nothing(small):
    import torch

    from sondage_transformers.tree_examples import TreeExamples

    headed, _, _ = small
    data = treebank(n=6)
    examples = TreeExamples(headed.engine, data, np.arange(6))
    with torch.no_grad():
        whole = headed(examples.portion(np.arange(6)))["arcs"]
        for i in range(6):
            alone = headed(examples.portion(np.array([i])))["arcs"][0]
            n = len(alone)
            torch.testing.assert_close(whole[i, :n, : n + 1], alone, atol=1e-4, rtol=1e-4)


def test_punctuation_is_trained_but_not_scored(bert, tmp_path):
    data = treebank(n=40)
    broken = data.target.relations.copy()
    rng = np.random.default_rng(0)
    part = np.repeat(np.arange(40), np.diff(data.corpus.offsets)) >= 20
    broken[part & ~data.target.scored] = rng.integers(0, 4, (part & ~data.target.scored).sum())
    other = dataclasses.replace(data, target=dataclasses.replace(data.target, relations=broken))
    _, one = trained(tmp_path / "1", base=bert, task=TreeTask(data), epochs=2)
    two = finetune(
        bert, other, data.fixed, tmp_path / "2",
        Settings(epochs=2, batch_size=8, learning_rate=3e-3),
    )  # fmt: skip
    assert one.scores["dev_las"] == two.scores["dev_las"]
    assert one.scores["test_loss"] != two.scores["test_loss"]
    assert one.scores["train_loss"] == two.scores["train_loss"]


def test_words_of_long_sentences_are_all_parsed(bert, tmp_path):
    """Nothing is cut off: a long sentence goes in windows, and every word has a head."""
    from sondage_transformers.engine import Engine
    from sondage_transformers.tree_examples import TreeExamples

    _, result = trained(tmp_path, base=bert, epochs=1, max_length=8)
    assert result.warnings["windowed-sentences"] > 50
    data = treebank()
    short = dataclasses.replace(bert.recipe, max_length=8)
    portion = TreeExamples(Engine(short), data, np.arange(8)).portion(np.arange(8))
    assert len(portion.batch.ids) > 8
    assert portion.n_rows == len(portion.heads) == data.corpus.offsets[8]
    place = np.flatnonzero(portion.batch.unit >= 0)
    rows = (portion.batch.word_row[:, None] + portion.batch.unit).ravel()[place]
    assert set(rows) == set(range(portion.n_rows))


@pytest.mark.parametrize("freeze", [0, 2, 3])
def test_frozen_layers_of_a_parser_stay_bit_for_bit(bert, tmp_path, freeze):
    series, _ = trained(tmp_path, base=bert, epochs=1, freeze=freeze, weight_decay=0.1)
    corpus = treebank(n=4).corpus
    base, _ = collect(bert, corpus, (0, 1, 2, 3), "word")
    tuned, _ = collect(series.at(series.steps[-1]), corpus, (0, 1, 2, 3), "word")
    same = [a.tobytes() == b.tobytes() for a, b in zip(base, tuned, strict=True)]
    assert same == [k <= freeze for k in range(4)]


def test_a_truncated_base_is_parsed_from_its_last_layer(bert, tmp_path):
    scores = {}
    for layers in (0, 2):
        base = Truncated(base=bert, layers=layers)
        series, result = trained(tmp_path / str(layers), base=base, epochs=8)
        scores[layers] = result.scores["test_las"]
        before, after = weights(series, 0), weights(series, series.steps[-1])
        moved = {n for n in before if before[n].tobytes() != after[n].tobytes()}
        assert any("word_embeddings" in n for n in moved)
        assert {int(n.split(".")[2]) for n in moved if n.startswith("encoder.")} == set(
            range(layers)
        )
    # Words and positions are enough for these trees.
    assert min(scores.values()) > 0.8


@pytest.mark.parametrize("kind", ["gpt2", "t5", "roberta"])
def test_other_families_parse(model_folder, tmp_path, kind):
    base = Pretrained(model=model_folder(kind), device="cpu")
    _, result = trained(tmp_path, base=base, epochs=4)
    table = result.tables["checkpoints"]
    assert table["dev_loss"][-1] < table["dev_loss"][0] - 0.5


def broken(**changes):
    data = treebank(n=20)
    for name, value in changes.items():
        array = getattr(data.target, name).copy()
        array[: len(value)] = value
        data = dataclasses.replace(data, target=dataclasses.replace(data.target, **{name: array}))
    return data


def one_word_each():
    corpus = Corpus.of_words([["fox"], ["dog"], ["jumps"]])
    target = Trees(np.full(3, -1), np.ones(3, bool), np.zeros(3, np.int64), ("root",), np.arange(3))
    return TaskData(corpus, target, Split(*np.arange(3)[:, None]))


def without_words():
    data = treebank(n=20)
    return dataclasses.replace(data, corpus=Corpus(data.corpus.texts))


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (broken(heads=[-1, -1]), DataError, "sentence 0 are no tree"),
        (broken(heads=[1, 0]), DataError, "sentence 0 are no tree"),
        (broken(heads=[40]), DataError, "sentence 0 are no tree"),
        (broken(heads=[-2]), DataError, "sentence 0 are no tree"),
        (broken(relations=[4]), DataError, "4 declared"),
        (broken(scored=np.zeros(500, bool)[: treebank(n=20).corpus.n_words]), DataError, "counts"),
        (one_word_each(), DataError, "nothing to learn"),
        (without_words(), DataError, "trees"),
    ],
)
def test_what_is_no_tree_is_refused(bert, tmp_path, data, error, words):
    with pytest.raises(error, match=words):
        trained(tmp_path, base=bert, task=TreeTask(data))


def test_a_head_fits_its_units(bert, tmp_path):
    with pytest.raises(ParameterError, match="head 'word' does not fit a task whose units"):
        Finetuned(base=bert, task=TreeTask(), head="word")
    assert Finetuned(base=bert, task=TreeTask(), head="biaffine").head == "biaffine"
    data = treebank(n=20)
    with pytest.raises(ParameterError, match="'pair' does not fit trees"):
        finetune(bert, data, data.fixed, tmp_path / "1", Settings(head="pair"))
    labels = Labels(Units.of_sentences(20), np.arange(20) % 2, ("a", "b"))
    flat = dataclasses.replace(data, target=labels)
    with pytest.raises(ParameterError, match="'biaffine' does not fit items of 0 spans"):
        finetune(bert, flat, data.fixed, tmp_path / "2", Settings(head="biaffine"))


def test_unseen_relations_are_counted(bert, tmp_path):
    data = treebank(n=40)
    relations = data.target.relations.copy()
    last = data.corpus.offsets[35]
    relations[last : last + 3] = 4
    target = dataclasses.replace(data.target, relations=relations, names=(*RELATIONS, "new"))
    _, result = trained(
        tmp_path, base=bert, task=TreeTask(dataclasses.replace(data, target=target)), epochs=1
    )
    assert result.warnings == {"unseen-label": 3}
