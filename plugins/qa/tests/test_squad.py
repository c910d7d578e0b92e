"""SQuAD's format: places of answers, versions, malformed files, fuzz; real files where they are."""

import copy
import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.errors import DataError, ParameterError
from sondage_qa import read_squad
from sondage_qa.answers import answers_of, kept_together
from sondage_qa.places import find_answer
from sondage_qa.question import Question, Questions
from sondage_qa.tasks import Squad

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SONDAGE_DATA", HERE.parents[4] / "shared" / "data"))
REAL = pytest.mark.skipif(not (DATA / "xquad").is_dir(), reason="no real data: SONDAGE_DATA")

CONTEXT = (
    "Red blood  cells (RBC) carry oxygen.\nDr. Ünal\u00a0Öz found them in 1901; they live 120 days."
)


def answer(text, start=None):
    return {"text": text, "answer_start": CONTEXT.index(text) if start is None else start}


def question(name, *answers, **more):
    return {"id": name, "question": f"What is {name}?", "answers": list(answers), **more}


def document(*qas, version=None, context=CONTEXT):
    data = [{"title": "Blood", "paragraphs": [{"context": context, "qas": list(qas)}]}]
    return {"data": data} if version is None else {"version": version, "data": data}


def write(folder, value, name="x.json"):
    path = Path(folder) / name
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return str(path)


def refused(path, **how):
    with pytest.raises(DataError) as caught:
        read_squad(path, **how)
    return caught.value


def attempted(path, **how):
    try:
        return read_squad(path, **how)
    except DataError as error:
        return error


def test_a_hand_made_paragraph(tmp_path):
    path = write(
        tmp_path,
        document(
            question("a", answer("oxygen"), answer("carry oxygen"), plausible_answers=3),
            question("b", answer("Ünal\u00a0Öz")),
            question(7, answer("120 days")),
            version="1.1",
        ),
    )
    found = read_squad(path)
    first, second, third = found
    assert (first.id, first.question, first.context) == ("a", "What is a?", CONTEXT)
    assert (first.starts, first.ends) == ((29, 23), (35, 35))
    assert first.texts == ("oxygen", "carry oxygen")
    assert first.where == f"{path}, data[0].paragraphs[0].qas[0]"
    assert (second.starts, second.ends) == ((41,), (48,))
    assert third.id == "7"
    assert CONTEXT[third.starts[0] : third.ends[0]] == "120 days"
    assert dict(found.warnings) == {}
    assert (found[-1], list(found[:2])) == (third, [first, second])


@pytest.mark.parametrize(
    ("text", "start", "place"),
    [
        ("Red blood  cells", 0, "Red blood  cells"),
        ("Red blood cells", 0, "Red blood  cells"),
        (" RBC", 17, None),
        (" (RBC) ", 16, "(RBC)"),
        ("(RBC)", 16, "(RBC)"),
        ("oxygen. Dr.", 29, "oxygen.\nDr."),
        ("Ünal Öz", 41, "Ünal\u00a0Öz"),
        ("Red bloodcells", 0, None),
        ("days.", 84, None),
        ("Red", -1, None),
        ("days.", -5, None),
        ("d", 10_000, None),
    ],
)
def test_an_answer_may_differ_in_blanks_and_in_nothing_else(tmp_path, text, start, place):
    found = find_answer(CONTEXT, text, start)
    assert (CONTEXT[slice(*found)] if found else None) == place
    path = write(tmp_path, document(question("a", answer(text, start)), version="1.1"))
    if place is None:
        error = refused(path)
        assert error.where == f"{path}, data[0].paragraphs[0].qas[0].answers[0].answer_start"
    else:
        read = read_squad(path)
        assert (read[0].starts + read[0].ends, read[0].texts) == (found, (text,))
        assert read.warnings == ({} if text == place else {"answers-in-other-blanks": 1})


def by_trying(context, text, start):
    """All places that hold the answer's words behind nothing but blanks."""
    return [
        (s, e)
        for s in range(start, len(context))
        for e in range(s + 1, len(context) + 1)
        if not context[start:s].strip()
        and context[s:e].split() == text.split()
        and context[s:e] == context[s:e].strip()
    ]


@settings(deadline=None)
@given(st.text("ab \n\u00a0", max_size=8), st.text("ab \n", max_size=4), st.integers(0, 8))
def test_places_are_those_that_trying_them_all_finds(context, text, start):
    found = find_answer(context, text, start)
    assert ([] if found is None else [found]) == (
        by_trying(context, text, start) if text.split() else []
    )


