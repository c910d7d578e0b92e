"""Pretrained, randomised and truncated: what identifies them, and how they relate."""

import pickle
import random
import shutil

import numpy as np
import pytest

from sondage.data import Corpus
from sondage.errors import EncodingError, ParameterError
from sondage_transformers import Pretrained, Randomised, Truncated, collect

CORPUS = Corpus.of_words([["the", "fox", "naïve"], ["station"], ["He", "'s", "not", "here", "."]])


def pretrained(model_folder, family="bert", **options):
    return Pretrained(model=model_folder(family), device="cpu", **options)


def test_truncated_is_the_bases_first_layers(family, model_folder):
    base = pretrained(model_folder, family)
    whole, _ = collect(base, CORPUS, range(base.n_layers + 1), "word")
    for k in range(base.n_layers + 1):
        cut = Truncated(base=base, layers=k)
        assert cut.n_layers == k
        assert cut.width == base.width
        assert cut.views == base.views
        rows, _ = collect(cut, CORPUS, range(k + 1), "word")
        assert rows.tobytes() == whole[: k + 1].tobytes()
        with pytest.raises(EncodingError, match=f"among 0 to {k}"):
            collect(cut, CORPUS, (k + 1,), "word")
    prints = {Truncated(base=base, layers=k).fingerprint for k in range(base.n_layers + 1)}
    assert len(prints | {base.fingerprint}) == base.n_layers + 2
    with pytest.raises(ParameterError, match="the base has"):
        _ = Truncated(base=base, layers=base.n_layers + 1).n_layers


def test_truncated_takes_any_encoder():
    from sondage.testing.toys import ToyEncoder

    toy = ToyEncoder(n_layers=3)
    cut = Truncated(base=toy, layers=1)
    rows, _ = collect(cut, CORPUS, (0, 1), "word")
    whole, _ = collect(toy, CORPUS, (0, 1), "word")
    assert rows.tobytes() == whole.tobytes()
    assert (
        cut.row_counts(CORPUS, "subwords").tolist() == toy.row_counts(CORPUS, "subwords").tolist()
    )


def test_randomised_draws_all_weights_anew(family, model_folder):
    base = pretrained(model_folder, family)
    twin, again, other = (Randomised(base=base, seed=s) for s in (3, 3, 4))
    layers = range(base.n_layers + 1)
    learned, _ = collect(base, CORPUS, layers, "word")
    a, b, c = (collect(e, CORPUS, layers, "word")[0] for e in (twin, again, other))
    assert a.tobytes() == b.tobytes()
    for layer in layers:  # layer 0 too: the embeddings are drawn
        assert not np.allclose(a[layer], learned[layer], atol=1e-3)
        assert not np.allclose(a[layer], c[layer], atol=1e-3)
    assert len({e.fingerprint for e in (base, twin, other)}) == 3
    assert twin.fingerprint == again.fingerprint
    assert twin.views == base.views


def test_randomised_weights_follow_the_architectures_initialisation(model_folder):
    model = Randomised(base=pretrained(model_folder))._engine.network.model
    embeddings = model.embeddings.word_embeddings.weight
    assert 0.015 < float(embeddings.std()) < 0.025  # initializer_range 0.02
    assert float(embeddings[0].abs().max()) == 0  # the padding row
    norm = model.encoder.layer[0].output.LayerNorm
    assert (norm.weight == 1).all()
    assert (norm.bias == 0).all()


def test_randomised_does_not_need_the_weights(model_folder, tmp_path):
    """Two checkpoints of one architecture have one randomised twin."""
    folder = tmp_path / "copy"
    shutil.copytree(model_folder("bert"), folder)
    first = Randomised(base=pretrained(model_folder), seed=1)
    (folder / "model.safetensors").unlink()
    second = Randomised(base=Pretrained(model=str(folder), device="cpu"), seed=1)
    assert first.fingerprint == second.fingerprint
    a, _ = collect(first, CORPUS, (0, 3), "mean")
    b, _ = collect(second, CORPUS, (0, 3), "mean")
    assert a.tobytes() == b.tobytes()


def test_randomised_and_truncated_compose(model_folder):
    base = pretrained(model_folder, "gpt2")
    one = Randomised(base=Truncated(base=base, layers=1), seed=2)
    two = Truncated(base=Randomised(base=base, seed=2), layers=1)
    assert one.n_layers == two.n_layers == 1
    a, _ = collect(one, CORPUS, (0, 1), "word")
    b, _ = collect(two, CORPUS, (0, 1), "word")
    assert a.tobytes() == b.tobytes()
    assert one.fingerprint != Randomised(base=base, seed=2).fingerprint


def test_randomised_refuses_foreign_bases():
    from sondage.testing.toys import ToyEncoder

    with pytest.raises(ParameterError, match="not ToyEncoder"):
        _ = Randomised(base=ToyEncoder()).fingerprint


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 0.02), ("bfloat16", 0.15)])
def test_half_precision_is_close(family, model_folder, dtype, tolerance):
    if family == "t5" and dtype == "float16":
        tolerance = 0.05
    full, half = pretrained(model_folder, family), pretrained(model_folder, family, dtype=dtype)
    layers = range(full.n_layers + 1)
    a, _ = collect(full, CORPUS, layers, "word")
    b, _ = collect(half, CORPUS, layers, "word")
    assert b.dtype == np.float32
    assert a.tobytes() != b.tobytes()
    np.testing.assert_allclose(a, b, atol=tolerance * np.abs(a).max())
    assert full.fingerprint != half.fingerprint


