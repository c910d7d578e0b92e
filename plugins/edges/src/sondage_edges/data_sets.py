"""The data sets that the tasks read: addresses, licences and checksums of what was released."""

from __future__ import annotations

import sondage

_WNUT17 = (
    "https://raw.githubusercontent.com/leondz/emerging_entities_17/"
    "e52a2d2a71ac1a051ca2d532eef28653c5c02603"
)
_SEMEVAL2010_TASK8 = (
    "https://raw.githubusercontent.com/roomylee/cnn-relation-extraction/"
    "88110201473f18d0d4eb36108b159c0c4374591b"
)
_GAP = (
    "https://raw.githubusercontent.com/google-research-datasets/gap-coreference/"
    "83135f26025cdd705c04f77e940d0c9201116b80"
)
_DPR = (
    "https://raw.githubusercontent.com/vid-koci/bert-commonsense/"
    "72486e3223baa48b843bd6f39447f1937674024e"
)
_UDS_PROTOROLES = (
    "https://raw.githubusercontent.com/decompositional-semantics-initiative/decomp/"
    "973705b0c8f0c82701126ac4d8e1e2186bdcab21"
)
_UD_ENGLISH_EWT = (
    "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/"
    "15d613d8447b3478787d4c278730a1e48a945efb"
)
_UD_ENGLISH_EWT_PACKED = "4861d76b9c49cb3524dfdf7d02e78c1d6a4c4e6fb892f9e6128cc671a6f195a8"
_SUPERGLUE_WSC = (
    "https://raw.githubusercontent.com/nyu-mll/jiant/789e1c0aafa03bf12342be176228e25152bc6a50"
)

DATA = (
    sondage.DataSpec(
        name="wnut17",
        summary="WNUT-17: 5,690 sentences with named entities of 6 types",
        licence="CC-BY-4.0",
        citation="Derczynski et al. 2017, Novel and Emerging Entity Recognition, WNUT",
        source="https://github.com/leondz/emerging_entities_17",
        files=(
            sondage.DataFile(
                path="wnut17train.conll",
                sha256="731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5",
                size=493781,
                urls=(f"{_WNUT17}/wnut17train.conll",),
            ),
            sondage.DataFile(
                path="emerging.dev.conll",
                sha256="e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8",
                size=114749,
                urls=(f"{_WNUT17}/emerging.dev.conll",),
            ),
            sondage.DataFile(
                path="emerging.test.annotated",
                sha256="2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0",
                size=192425,
                urls=(f"{_WNUT17}/emerging.test.annotated",),
            ),
        ),
        parts={
            "train": "wnut17train.conll",
            "dev": "emerging.dev.conll",
            "test": "emerging.test.annotated",
        },
    ),
    sondage.DataSpec(
        name="semeval2010_task8",
        summary="SemEval-2010 task 8: 10,717 sentences with the relation of two nominals",
        licence="CC-BY-3.0",
        citation="Hendrickx et al. 2010, SemEval-2010 Task 8, SemEval",
        source="https://github.com/roomylee/cnn-relation-extraction",
        files=(
            sondage.DataFile(
                path="TRAIN_FILE.TXT",
                sha256="c22fee88957d245a4b1650c6743eb8c594dcdeffc6a2aa1fa6cced059eebf0e3",
                size=1397759,
                urls=(
                    f"{_SEMEVAL2010_TASK8}/SemEval2010_task8_all_data/SemEval2010_task8_training/TRAIN_FILE.TXT",
                ),
            ),
            sondage.DataFile(
                path="TEST_FILE_FULL.TXT",
                sha256="9ec7a35d5582b4da0fb72aa55a6121bc414ade573459e1dcf68bf189f8c18ae8",
                size=473888,
                urls=(
                    f"{_SEMEVAL2010_TASK8}/SemEval2010_task8_all_data/SemEval2010_task8_testing_keys/TEST_FILE_FULL.TXT",
                ),
            ),
        ),
        parts={"train": "TRAIN_FILE.TXT", "test": "TEST_FILE_FULL.TXT"},
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
        name="dpr",
        summary="definite pronoun resolution: 1,880 sentences with a pronoun and two candidates",
        licence="none stated",
        citation="Rahman and Ng 2012, Resolving Complex Cases of Definite Pronouns, EMNLP",
        source="https://github.com/vid-koci/bert-commonsense",
        files=(
            sondage.DataFile(
                path="train.c.txt",
                sha256="ac5c87b141638864a94d21e4c10f4431aa17a36f63779dbc6a42aaec5cad4152",
                size=159901,
                urls=(f"{_DPR}/data/train.c.txt",),
            ),
            sondage.DataFile(
                path="test.c.txt",
                sha256="cf1cf025e1d59a5b363e6dcfbd5a13aae8a9830831ac16fd7f865aca7a1559d8",
                size=67044,
                urls=(f"{_DPR}/data/test.c.txt",),
            ),
        ),
        parts={"train": "train.c.txt", "test": "test.c.txt"},
    ),
    sondage.DataSpec(
        name="uds_protoroles",
        summary="UDS semantic proto-roles: 7,090 pairs of predicate and argument, 18 properties",
        licence="CC-BY-SA-4.0",
        citation=(
            "White et al. 2016, Universal Decompositional Semantics on Universal "
            "Dependencies, EMNLP"
        ),
        source="https://github.com/decompositional-semantics-initiative/decomp",
        files=(
            sondage.DataFile(
                path="raw/protoroles.zip",
                sha256="023e3e73961a4015041aa653a78b8ae324f7e934d99b8247dcae9518ad1bd633",
                size=672868,
                urls=(
                    f"{_UDS_PROTOROLES}/decomp/data/2.0/raw/sentence/annotations/protoroles.zip",
                ),
            ),
            sondage.DataFile(
                path="ud_ids.json",
                sha256="82c8e81a9349e48cc92f8142bdf50c1fedab23ac8aaf5f0f1eadcb39385357e7",
                size=2219492,
                urls=(f"{_UDS_PROTOROLES}/decomp/data/ud_ids.json",),
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
)