@pytest.mark.parametrize("unit", ["bytes", "utf-16"])
def test_an_offset_in_another_unit_is_told(tmp_path, unit):
    context = "Ünal 𝒳 found them."
    before = context[: context.index("found")]
    start = len(before.encode()) if unit == "bytes" else len(before.encode("utf-16-le")) // 2
    qa = question("a", {"text": "found", "answer_start": start})
    error = refused(write(tmp_path, document(qa, context=context)))
    assert error.hint == (
        "the answer stands at 7; characters of the context are counted from 0, "
        "not bytes or UTF-16 units"
    )
    assert f"answer_start is {start}" in error.message
    assert "'found'" in error.message


@pytest.mark.parametrize(
    ("declared", "asked", "impossible", "kept"),
    [
        ("v2.0", None, True, True), ("2.0", None, None, True), ("v2.0", None, False, False),
        ("1.1", None, None, False), ("1.1", None, True, True), ("1.1", "1.1", True, False),
        ("1.1", "2.0", None, True),
        ("v2.0", "1.1", True, False), (None, None, True, True), (None, None, None, False),
        (None, "2.0", None, True), (3, None, True, True), ("other", None, None, False),
    ],
)  # fmt: skip
def test_questions_without_an_answer(tmp_path, declared, asked, impossible, kept):
    more = {} if impossible is None else {"is_impossible": impossible}
    whole = document(question("a", **more), question("b", answer("RBC")), version=declared)
    path = write(tmp_path, whole)
    if kept:
        found = read_squad(path, version=asked)
        assert [q.texts for q in found] == [(), ("RBC",)]
        found = read_squad(path, version=asked, unanswerable=False)
        assert ([q.id for q in found], found.warnings) == (["b"], {"questions-without-answer": 1})
    else:
        error = refused(path, version=asked)
        assert error.where == f"{path}, data[0].paragraphs[0].qas[0]"
        assert "no answer" in error.message
        found = read_squad(path, version=asked, on_error="skip")
        assert ([q.id for q in found], found.warnings) == (["b"], {"skipped-questions": 1})


def test_what_is_impossible_has_no_answer(tmp_path):
    qa = question("a", answer("RBC"), is_impossible=True)
    assert "is_impossible is true" in refused(write(tmp_path, document(qa))).message
    bare = {"id": "a", "question": "Why?", "is_impossible": True}
    assert read_squad(write(tmp_path, document(bare)))[0].texts == ()
    with pytest.raises(ParameterError, match=r"unknown version '1\.0'"):
        read_squad(write(tmp_path, document(bare)), version="1.0")


WHOLE = document(
    question("a", answer("oxygen"), answer("RBC")), question("b", answer("120 days")), version="1.1"
)
QA = "data[0].paragraphs[0].qas[1]"


def changed(path, value):
    """Return `WHOLE` with another value at a path of keys; with None the key is taken away."""
    whole = copy.deepcopy(WHOLE)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return whole


IN_QA = ("data", 0, "paragraphs", 0, "qas", 1)


