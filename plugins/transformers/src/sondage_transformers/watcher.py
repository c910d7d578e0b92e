"""Hooks on a model's blocks: each layer is handed over as it comes, and the pass ends in time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sondage_transformers.block_calls import input_of, output_of


class EnoughError(Exception):
    """The highest layer asked for has been delivered."""


@dataclass
class _Watch:
    """What the hooks do in one forward pass."""

    wanted: frozenset[int]
    sink: Callable[[int, Any], None]
    stop: int
    calls: int = 0


class Watcher:
    """Watches the blocks that it listens to while a pass runs `during` it."""

    def __init__(self) -> None:
        self._watch: _Watch | None = None

    def listen(self, blocks: Any, parts: Mapping[Any, Any] | None = None) -> None:
        """Put hooks on blocks; a block that is there several times gets one.

        Parameters
        ----------
        blocks : iterable of torch.nn.Module
        parts : mapping of block to module within, optional
            Whose outputs are handed over instead of the blocks'.
        """
        for block in set(blocks):
            block.register_forward_pre_hook(self._before, with_kwargs=True)
            inner = block if parts is None else parts[block]
            # The inner one's ends first, and a module's hooks run in this order.
            inner.register_forward_hook(self._hand_over)
            block.register_forward_hook(self._count)

    def during(
        self,
        run: Callable[[], Any],
        wanted: frozenset[int],
        stop: int,
        sink: Callable[[int, Any], None],
    ) -> Any:
        """Run a pass, hand the layers wanted to `sink`, and end it after layer `stop`.

        Returns
        -------
        object
            What the pass gave; None if it was ended.
        """
        self._watch = _Watch(wanted, sink, stop)
        try:
            return run()
        except EnoughError:
            return None
        finally:
            self._watch = None

    @contextlib.contextmanager
    def idle(self) -> Iterator[None]:
        """Let passes go by, in the middle of one that is watched."""
        watch, self._watch = self._watch, None
        try:
            yield
        finally:
            self._watch = watch

    def _before(self, module: Any, args: Any, kwargs: Any) -> None:
        watch = self._watch
        if watch is None or watch.calls:
            return
        if 0 in watch.wanted:
            watch.sink(0, input_of(args, kwargs))
        if watch.stop == 0:
            raise EnoughError

    def _hand_over(self, module: Any, args: Any, output: Any) -> None:
        watch = self._watch
        if watch is not None and watch.calls + 1 in watch.wanted:
            watch.sink(watch.calls + 1, output_of(output))

    def _count(self, module: Any, args: Any, output: Any) -> None:
        watch = self._watch
        if watch is None:
            return
        watch.calls += 1
        if watch.calls >= watch.stop:
            raise EnoughError
