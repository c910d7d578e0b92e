"""A torch model that hands out the layers asked for, and runs no further than needed."""

from __future__ import annotations

import contextlib
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sondage.errors import EncodingError
from sondage_transformers.block_calls import are_blocks, input_of, is_last, output_of, recorder
from sondage_transformers.embeddings import vocabulary
from sondage_transformers.lengths import length_taken
from sondage_transformers.passes import mixed, passes_of, together
from sondage_transformers.restorer import Restorer, untouched_draws
from sondage_transformers.trials import Conduct, in_float32, observe

if TYPE_CHECKING:
    import torch

    Tensors = Mapping[str, torch.Tensor]
    Sink = Callable[[int, torch.Tensor], None]


class _EnoughError(Exception):
    """The highest layer asked for has been delivered."""


@dataclass
class _Watch:
    """What the hooks do in one forward pass."""

    wanted: frozenset[int]
    sink: Sink
    stop: int
    calls: int = 0


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

    Attributes
    ----------
    conduct : Conduct
        What the two texts showed: texts that may not share a pass go through in passes of
        their own, whatever batch they come in.
    """

    model: Any
    n_layers: int
    width: int
    probe: Tensors
    highest_type: int = -1
    conduct: Conduct = field(init=False, default_factory=Conduct)
    last_in_block: bool = field(init=False, default=True)
    watched: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._watch: _Watch | None = None
        self._lock = threading.RLock()
        self._accepts = inspect.signature(self.model.forward).parameters
        self._restorer = Restorer(self.model)
        self._pads_behind: bool | None = None
        self._unfit: dict[int, str] = {}
        self._ready = False
        self._find_blocks()
        with untouched_draws(), in_float32(self.model):
            self.conduct = observe(self, self.highest_type)
        self._ready = True

    def accepts(self, name: str) -> bool:
        """Whether the model's forward pass has such an argument."""
        return name in self._accepts

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

        with torch.inference_mode(), self._lock, self._restorer.kept() as changes:
            states = self._forward(inputs, output_hidden_states=True).hidden_states
            fit = [k for k in range(len(states)) if k not in self._unfit]
            found = [self._fitted(k, states[k], inputs) for k in fit]
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
            sink(layer, self._fitted(layer, hidden, inputs))

        with self._lock, self._restorer.kept() as changes:
            if self.watched:
                self._run_watched(inputs, wanted, fitted)
            else:
                states = self._forward(inputs, output_hidden_states=True).hidden_states
                for layer in sorted(set(wanted)):
                    fitted(layer, states[layer])
        return changes.other_mode

    def _fitted(self, layer: int, hidden: Any, inputs: Tensors) -> Any:
        """Return states without what the model padded behind the text; else raise."""
        wrong = self._misfit(hidden, inputs)
        if wrong:
            raise EncodingError(f"layer {layer} of {type(self.model).__name__} {wrong}")
        return hidden[:, : inputs["input_ids"].shape[1]]

    def _misfit(self, hidden: Any, inputs: Tensors) -> str:
        """Say why something is no state for each subword, or nothing."""
        import torch

        batch, asked = inputs["input_ids"].shape
        shape = tuple(hidden.shape) if isinstance(hidden, torch.Tensor) else ()
        if len(shape) != 3 or shape[0] != batch:
            return f"has the shape {shape}, not a vector for each subword"
        if shape[2] != self.width:
            return f"has the width {shape[2]}, not {self.width}"
        if shape[1] == asked or (shape[1] > asked and self._is_padded_behind(inputs)):
            return ""
        return f"has {shape[1]} states for {asked} subwords"

    def _is_padded_behind(self, inputs: Tensors) -> bool:
        """Whether what a model adds to a text's length lies behind it.

        Its own last state has to be as long as the text again, and the first and last subword
        have to be first and last in the embeddings.
        """
        if self._pads_behind is None:
            watch, self._watch = self._watch, None
            training = self.model.training
            self.model.eval()
            try:
                self._pads_behind = self._measure_padding(inputs)
            finally:
                self.model.train(training)
                self._watch = watch
        return self._pads_behind

    def _measure_padding(self, inputs: Tensors) -> bool:
        import torch

        row = int(inputs["attention_mask"].sum(1).argmax())
        one = {k: v[row : row + 1] for k, v in inputs.items()}
        ids = one["input_ids"]
        asked = ids.shape[1]
        inner = int(ids[0, asked // 2])

        def embedded(changed: Any) -> Any:
            out = self._forward({**one, "input_ids": changed}, output_hidden_states=True)
            last = getattr(out, "last_hidden_state", None)
            behind = last is not None and last.shape[1] == asked
            return out.hidden_states[0][0].float() if behind else None

        with torch.no_grad(), self._restorer.kept():
            before = embedded(ids)
            for place in (0, asked - 1):
                changed = ids.clone()
                changed[0, place] = inner if int(ids[0, place]) != inner else (inner + 1)
                after = embedded(changed % max(vocabulary(self.model) or inner + 2, 1))
                if before is None or after is None or before.shape != after.shape:
                    return False
                moved = torch.nonzero((before != after).any(-1))[:, 0].tolist()
                if moved != [place]:
                    return False
        return True

    def _run_watched(self, inputs: Tensors, wanted: Sequence[int], sink: Sink) -> None:
        top = max(wanted)
        # A norm after the last block belongs to the last layer: then the pass must end itself.
        final = top == self.n_layers and not self.last_in_block
        with self._lock:
            self._watch = _Watch(
                wanted=frozenset(wanted) - ({top} if final else set()),
                sink=sink,
                stop=self.n_layers + 1 if final else top,
            )
            try:
                out = self._forward(inputs)
                if final:
                    sink(top, out.last_hidden_state)
            except _EnoughError:
                pass
            finally:
                self._watch = None

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

        maps, states = "attention" in wants, "states" in wants
        with torch.inference_mode(), self._eager():
            found: dict[str, Any] | None = None
            if self.conduct.company == "any":
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
                sink(
                    layer,
                    {
                        what: values[layer - shift[what]]
                        for what, values in kept.items()
                        if layer >= shift[what]
                    },
                )
                for what, values in kept.items():
                    if layer >= shift[what]:
                        values[layer - shift[what]] = None

    def _whole(self, inputs: Tensors, *, maps: bool, states: bool) -> dict[str, Any] | None:
        """Return the layers of one pass; None if the batch made the model compute otherwise."""
        with self._lock, self._restorer.kept() as changes:
            out = self._forward(inputs, output_attentions=maps, output_hidden_states=states)
        if changes.other_mode and mixed(inputs):
            return None
        found: dict[str, Any] = {}
        if maps:
            found["attention"] = self._checked_maps(getattr(out, "attentions", None), inputs)
        if states:
            found["states"] = [
                None if k in self._unfit else self._fitted(k, x, inputs)
                for k, x in enumerate(out.hidden_states)
            ]
        return found

    @contextlib.contextmanager
    def _eager(self) -> Iterator[None]:
        """Compute attention in the plain implementation, the only one that shows its maps."""
        config = getattr(self.model, "config", None)
        before = getattr(config, "_attn_implementation", None)
        if before in (None, "eager"):
            yield
            return
        with self._lock:
            try:
                self.model.set_attn_implementation("eager")
                yield
            finally:
                self.model.set_attn_implementation(before)

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
        with self._lock, self._eager(), self._restorer.kept() as changes:
            out = self._forward(inputs, output_attentions=True)
        return self._checked_maps(getattr(out, "attentions", None), inputs), changes.other_mode

    def _checked_maps(self, maps: Any, inputs: Tensors) -> Sequence[torch.Tensor]:
        t = inputs["input_ids"].shape[1]
        whole = maps is not None and all(m is not None and m.shape[2:] == (t, t) for m in maps)
        if maps is None or not whole or len(maps) != self.n_layers:
            raise EncodingError(f"{type(self.model).__name__} does not show whole attention maps")
        found: Sequence[torch.Tensor] = maps
        return found

    def _forward(self, inputs: Tensors, **options: bool) -> Any:
        import torch

        given = {k: v for k, v in inputs.items() if k in self._accepts}
        try:
            return self.model(**given, return_dict=True, **options)
        except torch.OutOfMemoryError as error:
            raise EncodingError(
                f"a batch of {tuple(inputs['input_ids'].shape)} subwords does not fit the memory",
                hint="a smaller max_tokens",
            ) from error
        except (_EnoughError, EncodingError):
            raise
        except Exception as error:  # what an architecture does not take fails in any way
            raise self._unread(inputs, error) from error

    def _unread(self, inputs: Tensors, error: Exception) -> EncodingError:
        """Return what to say of a text that the model failed on."""
        name, size = type(self.model).__name__, inputs["input_ids"].shape[1]
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        hint = "a model that reads text alone and of any length, or its text part saved by itself"
        if self._ready:
            hint = "max_length sets the subwords of a window; or leave out texts of this length"
        # Shapes that do not fit are a RuntimeError; what else is missing, another one.
        elif isinstance(error, RuntimeError):
            with self._restorer.kept():
                taken = length_taken(self.model, inputs["input_ids"])
            if taken:
                reason = f"it takes texts of {taken}. {reason}"
                hint = (
                    "a configuration that takes texts of any length; Nyströmformer's does where "
                    "segment_means_seq_len is num_landmarks, and attends in full then"
                )
        return EncodingError(f"{name} cannot read texts of {size} subwords: {reason}", hint=hint)

    def _find_blocks(self) -> None:
        import torch

        seen: dict[str, list[Any]] = {}
        hooks = []
        for name, module in self.model.named_modules():
            if isinstance(module, torch.nn.ModuleList):
                for child in set(module):
                    hooks.append(
                        child.register_forward_hook(recorder(seen, name), with_kwargs=True)
                    )
        try:
            with torch.inference_mode(), self._restorer.kept():
                out = self._forward(self.probe, output_hidden_states=True)
        finally:
            for hook in hooks:
                hook.remove()
        states = getattr(out, "hidden_states", None)
        if states is None or len(states) != self.n_layers + 1:
            raise EncodingError(
                f"config.json promises {self.n_layers + 1} hidden states, "
                f"{type(self.model).__name__} gives {len(states) if states else 'none'}"
            )
        with torch.inference_mode():
            wrong = {k: self._misfit(x, self.probe) for k, x in enumerate(states)}
        self._unfit = {k: reason for k, reason in wrong.items() if reason}
        if len(self._unfit) == len(states):
            raise EncodingError(f"layer 0 of {type(self.model).__name__} {self._unfit[0]}")
        for name, calls in seen.items():
            if not self.n_layers or not are_blocks(calls, states):
                continue
            last = states[-1]
            self.last_in_block = isinstance(last, torch.Tensor) and torch.equal(calls[-1][1], last)
            if self.last_in_block or is_last(out, last):
                self.watched = True
                self._listen(self.model.get_submodule(name))
                return

    def _listen(self, blocks: Any) -> None:
        for block in set(blocks):
            block.register_forward_pre_hook(self._before, with_kwargs=True)
            block.register_forward_hook(self._after)

    def _before(self, module: Any, args: Any, kwargs: Any) -> None:
        watch = self._watch
        if watch is None or watch.calls:
            return
        if 0 in watch.wanted:
            watch.sink(0, input_of(args, kwargs))
        if watch.stop == 0:
            raise _EnoughError

    def _after(self, module: Any, args: Any, output: Any) -> None:
        watch = self._watch
        if watch is None:
            return
        watch.calls += 1
        if watch.calls in watch.wanted:
            watch.sink(watch.calls, output_of(output))
        if watch.calls >= watch.stop:
            raise _EnoughError
