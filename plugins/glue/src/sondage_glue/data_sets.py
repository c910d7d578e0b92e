"""The data sets that the tasks read: addresses, licences and checksums of what was released."""

from __future__ import annotations

import sondage

_COLA = (
    "https://raw.githubusercontent.com/nyu-mll/CoLA-baselines/"
    "dd095d3646ed05a315280aaa8ed4ec84ba435b3e"
)
_SST2 = (
    "https://raw.githubusercontent.com/clairett/pytorch-sentiment-classification/"
    "457ffd83de90a9d6d472d8ffc31bbffe40a8b236"
)
_GLUE_RTE = (
    "https://raw.githubusercontent.com/marcwww/nlu_eval/ccd55c37de74ebd86c70ae58f67dceb0aa444f43"
)
_MRPC = (
    "https://raw.githubusercontent.com/wasiahmad/paraphrase_identification/"
    "88b208d0d094ab945d2401d9393531be1fec0076"
)
_MNLI = (
    "https://raw.githubusercontent.com/felipessalvatore/NLI_datasets/"
    "9551b739a830fafb2ec4b98d49a9ecd4bf3dcbd0"
)

DATA = (
    sondage.DataSpec(
        name="cola",
        summary="CoLA: 9,078 sentences, acceptable or not",
        licence="copyright of the cited authors; expected to be fair use in research",
        citation="Warstadt et al. 2019, Neural Network Acceptability Judgments, arXiv:1805.12471",
        source="https://github.com/nyu-mll/CoLA-baselines",
        files=(
            sondage.DataFile(
                path="raw/in_domain_train.tsv",
                sha256="f320a10f92d3bce6b29152fde322a362eac39238e50d8de0c8815457fdf4fc12",
                size=428578,
                urls=(f"{_COLA}/acceptability_corpus/cola_public/raw/in_domain_train.tsv",),
            ),
            sondage.DataFile(
                path="raw/in_domain_dev.tsv",
                sha256="77176f6a03faa5a1c4f23c69971fc1bff565931112fb65af47b2d6e24b7f42f7",
                size=25957,
                urls=(f"{_COLA}/acceptability_corpus/cola_public/raw/in_domain_dev.tsv",),
            ),
            sondage.DataFile(
                path="README",
                sha256="b056fc502a7820e87daf24520083c48951571fa12b2ef4f9707ff9ff08c0256e",
                size=6570,
                urls=(f"{_COLA}/acceptability_corpus/cola_public/README",),
            ),
        ),
        parts={"train": "raw/in_domain_train.tsv", "dev": "raw/in_domain_dev.tsv"},
    ),
    sondage.DataSpec(
        name="sst2",
        summary="SST-2, whole sentences: 9,613 with their sentiment",
        licence="none stated",
        citation="Socher et al. 2013, Recursive Deep Models for Semantic Compositionality, EMNLP",
        source="https://github.com/clairett/pytorch-sentiment-classification",
        files=(
            sondage.DataFile(
                path="train.tsv",
                sha256="ec192f833a64da08f475488a77b0d0b47db47acd0f458bd18433fc793b569920",
                size=720259,
                urls=(f"{_SST2}/data/SST2/train.tsv",),
            ),
            sondage.DataFile(
                path="dev.tsv",
                sha256="eddea6b39e601dd4e7a672b53cc40fdf6019fa80522f351206c24340ca5d9359",
                size=92057,
                urls=(f"{_SST2}/data/SST2/dev.tsv",),
            ),
            sondage.DataFile(
                path="test.tsv",
                sha256="831169c7e2e429d6026e1bdbb542f33b636e3e596caad9602ebc953c205928b7",
                size=188749,
                urls=(f"{_SST2}/data/SST2/test.tsv",),
            ),
        ),
        parts={"train": "train.tsv", "dev": "dev.tsv", "test": "test.tsv"},
    ),
    sondage.DataSpec(
        name="glue_rte",
        summary="RTE of GLUE: 2,767 pairs of sentences, entailed or not",
        licence="none stated",
        citation=(
            "Dagan et al. 2005, The PASCAL RTE Challenge; Wang et al. 2018, GLUE, arXiv:1804.07461"
        ),
        source="https://github.com/marcwww/nlu_eval",
        files=(
            sondage.DataFile(
                path="train.tsv",
                sha256="41e3a9b063433392343fad9e962cf2f58b681c78d8f71592f4186f0837246c5c",
                size=846226,
                urls=(f"{_GLUE_RTE}/data/RTE/train_copy.tsv",),
            ),
            sondage.DataFile(
                path="dev.tsv",
                sha256="80230dfa1347282e7b532b06a1004a76a710087541189bf874223ddf0e3819fb",
                size=90343,
                urls=(f"{_GLUE_RTE}/data/RTE/dev.tsv",),
            ),
        ),
        parts={"train": "train.tsv", "dev": "dev.tsv"},
    ),
    sondage.DataSpec(
        name="mrpc",
        summary="MRPC: 5,801 pairs of sentences, paraphrases or not",
        licence="Microsoft Research Shared Source: non-commercial use, keep the notice",
        citation=(
            "Dolan and Brockett 2005, Automatically Constructing a Corpus of "
            "Sentential Paraphrases, IWP"
        ),
        source="https://github.com/wasiahmad/paraphrase_identification",
        files=(
            sondage.DataFile(
                path="msr_paraphrase_train.txt",
                sha256="61a88818ec384d8465297dda1883b469f1b22d442ab90183d13e06233b180591",
                size=1022669,
                urls=(f"{_MRPC}/dataset/msr-paraphrase-corpus/msr_paraphrase_train.txt",),
            ),
            sondage.DataFile(
                path="msr_paraphrase_test.txt",
                sha256="0360d0d3427a0ae14882e2b3a799df0fab6cb5203d5e8ee481949283da62acb6",
                size=431156,
                urls=(f"{_MRPC}/dataset/msr-paraphrase-corpus/msr_paraphrase_test.txt",),
            ),
            sondage.DataFile(
                path="Microsoft Shared Source License.htm",
                sha256="2d84356e4c1d0db09fa338ad7100ac56843c4ddd3d152c34130a6069f9f914c0",
                size=9703,
                urls=(
                    f"{_MRPC}/dataset/msr-paraphrase-corpus/Microsoft%20Shared%20Source%20License.htm",
                ),
            ),
        ),
        parts={"train": "msr_paraphrase_train.txt", "test": "msr_paraphrase_test.txt"},
    ),
    sondage.DataSpec(
        name="mnli",
        summary="MultiNLI, the first 5,000 pairs of matched dev",
        licence="MultiNLI: OANC and others, by genre",
        citation="Williams et al. 2018, A Broad-Coverage Challenge Corpus, arXiv:1704.05426",
        source="https://github.com/felipessalvatore/NLI_datasets",
        files=(
            sondage.DataFile(
                path="dev.csv",
                sha256="3fa5cc3c621f5a4ce492b225a73fdaf01193e63c72358ceadc5afaf510fb3b28",
                size=904551,
                urls=(f"{_MNLI}/nli_datasets/mnli/dev.csv",),
                origin=sondage.Origin(
                    sha256="b1bc1a5b741446cdacfdd882b68709d14bac2ede39e4153b9a272f5028726255",
                    size=3674623,
                    lines=":5001",
                ),
            ),
        ),
    ),
)
