"""Masked-LM scores: perplexity over disjoint masks, and pseudo-log-likelihood.

The plain library: `perplexity`, `pseudo_log_likelihood` and `run_mlm_loss` take an encoder with a
masked-LM head and a corpus; the components in the registry are thin adapters beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_mlm.era import RunMLM as RunMLM
    from sondage_mlm.era import run_mlm_loss as run_mlm_loss
    from sondage_mlm.likelihood import Perplexity as Perplexity
    from sondage_mlm.likelihood import PseudoLogLikelihood as PseudoLogLikelihood
    from sondage_mlm.measures import Scored as Scored
    from sondage_mlm.measures import perplexity as perplexity
    from sondage_mlm.measures import pseudo_log_likelihood as pseudo_log_likelihood
else:
    # Imported at first use, so that listing components costs no numerics.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "era": ["RunMLM", "run_mlm_loss"],
            "likelihood": ["Perplexity", "PseudoLogLikelihood"],
            "measures": ["Scored", "perplexity", "pseudo_log_likelihood"],
        },
    )


@sondage.hookimpl
def sondage_probes() -> list[sondage.ProbeSpec]:
    """Offer `mlm.perplexity` and `mlm.pll`."""
    return [
        sondage.ProbeSpec(
            name="mlm.perplexity",
            factory="sondage_mlm.likelihood:Perplexity",
            summary="how well hidden subwords are predicted; every subword is hidden once",
            reference="Mosbach et al. 2020, arXiv:2010.02616, section 5.2",
        ),
        sondage.ProbeSpec(
            name="mlm.pll",
            factory="sondage_mlm.likelihood:PseudoLogLikelihood",
            summary="pseudo-log-likelihood of sentences: each subword hidden in a copy of its own",
            reference="Salazar et al. 2020, arXiv:1910.14659, section 2.1; "
            "Kauf and Ivanova 2023, arXiv:2305.10588",
        ),
    ]
