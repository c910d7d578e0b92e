"""What attention does: how two models' maps differ, and how wide one model's rows spread.

`js`, `entropy` and `emd` are plain functions on rows of attention; `attention.js`,
`attention.entropy` and `attention.emd` are the same measures for sondage, measured in passing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_attention.components import EMD as EMD
    from sondage_attention.components import JS as JS
    from sondage_attention.components import Entropy as Entropy
    from sondage_attention.report_hao import Hao2020 as Hao2020
    from sondage_attention.rows import emd as emd
    from sondage_attention.rows import entropy as entropy
    from sondage_attention.rows import js as js
else:
    # Imported at first use, so that listing components costs no numerics.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "components": ["EMD", "JS", "Entropy"],
            "report_hao": ["Hao2020"],
            "rows": ["emd", "entropy", "js"],
        },
    )

_HAO = "Hao et al. 2020, Investigating Learning Dynamics of BERT Fine-Tuning"
_MOSBACH = "Mosbach et al. 2020, arXiv:2010.02616"


@sondage.hookimpl
def sondage_metrics() -> list[sondage.MetricSpec]:
    """Offer `attention.js` and `attention.emd`."""
    return [
        sondage.MetricSpec(
            name="attention.js",
            factory="sondage_attention.components:JS",
            summary="Jensen-Shannon divergence of two models' attention, a head and on average",
            reference=f"{_HAO}, section 3",
        ),
        sondage.MetricSpec(
            name="attention.emd",
            factory="sondage_attention.components:EMD",
            summary="earth mover's distance between two models' attention, a head and on average",
            reference=f"{_MOSBACH}, section 5.1; Rubner et al. 1998",
        ),
    ]


@sondage.hookimpl
def sondage_probes() -> list[sondage.ProbeSpec]:
    """Offer `attention.entropy`."""
    return [
        sondage.ProbeSpec(
            name="attention.entropy",
            factory="sondage_attention.components:Entropy",
            summary="entropy of one model's attention, a head and on average",
            reference=f"{_MOSBACH}, section 5.1, equation 1",
        ),
    ]


@sondage.hookimpl
def sondage_reports() -> list[sondage.ReportSpec]:
    """Offer `attention.hao2020`."""
    return [
        sondage.ReportSpec(
            name="attention.hao2020",
            factory="sondage_attention.report_hao:Hao2020",
            summary="figures 1 to 7 of Hao et al. 2020: attention and features that tuning moves",
            reference=f"{_HAO}, figures 1 to 7",
        )
    ]
