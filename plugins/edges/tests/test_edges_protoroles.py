"""Proto-roles: a worked example, defects, and the real release."""

import json
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.errors import DataError, SondageError
from sondage.files import read_text
from sondage.files.conllu import read_blocks
from sondage_edges.proto_answers import ADJUNCT_PROPERTIES, PROPERTIES
from sondage_edges.protoroles import read_spr2
from sondage_edges.subtrees import subtree

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SONDAGE_DATA", HERE.parents[4] / "shared" / "data"))
EWT, UDS = DATA / "ud_english_ewt", DATA / "uds_protoroles"
FILES = TRAIN, DEV = EWT / "en_ewt-ud-train.conllu.gz", EWT / "en_ewt-ud-dev.conllu"
RAW, IDS = UDS / "raw" / "protoroles.zip", UDS / "ud_ids.json"
real = pytest.mark.skipif(
    not all(path.is_file() for path in (*FILES, RAW, IDS)),
    reason="no ud_english_ewt and uds_protoroles among the real data: SONDAGE_DATA",
)

# "the man who I saw wasn't sad": man heads the clause that it is an argument of.
WORDS = ["the", "man", "who", "I", "saw", "was", "n't", "sad"]
HEADS = [2, 8, 5, 5, 2, 8, 8, 0]


def rows(words=WORDS, heads=HEADS):
    return [
        "\t".join([str(i), w, "_", "_", "_", "_", str(h), "_", "_", "_"])
        for i, (w, h) in enumerate(zip(words, heads, strict=True), 1)
    ]


def block(sent_id="s-1", lines=None):
    named = [f"# sent_id = {sent_id}"] if sent_id else ["# x = y"]
    return "\n".join([*named, *(lines or rows()), "", ""])


def asked(values, confidence):
    return {
        "value": {f"a{i}": v for i, v in enumerate(values)},
        "confidence": {f"a{i}": c for i, c in enumerate(confidence)},
    }


def pair(predicate, argument, **answers):
    name = f"ewt-train-1-semantics-pred-{predicate}%%ewt-train-1-semantics-arg-{argument}"
    return {name: {"protoroles": answers}}


GOOD = {
    "data": {
        "ewt-train-1": {
            **pair(
                5,
                2,
                awareness=asked([2, 4], [1, 1]),  # mean of 3 and 5
                sentient=asked([3, 2], [1, 1]),  # mean of 4 and 3
                volition=asked([4, 0], [1, 0]),  # 5 alone: the other finds it not applicable
                was_used=asked([4, 4], [0, 0]),  # applicable to nobody
            ),
            **pair(8, 2, existed_during=asked([4], [1])),
            **pair(5, 9, existed_during=asked([4], [1])),
        },
        "ewt-test-1": pair(1, 2, awareness=asked([0], [1])),
    }
}
NAMES = {"ewt-train-1": {"sentence_id": "s-1"}, "ewt-test-1": {"sentence_id": "s-9"}}


@pytest.fixture
def write(tmp_path):
    def written(release=GOOD, ids=NAMES, conllu=None):
        text = block("s-0") + block() if conllu is None else conllu
        (tmp_path / "a.conllu").write_text(text, "utf-8")
        with zipfile.ZipFile(tmp_path / "p.zip", "w") as packed:
            packed.writestr("protoroles.json", json.dumps(release))
        (tmp_path / "ids.json").write_text(json.dumps(ids))
        return [tmp_path / name for name in ("a.conllu", "p.zip", "ids.json")]

    return written


