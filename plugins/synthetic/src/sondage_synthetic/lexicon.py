"""The words of the grammar. Many forms have two parts of speech, on purpose.

``walk``, ``guards`` and ``plays`` are nouns and verbs, ``light`` and ``secret`` nouns and
adjectives, ``clean`` and ``open`` adjectives and verbs, ``fast`` and ``late`` adjectives and
adverbs, ``outside`` and ``past`` adverbs and prepositions, ``like`` a preposition and a verb,
``to`` a preposition and a particle, ``can`` an auxiliary and a noun, and ``that`` a
determiner, a conjunction and a pronoun; which one it is, the sentence tells.
"""

from __future__ import annotations

VOWELS = "aeiou"


def plural(word: str) -> str:
    """Return a regular noun's plural by spelling, as which a verb's third person is spelt."""
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word[-1] == "y" and word[-2] not in VOWELS:
        return word[:-1] + "ies"
    return word + "s"


def conjugate(entry: str) -> tuple[str, str, str, str, str]:
    """Return base, third person singular, past, participle and -ing form.

    Parameters
    ----------
    entry : str
        The base of a regular verb, or ``base past participle ing``.
    """
    base, *rest = entry.split()
    if rest:
        past, participle, ing = rest
        return base, plural(base), past, participle, ing
    if base.endswith("e"):
        return base, plural(base), base + "d", base + "d", base[:-1] + "ing"
    past = base[:-1] + "ied" if base[-1] == "y" and base[-2] not in VOWELS else base + "ed"
    return base, plural(base), past, past, base + "ing"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _nouns(words: str, **irregular: str) -> tuple[tuple[str, str], ...]:
    return (*((w, plural(w)) for w in words.split()), *irregular.items())


def _verbs(regular: str, *irregular: str) -> tuple[tuple[str, ...], ...]:
    return tuple(conjugate(entry) for entry in (*regular.split(), *irregular))


PEOPLE = _nouns(
    "doctor teacher farmer girl boy neighbour lawyer dog cat student artist singer friend "
    "cook guard judge guide coach host nurse pilot guest sailor baker king queen",
    child="children", woman="women", man="men", thief="thieves", wolf="wolves",
)  # fmt: skip
THINGS = _nouns(
    "book letter picture light watch plant box stone answer walk run play dance dream song "
    "film question plan visit coat lamp story photo note drink promise can secret present "
    "call cut paint guitar boat ring table report",
    knife="knives",
)
PLACES = _nouns("park garden house bridge school market station river kitchen library farm ship")
NAMES = ("Anna", "Peter", "Maria", "Grace", "Rose", "Mark", "Bill", "Hope", "Omar", "Mei")

# (subject form, object form, takes plural agreement)
PRONOUNS = (
    ("he", "him", False), ("she", "her", False), ("it", "it", False),
    ("they", "them", True), ("we", "us", True), ("you", "you", True),
)  # fmt: skip
POSSESSIVES = ("his", "her", "their", "our", "my", "your")
SINGULAR_DETERMINERS = ("the", "the", "the", "a", "a", "this", "that", "every", "no")
PLURAL_DETERMINERS = ("the", "the", "the", "these", "those", "some", "no")
NUMERALS = ("two", "three", "four", "seven", "twelve")

ADJECTIVES = _words(
    "old young happy quiet small tall clever cold light secret clean open dry empty warm "
    "fast hard late early daily new strange kind brown"
)
MANNER = _words(
    "quickly slowly quietly fast hard late early daily again outside inside past together"
)
PREVERBAL = ("often", "never", "always", "quietly", "still", "rarely")

# A preposition modifies either a verb or a noun, never both: the tree is never a guess.
VERB_PREPOSITIONS = (
    "in", "near", "behind", "under", "beside", "outside", "inside", "past", "like", "to", "for",
)  # fmt: skip
NOUN_PREPOSITIONS = ("of", "from", "with")

INTRANSITIVE = _verbs(
    "walk dance play work laugh wait arrive smile rest fish talk dream call paint",
    "run ran run running", "sleep slept slept sleeping", "swim swam swum swimming",
    "sing sang sung singing", "fall fell fallen falling",
)  # fmt: skip
TRANSITIVE = _verbs(
    "watch paint plant cook guard judge guide coach host nurse call answer visit question "
    "love fear film book help follow carry like clean open dry empty warm present walk",
    "see saw seen seeing", "find found found finding", "leave left left leaving",
    "break broke broken breaking", "hear heard heard hearing", "light lit lit lighting",
    "cut cut cut cutting",
)  # fmt: skip
DITRANSITIVE = _verbs(
    "show offer hand", "give gave given giving", "send sent sent sending",
    "lend lent lent lending", "bring brought brought bringing",
)  # fmt: skip
CLAUSAL = _verbs(
    "believe hope report promise", "say said said saying", "think thought thought thinking",
    "know knew known knowing", "dream dreamt dreamt dreaming",
)  # fmt: skip
INFINITIVAL = _verbs("want hope try promise", "plan planned planned planning")
