"""A torch model that hands out the layers asked for, and runs no further than needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sondage.errors import EncodingError
from sondage_transformers.block_calls import are_blocks, is_last, recorded
from sondage_transformers.fitting import Fitting
from sondage_transformers.passes import mixed, passes_of, together
from sondage_transformers.reader import Reader
from sondage_transformers.restorer import untouched_draws
from sondage_transformers.sublayers import Output, adding_modules, unknown_blocks, watched
from sondage_transformers.trials import Conduct, in_float32, observe
from sondage_transformers.watcher import Watcher

if TYPE_CHECKING:
    import torch

    Tensors = Mapping[str, torch.Tensor]
    Sink = Callable[[int, torch.Tensor], None]


@dataclass
class Network:
    """A model whose blocks are watched.

    `transformers` can return all hidden states of a pass, but only after it has computed and
    kept every one. Here hooks on the blocks hand each layer over as soon as it exists, and
    the pass ends after the last one asked for. Which modules are the blocks is found out by
    comparing, on two short texts, what every list of modules in the model yields with what
    `transformers` returns; where none yields the same, its hidden states are used.

    Parameters
    ----------
    model : torch.nn.Module, in evaluation mode
    n_layers, width : int
        What config.json promises; checked.
    probe : mapping of str to tensor
        The two short texts, the longer one first.
    highest_type : int
        The highest type id that the tokenizer gives; below 0 it gives none.
    output : {'block', 'attn_out', 'mlp_out'}
        What layers 1 to L are: the states behind a block, or what its attention or MLP adds.

    Attributes
    ----------
    reader : Reader
        Its passes.
    conduct : Conduct
        What the two texts showed: texts that may not share a pass go through in passes of
        their own, whatever batch they come in.
    """

    model: Any
    n_layers: int
    width: int
    probe: Tensors
    highest_type: int = -1
    output: Output = "block"
    conduct: Conduct = field(init=False, default_factory=Conduct)
    last_in_block: bool = field(init=False, default=True)
    watched: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.reader, self._watcher, self._unfit = Reader(self.model), Watcher(), dict[int, str]()
        self._fitting = Fitting(self.reader, self.width, self._watcher)
        self._find_blocks()
        with untouched_draws(), in_float32(self.model):
            self.conduct = observe(self, self.highest_type)
        self.reader.ready = True

    def check(self, wanted: Sequence[int]) -> None:
        """Raise `EncodingError` for a layer that is no list of vectors of the model's width."""
        for layer in wanted:
            if layer in self._unfit:
                fit = [k for k in range(self.n_layers + 1) if k not in self._unfit]
                raise EncodingError(
                    f"layer {layer} of {type(self.model).__name__} {self._unfit[layer]}",
                    hint=f"layers: {fit}",
                )

    def run(self, inputs: Tensors, wanted: Sequence[int], sink: Sink) -> None:
        """Pass a batch through the model; `sink` gets (layer, hidden states) in order.

        Parameters
        ----------
        inputs : mapping with ``input_ids``, ``attention_mask`` and perhaps ``token_type_ids``
        wanted : ints, 0 to n_layers
        sink : called with hidden states of shape (batch, length, width)
            Once a layer; if the batch proves to need parting, once more, and that time counts.
        """
        import torch

        with torch.inference_mode():
            self._run(inputs, wanted, sink)

    def differentiable(self, inputs: Tensors, layer: int) -> torch.Tensor:
        """Return one layer's hidden states, shape (batch, length, width), for training.

        Dropout acts if the model is in training mode; the pass ends after the layer.
        """
        found: list[torch.Tensor] = []
        self._run(inputs, (layer,), lambda _, hidden: found.append(hidden))
        # A pass that had to be parted hands its layer over again.
        return found[-1]

    def try_out(self, inputs: Tensors) -> tuple[list[torch.Tensor], bool]:
        """Return what can be compared of one pass: its states, and whether it switched the model.

        States that `check` refuses are left out.
        """
        import torch

        with torch.inference_mode(), self.reader.alone() as changes:
            states = self.reader.forward(inputs, output_hidden_states=True).hidden_states
            fit = [k for k in range(len(states)) if k not in self._unfit]
            found = [self._fitting.fitted(k, states[k], inputs) for k in fit]
        return found, changes.other_mode

    def _run(self, inputs: Tensors, wanted: Sequence[int], sink: Sink) -> None:
        self.check(wanted)
        company = self.conduct.company
        if company == "any":
            switched = self._pass(inputs, wanted, sink)
            if not switched or not mixed(inputs):
                return
            # Its longest text made the model compute otherwise: each length for itself.
            company = "equal"
        given: dict[int, list[Any]] = {layer: [] for layer in wanted}
        for rows, part in passes_of(inputs, company):

            def gather(layer: int, hidden: Any, rows: Any = rows) -> None:
                given[layer].append((rows, hidden))

            self._pass(part, wanted, gather)
        for layer in sorted(given):
            shape = (*inputs["input_ids"].shape, self.width)
            sink(layer, together(given[layer], shape))

    def _pass(self, inputs: Tensors, wanted: Sequence[int], sink: Sink) -> bool:
        """Hand the layers of one pass over; return whether the pass switched the model."""

        def fitted(layer: int, hidden: Any) -> None:
            if self.output != "block" and hidden.ndim == 2:  # some join texts and places
                hidden = hidden.reshape(*inputs["input_ids"].shape, -1)
            sink(layer, self._fitting.fitted(layer, hidden, inputs))

        with self.reader.alone() as changes:
            if self.watched:
                self._run_watched(inputs, wanted, fitted)
            else:
                states = self.reader.forward(inputs, output_hidden_states=True).hidden_states
                for layer in sorted(set(wanted)):
                    fitted(layer, states[layer])
        return changes.other_mode

    def _run_watched(self, inputs: Tensors, wanted: Sequence[int], sink: Sink) -> None:
        top = max(wanted)
        # A norm after the last block belongs to the last layer: then the pass must end itself.
        final = top == self.n_layers and not self.last_in_block
        out = self._watcher.during(
            lambda: self.reader.forward(inputs),
            frozenset(wanted) - ({top} if final else set()),
            self.n_layers + 1 if final else top,
            sink,
        )
        if final:
            sink(top, out.last_hidden_state)

    def hand_over(
        self,
        inputs: Tensors,
        wanted: Sequence[int],
        wants: frozenset[str],
        sink: Callable[[int, Mapping[str, Any]], None],
    ) -> None:
        """Pass a batch through the model; `sink` gets a layer and its states, maps or both.

        Always in the plain ("eager") implementation: what a layer gives does not hang on what
        else is asked for.
        """
        import torch

        maps, states, plain = "attention" in wants, "states" in wants, self.output == "block"
        with torch.inference_mode(), self.reader.eager():
            found: dict[str, Any] | None = None
            # What the model itself shows is the states behind blocks.
            if self.conduct.company == "any" and (plain or not states):
                found = self._whole(inputs, maps=maps, states=states)
            if found is None:  # its texts may not share a pass
                found = {"attention": self.attentions(inputs)} if maps else {}
                if states:
                    given: dict[int, Any] = {}
                    self._run(inputs, wanted, given.__setitem__)
                    found["states"] = [given.get(k) for k in range(self.n_layers + 1)]
            shift = {"states": 0, "attention": 1}
            kept = {what: list(values) for what, values in found.items()}
            del found
            for layer in wanted:
                there = {what: layer - shift[what] for what in kept if layer >= shift[what]}
                sink(layer, {what: kept[what][k] for what, k in there.items()})
                for what, k in there.items():
                    kept[what][k] = None

    def _whole(self, inputs: Tensors, *, maps: bool, states: bool) -> dict[str, Any] | None:
        """Return the layers of one pass; None if the batch made the model compute otherwise."""
        with self.reader.alone() as changes:
            out = self.reader.forward(inputs, output_attentions=maps, output_hidden_states=states)
        if changes.other_mode and mixed(inputs):
            return None
        found: dict[str, Any] = {}
        if maps:
            found["attention"] = self._checked_maps(getattr(out, "attentions", None), inputs)
        if states:
            found["states"] = [
                None if k in self._unfit else self._fitting.fitted(k, x, inputs)
                for k, x in enumerate(out.hidden_states)
            ]
        return found

    def attentions(self, inputs: Tensors) -> Sequence[torch.Tensor]:
        """Return the attention maps of all blocks, each (batch, heads, length, length).

        Only the plain ("eager") implementation keeps them.

        Raises
        ------
        EncodingError
            If the architecture has no attention maps to show.
        """
        import torch

        company, shape = self.conduct.company, inputs["input_ids"].shape
        with torch.inference_mode():
            if company == "any":
                found, switched = self._maps(inputs)
                if not switched or not mixed(inputs):
                    return found
                company = "equal"
            parts = [(rows, self._maps(part)[0]) for rows, part in passes_of(inputs, company)]
        whole = (shape[0], parts[0][1][0].shape[1], shape[1], shape[1])
        return [
            together([(rows, maps[k]) for rows, maps in parts], whole) for k in range(self.n_layers)
        ]

    def _maps(self, inputs: Tensors) -> tuple[Sequence[torch.Tensor], bool]:
        with self.reader.eager(), self.reader.alone() as changes:
            out = self.reader.forward(inputs, output_attentions=True)
        return self._checked_maps(getattr(out, "attentions", None), inputs), changes.other_mode

    def _checked_maps(self, maps: Any, inputs: Tensors) -> Sequence[torch.Tensor]:
        t = inputs["input_ids"].shape[1]
        whole = maps is not None and all(m is not None and m.shape[2:] == (t, t) for m in maps)
        if maps is None or not whole or len(maps) != self.n_layers:
            raise EncodingError(f"{type(self.model).__name__} does not show whole attention maps")
        found: Sequence[torch.Tensor] = maps
        return found

    def _find_blocks(self) -> None:
        import torch

        with recorded(self.model) as seen, torch.inference_mode(), self.reader.alone():
            out = self.reader.forward(self.probe, output_hidden_states=True)
        states = getattr(out, "hidden_states", None)
        if states is None or len(states) != self.n_layers + 1:
            raise EncodingError(
                f"config.json promises {self.n_layers + 1} hidden states, "
                f"{type(self.model).__name__} gives {len(states) if states else 'none'}"
            )
        with torch.inference_mode():
            wrong = {k: self._fitting.misfit(x, self.probe) for k, x in enumerate(states)}
        self._unfit = {k: reason for k, reason in wrong.items() if reason}
        if len(self._unfit) == len(states):
            raise EncodingError(f"layer 0 of {type(self.model).__name__} {self._unfit[0]}")
        for name, calls in seen.items():
            if not self.n_layers or not are_blocks(calls, states):
                continue
            last = states[-1]
            self.last_in_block = isinstance(last, torch.Tensor) and torch.equal(
                calls[-1].gave, last
            )
            if self.last_in_block or is_last(out, last):
                self._watch([*self.model.get_submodule(name)])
                return
        if self.output != "block":
            raise unknown_blocks(self.model)

    def _watch(self, blocks: Sequence[Any]) -> None:
        self.watched, parts = True, None
        if self.output != "block":
            with self.reader.alone(), watched(blocks) as seen:
                self.reader.forward(self.probe)
            parts = adding_modules(blocks, seen, self.output, self.model)
            # No norm behind the last block has a say in what its parts add.
            self.last_in_block = True
        self._watcher.listen(blocks, parts)
