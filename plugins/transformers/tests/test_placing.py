"""A model that accelerate spreads over devices gives the vectors of one that is on one."""

import sys

import numpy as np
import pytest
import torch

from sondage.data import Corpus, Request
from sondage.errors import EncodingError, ParameterError
from sondage_transformers import Pretrained, Randomised, Spliced, placing

WORDS = [["Nobody", "knew", "the", "bank", "."], ["Straße"], ["He", "'s", "not", "here"]]
#: Of each family, where its modules go: some wait in a file until they are needed.
MAPS = {
    "bert": {"embeddings": "cpu", "encoder.layer.0": "cpu", "encoder.layer.1": "disk",
             "encoder.layer.2": "disk", "pooler": "cpu"},
    "gpt2": {"wte": "disk", "wpe": "cpu", "h.0": "disk", "h.1": "cpu", "h.2": "disk",
             "ln_f": "cpu"},
}  # fmt: skip


def states(encoder, views=("mean", "word", "subwords"), layers=None):
    corpus = Corpus.of_words(WORDS)
    layers = tuple(range(encoder.n_layers + 1)) if layers is None else layers
    found = {}
    for chunk in encoder.encode(corpus, Request(layers, views)):
        for view, rows in chunk.rows.items():
            found.setdefault(view, []).append(rows)
    return {view: np.concatenate(parts, axis=1) for view, parts in found.items()}


def assert_alike(a, b):
    assert a.keys() == b.keys()
    for view, rows in a.items():
        np.testing.assert_array_equal(rows, b[view], err_msg=view)


@pytest.mark.parametrize("family", ["bert", "gpt2", "t5"])
@pytest.mark.parametrize("device_map", [{"": "cpu"}, "auto", "disk"])
def test_vectors_are_those_of_one_device(model_folder, family, device_map):
    if device_map == "disk":
        if family not in MAPS:
            pytest.skip("one map a kind of model")
        device_map = MAPS[family]
    folder = model_folder(family)
    spread = Pretrained(model=folder, device_map=device_map)
    whole = Pretrained(model=folder, device="cpu")
    assert spread.fingerprint == whole.fingerprint
    views = ("mean", "word", "subwords", *(() if family == "t5" else ("attention",)))
    assert_alike(states(spread, views), states(whole, views))
    # The pass ends after the highest layer that is asked for, and the next one begins anew.
    for layers in ((1,), (0,), (1, 2)):
        assert_alike(states(spread, layers=layers), states(whole, layers=layers))


@pytest.mark.parametrize("options", [{"dtype": "bfloat16"}, {"output": "attn_out"}])
def test_half_precision_and_parts_of_blocks_come_from_modules_in_a_file_too(model_folder, options):
    folder = model_folder("gpt2")
    spread = Pretrained(model=folder, device_map=MAPS["gpt2"], **options)
    assert_alike(states(spread), states(Pretrained(model=folder, device="cpu", **options)))


def test_weights_wait_in_their_file(model_folder):
    spread = Pretrained(model=model_folder("gpt2"), device_map=MAPS["gpt2"])
    states(spread)
    module = spread.module()
    assert {p.device.type for p in module.h[0].parameters()} == {"meta"}
    assert {p.device.type for p in module.h[1].parameters()} == {"cpu"}
    assert placing.place_of(module) == torch.device("cpu")


def test_states_come_back_from_blocks_and_not_from_what_is_within(monkeypatch):
    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.experts = torch.nn.ModuleList([torch.nn.Linear(2, 2) for _ in range(2)])

        def forward(self, x):
            return x + sum(expert(x) for expert in self.experts)

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = torch.nn.ModuleList([Block(), Block()])

        def forward(self, x):
            for block in self.blocks:
                x = block(x)
            return x

    sent = []
    monkeypatch.setattr(
        "accelerate.utils.send_to_device", lambda x, place: sent.append(str(place)) or x
    )
    placing.gathered(Model())(torch.zeros(1, 2))
    # Two blocks and the model; experts stay beside what theirs is added to.
    assert sent == ["cpu"] * 3


def test_either_a_device_or_a_map():
    with pytest.raises(ParameterError, match="either device or device_map"):
        Pretrained(model="m", device="cpu", device_map="auto")


def test_a_map_needs_accelerate(model_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(ParameterError, match="needs the package accelerate") as caught:
        states(Pretrained(model=model_folder("bert"), device_map="auto"))
    assert "pip install accelerate" in str(caught.value)


def test_what_a_map_does_not_name_is_there_all_the_same(model_folder):
    folder = model_folder("bert")
    spread = Pretrained(model=folder, device_map={"embeddings": "cpu"})
    assert_alike(states(spread), states(Pretrained(model=folder, device="cpu")))


def test_a_device_that_is_not_there_is_an_error(model_folder):
    with pytest.raises(EncodingError, match="cannot load the model"):
        states(Pretrained(model=model_folder("bert"), device_map={"": "cuda:7"}))


def test_what_changes_weights_wants_one_device(model_folder):
    folder = model_folder("bert")
    base = Pretrained(model=folder, device_map="auto")
    for other in (Randomised(base=base), Spliced(base=base, donor=base, layers=[1])):
        with pytest.raises(ParameterError, match="whole on one device"):
            states(other)
