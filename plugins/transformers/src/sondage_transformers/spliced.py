"""Layers of one encoder put into another."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sondage.contracts import Encoder
from sondage.data import Ints, PositionLogits, Result, TaskData, digest
from sondage.errors import EncodingError, ParameterError
from sondage_transformers.base_encoder import BaseEncoder
from sondage_transformers.like_base import LikeBase
from sondage_transformers.recipe import Recipe, Splice, recipe_of
from sondage_transformers.step import Step
from sondage_transformers.truncated import Truncated

_NAME = "transformers.spliced"
_FORM = re.compile(r"(last|only):([0-9]+)")
#: Of a configuration, what has to be equal where both say it, beside depth, width and heads.
_STRUCTURE = (
    "model_type", "hidden_act", "hidden_activation", "activation", "activation_function",
    "intermediate_size", "ffn_dim", "n_inner", "d_ff", "hidden_dim", "feed_forward_proj",
    "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "rms_norm_eps", "position_embedding_type",
    "num_key_value_heads", "head_dim", "d_kv", "rope_theta", "relative_attention",
    "pos_att_type", "share_att_key", "num_hidden_groups",
)  # fmt: skip


@dataclass(kw_only=True, eq=False)
class Spliced(LikeBase, BaseEncoder):
    """An encoder some of whose layers are another encoder's.

    Layers are numbered as everywhere: 1 to L are the blocks, from the bottom, and 0 is the
    embedding output, which `embeddings` replaces. What follows the last block (GPT-2's last norm)
    belongs to layer L; tables that all blocks read (relative positions outside them) belong to
    the embeddings. Tokenizer, dtype, device, batch budget and window length are the base's, and
    so are a pooler and the head of its training.

    Both models are loaded once, whatever number of encoders is made of them, and parameters are
    put in place by reference: nothing is copied and nothing written. Without layers it gives the
    base's vectors bit for bit; with all and the embeddings the donor's.

    Parameters
    ----------
    base : Encoder
        An encoder of this plugin: pretrained, a step of a training, randomised, truncated, or
        spliced itself.
    donor : Encoder
        Another one of the same architecture and size.
    layers : str or list of int
        The blocks that are the donor's: ``last:k`` the k last ones (k from 0), ``only:i`` block
        i alone (i from 1), or their numbers.
    embeddings : bool
        Whether the embeddings are the donor's too.

    References
    ----------
    Mosbach et al. 2020, arXiv:2010.02616, section 5.2: the last k layers of a fine-tuned encoder
    replaced by those of the pretrained one. Hao et al. 2020, AACL-IJCNLP,
    section 4: one layer at a time. Departs from them: neither says what becomes of the
    embeddings; here they stay the base's unless asked for.
    """

    base: Encoder
    donor: Encoder
    layers: str | list[int]
    embeddings: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.layers, str):
            _form(self.layers)

    @property
    def replaced(self) -> tuple[int, ...]:
        """The layers that are the donor's, ascending; 0 for the embeddings.

        Raises
        ------
        ParameterError
            If there is no such layer, or base and donor are not alike.
        """
        self._check_alike()
        blocks = blocks_of(self.layers, self.base.n_layers)
        return ((0,) if self.embeddings else ()) + blocks

    @property
    def fingerprint(self) -> str:
        """32 hex digits over the fingerprints of base and donor, and which layers are whose."""
        return digest("spliced", self.base.fingerprint, self.donor.fingerprint, self.replaced)

    @property
    def n_layers(self) -> int:
        """The base's number of blocks; raises `ParameterError` if there is no such layer."""
        _ = self.replaced
        return self.base.n_layers

    @property
    def notes(self) -> tuple[str, ...]:
        """What a plan should say: that base and donor are one encoder."""
        if self.base.fingerprint != self.donor.fingerprint:
            return ()
        return ("base and donor are the same encoder: every replaced layer is as it was",)

    @property
    def recipe(self) -> Recipe:  # type: ignore[override]
        """The base's, with what comes from the donor.

        Raises
        ------
        ParameterError
            If layers do not fit; or before base and donor are trained.
        """
        splice = Splice(recipe_of(self.donor, _NAME), self.replaced)
        base = recipe_of(self.base, _NAME)
        added = (splice,) if splice.layers else ()
        return dataclasses.replace(base, splices=(*base.splices, *added))

    def end_task(self, data: TaskData, items: Ints) -> Result:
        """Return what the head of the base's training makes of this encoder's last layer.

        Raises
        ------
        EncodingError
            If the base is no step of a training (nor spliced of one), or its head was not kept.
        DataError, ParameterError
            As `Step.end_task`.
        """
        return self._headed.score_on(self, data, items)

    def position_logits(self, data: TaskData, items: Ints) -> PositionLogits:
        """Return what the head of the base's training gives each subword of each context.

        Raises
        ------
        EncodingError, DataError, ParameterError
            As `end_task` and `Step.position_logits`.
        """
        return self._headed.logits_on(self, data, items)

    @property
    def _headed(self) -> Step:
        """The step of a training whose head reads the last layer."""
        base: Any = self.base
        while isinstance(base, Spliced):
            base = base.base
        if not isinstance(base, Step):
            raise EncodingError(
                f"the base, a {type(base).__name__}, has no head of a training",
                where=_NAME,
                hint="base: a step of an encoder declared with use: transformers.finetuned",
            )
        return base

    def _check_alike(self) -> None:
        base, donor = (_untrained(one) for one in (self.base, self.donor))
        facts: dict[str, tuple[Any, Any]] = {
            "number of blocks": (self.base.n_layers, self.donor.n_layers),
            "blocks of the whole model": (base.checkpoint.n_layers, donor.checkpoint.n_layers),
            "width": (base.checkpoint.width, donor.checkpoint.width),
            "number of heads": (_heads(base), _heads(donor)),
        }
        mine, theirs = base.checkpoint.config, donor.checkpoint.config
        both = [name for name in _STRUCTURE if name in mine and name in theirs]
        facts |= {name: (mine[name], theirs[name]) for name in both}
        for name, (one, other) in facts.items():
            if one != other:
                raise ParameterError(
                    f"base and donor are not alike: {name} {one!r} and {other!r}",
                    where=_NAME,
                    hint="base and donor have to be of one architecture and size",
                )
        if mine.get("num_hidden_groups", base.checkpoint.n_layers) < base.checkpoint.n_layers:
            raise ParameterError(
                f"blocks of a model of type {base.checkpoint.model_type!r} share parameters: one "
                "cannot be replaced without the others",
                where=_NAME,
            )


def _heads(recipe: Recipe) -> int | None:
    try:
        return recipe.checkpoint.heads
    except EncodingError:  # FNet and RWKV have none
        return None


def blocks_of(layers: str | Sequence[int], n_layers: int) -> tuple[int, ...]:
    """Return the numbers of the blocks that a parameter names, ascending.

    Raises
    ------
    ParameterError
        If it is of no known form, or names a block that the model has not.
    """
    if isinstance(layers, str):
        form, k = _form(layers)
        if form == "last":
            if k > n_layers:
                raise _beyond(layers, f"the base has {n_layers} blocks")
            return tuple(range(n_layers - k + 1, n_layers + 1))
        chosen: Sequence[int] = (k,)
    else:
        chosen = layers
    wrong = [layer for layer in chosen if not 1 <= layer <= n_layers]
    if wrong:
        zero = "; for layer 0 say embeddings: true" if 0 in wrong else ""
        what = f"there is no block {wrong[0]}: the base has blocks 1 to {n_layers}{zero}"
        raise _beyond(layers if isinstance(layers, str) else list(layers), what)
    return tuple(sorted(set(chosen)))


def _form(layers: str) -> tuple[str, int]:
    found = _FORM.fullmatch(layers)
    if found is None:
        raise ParameterError(
            f"layers: {layers!r} is not understood",
            hint="last:2 (the two last blocks), only:3 (block 3), or a list such as [1, 3]",
        )
    return found[1], int(found[2])


def _beyond(layers: str | list[int], what: str) -> ParameterError:
    return ParameterError(f"layers: {layers}, but {what}", where=_NAME)


def _untrained(encoder: Any) -> Recipe:
    """Return a recipe of the same architecture whose files are there before any training."""
    while True:
        if isinstance(encoder, Step | Spliced | Truncated):
            encoder = encoder.base
        else:
            return recipe_of(encoder, _NAME)
