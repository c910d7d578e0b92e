"""The data sets that the tasks read: addresses, licences and checksums of what was released."""

from __future__ import annotations

import sondage

_XPROBE_EN = (
    "https://raw.githubusercontent.com/ltgoslo/xprobe/6a3b0c97983ec0349a832b50450b870b485b613b"
)
_UD_ENGLISH_EWT = (
    "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/"
    "15d613d8447b3478787d4c278730a1e48a945efb"
)
_UD_ENGLISH_EWT_PACKED = "4861d76b9c49cb3524dfdf7d02e78c1d6a4c4e6fb892f9e6128cc671a6f195a8"

DATA = (
    sondage.DataSpec(
        name="xprobe_en",
        summary=(
            "X-Probe English: SentEval-like probing tasks from Wikipedia; of most "
            "te.txt every third line"
        ),
        licence="none stated (text: Wikipedia, CC-BY-SA)",
        citation=(
            "Ravishankar et al. 2019, Probing Multilingual Sentence Representations "
            "With X-Probe, arXiv:1906.05061"
        ),
        source="https://github.com/ltgoslo/xprobe",
        files=(
            sondage.DataFile(
                path="bigram_shift/va.txt",
                sha256="c681e9d607d1d5baa4d166ff0d50be83cd076732929c5d7acbad5c3bfbc43e36",
                size=953681,
                urls=(f"{_XPROBE_EN}/en/bigram_shift/va.txt",),
            ),
            sondage.DataFile(
                path="bigram_shift/te.txt",
                sha256="55a93f7115c562e432a28fefaccdb985e9266e8dfc92f53c27881bed3c8a74e8",
                size=320446,
                urls=(f"{_XPROBE_EN}/en/bigram_shift/te.txt",),
                origin=sondage.Origin(
                    sha256="8cec1b478ff3306d5b802e41fb0e40433d9c8bb62b6f44444b65a9813e89ff3c",
                    size=962818,
                    lines="::3",
                ),
            ),
            sondage.DataFile(
                path="coordination_inversion/va.txt",
                sha256="984821808f2e1a4860cef5cafc54361103a8a78c2bff6c70227105f36214d591",
                size=961576,
                urls=(f"{_XPROBE_EN}/en/coordination_inversion/va.txt",),
            ),
            sondage.DataFile(
                path="coordination_inversion/te.txt",
                sha256="d28488c364733c31d0d83e78fa7cad218d9a79959c6d51b1a8281dace0467a51",
                size=322081,
                urls=(f"{_XPROBE_EN}/en/coordination_inversion/te.txt",),
                origin=sondage.Origin(
                    sha256="1c3dce36d4bb2da38ee1caba7a34a3cece93bf26a7280f3e878adc7a44114151",
                    size=969375,
                    lines="::3",
                ),
            ),
            sondage.DataFile(
                path="obj_number/va.txt",
                sha256="79c9efd4d715bf584daf408069fab8677a261e7ec9148ff64afe72a721eef8a9",
                size=1062622,
                urls=(f"{_XPROBE_EN}/en/obj_number/va.txt",),
            ),
            sondage.DataFile(
                path="obj_number/te.txt",
                sha256="477766d44abc14c6133e2a87eceda62881db8f1d1dee8b9804b997aa19ae42cd",
                size=351847,
                urls=(f"{_XPROBE_EN}/en/obj_number/te.txt",),
                origin=sondage.Origin(
                    sha256="830caf85c58a251d81a8c3b3ff8ebba3648f062b6d90a3017715cfb6599cea81",
                    size=1053935,
                    lines="::3",
                ),
            ),
            sondage.DataFile(
                path="past_present/va.txt",
                sha256="197877f175c7cfcbaf6bfdceaf34154e5a9cfe2bcefde0eaefeaf1653129abf5",
                size=1067746,
                urls=(f"{_XPROBE_EN}/en/past_present/va.txt",),
            ),
            sondage.DataFile(
                path="past_present/te.txt",
                sha256="ed8b91f9af26d248dc4fa4f97402aa86aab69b1d2ae83d7750e9b6803a3059f9",
                size=355986,
                urls=(f"{_XPROBE_EN}/en/past_present/te.txt",),
                origin=sondage.Origin(
                    sha256="1583a51500627fa274e8b2561723051e1c41f1b7ee87ab7ce739baa347f3d361",
                    size=1069984,
                    lines="::3",
                ),
            ),
            sondage.DataFile(
                path="sentence_length/va.txt",
                sha256="86699eb6ac121cbe57be439bee440c97816ced602571ee23bafbbc1bac847a63",
                size=462373,
                urls=(f"{_XPROBE_EN}/en/sentence_length/va.txt",),
            ),
            sondage.DataFile(
                path="sentence_length/te.txt",
                sha256="f3f8ac7da9c1ed3530e122bc6ed2da73984f3dba195963d57547118c394ac4b8",
                size=458508,
                urls=(f"{_XPROBE_EN}/en/sentence_length/te.txt",),
            ),
            sondage.DataFile(
                path="subj_number/va.txt",
                sha256="e8f417da71c45ddafb40f9188156f63d270ad956ccfd85edaea323f396f35830",
                size=1064640,
                urls=(f"{_XPROBE_EN}/en/subj_number/va.txt",),
            ),
            sondage.DataFile(
                path="subj_number/te.txt",
                sha256="1a455f16618e84c52aa98c64ea037094b2fc38aa4717bfc4be203afd05e7d1c5",
                size=352640,
                urls=(f"{_XPROBE_EN}/en/subj_number/te.txt",),
                origin=sondage.Origin(
                    sha256="4ce105124ead17c1d20dea058a00a1029913a60100a5dc0d7b615b61187c6b3c",
                    size=1059105,
                    lines="::3",
                ),
            ),
            sondage.DataFile(
                path="tree_depth/va.txt",
                sha256="c7be0718377f899a8f4a4d56991f12079cbd97f4eaf61f9cf8906f26077f94a2",
                size=952095,
                urls=(f"{_XPROBE_EN}/en/tree_depth/va.txt",),
            ),
            sondage.DataFile(
                path="word_content/va.txt",
                sha256="d176f454d931e7b3a8b0e75392b7b177d31a8564f09d3d294fabe09d6c16d393",
                size=1110903,
                urls=(f"{_XPROBE_EN}/en/word_content/va.txt",),
            ),
            sondage.DataFile(
                path="word_content/te.txt",
                sha256="aac4781ca9acd39bf78effeda37659bffc7a42a533a8580da54614bd7aab8bcb",
                size=372394,
                urls=(f"{_XPROBE_EN}/en/word_content/te.txt",),
                origin=sondage.Origin(
                    sha256="38fb1b0c5da49a59d46311613b5f803bc0e495a547b1d023d1a620379116eb23",
                    size=1109354,
                    lines="::3",
                ),
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
