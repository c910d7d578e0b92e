"""Training to find answers: what is learned, how it is scored, and logits by position."""

import json

import numpy as np
import pytest

from sondage.contracts import Headed, Pointing
from sondage.data import Split
from sondage.errors import DataError, ParameterError
from sondage.scores import best_spans, grade_answers
from sondage.testing.toys import ToyQuestions, ToyTask, question_data
from sondage_transformers import Finetuned, Pretrained, Settings, Spliced, finetune
from sondage_transformers.answer_examples import AnswerExamples
from sondage_transformers.engine import Engine
from sondage_transformers.headed_encoder import HeadedEncoder, head_for
from sondage_transformers.span_head import SpanHead, decoded, graded

QUICK = {"epochs": 2, "batch_size": 8, "learning_rate": 3e-3}


def trained(folder, **parameters):
    series = Finetuned(**{**QUICK, **parameters})
    series.place(folder)
    return series, series.train()


def headed_of(base, data, seed=5, **settings):
    """Return an encoder with an untrained head whose weights are not small, and its examples."""
    import torch

    headed = HeadedEncoder(
        Engine(base.recipe), "subwords", head_for(data.target, base.width, seed, dropout=0.0)
    ).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        headed.head.linear.weight.normal_(0.0, 1.0, generator=generator)
    every = np.arange(len(data.target))
    return headed, AnswerExamples(headed.engine, data, every, Settings(**settings))


@pytest.fixture(scope="module")
def worded(tmp_path_factory, data_folder):
    """Return questions of XQuAD, and an untrained BERT whose vocabulary is their words."""
    import torch
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from transformers import BertConfig, BertModel, BertTokenizer

    from sondage_transformers.quiet import quiet

    rows = []
    for article in json.loads((data_folder / "xquad" / "xquad.en.json").read_text())["data"]:
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                golds = [(a["answer_start"], a["text"]) for a in asked["answers"]]
                rows.append((asked["question"], paragraph["context"], golds))
    rows = sorted((row for row in rows if len(row[1]) > 350), key=lambda row: len(row[1]))[:8]
    words = {
        w for row in rows for text in row[:2]
        for w, _ in BertPreTokenizer().pre_tokenize_str(text.lower())
    }  # fmt: skip
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(words)]
    folder = tmp_path_factory.mktemp("worded")
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(1)
        BertTokenizer(
            vocab={w: i for i, w in enumerate(pieces)}, do_lower_case=True
        ).save_pretrained(folder)
        config = BertConfig(
            vocab_size=len(pieces), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=48, max_position_embeddings=80, hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0, initializer_range=0.1,
        )  # fmt: skip
        BertModel(config).save_pretrained(folder)
    return rows, Pretrained(model=str(folder), device="cpu")


def test_questions_of_xquad_are_learned_by_heart(worded, tmp_path):
    rows, base = worded
    series, result = trained(
        tmp_path, base=base, task=ToyQuestions(rows, whole=True), epochs=50, checkpoints=2,
        learning_rate=1e-2, head_dropout=0.0, overlap=20,
    )  # fmt: skip
    assert result.warnings["windowed-contexts"] >= 3  # in train, dev and test
    assert next(iter(result.scores)) == "dev_exact_match"
    assert result.scores["dev_exact_match"] == 1.0
    assert result.scores["test_f1"] == 1.0
    table = result.tables["checkpoints"]
    assert table["dev_exact_match"][0] < 0.5
    assert table["dev_loss"][0] > 10 * table["dev_loss"][-1]
    data, last = series.task.load(), series.at(series.steps[-1])
    found = last.end_task(data, np.array([7, 2]))
    assert found.scores["exact_match"] == 1.0
    assert sorted(found.outcomes.items) == [2, 7]
    # The same head on layers that were not trained finds less.
    none = Spliced(base=last, donor=base, layers="last:2")
    assert none.end_task(data, np.arange(len(rows))).scores["exact_match"] < 1.0
    logits = last.position_logits(data, np.arange(len(rows)))
    for i in range(len(rows)):
        part = slice(logits.offsets[i], logits.offsets[i + 1])
        start = logits.places[part][logits.start[part].argmax()]
        assert start[0] == rows[i][2][0][0]
    assert isinstance(none, Pointing)
    assert none.position_logits(data, np.arange(3)).start.shape != logits.start.shape


