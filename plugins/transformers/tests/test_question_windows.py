"""Windows over questions and contexts: transformers' own, and a slow featuriser's."""

import functools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.errors import DataError, EncodingError, ParameterError
from sondage.testing.toys import question_data
from sondage_transformers import Pretrained, Settings
from sondage_transformers.answer_examples import AnswerExamples
from sondage_transformers.answer_windows import WindowPlan
from sondage_transformers.engine import Engine

WORDS = (
    "The",
    "quick",
    "fox",
    "naïve",
    "cafés",
    "3.5",
    "%",
    "日本語",
    "bank",
    "“quotes”",
    "…",
    "is",
)
FAMILIES = ("bert", "distilbert", "roberta", "albert", "gpt2", "t5", "xlnet")


@functools.cache
def engine_of(folder, limit):
    return Engine(Pretrained(model=folder, device="cpu", max_length=limit).recipe)


@functools.cache
def tokenizer_of(folder):
    from transformers import AutoTokenizer

    from sondage_transformers.quiet import quiet

    with quiet():
        return AutoTokenizer.from_pretrained(folder)


def examples_of(folder, rows, limit=24, **more):
    data = question_data(rows)
    return AnswerExamples(engine_of(folder, limit), data, np.arange(len(rows)), Settings(**more))


def featurised(folder, row, limit, longest, **ways):
    """Cut and slice with plain lists, a character at a time; what has no answer points at -1."""
    tokenizer = tokenizer_of(folder)
    question, context, golds = row
    asked = tokenizer(question, add_special_tokens=False)["input_ids"][:longest]
    made = tokenizer(context, add_special_tokens=False, return_offsets_mapping=True)
    ids, places = made["input_ids"], made["offset_mapping"]
    room = limit - tokenizer.num_special_tokens_to_add(pair=True) - len(asked)
    step = room - ways["overlap"] if "overlap" in ways else min(ways["step"], room)
    found, a = [], 0
    while True:
        b = min(a + room, len(ids))
        answer = -1, -1
        if golds:
            start, text = golds[0]
            covering = [k for k, (i, j) in enumerate(places) if j > start and i < start + len(text)]
            if covering and a <= covering[0] and covering[-1] < b:
                answer = covering[0] - a, covering[-1] - a
        found.append((asked, ids[a:b], answer))
        if b == len(ids):
            return found
        a += step


TEXT = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)
QUESTION = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)


@st.composite
def rows(draw):
    context = draw(TEXT)
    golds = []
    if context and draw(st.booleans()):
        a = draw(st.integers(0, len(context) - 1))
        text = context[a : a + draw(st.integers(1, 12))]
        # Between words there is nothing to point at.
        golds = [(a, text)] if text == text.strip() else []
    return draw(QUESTION), context, golds


@pytest.mark.parametrize("family", FAMILIES)
def test_windows_are_those_of_a_slow_featuriser(family, model_folder):
    folder = model_folder(family)

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(rows(), min_size=1, max_size=3),
        st.sampled_from([24, 40]),
        st.integers(1, 9),
        st.sampled_from([{"overlap": 0}, {"overlap": 3}, {"step": 2}, {"step": 100}]),
    )
    def check(questions, limit, longest, ways):
        parameters = {"overlap": ways.get("overlap"), "window_step": ways.get("step")}
        examples = examples_of(folder, questions, limit, max_question=longest, **parameters)
        made = examples.windows(np.arange(len(questions)))
        portion = examples.portion(np.arange(len(questions)))
        wanted = [
            (i, *window)
            for i, row in enumerate(questions)
            for window in featurised(folder, row, limit, longest, **ways)
        ]
        assert len(made.windows.sentence) == len(wanted)
        for w, (i, asked, context, (first, last)) in enumerate(wanted):
            ids, segment = (
                x[made.windows.offsets[w] : made.windows.offsets[w + 1]]
                for x in (made.windows.ids, made.windows.segment)
            )
            assert portion.question[w] == made.windows.sentence[w] == i
            assert len(ids) <= limit
            if asked or context:
                assert ids[segment == 0].tolist() == asked
            assert ids[segment == 1].tolist() == context
            if first < 0:
                assert portion.start[w] == portion.end[w] == made.null[w]
            else:
                assert (portion.start[w], portion.end[w]) == (
                    made.begin[w] + first, made.begin[w] + last,
                )  # fmt: skip

    check()


