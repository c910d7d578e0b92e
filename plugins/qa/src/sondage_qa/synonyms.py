"""Words of the question that have a synonym in the context."""

from __future__ import annotations

from functools import lru_cache

from sondage_qa.function_words import ENGLISH
from sondage_qa.pairs import Pair
from sondage_qa.wordings import Span, Wording
from sondage_qa.wordnet import WordNet
from sondage_qa.words import Words


def synonym_pairs(
    wording: Wording,
    wordnet: WordNet,
    *,
    phrases: int = 1,
    stop_words: frozenset[str] = ENGLISH,
) -> list[Pair]:
    """Find the terms of a question that have a synonym in its context.

    Two terms are synonyms if a base form of one stands in a synset with a base form of the
    other, in any part of speech, and they have no base form in common.

    Parameters
    ----------
    wording : Wording
    wordnet : WordNet
    phrases : int
        Terms have at most this many words; with 1 they are words. A word within a longer term
        that WordNet knows is no term.
    stop_words : frozenset of str
        Words that are no terms, without regard to case.

    Returns
    -------
    list of Pair
        In the order of the question, then of the context: one for each two words, at their
        first places. What else in the context is a synonym of the same term is no candidate.

    References
    ----------
    Cai et al. 2020, arXiv:2006.01346v1, section 2.2. Departs from it: words have the base forms
    of all parts of speech, where the authors' code has a tagger choose one; function words are
    left out, as in the code.
    """
    inside, by_lemma = _by_lemma(wording.context, wordnet, phrases, stop_words)
    found: dict[tuple[object, object], Pair] = {}
    for anchor, lemmas in _terms(wording.question, wordnet, phrases, stop_words):
        synonyms = {name for lemma in lemmas for name in wordnet.synonyms(lemma)}
        at = sorted({k for name in synonyms & by_lemma.keys() for k in by_lemma[name]})
        matches = [inside[k][0] for k in at if lemmas.isdisjoint(inside[k][1])]
        also = frozenset(k for match in matches for k in range(*match))
        for match in matches:
            pair = Pair(anchor, match, also - {*range(*match)})
            found.setdefault((pair.anchor_forms(wording), pair.match_forms(wording)), pair)
    return [*found.values()]


@lru_cache(maxsize=64)
def _by_lemma(
    words: Words, wordnet: WordNet, phrases: int, stop_words: frozenset[str]
) -> tuple[list[tuple[Span, frozenset[str]]], dict[str, list[int]]]:
    """Return the terms of a context, which has several questions, and the places of each lemma."""
    inside = _terms(words, wordnet, phrases, stop_words)
    by_lemma: dict[str, list[int]] = {}
    for k, (_, lemmas) in enumerate(inside):
        for lemma in lemmas:
            by_lemma.setdefault(lemma, []).append(k)
    return inside, by_lemma


def _terms(
    words: Words, wordnet: WordNet, phrases: int, stop_words: frozenset[str]
) -> list[tuple[Span, frozenset[str]]]:
    """Return the terms of a text, and their base forms; the longest at each place."""
    out: list[tuple[Span, frozenset[str]]] = []
    k = 0
    while k < len(words):
        n = next((n for n in range(phrases, 1, -1) if _phrase(words, k, n, wordnet)), 1)
        lemmas = wordnet.lemmas("_".join(words.folded[k : k + n]))
        if lemmas and (n > 1 or _word(words, k, stop_words)):
            out.append(((k, k + n), lemmas))
        k += n
    return out


def _word(words: Words, k: int, stop_words: frozenset[str]) -> bool:
    form = words.folded[k]
    return len(form) > 1 and form not in stop_words and any(map(str.isalpha, form))


def _phrase(words: Words, k: int, n: int, wordnet: WordNet) -> bool:
    if k + n > len(words) or not all(words.lettered[k : k + n]):
        return False
    return bool(wordnet.lemmas("_".join(words.folded[k : k + n])))
