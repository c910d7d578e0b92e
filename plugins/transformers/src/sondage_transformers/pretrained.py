"""A pretrained transformer as an encoder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from pydantic import Field

from sondage.errors import EncodingError, ParameterError
from sondage_transformers.base_encoder import BaseEncoder
from sondage_transformers.packaged import holds, packaged
from sondage_transformers.placing import DeviceMap, kept
from sondage_transformers.recipe import Dtype, Recipe
from sondage_transformers.sublayers import Output


@dataclass(kw_only=True, eq=False)
class Pretrained(BaseEncoder):
    """A pretrained transformer: any architecture that `transformers.AutoModel` loads.

    Of an encoder-decoder, the encoder. Layer 0 is the embedding output, layers 1 to L are
    the blocks, as in `transformers`' ``hidden_states``: of architectures with a norm after
    the last block (GPT-2, T5), layer L comes after that norm.

    Parameters
    ----------
    model : str
        A hub name, a local folder, or ``package:NAME``, a folder inside an installed Python
        package.
    revision : str, optional
        Branch, tag or commit of a hub name.
    dtype : {'float32', 'float16', 'bfloat16'}
        What the model computes in. Rows are pooled and delivered in float32 always.
    device : str
        ``auto`` (a CUDA device if there is one), ``cpu``, ``cuda``, ``cuda:1``, ...
    device_map : str or dict, optional
        For a model that is larger than one device: how accelerate spreads it over all that are
        there, memory and disk included. ``auto``, ``balanced``, ``balanced_low_0``,
        ``sequential``, or a device for each module by name. Then `device` is left out.
    max_tokens : int, optional
        Subwords of a batch, padding included; without it, 1,024 on a CPU and 16,384 on CUDA.
    trust_remote_code : bool
        Whether Python code that comes with the model may run.
    max_length : int, optional
        Subwords of a window, special tokens included; without it, the model's own maximum.
        Longer sentences are cut into windows.
    output : {'block', 'attn_out', 'mlp_out'}
        What layers 1 to L are: the states behind each block, or what its attention or its MLP
        adds to them. Layer 0 is the embedding output in each.

    References
    ----------
    Wolf et al. 2020, arXiv:1910.03771v5. Departs from it: none.
    """

    model: str
    revision: str | None = None
    dtype: Dtype = "float32"
    device: str = "auto"
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    trust_remote_code: bool = False
    max_length: Annotated[int, Field(ge=3)] | None = None
    output: Output = "block"
    device_map: DeviceMap | None = None

    def __post_init__(self) -> None:
        if self.device_map is not None and self.device != "auto":
            raise ParameterError(
                "transformers.pretrained takes either device or device_map", hint="leave out one"
            )

    @cached_property
    def recipe(self) -> Recipe:
        """How to make this encoder."""
        return Recipe(
            model=self.model,
            revision=self.revision,
            dtype=self.dtype,
            device=self.device,
            max_tokens=self.max_tokens,
            trust_remote_code=self.trust_remote_code,
            max_length=self.max_length,
            output=self.output,
            device_map=kept(self.device_map),
        )

    @property
    def origin(self) -> dict[str, str]:
        """The model as it was named, the commit that its name led to, a checksum of its files."""
        checkpoint = self.recipe.checkpoint
        folder = checkpoint.folder
        # The hub's cache keeps each commit in a folder of its own.
        commit = folder.name if folder.parent.name == "snapshots" else ""
        try:
            files = checkpoint.identity(weights=True)
        except EncodingError:  # drawn weights need no files of weights
            files = checkpoint.identity(weights=False)
        said = {"model": self.model, "revision": commit or (self.revision or ""), "files": files}
        known = packaged(self.model)
        if known is not None and holds(known, folder):
            said |= {"is": f"{known.model} at {known.revision[:12]}", "licence": known.licence}
            said["checked"] = f"SHA-256 of {known.file}, {known.sha256}"
        return said

    @property
    def notes(self) -> tuple[str, ...]:
        """That a package which is known holds other weights than it should."""
        known = packaged(self.model)
        if known is None or holds(known, self.recipe.checkpoint.folder):
            return ()
        return (
            f"the weights in {self.model} are not those of {known.model}, which it says that it "
            f"holds: another {known.file} than that of SHA-256 {known.sha256[:16]}; install the "
            "package anew, or name the model on the hub",
        )
