"""Edge probes: what a small network reads from the vectors of one or two spans.

`EdgeProbe` is an estimator on ragged states; `edge.probe` is the same as a sondage probe;
`edge.merchant2020` writes the tables and figures of a run as Merchant et al. 2020 show them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_edge.estimator import EdgeProbe as EdgeProbe
    from sondage_edge.mixing import centre_of_gravity as centre_of_gravity
    from sondage_edge.mixing import differential as differential
    from sondage_edge.mixing import expected_layer as expected_layer
else:
    # Imported at first use, so that listing components costs no numerics.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "estimator": ["EdgeProbe"],
            "mixing": ["centre_of_gravity", "differential", "expected_layer"],
        },
    )


@sondage.hookimpl
def sondage_probes() -> list[sondage.ProbeSpec]:
    """Offer `edge.probe`."""
    return [
        sondage.ProbeSpec(
            name="edge.probe",
            factory="sondage_edge.component:Edge",
            summary="edge probe: labels on spans or pairs of spans, from a mix of layers or each",
            reference="Tenney et al. 2019, What do you learn from context?, arXiv:1905.06316v1, "
            "section 3.1; BERT rediscovers the classical NLP pipeline, arXiv:1905.05950v2",
        )
    ]


@sondage.hookimpl
def sondage_reports() -> list[sondage.ReportSpec]:
    """Offer `edge.merchant2020`."""
    return [
        sondage.ReportSpec(
            name="edge.merchant2020",
            factory="sondage_edge.report_merchant:Merchant2020",
            summary="tables and figures of a run as in What happens to BERT embeddings during "
            "fine-tuning",
            reference="Merchant et al. 2020, arXiv:2004.14448v1",
        )
    ]
