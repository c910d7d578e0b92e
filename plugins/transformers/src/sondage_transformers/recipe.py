"""All that determines an encoder of this plugin, without building it."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass, fields
from functools import cache, cached_property
from typing import Any, Literal

from sondage.data import digest
from sondage.errors import EncodingError, ParameterError
from sondage_transformers.checkpoint import Checkpoint
from sondage_transformers.cutting import surely_cuts_as_in_text
from sondage_transformers.sublayers import Output

Dtype = Literal["float32", "float16", "bfloat16"]


@dataclass(frozen=True)
class Splice:
    """Layers that are another encoder's.

    Parameters
    ----------
    donor : Recipe
    layers : tuple of int
        Blocks, ascending, from 1; and 0 for the embeddings.
    """

    donor: Recipe
    layers: tuple[int, ...]


@dataclass(frozen=True)
class Recipe:
    """How to make an encoder.

    Parameters
    ----------
    model, revision, trust_remote_code
        As `Pretrained`.
    dtype : {'float32', 'float16', 'bfloat16'}
        What the model computes in.
    device : str
    device_map : str or tuple of (module, device), optional
        How accelerate spreads the model over devices, instead of `device`.
    max_tokens : int, optional
        Subwords of a batch, padding included.
    max_length : int, optional
        Subwords of a window, special tokens included.
    seed : int, optional
        Initialise the weights freshly instead of loading them.
    depth : int, optional
        Keep only this many blocks.
    splices : tuple of Splice
        Layers to be replaced, one splice after the other.
    output : {'block', 'attn_out', 'mlp_out'}
        What layers 1 to L are.
    """

    model: str
    revision: str | None = None
    dtype: Dtype = "float32"
    device: str = "auto"
    max_tokens: int | None = None
    trust_remote_code: bool = False
    max_length: int | None = None
    seed: int | None = None
    depth: int | None = None
    splices: tuple[Splice, ...] = ()
    output: Output = "block"
    device_map: str | tuple[tuple[str, int | str], ...] | None = None

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The files; `files.find_folder` says what can go wrong."""
        return Checkpoint.find(self.model, self.revision, self.trust_remote_code)

    @property
    def n_layers(self) -> int:
        """Number of blocks."""
        return self.checkpoint.n_layers if self.depth is None else self.depth

    @cached_property
    def fingerprint(self) -> str:
        """32 hex digits over all that changes a number.

        Weights (unless they are drawn), tokenizer, config, remote code if it runs, dtype,
        window length, depth, seed, and the version of transformers, which builds tokenizers
        and initialises weights; where weights are drawn also torch's. The devices, the batch
        budget and the number of threads are left out: they move only the last bits.
        """
        drawn = self.seed is not None
        mended = ["words as in the text"] if self._mends_words else []
        versions = [version("transformers")] + ([version("torch")] if drawn else [])
        return digest(
            "sondage-transformers",
            self.checkpoint.identity(weights=not drawn),
            self.dtype,
            self.max_length,
            self.seed,
            self.depth,
            versions,
            *mended,
            *self.checkpoint.mended,
            *(() if self.output == "block" else ("output", self.output)),
            *((splice.donor.fingerprint, splice.layers) for splice in self.splices),
        )

    @cached_property
    def _mends_words(self) -> bool:
        """Whether words by themselves were once cut otherwise than in the text."""
        from sondage_transformers.tokens import Tokens

        if surely_cuts_as_in_text(self.checkpoint.folder):
            return False
        try:
            return Tokens(self.checkpoint).cutting.mended
        except EncodingError:  # encoding will say so
            return False

    def __getstate__(self) -> dict[str, Any]:
        # What was read from files stays behind: another machine has its own.
        return {f.name: getattr(self, f.name) for f in fields(self)}


def recipe_of(base: object, wanted_by: str) -> Recipe:
    """Return an encoder's recipe.

    Raises
    ------
    ParameterError
        If the encoder is not one of this plugin.
    """
    recipe = getattr(base, "recipe", None)
    if not isinstance(recipe, Recipe):
        raise ParameterError(
            f"{wanted_by} needs an encoder of this plugin as its base, not {type(base).__name__}",
            hint="base: an encoder declared with use: transformers.pretrained",
        )
    return recipe


def refuse_parts(encoder: Any, wanted_by: str) -> None:
    """Raise `ParameterError` for an encoder whose layers are what parts of blocks add.

    Parameters
    ----------
    encoder : object
        Whatever it is made of is looked at, too.
    wanted_by : str
        What needs the states behind blocks.
    """
    while encoder is not None:
        output = getattr(encoder, "output", "block")
        if output != "block":
            raise ParameterError(
                f"{wanted_by} needs the states behind a model's blocks, not its '{output}'",
                hint="output: block",
            )
        encoder = getattr(getattr(encoder, "series", encoder), "base", None)


@cache
def version(distribution: str) -> str:
    """Return an installed version, or an empty string; each is looked up once."""
    # Builds of one version for CPU and CUDA differ in their local part alone.
    try:
        return importlib.metadata.version(distribution).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return ""
