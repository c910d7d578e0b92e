"""A series of published checkpoints: what it is, which are equal, how far weights drift."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sondage.data import Corpus
from sondage.errors import EncodingError, ParameterError
from sondage_transformers import Checkpoints, Pretrained, Spliced, collect
from sondage_transformers.tensors import equal_groups

CORPUS = Corpus.of_words([["the", "fox"], ["station"]])


@pytest.fixture(scope="module")
def published(model_folder, tmp_path_factory):
    """Return folders of checkpoints: the third has the first's weights in two files."""
    from safetensors.torch import load_file, save_file

    home = Path(model_folder("bert"))
    weights = load_file(home / "model.safetensors")
    root = tmp_path_factory.mktemp("published")

    def moved(name, w):
        # Block 2 alone: 0.5 on each of its numbers.
        return w + 0.5 if "encoder.layer.1." in name else w

    def folder(name):
        shutil.copytree(home, root / name)
        (root / name / "model.safetensors").unlink()
        return root / name

    meta = {"format": "pt"}
    save_file(weights, folder("a") / "model.safetensors", metadata=meta)
    other = {n: moved(n, w) for n, w in weights.items()}
    save_file(other, folder("b") / "model.safetensors", metadata=meta)
    split = folder("c")
    names = sorted(weights)
    shards = {"one.safetensors": names[::2], "two.safetensors": names[1::2]}
    for shard, some in shards.items():
        save_file({n: weights[n] for n in some}, split / shard, metadata=meta)
    index = {n: shard for shard, some in shards.items() for n in some}
    listed = {"metadata": {"total_size": 1}, "weight_map": index}
    (split / "model.safetensors.index.json").write_text(json.dumps(listed), "utf-8")
    # The last number of one tensor: where nobody looks first.
    last = dict(weights)
    name = max(weights, key=lambda n: weights[n].numel())
    last[name] = last[name].clone()
    last[name].view(-1)[-1] += 1
    save_file(last, folder("d") / "model.safetensors", metadata=meta)
    return {name: str(root / name) for name in "abcd"}


def series(published, names, **more):
    folders = {10 * i: published[name] for i, name in enumerate(names)}
    return Checkpoints(folders=folders, device="cpu", **more)


def test_each_checkpoint_is_a_step(published):
    found = series(published, "ab")
    assert found.steps == (0, 10)
    for step, name in ((0, "a"), (10, "b")):
        one = Pretrained(model=published[name], device="cpu")
        mine = collect(found.at(step), CORPUS, (0, 1, 2, 3), "word")[0]
        assert mine.tobytes() == collect(one, CORPUS, (0, 1, 2, 3), "word")[0].tobytes()
        assert found.at(step).views == one.views
        assert found.at(step).fingerprint != one.fingerprint
    listed = Checkpoints(folders=[published["a"], published["b"]])
    assert listed.steps == (0, 1)
    assert Checkpoints(folders={5: published["b"], 3: published["a"]}).steps == (3, 5)
    assert found.at(10).pretrained.device == "cpu"


def test_equal_weights_are_noted_however_they_are_stored(published):
    assert series(published, "ab").notes == ()
    found = series(published, "abca")
    assert found.equal() == [[0, 20, 30]]
    (note,) = found.notes
    assert note == "the checkpoints of steps 0, 20, 30 have the same weights"
    # Each keeps a row of its own in the results.
    assert len({found.at(step).fingerprint for step in found.steps}) == 4


def test_one_other_number_makes_another_checkpoint(published):
    assert series(published, "adb").equal() == []
    assert series(published, "adbd").equal() == [[10, 30]]


def test_only_candidates_are_read_whole(published, monkeypatch):
    from sondage_transformers import tensors

    read = []
    before = tensors._digest

    def watched(paths, first):
        read.extend(Path(p).parent.name for p in paths if first is None)
        return before(paths, first)

    monkeypatch.setattr(tensors, "_digest", watched)
    series(published, "abd").equal()
    assert sorted(set(read)) == ["a", "d"]


