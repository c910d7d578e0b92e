"""The component `mdl.online`: an online code by any probe that gives probabilities."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Gt, Le, MinLen
from numpy.typing import NDArray

from sondage import probing
from sondage.contracts import Probe, Problem
from sondage.data import Labels, Outcomes, Result
from sondage.errors import DataError, ParameterError
from sondage_mdl.blocks import PORTIONS, Order, blocks_of, order_of
from sondage_mdl.codes import finite, learning_curve
from sondage_mdl.prequential import Prequential, Sent

PROBE = "mdl.online"
#: What keeps a code of one layer and seed together with its control's.
LayerSeed = tuple[int | None, int]


@dataclass(kw_only=True, eq=False)
class Online(probing.OfProbe):
    """Send the training labels block by block, each coded by a probe trained on those before.

    Parameters
    ----------
    probe : Probe
        A probe of labels that gives probabilities (surprisals in its outcomes), such as
        `classifiers.linear` or `mdl.mlp`. It is trained on every portion as if that were the
        training part, with the task's dev part; layers, portions and seeds are handed over at
        once.
    portions : tuple of float
        Ascending shares of the training items at which a block ends; the last is 1.
    order : {'sentences', 'items', 'sentence-shares'}
        The seed shuffles sentences, whose items stay together, or single items. With
        'sentence-shares' portions are shares of sentences, as in the original, not of items.
    control : bool
        Code a control task in the same order too.
    keep_bits : bool
        Keep the training items in the order sent, and the bits of each, as arrays.

    Notes
    -----
    Scores ``compression`` (uniform / codelength), ``codelength`` and ``uniform`` (bits), the
    probe's own first score on the test part after training on everything, and with `control`
    the same of the control task and ``selectivity`` (of that score). Tables ``curve``, and
    ``control_curve``. Warnings: ``merged-portions`` counts portions without a block of their
    own; the probe's own, added up over portions.

    There are no outcomes: they are the means behind a first score, and a codelength has none
    on the test part.

    References
    ----------
    Voita and Titov 2020, arXiv:2003.12298v1, section 2.2.2, equation 5. Departs from it: bits
    throughout (`sondage_mdl.as_published`); portions are shares of items, and end with a
    sentence (`order`); a first portion with a single label is made longer; a probe that rules
    out labels is mixed with the uniform code (`sondage_mdl.codes.finite`).
    """

    does: ClassVar[str] = f"{PROBE} codes labels"
    wanted: ClassVar[str] = (
        "name a classifier, such as classifiers.linear, mdl.mlp or an edge probe"
    )

    probe: Probe
    portions: Annotated[tuple[Annotated[float, Gt(0), Le(1)], ...], MinLen(1)] = PORTIONS
    order: Order = "sentences"
    control: bool = False
    keep_bits: bool = False

    @property
    def randomness(self) -> tuple[str, ...]:
        """What the seed controls beside the split."""
        own = tuple(getattr(self.probe, "randomness", ()))
        return tuple(dict.fromkeys(("order", *own, *(("control",) if self.control else ()))))

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result); the probe sees all layers, portions and seeds at once.

        Raises
        ------
        DataError
            For a target that is not labels, a single label, or an empty training part.
        ParameterError
            If the probe gives no probabilities, or has a control task of its own.
        """
        self.check()
        labels = problem.data.target
        if not isinstance(labels, Labels):
            raise DataError(
                f"{PROBE} codes labels, but {problem.data.corpus.name} has {type(labels).__name__}",
                hint="choose a task with labels on sentences, words or spans",
            )
        if self.control and labels.y.ndim != 1:
            raise DataError(f"{PROBE}: a control task wants one label an item")
        codes = self._codes(problem, labels, problem.seeds)
        targets = probing.control_tasks(problem, labels) if self.control else {}
        controls: dict[LayerSeed, Result] = {}
        for seed, other in targets.items():
            controls |= self._codes(problem, other, (seed,))
        for cell, code in codes.items():
            yield *cell, _with_control(code, controls[cell]) if self.control else code

    def check(self) -> None:
        """Refuse a probe that gives no probabilities, or has a control task of its own."""
        simple = not hasattr(self.probe, "run_layers")
        if simple and not hasattr(self.probe, "predict_log_proba"):
            raise self._refused()
        if getattr(self.probe, "control", False):
            raise ParameterError(
                f"{PROBE}: probe {self.probe_name} has a control task of its own, which would be "
                "trained on every portion for nothing",
                hint=f"set 'control: true' for {PROBE}, and not for its probe",
            )

    def _refused(self) -> ParameterError:
        return ParameterError(
            f"{PROBE}: probe {self.probe_name} gives no probabilities (no surprisal in its "
            "outcomes), of which codelengths are made",
            hint="name a probe such as classifiers.linear, mdl.mlp or an edge probe",
        )

    def _codes(
        self, problem: Problem, labels: Labels, seeds: tuple[int, ...]
    ) -> dict[LayerSeed, Result]:
        """Code one target for some seeds, by one call of the probe."""
        sent = {seed: self._sent(problem, labels, seed) for seed in seeds}
        derived = Prequential(problem, sent, labels)
        found: dict[LayerSeed, Result] = {}
        for layer, seed, result in probing.run(self.probe, derived):
            if result.outcomes is None or result.outcomes.surprisal is None:
                raise self._refused()
            found[layer, seed] = result
        layers = problem.layers if self.per_layer else (None,)
        return {
            (layer, seed): self._code(
                [found[layer, s] for s in derived.portions[seed]], sent[seed], labels
            )
            for layer in layers
            for seed in seeds
        }

    def _sent(self, problem: Problem, labels: Labels, seed: int) -> Sent:
        rng = problem.rng(None, seed).spawn(1)[0]
        train = problem.splits[seed].train
        order, runs = order_of(train, labels.sentence[train], rng, self.order)
        of: Literal["items", "groups"] = "groups" if self.order == "sentence-shares" else "items"
        try:
            return Sent(order, blocks_of(labels.y[order], self.portions, runs, of=of))
        except DataError as error:
            error.message = f"{PROBE}: {problem.data.corpus.name} (seed {seed}): {error.message}"
            raise

    def _code(self, results: list[Result], sent: Sent, labels: Labels) -> Result:
        ends = sent.blocks.ends
        K, single = len(labels.names), labels.y.ndim == 1
        bits, scores = [], []
        for result, a, b in zip(results, ends, ends[1:], strict=False):
            assert result.outcomes is not None
            bits.append(_aligned(result.outcomes, sent.order[a:b], self.probe_name))
            scores.append(next(iter(result.scores.values())))
        if single:
            # How many labels each portion knows, by where each first comes.
            first = np.unique(labels.y[sent.order], return_index=True)[1]
            seen = [int(np.sum(first < a)) for a in ends[:-1]]
            bits = finite(bits, [int(a) for a in ends[:-1]], seen, K)
        elif not all(np.isfinite(b).all() for b in bits):
            raise DataError(f"{PROBE}: probe {self.probe_name} rules out labels that occur")
        each = math.log2(K) if single else float(K)
        uniform, first = len(sent.order) * each, each
        if labels.asked is not None:
            # A bit a decision, of those that are known.
            known = labels.asked[sent.order].sum(axis=1).astype(np.float64)
            uniform, first = float(known.sum()), known[: ends[0]]
        name, score = next(iter(results[-1].scores.items()))
        curve, flat = learning_curve(ends, sent.blocks.portions, bits, scores, first, name)
        warnings = Counter({"merged-portions": sent.blocks.merged})
        for result in results:
            warnings.update(result.warnings)
        codelength = float(np.sum(curve["bits"]))
        return Result(
            {
                "compression": uniform / codelength,
                "codelength": codelength,
                "uniform": uniform,
                name: score,
            },
            tables={"curve": curve},
            arrays={"order": sent.order, "bits": flat} if self.keep_bits else {},
            warnings=dict(+warnings),
        )