@pytest.mark.parametrize("family", FAMILIES)
def test_windows_are_those_of_transformers(family, model_folder):
    """The usual call, with its `stride`: subwords, type ids and special tokens."""
    folder = model_folder(family)
    tokenizer = tokenizer_of(folder)
    rng = np.random.default_rng(0)
    questions = [
        (" ".join(rng.choice(WORDS, rng.integers(1, 4))), " ".join(rng.choice(WORDS, n)), [])
        for n in (1, 5, 12, 30, 60)
    ]
    limit, overlap = 40, 7
    examples = examples_of(folder, questions, limit, overlap=overlap)
    windows = examples.windows(np.arange(len(questions))).windows
    called = tokenizer(
        [q for q, _, _ in questions],
        [c for _, c, _ in questions],
        truncation="only_second",
        max_length=limit,
        stride=overlap,
        return_overflowing_tokens=True,
        return_token_type_ids=True,
    )
    assert windows.sentence.tolist() == called["overflow_to_sample_mapping"]
    for w, (ids, types) in enumerate(
        zip(called["input_ids"], called["token_type_ids"], strict=True)
    ):
        part = slice(windows.offsets[w], windows.offsets[w + 1])
        assert windows.ids[part].tolist() == ids
        # T5 and others take none, and say nothing that counts.
        if "token_type_ids" in tokenizer.model_input_names:
            assert windows.types[part].tolist() == types


@pytest.mark.parametrize(
    ("family", "name", "side"),
    [("bert", "[CLS]", 0), ("roberta", "<s>", 0), ("xlnet", "<cls>", -1), ("t5", "</s>", -1)],
)
def test_no_answer_is_where_the_classification_token_is(family, name, side, model_folder):
    folder = model_folder(family)
    context = " ".join(WORDS * 4)
    examples = examples_of(folder, [("The fox", context, [])], 24)
    made = examples.windows(np.arange(1))
    token = tokenizer_of(folder).convert_tokens_to_ids(name)
    starts, lengths = made.windows.offsets[:-1], made.windows.lengths
    assert len(lengths) > 3
    assert (made.windows.ids[starts + made.null] == token).all()
    assert (made.null == (0 if side == 0 else lengths - 1)).all()


def test_without_special_tokens_no_answer_is_the_last_subword(model_folder):
    row = ("The fox", "a bank", [])
    examples = examples_of(model_folder("gpt2"), [row, ("Is", "a bank", [(2, "bank")])])
    portion = examples.portion(np.arange(1))
    assert portion.null[0] == portion.batch.mask.sum() - 1
    assert portion.context[0, portion.null[0]]
    assert not portion.answerable[0, portion.null[0]]


def test_answers_that_go_wrong_are_counted(bert):
    long = "red green blue grey fox dog bank river noon red green blue grey"
    rows = [
        ("red ?", "naivered fox", [(0, "naive")]),  # fine: its subwords end there
        ("red ?", "cafe 1990s", [(5, "1990")]),  # 's' is a subword of its own
        ("red ?", "foxes", [(0, "fox")]),  # cut letter by letter, or not known
        ("red ?", long, [(0, long)]),  # longer than a window
        ("red ?", "", []),
        ("red " * 30, "fox", [(0, "fox")]),
    ]
    examples = examples_of(bert.model, rows, 16, max_answer=12)
    found = examples.warnings()
    assert found["answers-in-no-window"] == 1
    assert found["answers-over-maximum"] == 1
    assert found["empty-contexts"] == 1
    assert found["cut-questions"] == 1
    assert found["windowed-contexts"] == 1
    learned = examples.portion(np.arange(len(rows))).learned
    assert learned.sum() == len(rows) - 1
    assert (~learned).sum() > 1