def test_what_changes_a_number_changes_the_fingerprint(model_folder, tmp_path):
    base = pretrained(model_folder).fingerprint
    assert pretrained(model_folder, max_tokens=7).fingerprint == base
    assert Pretrained(model=model_folder("bert"), device="cuda").fingerprint == base
    assert pretrained(model_folder, max_length=32).fingerprint != base
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        folder = tmp_path / name
        shutil.copytree(model_folder("bert"), folder)
        assert Pretrained(model=str(folder)).fingerprint == base
        raw = bytearray((folder / name).read_bytes())
        raw[-2] ^= 1
        (folder / name).write_bytes(raw)
        changed = Pretrained(model=str(folder))
        if name == "config.json":
            (folder / name).write_text((folder / name).read_text()[:-2] + " }")
        assert changed.fingerprint != base


def test_pickles_without_the_model(model_folder):
    encoder = pretrained(model_folder)
    rows, _ = collect(encoder, CORPUS, (0, 2), "word")
    raw = pickle.dumps(encoder)
    assert len(raw) < 2000
    again = pickle.loads(raw)
    assert again.fingerprint == encoder.fingerprint
    assert collect(again, CORPUS, (0, 2), "word")[0].tobytes() == rows.tobytes()


def test_release_forgets_the_model(model_folder):
    encoder = pretrained(model_folder)
    rows, _ = collect(encoder, CORPUS, (0, 2), "word")
    encoder.release()
    assert "_engine" not in vars(encoder)
    assert collect(encoder, CORPUS, (0, 2), "word")[0].tobytes() == rows.tobytes()


def test_global_random_state_is_untouched(model_folder):
    import torch

    def state():
        return (
            random.getstate(),
            np.random.get_state()[1].tobytes(),  # noqa: NPY002
            torch.get_rng_state().numpy().tobytes(),
        )

    before = state()
    base = pretrained(model_folder)
    for encoder in (base, Randomised(base=base, seed=5), Truncated(base=base, layers=1)):
        collect(encoder, CORPUS, (0, 1), "word")
        collect(encoder, CORPUS, (1,), "attention")
    assert state() == before


def test_infinite_values_are_counted(model_folder, tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "inf"
    shutil.copytree(model_folder("bert"), folder)
    weights = load_file(folder / "model.safetensors")
    weights["encoder.layer.1.output.LayerNorm.bias"][0] = np.inf
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    from sondage.data import Request

    encoder = Pretrained(model=str(folder), device="cpu")
    (chunk,) = encoder.encode(CORPUS, Request((0, 1, 2), ("word",)))
    assert chunk.warnings == {"nonfinite-rows": CORPUS.n_words}


def test_missing_weights_are_an_error(model_folder, tmp_path):
    """A model with random parts must never pass for a pretrained one."""
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "part"
    shutil.copytree(model_folder("bert"), folder)
    weights = load_file(folder / "model.safetensors")
    lost = [k for k in weights if k.startswith("encoder.layer.2.")]
    save_file(
        {k: v for k, v in weights.items() if k not in lost},
        folder / "model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(EncodingError, match=f"lack {len(lost)} tensors"):
        collect(Pretrained(model=str(folder), device="cpu"), CORPUS, (0,), "word")


def test_unusable_devices_are_told(model_folder):
    for device in ("nonsense", "cuda:99"):
        with pytest.raises(ParameterError, match=device):
            collect(Pretrained(model=model_folder("bert"), device=device), CORPUS, (0,), "word")


def test_loading_is_silent(model_folder, capfd):
    collect(pretrained(model_folder), CORPUS, (0,), "word")
    collect(Randomised(base=pretrained(model_folder)), CORPUS, (0,), "word")
    assert capfd.readouterr() == ("", "")


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu(family, model_folder):
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    on_cpu = pretrained(model_folder, family)
    on_gpu = Pretrained(model=model_folder(family), device="cuda", max_tokens=16)
    for view in ("word", "mean", "max", "subwords", "attention"):
        layers = range(1, on_cpu.n_layers + 1)
        a, _ = collect(on_cpu, CORPUS, layers, view)
        b, _ = collect(on_gpu, CORPUS, layers, view)
        np.testing.assert_allclose(a, b, atol=1e-3)
        again, _ = collect(on_gpu, CORPUS, layers, view)
        assert again.tobytes() == b.tobytes()


def test_the_origin_is_the_model_as_named_with_a_checksum_of_its_files(model_folder, tmp_path):
    folder = model_folder("bert")
    origin = Pretrained(model=folder).origin
    assert origin["model"] == folder
    assert origin["revision"] == ""
    assert len(origin["files"]) == 32
    # As the hub's cache keeps a commit; the files are what they were.
    commit = tmp_path / "models--org--name" / "snapshots" / ("0a" * 20)
    shutil.copytree(folder, commit)
    wanted = {"revision": "0a" * 20, "files": origin["files"]}
    assert Pretrained(model=str(commit)).origin == {"model": str(commit), **wanted}
    # Weights that are drawn need no file of weights.
    for file in (*commit.glob("*.safetensors"), *commit.glob("*.bin")):
        file.unlink()
    assert Pretrained(model=str(commit)).origin["files"] not in ("", origin["files"])
