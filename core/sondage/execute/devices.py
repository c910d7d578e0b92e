"""The devices of this machine, and local workers that have one each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_CARDS = Path("/proc/driver/nvidia/gpus")


def cards() -> list[str]:
    """Return the CUDA devices that this process may use, as CUDA names them; nothing is loaded."""
    given = os.environ.get(_VISIBLE)
    if given is not None:
        # CUDA takes the list up to the first that is none.
        names = [name.strip() for name in given.split(",")]
        ends = [i for i, name in enumerate(names) if name in ("", "-1")]
        return names[: ends[0]] if ends else names
    try:
        return [str(i) for i, _ in enumerate(sorted(_CARDS.iterdir()))]
    except OSError:
        return []


def options_of(number: int, there: list[str]) -> dict[str, Any]:
    """Return what a local worker is started with: a device of its own as long as there are some.

    The others see none, so that one device never holds the models of two workers.

    Parameters
    ----------
    number : int
        Which worker, from 0.
    there : list of str
        The machine's devices.
    """
    if not there:
        return {}
    if number < len(there):
        return {"resources": {"GPU": 1}, "env": {_VISIBLE: there[number]}}
    return {"env": {_VISIBLE: ""}}
