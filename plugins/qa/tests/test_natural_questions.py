"""Natural Questions: both forms, annotators, HTML, malformed files, fuzz; real files."""

import copy
import gzip
import html
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.errors import DataError
from sondage_qa import read_natural_questions, simplify, stream
from sondage_qa.annotators import Agreed, Annotation, agreed
from sondage_qa.passage import Page, Passage, is_html
from sondage_qa.stream import stream_lines
from sondage_qa.tasks import NaturalQuestionsTask

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SONDAGE_DATA", HERE.parents[4] / "shared" / "data"))
NQ = DATA / "natural_questions"
REAL = pytest.mark.skipif(not NQ.is_dir(), reason="no real data: SONDAGE_DATA")

# The tokens 0 to 12. In UTF-8 token 3 begins at byte 15, 6 at 47, and 9 ends at 68.
PAGE = '<H1> RBC </H1> <P> Red\u00a0cells <Td_colspan="2"> «carry» O₂ . </P> <P> Yes </P>'
WORDS = PAGE.split(" ")


def example(*annotations, words=WORDS, name=5, **more):
    """Return an example in the original form, whose HTML is its tokens parted by blanks."""
    tokens, at = [], 0
    for word in words:
        size = len(word.encode())
        token = word.replace("_", " ") if is_html(word) else word
        tokens.append(
            {"token": token, "html_token": is_html(word), "start_byte": at, "end_byte": at + size}
        )
        at += size + 1

    def span(start=-1, end=-1):
        first, last = (tokens[start], tokens[end - 1]) if end > 0 else ({}, {})
        return {
            "start_token": start, "end_token": end,
            "start_byte": first.get("start_byte", -1), "end_byte": last.get("end_byte", -1),
        }  # fmt: skip

    candidates = sorted({long for long, *_ in annotations if long})
    return {
        "example_id": name, "question_text": "what carries o2", "document_title": "RBC",
        "document_url": "https://x.example/w/index.php?title=RBC&amp;oldid=3",
        "document_html": " ".join(words), "document_tokens": tokens,
        "long_answer_candidates": [{**span(*c), "top_level": True} for c in candidates],
        "annotations": [
            {
                "annotation_id": 1,
                "long_answer": {
                    **span(*(long or ())), "candidate_index": candidates.index(long) if long else -1
                },
                "short_answers": [span(*s) for s in shorts],
                "yes_no_answer": (*said, "NONE")[0],
            }
            for long, shorts, *said in annotations
        ],
        **more,
    }  # fmt: skip


BODY, LAST = (3, 10), (10, 13)
ONE = example((BODY, [(6, 8)]))


def write(folder, *examples, name="x.jsonl"):
    path = Path(folder) / name
    lines = [e if isinstance(e, bytes) else json.dumps(e).encode() for e in examples]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return str(path)


def both_forms(folder, *examples):
    return [
        write(folder, *examples),
        write(folder, *map(simplify, examples), name="simple.jsonl"),
    ]


def refused(path, **how):
    with pytest.raises(DataError) as caught:
        read_natural_questions(path, **how)
    return caught.value


def test_an_original_is_made_simple():
    found = simplify(ONE)
    assert found["document_text"] == PAGE
    assert found["annotations"] == [
        {
            "annotation_id": 1, "yes_no_answer": "NONE",
            "long_answer": {"start_token": 3, "end_token": 10, "candidate_index": 0},
            "short_answers": [{"start_token": 6, "end_token": 8}],
        }
    ]  # fmt: skip
    candidate = {"start_token": 3, "end_token": 10, "top_level": True}
    assert found["long_answer_candidates"] == [candidate]
    assert not {"document_tokens", "document_html"} & found.keys()
    assert [(t["token"]) for t in ONE["document_tokens"]][5] == '<Td colspan="2">'


def test_a_context_is_its_long_answer_without_html(tmp_path):
    for path in both_forms(tmp_path, ONE):
        found = read_natural_questions(path)
        (q,) = found
        span = ONE["annotations"][0]["short_answers"][0]
        assert (span["start_byte"], span["end_byte"]) == (47, 61)
        assert (q.id, q.question, q.where) == ("5", "what carries o2", f"{path}:1")
        assert q.context == "Red\u00a0cells «carry» O₂ ."
        assert ((q.starts, q.ends), q.texts) == (((10,), (20,)), ("«carry» O₂",))
        assert found.passages[0].tokens.tolist() == [4, 6, 7, 8]
        assert found.passages[0].starts.tolist() == [0, 10, 18, 21]
        assert dict(found.warnings) == {}


