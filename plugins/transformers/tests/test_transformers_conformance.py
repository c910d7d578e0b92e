"""The conformance kit on the encoders of this plugin, one family after the other."""

import shutil
import tempfile
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from sondage.testing import conformance
from sondage.testing.toys import ToyQuestions, ToyTask
from sondage_transformers import Finetuned, Pretrained, Randomised

folders: dict[str, str] = {}


@pytest.fixture(autouse=True)
def _folders(model_folder):
    folders["bert"] = model_folder("bert")
    folders["gpt2"] = model_folder("gpt2")
    folders["roberta"] = model_folder("roberta")


def base(family="bert"):
    return Pretrained(model=folders[family], device="cpu")


def drawn(seed=1):
    return Randomised(base=base(), seed=seed)


def other():
    """Return a folder with another checkpoint of the same model."""
    if "other" not in folders:
        import torch

        folder = tempfile.mkdtemp()
        shutil.copytree(folders["bert"], folder, dirs_exist_ok=True)
        weights = load_file(f"{folder}/model.safetensors")
        moved = {name: (w + 0.01).to(torch.float32) for name, w in weights.items()}
        save_file(moved, f"{folder}/model.safetensors", metadata={"format": "pt"})
        folders["other"] = folder
    return folders["other"]


@conformance(
    "transformers",
    params={
        "transformers.pretrained": {"model": lambda: folders["gpt2"], "device": "cpu"},
        "transformers.randomised": {"base": base, "seed": 1},
        "transformers.truncated": {"base": base, "layers": 2},
        "transformers.finetuned": {"base": base, "task": ToyTask(n=12), "epochs": 1},
        "transformers.spliced": {"base": base, "donor": drawn, "layers": "last:2"},
        "transformers.splice_sweep": {"base": base, "donor": drawn, "replace": "only"},
        "transformers.checkpoints": {"folders": lambda: [folders["bert"], other()]},
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
            {"task": ToyQuestions()},
            {"task": ToyQuestions(), "overlap": 5},
            {"task": ToyQuestions(), "window_step": 5},
            {"task": ToyQuestions(), "max_question": 5},
            {"task": ToyQuestions(), "max_answer": 5},
        ],
        "transformers.spliced": [
            {"layers": "only:2"},
            {"layers": [1, 2]},
            {"embeddings": True},
            {"donor": lambda: drawn(2)},
            {"base": lambda: drawn(3)},
        ],
        "transformers.splice_sweep": [
            {"replace": "last"},
            {"positions": [1, 2]},
            {"embeddings": True},
            {"donor": lambda: drawn(2)},
        ],
        "transformers.checkpoints": [
            {"folders": lambda: [folders["bert"]]},
            {"folders": lambda: {0: folders["bert"], 5: other()}},
            {"folders": lambda: [other(), folders["bert"]]},
            {"dtype": "bfloat16"},
            {"max_length": 30},
        ],
    },
)
def test_conformance(component, check):
    check(component)


def masked(family="bert"):
    """Return a masked language model with its head, all of it random."""
    name = f"masked-{family}"
    if name not in folders:
        import torch
        from transformers import AutoConfig, AutoModelForMaskedLM

        folder = tempfile.mkdtemp()
        shutil.copytree(folders[family], folder, dirs_exist_ok=True)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(4)
            model = AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(folder))
            for parameter in model.parameters():
                parameter.data += 0.3 * torch.randn_like(parameter)
        model.save_pretrained(folder)
        folders[name] = folder
    return Pretrained(model=folders[name], device="cpu")


def tuned():
    """Return the last step of a training from a masked language model."""
    series = Finetuned(base=masked(), task=ToyTask(n=12), epochs=1, learning_rate=0.01)
    folder = Path(folders.setdefault("tuned", tempfile.mkdtemp()))
    series.place(folder)
    if not any(folder.iterdir()):
        series.train()
    return series.at(series.steps[-1])


OFFERED = [
    f"transformers.{component}:check_{name}"
    for component in ("pretrained", "spliced")
    for name in (
        "mask_and*", "each_target*", "probabilities*", "nats_follow*", "nothing_but*",
        "rows_are_predicted*", "predicting*", "word_numbers*", "the_end_task*", "a_shown_model*",
        "what_was_let_go*",
    )
]  # fmt: skip


@conformance(
    "transformers",
    only=OFFERED,
    params={
        "transformers.pretrained": {"model": lambda: masked("roberta").model, "device": "cpu"},
        "transformers.spliced": {"base": tuned, "donor": masked, "layers": "last:2"},
    },
)
def test_conformance_with_heads(component, check):
    check(component)
