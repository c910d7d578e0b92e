"""Coreference that is annotated: GAP and Winograd schemas."""

import json

import numpy as np
import pytest

from sondage.errors import DataError
from sondage_qa.gold import read_gap, read_wsc
from sondage_qa.gold_tasks import CoreferenceGap, CoreferenceWsc

COLUMNS = ["ID", "Text", "Pronoun", "Pronoun-offset"]
COLUMNS += [f"{name}{what}" for name in "AB" for what in ("", "-offset", "-coref")] + ["URL"]
TEXT = "Ann Lee met Eve's aunt \"Di. Then she left Ann Lee."


def row(a="TRUE", b="FALSE", text=TEXT, pronoun="she", at=None, first="Ann Lee", second="Eve"):
    cells = ["x", text, pronoun, str(text.find(pronoun) if at is None else at), first,
             str(text.find(first)), a, second, str(text.find(second)), b, "u"]  # fmt: skip
    return "\t".join(cells)


def gap(tmp_path, *rows, header=COLUMNS):
    path = tmp_path / "gap.tsv"
    path.write_text("\n".join(["\t".join(header), *rows]) + "\n")
    return str(path)


def words(task, target, data, k, units):
    said = []
    for unit in units:
        forms = data.corpus.words_of(int(target.units.sentence[unit]))
        said.append(" ".join(forms[slice(*target.units.spans[unit, 0])]))
    return said


def told(task):
    """Return anchor, match and candidates of each item as text."""
    data = task.load()
    target = data.target
    out = []
    for k in range(len(target)):
        others = target.candidates[target.offsets[k] : target.offsets[k + 1]]
        said = words(task, target, data, k, [target.anchor[k], target.match[k], *others])
        out.append((said[0], said[1], said[2:]))
    return out


def test_a_name_its_pronoun_and_the_other_words(tmp_path):
    path = gap(tmp_path, row(), row("FALSE", "TRUE"), row("FALSE", "FALSE"))
    left = ["met", "Eve", "'s", "aunt", "Di", "Then", "left"]
    first, second = told(CoreferenceGap(files=path))
    # Ann Lee's other mention is no candidate: it may corefer as well.
    assert first == ("Ann Lee", "she", left)
    assert second[:2] == ("Eve", "she")
    assert second[2] == ["Ann", "Lee", "met", "'s", "aunt", "Di", "Then", "left", "Ann", "Lee"]
    assert told(CoreferenceGap(files=path, anchor="pronoun"))[0] == ("she", "Ann Lee", left)
    assert CoreferenceGap(files=path).load().warnings == {"texts-without-pair": 1}
    assert CoreferenceGap(files=path).load().corpus.boundary is None


def test_against_the_other_name_only(tmp_path):
    path = gap(tmp_path, row(), row("FALSE", "TRUE"))
    assert told(CoreferenceGap(files=path, against="names")) == [
        ("she", "Ann Lee", ["Eve"]), ("she", "Eve", ["Ann Lee"]),
    ]  # fmt: skip


def test_mentions_within_words_are_left_out_and_counted(tmp_path):
    path = gap(tmp_path, row(), row(first="nn Lee"))
    assert read_gap(path).warnings == {"mentions-within-words": 1}


@pytest.mark.parametrize(
    ("rows", "said", "line"),
    [
        ([row(at=3)], "Pronoun is 'she', but its offset '3' has", 2),
        ([row(), row(at="x")], "its offset 'x' has", 3),
        ([row("yes")], "labels", 2),
        ([row() + "\tmore"], "12 columns, wanted 11", 2),
        ([row("FALSE", "FALSE")], "no pronoun stands for a name", 1),
    ],
)
def test_defects_of_gap(tmp_path, rows, said, line):
    with pytest.raises(DataError, match=said) as error:
        read_gap(gap(tmp_path, *rows))
    assert error.value.where.endswith(f"gap.tsv:{line}")


def test_defects_of_gap_may_be_skipped(tmp_path):
    found = read_gap(gap(tmp_path, row(at=3), row()), on_error="skip")
    assert (len(found.names), found.warnings) == (1, {"skipped-lines": 1})
    with pytest.raises(DataError, match="no column 'A-coref'"):
        read_gap(gap(tmp_path, header=[c for c in COLUMNS if c != "A-coref"]))


def schema(text, *spans, label=True):
    (a, first), (b, second) = spans
    target = {"span1_index": a, "span1_text": first, "span2_index": b, "span2_text": second}
    return {"text": text, "target": target, "label": label}


def wsc(tmp_path, *records):
    path = tmp_path / "wsc.jsonl"
    path.write_text("".join(f"{json.dumps(r) if isinstance(r, dict) else r}\n" for r in records))
    return str(path)


SAM = 'Sam\'s "old friend" met Bo, but he left Bo.'


def test_winograd_schemas(tmp_path):
    path = wsc(
        tmp_path,
        schema(SAM, (1, "old friend"), (6, "he")),
        schema(SAM, (4, "Bo,"), (6, "he"), label=False),
        schema(SAM, (7, "Sam's"), (0, "he")),  # mended: each stands there once
        schema(SAM, (0, "Bo"), (6, "he")),  # twice, and not where it says
    )
    first, mended = told(CoreferenceWsc(files=path))
    assert first == ("old friend", "he", ["Sam", "'s", "met", "Bo", "but", "left", "Bo"])
    assert mended[:2] == ("Sam 's", "he")
    assert CoreferenceWsc(files=path).load().warnings == {
        "texts-without-pair": 1, "mentions-not-found": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "{}", '{"text": 3}', json.dumps({**schema(SAM, (0, "a"), (0, "b")), "label": 1})],
)
def test_defects_of_winograd_schemas(tmp_path, line):
    with pytest.raises(DataError, match="not a Winograd schema") as error:
        read_wsc(wsc(tmp_path, schema(SAM, (1, "old friend"), (6, "he")), line))
    assert error.value.where.endswith("wsc.jsonl:2")


def test_all_are_tested_on_by_default(tmp_path):
    task = CoreferenceGap(files=gap(tmp_path, row(), row(text=TEXT + " So.")))
    assert task.randomness == ()
    split = task.load().split(0)
    assert [len(split.train), len(split.dev), split.test.tolist()] == [0, 0, [0, 1]]
    assert np.array_equal(task.load().split(1).test, split.test)
