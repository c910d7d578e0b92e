"""Components that are dataclasses; some break a promise."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import ClassVar

from good_ones import Looped, MeanCosine
from settings_elsewhere import Settings

from sondage.testing.toys import ToyEncoder

#: The module of the settings has another one.
Order = int


@dataclass(kw_only=True, eq=False)
class Fields(Settings, Looped):
    """`units` and `seen` are no parameters."""

    units: ClassVar[str] = "vectors"
    names: list[str] = field(default_factory=list)
    seen: list[int] = field(default_factory=list, init=False)


@dataclass(kw_only=True, frozen=True)
class Frozen(MeanCosine):
    """Nothing is set after construction."""

    scale: float = 1.0


class OwnConstructor(ToyEncoder):
    """A plain class over a dataclass."""

    def __init__(self, *, salt: int = 1000, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.salt = salt


@dataclass
class PositionalFields(ToyEncoder):
    salt: int = 3


@dataclass(kw_only=True)
class ConvertedField(ToyEncoder):
    salts: tuple[int, ...] = (1000, 2000)

    def __post_init__(self) -> None:
        self.salts = (*self.salts,)


@dataclass(kw_only=True)
class NotKept(ToyEncoder):
    salt: InitVar[int] = 3