@pytest.mark.parametrize(
    ("path", "value", "where", "what"),
    [
        (("data",), None, "data", "data is missing"),
        (("data",), {"a": 1}, "data", "data is an object of 1, wanted a list"),
        (("data", 0), 3, "data[0]", "data[0] is 3, wanted an object"),
        (("data", 0, "paragraphs"), "x", "data[0].paragraphs", "is 'x', wanted a list"),
        (("data", 0, "paragraphs", 0), [], "data[0].paragraphs[0]", "a list of 0, wanted an obj"),
        ((*IN_QA[:4], "context"), " \n", "data[0].paragraphs[0].context", "context is empty"),
        ((*IN_QA[:4], "context"), None, "data[0].paragraphs[0].context", "context is missing"),
        ((*IN_QA[:4], "qas"), None, "data[0].paragraphs[0].qas", "qas is missing"),
        (IN_QA, True, QA, "is True, wanted an object"),
        ((*IN_QA, "id"), None, f"{QA}.id", "id is missing"),
        ((*IN_QA, "id"), 1.5, f"{QA}.id", "id is 1.5, wanted a string"),
        ((*IN_QA, "id"), "a", QA, "the id 'a' is that of data[0].paragraphs[0].qas[0] too"),
        ((*IN_QA, "question"), "", f"{QA}.question", "question is empty"),
        ((*IN_QA, "question"), "a\ud800", f"{QA}.question", "half a character"),
        ((*IN_QA, "answers"), None, f"{QA}.answers", "answers is missing"),
        ((*IN_QA, "answers"), {"text": []}, f"{QA}.answers", "an object of 1, wanted a list"),
        ((*IN_QA, "answers", 0), "RBC", f"{QA}.answers[0]", "is 'RBC', wanted an object"),
        ((*IN_QA, "answers", 0, "text"), 120, f"{QA}.answers[0].text", "120, wanted a string"),
        ((*IN_QA, "answers", 0, "text"), "\t", f"{QA}.answers[0].text", "is empty"),
        ((*IN_QA, "answers", 0, "answer_start"), 1.0, f"{QA}.answers[0].answer_start", "is 1.0"),
        ((*IN_QA, "answers", 0, "answer_start"), True, f"{QA}.answers[0].answer_start", "is True"),
        ((*IN_QA, "answers", 0, "answer_start"), 3, f"{QA}.answers[0].answer_start", "'120 days'"),
        ((*IN_QA, "is_impossible"), "no", f"{QA}.is_impossible", "'no', wanted true or false"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place(tmp_path, path, value, where, what):
    name = write(tmp_path, changed(path, value))
    error = refused(name)
    assert error.where == f"{name}, {where}"
    assert what in error.message
    assert error.hint
    if len(path) <= 4 or path[4] == "context" or path == (*IN_QA[:4], "qas"):
        return
    found = read_squad(name, on_error="skip")
    assert [q.id for q in found] == ["a"]
    assert found.warnings == {"skipped-questions": 1}


@pytest.mark.parametrize(
    ("raw", "where", "what"),
    [
        (b'{"data": [\n{"title": }\n]}', ":2", "not JSON: Expecting value"),
        (b'{"data": []}\n{"data": []}', ":2", "not JSON: Extra data"),
        (b'{"data": [\n"\xff"]}', ":2", "byte 0xff is not UTF-8"),
        (b"[" * 100_000, ":1", "not of SQuAD's format"),
        (b'{"version": ' + b"1" * 5000 + b"}", ":1", "not of SQuAD's format"),
        (b"[1, 2]", "", "the document is a list of 2, wanted an object"),
        (b'{"data": []}', "", "the file has no questions"),
        (b" \n", ":1", "the file is empty"),
        (gzip.compress(b'{"data": []}' * 9, mtime=0)[:-4], "", "the gzip file is damaged"),
    ],
)
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_files_that_are_none_of_it(tmp_path, raw, where, what, on_error):
    path = write(tmp_path, raw)
    error = refused(path, on_error=on_error)
    assert (error.where, what in error.message) == (f"{path}{where}", True), error


def test_a_broken_paragraph_costs_its_questions_and_no_others(tmp_path):
    whole = document(question("a", answer("oxygen")), question("b", answer("RBC")))
    paragraphs = whole["data"][0]["paragraphs"]
    empty = {"context": "", "qas": [question(n, answer("RBC")) for n in "cde"]}
    paragraphs += [empty, {"context": "x"}, 7]
    whole["data"] += [None, {"paragraphs": None}]
    found = read_squad(write(tmp_path, whole), on_error="skip")
    assert [q.id for q in found] == ["a", "b"]
    assert found.warnings == {"skipped-questions": 3 + 1 + 1 + 1 + 1}
    error = refused(write(tmp_path, {"data": [{"paragraphs": [empty]}]}), on_error="skip")
    assert "every entry has a defect; of the first: data[0].paragraphs[0].context" in error.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 40) | st.floats() | st.text(max_size=3)
    | st.sampled_from(["oxygen", "a", "RBC"]),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["id", "qas", "answers", "text", "context"]), inner),
    max_leaves=4,
)  # fmt: skip


def places_in(value, path=()):
    yield path
    if isinstance(value, list):
        value = dict(enumerate(value))
    for key, inside in value.items() if isinstance(value, dict) else ():
        yield from places_in(inside, (*path, key))


PLACES = [path for path in places_in(WHOLE) if path]
FUZZ = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZ
@given(st.sampled_from(PLACES), JSON, st.sampled_from([None, "1.1", "2.0"]))
def test_whatever_stands_in_a_file_is_read_or_refused(tmp_path, path, value, version):
    name = write(tmp_path, changed(path, value))
    for on_error in ("raise", "skip"):
        found = attempted(name, version=version, on_error=on_error)
        if isinstance(found, DataError):
            assert found.where.startswith(name)
            continue
        assert len(found) + found.warnings.get("skipped-questions", 0) >= 1
        for q in found:
            assert len({len(q.starts), len(q.ends), len(q.texts)}) == 1
            for start, end, text in zip(q.starts, q.ends, q.texts, strict=True):
                assert q.context[start:end].split() == text.split()


@FUZZ
@given(st.binary(max_size=3), st.integers(0, 500), st.integers(0, 30))
def test_bytes_that_are_changed_are_read_or_refused(tmp_path, put, at, away):
    raw = json.dumps(WHOLE).encode()
    name = write(tmp_path, raw[:at] + put + raw[at + away :])
    found = attempted(name)
    assert found.where.startswith(name) if isinstance(found, DataError) else len(found) <= 2


