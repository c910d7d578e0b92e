"""DirectProbe: the labels of a representation as clusters with disjoint convex hulls.

`DirectProbe` is an estimator on arrays, `spatial_similarity` compares two fitted ones;
`directprobe.clusters` is the same as a sondage probe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_directprobe.certificates import Common as Common
    from sondage_directprobe.certificates import Separator as Separator
    from sondage_directprobe.certificates import Touch as Touch
    from sondage_directprobe.estimator import DirectProbe as DirectProbe
    from sondage_directprobe.hull import Nearest as Nearest
    from sondage_directprobe.hull import nearest as nearest
    from sondage_directprobe.similarity import spatial_similarity as spatial_similarity
else:
    # Imported at first use, so that listing components costs no numerics.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "certificates": ["Common", "Separator", "Touch"],
            "estimator": ["DirectProbe"],
            "hull": ["Nearest", "nearest"],
            "similarity": ["spatial_similarity"],
        },
    )


@sondage.hookimpl
def sondage_probes() -> list[sondage.ProbeSpec]:
    """Offer `directprobe.clusters`."""
    return [
        sondage.ProbeSpec(
            name="directprobe.clusters",
            factory="sondage_directprobe.component:Clusters",
            summary="clusters of one label with disjoint hulls: how many, how far apart",
            reference="Zhou and Srikumar 2021, DirectProbe; 2022, A closer look at how "
            "fine-tuning changes BERT, section 2.2",
        )
    ]


@sondage.hookimpl
def sondage_metrics() -> list[sondage.MetricSpec]:
    """Offer `directprobe.spatial_similarity`."""
    return [
        sondage.MetricSpec(
            name="directprobe.spatial_similarity",
            factory="sondage_directprobe.metric:SpatialSimilarity",
            summary="correlation of the distances between labels under two representations",
            reference="Zhou and Srikumar 2022, A closer look at how fine-tuning changes BERT, "
            "sections 2.2 and 4.5",
        )
    ]


@sondage.hookimpl
def sondage_reports() -> list[sondage.ReportSpec]:
    """Offer `directprobe.zhou2022` and `directprobe.labels`."""
    return [
        sondage.ReportSpec(
            name="directprobe.zhou2022",
            factory="sondage_directprobe.report_zhou:Zhou2022",
            summary="tables and figures of a run as in A closer look at how fine-tuning changes "
            "BERT",
            reference="Zhou and Srikumar 2022, arXiv:2106.14282, tables 2 to 5 and 7, figures "
            "2 to 10",
        ),
        sondage.ReportSpec(
            name="directprobe.labels",
            factory="sondage_directprobe.report_labels:Labels",
            summary="clusters of each label and its least distance to another, by encoder",
            reference="Zhou and Srikumar 2021, DirectProbe, arXiv:2104.05904, section 3",
            shows=("clusters",),
        ),
    ]
