"""Texts to read, with nothing to predict: plain text files, and corpora joined of other tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_corpora.joined import Joined as Joined
    from sondage_corpora.reader import Lines as Lines
    from sondage_corpora.reader import read_text as read_text
    from sondage_corpora.text import Text as Text
else:
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "joined": ["Joined"],
            "reader": ["Lines", "read_text"],
            "text": ["Text"],
        },
    )


@sondage.hookimpl
def sondage_tasks() -> list[sondage.TaskSpec]:
    """Offer the corpora."""
    return [
        sondage.TaskSpec(
            name="corpora.text",
            factory="sondage_corpora.text:Text",
            summary="plain text, a line or a sentence at a time",
            reference="such as WikiText-2: Merity et al. 2017, arXiv:1609.07843v1, section 4",
        ),
        sondage.TaskSpec(
            name="corpora.joined",
            factory="sondage_corpora.joined:Joined",
            summary="some sentences of each of several tasks",
            reference="Hao et al. 2020, AACL, section 5.2",
        ),
    ]


@sondage.hookimpl
def sondage_data() -> list[sondage.DataSpec]:
    """Offer the data sets that these tasks read."""
    from sondage_corpora.data_sets import DATA

    return list(DATA)