def test_packed_files_marks_and_limits(tmp_path):
    plain, raw = write(tmp_path, WHOLE), json.dumps(WHOLE).encode()
    packed = write(tmp_path, gzip.compress(b"\xef\xbb\xbf" + raw), "x.gz")
    assert [q.texts for q in read_squad(packed)] == [q.texts for q in read_squad(plain)]
    found = read_squad([plain, packed], limit=1)
    assert ([q.id for q in found], found.file_of.tolist()) == (["a", "a"], [0, 1])
    assert found.article_of.tolist() == [0, 1]


def test_ids_of_several_files_are_told_apart():
    ids = ["a", "b", "a", "a#2", "a"]
    items = [Question(name, "Q?", "C", (), (), (), "") for name in ids]
    assert answers_of(items).ids == ("a", "b", "a#3", "a#2", "a#4")


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=1, max_size=12), st.booleans())
def test_what_shares_a_context_an_id_or_an_article_stays_together(rows, by_article):
    items = [Question(str(i), "Q?", str(c), (), (), (), "") for i, c, _ in rows]
    zeros = np.zeros(len(rows), np.int64)
    article = np.array([a for *_, a in rows], np.int64)
    found = kept_together(
        Questions(items, ("x",), zeros, article), "article" if by_article else "paragraph"
    )
    wanted = list(range(len(rows)))
    for _ in rows:
        for i, one in enumerate(rows):
            for j, other in enumerate(rows):
                pairs = list(zip(one, other, strict=True))[: 2 + by_article]
                if any(a == b for a, b in pairs):
                    wanted[i] = wanted[j] = min(wanted[i], wanted[j])
    assert (found[:, None] == found).tolist() == [[a == b for b in wanted] for a in wanted]


def test_a_seed_parts_no_paragraph_and_no_article(tmp_path):
    data = [
        {"paragraphs": [
            {"context": f"Stone {a} {p}", "qas": [
                question(f"{a}{p}{q}", {"text": "Stone", "answer_start": 0}) for q in range(3)
            ]} for p in range(4)
        ]} for a in range(6)
    ]  # fmt: skip
    path = write(tmp_path, {"version": "1.1", "data": data})
    for together, size in (("paragraph", 3), ("article", 12)):
        for shares in ({"ratios": (0.5, 0.25, 0.25)}, None):
            given = {"files": path, **shares} if shares else {"train": path, "dev_share": 0.5}
            task = Squad(together=together, **given).load()
            of = np.arange(72) // size
            for seed in range(3):
                parts = [set(of[p]) for p in vars(task.split(seed)).values()]
                assert not (parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2])
                assert sum(map(len, parts)) == 72 // size
    assert Squad(files=path).fingerprint != Squad(files=path, together="article").fingerprint
    one, two = (Squad(files=path, together=t) for t in ("paragraph", "article"))
    assert one.corpus_fingerprint == two.corpus_fingerprint
    given = [Squad(train=path, dev_share=0, together=t) for t in ("paragraph", "article")]
    assert given[0].fingerprint == given[1].fingerprint


def test_contexts_that_train_has_as_well_are_counted(tmp_path):
    train = write(tmp_path, WHOLE)
    other = document(question("c", answer("RBC")), question("d", answer("carry")), version="1.1")
    task = Squad(train=train, test=write(tmp_path, other, "y.json"))
    assert task.load().warnings == {"contexts-also-in-train": 1}


@REAL
def test_real_files():
    english = read_squad(DATA / "xquad" / "xquad.en.json")
    german = read_squad(DATA / "xquad" / "xquad.de.json")
    small = read_squad(DATA / "squad_v2_subset" / "small.json")
    assert [len(english), len(german), len(small)] == [1190, 1190, 626]
    assert [q.id for q in english] == [q.id for q in german]
    assert sum(not q.texts for q in small) == 333
    assert [len({q.context for q in found}) for found in (english, german, small)] == [240, 240, 87]
    for found in (english, german, small):
        assert dict(found.warnings) == {}
        for q in found:
            assert [q.context[a:b] for a, b in zip(q.starts, q.ends, strict=True)] == [*q.texts]


@REAL
def test_two_languages_of_a_paragraph_are_not_parted():
    files = [str(DATA / "xquad" / f"xquad.{language}.json") for language in ("en", "de")]
    task = Squad(files=files).load()
    assert task.target.ids[1190:] == tuple(f"{name}#2" for name in task.target.ids[:1190])
    split = task.split(0)
    for part in vars(split).values():
        assert np.array_equal(np.unique(part % 1190), np.sort(part[part < 1190]))
