"""The data sets that the tasks read: addresses, licences and checksums of what was released."""

from __future__ import annotations

import sondage

_SQUAD = "https://rajpurkar.github.io/SQuAD-explorer"
_XQUAD = (
    "https://raw.githubusercontent.com/google-deepmind/xquad/"
    "7d30520c717524000f0d9d2f9c10a069acd9d285"
)
_SQUAD_V2_SUBSET = (
    "https://raw.githubusercontent.com/deepset-ai/haystack/3ffdb0a9a3a11d581401415e58bf04b29d888ecd"
)
_GAP = (
    "https://raw.githubusercontent.com/google-research-datasets/gap-coreference/"
    "83135f26025cdd705c04f77e940d0c9201116b80"
)
_SUPERGLUE_WSC = (
    "https://raw.githubusercontent.com/nyu-mll/jiant/789e1c0aafa03bf12342be176228e25152bc6a50"
)
_WORDNET = "https://wordnetcode.princeton.edu/3.0"
_WORDNET_PACKED = "aa80efa75668dc08e8824d96aca1750785f69c23db1928319e8112f343f9f889"

DATA = (
    sondage.DataSpec(
        name="squad",
        summary="SQuAD 1.1: 98,169 questions on 536 Wikipedia articles",
        licence="CC-BY-SA-4.0",
        citation="Rajpurkar et al. 2016, SQuAD, arXiv:1606.05250",
        source="https://rajpurkar.github.io/SQuAD-explorer",
        files=(
            sondage.DataFile(
                path="train-v1.1.json",
                sha256="3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955",
                size=30288272,
                urls=(f"{_SQUAD}/dataset/train-v1.1.json",),
            ),
            sondage.DataFile(
                path="dev-v1.1.json",
                sha256="95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9",
                size=4854279,
                urls=(f"{_SQUAD}/dataset/dev-v1.1.json",),
            ),
        ),
        parts={"train": "train-v1.1.json", "dev": "dev-v1.1.json"},
    ),
    sondage.DataSpec(
        name="xquad",
        summary="XQuAD: the same 1,190 questions of SQuAD in English and German",
        licence="CC-BY-SA-4.0",
        citation="Artetxe et al. 2020, On the Cross-lingual Transferability, arXiv:1910.11856",
        source="https://github.com/google-deepmind/xquad",
        files=(
            sondage.DataFile(
                path="xquad.en.json",
                sha256="e4c57d1c9143aaa1c5d265ba5987a65f4e69528d2a98f29d6e75019b10344f29",
                size=609383,
                urls=(f"{_XQUAD}/xquad.en.json",),
            ),
            sondage.DataFile(
                path="xquad.de.json",
                sha256="990b5d746746ed65ed4702ea5f35f99ffa4e2f1c390c07d003642acd937916f9",
                size=669810,
                urls=(f"{_XQUAD}/xquad.de.json",),
            ),
        ),
    ),
    sondage.DataSpec(
        name="squad_v2_subset",
        summary="two dev articles of SQuAD 2.0: 626 questions",
        licence="CC-BY-SA-4.0",
        citation="Rajpurkar et al. 2018, Know What You Don't Know, arXiv:1806.03822",
        source="https://github.com/deepset-ai/haystack",
        files=(
            sondage.DataFile(
                path="small.json",
                sha256="dfed6c7aefe89fdcb8ed63b98dc742a0acf3565d92f97c61efaa077012b0fe68",
                size=382645,
                urls=(f"{_SQUAD_V2_SUBSET}/test/samples/squad/small.json",),
            ),
        ),
    ),
    sondage.DataSpec(
        name="gap",
        summary="GAP: 4,454 passages with a pronoun and two names",
        licence="Apache-2.0",
        citation="Webster et al. 2018, Mind the GAP, arXiv:1810.05201",
        source="https://github.com/google-research-datasets/gap-coreference",
        files=(
            sondage.DataFile(
                path="gap-development.tsv",
                sha256="b9a01434fcf58d8c2f9bc762480c27e58ce466cf1ffe8b09cfecbc7a20d2d634",
                size=1080993,
                urls=(f"{_GAP}/gap-development.tsv",),
            ),
            sondage.DataFile(
                path="gap-validation.tsv",
                sha256="2d784f66b390404f554704b9aef6dcde8845e79dda9886b8391cf7e9a24fdb98",
                size=245089,
                urls=(f"{_GAP}/gap-validation.tsv",),
            ),
            sondage.DataFile(
                path="gap-test.tsv",
                sha256="1c35e36d5b14f6313ec3f6cd67b275de282595dd59e59390e00cfff9897a6819",
                size=1075889,
                urls=(f"{_GAP}/gap-test.tsv",),
            ),
        ),
        parts={"train": "gap-development.tsv", "dev": "gap-validation.tsv", "test": "gap-test.tsv"},
    ),
    sondage.DataSpec(
        name="superglue_wsc",
        summary="WSC of SuperGLUE: 658 texts with a pronoun and a noun phrase",
        licence="none stated",
        citation=(
            "Levesque et al. 2012, The Winograd Schema Challenge, KR; Wang et al. "
            "2019, arXiv:1905.00537"
        ),
        source="https://github.com/nyu-mll/jiant",
        files=(
            sondage.DataFile(
                path="train.jsonl",
                sha256="0ffaa3fd8d21e58a0805962565d1619aa4819bc3d034255777f606f801ae5a42",
                size=140984,
                urls=(f"{_SUPERGLUE_WSC}/data/WSC/train.jsonl",),
            ),
            sondage.DataFile(
                path="val.jsonl",
                sha256="e5c685ea4bdc347354036a28176459f6feeb0b6870375ecfb3d6ddb1f0e28bef",
                size=31167,
                urls=(f"{_SUPERGLUE_WSC}/data/WSC/val.jsonl",),
            ),
        ),
        parts={"train": "train.jsonl", "test": "val.jsonl"},
    ),
    sondage.DataSpec(
        name="wordnet",
        summary="WordNet 3.0: its dictionary files",
        licence="LicenseRef-WordNet-3.0",
        citation="Fellbaum 1998, WordNet: An Electronic Lexical Database, MIT Press",
        source="https://wordnet.princeton.edu",
        instructions=(
            "Any other copy of WordNet 3.0 does as well: name its folder (of Debian's package "
            "wordnet-base /usr/share/wordnet) as the task's parameter 'wordnet'."
        ),
        files=(
            sondage.DataFile(
                path="WNdb-3.0.tar.gz",
                sha256="658b1ba191f5f98c2e9bae3e25c186013158f30ef779f191d2a44e5d25046dc8",
                size=10518425,
                urls=(f"{_WORDNET}/WNdb-3.0.tar.gz",),
                also={"wordnet-3.0-dict.tar.xz": _WORDNET_PACKED},
            ),
        ),
    ),
)
