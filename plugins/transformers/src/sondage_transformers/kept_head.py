"""The head of a training, kept beside the weights of each step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.data import Answers, Labels, Trees
from sondage.errors import DataError, EncodingError
from sondage_transformers.examples import arity_of

if TYPE_CHECKING:
    from sondage_transformers.heads import Head

#: Within the folder of a step.
FILE = "head.safetensors"


def keep_head(folder: Path, head: Head, target: Labels | Trees | Answers) -> None:
    """Write a head's weights, and what it predicts, into the folder of a step."""
    from safetensors.torch import save_file

    weights = {name: w.detach().cpu().contiguous() for name, w in head.state_dict().items()}
    # One entry alone: safetensors writes several in any order, and the bytes would differ.
    save_file(weights, folder / FILE, metadata={"predicts": json.dumps(_predicted(target))})


def read_head(folder: Path, target: Labels | Trees | Answers, where: str) -> dict[str, Any]:
    """Return a kept head's weights by name.

    Raises
    ------
    EncodingError
        If the training kept no head.
    DataError
        If the head predicts something else than this target.
    """
    from safetensors import safe_open

    path = folder / FILE
    if not path.is_file():
        raise EncodingError(
            "the training kept no head: it was made before heads were kept",
            where=str(folder),
            hint="train again, once 'sondage cache prune --encoder' has removed these weights",
        )
    with safe_open(str(path), framework="pt") as stored:
        predicts = json.loads(stored.metadata()["predicts"])
        weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    if predicts != _predicted(target):
        raise DataError(
            f"{where}: the head was trained on {_said(predicts)}, not on "
            f"{_said(_predicted(target))}",
            hint="the task that the encoder was trained on",
        )
    return weights


def _predicted(target: Labels | Trees | Answers) -> dict[str, Any]:
    labels = [] if isinstance(target, Answers) else list(target.names)
    return {"arity": arity_of(target), "labels": labels}


def _said(predicts: dict[str, Any]) -> str:
    if predicts["arity"] == -2:
        return "answers in contexts"
    kinds = {-1: "trees", 0: "sentences", 1: "words"}
    labels = predicts["labels"]
    shown = ", ".join(map(str, labels[:4])) + (", ..." if len(labels) > 4 else "")
    return f"{kinds.get(predicts['arity'], 'pairs of words')} with {len(labels)} labels ({shown})"
