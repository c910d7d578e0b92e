"""Finding models, hashing their files, and what is known without torch."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sondage.data import Corpus
from sondage.errors import EncodingError, ParameterError
from sondage_transformers import Pretrained, Randomised, collect, hashing
from sondage_transformers.files import find_folder, weight_files

CORPUS = Corpus.of_words([["the", "fox"]])

FRESH = """
import sys
import sondage_transformers
from sondage_transformers import Pretrained, Randomised, Truncated
base = Pretrained(model=sys.argv[1])
for encoder in (base, Randomised(base=base, seed=1), Truncated(base=base, layers=1)):
    print(encoder.fingerprint, encoder.n_layers, encoder.width, encoder.views)
heavy = sorted({"torch", "transformers", "scipy", "sklearn"} & set(sys.modules))
assert not heavy, heavy
"""


def test_facts_need_no_torch(family, model_folder):
    done = subprocess.run(
        [sys.executable, "-c", FRESH, model_folder(family)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    encoder = Pretrained(model=model_folder(family))
    assert done.stdout.split()[0] == encoder.fingerprint


def test_what_config_promises_is_what_the_model_gives(family, model_folder):
    encoder = Pretrained(model=model_folder(family), device="cpu")
    rows, _ = collect(encoder, CORPUS, range(encoder.n_layers + 1), "subwords")
    assert rows.shape[2] == encoder.width == 16
    assert ("cls" in encoder.views) == (family not in ("gpt2", "t5"))
    has = bool(encoder._engine.tokens.single.parts[0])
    assert has == ("cls" in encoder.views)


def test_a_config_that_lies_is_found_out(model_folder, tmp_path):
    folder = tmp_path / "lie"
    shutil.copytree(model_folder("t5"), folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"encoder_layers": 7}))
    with pytest.raises(EncodingError, match=r"promises 8 hidden states, .* gives 3"):
        collect(Pretrained(model=str(folder), device="cpu"), CORPUS, (0,), "word")


def test_a_foreign_tokenizer_is_found_out(model_folder, tmp_path):
    folder = tmp_path / "mixed"
    shutil.copytree(model_folder("bert"), folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(os.path.join(model_folder("roberta"), name), folder / name)
    many = Corpus.of_words([["antidisestablishmentarianism", "é", "日本語", "fox"]])
    with pytest.raises(EncodingError, match="but the model has 160 embeddings"):
        collect(Pretrained(model=str(folder), device="cpu"), many, (0,), "word")


@pytest.fixture
def package(model_folder, tmp_path, monkeypatch):
    """Make an importable package that must not be imported, with a model in a folder."""
    root = tmp_path / "site" / "a_model_package"
    shutil.copytree(model_folder("bert"), root / "inner" / "model")
    (root / "inner" / "model" / "1_Pooling").mkdir()
    (root / "inner" / "model" / "1_Pooling" / "config.json").write_text("{}")
    (root / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return root


def test_package_folders_are_found_without_importing(package, model_folder):
    for name in ("package:a_model_package", "package:a_model_package/inner/model"):
        assert find_folder(name) == package / "inner" / "model"
    assert find_folder("package:a_model_package.inner") == package / "inner" / "model"
    by_package = Pretrained(model="package:a_model_package")
    assert by_package.fingerprint == Pretrained(model=model_folder("bert")).fingerprint


def test_several_models_in_a_package_are_told(package):
    shutil.copytree(package / "inner" / "model", package / "other")
    with pytest.raises(ParameterError, match="2 folders") as caught:
        find_folder("package:a_model_package")
    assert "a_model_package/other" in caught.value.near
    assert find_folder("package:a_model_package/other") == package / "other"


@pytest.mark.parametrize(
    "name",
    [
        "package:no_such_package_here",
        "package:",
        "package:json",
        "package:json/../..",
        "./no/such/folder",
        "~/no-such-folder",
        "/no/such/folder",
        "not a name",
        "a/b/c",
        "",
        "x;y",
    ],
)
def test_what_is_no_model_is_told(name):
    with pytest.raises(ParameterError):
        find_folder(name)


def hub_cache(root: Path, folder: str, name: str) -> None:
    """Lay a model out as the hub's client does."""
    home = root / "hub" / ("models--" + name.replace("/", "--"))
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text("c0ffee" * 6 + "c0ff")
    shutil.copytree(folder, home / "snapshots" / ("c0ffee" * 6 + "c0ff"))