def test_an_answer_within_a_subword_is_not_given_back(bert):
    rows = [
        ("red ?", "the river bank", [(5, "iver")]),
        ("red ?", "the river bank", [(0, "the river")]),
        ("red ?", "the river bank", [(3, " ")]),
        ("red ?", "the river bank", [(4, "river ")]),
    ]
    examples = examples_of(bert.model, rows)
    assert examples._lost().tolist() == [True, False, True, False]
    assert examples.warnings()["answers-not-given-back"] == 2
    # Blanks between words have no subword.
    assert examples.warnings()["answers-in-no-window"] == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_every_tokenizer_gives_answers_back(family, model_folder):
    rows = []
    for word in (*WORDS, "quick fox", "3.5 %"):
        context = f"The bank , {word} , is quick"
        rows.append(("The bank ?", context, [(context.index(f" {word} ") + 1, word)]))
    assert "answers-not-given-back" not in examples_of(model_folder(family), rows).warnings()


def test_each_context_is_cut_once(bert, monkeypatch):
    from sondage_transformers.tokens import Tokens

    seen = []
    before = Tokens.placed_texts
    monkeypatch.setattr(
        Tokens, "placed_texts", lambda self, texts: seen.extend(texts) or before(self, texts)
    )
    contexts = ["red fox", "blue dog"]
    rows = [("red ?", contexts[i % 2], [(0, contexts[i % 2][:3])]) for i in range(9)]
    examples = examples_of(bert.model, rows)
    for _ in range(2):
        examples.portion(np.arange(9))
    assert seen == contexts


def test_windows_that_could_not_go_on_are_refused():
    def fitting(limit, longest=64, overlap=None, step=None):
        return WindowPlan.fitting(limit, 3, longest_question=longest, overlap=overlap, step=step)

    assert fitting(384).overlap == 128
    assert fitting(12, 1).overlap == 4
    assert fitting(5).overlap == 0
    assert fitting(384, overlap=316).overlap == 316
    with pytest.raises(ParameterError, match=r"overlap: 317, .* room for 317: .* not go on"):
        fitting(384, overlap=317)
    with pytest.raises(ParameterError, match="two ways to say one thing"):
        fitting(384, overlap=1, step=1)
    with pytest.raises(EncodingError, match="leaves no room for a context"):
        fitting(3)
    assert fitting(None).starts(np.array([3]), np.array([9]))[0].tolist() == [1]


def test_answers_outside_their_context_are_refused(bert):
    with pytest.raises(DataError, match=r"question 'q1' is characters 3 to 10 of a context of 7"):
        examples_of(bert.model, [("red", "fox", []), ("red", "fox dog", [(3, " dog no")])])
    data = question_data([("red", "fox", [])])
    bare = type(data)(type(data.corpus)(("red",)), data.target)
    with pytest.raises(DataError, match="contexts as second segments"):
        AnswerExamples(engine_of(bert.model, 24), bare, np.arange(1), Settings())


def test_scoring_batches_hold_few_windows_and_whole_questions(bert):
    rng = np.random.default_rng(0)
    rows = [("red ?", " ".join(rng.choice(["fox", "dog"], n)), []) for n in (3, 90, 20, 9, 40, 2)]
    examples = examples_of(bert.model, rows)
    count = examples._windows_and_subwords[0]
    parts = list(examples.scoring_batches(6))
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(rows)))
    assert all(len(part) == 1 or count[part].sum() <= 6 for part in parts)
    lengths = [len(rows[i][1]) for part in parts for i in part]
    assert lengths == sorted(lengths, reverse=True)