def test_by_hand(write):
    found = read_spr2(*write())
    assert list(found.words) == WORDS
    assert found.lines.tolist() == [11]
    assert found.many
    assert found.labels == [("awareness", "volition"), ("existed_during",)]
    # The man, without the clause; then with it, up to "saw".
    assert found.spans.tolist() == [[[4, 5], [0, 2]], [[7, 8], [0, 5]]]
    assert found.warnings == {
        "pairs-not-found": 1,
        "sentences-not-annotated": 1,
        "sentences-not-found": 1,
    }
    target = found.target()
    assert target.names == PROPERTIES == tuple(sorted(PROPERTIES))
    assert (len(PROPERTIES), target.y.shape, int(target.y.sum())) == (18, (2, 18), 3)
    # What was not asked is not known: neither of the pairs was asked about its manner.
    assert found.asked == [
        ("awareness", "sentient", "volition", "was_used"),
        ("existed_during",),
    ]
    assert target.asked.sum(axis=1).tolist() == [4, 1]
    assert not target.asked[:, PROPERTIES.index("manner")].any()


def test_heads(write):
    found = read_spr2(*write(), spans="heads")
    assert found.spans.tolist() == [[[4, 5], [1, 2]], [[7, 8], [1, 2]]]


@pytest.mark.parametrize(
    ("threshold", "labels"),
    [
        (3.5, ("awareness", "sentient", "volition")),
        (3.51, ("awareness", "volition")),
        (4.01, ("volition",)),
        (5, ("volition",)),
        (1, ("awareness", "sentient", "volition")),
    ],
)
def test_threshold(write, threshold, labels):
    assert read_spr2(*write(), threshold=threshold).labels[0] == labels


def test_ranges_and_empty_nodes_are_no_words(write):
    lines = rows()
    lines.insert(5, "6-7\twasn't" + "\t_" * 8)
    lines.append("8.1\tx" + "\t_" * 8)
    found = read_spr2(*write(conllu=block(lines=lines)))
    assert list(found.words) == WORDS
    assert found.warnings["multiword-tokens"] == 1
    assert found.warnings["sentences-with-multiword-tokens"] == 1


def test_files_in_order(write, tmp_path):
    conllu, *others = write()
    (tmp_path / "b.conllu").write_text(block("s-9"))
    found = read_spr2([tmp_path / "b.conllu", conllu], *others)
    assert found.file_of.tolist() == [0, 1]
    assert found.sentence.tolist() == [0, 1, 1]
    assert found.warnings == {"pairs-not-found": 1, "sentences-not-annotated": 1}


def broken(**answers):
    return {"data": {"ewt-train-1": pair(5, 2, **answers)}}


@pytest.mark.parametrize(
    ("change", "file", "said"),
    [
        ({"release": []}, "p.zip", "the file is []"),
        ({"release": {}}, "p.zip", "'data' of the file is missing"),
        ({"release": {"data": {"ewt-dev-7": {}}}}, "ids.json", "'ewt-dev-7' of the file"),
        ({"ids": {"ewt-train-1": {}}}, "ids.json", "sentence_id of 'ewt-train-1' is missing"),
        ({"release": {"data": {"ewt-train-1": {"x": {}}}}}, "p.zip", "'x' does not name"),
        ({"release": broken(aware=asked([1], [1]))}, "p.zip", "no proto-role property"),
        ({"release": broken(awareness={})}, "p.zip", "'value' of awareness"),
        ({"release": broken(awareness={"value": {}})}, "p.zip", "'confidence' of awareness"),
        ({"release": broken(awareness=asked([5], [1]))}, "p.zip", "wanted 0 to 4"),
        ({"release": broken(awareness=asked([1], [0.5]))}, "p.zip", "wanted 0 or 1"),
        ({"release": broken(awareness=asked([1], []))}, "p.zip", "is missing, wanted 0 or 1"),
        ({"release": broken(awareness={"value": 0.5})}, "p.zip", "a number"),
        ({"conllu": block(None)}, "a.conllu:1", "no sent_id"),
        ({"conllu": block() + block("")}, "a.conllu:11", "no sent_id"),
        ({"conllu": block("s-0")}, "a.conllu:1", "no annotated sentence"),
        ({"conllu": block(lines=["1\tx"])}, "a.conllu:2", "2 columns"),
        ({"conllu": block(lines=rows()[1:])}, "a.conllu:2", "id 2 where 1"),
        ({"conllu": block(lines=rows(["a"], [2]))}, "a.conllu:2", "head '2', in a sentence of 1"),
    ],
)
def test_defects(write, change, file, said):
    with pytest.raises(DataError) as caught:
        read_spr2(*write(**change))
    assert caught.value.where.endswith(file)
    assert said in caught.value.message