def test_what_was_hashed_is_remembered(published, monkeypatch):
    from sondage_transformers import hashing, tensors

    monkeypatch.setattr(hashing, "SETTLED", 0.0)
    folders = series(published, "ac")
    assert folders.equal() == [[0, 10]]
    monkeypatch.setattr(tensors, "_numbers", lambda *_: pytest.fail("read again"))
    assert folders.equal() == [[0, 10]]
    monkeypatch.setattr(hashing, "_memory", {})
    assert folders.equal() == [[0, 10]]


def test_pickled_weights_are_equal_where_files_are(tmp_path):
    files = {}
    for step, content in enumerate((b"one", b"one", b"two")):
        path = tmp_path / str(step) / "pytorch_model.bin"
        path.parent.mkdir()
        path.write_bytes(content)
        files[step] = [path]
    assert equal_groups(files) == [[0, 1]]


@pytest.mark.parametrize("content", [b"", b"12345678", b"\x02" + bytes(7) + b"[]", b"\xff" * 40])
def test_a_damaged_file_is_named(content, tmp_path):
    files = {}
    for step in (0, 1):
        files[step] = [tmp_path / f"{step}.safetensors"]
        files[step][0].write_bytes(content)
    with pytest.raises(EncodingError, match=r"no file of safetensors") as raised:
        equal_groups(files)
    assert "safetensors" in raised.value.where


def test_a_file_cut_short_is_named(published, tmp_path):
    whole = (Path(published["a"]) / "model.safetensors").read_bytes()
    path = tmp_path / "model.safetensors"
    path.write_bytes(whole[:-200])
    with pytest.raises(EncodingError, match="ends before its tensors do"):
        equal_groups({0: [path], 1: [path]})


def test_drift_is_the_norm_of_the_difference_by_layer(published):
    """Worked by hand: 0.5 on every number of block 2, nothing elsewhere."""
    found = series(published, "ab")
    columns = found.drift()
    model = found.at(0).module()
    block = model.encoder.layer[1]
    n = sum(p.numel() for p in block.parameters())
    size = np.sqrt(sum(float(p.double().square().sum()) for p in block.parameters()))
    assert columns["step"] == [0] * 4 + [10] * 4
    assert columns["layer"] == [0, 1, 2, 3] * 2
    wanted = [0, 0, 0, 0, 0, 0, 0.5 * np.sqrt(n), 0]
    np.testing.assert_allclose(columns["distance"], wanted, atol=1e-4)
    np.testing.assert_allclose(columns["relative"], np.array(wanted) / size, atol=1e-5)


def test_drift_between_unlike_models_is_refused(published, bert):
    found = Checkpoints(folders=[published["a"], bert.model], device="cpu")
    with pytest.raises(ParameterError, match="step 1 is of another architecture or size"):
        found.drift()


def test_a_step_is_a_donor(published):
    found = series(published, "ab")
    spliced = Spliced(base=found.at(0), donor=found.at(10), layers="only:2")
    wanted = collect(found.at(10), CORPUS, (0, 1, 2, 3), "word")[0]
    # The two differ in block 2 alone.
    assert collect(spliced, CORPUS, (0, 1, 2, 3), "word")[0].tobytes() == wanted.tobytes()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"model": "gpt2"},
        {"revisions": ["main"]},
        {"model": "gpt2", "folders": ["x"]},
        {"model": "gpt2", "revisions": ["main"], "folders": ["x"]},
    ],
)
def test_what_does_not_go_together_is_refused(given):
    with pytest.raises(ParameterError, match="either model and revisions, or folders"):
        Checkpoints(**given)


def test_mistakes_are_told(published, tmp_path):
    with pytest.raises(ParameterError, match="there are no checkpoints"):
        Checkpoints(folders=[])
    with pytest.raises(ParameterError, match="no such folder"):
        _ = Checkpoints(folders=[str(tmp_path / "none")]).fingerprint
    with pytest.raises(ParameterError, match="is a folder, which has no revision 'main'"):
        _ = Checkpoints(model=published["a"], revisions=["main"]).fingerprint