def test_an_answer_with_html_within_is_counted_and_left_out(tmp_path):
    across, some = example((BODY, [(4, 7)])), example((BODY, [(4, 7), (7, 8)]), name=6)
    for path in both_forms(tmp_path, across, some):
        (q,) = found = read_natural_questions(path)
        assert (q.id, q.texts) == ("6", ("O₂",))
        assert found.warnings == {
            "answers-across-html": 2, "questions-across-html": 1, "questions-of-several-spans": 1,
        }  # fmt: skip


NONE = (None, [])
YES = (LAST, [], "YES")


@pytest.mark.parametrize(
    ("annotations", "texts", "counted"),
    [
        ([NONE], None, "questions-without-long-answer"),
        ([(BODY, [])], (), ""),
        ([(BODY, [(7, 8)]), *[NONE] * 4], None, "questions-without-long-answer"),
        ([(BODY, [(7, 8)]), (BODY, []), *[NONE] * 3], (), ""),
        ([(BODY, [(7, 8)]), (BODY, [(6, 8)]), *[NONE] * 3], ("O₂", "«carry» O₂"), ""),
        ([(BODY, [(7, 8)]), (BODY, [(7, 8)]), *[NONE] * 3], ("O₂",), ""),
        ([YES], None, "questions-answered-yes-or-no"),
        ([YES, YES, (BODY, []), (BODY, []), (BODY, [])], None, "questions-answered-yes-or-no"),
        ([YES, (BODY, [(7, 8)]), *[NONE] * 3], ("O₂",), ""),
        (
            [(LAST, [(11, 12)]), (BODY, [(7, 8)]), (BODY, [(7, 8)]), *[NONE] * 2],
            ("O₂",),
            "answers-outside-context",
        ),
    ],
)
def test_two_of_five_annotators_make_an_answer(tmp_path, annotations, texts, counted):
    other = example((BODY, [(7, 8)]), name=9)
    for path in both_forms(tmp_path, example(*annotations), other):
        found = read_natural_questions(path)
        assert [q.texts for q in found] == ([] if texts is None else [texts]) + [("O₂",)]
        assert found.warnings == ({counted: 1} if counted else {})
        only = read_natural_questions(path, unanswerable=False)
        assert len(only) == 1 + bool(texts)
        assert only.warnings.get("questions-without-answer", 0) == (texts == ())


def test_level_long_answers_are_the_first_and_those_with_short_ones_go_before():
    a, b = Annotation(LAST), Annotation(BODY)
    assert agreed([a, b, b, a]) == Agreed(LAST)
    short = Annotation(BODY, ((7, 8), (8, 9)))
    assert agreed([a, a, a, short, short]) == Agreed(BODY, ((7, 8), (8, 9)), several=True)
    nested = Annotation((3, 7), ((4, 5),))
    assert agreed([short, short, nested]).short == ((7, 8), (8, 9), (4, 5))
    assert agreed([]) is None


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "bc", "", "\u2003"]), st.booleans()), max_size=8),
    st.integers(0, 8), st.integers(0, 8), st.integers(0, 8), st.integers(0, 8),
)  # fmt: skip
def test_characters_are_those_that_joining_the_words_gives(tokens, low, high, start, end):
    page = Page([w for w, _ in tokens], [h for _, h in tokens])
    low, high = sorted([min(low, len(page)), min(high, len(page))])
    start, end = sorted([min(start, len(page)), min(end, len(page))])
    passage = Passage.of(page, low, high)
    words = [i for i in range(low, high) if page.words[i].strip() and not page.html[i]]
    assert passage.text == " ".join(page.words[i] for i in words)
    asked = [i for i in range(start, end) if page.words[i].strip()]
    found = passage.characters(page, start, end)
    if not asked or any(page.html[i] or i not in words for i in asked):
        assert found is None
    else:
        assert passage.text[slice(*found)] == " ".join(page.words[i] for i in asked)
        before = " ".join(page.words[i] for i in words if i < asked[0])
        assert found[0] == len(before) + bool(before)


