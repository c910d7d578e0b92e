"""Parameters that components of another module inherit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Order = Literal["given", "drawn"]


@dataclass(kw_only=True, eq=False)
class Settings:
    """How something is done.

    Parameters
    ----------
    order : {'given', 'drawn'}
        What comes first.
    sizes : tuple of int
        How many.
    """

    order: Order = "given"
    sizes: tuple[int, ...] = (1000, 2000)
