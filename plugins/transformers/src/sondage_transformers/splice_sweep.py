"""Spliced encoders for every number of replaced layers, as one series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from sondage.contracts import Encoder
from sondage.data import digest
from sondage.errors import ParameterError
from sondage_transformers.spliced import Spliced

_NAME = "transformers.splice_sweep"


@dataclass(kw_only=True, eq=False)
class SpliceSweep:
    """Spliced encoders of one base and one donor, as a series over which layers are replaced.

    A composition that names it gets all of them, and results have them apart by the column
    ``step``: the number k of last blocks that are the donor's (0 to L; 0 is the base), or
    the number i of the one block that is (1 to L).

    Parameters
    ----------
    base : Encoder
        Whose layers are replaced; an encoder of this plugin.
    donor : Encoder
        Whose layers take their place; of the same architecture and size.
    replace : {'last', 'only'}
        The ``step`` last blocks, or block ``step`` alone.
    positions : {'all'} or list of int
        Which numbers; they become the steps.
    embeddings : bool
        Whether the embeddings are the donor's too, at every step.

    References
    ----------
    `last`: Mosbach et al. 2020, arXiv:2010.02616, section 5.2 and figure 3c and d. `only`: Hao et
    al. 2020, AACL-IJCNLP, section 4 and figure 3. Departs from them: Hao
    et al. number the blocks from 0; here, as everywhere, the first is 1.
    """

    base: Encoder
    donor: Encoder
    replace: Literal["last", "only"] = "last"
    positions: Literal["all"] | list[Annotated[int, Field(ge=0)]] = "all"
    embeddings: bool = False

    @property
    def steps(self) -> tuple[int, ...]:
        """The numbers of replaced blocks, or of the replaced block, ascending.

        Raises
        ------
        ParameterError
            If the base has fewer blocks.
        """
        n = self.base.n_layers
        lowest = 0 if self.replace == "last" else 1
        if isinstance(self.positions, str):
            return tuple(range(lowest, n + 1))
        wrong = [k for k in self.positions if not lowest <= k <= n]
        if wrong or not self.positions:
            said = f"{wrong[0]} is not among {lowest} to {n}" if wrong else "there are none"
            raise ParameterError(
                f"positions: {said} (replace: {self.replace}; the base has {n} blocks)",
                where=_NAME,
            )
        return tuple(sorted(set(self.positions)))

    @property
    def fingerprint(self) -> str:
        """32 hex digits over the fingerprints of base and donor, and what is replaced."""
        parts = (self.base.fingerprint, self.donor.fingerprint)
        return digest(_NAME, *parts, self.replace, self.steps, self.embeddings)

    @property
    def notes(self) -> tuple[str, ...]:
        """As `Spliced.notes`."""
        return self.at(self.steps[0]).notes

    def at(self, step: int) -> Spliced:
        """Return the encoder with the `step` last blocks, or that block, of the donor."""
        return Spliced(
            base=self.base,
            donor=self.donor,
            layers=f"{self.replace}:{step}",
            embeddings=self.embeddings,
        )
