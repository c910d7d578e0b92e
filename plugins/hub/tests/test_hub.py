"""Repositories of Parquet files: their splits found, their columns read, their defects said."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sondage.errors import DataError, ParameterError
from sondage_hub import read_texts, read_tokens, splits_of
from sondage_hub.tasks import TextClassification, TokenClassification

TEXTS = {"text": ["so good", "so bad", "meh"], "label": [1, 0, 1]}


def write(path, columns, features=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns)
    if features is not None:
        said = json.dumps({"info": {"features": features}}).encode()
        table = table.replace_schema_metadata({b"huggingface": said})
    pq.write_table(table, path)
    return str(path)


CLASSES = {"names": ["bad", "good"], "_type": "ClassLabel"}


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["train.parquet", "test.parquet"], {"train": 1, "test": 1}),
        (["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"], {"train": 2}),
        (["data/train-00000-of-00001-a1b2c3.parquet"], {"train": 1}),
        (["train/0000.parquet", "train/0001.parquet", "validation/0000.parquet"],
         {"train": 2, "validation": 1}),
        (["default/train/0000.parquet"], {"train": 1}),
        (["only/train-00000-of-00001.parquet"], {"train": 1}),
        (["default/train.parquet", "other/train.parquet", "other/x.parquet"], {"train": 1}),
    ],
)  # fmt: skip
def test_splits_are_known_by_their_names(tmp_path, names, splits):
    for name in names:
        write(tmp_path / name, TEXTS)
    found = splits_of(str(tmp_path))
    assert {split: len(files) for split, files in found.items()} == splits


def test_a_readme_says_more_than_names(tmp_path):
    for name in ("a/x1.parquet", "a/x2.parquet", "b/train.parquet"):
        write(tmp_path / name, TEXTS)
    (tmp_path / "README.md").write_text(
        "---\nlicense: mit\nconfigs:\n- config_name: first\n  data_files:\n  - split: train\n"
        "    path: a/x*.parquet\n  - split: test\n    path: [b/*.parquet, ../../etc/*]\n"
        "- config_name: second\n  data_files: []\n---\n# Data\n"
    )
    found = splits_of(str(tmp_path))
    assert {split: len(files) for split, files in found.items()} == {"train": 2, "test": 1}
    with pytest.raises(DataError) as caught:
        splits_of(str(tmp_path), config="frist")
    assert caught.value.near == ("first",)


def test_a_readme_of_no_sense_is_passed_over(tmp_path):
    write(tmp_path / "train.parquet", TEXTS)
    for text in ("---\nconfigs: [3, {data_files: [4]}]\n---\n", "---\n: [\n---\n", "no front"):
        (tmp_path / "README.md").write_text(text)
        assert list(splits_of(str(tmp_path))) == ["train"]


def test_what_the_hubs_client_has_downloaded_is_found(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    commit = "0123456789" * 4
    folder = tmp_path / "datasets--some--thing"
    write(folder / "snapshots" / commit / "data" / "train-00000-of-00001.parquet", TEXTS)
    (folder / "refs").mkdir()
    (folder / "refs" / "v1").write_text(commit)
    assert splits_of("some/thing", commit) == splits_of("some/thing", "v1")
    with pytest.raises(ParameterError, match="without a revision"):
        splits_of("some/thing")
    with pytest.raises(DataError, match="not been downloaded") as caught:
        splits_of("some/other", "v1")
    assert caught.value.hint == "hf download some/other --repo-type dataset --revision v1"
    with pytest.raises(DataError, match="no folder"):
        splits_of("/no/such/folder")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no Parquet files"):
        splits_of(str(tmp_path / "empty"))


def test_labels_are_called_by_the_names_in_the_file(tmp_path):
    columns = {"text": ["a", "b", "c", "d"], "label": [1, 0, -1, None]}
    path = write(tmp_path / "a.parquet", columns, {"label": CLASSES})
    found = read_texts(path, text="text", label="label")
    assert (list(found.first), list(found.labels)) == (["a", "b"], ["good", "bad"])
    assert found.warnings == {"rows-without-label": 2}
    assert found.names == ("bad", "good")
    assert [found.where(i) for i in range(2)] == [f"{path}:1", f"{path}:2"]
    corpus, target = found.problem("x")
    assert (corpus.texts, target.names, target.y.tolist()) == (("a", "b"), ("bad", "good"), [1, 0])


@pytest.mark.parametrize(
    ("labels", "names"),
    [([-1, 0, 1], ("-1", "0", "1")), (["x", "y", "x"], ("x", "y")),
     ([True, False, True], ("False", "True"))],
)  # fmt: skip
def test_labels_without_names_are_what_is_written(tmp_path, labels, names):
    path = write(tmp_path / "a.parquet", {"text": list("abc"), "label": labels})
    _, target = read_texts(path, text="text", label="label").problem("x")
    assert target.names == names


@pytest.mark.parametrize(
    "feature",
    [{"feature": CLASSES, "_type": "Sequence"}, {"feature": CLASSES, "_type": "List"}, [CLASSES]],
)
def test_each_word_has_a_label_or_none(tmp_path, feature):
    columns = {"tokens": [["a", "b"], ["c"], ["d"]], "tags": [[0, 1], [-1], [1]]}
    path = write(tmp_path / "a.parquet", columns, {"tags": feature})
    found = read_tokens(path, words="tokens", label="tags")
    corpus, target = found.problem("x")
    assert list(corpus.words) == ["a", "b", "d"]
    assert target.names == ("bad", "good")
    assert target.y.tolist() == [0, 1, 1]
    assert target.units.spans[:, 0].tolist() == [[0, 1], [1, 2], [0, 1]]
    assert found.warnings == {"rows-without-label": 1}


@pytest.mark.parametrize(
    ("columns", "given", "words"),
    [
        ({"text": ["a", ""], "label": [0, 1]}, {}, [":2", "is no text"]),
        ({"text": ["a", None], "label": [0, 1]}, {}, [":2", "is no text"]),
        ({"text": ["a", "b"], "label": [0.5, 1.5]}, {}, [":1", "'0.5' is no label"]),
        (
            {"text": ["a", "b"], "label": [0, 1]},
            {"label": "labels"},
            ["'labels'", "closest: label"],
        ),
        ({"text": ["a", "b"], "label": [0, 1]}, {"text": "sentence"}, ["text, label"]),
        ({"text": ["a", "b"], "label": [0, 1]}, {"text": "label"}, [":1", "is no text"]),
    ],
)
def test_defects_are_said_with_their_row(tmp_path, columns, given, words):
    path = write(tmp_path / "a.parquet", columns)
    with pytest.raises(DataError) as caught:
        read_texts(path, **{"text": "text", "label": "label"} | given)
    assert all(word in str(caught.value) for word in [path, *words]), str(caught.value)


def test_defects_are_left_out_where_that_is_wanted(tmp_path):
    path = write(tmp_path / "a.parquet", {"text": ["a", "", "b"], "label": [0, 1, 5]},
                 {"label": CLASSES})  # fmt: skip
    found = read_texts(path, text="text", label="label", on_error="skip")
    assert list(found.first) == ["a"]
    assert found.warnings == {"skipped-rows": 2}
    path = write(tmp_path / "b.parquet", {"w": [["a"], ["b", "c"]], "t": [["x"], ["x"]]})
    with pytest.raises(DataError, match="2 words and 1 labels"):
        read_tokens(path, words="w", label="t")
    assert len(read_tokens(path, words="w", label="t", on_error="skip")) == 1


def test_files_of_different_classes_are_refused(tmp_path):
    one = write(tmp_path / "a.parquet", TEXTS, {"label": CLASSES})
    two = write(tmp_path / "b.parquet", TEXTS, {"label": {"names": ["good", "bad"]}})
    with pytest.raises(DataError, match="its classes are") as caught:
        read_texts([one, two], text="text", label="label")
    assert caught.value.where == two


@pytest.mark.parametrize("raw", [b"", b"PAR1", b"text\n", b"PAR1" + bytes(100) + b"PAR1"])
def test_what_is_no_table_is_said(tmp_path, raw):
    (tmp_path / "a.parquet").write_bytes(raw)
    with pytest.raises(DataError, match="no Parquet table"):
        read_texts(tmp_path / "a.parquet", text="text", label="label")
    with pytest.raises(DataError, match="cannot be read"):
        read_texts(tmp_path / "none.parquet", text="text", label="label")


def test_splits_are_the_parts_and_may_be_named(tmp_path):
    for name in ("train", "validation", "test", "extra"):
        write(tmp_path / f"{name}.parquet", {"text": [f"{name} {i}" for i in range(4)],
                                             "label": [0, 1, 0, 1]})  # fmt: skip
    data = TextClassification(repository=str(tmp_path)).load()
    assert [part.tolist() for part in vars(data.fixed).values()] == [
        [0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11],
    ]  # fmt: skip
    task = TextClassification(repository=str(tmp_path), dev="", test="extra")
    assert task.randomness == ("split",)
    assert "extra 0" in task.load().corpus.texts
    with pytest.raises(DataError, match="no split 'tets'") as caught:
        TextClassification(repository=str(tmp_path), test="tets").load()
    assert caught.value.near[0] == "test"


def test_pairs_and_words(tmp_path):
    columns = {"premise": ["a b", "c"], "hypothesis": ["d", "e"], "label": ["x", "y"],
               "tokens": [["a", "b"], ["c"]], "ner_tags": [["O", "B"], ["O"]]}  # fmt: skip
    write(tmp_path / "train.parquet", columns)
    pairs = TextClassification(repository=str(tmp_path), text="premise", second="hypothesis")
    assert pairs.load().corpus.second == ("d", "e")
    words = TokenClassification(repository=str(tmp_path))
    assert words.load().target.names == ("B", "O")
    single = TextClassification(repository=str(tmp_path), text="premise")
    assert pairs.fingerprint != single.fingerprint
