"""Streams vectors: blocks of sentences, sorted into batches, pooled as layers come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sondage.data import Chunk, Corpus, Ints, Request
from sondage.errors import EncodingError
from sondage_transformers.batches import batches_of, warnings_of
from sondage_transformers.embeddings import vocabulary
from sondage_transformers.loading import device_of, load_model
from sondage_transformers.network import Network
from sondage_transformers.placing import place_of
from sondage_transformers.pooling import SENTENCE_VIEWS, WORD_VIEWS, Batch, Pooler
from sondage_transformers.reader import is_full
from sondage_transformers.recipe import Recipe
from sondage_transformers.subwords import blocks, cut
from sondage_transformers.tokens import Tokens
from sondage_transformers.windows import Windows, lay_out

if TYPE_CHECKING:
    import torch

    from sondage_transformers.passing import ReadBatch

#: Subwords of a batch, padding included. On a CPU larger ones were no faster elsewhere; the
#: number for CUDA is a guess.
BUDGET = {"cpu": 1024, "cuda": 16_384}
#: Numbers in the attention maps of one pass over all blocks (512 MiB of float32).
_ATTENTION_CELLS = 2**27
#: What models call their tables of positions.
_POSITIONS = ("position_embeddings", "embed_positions", "wpe")


@dataclass
class _Part:
    """A chunk on its way: device tensors, and what a Chunk says beside them."""

    sentences: Ints
    rows: dict[str, Any]
    warnings: dict[str, int]


def budget_of(recipe: Recipe) -> int:
    """Return the subwords of a batch, padding included; no model is loaded."""
    return recipe.max_tokens or BUDGET.get(device_of(recipe.device).type, BUDGET["cpu"])


class Engine:
    """The machinery of one recipe; loads tokenizer and model when first needed."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._fits = False
        self._most = sys.maxsize

    @cached_property
    def tokens(self) -> Tokens:
        """The tokenizer."""
        return Tokens(self.recipe.checkpoint)

    @cached_property
    def network(self) -> Network:
        """The model, on its device."""
        return self.network_of(load_model(self.recipe))

    def network_of(self, model: Any) -> Network:
        """Return a network of a model of this recipe, on the device where it is."""
        checkpoint = self.recipe.checkpoint
        probe, highest = self._probe(model), self.tokens.highest_type
        return Network(
            model, checkpoint.n_layers, checkpoint.width, probe, highest, self.recipe.output
        )

    @cached_property
    def device(self) -> torch.device:
        """Where the model is given texts."""
        return place_of(self.network.model)

    @cached_property
    def limit(self) -> int | None:
        """Subwords of a window: `max_length`, else the model's own maximum."""
        return self.tokens.maximum if self.recipe.max_length is None else self.recipe.max_length

    @property
    def budget(self) -> int:
        """Subwords of a batch, padding included; less where a larger one did not fit."""
        return min(budget_of(self.recipe), self._most)

    def windows(self, corpus: Corpus) -> Iterator[Windows]:
        """Lay out the corpus block by block."""
        for sentences in blocks(corpus):
            yield self.laid_out(corpus, sentences, self.limit)

    def laid_out(self, corpus: Corpus, sentences: Ints, limit: int | None) -> Windows:
        """Lay out some sentences."""
        return lay_out(cut(corpus, sentences, self.tokens), self.tokens, limit)

    def row_counts(self, corpus: Corpus) -> Ints:
        """Return each sentence's number of subwords over all its windows."""
        parts = [windows.subwords for windows in self.windows(corpus)]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def encode(self, corpus: Corpus, request: Request) -> Iterator[Chunk]:
        """Stream the chunks of a checked request."""
        self.check_positions()
        self.network.check(request.layers)
        waiting: _Part | None = None
        for windows in self.windows(corpus):
            self.check_ids(windows)
            for part in self._parts(windows, request):
                # On a GPU the next batch computes while this one is copied.
                if waiting is not None:
                    yield self._finish(waiting, request)
                waiting = part
                if self.device.type == "cpu":
                    yield self._finish(part, request)
                    waiting = None
        if waiting is not None:
            yield self._finish(waiting, request)

    def _parts(self, windows: Windows, request: Request) -> Iterator[_Part]:
        """Yield a block's batches, the longest texts first, each as large as the memory takes."""
        begin, start = windows.first[:-1], 0
        order = np.argsort(-windows.lengths[begin], kind="stable")
        while start < len(order):
            longest = int(windows.lengths[begin[order[start]]])
            members = order[start : start + max(1, self.budget // max(1, longest))]
            try:
                part = self._part(windows, members, request, self.budget)
            except Exception as error:
                if not is_full(error) or not self._halve(longest, len(members)):
                    raise
                continue
            start += len(members)
            yield part

    def _halve(self, longest: int, texts: int) -> bool:
        """Make batches half as large as one that did not fit, if they can be."""
        size = min(longest * texts if texts > 1 else self.budget, self.budget)
        self._most = max(longest, size // 2)
        return size > longest

    def _part(self, windows: Windows, members: Ints, request: Request, budget: int) -> _Part:
        import torch

        content, layers = windows.content, request.layers
        sub_rows, word_rows = windows.subwords[members], content.n_words[members]
        totals = {v: len(members) for v in SENTENCE_VIEWS}
        totals |= {v: int(word_rows.sum()) for v in WORD_VIEWS} | {"subwords": int(sub_rows.sum())}
        views = [v for v in request.views if v != "attention"]
        width = self.recipe.checkpoint.width
        rows: dict[str, Any] = {
            v: torch.empty((len(layers), totals[v], width), device=self.device) for v in views
        }
        ragged = any(v not in SENTENCE_VIEWS for v in request.views)
        maps: dict[int, list[Any]] = {}
        for batch, index in batches_of(windows, members, budget, ragged, self.tokens.pad):
            inputs = self.inputs(batch)
            if views:
                pooler = Pooler(batch, rows)
                slots = {layer: [k for k, x in enumerate(layers) if x == layer] for layer in layers}

                def sink(layer: int, hidden: Any, pooler: Any = pooler, slots: Any = slots) -> None:
                    for slot in slots[layer]:
                        pooler.take(slot, hidden)

                self.network.run(inputs, layers, sink)
            if "attention" in request.views:
                self._attend(inputs, batch, index, layers, maps)
        if "attention" in request.views:
            rows["attention"] = self._flatten(windows, members, layers, maps)
        warnings = warnings_of(windows, members, request) | self.parted(len(members))
        return _Part(content.sentences[members], rows, warnings)

    def _finish(self, part: _Part, request: Request) -> Chunk:
        rows = {view: part.rows[view].cpu().numpy() for view in request.views}
        warnings = dict(part.warnings)
        # A sum is finite if all terms are, unless it overflows: then every row is looked at.
        bad = sum(
            int((~np.isfinite(values)).any(2).sum())
            for values in rows.values()
            if values.size and not np.isfinite(values.sum())
        )
        if bad:
            warnings["nonfinite-rows"] = bad
        return Chunk(part.sentences, rows, warnings)

    def inputs(self, batch: Batch | ReadBatch) -> dict[str, torch.Tensor]:
        """Return a batch as the model takes it, on its device."""
        import torch

        arrays = {"input_ids": batch.ids, "attention_mask": batch.mask.astype(np.int64)}
        if self.network.conduct.takes_types:
            arrays["token_type_ids"] = batch.types
        tensors = {k: torch.from_numpy(v) for k, v in arrays.items()}
        if self.device.type == "cuda":
            tensors = {k: v.pin_memory() for k, v in tensors.items()}
        return {k: v.to(self.device, non_blocking=True) for k, v in tensors.items()}

    def parted(self, n: int) -> dict[str, int]:
        """Return the warning of n sentences that may not share a pass with any others."""
        return {} if self.network.conduct.company == "any" else {"padding-leaks": n}

    def _attend(
        self, inputs: Any, batch: Batch, index: Ints, layers: Any, maps: dict[int, list[Any]]
    ) -> None:
        lengths = batch.mask.sum(1)
        heads, blocks_ = self.recipe.checkpoint.heads, self.recipe.checkpoint.n_layers
        step = max(1, _ATTENTION_CELLS // (heads * blocks_ * batch.mask.shape[1] ** 2))
        for a in range(0, len(index), step):
            piece = {k: v[a : a + step] for k, v in inputs.items()}
            found = self.network.attentions(piece)
            if any(maps.shape[1] != heads for maps in found):
                raise EncodingError(
                    f"attention maps have {found[0].shape[1]} heads, config.json promises {heads}",
                    where=str(self.recipe.checkpoint.folder),
                )
            for i in range(a, min(a + step, len(index))):
                t = int(lengths[i])
                # Layer 0 has no attention; its place in the list stays unused.
                maps[int(index[i])] = [
                    found[max(x, 1) - 1][i - a, :, :t, :t].float().cpu() for x in layers
                ]

    def _flatten(self, windows: Windows, members: Ints, layers: Any, maps: Any) -> Any:
        import torch

        heads = self.recipe.checkpoint.heads
        sizes = windows.subwords[members]
        out = torch.zeros((len(layers), int((sizes**2).sum()), heads))
        start = 0
        for sentence, t in zip(members, sizes, strict=True):
            for k, layer in enumerate(layers):
                if layer == 0:
                    continue
                # Windows do not see each other: zeros outside the blocks of the diagonal.
                whole = out[k, start : start + t * t].view(t, t, heads)
                at = 0
                for w in range(windows.first[sentence], windows.first[sentence + 1]):
                    block = maps[w][k]
                    end = at + block.shape[-1]
                    whole[at:end, at:end] = block.permute(1, 2, 0)
                    at = end
            start += t * t
        return out

    def _probe(self, model: Any) -> dict[str, torch.Tensor]:
        import torch

        corpus = Corpus(texts=("a the 1 .", "a the 1 . a the 1 . ?"))
        windows = self.laid_out(corpus, np.arange(2), None)
        ((batch, _),) = batches_of(windows, np.arange(2)[::-1], 64, True, self.tokens.pad)
        device = place_of(model)
        # Any ids do here, and a foreign tokenizer's would not: `check_ids` reports those.
        ids = batch.ids % (vocabulary(model) or int(batch.ids.max()) + 1)
        inputs = {"input_ids": ids, "attention_mask": batch.mask.astype(np.int64)}
        return {k: torch.from_numpy(v).to(device) for k, v in inputs.items()}

    def check_ids(self, windows: Windows) -> None:
        """Raise where a subword has no embedding: on a GPU that would end the process."""
        most = vocabulary(self.network.model)
        highest = int(windows.ids.max(initial=0))
        if most is not None and highest >= most:
            raise EncodingError(
                f"the tokenizer gives subword {highest}, but the model has {most} embeddings",
                where=str(self.recipe.checkpoint.folder),
                hint="the tokenizer belongs to another model",
            )

    def check_positions(self) -> None:
        """Raise where windows are longer than the model's table of positions."""
        import torch

        if self._fits:  # asked for each batch
            return
        for name, module in self.network.model.named_modules():
            last = name.rpartition(".")[2]
            if not isinstance(module, torch.nn.Embedding) or last not in _POSITIONS:
                continue
            skipped = getattr(module, "offset", 0)
            if module.padding_idx is not None:
                skipped = module.padding_idx + 1
            most = module.num_embeddings - skipped
            if self.limit is None or self.limit > most:
                raise EncodingError(
                    f"windows of {self.limit or 'any number of'} subwords do not fit the model's "
                    f"{most} positions",
                    where=str(self.recipe.checkpoint.folder),
                    hint=f"max_length: {most}",
                )
        self._fits = True
