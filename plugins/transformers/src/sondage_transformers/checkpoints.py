"""Published checkpoints of one model as a series."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from sondage.data import digest
from sondage.errors import ParameterError
from sondage_transformers.base_encoder import BaseEncoder
from sondage_transformers.pretrained import Pretrained
from sondage_transformers.recipe import Dtype, Recipe
from sondage_transformers.tensors import equal_groups

_NAME = "transformers.checkpoints"

Number = Annotated[int, Field(ge=0)]
Named = dict[Number, str] | list[str]


@dataclass(kw_only=True, eq=False)
class Checkpoints:
    """Checkpoints of one model that someone has published or kept, as a series of encoders.

    Each is a `Pretrained` of its own. A plan says which of them hold the same weights: of one
    published series 86 of 154 do.

    Parameters
    ----------
    model : str, optional
        A hub name, with `revisions`.
    revisions : dict of int to str, or list of str, optional
        Branches, tags or commits by training step. Those of a list are numbered 0, 1, 2, ...
    folders : dict of int to str, or list of str, optional
        Local folders instead (or hub names of their own), likewise.
    dtype, device, max_tokens, trust_remote_code, max_length
        As of ``transformers.pretrained``, for all of them.

    References
    ----------
    Wolf et al. 2020, arXiv:1910.03771v5. Departs from it: none.
    """

    model: str | None = None
    revisions: Named | None = None
    folders: Named | None = None
    dtype: Dtype = "float32"
    device: str = "auto"
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    trust_remote_code: bool = False
    max_length: Annotated[int, Field(ge=3)] | None = None

    def __post_init__(self) -> None:
        if (self.model is None) != (self.revisions is None) or (
            (self.revisions is None) == (self.folders is None)
        ):
            raise ParameterError(
                f"{_NAME} takes either model and revisions, or folders",
                hint='revisions: {"1000": step1000, "2000": step2000}, or folders: [PATH, PATH]',
            )
        if not self._named:
            raise ParameterError(f"{_NAME}: there are no checkpoints", hint="at least one")

    @property
    def _named(self) -> dict[int, str]:
        given = self.folders if self.revisions is None else self.revisions
        pairs = given.items() if isinstance(given, dict) else enumerate(given or ())
        return dict(sorted(pairs))

    @property
    def steps(self) -> tuple[int, ...]:
        """The numbers of the checkpoints, ascending."""
        return tuple(self._named)

    @property
    def fingerprint(self) -> str:
        """32 hex digits over those of all checkpoints."""
        return digest(_NAME, *(member.fingerprint for member in self._members.values()))

    def at(self, step: int) -> Member:
        """Return the encoder of one checkpoint."""
        return self._members[step]

    @cached_property
    def _members(self) -> dict[int, Member]:
        return {step: Member(self._pretrained(name), step) for step, name in self._named.items()}

    def _pretrained(self, name: str) -> Pretrained:
        where = {"model": name} if self.model is None else {"model": self.model, "revision": name}
        return Pretrained(
            **where,
            dtype=self.dtype,
            device=self.device,
            max_tokens=self.max_tokens,
            trust_remote_code=self.trust_remote_code,
            max_length=self.max_length,
        )

    def equal(self) -> list[list[int]]:
        """Return the steps whose checkpoints hold the same tensors, in groups of two and more.

        Files are read a piece at a time; what was found is remembered as fingerprints are.

        Raises
        ------
        EncodingError, ParameterError
            If a checkpoint is not there or cannot be read.
        """
        files = {step: one.recipe.checkpoint.weights() for step, one in self._members.items()}
        return equal_groups(files)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a plan should say: which checkpoints have the same weights."""
        return tuple(
            f"the checkpoints of steps {', '.join(map(str, group))} have the same weights"
            for group in self.equal()
        )

    def drift(self) -> dict[str, list[Any]]:
        """Return how far the weights of each layer are from the first checkpoint's.

        Returns
        -------
        dict with columns of equal length
            ``step``; ``layer`` (0 is what lies below the blocks; see `splicing.parts_of`);
            ``distance``, the Euclidean norm of the difference of all parameters of the layer;
            and ``relative``, the same over the norm of the first checkpoint's. Two models are in
            memory at a time.

        Raises
        ------
        ParameterError
            If the checkpoints are not of one architecture and size, or blocks share parameters.
        EncodingError
            If one cannot be loaded or does not show its blocks.
        """
        from sondage_transformers.drift import distances

        return distances([(step, one.recipe) for step, one in self._members.items()])


class Member(BaseEncoder):
    """One checkpoint of a series.

    Parameters
    ----------
    pretrained : Pretrained
    step : int
    """

    def __init__(self, pretrained: Pretrained, step: int) -> None:
        self.pretrained = pretrained
        self.step = step

    @property
    def fingerprint(self) -> str:
        """32 hex digits over the checkpoint's own and its step."""
        # Equal checkpoints keep a row each: a plan leaves out what has been there.
        return digest(_NAME, self.step, self.recipe.fingerprint)

    @cached_property
    def recipe(self) -> Recipe:
        """The checkpoint's.

        Raises
        ------
        ParameterError
            If a revision is asked for of a folder; or as `Pretrained`.
        """
        own = self.pretrained
        local = own.model.startswith("package:") or Path(own.model).expanduser().is_dir()
        if own.revision is not None and local:
            raise ParameterError(
                f"{own.model!r} is a folder, which has no revision {own.revision!r}",
                where=_NAME,
                hint="a hub name, or folders: with a folder for each checkpoint",
            )
        return own.recipe
