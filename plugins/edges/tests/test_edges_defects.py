"""Every reader leaves out what is broken where that is asked for, and counts it."""

import json

import pytest

from sondage.errors import DataError
from sondage_edges import (
    read_dpr,
    read_gap,
    read_jsonl,
    read_semeval2010,
    read_wnut17,
    read_wsc,
)


def line(text="a b", span=(0, 1), label="A"):
    return json.dumps({"text": text, "targets": [{"span1": list(span), "label": label}]})


def schema(label=True):
    spans = {"span1_index": 0, "span1_text": "Sam", "span2_index": 4, "span2_text": "he"}
    return json.dumps({"text": "Sam told Bo that he won.", "target": spans, "label": label})


GAP = "ID\tText\tPronoun\tPronoun-offset\tA\tA-offset\tA-coref\tB\tB-offset\tB-coref\tURL\n"
ROW = "x\tSam told Bo he won\the\t12\tSam\t0\t%s\tBo\t9\tFALSE\tu\n"
#: For each reader: a good entry, a broken one, what stands before all, and the reason's name.
CASES = {
    read_jsonl: (line() + "\n", line(span=(1, 9)) + "\n", "", "skipped-lines"),
    read_wsc: (schema() + "\n", schema(None) + "\n", "", "skipped-lines"),
    read_gap: (ROW % "TRUE", ROW % "-", GAP, "skipped-rows"),
    read_wnut17: ("Bo\tB-person\n\n", "Bo\tO\nSam\tB-human\n\n", "", "skipped-sentences"),
    read_dpr: (
        "Sam told Bo he won.\nhe\nSam,Bo\nSam\n\n",
        "Sam told Bo he won.\nhe\nSam\nSam\n\n",
        "",
        "skipped-blocks",
    ),
    read_semeval2010: (
        '1\t"The <e1>boy</e1> at the <e2>desk</e2>."\nOther\nComment:\n\n',
        '1\t"The <e1>boy</e1> at the desk."\nOther\nComment:\n\n',
        "",
        "skipped-blocks",
    ),
}


@pytest.mark.parametrize(("read", "case"), CASES.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_broken_entries_are_left_out_and_counted(tmp_path, read, case):
    good, bad, head, reason = case
    path = tmp_path / "x"
    undecodable = good.encode().replace(b"o", b"\xff").replace(b"a b", b"\xff b")
    path.write_bytes((head + good + bad + good).encode() + undecodable + bad.encode())
    with pytest.raises(DataError):
        read(path)
    found = read(path, on_error="skip")
    assert found.warnings == {reason: 3}
    path.write_text(head + good + good, "utf-8")
    whole = read(path)
    assert found.words == whole.words
    assert found.labels == whole.labels
    assert found.spans.tolist() == whole.spans.tolist()
    assert whole.warnings == {}
    path.write_text(head + bad)
    with pytest.raises(DataError, match="every entry has a defect; of the first: "):
        read(path, on_error="skip")


def test_a_line_that_is_left_out_says_nothing_about_the_others(tmp_path):
    path = tmp_path / "x"
    # Its label is a list and its second span leaves the sentence.
    bad = {"text": "a", "targets": [{"span1": [0, 1], "span2": [0, 9], "label": ["A"]}]}
    path.write_text(f"{json.dumps(bad)}\n{line()}\n")
    found = read_jsonl(path, on_error="skip")
    assert (found.many, found.spans.shape) == (False, (1, 1, 2))


def test_words_that_are_withheld(tmp_path):
    path = tmp_path / "x"
    path.write_text(f"{line()}\n{line('_ ___ .')}\n{line('_')}\n{line()}\n")
    with pytest.raises(DataError, match="words are withheld") as caught:
        read_jsonl(path)
    assert caught.value.where == f"{path}:2"
    found = read_jsonl(path, on_error="skip")
    assert found.warnings == {"withheld-sentences": 1}
    assert list(found.words) == ["a", "b", "_", "a", "b"]
    path.write_text("_\tO\n_\tB-person\n\n")
    with pytest.raises(DataError, match="words are withheld"):
        read_wnut17(path)