def about(thing):
    return [
        ("which fox ?", f"a red fox , a {thing} dog", [(2, "red")]),
        ("which dog ?", f"a red fox , a {thing} dog", [(14, thing)]),
        ("which bank ?", f"a red fox , a {thing} dog", []),
        ("which river ?", f"a red fox , a {thing} dog", []),
    ]


def test_that_there_is_no_answer_is_learned(bert, tmp_path):
    contexts = ("a red fox", "the dog", "a bank , a blue dog", "noon", "the blue river", "a fox")
    rows = [("which ?", c, [(c.index(w), w) for w in ("red", "blue") if w in c]) for c in contexts]
    task = ToyQuestions(rows, whole=True)
    series, result = trained(tmp_path, base=bert, task=task, epochs=30, batch_size=3)
    assert result.scores["dev_exact_match"] == 1.0
    data = task.load()
    found = series.at(series.steps[-1]).end_task(data, np.array([1, 3]))
    assert found.scores["f1"] == 1.0
    logits = series.at(series.steps[-1]).position_logits(data, np.arange(6))
    best = [
        (logits.start[a:b, None] + logits.end[None, a:b])[np.triu_indices(b - a)].max()
        for a, b in zip(logits.offsets[:-1], logits.offsets[1:], strict=True)
    ]
    assert (logits.null > best).tolist() == [False, True] * 3


def test_loss_and_logits_are_those_of_transformers(bert):
    import torch
    from transformers import BertForQuestionAnswering, BertTokenizerFast

    rows = about("green")[:2]
    headed, examples = headed_of(bert, question_data(rows))
    theirs = BertForQuestionAnswering.from_pretrained(bert.model).eval()
    theirs.qa_outputs.load_state_dict(headed.head.linear.state_dict())
    tokenizer = BertTokenizerFast.from_pretrained(bert.model)
    called = tokenizer([r[0] for r in rows], [r[1] for r in rows], return_tensors="pt")
    places = [
        [called.char_to_token(i, row[2][0][0] + at, sequence_index=1) for i, row in enumerate(rows)]
        for at in (0, 2)
    ]
    assert len(set(places[1])) == 2
    places[1] = [
        called.char_to_token(i, r[2][0][0] + len(r[2][0][1]) - 1, sequence_index=1)
        for i, r in enumerate(rows)
    ]
    with torch.no_grad():
        want = theirs(
            **called, start_positions=torch.tensor(places[0]), end_positions=torch.tensor(places[1])
        )
        out = headed(examples.portion(np.arange(2)))
    assert torch.allclose(out["logits"][..., 0], want.start_logits, atol=1e-4)
    assert torch.allclose(out["logits"][..., 1], want.end_logits, atol=1e-4)
    assert float(out["loss"]) == pytest.approx(float(want.loss), rel=1e-4)


