"""Structural probes: are a sentence's tree distances and depths squared norms after a linear map?

`DistanceProbe` and `DepthProbe` are estimators on arrays; `uuas`, `dspr`, `root_accuracy` and
`nspr` score predictions, whatever made them; `draw` makes a picture of two trees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_structural.picture import draw as draw
    from sondage_structural.probes import DepthProbe as DepthProbe
    from sondage_structural.probes import DistanceProbe as DistanceProbe
    from sondage_structural.scores import dspr as dspr
    from sondage_structural.scores import nspr as nspr
    from sondage_structural.scores import root_accuracy as root_accuracy
    from sondage_structural.scores import uuas as uuas
    from sondage_structural.spanning import spanning_tree as spanning_tree
    from sondage_structural.trees import depths as depths
    from sondage_structural.trees import tree_distances as tree_distances
else:
    # Imported at first use, so that listing components costs no numerics.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "picture": ["draw"],
            "probes": ["DepthProbe", "DistanceProbe"],
            "scores": ["dspr", "nspr", "root_accuracy", "uuas"],
            "spanning": ["spanning_tree"],
            "trees": ["depths", "tree_distances"],
        },
    )

_PAPER = "Hewitt and Manning 2019, A Structural Probe for Finding Syntax in Word Representations"


@sondage.hookimpl
def sondage_probes() -> list[sondage.ProbeSpec]:
    """Offer the probes of this plugin."""
    return [
        sondage.ProbeSpec(
            name="structural.distance",
            factory="sondage_structural.component:Distance",
            summary="distances in the tree as squared distances after a linear map: UUAS, DSpr.",
            reference=f"{_PAPER}, section 2.1",
        ),
        sondage.ProbeSpec(
            name="structural.depth",
            factory="sondage_structural.component:Depth",
            summary="depths in the tree as squared norms after a linear map: root accuracy, NSpr.",
            reference=f"{_PAPER}, section 2.3",
        ),
        sondage.ProbeSpec(
            name="structural.chain",
            factory="sondage_structural.chain:Chain",
            summary="each word hangs on the one before it: the baseline without vectors",
            reference=f"{_PAPER}, section 3 (Linear)",
        ),
    ]


@sondage.hookimpl
def sondage_reports() -> list[sondage.ReportSpec]:
    """Offer `structural.arcs`."""
    return [
        sondage.ReportSpec(
            name="structural.arcs",
            factory="sondage_structural.report:Arcs",
            summary="test sentences with gold and predicted arcs, as pictures",
            reference=f"{_PAPER}, figure 2",
            shows=("arcs",),
        )
    ]
