"""The data sets that the tasks read: addresses, licences and checksums of what was released."""

from __future__ import annotations

import sondage

_UD_ENGLISH_PUD = (
    "https://raw.githubusercontent.com/UniversalDependencies/UD_English-PUD/"
    "f16eba4ae7f3d161870ed320676c5088b8fa476c"
)
_UD_GERMAN_PUD = (
    "https://raw.githubusercontent.com/UniversalDependencies/UD_German-PUD/"
    "ff80846ae60a0a70fc4d6251ef73e6a483a620ee"
)
_UD_ENGLISH_EWT = (
    "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/"
    "15d613d8447b3478787d4c278730a1e48a945efb"
)
_UD_ENGLISH_EWT_PACKED = "4861d76b9c49cb3524dfdf7d02e78c1d6a4c4e6fb892f9e6128cc671a6f195a8"

DATA = (
    sondage.DataSpec(
        name="ud_english_pud",
        summary="UD English PUD: 1,000 sentences with dependency trees",
        licence="CC-BY-SA-3.0",
        citation="Zeman et al. 2017, CoNLL 2017 shared task, doi:10.18653/v1/K17-3001",
        source="https://github.com/UniversalDependencies/UD_English-PUD",
        files=(
            sondage.DataFile(
                path="en_pud-ud-test.conllu",
                sha256="c80584f2bc2b31d5bada78a1136f9feec7ac49e5e18898db02dea434b5b8f0aa",
                size=1386858,
                urls=(f"{_UD_ENGLISH_PUD}/en_pud-ud-test.conllu",),
            ),
        ),
    ),
    sondage.DataSpec(
        name="ud_german_pud",
        summary="UD German PUD: the same 1,000 sentences in German",
        licence="CC-BY-SA-3.0",
        citation="Zeman et al. 2017, CoNLL 2017 shared task, doi:10.18653/v1/K17-3001",
        source="https://github.com/UniversalDependencies/UD_German-PUD",
        files=(
            sondage.DataFile(
                path="de_pud-ud-test.conllu",
                sha256="a530bdb50349bbd7c13706b6a759a9d73e8f514fff41fbf27149e914b0c3e723",
                size=1717993,
                urls=(f"{_UD_GERMAN_PUD}/de_pud-ud-test.conllu",),
            ),
        ),
    ),
    sondage.DataSpec(
        name="ud_english_ewt",
        summary="UD English EWT: 16,622 sentences of web text with dependency trees",
        licence="CC-BY-SA-4.0",
        citation="Silveira et al. 2014, A Gold Standard Dependency Corpus for English, LREC",
        source="https://github.com/UniversalDependencies/UD_English-EWT",
        files=(
            sondage.DataFile(
                path="en_ewt-ud-train.conllu",
                sha256="3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b",
                size=14203025,
                urls=(f"{_UD_ENGLISH_EWT}/en_ewt-ud-train.conllu",),
                also={"en_ewt-ud-train.conllu.gz": _UD_ENGLISH_EWT_PACKED},
            ),
            sondage.DataFile(
                path="en_ewt-ud-dev.conllu",
                sha256="531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
                size=1805545,
                urls=(f"{_UD_ENGLISH_EWT}/en_ewt-ud-dev.conllu",),
            ),
            sondage.DataFile(
                path="en_ewt-ud-test.conllu",
                sha256="e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
                size=1804515,
                urls=(f"{_UD_ENGLISH_EWT}/en_ewt-ud-test.conllu",),
            ),
        ),
        parts={
            "train": "en_ewt-ud-train.conllu",
            "dev": "en_ewt-ud-dev.conllu",
            "test": "en_ewt-ud-test.conllu",
        },
    ),
)