HUB = """
import sys
from sondage.errors import SondageError
from sondage_transformers import Pretrained
try:
    print(Pretrained(model=sys.argv[1], revision=sys.argv[2] or None).fingerprint)
except SondageError as error:
    print(error.slug, error)
"""


def in_hub(root, name, revision="", **more):
    env = os.environ | {"HF_HOME": str(root), "HF_HUB_OFFLINE": "1"} | more
    done = subprocess.run(
        [sys.executable, "-c", HUB, name, revision], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_hub_names_come_from_the_local_cache(model_folder, tmp_path):
    hub_cache(tmp_path, model_folder("bert"), "someone/small-bert")
    wanted = Pretrained(model=model_folder("bert")).fingerprint
    assert in_hub(tmp_path, "someone/small-bert").strip() == wanted
    assert in_hub(tmp_path, "someone/small-bert", "c0ffee" * 6 + "c0ff").strip() == wanted
    # What is whole in the cache needs no network at all.
    assert in_hub(tmp_path, "someone/small-bert", HF_HUB_OFFLINE="0").strip() == wanted


def test_what_may_not_be_downloaded_is_not(model_folder, tmp_path):
    said = in_hub(tmp_path, "someone/not-here", HF_HUB_OFFLINE="0", SONDAGE_OFFLINE="1")
    assert "not in the local cache, and SONDAGE_OFFLINE forbids downloads" in said
    hub_cache(tmp_path, model_folder("bert"), "someone/small-bert")
    wanted = Pretrained(model=model_folder("bert")).fingerprint
    assert in_hub(tmp_path, "someone/small-bert", SONDAGE_OFFLINE="1").strip() == wanted


def test_offline_and_not_cached_says_what_to_do(tmp_path):
    said = in_hub(tmp_path, "someone/not-here")
    assert said.startswith("encoding model 'someone/not-here' is not in the local cache")
    assert "give a local folder" in said


def test_a_broken_hub_snapshot_is_not_used(model_folder, tmp_path):
    hub_cache(tmp_path, model_folder("bert"), "someone/half")
    for file in tmp_path.rglob("model.safetensors"):
        file.unlink()
    assert "connect and run again" in in_hub(tmp_path, "someone/half")


def test_downloads_prefer_safetensors(tmp_path, monkeypatch, model_folder):
    """The pickled weights are fetched only where there are no others."""
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    asked = []

    def download(name, *, revision, allow_patterns=None, local_files_only=False, **_):
        if local_files_only:
            raise LocalEntryNotFoundError("not there")
        asked.append(allow_patterns)
        return str(tmp_path if len(asked) < stops else model_folder("bert"))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    for stops in (1, 2):
        asked.clear()
        assert str(find_folder("someone/remote")) == model_folder("bert")
        assert [("*.safetensors" in a, "pytorch_model*.bin" in a) for a in asked] == [
            (True, False),
            (False, True),
        ][:stops]
        assert not any("*.py" in a for a in asked)
    asked.clear()
    find_folder("someone/remote", remote_code=True)
    assert "*.py" in asked[0]


def as_bin(model_folder, tmp_path):
    import torch
    from safetensors.torch import load_file

    folder = tmp_path / "bin"
    shutil.copytree(model_folder("bert"), folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder


def test_bin_weights_load(model_folder, tmp_path):
    folder = as_bin(model_folder, tmp_path)
    assert [p.name for p in weight_files(folder)] == ["pytorch_model.bin"]
    a, _ = collect(Pretrained(model=str(folder), device="cpu"), CORPUS, (3,), "word")
    b, _ = collect(Pretrained(model=model_folder("bert"), device="cpu"), CORPUS, (3,), "word")
    assert a.tobytes() == b.tobytes()


class Bomb:
    def __reduce__(self):
        return (os.mkdir, (os.environ["SONDAGE_BOMB"],))


def test_malicious_bin_weights_do_nothing(model_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SONDAGE_BOMB", str(tmp_path / "exploded"))
    folder = as_bin(model_folder, tmp_path)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(), protocol=2))
    with pytest.raises(EncodingError, match="cannot load the model"):
        collect(Pretrained(model=str(folder), device="cpu"), CORPUS, (0,), "word")
    assert not (tmp_path / "exploded").exists()


def test_remote_code_runs_only_when_asked(model_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SONDAGE_BOMB", str(tmp_path / "exploded"))
    folder = tmp_path / "remote"
    shutil.copytree(model_folder("bert"), folder)
    code = "import os\nos.mkdir(os.environ['SONDAGE_BOMB'])\n"
    (folder / "modelling.py").write_text(code)
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "strange",
        "auto_map": {"AutoConfig": "modelling.C", "AutoModel": "modelling.M"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(EncodingError):
        collect(Pretrained(model=str(folder), device="cpu"), CORPUS, (0,), "word")
    assert not (tmp_path / "exploded").exists()
    plain, trusted = (
        Pretrained(model=str(folder), trust_remote_code=t).fingerprint for t in (False, True)
    )
    assert plain != trusted


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_broken_files_are_told(name, model_folder, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(model_folder("bert"), folder)
    (folder / name).write_bytes(b"{not json")
    with pytest.raises(EncodingError):
        collect(Pretrained(model=str(folder), device="cpu"), CORPUS, (0,), "word")
    (folder / name).unlink()
    with pytest.raises(EncodingError):
        collect(Pretrained(model=str(folder), device="cpu"), CORPUS, (0,), "word")


def test_sharded_weights_count_whole(model_folder, tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "shards"
    shutil.copytree(model_folder("bert"), folder)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    where = {}
    for k, part in enumerate((names[::2], names[1::2])):
        file = f"model-{k + 1:05d}-of-00002.safetensors"
        save_file({n: weights[n] for n in part}, folder / file, {"format": "pt"})
        where |= dict.fromkeys(part, file)
    index = {"metadata": {}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    encoder = Pretrained(model=str(folder), device="cpu")
    a, _ = collect(encoder, CORPUS, (3,), "word")
    b, _ = collect(Pretrained(model=model_folder("bert"), device="cpu"), CORPUS, (3,), "word")
    assert a.tobytes() == b.tobytes()
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(EncodingError, match="no complete"):
        _ = Pretrained(model=str(folder)).fingerprint


@pytest.fixture
def aged(tmp_path, monkeypatch):
    file = tmp_path / "weights"
    file.write_bytes(b"abc")
    os.utime(file, (1_600_000_000, 1_600_000_000))
    monkeypatch.setattr(hashing, "SETTLED", -1.0)  # its change (ctime) cannot be set back
    return file


def test_digests_are_remembered(aged, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    first = hashing.file_digest(aged)
    assert json.loads(hashing.cache_file().read_text())[str(aged)][1] == first
    monkeypatch.setattr(hashing, "_memory", {})
    monkeypatch.setattr(hashing.hashlib, "file_digest", None)  # would fail if it were called
    assert hashing.file_digest(aged) == first


@pytest.mark.parametrize("content", ["", "[1]", '{"x": 3}', "\x00", '{"WHERE": [1, 2]}'])
def test_a_corrupt_memory_is_no_error(content, aged, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(hashing, "_memory", {})
    hashing.cache_file().parent.mkdir(parents=True)
    hashing.cache_file().write_text(content.replace("WHERE", str(aged)))
    first = hashing.file_digest(aged)
    assert json.loads(hashing.cache_file().read_text())[str(aged)][1] == first


def test_an_unwritable_memory_is_no_error(aged, tmp_path, monkeypatch):
    (tmp_path / "home").write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(hashing, "_memory", {})
    assert len(hashing.file_digest(aged)) == 32


def test_changed_files_are_hashed_again(aged, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    first = hashing.file_digest(aged)
    aged.write_bytes(b"abd")
    assert hashing.file_digest(aged) != first
    monkeypatch.setattr(hashing, "SETTLED", 2.0)
    # Written just now: the same size and perhaps the same time say nothing yet.
    aged.write_bytes(b"abe")
    second = hashing.file_digest(aged)
    aged.write_bytes(b"abf")
    assert hashing.file_digest(aged) != second


@pytest.mark.parametrize("way", ["in place", "replaced", "no change time"])
def test_weights_swapped_under_the_same_size_and_time_are_seen(way, aged, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    stat = os.stat(aged)
    first = hashing.file_digest(aged)
    other = aged if way != "replaced" else tmp_path / "other"
    other.write_bytes(b"abd")
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    os.replace(other, aged)
    with monkeypatch.context() as patched:
        if way == "no change time":
            real = os.stat
            kept = {str(aged): stat}
            patched.setattr(os, "stat", lambda path, **k: kept.get(str(path)) or real(path, **k))
        second = hashing.file_digest(aged)
        patched.setattr(hashing, "_memory", {})
        third = hashing.file_digest(aged)
    assert second == third != first


def test_a_file_written_while_it_is_hashed_is_not_remembered(aged, tmp_path, monkeypatch):
    import hashlib

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    whole = hashlib.file_digest

    def meanwhile(stream, kind):
        made = whole(stream, kind)
        aged.write_bytes(b"abd")
        return made

    with monkeypatch.context() as patched:
        patched.setattr(hashing.hashlib, "file_digest", meanwhile)
        first = hashing.file_digest(aged)
    assert hashing.file_digest(aged) != first


def test_the_same_bytes_elsewhere_are_the_same_model(model_folder, tmp_path):
    shutil.copytree(model_folder("gpt2"), tmp_path / "copy")
    (tmp_path / "copy" / "README.md").write_text("notes")
    here, there = (Pretrained(model=m) for m in (model_folder("gpt2"), str(tmp_path / "copy")))
    assert here.fingerprint == there.fingerprint
    assert Randomised(base=here).fingerprint == Randomised(base=there).fingerprint


def test_adapters_are_no_model(model_folder, tmp_path):
    """Also beside whole weights: transformers leaves them out in silence without peft."""
    for folder in (tmp_path / "alone", tmp_path / "beside"):
        if folder.name == "beside":
            shutil.copytree(model_folder("bert"), folder)
        folder.mkdir(exist_ok=True)
        (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "org/base"}')
        with pytest.raises(ParameterError, match=r"adapters .* of 'org/base'") as caught:
            _ = Pretrained(model=str(folder)).fingerprint
        assert "merge_and_unload" in caught.value.hint


def test_an_old_sentence_transformers_folder_names_its_model(model_folder, tmp_path):
    shutil.copytree(model_folder("bert"), tmp_path / "old" / "0_Transformer")
    kinds = {"0_Transformer": "Transformer", "1_Pooling": "Pooling"}
    modules = [{"path": p, "type": f"sentence_transformers.models.{k}"} for p, k in kinds.items()]
    (tmp_path / "old" / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ParameterError, match="0_Transformer") as caught:
        _ = Pretrained(model=str(tmp_path / "old")).fingerprint
    inner = caught.value.hint.removeprefix("model: ")
    assert Pretrained(model=inner).fingerprint == Pretrained(model=model_folder("bert")).fingerprint
