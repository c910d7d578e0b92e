"""The conformance kit on the encoders of this plugin, one family after the other."""

import pytest

from sondage.testing import conformance
from sondage.testing.toys import ToyTask
from sondage_transformers import Pretrained

folders: dict[str, str] = {}


@pytest.fixture(autouse=True)
def _folders(model_folder):
    folders["bert"] = model_folder("bert")
    folders["gpt2"] = model_folder("gpt2")


def base(family="bert"):
    return Pretrained(model=folders[family], device="cpu")


@conformance(
    "transformers",
    params={
        "transformers.pretrained": {"model": lambda: folders["gpt2"], "device": "cpu"},
        "transformers.randomised": {"base": base, "seed": 1},
        "transformers.truncated": {"base": base, "layers": 2},
        "transformers.finetuned": {"base": base, "task": ToyTask(n=12), "epochs": 1},
    },
    variants={
        "transformers.pretrained": [
            {"dtype": "bfloat16"},
            {"max_length": 30},
            {"model": lambda: folders["bert"]},
        ],
        "transformers.randomised": [{"seed": 2}, {"base": lambda: base("gpt2")}],
        "transformers.truncated": [{"layers": 1}, {"base": lambda: base("gpt2")}],
        "transformers.finetuned": [
            {"task": ToyTask(n=13)},
            {"base": lambda: base("gpt2")},
            {"freeze": 1},
            {"checkpoints": 2},
            {"betas": (0.9, 0.99)},
            {"schedule": "slanted-triangular"},
            {"head_dropout": 0.0},
        ],
    },
)
def test_conformance(component, check):
    check(component)
