"""Classifier probes: logistic regression to its optimum, a two-layer MLP, and majority.

The plain library: `fit_logistic`, `fit_nested`, and the estimators `LinearProbe`, `MLPProbe` and
`MajorityProbe`; the components in the registry are thin adapters beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_classifiers.estimators import LinearProbe as LinearProbe
    from sondage_classifiers.estimators import MajorityProbe as MajorityProbe
    from sondage_classifiers.logistic import LogisticPath as LogisticPath
    from sondage_classifiers.logistic import fit_logistic as fit_logistic
    from sondage_classifiers.nested import fit_nested as fit_nested
    from sondage_classifiers.perceptron import MLPProbe as MLPProbe
else:
    # Imported at first use, so that listing components costs no numerics.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "estimators": ["LinearProbe", "MajorityProbe"],
            "logistic": ["LogisticPath", "fit_logistic"],
            "nested": ["fit_nested"],
            "perceptron": ["MLPProbe"],
        },
    )


@sondage.hookimpl
def sondage_probes() -> list[sondage.ProbeSpec]:
    """Offer the probes of this plugin."""
    return [
        sondage.ProbeSpec(
            name="classifiers.linear",
            factory="sondage_classifiers.linear:Linear",
            summary="multinomial logistic regression to its optimum, strength chosen on dev",
            reference="Hewitt and Liang 2019, arXiv:1909.03368v1 (control tasks); "
            "Hastie et al. 2009, section 4.4 (the model)",
        ),
        sondage.ProbeSpec(
            name="classifiers.mlp",
            factory="sondage_classifiers.mlp:MLP",
            summary="two-layer neural network, grid search on dev, several initialisations",
            reference="Zhou and Srikumar 2022, section 2.1",
        ),
        sondage.ProbeSpec(
            name="classifiers.majority",
            factory="sondage_classifiers.majority:Majority",
            summary="the most frequent training label: the baseline without vectors",
            reference="baseline; control task of Hewitt and Liang 2019, arXiv:1909.03368v1",
        ),
        sondage.ProbeSpec(
            name="classifiers.control",
            factory="sondage_classifiers.controlled:Control",
            summary="any probe with an accuracy, beside its control task",
            reference="Hewitt and Liang 2019, arXiv:1909.03368v1, section 2",
        ),
    ]
