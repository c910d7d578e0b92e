"""GAP, DPR and WSC: by hand, bad rows, rubbish, and the published files."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.errors import DataError, SondageError
from sondage_edges import read_dpr, read_gap, read_wsc

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SONDAGE_DATA", HERE.parents[4] / "shared" / "data"))
HEAD = "ID\tText\tPronoun\tPronoun-offset\tA\tA-offset\tA-coref\tB\tB-offset\tB-coref\tURL"
ROW = 'x\tAnn-Lou "saw" Bo. Her\'s.\tHer\t18\tAnn\t0\tTRUE\tBo\t14\tFALSE\tu'


def shown(edges):
    """Labels and the words of each item's spans."""
    out = []
    for s, spans, label in zip(edges.sentence, edges.spans.tolist(), edges.labels, strict=True):
        words = edges.words_of(s)
        out.append((*(" ".join(words[a:b]) for a, b in spans), *label))
    return out


def schema(**more):
    target = {"span1_index": 0, "span1_text": "sam", "span2_index": 4, "span2_text": "he"}
    for key in list(more):
        if key.startswith("span"):
            target[key] = more.pop(key)
    return {"text": "Sam told Bo that he, won", "target": target, "label": True, **more}


def fails(read, path, text, line):
    path.write_text(text)
    with pytest.raises(DataError) as found:
        read(path)
    assert found.value.where == f"{path}:{line}"


def test_gap_by_hand(tmp_path):
    (tmp_path / "g").write_text(f"{HEAD}\n{ROW}\n")
    edges = read_gap(tmp_path / "g")
    # The end of the mention cuts 'Ann-Lou'.
    words = ["Ann", "-", "Lou", '"', "saw", '"', "Bo", ".", "Her", "'s", "."]
    assert list(edges.words) == words
    assert shown(edges) == [("Her", "Ann", "coreferent"), ("Her", "Bo", "not")]
    assert edges.where(0) == f"{tmp_path / 'g'}:2"


@pytest.mark.parametrize(
    ("old", "new"),
    [("\t18\t", "\t17\t"), ("\t18\t", "\tx\t"), ("TRUE", "YES"), ("\tu", ""), ("\tBo\t", "\t\t")],
)
def test_gap_bad_rows(tmp_path, old, new):
    fails(read_gap, tmp_path / "g", f"{HEAD}\n{ROW}\n{ROW.replace(old, new)}\n", 3)


def test_gap_without_header(tmp_path):
    fails(read_gap, tmp_path / "g", f"{ROW}\n", 1)


def test_dpr_by_hand(tmp_path):
    text = "The bee hit it, so it flew.\nit\nthe bee,a wasp\nThe bee\n\nNo.\nit\na,b\na\n"
    (tmp_path / "d").write_text(text)
    edges = read_dpr(tmp_path / "d")
    assert shown(edges) == [("it", "The bee", "coreferent")]
    assert edges.spans.tolist() == [[[3, 4], [0, 2]]]
    assert edges.warnings == {"candidates-not-found": 1, "pronouns-not-found": 1}


@pytest.mark.parametrize("bad", ["a\nb\nc,d\n", "a b\na\nb,c,d\nb\n", "a b\na\nb,c\nd\n"])
def test_dpr_bad_blocks(tmp_path, bad):
    fails(read_dpr, tmp_path / "d", "a it\nit\na,b\na\n\n" + bad, 6)


def test_wsc_by_hand(tmp_path):
    lines = [
        schema(),
        schema(span1_index=2, label=False),
        schema(span1_text="Eve"),
        schema(text="he Sam Sam x y he"),
    ]
    (tmp_path / "w").write_text("\n".join(map(json.dumps, lines)))
    edges = read_wsc(tmp_path / "w")
    assert shown(edges) == [("he,", "Sam", "coreferent"), ("he,", "Sam", "not")]
    assert edges.warnings == {"spans-mended": 1, "spans-left-out": 2}


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        *(
            json.dumps(schema(**more))
            for more in (
                {"label": 1},
                {"text": 3},
                {"target": None},
                {"span1_index": True},
                {"span2_text": " "},
                {"span1_text": None},
            )
        ),
    ],
)
def test_wsc_bad_lines(tmp_path, bad):
    fails(read_wsc, tmp_path / "w", f"{json.dumps(schema())}\n{bad}\n", 2)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from([read_gap, read_dpr, read_wsc]),
    st.lists(
        st.text(max_size=30) | st.sampled_from([HEAD, ROW, "it", "a,it", json.dumps(schema())]),
        max_size=8,
    ),
)
def test_rubbish_raises_nothing_but_our_errors(tmp_path, read, lines):
    (tmp_path / "r").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    try:
        edges = read(tmp_path / "r")
    except SondageError:
        return
    assert all(a < b for spans in edges.spans.tolist() for a, b in spans)


@pytest.mark.parametrize(
    ("read", "file", "sentences", "items", "warnings"),
    [
        (read_gap, "gap/gap-development.tsv", 2000, 4000, {}),
        (read_gap, "gap/gap-validation.tsv", 454, 908, {}),
        (read_gap, "gap/gap-test.tsv", 2000, 4000, {}),
        (read_dpr, "dpr/train.c.txt", 1316, 2632, {}),
        (read_dpr, "dpr/test.c.txt", 564, 1128, {}),
        (read_wsc, "superglue_wsc/train.jsonl", 554, 554, {}),
        (read_wsc, "superglue_wsc/val.jsonl", 104, 104, {"spans-mended": 1}),
    ],
)
def test_real(read, file, sentences, items, warnings):
    if not (DATA / file).is_file():
        pytest.skip(f"no {file} among the real data: SONDAGE_DATA")
    edges = read(DATA / file)
    assert (len(edges.texts), len(edges), edges.warnings) == (sentences, items, warnings)

    def bare(text):
        return "".join(c for c in text.lower() if c.isalnum())

    wanted = []
    lines = (DATA / file).read_text("utf-8").split("\n")
    if read is read_gap:
        rows = [line.split("\t") for line in lines[1:] if line]
        wanted = [(r[2], r[k]) for r in rows for k in (4, 7)]
    elif read is read_dpr:
        pairs = zip(lines[1::5], lines[2::5], strict=False)
        wanted = [(p, c) for p, both in pairs for c in both.split(",")]
    else:
        targets = [json.loads(line)["target"] for line in lines if line]
        wanted = [(t["span2_text"], t["span1_text"]) for t in targets]
    for (first, second, _), mentions in zip(shown(edges), wanted, strict=True):
        for found, mention in zip((first, second), mentions, strict=True):
            # WSC's words keep what is attached to them: "Emma's" for Emma.
            more = ("", "s") if read is read_wsc else ("",)
            assert bare(found) in [bare(mention) + end for end in more]