def test_files_are_read_line_by_line_and_no_further_than_needed(tmp_path):
    whole = gzip.compress(
        b"\n".join(json.dumps({**ONE, "example_id": i}).encode() for i in range(9))
    )
    path = Path(tmp_path) / "x.jsonl.gz"
    path.write_bytes(whole[:-8])
    assert [q.id for q in read_natural_questions(path, limit=2)] == ["0", "1"]
    assert "the gzip file is damaged" in refused(path).message
    assert read_natural_questions([path, path], limit=2).file_of.tolist() == [0, 0, 1, 1]
    broken = write(tmp_path, ONE, b"{not read")
    assert len(read_natural_questions(broken, limit=1)) == 1
    assert refused(broken).where == f"{broken}:2"


def test_lines_come_with_their_numbers_and_no_longer_than_pages_are(tmp_path, monkeypatch):
    text = b"\xef\xbb\xbfone\r\n\n \ntwo\r\n\xc2\xa0three"
    wanted = [(1, b"one"), (4, b"two"), (5, b"\xc2\xa0three")]
    for raw in (text, gzip.compress(text)):
        path = Path(tmp_path) / "x"
        path.write_bytes(raw)
        assert list(stream_lines(str(path))) == wanted
        with monkeypatch.context() as patch:
            patch.setattr(stream, "LONGEST", 6)
            with pytest.raises(DataError, match="a line of more than 0 MiB") as caught:
                list(stream_lines(str(path)))
        assert caught.value.where == f"{path}:5"


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"PK\x03\x04\x00\x00", "a zip archive"),
        ("[]".encode("utf-16"), "UTF-16"),
        (gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), "packed with gzip twice"),
        (b"\x1f\x8b\x08damaged", "the gzip file is damaged"),
        (b"\n \n", "the file is empty"),
    ],
)
def test_files_that_are_no_text_are_refused(tmp_path, raw, what):
    path = Path(tmp_path) / "x"
    path.write_bytes(raw)
    error = refused(path)
    assert what in error.message
    assert error.where.startswith(str(path))
    assert error.hint


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    assert "cannot be read" in refused(tmp_path / "none").message


def test_pages_are_articles(tmp_path):
    other = {**ONE, "example_id": 6, "document_url": "https://x.example/?title=B"}
    again = {**ONE, "example_id": 7, "document_url": "https://x.example/?a=1&amp;title=RBC&b"}
    bare = {**ONE, "example_id": 8, "document_url": None}
    path = write(tmp_path, ONE, other, again, bare)
    assert read_natural_questions(path).article_of.tolist() == [0, 1, 0, 2]


def changed(path, value, form="original"):
    """Return `ONE` in a form with another value at a path of keys; None takes it away."""
    whole = copy.deepcopy(ONE) if form == "original" else simplify(ONE)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return whole


FIRST, LONG = "annotations[0]", ("annotations", 0, "long_answer")
SHORT = ("annotations", 0, "short_answers", 0)
NOWHERE = dict.fromkeys(("start_token", "end_token", "start_byte", "end_byte"), -1)