def plainly(headed, row, limit, overlap, longest):
    """Return the answer of a question by going through windows, starts and ends one by one."""
    import torch

    tokens = headed.engine.tokens
    asked = tokens.of_texts([row[0]])[0].tolist()
    ids, _, places = tokens.placed_texts([row[1]])
    room = limit - 3 - len(asked)
    best, null, a = (-np.inf, ""), np.inf, 0
    while True:
        piece = ids[a : a + room].tolist()
        cls, sep = (tokens.tokenizer.cls_token_id, tokens.tokenizer.sep_token_id)
        made = [cls, *asked, sep, *piece, sep]
        types = [0] * (len(asked) + 2) + [1] * (len(piece) + 1)
        with torch.no_grad():
            hidden = headed.engine.network.model(
                input_ids=torch.tensor([made]), token_type_ids=torch.tensor([types])
            ).last_hidden_state[0]
            logits = headed.head.linear(hidden).numpy()
        shift = len(asked) + 2
        for i in range(len(piece)):
            for j in range(i, min(len(piece), i + longest)):
                score = logits[shift + i, 0] + logits[shift + j, 1]
                text = row[1][places[a + i, 0] : places[a + j, 1]]
                best = max(best, (score, text))
        null = min(null, logits[0].sum())
        if a + room >= len(ids):
            return best[1] if best[0] >= null else ""
        a += room - overlap


@pytest.mark.parametrize("longest", [1, 4])
def test_answers_are_those_of_a_plain_loop(bert, longest):
    rng = np.random.default_rng(0)
    words = ["red", "green", "fox", "dog", "bank", "river", "noon"]
    rows = [("which fox ?", " ".join(rng.choice(words, n)), []) for n in (1, 6, 20, 45, 70)]
    rows.append(("which ?", "red fox", [(0, "red")]))
    seen = set()
    for seed in range(4):
        headed, examples = headed_of(bert, question_data(rows), seed, overlap=9, max_answer=longest)
        portion = examples.portion(np.arange(len(rows)))
        found = decoded(headed(portion), portion).texts
        assert found == [plainly(headed, row, 64, 9, longest) for row in rows]
        seen |= {text == "" for text in found}
    assert seen == {True, False}


def test_where_every_question_has_an_answer_one_is_always_given(bert):
    rows = [(q, c, golds) for q, c, golds in about("green") if golds]
    headed, examples = headed_of(bert, question_data(rows))
    headed.head.linear.weight.data.zero_()
    portion = examples.portion(np.arange(2))
    out = headed(portion)
    out["logits"][:, 0] += 5.0  # the classification token
    assert decoded(out, portion).texts == ["a", "a"]
    headed, examples = headed_of(bert, question_data(about("green")))
    portion = examples.portion(np.arange(2))
    headed.head.linear.weight.data.zero_()
    out = headed(portion)
    out["logits"][:, 0] += 5.0
    assert decoded(out, portion).texts == ["", ""]


def test_rules_are_those_of_the_version(bert):
    """A gold answer of which nothing is left counts by the first rules."""
    rows = [("which ?", "the % fox", [(4, "%")]), ("which ?", "the fox", [(4, "fox")])]
    texts, golds = ["%", "fox"], [["%"], ["fox"]]
    headed, examples = headed_of(bert, question_data(rows))
    assert examples.rules == "v1"
    assert grade_answers(texts, golds, "v1").scores == {"exact_match": 1.0, "f1": 0.5}
    portion = examples.portion(np.arange(2))
    out = headed(portion)
    grades = grade_answers(decoded(out, portion).texts, golds, "v1")
    assert (graded(out, portion).f1 == grades.f1).all()
    assert headed_of(bert, question_data([*rows, about("green")[2]]))[1].rules == "v2"


