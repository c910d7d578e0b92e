"""What a loaded model does with padding, company and type ids, found out on two short texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sondage.errors import EncodingError
from sondage_transformers.tables import word_table

if TYPE_CHECKING:
    import torch

    from sondage_transformers.network import Network

#: Which texts may share a pass: any, those of one length, none.
Company = Literal["any", "equal", "none"]


@dataclass(frozen=True)
class Conduct:
    """How a model is to be treated.

    Parameters
    ----------
    company : {'any', 'equal', 'none'}
        ``equal``: padding changes a text's vectors, or the model computes otherwise by the
        length of a batch. ``none``: any other text beside it changes them.
    takes_types : bool
        Whether type ids of zero and no type ids give the same. Where they do not, or the ids are
        looked up among the words (GPT-2), the tokenizer's are not given.
    """

    company: Company = "any"
    takes_types: bool = True


def observe(network: Network, highest_type: int) -> Conduct:
    """Try a model on the two short texts of its network.

    Parameters
    ----------
    network : Network
        Its probe has the longer text first.
    highest_type : int
        The highest type id that the tokenizer gives; below 0 it gives none.

    Raises
    ------
    EncodingError
        If the same text twice gives two results: there is no such thing as its vectors.
    """
    import torch

    ids, mask = network.probe["input_ids"], network.probe["attention_mask"]
    n = int(mask[1].sum())
    short = ids[1:, :n]
    alone, switched = network.try_out(_whole(short))
    for text, first in ((short, alone), (ids[:1], network.try_out(_whole(ids[:1]))[0])):
        if not _differ(first, network.try_out(_whole(text))[0], tight=True):
            continue
        raise EncodingError(
            f"{type(network.model).__name__} is not determined: the same text twice gives two "
            "results, as with attention by random hashing",
            hint="another encoder, or a configuration without randomness",
        )
    beside, _ = network.try_out(_whole(torch.cat([short, short.flip(1)])))
    padded, _ = network.try_out({"input_ids": ids, "attention_mask": mask})
    filled = torch.where(mask.bool(), ids, ids[0, :1])
    other, _ = network.try_out({"input_ids": filled, "attention_mask": mask})
    padded, other = ([x[1:, :n] for x in states] for states in (padded, other))
    company: Company = "any"
    if switched or _differ(alone, padded) or _differ(padded, other, tight=True):
        company = "equal"
    if _differ(alone, [x[:1] for x in beside]):
        company = "none"
    return Conduct(company, _takes_types(network, short, alone, highest_type))


def _whole(ids: torch.Tensor) -> dict[str, torch.Tensor]:
    import torch

    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def _takes_types(network: Network, ids: Any, alone: Sequence[Any], highest: int) -> bool:
    import torch

    if highest < 0 or not network.accepts("token_type_ids"):
        return False
    zeros = torch.zeros_like(ids)
    asked: list[Any] = []
    hooks = [
        module.register_forward_pre_hook(_note_table(asked, zeros))
        for module in network.model.modules()
        if isinstance(module, torch.nn.Embedding)
    ]
    try:
        given, _ = network.try_out(_whole(ids) | {"token_type_ids": zeros})
    except EncodingError:
        return False
    finally:
        for hook in hooks:
            hook.remove()
    if not asked:
        # XLNet compares the segments of two places: zeros add the same to all, but for rounding.
        return not _differ(alone, given)
    # Row 0 may be all zeros. A table too small for the ids would end the process on a GPU.
    words = word_table(network.model)
    fits = all(table is not words and highest < table.num_embeddings for table in asked)
    return fits and not _differ(alone, given, tight=True)


def _note_table(asked: list[Any], zeros: torch.Tensor) -> Any:
    """Note a table in which all of a text's places look up row 0."""

    def look(module: Any, args: Any) -> None:
        # Some put the batch behind the length.
        if args and args[0].numel() == zeros.numel() and not args[0].any():
            asked.append(module)

    return look


def _differ(a: Sequence[Any], b: Sequence[Any], *, tight: bool = False) -> bool:
    """Whether two lists of hidden states differ by more than rounding.

    `tight` is for passes of one shape, where products add in the same order.
    """
    import torch

    for x, y in zip(a, b, strict=True):
        epsilon = torch.finfo(x.dtype).eps
        loose = epsilon**0.5
        bound = min(64 * epsilon, loose) if tight else loose
        x, y = (v.float().nan_to_num() for v in (x, y))
        if float((x - y).abs().max()) > bound * float(x.abs().max()):
            return True
    return False
