"""The data sets that the tasks read: addresses, licences and checksums of what was released."""

from __future__ import annotations

import sondage

_WIKITEXT_2 = (
    "https://raw.githubusercontent.com/pytorch/examples/77f55b912142e11fcfdf5b530231fb9c52f181e8"
)

DATA = (
    sondage.DataSpec(
        name="wikitext-2",
        summary="WikiText-2, valid and test: Wikipedia articles in tokens",
        licence="CC-BY-SA-3.0",
        citation="Merity et al. 2017, Pointer Sentinel Mixture Models, arXiv:1609.07843",
        source="https://github.com/pytorch/examples",
        files=(
            sondage.DataFile(
                path="valid.txt",
                sha256="f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8",
                size=1121681,
                urls=(f"{_WIKITEXT_2}/word_language_model/data/wikitext-2/valid.txt",),
            ),
            sondage.DataFile(
                path="test.txt",
                sha256="d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0",
                size=1256449,
                urls=(f"{_WIKITEXT_2}/word_language_model/data/wikitext-2/test.txt",),
            ),
        ),
        parts={"files": "test.txt"},
    ),
)
