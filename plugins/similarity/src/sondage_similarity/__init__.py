"""Similarity of two representations of the same stimuli: RSA and linear CKA.

`rsa` and `cka` are plain functions on arrays; `similarity.rsa` and `similarity.cka` are the
same measures as mergeable accumulators for sondage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_similarity.alignment import CKA as CKA
    from sondage_similarity.alignment import cka as cka
    from sondage_similarity.moments import Moments as Moments
    from sondage_similarity.representational import RSA as RSA
    from sondage_similarity.representational import rsa as rsa
else:
    # Imported at first use, so that listing components costs no numerics.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "alignment": ["CKA", "cka"],
            "moments": ["Moments"],
            "representational": ["RSA", "rsa"],
        },
    )


@sondage.hookimpl
def sondage_metrics() -> list[sondage.MetricSpec]:
    """Offer `similarity.rsa` and `similarity.cka`."""
    return [
        sondage.MetricSpec(
            name="similarity.rsa",
            factory="sondage_similarity.representational:RSA",
            summary="correlation of the two sides' cosine similarities over sampled stimuli",
            reference="Merchant et al. 2020, arXiv:2004.14448, section 5.1",
        ),
        sondage.MetricSpec(
            name="similarity.cka",
            factory="sondage_similarity.alignment:CKA",
            summary="linear centred kernel alignment, debiased unless told otherwise",
            reference="Kornblith et al. 2019, arXiv:1905.00414, section 3; "
            "Song et al. 2012, JMLR 13, unbiased HSIC",
        ),
    ]
