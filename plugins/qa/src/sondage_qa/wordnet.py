"""WordNet's dictionary folder: base forms of words, and their synonyms."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cached_property

from sondage.data import digest
from sondage.errors import DataError
from sondage.files import file_hash
from sondage_qa.packed import Reader, open_parts, parts_of

#: Parts of speech, in the order of WordNet's documents.
PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")
#: The files that are read.
FILES = tuple(
    name.format(pos) for name in ("index.{}", "data.{}", "{}.exc") for pos in PARTS_OF_SPEECH
)
#: Rules of detachment, morphy(7WN): an ending and what stands in its place.
ENDINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "noun": (
        ("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"),
        ("shes", "sh"), ("men", "man"), ("ies", "y"),
    ),
    "verb": (
        ("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"),
        ("ing", ""),
    ),
    "adj": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "adv": (),
}  # fmt: skip


class WordNet:
    """Base forms and synonyms from WordNet's own files.

    Parameters
    ----------
    path : path
        The ``dict`` folder with ``index.*``, ``data.*`` and ``*.exc`` of noun, verb, adj and
        adv, a folder that holds it, or a tar archive of it. Nothing else is needed, and
        nothing is read before it is asked for.

    Examples
    --------
    ::

        wordnet = WordNet("dict")
        wordnet.lemmas("found")  # {'find', 'found'}
        "parliament" in wordnet.synonyms("fantan")

    References
    ----------
    Fellbaum 1998, *WordNet*; the manual pages wndb(5WN) and morphy(7WN). Departs from them:
    of collocations the last word alone is reduced to its base form; two-part verbs with a
    preposition are not taken apart.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._synonyms: dict[str, frozenset[str]] = {}
        self._lemmas: dict[str, frozenset[str]] = {}

    @property
    def fingerprint(self) -> str:
        """32 hex digits over the bytes of the files, or of their archive."""
        return digest(*map(file_hash, parts_of(self.path, FILES, what="WordNet")))

    def lemmas(self, word: str) -> frozenset[str]:
        """Return a word's base forms in all parts of speech, in lower case.

        A word that WordNet does not know has none. Blanks and underscores part the words of
        a collocation.
        """
        form = word.lower().replace(" ", "_")
        found = self._lemmas.get(form)
        if found is None:
            found = frozenset(lemma for pos in PARTS_OF_SPEECH for lemma in self.morphy(form, pos))
            self._lemmas[form] = found
        return found

    def morphy(self, form: str, pos: str) -> list[str]:
        """Return the base forms of a word as one part of speech.

        Parameters
        ----------
        form : str
            In lower case; underscores part the words of a collocation.
        pos : {'noun', 'verb', 'adj', 'adv'}

        Returns
        -------
        list of str
            Those that WordNet knows: the form itself first; then those of the exception list,
            or else those that the endings give.
        """
        known = self._index(pos)
        reduced: Iterable[str] = self._reduced(form, pos)
        if "_" in form and form not in self._exceptions(pos):
            head, _, last = form.rpartition("_")
            reduced = (f"{head}_{base}" for base in self._reduced(last, pos))
        return list(dict.fromkeys(base for base in (form, *reduced) if base in known))

    def synonyms(self, lemma: str) -> frozenset[str]:
        """Return the other lemmas of all synsets of a lemma, of all parts of speech.

        In lower case, underscores between the words of a collocation.
        """
        key = lemma.lower().replace(" ", "_")
        found = self._synonyms.get(key)
        if found is None:
            names = (name for synset in self.synsets(key) for name in synset)
            found = self._synonyms[key] = frozenset(names) - {key}
        return found

    def synsets(self, lemma: str) -> list[tuple[str, ...]]:
        """Return the lemmas of each synset that holds `lemma`, by part of speech and sense."""
        key = lemma.lower().replace(" ", "_")
        return [
            self._names(pos, offset)
            for pos in PARTS_OF_SPEECH
            for offset in self._offsets(pos, key)
        ]

    def _reduced(self, form: str, pos: str) -> Iterable[str]:
        listed = self._exceptions(pos).get(form)
        if listed is not None:
            return listed
        if pos == "noun":
            if form.endswith("ful") and len(form) > 3:
                return [f"{base}ful" for base in self._reduced(form[:-3], pos)]
            # 'boss' is no plural of 'bos', nor 'is' one of 'i'.
            if form.endswith("ss") or len(form) <= 2:
                return []
        return [form[: -len(old)] + new for old, new in ENDINGS[pos] if form.endswith(old)]

    @cached_property
    def _file(self) -> Reader:
        return open_parts(self.path, FILES, what="WordNet")

    def _index(self, pos: str) -> dict[str, bytes]:
        return self._once(f"index.{pos}", _indexed)

    def _exceptions(self, pos: str) -> dict[str, list[str]]:
        return self._once(f"{pos}.exc", _excepted)

    def _once(self, name: str, read: Callable[[bytes], dict[str, object]]) -> dict:  # type: ignore[type-arg]
        found = self.__dict__.get(name)
        if found is None:
            found = self.__dict__[name] = read(self._file(name))
        return found

    def _offsets(self, pos: str, lemma: str) -> list[int]:
        # Behind the lemma: pos, number of synsets, number of pointer kinds, these, number of
        # senses, number of tagged ones, the synsets' places.
        line = self._index(pos).get(lemma)
        if line is None:
            return []
        fields = line.split()
        try:
            return [int(place) for place in fields[len(fields) - int(fields[1]) :]]
        except (IndexError, ValueError) as error:
            raise self._damaged(f"index.{pos}", f"the entry of {lemma!r} is damaged") from error

    def _names(self, pos: str, offset: int) -> tuple[str, ...]:
        raw = self._file(f"data.{pos}")
        # Place, lexicographer's file, kind, number of words (two hex digits), word, id, ...
        line = raw[offset : raw.find(b"\n", offset)]
        fields = line.split(b" ")
        try:
            if int(fields[0]) != offset:
                raise ValueError
            count = int(fields[3], 16)
            names = fields[4 : 4 + 2 * count : 2]
        except (IndexError, ValueError) as error:
            what = f"no synset begins at byte {offset}, where index.{pos} has one"
            raise self._damaged(f"data.{pos}", what) from error
        # Adjectives may carry a place of theirs: 'galore(ip)'.
        return tuple(name.partition(b"(")[0].decode().lower() for name in names)

    def _damaged(self, name: str, what: str) -> DataError:
        return DataError(
            f"WordNet: {what}",
            where=os.path.join(self.path, name),
            hint="index and data are of one release, unchanged: fetch them again",
        )


def _indexed(raw: bytes) -> dict[str, object]:
    # The licence at the top is indented; so an entry never has an empty lemma.
    entries = (line.partition(b" ") for line in raw.split(b"\n"))
    return {lemma.decode(): rest for lemma, _, rest in entries if lemma}


def _excepted(raw: bytes) -> dict[str, object]:
    out: dict[str, object] = {}
    for line in raw.decode().splitlines():
        form, *bases = line.split()
        # A few forms stand on several lines.
        out[form] = [*out.get(form, []), *bases]  # type: ignore[misc]
    return out
