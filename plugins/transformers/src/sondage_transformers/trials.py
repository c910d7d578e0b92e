"""What a loaded model does with padding, company and type ids, found out on two short texts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sondage.errors import EncodingError
from sondage_transformers.embeddings import word_table

if TYPE_CHECKING:
    import torch

    from sondage_transformers.network import Network

#: Settings of models that cut a text into pieces, by parts of their names.
_PIECES = ("chunk_length", "block_size", "block_len", "radius")
_POSITIONS = ("max_position_embeddings", "n_positions", "max_encoder_position_embeddings")
#: Longer pieces are not tried.
_LONGEST_PIECE = 512
#: Weights of half precision beyond this number are not tried in float32 (2 GiB).
_MOST_WEIGHTS = 2**29

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
    if company == "any" and any(_cuts_otherwise(network, n) for n in _pieces(network.model)):
        company = "equal"
    if _differ(alone, [x[:1] for x in beside]):
        company = "none"
    return Conduct(company, _takes_types(network, short, alone, highest_type))


@contextlib.contextmanager
def in_float32(model: Any) -> Iterator[None]:
    """Let a model of half precision compute in float32 for a while, if it is not too large.

    What padding adds may be smaller than half precision's rounding of one text, and differ from
    text to text all the same.
    """
    import torch

    half = (torch.float16, torch.bfloat16)
    tensors = [t for t in (*model.parameters(), *model.buffers()) if t.dtype in half]
    # Those that lie elsewhere until they are needed would come in half precision again.
    if sum(t.numel() for t in tensors) > _MOST_WEIGHTS or any(t.is_meta for t in tensors):
        tensors = []
    before = [t.data for t in tensors]
    try:
        for tensor in tensors:
            tensor.data = tensor.data.float()
        yield
    finally:
        for tensor, data in zip(tensors, before, strict=True):
            tensor.data = data


def _pieces(model: Any) -> list[int]:
    """Return the lengths of the pieces into which a configuration says that texts are cut."""
    config = getattr(model, "config", None)
    named = config.to_dict() if hasattr(config, "to_dict") else {}
    found = {
        value
        for name, value in named.items()
        if isinstance(value, int) and any(part in name for part in _PIECES)
    }
    return sorted(n for n in found if 1 < n <= _LONGEST_PIECE)


def _cuts_otherwise(network: Network, piece: int) -> bool:
    """Whether a text of more than one piece depends on how many pieces its batch has.

    Reformer's first piece sees the last one of the batch.
    """
    import torch

    named = [getattr(network.model.config, name, None) for name in _POSITIONS]
    # Some tables of positions have a few rows that no subword uses.
    most = min((n - 8 for n in named if isinstance(n, int)), default=4 * piece)
    row = network.probe["input_ids"][:1]
    text = row.repeat(1, -(-3 * piece // row.shape[1]))[:, : min(3 * piece, most)]
    n = piece + max(1, piece // 4)
    if text.shape[1] <= n:
        return False
    both = text.repeat(2, 1)
    mask = torch.ones_like(both)
    both[1, n:], mask[1, n:] = row[0, -1], 0
    try:
        alone, _ = network.try_out(_whole(text[:, :n]))
        beside, _ = network.try_out({"input_ids": both, "attention_mask": mask})
    except EncodingError:  # a length that it does not take is refused where it comes
        return False
    return _differ(alone, [x[1:, :n] for x in beside])


def _whole(ids: torch.Tensor) -> dict[str, torch.Tensor]:
    import torch

    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def _takes_types(network: Network, ids: Any, alone: Sequence[Any], highest: int) -> bool:
    import torch

    if highest < 0 or not network.reader.accepts("token_type_ids"):
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
