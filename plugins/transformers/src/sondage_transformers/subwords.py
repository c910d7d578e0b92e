"""The subwords of some sentences of a corpus, before special tokens and windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sondage.data import Corpus, Ints, offsets_of, ranges
from sondage.errors import EncodingError
from sondage_transformers.tokens import Tokens

#: A block ends at this many sentences or words: large enough for sorting by length to leave
#: no padding to speak of, small enough that memory does not follow the corpus.
BLOCK_SENTENCES = 8192
BLOCK_WORDS = 262_144
_CHARACTERS_A_WORD = 5


@dataclass(frozen=True)
class Subwords:
    """The subwords of a block of sentences, first segments before second ones.

    Parameters
    ----------
    sentences : int64 array, shape (s,)
        Which of the corpus.
    ids : int64 array
        Subwords; sentence i owns ``ids[offsets[i]:offsets[i + 1]]``.
    offsets : int64 array, shape (s + 1,)
    middle : int64 array, shape (s,)
        Where in `ids` the second segment begins; the sentence's end without one.
    unit : int64 array, as `ids`
        The word of each subword within its sentence; without words, its place. -1 where the
        subword stands in for an empty sentence.
    n_words : int64 array, shape (s,)
    replaced, empty : int64 arrays, shape (s,)
        How many words got a substitute, and whether the whole sentence did.
    otherwise : int64 array, shape (s,)
        How many words are cut otherwise than in the text that they make.
    pairs : bool array, shape (s,)
        Whether a sentence has two segments, the second of which may be empty.
    """

    sentences: Ints
    ids: Ints
    offsets: Ints
    middle: Ints
    unit: Ints
    n_words: Ints
    replaced: Ints
    empty: Ints
    otherwise: Ints
    pairs: NDArray[np.bool_]

    def warnings(self, members: Ints | slice = slice(None)) -> dict[str, int]:
        """Count, by slug, what cutting some of the sentences did to their words."""
        return {
            "replaced-words": int(self.replaced[members].sum()),
            "empty-sentences": int(self.empty[members].sum()),
            "words-cut-otherwise": int(self.otherwise[members].sum()),
        }


def blocks(corpus: Corpus) -> Iterator[Ints]:
    """Cut a corpus into blocks of consecutive sentences; a function of the corpus alone."""
    if corpus.offsets is not None:
        sizes = np.diff(corpus.offsets)
    else:
        second = corpus.second or [""] * len(corpus)
        sizes = np.fromiter(
            (
                (len(a) + len(b or "")) // _CHARACTERS_A_WORD + 1
                for a, b in zip(corpus.texts, second, strict=True)
            ),
            np.int64,
            len(corpus),
        )
    ends = np.cumsum(sizes)
    start = 0
    while start < len(corpus):
        before = int(ends[start] - sizes[start])
        end = int(np.searchsorted(ends, before + BLOCK_WORDS, side="right"))
        end = min(max(end, start + 1), start + BLOCK_SENTENCES, len(corpus))
        yield np.arange(start, end, dtype=np.int64)
        start = end


def cut(corpus: Corpus, sentences: Ints, tokens: Tokens) -> Subwords:
    """Cut sentences into subwords.

    Raises
    ------
    EncodingError
        If a word has no subword and the tokenizer has no token to stand in for it.
    """
    if corpus.offsets is None:
        return _cut_texts(corpus, sentences, tokens)
    return _cut_words(corpus, sentences, tokens)


def _cut_words(corpus: Corpus, sentences: Ints, tokens: Tokens) -> Subwords:
    lists = [corpus.words_of(int(i)) for i in sentences]
    n_words = np.fromiter(map(len, lists), np.int64, len(lists))
    segments = _segments(corpus, sentences, lists)
    kinds, code = _kinds_in(segments, tokens.opens, int(n_words.sum()))
    ids, starts, lengths, lost = _with_substitute(kinds, n_words == 0, tokens)

    begin = offsets_of(n_words)
    empty = n_words == 0
    place = ranges(np.zeros_like(n_words), n_words)
    at = begin[:-1][empty]
    count = np.insert(lengths[code], at, 1)
    source = np.insert(starts[code], at, len(ids) - 1)
    unit = np.insert(place, at, -1)
    owner = np.repeat(np.arange(len(lists)), np.maximum(n_words, 1))

    per_sentence = np.bincount(owner, weights=count, minlength=len(lists)).astype(np.int64)
    offsets = offsets_of(per_sentence)
    middle = offsets[1:].copy()
    if corpus.boundary is not None:
        first = unit < np.asarray(corpus.boundary, np.int64)[sentences][owner]
        inside = np.bincount(owner, weights=count * first, minlength=len(lists))
        middle = offsets[:-1] + inside.astype(np.int64)
    replaced = np.bincount(
        np.repeat(np.arange(len(lists)), n_words), weights=np.isin(code, lost), minlength=len(lists)
    )
    return Subwords(
        sentences=sentences,
        ids=ids[ranges(source, count)],
        offsets=offsets,
        middle=middle,
        unit=np.repeat(unit, count),
        n_words=n_words,
        replaced=replaced.astype(np.int64),
        empty=empty.astype(np.int64),
        otherwise=tokens.otherwise(segments).reshape(len(lists), -1).sum(1),
        pairs=np.full(len(lists), corpus.boundary is not None),
    )


def _kinds_in(
    segments: list[Sequence[str]], opens: bool, n_words: int
) -> tuple[list[tuple[str, bool]], Ints]:
    """Return the distinct words, and of each word which it is.

    A word that opens a text is another kind where the tokenizer cuts it otherwise there.
    """
    kinds: dict[tuple[str, bool], int] = {}
    code = np.fromiter(
        (
            kinds.setdefault((w, opens and not k), len(kinds))
            for words in segments
            for k, w in enumerate(words)
        ),
        np.int64,
        n_words,
    )
    return list(kinds), code


def _with_substitute(
    kinds: list[tuple[str, bool]], empty: NDArray[np.bool_], tokens: Tokens
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the subwords of all kinds, where each kind's begin, how many, and which have none.

    The substitute lies behind all others; words without subwords and empty sentences use it.
    """
    ids, starts = _of_kinds(kinds, tokens)
    lengths = np.diff(starts)
    lost = np.flatnonzero(lengths == 0)
    ids = np.append(ids, -1 if tokens.substitute is None else tokens.substitute)
    starts, lengths = starts[:-1].copy(), lengths.copy()
    starts[lost], lengths[lost] = len(ids) - 1, 1
    _need_substitute(tokens, kinds[lost[0]][0] if len(lost) else None, empty)
    return ids, starts, lengths, lost


