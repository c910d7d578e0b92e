"""Small things to test with: corpora, an encoder, a task, problems for probes, findings.

Plugin authors may use them; the kit's checks do. All of it is seeded, needs numpy only
(the frames of findings: pandas) and touches no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from sondage.data import VIEWS, Chunk, Corpus, Ints, Labels, Request, TaskData, Units, digest
from sondage.testing.findings import (
    ToyCell,
    ToyFindings,
    cell,
    findings,
    partial_findings,
    printed,
)
from sondage.testing.problems import ToyProblem, labelled_problem, ranking_problem, tree_problem
from sondage.testing.questions import ToyQuestions, question_data
from sondage.testing.stimuli import (
    attention_maps,
    labelled_pairs,
    stimulus_labels,
    vector_pairs,
)

__all__ = [
    "ODD_WORDS",
    "ToyCell",
    "ToyEncoder",
    "ToyFindings",
    "ToyProblem",
    "ToyQuestions",
    "ToyTask",
    "attention_maps",
    "cell",
    "findings",
    "labelled_pairs",
    "labelled_problem",
    "odd_corpus",
    "pair_corpus",
    "partial_findings",
    "printed",
    "question_data",
    "ranking_problem",
    "stimulus_labels",
    "text_corpus",
    "tree_problem",
    "vector_pairs",
    "word_corpus",
]

_SENTENCES = (
    "The old man the boat .",
    "Yes",
    "A dog that nobody had seen before slept on the warm stones near the mill all day .",
    "She 's not here , is she ?",
    "Prices rose 3.5 % in 2019 , the bank said .",
    "Look !",
    "Internationalisation frightens antidisestablishmentarians",
    "He gave the girl who sang the song a rose and the boy a book about deep wells .",
    "We met at the station .",
)

#: Words that tokenizers drop, split oddly or join: each still has to own a vector.
ODD_WORDS = (
    "naïve",
    "nai\u0308ve",  # the same to the eye, decomposed
    "Ελλάδα",
    "Straße",
    "İstanbul",
    "日本語",
    "한국어",
    "עִבְרִית",
    "العربية",
    "ไทย",
    "हिन्दी",
    "😀",
    "👩\u200d👩\u200d👧",  # one picture of seven code points
    "🇫🇷",
    "\u200b",  # zero-width space
    "\u200d",  # zero-width joiner
    "\xad",  # soft hyphen
    "\ufe0f",  # variation selector alone
    "\u0301",  # combining accent alone
    "\ufeff",  # byte-order mark
    "\ue000",  # private use
    "\U0010fffd",
    "\x07",  # a control character
    "a\xa0b",  # no-break space inside
    "two words",
    "##ing",
    "[MASK]",
    "<s>",
    "\u2581",  # SentencePiece's space
    "\u0120",  # the byte-level BPE's space
    "ﬁ",  # a ligature that NFKC takes apart
    "㍿",
    "…",
    "--",
    "pneumonoultramicroscopicsilicovolcanoconiosis",
)


def word_corpus(copies: int = 1) -> Corpus:
    """Return nine sentences of one to twenty words, the whole `copies` times over."""
    return Corpus.of_words([s.split() for s in _SENTENCES] * copies, name="toy words")


def odd_corpus() -> Corpus:
    """Return each odd word alone, between plain words, and all of them in one sentence."""
    alone = [[w] for w in ODD_WORDS]
    between = [["before", w, "after"] for w in ODD_WORDS]
    return Corpus.of_words([*alone, *between, list(ODD_WORDS)], name="odd words")


def text_corpus() -> Corpus:
    """Return running text without words: only views of sentences and subwords apply."""
    return Corpus(texts=_SENTENCES, name="toy texts")


def pair_corpus() -> Corpus:
    """Return sentences in two segments, whose words are numbered through."""
    words = [s.split() for s in _SENTENCES]
    return Corpus.of_words(words[:-1], name="toy pairs", second=words[1:])


@dataclass(kw_only=True, eq=False)
class ToyEncoder:
    """Give every piece of a word (four characters at most) a random vector, for ever the same.

    Parameters
    ----------
    n_layers : int
        Layers above 0; the vectors of different layers have nothing in common.
    width : int
    seed : int
        Changes all vectors.
    """

    views: ClassVar[tuple[str, ...]] = ("mean", "word", "subwords")

    n_layers: int = 2
    width: int = 8
    seed: int = 0

    @property
    def fingerprint(self) -> str:
        """Over the parameters, which determine every number."""
        return digest("toy", self.n_layers, self.width, self.seed)

    def encode(self, corpus: Corpus, request: Request) -> Iterator[Chunk]:
        """Stream two sentences per chunk, the last ones first."""
        for end in range(len(corpus), 0, -2):
            sentences = np.arange(max(end - 2, 0), end)
            rows = {
                view: np.stack(
                    [
                        np.concatenate([self._rows(corpus, int(i), view, k) for i in sentences])
                        for k in request.layers
                    ]
                )
                for view in request.views
            }
            yield Chunk(sentences, rows)

    def row_counts(self, corpus: Corpus, view: str) -> Ints:
        """Number of pieces of each sentence's words."""
        return np.array(
            [sum(map(len, self._pieces(corpus, i))) for i in range(len(corpus))], np.int64
        )

    def _pieces(self, corpus: Corpus, sentence: int) -> list[list[str]]:
        second = (corpus.second[sentence] or "") if corpus.second is not None else ""
        words = (
            f"{corpus.texts[sentence]} {second}".split()
            if corpus.words is None
            else corpus.words_of(sentence)
        )
        return [[w[at : at + 4] for at in range(0, max(len(w), 1), 4)] for w in words]

    def _rows(self, corpus: Corpus, sentence: int, view: str, layer: int) -> np.ndarray:
        words = [
            [vector_of(p, layer, self.seed, self.width) for p in w]
            for w in self._pieces(corpus, sentence)
        ]
        if view == "subwords":
            return np.stack([v for word in words for v in word])
        means = np.stack([np.mean(word, axis=0) for word in words])
        return means if VIEWS[view] == "word" else means.mean(axis=0, keepdims=True)


