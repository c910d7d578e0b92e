"""The data sets that the tasks read: addresses, licences and checksums of what was released."""

from __future__ import annotations

import sondage

_TREC = (
    "https://raw.githubusercontent.com/trangnt08/q_class_en/"
    "3ffc1b21503e89e5eab6bf12ab9eb46d16a14851"
)

DATA = (
    sondage.DataSpec(
        name="trec",
        summary="TREC questions: 5,452 in 6 coarse and 50 fine classes",
        licence="none stated (UIUC question classification data)",
        citation="Li and Roth 2002, Learning Question Classifiers, COLING",
        source="https://github.com/trangnt08/q_class_en",
        files=(
            sondage.DataFile(
                path="train_5500.label",
                sha256="f96f211c9d180d3fa25b1841febd9be6f0a6fc65e5b6a99344b5946163b35009",
                size=335826,
                urls=(f"{_TREC}/data/train_5500.label",),
            ),
        ),
    ),
)
