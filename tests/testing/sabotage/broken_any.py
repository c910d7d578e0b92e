"""Components that break a promise which every kind makes."""

import random
import sys

import numpy as np
from good_ones import Looped

from sondage.testing.toys import ToyEncoder, ToyTask


class NoRandomness(Looped):
    """Does not say what the seed controls."""

    @property
    def randomness(self):
        raise AttributeError("randomness")


class Positional(ToyEncoder):
    def __init__(self, n_layers: int = 2, width: int = 8, seed: int = 0) -> None:
        super().__init__(n_layers=n_layers, width=width, seed=seed)


class CatchesAll(ToyEncoder):
    def __init__(self, **rest: int) -> None:
        super().__init__(**rest)


class Untyped(ToyEncoder):
    def __init__(self, *, seed=0) -> None:
        super().__init__(seed=seed)


class NotJson(ToyEncoder):
    def __init__(self, *, dtype: type = np.float32) -> None:
        super().__init__()
        self.dtype = dtype


class NotStored(ToyEncoder):
    def __init__(self, *, salt: int = 3) -> None:
        super().__init__()
        self._salt = salt


class StoredOtherwise(ToyEncoder):
    def __init__(self, *, salt: int = 3) -> None:
        super().__init__()
        self.salt = salt + 1000


class HoldsALambda(ToyEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.function = lambda: 0


class HeavyToMake(ToyEncoder):
    def __init__(self) -> None:
        import colorsys  # noqa: F401

        super().__init__()


class UsesRandom(ToyTask):
    def load(self):
        random.random()
        return super().load()


class SeedsNumpy(ToyTask):
    def load(self):
        np.random.seed(0)  # noqa: NPY002
        return super().load()


class SeedsTorch(ToyTask):
    def load(self):
        sys.modules["torch"].manual_seed(0)
        return super().load()


class Prints(ToyTask):
    def load(self):
        print("loading")
        return super().load()


class PrintsErrors(ToyTask):
    def load(self):
        print("loading", file=sys.stderr)
        return super().load()


class RandomnessInOneText(ToyTask):
    randomness = "split"


class SaysThatTheSplitIsItsOwn(Looped):
    randomness = ("split",)

    def disturb(self, fitted, problem, rng):
        fitted.means_ = fitted.means_ + 1e-3 * rng.standard_normal(fitted.means_.shape)


class StoresACopy(ToyEncoder):
    def __init__(self, *, salts: tuple[int, ...] = (1000, 2000)) -> None:
        super().__init__()
        self.salts = (*salts,)
