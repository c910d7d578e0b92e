"""The folder of a training: kept steps, the newest state to go on from, the end.

``step-N/`` is the model after N steps, whole. ``progress/at-N/`` is all that a killed training
goes on from, the newest alone, and gone at the end. ``finished.json`` is written last. All
come by renaming, so that what is there under its name is whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sondage.data import Outcomes
from sondage.errors import EncodingError


@dataclass
class TrainingHistory:
    """What a training has found so far.

    Parameters
    ----------
    identity : str
        Of the training that the folder belongs to.
    losses : list of float
        Training loss of each step.
    rows : list of dict
        A row of the table of checkpoints for each kept step so far.
    test : dict of str to float
        What the last step scores on the test part.
    warnings : dict of slug to count
    outcomes : dict of str to dict
        Of ``dev`` and ``test``: ``items`` and ``groups`` of each item, ``score``, and ``values``,
        how each fared, by step. A history of before these were kept has none.
    """

    identity: str
    losses: list[float] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    test: dict[str, float] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def fared(self, part: str, step: int, found: Outcomes) -> None:
        """Take down how each item of a part of the split fared at a step."""
        same = {"items": found.items.tolist(), "groups": found.groups.tolist()}
        kept = self.outcomes.setdefault(part, same | {"score": found.score, "values": {}})
        kept["values"][str(step)] = found.values.tolist()

    def by_step(self) -> dict[str, dict[int, Outcomes]]:
        """Return what `fared` took down, by part of the split and step."""
        out: dict[str, dict[int, Outcomes]] = {}
        for part, kept in self.outcomes.items():
            items, groups = (np.array(kept[name], np.int64) for name in ("items", "groups"))
            out[part] = {
                int(step): Outcomes(items, groups, np.array(values), score=kept["score"])
                for step, values in kept["values"].items()
            }
        return out


def step_folder(folder: Path, step: int) -> Path:
    """Return where the model after a step is kept."""
    return folder / f"step-{step}"


class TrainingFolder:
    """Reads and writes a training's folder.

    Parameters
    ----------
    folder : Path
    identity : str
    steps : sequence of int
        The steps to keep.

    Raises
    ------
    EncodingError
        If the folder holds another training.
    """

    def __init__(self, folder: Path, identity: str, steps: Sequence[int]) -> None:
        self.folder = folder
        self.identity = identity
        self.steps = steps
        folder.mkdir(parents=True, exist_ok=True)
        self._progress = folder / "progress"

    @property
    def scratch(self) -> Path:
        """Where half-written things lie."""
        return self._progress / "scratch"

    def sweep(self) -> None:
        """Remove what was half written."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)

    def keep_step(self, step: int, write: Callable[[Path], None]) -> None:
        """Put what `write` writes under the step's name, whole or not at all."""
        made = self.scratch / f"step-{step}"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        write(made)
        _list_files(made)
        _replace(made, step_folder(self.folder, step))

    def keep_state(self, made: Path, step: int, history: TrainingHistory) -> None:
        """Make a checkpoint of the Trainer the state to go on from."""
        # A pickle that nothing reads.
        (made / "training_args.bin").unlink(missing_ok=True)
        (made / "history.json").write_text(json.dumps(asdict(history)), "utf-8")
        _replace(made, self._progress / f"at-{step}")
        for old in self._states():
            if old.name != f"at-{step}":
                shutil.rmtree(old)

    def newest(self) -> tuple[Path, TrainingHistory] | None:
        """Return the newest state and its history, if there is one and no earlier step is lost."""
        for path in self._states():
            earlier = [step for step in self.steps if step <= int(path.name[3:])]
            if all(_is_whole(step_folder(self.folder, step)) for step in earlier):
                return path, self._history(path / "history.json")
        return None

    def finish(self, history: TrainingHistory) -> None:
        """Say that all is there, and drop the state."""
        _write(self.folder / "finished.json", json.dumps(asdict(history)))
        shutil.rmtree(self._progress)

    def finished(self) -> TrainingHistory | None:
        """Return the history of a finished training whose steps are all there."""
        path = self.folder / "finished.json"
        if not path.is_file():
            return None
        history = self._history(path)
        if all(_is_whole(step_folder(self.folder, step)) for step in self.steps):
            return history
        # Something was lost or thrown away: the training is done again.
        path.unlink()
        return None

    def _states(self) -> list[Path]:
        found = [p for p in self._progress.glob("at-*") if p.name[3:].isdigit()]
        return sorted(found, key=lambda p: -int(p.name[3:]))

    def _history(self, path: Path) -> TrainingHistory:
        history = TrainingHistory(**json.loads(path.read_text("utf-8")))
        if history.identity != self.identity:
            raise EncodingError(
                "the folder holds another training",
                where=str(self.folder),
                hint="give each training a folder of its own",
            )
        return history


def _is_whole(folder: Path) -> bool:
    try:
        names = json.loads((folder / "files.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return all((folder / name).is_file() for name in names)


def _list_files(folder: Path) -> None:
    # safetensors makes files that only their owner can read; a store may be shared.
    mode = (folder / "config.json").stat().st_mode
    names = sorted(p.name for p in folder.iterdir())
    for name in names:
        if name.endswith(".safetensors"):
            (folder / name).chmod(mode)
    (folder / "files.json").write_text(json.dumps(names), "utf-8")


def _replace(made: Path, goal: Path) -> None:
    """Rename a folder, on the disk before it has its name."""
    _sync([*made.iterdir(), made])
    if goal.exists():
        shutil.rmtree(goal)
    made.rename(goal)
    _sync([goal.parent])


def _write(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text, "utf-8")
    _sync([scratch])
    scratch.replace(path)
    _sync([path.parent])


def _sync(paths: Iterable[Path]) -> None:
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