def test_each_position_has_the_logits_of_the_window_with_most_context(bert, tmp_path):
    rng = np.random.default_rng(1)
    rows = [("which fox ?", " ".join(rng.choice(["red", "dog"], 90)), [(0, "red")])] * 2
    rows[0] = ("which fox ?", "red dog", [(0, "red")])
    rows[1] = (*rows[1][:2], [(0, rows[1][1][:3])])
    series, _ = trained(
        tmp_path, base=bert, task=ToyQuestions(rows, whole=True), epochs=1, overlap=20
    )
    step, data = series.at(0), series.task.load()
    found = step.position_logits(data, np.array([1, 0]))
    assert found.items.tolist() == [0, 1]
    assert [rows[0][1][a:b] for a, b in found.places[:2]] == ["red", "dog"]
    headed, examples = headed_of(bert, data, overlap=20)
    from sondage_transformers.kept_head import read_head

    headed.head.load_state_dict(read_head(tmp_path / "step-0", data.target, ""))
    portion = examples.portion(np.arange(2))
    logits = headed(portion)["logits"].detach().numpy()
    begin = found.offsets[1]
    first = examples.pool.context[1, 0]
    for k in range(90):
        ways = []
        for w in np.flatnonzero(portion.question == 1):
            units = portion.batch.unit[w][portion.context[w]]
            if first + k in units:
                at = int(np.flatnonzero(units == first + k)[0])
                position = np.flatnonzero(portion.context[w])[at]
                ways.append((-min(at, len(units) - 1 - at), w, *logits[w, position]))
        _, _, start, end = min(ways)
        assert found.start[begin + k] == pytest.approx(start, abs=1e-5)
        assert found.end[begin + k] == pytest.approx(end, abs=1e-5)
    assert len(found.start) == 92
    spans = best_spans(found.start[None, :2], found.end[None, :2], np.zeros(1, int), n_questions=1)
    short = decoded({"logits": headed(portion)["logits"]}, portion).texts[0]
    (a, _), (_, b) = found.places[spans.start[0, 0]], found.places[spans.end[0, 0] - 1]
    assert rows[0][1][a:b] == short


def test_gradients_are_the_same_every_time_and_windows_without_an_answer_teach_nothing(bert):
    import torch

    rows = [*about("green"), ("which ?", "red " * 70, [(0, "red " * 70)])]
    headed, examples = headed_of(bert, question_data(rows))
    assert isinstance(headed.head, SpanHead)
    alone, _ = headed_of(bert, question_data(rows))
    both, four = (examples.portion(np.arange(n)) for n in (5, 4))
    loss = headed(both)["loss"]
    assert loss.item() == pytest.approx(alone(four)["loss"].item(), rel=1e-5)
    loss.backward()
    first = headed.head.linear.weight.grad.clone()
    headed.zero_grad()
    headed(both)["loss"].backward()
    assert (headed.head.linear.weight.grad == first).all()
    # Nothing to learn at all: no loss, but no NaN either.
    none = examples.portion(np.array([4]))
    with torch.no_grad():
        out = headed(none)
    assert out["loss"].item() == 0.0
    assert headed.head.summary(headed.head.tally(out, none)[0])["loss"] == 0.0


def test_what_does_not_fit_is_refused(bert, tmp_path):
    with pytest.raises(ParameterError, match="head 'span' does not fit a task whose units are"):
        Finetuned(base=bert, task=ToyTask(n=4), head="span")
    with pytest.raises(ParameterError, match="head 'word' does not fit"):
        Finetuned(base=bert, task=ToyQuestions(), head="word")
    series = Finetuned(base=bert, task=ToyQuestions(), overlap=60, epochs=1)
    series.place(tmp_path / "a")
    with pytest.raises(ParameterError, match="overlap: 60"):
        series.train()
    data = question_data(about("green"), Split(*(np.zeros(0, np.int64),) * 3))
    with pytest.raises(DataError, match="no question"):
        finetune(bert, data, data.split(0), tmp_path / "b")
    words, _ = trained(tmp_path / "c", base=bert, task=ToyTask(n=12), epochs=1)
    last = words.at(words.steps[-1])
    assert isinstance(last, Headed)
    with pytest.raises(DataError, match=r"trained on words .* not on answers in contexts"):
        last.end_task(question_data(about("green")), np.arange(2))
    with pytest.raises(DataError, match=r"trained on words .* not on answers in contexts"):
        last.position_logits(question_data(about("green")), np.arange(2))
    with pytest.raises(DataError, match="only a head of answers"):
        last.position_logits(words.task.load(), np.arange(2))
