"""Is a word nearer to its match than to the other words of a text? The pairwise probe of Cai et al.

`rank` compares each anchor's similarity to its match with that to every candidate, on arrays;
`pairwise.ranking` is the same as a probe, `pairwise.boundary` ranks positions by a tuned head's
logits, `pairwise.cai2020` draws the paper's figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_pairwise.baseline import other_anchors as other_anchors
    from sondage_pairwise.boundary import Boundary as Boundary
    from sondage_pairwise.boundary import placed as placed
    from sondage_pairwise.probe import PairwiseRanking as PairwiseRanking
    from sondage_pairwise.ranking import Ranking as Ranking
    from sondage_pairwise.ranking import rank as rank
    from sondage_pairwise.report_cai import Cai2020 as Cai2020
else:
    # Imported at first use, so that listing components costs no numerics.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "baseline": ["other_anchors"],
            "boundary": ["Boundary", "placed"],
            "probe": ["PairwiseRanking"],
            "ranking": ["Ranking", "rank"],
            "report_cai": ["Cai2020"],
        },
    )

_CAI = "Cai et al. 2020, A Pairwise Probe for Understanding BERT Fine-Tuning, arXiv:2006.01346"


@sondage.hookimpl
def sondage_probes() -> list[sondage.ProbeSpec]:
    """Offer the probes."""
    return [
        sondage.ProbeSpec(
            name="pairwise.ranking",
            factory="sondage_pairwise.probe:PairwiseRanking",
            summary="how many candidates are farther from the anchor than its match",
            reference=f"{_CAI}, section 2.3",
        ),
        sondage.ProbeSpec(
            name="pairwise.boundary",
            factory="sondage_pairwise.boundary:Boundary",
            summary="how many positions have a lower logit than an answer's ends",
            reference=f"{_CAI}, section 1",
        ),
    ]


@sondage.hookimpl
def sondage_reports() -> list[sondage.ReportSpec]:
    """Offer `pairwise.cai2020`."""
    return [
        sondage.ReportSpec(
            name="pairwise.cai2020",
            factory="sondage_pairwise.report_cai:Cai2020",
            summary="figure 1 and table 2 of Cai et al. 2020: matches ranked, layer by layer",
            reference=f"{_CAI}, figure 1 and table 2",
        )
    ]
