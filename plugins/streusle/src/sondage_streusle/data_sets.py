"""The data sets that the tasks read: addresses, licences and checksums of what was released."""

from __future__ import annotations

import sondage

_STREUSLE = (
    "https://raw.githubusercontent.com/nert-nlp/streusle/9eb4fa91fce7edc28dcfb3761a81dbbd473de9a9"
)

DATA = (
    sondage.DataSpec(
        name="streusle",
        summary="STREUSLE 4.7.1, its dev part: 554 sentences with adposition supersenses",
        licence="CC-BY-SA-4.0",
        citation=(
            "Schneider et al. 2018, Comprehensive Supersense Disambiguation of "
            "English Prepositions and Possessives, ACL"
        ),
        source="https://github.com/nert-nlp/streusle",
        files=(
            sondage.DataFile(
                path="streusle.ud_dev.json",
                sha256="13f25f8872b99b015c6bb0f7e8bd6dc2d60f6cf66347da2cb0cbdf0583fb2f51",
                size=1879655,
                urls=(f"{_STREUSLE}/dev/streusle.ud_dev.json",),
            ),
        ),
    ),
)
