"""Minimum description length probes: how many bits it takes to send labels, given vectors.

The plain library: `uniform_code`, `online_code`, `variational_code`, and the estimators
`VariationalMLP` and `fit_mlps`; the components in the registry are thin adapters beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_mdl.blocks import PORTIONS as PORTIONS
    from sondage_mdl.codes import OnlineCode as OnlineCode
    from sondage_mdl.codes import as_published as as_published
    from sondage_mdl.codes import online_code as online_code
    from sondage_mdl.codes import uniform_code as uniform_code
    from sondage_mdl.estimator import VariationalMLP as VariationalMLP
    from sondage_mdl.estimator import variational_code as variational_code
    from sondage_mdl.networks import MLPJob as MLPJob
    from sondage_mdl.networks import fit_mlps as fit_mlps
else:
    # Imported at first use, so that listing components costs no numerics.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "blocks": ["PORTIONS"],
            "codes": ["OnlineCode", "as_published", "online_code", "uniform_code"],
            "estimator": ["VariationalMLP", "variational_code"],
            "networks": ["MLPJob", "fit_mlps"],
        },
    )


@sondage.hookimpl
def sondage_probes() -> list[sondage.ProbeSpec]:
    """Offer the probes of this plugin."""
    paper = "Voita and Titov 2020, arXiv:2003.12298v1"
    return [
        sondage.ProbeSpec(
            name="mdl.online",
            factory="sondage_mdl.online:Online",
            summary="online code: bits to send the labels in blocks, for any classifier probe",
            reference=f"{paper}, section 2.2.2",
        ),
        sondage.ProbeSpec(
            name="mdl.variational",
            factory="sondage_mdl.variational_probe:Variational",
            summary="variational code: bits of the labels and of a sparse network, in one number",
            reference=f"{paper}, section 2.2.1; Louizos et al. 2017, arXiv:1705.08665",
        ),
        sondage.ProbeSpec(
            name="mdl.mlp",
            factory="sondage_mdl.mlp:MLP",
            summary="the paper's two-layer network with early stopping on dev, all cells batched",
            reference=f"{paper}, section 3.1; Hewitt and Liang 2019, arXiv:1909.03368v1",
        ),
    ]
