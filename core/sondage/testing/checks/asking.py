"""The check of probes that ask the encoder itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from sondage.data import TaskData
from sondage.errors import SondageError
from sondage.testing import toys
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component
from sondage.testing.passable import ToyPassable


@promise_of("probe", since="0.1")
def check_an_encoder_that_lacks_something_is_refused(component: Component) -> None:
    """Of an encoder without a model or head to read, it says so by an error of sondage's."""
    if getattr(component.make(), "reads", "vectors") != "encoder":
        raise NotApplicable("the probe reads vectors, which every encoder has")
    for encoder in (toys.ToyEncoder(), ToyPassable()):
        try:
            list(component.make().run_layers(asked(encoder)))
        except SondageError:
            continue
        except Exception as error:
            raise AssertionError(
                f"{type(error).__name__}: {error}; find out what an encoder offers beside "
                "`sondage.contracts.Encoder`, as by hasattr, and raise an EncodingError"
            ) from error


def asked(encoder: Any) -> Any:
    """Return an `EncoderProblem` of one layer and seed on toy words, without a target."""
    return SimpleNamespace(
        encoder=encoder,
        layers=(1,),
        seeds=(0,),
        data=TaskData(toys.word_corpus(), None),
        splits={},
        rng=lambda layer, seed: np.random.default_rng(seed),
    )
