"""The measures as sondage components, measured in passing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from sondage.errors import ParameterError
from sondage.specs import Before
from sondage_attention.options import Choice, Ground, Segment, Unit, scale_of

if TYPE_CHECKING:
    from sondage_attention.averages import OfOne, OfPair


@dataclass(kw_only=True, eq=False)
class Attention:
    """What of an attention map is read.

    Parameters
    ----------
    rows : {'all', 'cls'}
        Rows that are averaged: of every position, or only of the first, which is [CLS] in
        models that begin with it.
    special : {'keep', 'drop'}
        Whether [CLS], [SEP] and their like count: as what is looked at, and as what looks. A row
        is divided by what is left of it. With ``rows: cls`` the first position looks in any case.
    from_segment : {0, 1}, optional
        Only rows of this segment: 0 is a pair's first text, 1 its second. Special tokens are in
        neither.
    to_segment : {0, 1}, optional
        Only what is given to this segment. A row is divided by what is left of it.
    """

    units: ClassVar[Literal["attention"]] = "attention"
    randomness: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str]

    rows: Literal["all", "cls"] = "all"
    special: Literal["keep", "drop"] = "keep"
    from_segment: Segment = None
    to_segment: Segment = None

    def __post_init__(self) -> None:
        if self.rows == "cls" and self.from_segment is not None:
            raise ParameterError(
                f"{self.name}: from_segment and rows: cls exclude each other, since the first "
                "position is in no segment",
                hint="leave one of them out",
            )

    @property
    def choice(self) -> Choice:
        """What of a map is read."""
        return Choice(self.rows, self.special, self.from_segment, self.to_segment)


@dataclass(kw_only=True, eq=False)
class JS(Attention):
    """Jensen-Shannon divergence of two models' attention, averaged as in Hao et al. 2020.

    Score ``js``; table ``heads`` has it by head. See `sondage_attention.js` for formula, source
    and departures.

    Parameters
    ----------
    unit : {'nats', 'bits'}
        Of the score.
    """

    name: ClassVar[str] = "attention.js"
    symmetric: ClassVar[bool] = True
    self_value: ClassVar[float] = 0.0
    invariances: ClassVar[frozenset[str]] = frozenset()

    unit: Annotated[Unit, Before("rows")] = "nats"

    @property
    def bounds(self) -> tuple[float, float]:
        """0, and log 2 in nats, 1 in bits."""
        return (0.0, math.log(2) * scale_of(self.unit))

    def begin(self, seed: int) -> OfPair:
        """Return an empty accumulator; `seed` controls nothing."""
        from sondage_attention.averages import OfPair
        from sondage_attention.measures import Divergence

        return OfPair(Divergence(self.choice, self.unit))


@dataclass(kw_only=True, eq=False)
class EMD(Attention):
    """Earth mover's distance between two models' attention, averaged as in Hao et al. 2020.

    Score ``emd``, and with ground ``position``, where it is counted in positions, score
    ``relative`` too: over the largest distance that a sentence has. Table ``heads`` has them by
    head. See `sondage_attention.emd` for formula, source and departures.

    Parameters
    ----------
    ground : {'position', 'uniform'}
        What moving from i to j costs: the positions between them, or 1.
    """

    name: ClassVar[str] = "attention.emd"
    symmetric: ClassVar[bool] = True
    self_value: ClassVar[float] = 0.0
    invariances: ClassVar[frozenset[str]] = frozenset()

    ground: Annotated[Ground, Before("rows")] = "position"

    @property
    def bounds(self) -> tuple[float, float]:
        """0, and 1 for ``uniform``."""
        return (0.0, 1.0 if self.ground == "uniform" else math.inf)

    def begin(self, seed: int) -> OfPair:
        """Return an empty accumulator; `seed` controls nothing."""
        from sondage_attention.averages import OfPair
        from sondage_attention.measures import Distance

        return OfPair(Distance(self.choice, self.ground))


@dataclass(kw_only=True, eq=False)
class Entropy(Attention):
    """Entropy of one model's attention, averaged as in Hao et al. 2020.

    Scores ``entropy``, and ``relative``: over the logarithm of the number of positions, 1 where
    all are looked at alike. Table ``heads`` has them by head. With ``rows: cls`` the entropy is
    H_0 of Mosbach et al. 2020. See `sondage_attention.entropy` for formula, source and
    departures.

    Parameters
    ----------
    unit : {'nats', 'bits'}
        Of the score.
    """

    name: ClassVar[str] = "attention.entropy"
    bounds: ClassVar[tuple[float, float]] = (0.0, math.inf)

    unit: Annotated[Unit, Before("rows")] = "nats"

    def begin(self, seed: int) -> OfOne:
        """Return an empty accumulator; `seed` controls nothing."""
        from sondage_attention.averages import OfOne
        from sondage_attention.measures import Spread

        return OfOne(Spread(self.choice, self.unit))
