"""Layouts, malformed files, parts, fuzz; real files where they are."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.errors import DataError, ParameterError
from sondage_glue import read_glue, sondage_tasks
from sondage_glue.tasks import Cola, Mnli, Mrpc, Rte, Sst2

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SONDAGE_DATA", HERE.parents[4] / "shared" / "data"))


def write(tmp_path, text, name="x.tsv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@pytest.mark.parametrize(
    ("task", "text", "first", "second", "labels"),
    [
        ("cola", "gj\t1\t\tA b.\r\ngj\t0\t*\t\"C d.\n", ["A b.", '"C d.'], None,
         ["acceptable", "unacceptable"]),
        ("sst2", "sentence\tlabel\nfine \t1\n", ["fine"], None, ["positive"]),
        ("sst2", "fine\t1\n\nbad\t0", ["fine", "bad"], None, ["positive", "negative"]),
        ("rte", "index\tsentence1\tsentence2\tlabel\n0\ta \"b\tc\tnot_entailment\n", ['a "b'],
         ["c"], ["not_entailment"]),
        ("mrpc", "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t5\t6\ta\tb\n", ["a"],
         ["b"], ["paraphrase"]),
        ("mnli", "index\tsentence1\tsentence2\tlabel1\tgold_label\n7\ta\tb\tneutral\tentailment\n",
         ["a"], ["b"], ["entailment"]),
        ("mnli", 'premise,hypothesis,label\n"a, ""b""\nc",d,neutral\ne,f,contradiction\n',
         ['a, "b"\nc', "e"], ["d", "f"], ["neutral", "contradiction"]),
    ],
)  # fmt: skip
def test_layouts(tmp_path, task, text, first, second, labels):
    found = read_glue(write(tmp_path, text), task)
    assert list(found.first) == first
    assert (None if second is None else list(found.second)) == (second)
    assert list(found.labels) == labels
    assert len(found.corpus()) == len(first)


def test_a_quoted_line_end_does_not_shift_the_lines_that_follow(tmp_path):
    text = 'premise,hypothesis,label\n"a\nb",c,neutral\nd,e,maybe\n'
    path = write(tmp_path, text)
    with pytest.raises(DataError, match="'maybe'") as caught:
        read_glue(path, "mnli")
    assert caught.value.where == f"{path}:4"


@pytest.mark.parametrize(
    ("task", "text", "line", "what"),
    [
        ("cola", "index\tsentence\n0\tA b.\n", 1, "fits no layout"),
        ("cola", "gj\t1\t\tA b.\ngj\t1\tA b.\n", 2, "3 columns, where there should be 4"),
        ("cola", "gj\t1\t\tA b.\ngj\t2\t\tA b.\n", 2, "label '2'"),
        ("cola", "gj\t1\t\tA b.\ngj\t1\t\t \n", 2, "empty sentence"),
        ("rte", "sentence1\tsentence2\na\tb\n", 1, "fits no layout"),
        ("mnli", 'premise,hypothesis,label\n"a,b,neutral\n', 2, "commas and quotes"),
        ("sst2", "", 1, "file is empty"),
        ("sst2", "sentence\tlabel\n", 1, "no rows"),
        ("sst2", b"a\t1\n\xff\t0\n", 2, "not UTF-8"),
    ],
)
def test_malformed_files(tmp_path, task, text, line, what):
    path = write(tmp_path, text)
    with pytest.raises(DataError, match=what) as caught:
        read_glue(path, task)
    assert caught.value.where == f"{path}:{line}"


def outcome(path, task):
    try:
        return read_glue(path, task)
    except DataError as error:
        return error


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.binary(max_size=60)
    | st.text(st.sampled_from('01a\t\n\r,"'), max_size=60).map(
        lambda s: ("premise,hypothesis,label\n" + s).encode()
    )
    | st.text(st.sampled_from("01a\t\n\r "), max_size=60).map(str.encode),
    task=st.sampled_from(["cola", "sst2", "rte", "mrpc", "mnli"]),
)
def test_rubbish_is_read_or_refused_with_its_place(tmp_path, content, task):
    found = outcome(write(tmp_path, content), task)
    if isinstance(found, DataError):
        assert content[:2] == b"\x1f\x8b" or re.search(r":[1-9][0-9]*$", found.where)
    else:
        assert len(found) == len(found.labels) > 0
        assert all(found.first)


def test_parts_without_test(tmp_path):
    rows = {n: [f"{n} {i}\t{i % 2}" for i in range(k)] for n, k in (("tr", 20), ("va", 4))}
    train, dev = (write(tmp_path, "\n".join(rows[n]), n) for n in ("tr", "va"))
    given = Sst2(train=train, dev=dev)
    assert given.randomness == ()
    split = given.load().split(0)
    assert [len(p) for p in (split.train, split.dev, split.test)] == [20, 4, 0]
    assert len({t.fingerprint for t in (given, Sst2(train=train))}) == 2
    with pytest.raises(ParameterError, match="unknown task"):
        read_glue(train, "qqp")
    with pytest.raises(DataError, match="no file was named"):
        read_glue([], "sst2")


def test_repetitions_are_counted(tmp_path):
    train = write(tmp_path, "a\t1\na\t0\nb\t1\n", "tr")
    test = write(tmp_path, "a\t1\nc\t1\n", "te")
    found = Sst2(train=train, test=test, dev_share=0).load()
    assert found.warnings == {"sentences-with-two-labels": 1, "sentences-also-in-train": 1}


def test_specs_resolve():
    assert [s.load().name for s in sondage_tasks()] == ["cola", "sst2", "rte", "mrpc", "mnli"]


REAL = [
    (Cola, {"train": "cola/raw/in_domain_train.tsv", "test": "cola/raw/in_domain_dev.tsv"},
     (8551, 527)),
    (Sst2, {"train": "sst2/train.tsv", "test": "sst2/test.tsv"}, (6920, 1821)),
    (Rte, {"train": "glue_rte/train.tsv", "test": "glue_rte/dev.tsv"}, (2490, 277)),
    (Mrpc, {"train": "mrpc/msr_paraphrase_train.txt", "test": "mrpc/msr_paraphrase_test.txt"},
     (4076, 1725)),
]  # fmt: skip


@pytest.mark.skipif(not (DATA / "cola").is_dir(), reason="no real data: SONDAGE_DATA")
@pytest.mark.parametrize(("cls", "files", "sizes"), REAL)
def test_the_published_files(cls, files, sizes):
    data = cls(**{k: str(DATA / v) for k, v in files.items()}, dev_share=0).load()
    assert (len(data.fixed.train), len(data.fixed.test)) == sizes
    assert np.bincount(data.target.y).min() > 0
    assert (data.corpus.second is None) == (cls in (Cola, Sst2))


PARTS = [
    (Cola, ("cola/raw/in_domain_train.tsv", "cola/raw/in_domain_dev.tsv", None),
     [(2528, 6023), (162, 365), (0, 0)]),
    (Sst2, ("sst2/train.tsv", "sst2/dev.tsv", "sst2/test.tsv"),
     [(3310, 3610), (428, 444), (912, 909)]),
    (Rte, ("glue_rte/train.tsv", "glue_rte/dev.tsv", None), [(1249, 1241), (146, 131), (0, 0)]),
    (Mrpc, ("mrpc/msr_paraphrase_train.txt", "mrpc/msr_paraphrase_test.txt", None),
     [(1323, 2753), (578, 1147), (0, 0)]),
]  # fmt: skip


@pytest.mark.skipif(not (DATA / "cola").is_dir(), reason="no real data: SONDAGE_DATA")
@pytest.mark.parametrize(("cls", "files", "labels"), PARTS)
def test_the_published_parts_are_those_that_files_give(cls, files, labels):
    named = dict(zip(("train", "dev", "test"), files, strict=True))
    task = cls(**{part: file and str(DATA / file) for part, file in named.items()})
    assert task.randomness == ()
    data = task.load()
    split = data.split(0)
    found = [
        tuple(np.bincount(data.target.y[items], minlength=2))
        for items in (split.train, split.dev, split.test)
    ]
    assert found == labels


@pytest.mark.skipif(not (DATA / "mnli").is_dir(), reason="no real data: SONDAGE_DATA")
def test_the_sample_of_multinli():
    data = Mnli(files=str(DATA / "mnli" / "dev.csv")).load()
    assert len(data.target) == 5000
    assert np.bincount(data.target.y).min() > 1000


MNLI = "index\tsentence1\tsentence2\tgold_label\n"


@pytest.mark.parametrize(
    ("task", "text", "labels"),
    [
        ("mnli", MNLI + "1\ta\tb\t-\n2\ta\tc\tneutral\n", ["neutral"]),
        ("mnli", "premise,hypothesis,label\na,b,-\nc,,-1\na,c,neutral\n", ["neutral"]),
        ("rte", "sentence1\tsentence2\tlabel\na\tb\t-1\na\tc\tentailment\n", ["entailment"]),
        ("sst2", "fine\t-1\nbad\t0\n", ["negative"]),
        ("cola", "gj\t-1\t\tA b.\ngj\t1\t\tC d.\n", ["acceptable"]),
        ("mnli", MNLI + "1\ta\tb\thidden\n2\ta\tc\tneutral\n3\ta\td\t\n", ["neutral"]),
    ],
)
def test_rows_without_a_label_are_left_out_and_counted(tmp_path, task, text, labels):
    found = read_glue(write(tmp_path, text), task)
    assert list(found.labels) == labels
    n = len([line for line in text.split("\n") if re.search(r"[\t,](-1?|hidden)(\t|$)|\t$", line)])
    assert found.warnings == {"rows-without-label": n}


def test_a_file_without_any_label_is_said_to_be_that(tmp_path):
    path = write(tmp_path, "sentence\tlabel\na\t-1\nb\t-1\n")
    for on_error in ("raise", "skip"):
        with pytest.raises(DataError, match="none of the 2 rows has a label") as caught:
            read_glue(path, "sst2", on_error=on_error)
        assert caught.value.where == f"{path}:1"


def test_broken_rows_are_left_out_and_counted(tmp_path):
    bad = b"x\t\tneutral\nx\ty\tmaybe\nx\ty\n_ _\ty\tneutral\n\xff\ty\tneutral\n"
    text = b"sentence1\tsentence2\tgold_label\na\tb\tneutral\n" + bad + b"a\tc\t-\n"
    path = write(tmp_path, text)
    with pytest.raises(DataError):
        read_glue(path, "mnli")
    task = Mnli(files=path, on_error="skip")
    data = task.load()
    assert list(data.corpus.texts) == ["a"]
    assert data.warnings == {
        "skipped-rows": 4,
        "withheld-sentences": 1,
        "rows-without-label": 1,
    }
    strict = Mnli(files=path)
    assert task.corpus_fingerprint != strict.corpus_fingerprint


COMMAS = "premise,hypothesis,label\n"


@pytest.mark.parametrize(
    ("rows", "kept", "skipped"),
    [
        ('a,b,neutral\n"a "x" b",c,neutral\nd,e,neutral\n', ["a", "d"], 1),
        ('a,b,neutral\n"open,b,neutral\nd,e,neutral\n', ["a", "d"], 1),
        ('"open,b,neutral\nd,"e, f",neutral\n"g\nh",i,neutral\n', ["d", "g\nh"], 1),
        (f'"{"a" * 200_000}",b,neutral\nd,e,neutral\n', ["d"], 1),
        ('"x"y,b,neutral\n"x"y,b,neutral\nd,e,neutral', ["d"], 2),
    ],
)
def test_quotes_that_do_not_fit_cost_their_row_alone(tmp_path, rows, kept, skipped):
    path = write(tmp_path, COMMAS + rows)
    with pytest.raises(DataError, match="commas and quotes"):
        read_glue(path, "mnli")
    found = read_glue(path, "mnli", on_error="skip")
    assert list(found.first) == kept
    assert found.warnings == {"skipped-rows": skipped}
    lines = (COMMAS + rows).split("\n")
    assert all(
        lines[n - 1].strip('"').startswith(text[0])
        for n, text in zip(found.lines, kept, strict=True)
    )


@pytest.mark.parametrize(
    ("task", "text", "skipped"),
    [
        ("sst2", "fine\t7\n\nx\nbad\t0\ngood\t1\n", 2),
        ("cola", "source\tlabel\tmark\tsentence\ngj\t1\t\tA b.\n", 1),
        ("rte", "# a remark\nsentence1\tsentence2\tlabel\na\tb\tentailment\n", 1),
    ],
)
def test_a_broken_first_line_is_left_out_and_counted(tmp_path, task, text, skipped):
    path = write(tmp_path, text)
    with pytest.raises(DataError, match="the first line fits no layout"):
        read_glue(path, task)
    found = read_glue(path, task, on_error="skip")
    assert found.warnings == {"skipped-rows": skipped}
    assert len(found) == text.count("\n") - skipped - text.count("\n\n") - (task == "rte")
    with pytest.raises(DataError, match="the first line fits no layout"):
        read_glue(write(tmp_path, "x\ny\n"), task, on_error="skip")
