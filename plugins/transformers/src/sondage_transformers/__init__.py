"""Pretrained transformers as encoders: one vector per word and layer, streamed.

The plain library: `Pretrained`, `Randomised`, `Truncated`, `Spliced` and `Finetuned` are usable
without a registry, `finetune` trains on data in memory, and `collect` gathers what encoders
stream into one array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_transformers.checkpoints import Checkpoints as Checkpoints
    from sondage_transformers.collecting import collect as collect
    from sondage_transformers.finetuned import Finetuned as Finetuned
    from sondage_transformers.pretrained import Pretrained as Pretrained
    from sondage_transformers.randomised import Randomised as Randomised
    from sondage_transformers.settings import Settings as Settings
    from sondage_transformers.splice_sweep import SpliceSweep as SpliceSweep
    from sondage_transformers.spliced import Spliced as Spliced
    from sondage_transformers.training import finetune as finetune
    from sondage_transformers.truncated import Truncated as Truncated
else:
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "collecting": ["collect"],
            "finetuned": ["Finetuned"],
            "pretrained": ["Pretrained"],
            "randomised": ["Randomised"],
            "checkpoints": ["Checkpoints"],
            "settings": ["Settings"],
            "splice_sweep": ["SpliceSweep"],
            "spliced": ["Spliced"],
            "training": ["finetune"],
            "truncated": ["Truncated"],
        },
    )


_WOLF = "Wolf et al. 2020, arXiv:1910.03771v5"
#: Each encoder's name, which is its module's, its class, what it is, and where that comes from.
_ENCODERS = (
    (
        "pretrained", "Pretrained",
        "a pretrained transformer, from a hub name, a folder or an installed package",
        _WOLF,
    ),
    (
        "randomised", "Randomised",
        "the same architecture and tokenizer with freshly initialised weights",
        "Merchant et al. 2020, arXiv:2004.14448v1, randomised baseline",
    ),
    (
        "truncated", "Truncated",
        "the first blocks of another encoder",
        "Merchant et al. 2020, arXiv:2004.14448v1, truncated models",
    ),
    (
        "finetuned", "Finetuned",
        "an encoder trained on a task, at steps of the training",
        "Zhou and Srikumar 2022, arXiv:2106.14282, section 3.3 and appendix A",
    ),
    (
        "spliced", "Spliced",
        "an encoder some of whose layers are another encoder's",
        "Mosbach et al. 2020, arXiv:2010.02616, section 5.2",
    ),
    (
        "splice_sweep", "SpliceSweep",
        "spliced encoders, one for each number of last layers or each single layer",
        "Hao et al. 2020, AACL-IJCNLP, section 4",
    ),
    (
        "checkpoints", "Checkpoints",
        "published checkpoints of one model, as a series",
        _WOLF,
    ),
)  # fmt: skip


@sondage.hookimpl
def sondage_encoders() -> list[sondage.EncoderSpec]:
    """Offer the encoders of this plugin."""
    return [
        sondage.EncoderSpec(
            name=f"transformers.{name}",
            factory=f"sondage_transformers.{name}:{cls}",
            summary=summary,
            reference=reference,
        )
        for name, cls, summary, reference in _ENCODERS
    ]
