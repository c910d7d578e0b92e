"""What a metric is, and the state that it keeps over the stimuli."""

from __future__ import annotations

from typing import Any, Literal, Protocol, Self

from sondage.data import Labels, Result


class Accumulator(Protocol):
    """The state of a metric over some of the stimuli."""

    def update(self, a: Any, b: Any, rows: Any) -> None:
        """Take aligned chunks.

        Parameters
        ----------
        a, b : float arrays, shape (n, d_a) and (n, d_b)
            Side a is the encoder of the cell, side b the composition's baseline. For ``units =
            "attention"`` the maps of a batch of sentences at one layer, shape (b, heads, t, t),
            rows being queries; what they hold where padding is means nothing. Both models cut the
            texts into the same subwords, but may have unlike numbers of heads.
        rows : int64 array, shape (n,)
            Identity of each stimulus: the same in every chunking and for every encoder. For
            ``units = "attention"`` the `sondage.data.Batch`, which says what each row is.

        Raises
        ------
        DataError
            For sides that the metric cannot compare, such as of unlike width.
        """
        ...

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's stimuli; returns self."""
        ...

    def compute(self) -> Result:
        """Return the scores of what was seen so far; changes nothing."""
        ...


class Metric(Protocol):
    """Compares two encoders on the same stimuli, in bounded memory.

    Attributes
    ----------
    units : {'vectors', 'attention', 'labelled'}
        What is compared: rows of a view; attention maps, always in passing; or the vectors of a
        task's training items, whose labels `begin` is then told.
    symmetric : bool
        Whether the sides may be swapped.
    bounds : (float, float)
        Least and greatest value possible.
    self_value : float
        The value of a representation compared with itself.
    invariances : frozenset of {'orthogonal', 'scaling', 'translation', 'linear'}
        Changes of either side that leave the value as it is ('linear': any invertible map).
    randomness : tuple of str
        ``("resample",)`` where the seed draws stimuli, else empty: then the core gives
        intervals by leaving out groups of sentences, which merging makes cheap. Where the seed
        draws, the accumulator may have a method ``left_out(group_of)`` for that, which yields
        its scores by name without each group of the stimuli drawn, in turn; ``group_of(rows)``
        tells the groups of stimuli by their identities.
    chose : (str, str), optional
        A table of its results, with the same rows whatever the stimuli, and a column of numbers
        in it that says what it chose by them, such as how many directions it kept. An interval
        jumps where it chooses otherwise without a group of sentences: the core writes the least
        and the greatest choice beside the column (``kept_least``, ``kept_most``), and the warning
        ``choice-varies`` counts such groups.
    shares : hashable, optional
        Metrics with equal ones accumulate the same: they are fed once, and each makes its
        result of the common accumulator by a method ``result(accumulator) -> Result``.
    null : method, optional
        ``null(a, b, orders)`` returns the first score for each order of the rows of b, orders
        being int64 of shape (k, n): what calibration would else ask anew for each. It may return
        `NotImplemented`.
    """

    @property
    def units(self) -> Literal["vectors", "attention", "labelled"]: ...
    @property
    def symmetric(self) -> bool: ...
    @property
    def bounds(self) -> tuple[float, float]: ...
    @property
    def self_value(self) -> float: ...
    @property
    def invariances(self) -> frozenset[str]: ...
    @property
    def randomness(self) -> tuple[str, ...]: ...

    def begin(self, seed: int, labels: Labels | None = None) -> Accumulator:
        """Return an empty accumulator.

        A metric that is not ``labelled`` may leave the second argument out of its signature.
        For one that is, rows are item indices into `labels`.
        """
        ...