@pytest.mark.parametrize(
    ("path", "value", "place", "what"),
    [
        (("example_id",), None, "example_id", "example_id is missing"),
        (("question_text",), " ", "question_text", "is empty"),
        (("document_tokens",), 3, "document_tokens", "is 3, wanted a list"),
        (("document_tokens",), [], "document_tokens", "is empty"),
        (("document_tokens", 2), "x", "document_tokens[2]", "is 'x', wanted an object"),
        (("document_tokens", 2, "token"), 5, "document_tokens[2].token", "is 5, wanted a string"),
        (("document_tokens", 2, "html_token"), None, "document_tokens[2].html_token", "missing"),
        (("document_html",), None, "document_html", "is missing"),
        (("document_html",), "<H1>", f"{FIRST}.long_answer", "the bytes (15, 68) of 4 are no text"),
        (("annotations",), [], "annotations", "has no annotations"),
        (("annotations",), None, "annotations", "is missing"),
        ((*LONG, "start_token"), 2, f"{FIRST}.long_answer", "its candidate 0 (3, 10)"),
        ((*LONG, "candidate_index"), 1, f"{FIRST}.long_answer", "its candidate 1 None"),
        ((*LONG, "candidate_index"), -1, f"{FIRST}.long_answer", "its candidate -1 None"),
        ((*LONG, "end_token"), 99, f"{FIRST}.long_answer", "no part of a page of 13"),
        ((*LONG, "end_token"), 14, f"{FIRST}.long_answer", "no part of a page of 13"),
        (SHORT, NOWHERE, f"{FIRST}.short_answers[0]", "the tokens None, and its long answer"),
        (LONG, {**NOWHERE, "candidate_index": -1}, f"{FIRST}.short_answers[0]", "long answer None"),
        ((*LONG, "end_byte"), 65, f"{FIRST}.long_answer", "(15, 65), its tokens (15, 68)"),
        ((*SHORT, "start_byte"), 41, f"{FIRST}.short_answers[0]", "the bytes (41, "),
        ((*SHORT, "start_token"), 2, f"{FIRST}.short_answers[0]", "(2, 8), and its long answer"),
        ((*SHORT, "start_token"), -1, f"{FIRST}.short_answers[0]", "no part of a page"),
        ((*SHORT, "start_token"), "6", f"{FIRST}.short_answers[0].start_token", "is '6', wanted"),
        ((*SHORT, "end_token"), 6, f"{FIRST}.short_answers[0]", "the tokens 6 to 6"),
        (("annotations", 0, "yes_no_answer"), "MAYBE", f"{FIRST}.yes_no_answer", "is 'MAYBE'"),
        (("document_tokens", 7, "token"), "\udc00", "the context", "half a character"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_line_and_place(tmp_path, path, value, place, what):
    good = {**ONE, "example_id": 6}
    name = write(tmp_path, good, changed(path, value))
    error = refused(name)
    assert error.where == f"{name}:2, {place}"
    assert what in error.message
    assert error.hint
    found = read_natural_questions(name, on_error="skip")
    assert ([q.id for q in found], found.warnings) == (["6"], {"skipped-questions": 1})


@pytest.mark.parametrize(
    ("line", "place", "what"),
    [
        (b'{"a": ', "", "the line is not JSON"),
        (b'{"a": "\xff"}', "", "byte 0xff is not UTF-8"),
        (b"[" * 100_000, "", "the line is not JSON"),
        (b"3", "", "the document is 3, wanted an object"),
        (b"{}", ", example_id", "example_id is missing"),
        (json.dumps(ONE).encode(), ", example_id", "the example_id 5 is that of line 1 too"),
    ],
)
def test_lines_that_are_none_of_it(tmp_path, line, place, what):
    path = write(tmp_path, ONE, line)
    error = refused(path)
    assert (error.where, what in error.message) == (f"{path}:2{place}", True), error
    found = read_natural_questions(path, on_error="skip")
    assert (len(found), found.warnings) == (1, {"skipped-questions": 1})
    alone = write(tmp_path, line if b"example_id" not in line else b"{}", name="y.jsonl")
    assert "every entry has a defect" in refused(alone, on_error="skip").message


@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b'{"question": "when", "answer": ["1972"]}', "this is NQ-open"),
        (b'{"version": "1.1", "data": []}', "this is a file of SQuAD's format"),
    ],
)
def test_other_corpora_are_refused_by_name(tmp_path, line, what, on_error):
    path = write(tmp_path, line)
    error = refused(path, on_error=on_error)
    assert (error.where, what in error.message, bool(error.hint)) == (f"{path}:1", True, True)


def test_files_without_a_line_or_a_question(tmp_path):
    assert refused(write(tmp_path, b"")).message == "the file is empty"
    none = write(tmp_path, example(NONE))
    assert refused(none).message == (
        "no example is a question with a context: questions-without-long-answer 1"
    )
    assert len(read_natural_questions([none, write(tmp_path, ONE, name="y.jsonl")])) == 1


def places_in(value, path=()):
    yield path
    if isinstance(value, list):
        value = dict(enumerate(value))
    for key, inside in value.items() if isinstance(value, dict) else ():
        yield from places_in(inside, (*path, key))