def test_no_zip_and_no_json_in_it(write):
    conllu, annotations, ids = write()
    with pytest.raises(DataError, match="cannot be unpacked"):
        read_spr2(conllu, ids, ids)
    with zipfile.ZipFile(annotations, "w") as packed:
        packed.writestr("readme", "x")
    with pytest.raises(DataError, match="0 JSON files"):
        read_spr2(conllu, annotations, ids)
    with zipfile.ZipFile(annotations, "w") as packed:
        packed.writestr("a.json", "{")
    with pytest.raises(DataError, match="not JSON"):
        read_spr2(conllu, annotations, ids)
    with pytest.raises(DataError, match="cannot be read"):
        read_spr2(conllu, annotations.with_name("none.zip"), ids)


@pytest.mark.parametrize("wrong", [{"threshold": 0.9}, {"threshold": 5.1}, {"spans": "words"}])
def test_parameters(write, wrong):
    with pytest.raises(DataError):
        read_spr2(*write(), **wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 6) | st.floats() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
ANSWER = st.dictionaries(st.sampled_from(["value", "confidence"]), JSON) | st.builds(
    asked, st.lists(st.integers(0, 4), max_size=2), st.lists(st.integers(0, 1), max_size=2)
)
ANSWERS = st.dictionaries(st.sampled_from(PROPERTIES) | st.text(), ANSWER | JSON, max_size=2)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    JSON
    | st.fixed_dictionaries(
        {
            "data": JSON
            | st.fixed_dictionaries(
                {"ewt-train-1": JSON | ANSWERS.map(lambda answers: pair(5, 2, **answers))}
            )
        }
    ),
    st.just(NAMES) | st.fixed_dictionaries({"ewt-train-1": JSON}) | JSON,
)
def test_any_json(write, release, ids):
    try:
        found = read_spr2(*write(release, ids))
    except SondageError as error:
        str(error).encode()  # no half of a surrogate pair gets into a message
        return
    assert len(found.target()) == len(found)


@given(st.lists(st.integers(0, 8), min_size=8, max_size=8), st.integers(1, 8))
def test_subtree_is_whatever_reaches_its_top(heads, top):
    def reaches(word):
        seen = set()
        while word not in seen and word != top and word:
            seen.add(word)
            word = heads[word - 1]
        return word == top

    assert subtree(heads, top) == [word for word in range(1, 9) if reaches(word)]


@real
@pytest.mark.parametrize("spans", ["heads", "subtrees"])
def test_counts(spans):
    found = read_spr2(FILES, RAW, IDS, spans=spans)
    items = found.file_of[found.sentence]
    assert (int((items == 0).sum()), int((items == 1).sum())) == (5669, 751)
    assert [int((found.file_of == place).sum()) for place in (0, 1)] == [2191, 291]
    # The rest of 2,758 sentences are in EWT's test part.
    assert found.warnings == {
        "sentences-not-annotated": 12063,
        "sentences-not-found": 276,
        "multiword-tokens": 509,
        "sentences-with-multiword-tokens": 423,
    }
    inside = (found.spans[:, 1, 0] <= found.spans[:, 0, 0]) & (
        found.spans[:, 0, 0] < found.spans[:, 1, 1]
    )
    assert int(inside.sum()) == {"heads": 0, "subtrees": 38}[spans]
    assert sum(not labels for labels in found.labels) == 173
    # Arguments are asked 14 questions, adjuncts the other four.
    target = found.target()
    asked = dict(zip(PROPERTIES, target.asked.sum(axis=0).tolist(), strict=True))
    assert len({asked[name] for name in ADJUNCT_PROPERTIES}) == 1
    assert asked["manner"] + asked["awareness"] == len(found)
    assert set(target.asked.sum(axis=1).tolist()) == {4, 14}