def _segments(corpus: Corpus, sentences: Ints, lists: list[Sequence[str]]) -> list[Sequence[str]]:
    """Return the words of each text: of pairs, both segments in turn."""
    if corpus.boundary is None:
        return lists
    bounds = np.asarray(corpus.boundary, np.int64)[sentences].tolist()
    halves = ((words[:b], words[b:]) for words, b in zip(lists, bounds, strict=True))
    return [segment for pair in halves for segment in pair]


def _of_kinds(kinds: list[tuple[str, bool]], tokens: Tokens) -> tuple[Ints, Ints]:
    """Cut the distinct words, those that open a text and the others, in the order given."""
    opening = np.fromiter((first for _, first in kinds), np.bool_, len(kinds))
    if not opening.any():
        return tokens.of_words([w for w, _ in kinds])
    ids, begin = tokens.of_words([w for w, first in kinds if not first])
    more, begin2 = tokens.of_words([w for w, first in kinds if first], opening=True)
    start, length = np.zeros((2, len(kinds)), np.int64)
    start[~opening], length[~opening] = begin[:-1], np.diff(begin)
    start[opening], length[opening] = begin2[:-1] + len(ids), np.diff(begin2)
    return np.concatenate([ids, more])[ranges(start, length)], offsets_of(length)


def _cut_texts(corpus: Corpus, sentences: Ints, tokens: Tokens) -> Subwords:
    first, begin = tokens.of_texts([corpus.texts[i] for i in sentences])
    length = np.diff(begin)
    other, begin2, length2 = first[:0], begin[:-1] * 0, length * 0
    pairs = np.zeros(len(sentences), np.bool_)
    if corpus.second is not None:
        second = [corpus.second[i] for i in sentences]
        pairs = np.fromiter((text is not None for text in second), np.bool_, len(second))
        other, begin2 = tokens.of_texts([text or "" for text in second])
        length2 = np.diff(begin2)
    empty = length + length2 == 0
    _need_substitute(tokens, None, empty)
    ids = np.concatenate([first, other, [tokens.substitute if empty.any() else -1]])
    begin, begin2 = begin[: len(sentences)].copy(), begin2[: len(sentences)] + len(first)
    begin[empty], length[empty] = len(ids) - 1, 1
    source = np.stack([begin, begin2], axis=1).ravel()
    count = np.stack([length, length2], axis=1).ravel()
    offsets = offsets_of(length + length2)
    total = length + length2
    unit = ranges(np.zeros_like(total), total)
    unit[offsets[:-1][empty]] = -1
    none: NDArray[np.int64] = np.zeros(len(sentences), np.int64)
    return Subwords(
        sentences=sentences,
        ids=ids[ranges(source, count)].astype(np.int64),
        offsets=offsets,
        middle=offsets[:-1] + length,
        unit=unit,
        n_words=none,
        replaced=none,
        empty=empty.astype(np.int64),
        otherwise=none,
        pairs=pairs,
    )


def _need_substitute(tokens: Tokens, word: str | None, empty: NDArray[np.bool_]) -> None:
    if tokens.substitute is not None or (word is None and not empty.any()):
        return
    what = "an empty sentence" if word is None else f"the word {word!r}"
    raise EncodingError(
        f"the tokenizer gives {what} no subword and has no unknown token to put instead",
        where=str(tokens.checkpoint.folder),
        hint="clean the data, or add an unk_token to the tokenizer",
    )
