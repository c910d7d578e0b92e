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


@sondage.hookimpl
def sondage_encoders() -> list[sondage.EncoderSpec]:
    """Offer the encoders of this plugin."""
    return [
        sondage.EncoderSpec(
            name="transformers.pretrained",
            factory="sondage_transformers.pretrained:Pretrained",
            summary="a pretrained transformer, from a hub name, a folder or an installed package",
            reference="Wolf et al. 2020, arXiv:1910.03771v5",
        ),
        sondage.EncoderSpec(
            name="transformers.randomised",
            factory="sondage_transformers.randomised:Randomised",
            summary="the same architecture and tokenizer with freshly initialised weights",
            reference="Merchant et al. 2020, arXiv:2004.14448v1, randomised baseline",
        ),
        sondage.EncoderSpec(
            name="transformers.truncated",
            factory="sondage_transformers.truncated:Truncated",
            summary="the first blocks of another encoder",
            reference="Merchant et al. 2020, arXiv:2004.14448v1, truncated models",
        ),
        sondage.EncoderSpec(
            name="transformers.finetuned",
            factory="sondage_transformers.finetuned:Finetuned",
            summary="an encoder trained on a task, at steps of the training",
            reference="Zhou and Srikumar 2022, arXiv:2106.14282, section 3.3 and appendix A",
        ),
        sondage.EncoderSpec(
            name="transformers.spliced",
            factory="sondage_transformers.spliced:Spliced",
            summary="an encoder some of whose layers are another encoder's",
            reference="Mosbach et al. 2020, arXiv:2010.02616, section 5.2",
        ),
        sondage.EncoderSpec(
            name="transformers.splice_sweep",
            factory="sondage_transformers.splice_sweep:SpliceSweep",
            summary="spliced encoders, one for each number of last layers or each single layer",
            reference="Hao et al. 2020, AACL-IJCNLP, section 4",
        ),
        sondage.EncoderSpec(
            name="transformers.checkpoints",
            factory="sondage_transformers.checkpoints:Checkpoints",
            summary="published checkpoints of one model, as a series",
            reference="Wolf et al. 2020, arXiv:1910.03771v5",
        ),
    ]
