"""`EdgeProbe`: edge probing on ragged states, without the core's registry, store or runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray

from sondage.data import Ints, States, Units
from sondage.errors import DataError, EncodingError, ParameterError
from sondage_edge.labels import asked, check_labels, check_training
from sondage_edge.ragged import Batches, places, same_rows
from sondage_edge.reading import Read, Reader

if TYPE_CHECKING:
    from sondage_edge.alone import Work
    from sondage_edge.progress import Progress

Loss = Literal["sigmoid", "softmax"]
Size = Annotated[int, Ge(1)]
Doubles = NDArray[np.float64]


@dataclass(kw_only=True, eq=False)
class EdgeSettings:
    """What an edge probe reads, its sizes, and how it is trained.

    Parameters
    ----------
    read : {'mix', 'layer', 'top', 'lexical', 'cat', 'cumulative'}
        What is projected. ``mix``: a learned mix of all layers, gamma times the sum of s_l h_l
        with s a softmax. ``layer``: each layer, by a probe of its own, all trained together.
        ``top``, ``lexical``, ``cat``: the highest layer, the lowest (layer 0), or both side by
        side. ``cumulative``: for each l the mix of layers up to l; a component's scores are the
        last one's, and a table has all.
    loss : {'sigmoid', 'softmax'}
        Binary cross-entropy over all labels, predicted where the probability is above 1/2;
        or cross-entropy of one label per item.
    projection : int
        Width that each word's vector is projected to.
    hidden : int
        Units in the perceptron's hidden layer.
    dropout : float
        Share of hidden units dropped in training.
    batch : int
        Sentences per step, with all their items.
    rate : float
        Of Adam, at first.
    clip : float
        Largest norm of a gradient.
    validate_every : int
        Steps between two looks at dev.
    halve_after : int
        Looks at dev in a row without progress after which the rate is halved, and again after
        as many. A gain of 1e-4 in micro-F1 is progress; while fewer than half as many labels are
        predicted as there are, a fall of the loss by 0.1% is as well.
    stop_after : int
        Looks at dev in a row without progress after which training ends; the parameters that
        were best on dev are kept.
    max_validations : int
        Looks at dev after which training ends in any case, counted as ``not-converged``.
    """

    read: Read = "mix"
    loss: Loss = "sigmoid"
    projection: Size = 256
    hidden: Size = 256
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.3
    batch: Size = 32
    rate: Annotated[float, Gt(0)] = 1e-3
    clip: Annotated[float, Gt(0)] = 5.0
    validate_every: Size = 200
    halve_after: Size = 3
    stop_after: Size = 8
    max_validations: Size = 100


@dataclass(kw_only=True, eq=False)
class EdgeProbe(EdgeSettings):
    """Labels of spans, or pairs of spans, from frozen states.

    Each word's vector is projected; a span is a weighted mean of its words' projections, with
    weights from an attention that is learned for its role (first or second span); a
    perceptron with one hidden layer (tanh, layer normalisation, dropout) scores every label.

    Parameters are those of `EdgeSettings`, and:

    Parameters
    ----------
    device : str
        As torch names it.

    Attributes
    ----------
    shares_ : float64 array, shape (cells, L)
        s of each mix; without a mix, shape (cells, 0). A cell is one probe.
    gamma_ : float64 array, shape (cells,)
        Scale of each mix, or ones.
    history_ : dict of columns
        One line per cell and look: step, losses (nats; train with dropout), micro-F1, rate.
    converged_ : bool array, shape (cells,)
        False where training ran into `max_validations`.
    n_labels_ : int

    References
    ----------
    Tenney et al. 2019, arXiv:1905.06316v1, section 3.1 and appendix; jiant-v1's edge probing
    module (dropout 0.3, separate projections and attentions for the two spans, tanh before
    layer normalisation). Departs from it: states of words (means of their subwords) instead
    of subwords; Adam starts at 1e-3 instead of 1e-4 and dev is looked at more often, with
    less patience (3 and 8 looks of 200 steps, not 5 and 20 of 100 to 1,000), though not while
    few labels are predicted; the last linear map starts at 0; sentences are drawn anew in
    every epoch.
    """

    device: str = "cpu"

    def fit(
        self,
        states: States | Sequence[States],
        units: Units,
        y: NDArray[Any],
        *,
        dev: tuple[Units, NDArray[Any]],
        rng: np.random.Generator,
        n_labels: int | None = None,
        initials: Sequence[np.random.Generator] = (),
    ) -> Self:
        """Train on items until dev says stop.

        Parameters
        ----------
        states : States, or a sequence of them, one a layer, the lowest first
            Rows are words; memory maps are read a batch at a time.
        units : Units, length n
            One or two spans per item; spans may overlap. Without spans, the whole sentence.
        y : int array, shape (n,); bool array, shape (n, K); or float array, shape (n, K)
            One label per item, or several; floats are 0, 1, and NaN where a label was not
            asked for: nothing is learned from it.
        dev : (Units, array)
            Items that decide on the rate, on the end and on the parameters kept.
        rng : numpy Generator
            Draws initial parameters, the order of sentences, and dropout.
        n_labels : int, optional
            K; by default from `y` and dev.
        initials : sequence of numpy Generator, one a cell, optional
            Draw each cell's initial parameters instead; by default all cells start alike.

        Raises
        ------
        DataError
            For a span that is empty or leaves its sentence, a training part with one label
            only, an empty part, or labels out of range.
        EncodingError
            For NaN or infinite values, or layers that do not fit together.
        ParameterError
            For parameters out of range.
        """
        from sondage_edge.together import end_together

        begun = self.begin(states, units, y, dev=dev, rng=rng, n_labels=n_labels, initials=initials)
        end_together([(self, begun)])
        return self

    def begin(
        self,
        states: States | Sequence[States],
        units: Units,
        y: NDArray[Any],
        *,
        dev: tuple[Units, NDArray[Any]],
        rng: np.random.Generator,
        n_labels: int | None = None,
        initials: Sequence[np.random.Generator] = (),
    ) -> Work:
        """Return the work that `fit` is, for `end_together`, after the same checks."""
        from sondage_edge.alone import Answers, Work
        from sondage_edge.network import Shape, initial

        layers = [states] if isinstance(states, States) else list(states)
        self._check_parameters()
        offsets = same_rows(layers)
        both = _joined(units, dev[0])
        labels, n = _stacked(y, dev[1]), len(units)
        self.n_labels_ = check_labels(labels, self.loss, n_labels)
        check_training(labels[:n], "the training part")
        if not len(dev[0]):
            raise DataError("no dev items: they decide when an edge probe has learned enough")
        where = places(both, offsets)
        reader = Reader(layers, self.read, self.device)
        self._shape = Shape(
            reader.width, where.start.shape[1], self.n_labels_, self.projection, self.hidden,
            reader.mixed,
        )  # fmt: skip
        own = [initial(self._shape, each) for each in initials]
        start = np.stack(own or [initial(self._shape, rng)] * reader.cells)
        train, held = Batches(where, np.arange(n)), Batches(where, np.arange(n, len(both)))
        known = asked(labels)
        y = labels if known is None else labels == 1
        y = y.astype(np.int64 if labels.ndim == 1 else np.float32)
        answers = Answers(y, self.n_labels_, known)
        return Work(self._shape, reader, self, start, train, held, answers, rng)

    def decision_function(self, states: States | Sequence[States], units: Units) -> NDArray[Any]:
        """Return the score (logit) of every label.

        Parameters
        ----------
        states : States, or a sequence of them
            The same layers as in training, of the same or other sentences.
        units : Units, length n

        Returns
        -------
        float32 array, shape (n, K); for 'layer' and 'cumulative' (cells, n, K)

        Raises
        ------
        DataError, EncodingError
            As `fit`.
        """
        import torch

        from sondage_edge.together import check_read
        from sondage_edge.training import WIDE, Trainer

        layers = [states] if isinstance(states, States) else list(states)
        where = places(units, same_rows(layers))
        reader = Reader(layers, self.read, self.device)
        if (reader.cells, reader.width, reader.mixed, where.start.shape[1]) != (
            len(self.parameters_), self._shape.width, self._shape.mixed, self._shape.roles,
        ):  # fmt: skip
            raise EncodingError("layers, width or spans an item differ from those in training")
        trainer, cells = Trainer(self._shape, reader, self), np.arange(reader.cells)
        values = torch.from_numpy(self.parameters_).to(self.device)
        out = np.empty((reader.cells, len(units), self.n_labels_), np.float32)
        batches = Batches(where, np.arange(len(units)))
        for part in batches.deal(WIDE):
            out[:, part.items] = trainer.scores(values, cells, part).cpu().numpy()
        if not np.isfinite(out).all():
            check_read(layers, batches)
        return out if self.read in ("layer", "cumulative") else out[0]

    def predict_proba(self, states: States | Sequence[States], units: Units) -> NDArray[Any]:
        """Return the probability of every label, shape as of `decision_function`.

        With the sigmoid each label's own; with the softmax they sum to 1.
        """
        z = self.decision_function(states, units).astype(np.float64)
        if self.loss == "sigmoid":
            return np.asarray(np.exp(-np.logaddexp(0, -z)))
        z = np.exp(z - z.max(axis=-1, keepdims=True))
        return np.asarray(z / z.sum(axis=-1, keepdims=True))

    def _check_parameters(self) -> None:
        sizes = (self.projection, self.hidden, self.batch, self.validate_every, self.halve_after,
                 self.stop_after, self.max_validations)  # fmt: skip
        if min(sizes) < 1 or not 0 <= self.dropout < 1 or self.rate <= 0 or self.clip <= 0:
            raise ParameterError(
                "an edge probe wants sizes and counts of at least 1, 0 <= dropout < 1, and a "
                "positive rate and clip"
            )

    def keep(self, cells: Sequence[Progress], reader: Reader) -> None:
        """Take over how training went."""
        from sondage_edge.progress import histories

        self.parameters_ = np.stack([one.best for one in cells])
        self.history_ = histories(cells)
        self.converged_ = np.array([one.stopped for one in cells])
        self._keep_mix(reader)

    def _keep_mix(self, reader: Reader) -> None:
        m = reader.mixed
        s = np.where(reader.allowed, self.parameters_[:, :m].astype(np.float64), -np.inf)
        e = np.exp(s - s.max(axis=1, keepdims=True)) if m else s
        self.shares_: Doubles = e / e.sum(axis=1, keepdims=True) if m else s
        ones = np.ones(reader.cells)
        self.gamma_: Doubles = self.parameters_[:, m].astype(np.float64) if m else ones


def _joined(a: Units, b: Units) -> Units:
    if a.arity != b.arity:
        raise DataError(f"items have {a.arity} spans in training and {b.arity} in dev")
    return Units(np.concatenate([a.sentence, b.sentence]), np.concatenate([a.spans, b.spans]))


def _stacked(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != b.ndim or a.shape[1:] != b.shape[1:]:
        raise DataError(f"labels have shapes {a.shape} in training and {b.shape} in dev")
    return np.concatenate([a, b])


def cells_of(items: Ints, units: Units) -> Units:
    """Return these items' units."""
    return Units(units.sentence[items], units.spans[items])