def _aligned(outcomes: Outcomes, items: NDArray[np.int64], who: str) -> NDArray[np.float64]:
    """Return the surprisals of `items`, in their order."""
    assert outcomes.surprisal is not None
    at = np.argsort(outcomes.items, kind="stable")
    own = np.argsort(items, kind="stable")
    bits = np.asarray(outcomes.surprisal, np.float64)
    there = len(bits) == len(items) and np.array_equal(outcomes.items[at], items[own])
    if not there or np.isnan(bits).any() or (bits < -1e-6).any():
        raise ParameterError(
            f"{PROBE}: probe {who} gave {len(bits)} surprisals that do not fit a block of "
            f"{len(items)} items, or that are no surprisals",
            hint="every test item needs one, in bits, not negative",
        )
    out = np.empty(len(items))
    out[own] = bits[at]
    return out


def _with_control(code: Result, control: Result) -> Result:
    """Add a control task's scores, warnings and curve."""
    *_, name = code.scores
    return code.adding(
        scores={
            **{
                f"control_{score}": control.scores[score] for score in ("compression", "codelength")
            },
            f"control_{name}": control.scores[name],
            "selectivity": code.scores[name] - control.scores[name],
        },
        tables={"control_curve": control.tables["curve"]},
        warnings=control.warnings,
    )
