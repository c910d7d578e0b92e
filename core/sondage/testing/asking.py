"""Toy problems for probes that ask an encoder itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from sondage.contracts import Encoder
from sondage.data import Split, TaskData
from sondage.errors import PluginError
from sondage.testing import toys
from sondage.testing.open_toy import ToyOpen
from sondage.testing.problems import ToyProblem, tree_problem
from sondage.testing.questions import ToyQuestions


class AskingProblem(ToyProblem):
    """A `sondage.contracts.EncoderProblem`: an encoder, and what it is asked about.

    Parameters
    ----------
    data : TaskData
    encoder : Encoder
    split : bool
        Whether there are splits, as where a probe takes targets.
    **rest
        As `ToyProblem` has them.
    """

    def __init__(
        self, data: TaskData, states: Any = (), *, encoder: Encoder, split: bool, **rest: Any
    ) -> None:
        self.encoder = encoder
        self._own: Mapping[str, Any] = {"encoder": encoder, "split": split}
        nothing: dict[int, Split] = {}
        given: dict[str, Any] = {
            "layers": tuple(range(encoder.n_layers + 1)), **rest, "vectors": (),
        }  # fmt: skip
        if not split:
            given["splits"] = nothing
        super().__init__(data, **given)

    def vectors(self, layer: int) -> NoReturn:
        """Refuse: nothing is stored for what asks the encoder."""
        raise PluginError(
            "the probe says that it reads the encoder, and asks for stored vectors",
            hint="leave 'reads' out",
        )

    def states(self, layer: int) -> NoReturn:
        """Refuse likewise."""
        self.vectors(layer)

    def distinct_states(self, layer: int) -> NoReturn:
        """Refuse likewise."""
        self.vectors(layer)


def asking_problem(
    units: str,
    *,
    encoder: Any = None,
    seed: int = 0,
    seeds: tuple[int, ...] = (0, 1),
    layers: tuple[int, ...] | None = None,
) -> AskingProblem:
    """Return a problem for a probe that asks an encoder.

    Parameters
    ----------
    units : str
        The probe's; those of ``none`` get texts that come twice, and no target.
    encoder : Encoder, optional
        Without it a `ToyOpen`.
    seed : int
        Of the toy encoder.
    seeds, layers : tuples of int
    """
    asked = ToyOpen(seed=seed) if encoder is None else encoder
    data = {
        "none": lambda: TaskData(toys.word_corpus(2), None),
        "trees": lambda: tree_problem().data,
        "answers": lambda: ToyQuestions().load(),
    }
    made = data.get(units, lambda: toys.ToyTask().load())()
    rest: dict[str, Any] = {} if layers is None else {"layers": layers}
    return AskingProblem(made, encoder=asked, split=units != "none", seeds=seeds, **rest)