@real
def test_predicates_are_verbs():
    found = read_spr2(DEV, RAW, IDS)
    lines = DEV.read_text("utf-8").split("\n")
    starts = {block.first: block for block in read_blocks(read_text(str(DEV)), str(DEV))}
    verbs = 0
    for sentence, span in zip(found.sentence, found.spans, strict=True):
        first = int(found.lines[sentence])
        wanted = f"{span[0, 0] + 1}\t"
        line = next(x for x in lines[first - 1 :] if x.startswith(wanted))
        assert line.split("\t")[1] == starts[first].column(1)[span[0, 0]]
        verbs += line.split("\t")[3] == "VERB"
    assert 0.95 < verbs / len(found) < 0.99


@real
def test_the_normalised_file_is_refused():
    with pytest.raises(DataError, match="not each annotator's response") as caught:
        read_spr2(DEV, UDS / "normalized" / "protoroles.zip", IDS)
    assert "raw" in caught.value.hint


def test_broken_sentences_are_left_out_and_counted(write):
    masked = block("s-1", rows(["_"] * 8))
    paths = write(conllu=block("s-1", ["1\tx"]) + masked + block())
    with pytest.raises(DataError, match="2 columns"):
        read_spr2(*paths)
    found = read_spr2(*paths, on_error="skip")
    assert list(found.words) == WORDS
    assert found.warnings["skipped-sentences"] == 1
    assert found.warnings["withheld-sentences"] == 1
    with pytest.raises(DataError, match="words are withheld"):
        read_spr2(*write(conllu=masked))


@pytest.mark.parametrize(
    "answers",
    [
        {"aware": asked([1], [1])},
        {"awareness": asked([5], [1])},
        {"awareness": asked([1], [0.5]), "sentient": asked([4], [1])},
        {"awareness": 3},
        {"awareness": {"value": 0.5}},
    ],
)
def test_broken_annotations_are_left_out_and_counted(write, answers):
    release = {"data": {**GOOD["data"], "x": pair(1, 2), "y": [], "ewt-train-2": {"x": {}}}}
    release["data"]["ewt-train-1"] = {**GOOD["data"]["ewt-train-1"], **pair(3, 4, **answers)}
    names = {**NAMES, "ewt-train-2": {"sentence_id": "s-2"}, "y": {"sentence_id": "s-3"}}
    paths = write(release=release, ids=names)
    with pytest.raises(DataError):
        read_spr2(*paths)
    found = read_spr2(*paths, on_error="skip")
    sound = read_spr2(*write())
    assert (found.labels, found.asked) == (sound.labels, sound.asked)
    left_out = {"skipped-pairs": 2, "skipped-annotations": 2}
    assert found.warnings == {**sound.warnings, **left_out}
    only = {"data": {"ewt-train-1": pair(3, 4, **answers)}}
    with pytest.raises(DataError, match="every entry has a defect; of the first: ") as caught:
        read_spr2(*write(release=only), on_error="skip")
    assert caught.value.where.endswith("p.zip")


@pytest.mark.parametrize("head", ["0", "_"])
def test_without_heads_there_are_no_subtrees(write, head):
    paths = write(conllu=block(lines=rows(heads=[head] * 8)))
    with pytest.raises(DataError, match="HEAD is 0 or _ for every word"):
        read_spr2(*paths)
    assert read_spr2(*paths, spans="heads").spans.tolist() == [
        [[4, 5], [1, 2]],
        [[7, 8], [1, 2]],
    ]
