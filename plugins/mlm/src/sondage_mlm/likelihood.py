"""The probes: perplexity and pseudo-log-likelihood of a task's texts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from sondage.contracts import EncoderProblem
from sondage.data import Corpus, Outcomes, Result
from sondage.errors import ParameterError
from sondage_mlm.era import run_mlm_loss
from sondage_mlm.measures import Hide, Scored, perplexity, pseudo_log_likelihood


@dataclass(kw_only=True, eq=False)
class Perplexity:
    """Perplexity of a masked language model: e to the mean of nats a hidden subword.

    By `partition` every subword of the texts is predicted exactly once: each sentence is read
    `folds` times with one in `folds` of its subwords hidden, all by the mask token, and the mean
    is over subwords. Nothing else is drawn than which subwords are hidden together, and that is
    what the seed is for. Scores: ``perplexity`` a subword; ``nats`` and ``bits`` a subword;
    ``word_perplexity``, ``word_nats`` and ``word_bits`` a word, over sentences read whole: these
    alone can be compared between vocabularies. Outcomes are the nats of each subword, grouped by
    sentence.

    By `run_mlm` the texts are evaluated as transformers' example script of that name did in 2020:
    joined and cut into blocks; 15% of the subwords chosen at random, of which 80% are hidden, 10%
    replaced at random and 10% left as they are, at evaluation too; the loss a mean over batches.
    That is noisy, since some 15% of the texts are predicted and the masks are drawn anew for every
    seed, and as a rule lower than by `partition`: a tenth of the subwords stand where they stood.
    Scores: ``perplexity``, ``nats`` and ``bits``; no outcomes.

    Parameters
    ----------
    protocol : {'partition', 'run_mlm'}
        Which subwords are hidden, and how, as said above.
    folds : int
        Of `partition`.
    block : int, optional
        Subwords of a block of `run_mlm`; without it as many as the model reads, at most 1,024.
    batch_size : int
        Blocks of a batch of `run_mlm`.

    References
    ----------
    Mosbach et al. 2020, arXiv:2010.02616, section 5.2. Departs from it: none known; the paper
    does not say how it masks.
    """

    protocol: Literal["partition", "run_mlm"] = "partition"
    folds: Annotated[int, Ge(2)] = 7
    block: Annotated[int, Ge(8)] | None = None
    batch_size: Annotated[int, Ge(1)] = 8

    units: ClassVar[Literal["none"]] = "none"
    reads: ClassVar[Literal["encoder"]] = "encoder"
    joint: ClassVar[tuple[str, ...]] = ()
    randomness: ClassVar[tuple[str, ...]] = ("masks",)
    per_layer: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.protocol == "partition" and (self.block is not None or self.batch_size != 8):
            raise ParameterError(
                "mlm.perplexity: block and batch_size belong to protocol: run_mlm",
                hint="leave them out, or name the protocol",
            )

    def run_layers(self, problem: EncoderProblem) -> Iterator[tuple[None, int, Result]]:
        """Yield a result a seed, for all layers together."""
        encoder, corpus = problem.encoder, problem.data.corpus
        for seed in problem.seeds:
            if self.protocol == "run_mlm":
                yield None, seed, self._as_the_script(encoder, corpus, seed)
            else:
                found = perplexity(encoder, corpus, folds=self.folds, seed=seed)
                yield None, seed, _perplexity_result(found)

    def _as_the_script(self, encoder: Any, corpus: Corpus, seed: int) -> Result:
        found = run_mlm_loss(
            encoder, corpus, block=self.block, batch_size=self.batch_size, seed=seed
        )
        counts = {
            "dropped-subwords": found.dropped,
            "batches-without-masks": found.without,
            "truncated-sentences": found.truncated,
        }
        return Result(
            scores=_in_units(found.nats),
            arrays={"batch_nats": found.losses, "batch_blocks": found.blocks},
            warnings={slug: n for slug, n in counts.items() if n},
        )


@dataclass(kw_only=True, eq=False)
class PseudoLogLikelihood:
    """Pseudo-log-likelihood: a sentence's subwords predicted one by one, the others in sight.

    Each subword is predicted in a copy of its sentence of its own, and the log probabilities are
    summed over the sentence. Scores: ``pll``, the mean over sentences, in nats; ``perplexity``,
    ``nats`` and ``bits`` a subword; ``word_perplexity``, ``word_nats`` and ``word_bits`` a word,
    over sentences read whole. Outcomes are the sentences' own pseudo-log-likelihoods.

    Parameters
    ----------
    hide : {'within_word_l2r', 'original'}
        What is hidden beside the subword: those that follow in its word, so that a rare word's end
        does not give its beginning away; or nothing. Words are those of the data where it has
        words, else what the tokenizer takes for words.

    References
    ----------
    Salazar et al. 2020, arXiv:1910.14659, section 2.1 (`original`); Kauf and Ivanova 2023,
    arXiv:2305.10588 (`within_word_l2r`). Departs from them: none known.
    """

    hide: Hide = "within_word_l2r"

    units: ClassVar[Literal["none"]] = "none"
    reads: ClassVar[Literal["encoder"]] = "encoder"
    joint: ClassVar[tuple[str, ...]] = ()
    randomness: ClassVar[tuple[str, ...]] = ()
    per_layer: ClassVar[bool] = False

    def run_layers(self, problem: EncoderProblem) -> Iterator[tuple[None, int, Result]]:
        """Yield one result for all layers together."""
        found = pseudo_log_likelihood(problem.encoder, problem.data.corpus, hide=self.hide)
        for seed in problem.seeds:
            yield None, seed, _pll_result(found)


def _perplexity_result(found: Scored) -> Result:
    return Result(
        scores=_scores(found),
        outcomes=Outcomes(
            items=np.arange(len(found.nats), dtype=np.int64),
            groups=found.sentence,
            values=found.nats,
            score="nats",
        ),
        arrays=_by_sentence(found),
        warnings=found.warnings,
    )


def _pll_result(found: Scored) -> Result:
    scored = np.flatnonzero(found.subwords)
    values = -found.sentence_nats[scored]
    return Result(
        scores={"pll": float(values.mean()), **_scores(found)},
        outcomes=Outcomes(items=scored, groups=scored, values=values, score="pll"),
        arrays=_by_sentence(found),
        warnings=found.warnings,
    )


def _scores(found: Scored) -> dict[str, float]:
    words = found.word_nats
    return _in_units(found.mean_nats) | ({} if words is None else _in_units(words, "word_"))


def _in_units(nats: float, of: str = "") -> dict[str, float]:
    # Beyond the largest float a perplexity says no more than its nats do.
    perplexity = math.exp(min(nats, 700.0))
    return {f"{of}perplexity": perplexity, f"{of}nats": nats, f"{of}bits": nats / math.log(2)}


def _by_sentence(found: Scored) -> dict[str, Any]:
    return {
        "sentence_nats": found.sentence_nats,
        "sentence_subwords": found.subwords,
        "sentence_words": found.words,
    }