@lru_cache(maxsize=4096)
def vector_of(piece: str, layer: int, seed: int, width: int) -> np.ndarray:
    """Return a piece's random vector."""
    of_piece = int(digest(piece, layer, seed)[:16], 16)
    return np.random.default_rng(of_piece).standard_normal(width, dtype=np.float32)


@dataclass(kw_only=True, eq=False)
class ToyTask:
    """Say of every word whether it is short, middling or long.

    Parameters
    ----------
    n : int
        Number of sentences.
    seed : int
        Draws the words.
    """

    units = "words"
    randomness = ("split",)

    n: int = 40
    seed: int = 0

    @property
    def fingerprint(self) -> str:
        """Over the parameters, which determine words and labels."""
        return digest("toy task", self.n, self.seed)

    @property
    def corpus_fingerprint(self) -> str:
        """As the fingerprint, for there is no second task over these texts."""
        return digest("toy corpus", self.n, self.seed)

    def load(self) -> TaskData:
        """Draw words from the toy sentences."""
        rng = np.random.default_rng(self.seed)
        vocabulary = sorted({w for s in _SENTENCES for w in s.split()})
        sentences = [list(rng.choice(vocabulary, rng.integers(2, 9))) for _ in range(self.n)]
        corpus = Corpus.of_words([[str(w) for w in s] for s in sentences], name="toy task")
        sizes = np.array([len(s) for s in sentences])
        units = Units.of_words(
            np.repeat(np.arange(self.n), sizes), np.concatenate([np.arange(k) for k in sizes])
        )
        y = np.digitize([len(w) for w in corpus.words or ()], (3, 6)).astype(np.int64)
        return TaskData(corpus, Labels(units, y, ("short", "middling", "long")))