PLACES = {
    form: [p for p in places_in(made) if p]
    for form, made in (("original", ONE), ("simplified", simplify(ONE)))
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 14) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["start_token", "token", "long_answer"]), inner),
    max_leaves=4,
)  # fmt: skip


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data(), st.sampled_from(["original", "simplified"]), JSON)
def test_whatever_stands_in_a_line_is_read_or_refused(tmp_path, data, form, value):
    bad = changed(data.draw(st.sampled_from(PLACES[form])), value, form)
    name = write(tmp_path, {**ONE, "example_id": "good"}, bad)
    found = read_natural_questions(name, on_error="skip")
    assert [q.id for q in found][:1] == ["good"]
    lost = sum(n for slug, n in found.warnings.items() if slug.startswith(("skipped", "questions")))
    assert len(found) + lost >= 2
    for q in found:
        assert [q.context[a:b] for a, b in zip(q.starts, q.ends, strict=True)] == [*q.texts]


def real_examples():
    for path in sorted(NQ.glob("nq-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


@REAL
def test_real_originals_and_their_simplified_form_are_read_alike(tmp_path):
    files = [str(path) for path in sorted(NQ.glob("nq-*.jsonl.gz"))]
    found = read_natural_questions(files)
    assert found.warnings == {"questions-without-long-answer": 2}
    assert [len(q.texts) for q in found] == [0, 1, 1]
    assert found[1].texts == ("March 18 , 2018",)
    path = write(tmp_path, *map(simplify, real_examples()))
    simple = read_natural_questions(path)
    for name in ("id", "question", "context", "starts", "ends", "texts"):
        assert [getattr(q, name) for q in simple] == [getattr(q, name) for q in found]
    for one, other in zip(simple.passages, found.passages, strict=True):
        assert one.tokens.tolist() == other.tokens.tolist()


@REAL
def test_real_tokens_are_html_where_they_look_like_it():
    for one in real_examples():
        words = simplify(one)["document_text"].split(" ")
        assert [is_html(w) for w in words] == [t["html_token"] for t in one["document_tokens"]]


@REAL
def test_real_bytes_hold_the_text_of_the_answer():
    for one in real_examples():
        for annotation in one["annotations"]:
            for span in [annotation["long_answer"], *annotation["short_answers"]]:
                tokens = one["document_tokens"][max(span["start_token"], 0) : span["end_token"]]
                if span["start_token"] < 0:
                    continue
                raw = one["document_html"].encode()[span["start_byte"] : span["end_byte"]]
                words = "".join(t["token"] for t in tokens if not t["html_token"])
                text = html.unescape(re.sub("<[^>]*>", "", raw.decode()))
                found, wanted = ("".join(filter(str.isalnum, t.lower())) for t in (text, words))
                assert found.startswith(wanted[:20])
                assert len(wanted) <= len(found)


@REAL
def test_real_simplified_files_are_as_ours_would_be():
    for name, n in (("train_sample", 17964), ("dev_sample", 3948)):
        one = json.loads((NQ / f"{name}.jsonl").read_text())
        ours = simplify(next(real_examples()))
        assert one.keys() == ours.keys()
        assert one["annotations"][0].keys() == ours["annotations"][0].keys()
        assert one["long_answer_candidates"][0].keys() == ours["long_answer_candidates"][0].keys()
        assert len(one["document_text"].split(" ")) == n
    (q,) = read_natural_questions(NQ / "dev_sample.jsonl")
    assert (q.texts, q.starts) == (("Tracy McConnell",), (0,))


@REAL
def test_nq_open_is_refused():
    error = refused(NQ / "NQ-open.dev.jsonl")
    assert (error.where, "NQ-open" in error.message) == (f"{NQ / 'NQ-open.dev.jsonl'}:1", True)


@REAL
def test_the_task_on_real_files():
    task = NaturalQuestionsTask(
        train=[str(NQ / "nq-train-00.jsonl.gz"), str(NQ / "nq-train-01.jsonl.gz")],
        dev=str(NQ / "nq-dev-00.jsonl.gz"),
        test=str(NQ / "dev_sample.jsonl"),
    )
    data = task.load()
    assert [len(part) for part in vars(data.split(0)).values()] == [2, 1, 1]
    assert data.warnings == {"questions-without-long-answer": 2}
