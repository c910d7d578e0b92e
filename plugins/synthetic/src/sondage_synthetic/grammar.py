"""The grammar: each rule writes its words and attaches them.

Where English leaves an attachment open (a phrase or conjunct after a relative clause, a
prepositional phrase after an object), the grammar has only one of the readings, so that
the annotation follows from the words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from sondage_synthetic import lexicon as lx
from sondage_synthetic.draft import Coordinated, Dice, Sentence, SentenceDraft

Case = Literal["subject", "object"]
Sort = Literal["people", "things", "places"]
Verb = tuple[str, ...]

BASE, THIRD, PAST, PARTICIPLE, ING = range(5)
NOUNS = {"people": lx.PEOPLE, "things": lx.THINGS, "places": lx.PLACES}
MODALS = ("will", "can", "may", "must")
SORTS: tuple[Sort, Sort] = ("people", "things")


def sentences(seed: int) -> Iterator[Sentence]:
    """Yield sentences without end; some come again.

    Parameters
    ----------
    seed : int
        Draws them; the same ones on every platform.
    """
    dice = Dice(seed)
    while True:
        yield SentenceWriter(dice).sentence()


class SentenceWriter:
    """Writes one sentence. Every method appends a phrase and returns its head's index."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.draft = SentenceDraft()

    def sentence(self) -> Sentence:
        """A clause with a full stop, and now and then something in front."""
        draft, dice = self.draft, self.dice
        front: list[tuple[int, str]] = []
        if dice.chance(0.12):
            phrase = self.prepositional(lx.VERB_PREPOSITIONS)
            front = [(phrase, "obl"), (draft.add(",", "PUNCT"), "punct")]
        root = self.clause(depth=2)
        draft.attach_all(front, root)
        draft.attach(root, -1, "root")
        draft.add(".", "PUNCT", "punct", root)
        return draft.finish()

    def clause(self, depth: int) -> int:
        """A subject and what is said of it."""
        frame = self.dice.random()
        if frame < 0.14:
            return self.copular(depth)
        if frame < 0.22:
            return self.passive(depth)
        subject, plural = self.noun_phrase("people", "subject", depth)
        verb = self.verb_phrases(plural, depth)
        self.draft.attach(subject, verb, "nsubj")
        return verb

    def copular(self, depth: int) -> int:
        """``the old book is (very) new``: the adjective is the head."""
        draft, dice = self.draft, self.dice
        subject, plural = self.noun_phrase(dice.pick(SORTS), "subject", depth)
        be = self.be(plural)
        very = draft.add("very", "ADV") if dice.chance(0.25) else None
        head = draft.add(dice.pick(lx.ADJECTIVES), "ADJ")
        draft.attach_all([*((aux, "aux") for aux in be[:-1]), (be[-1], "cop")], head)
        draft.attach(subject, head, "nsubj")
        if very is not None:
            draft.attach(very, head, "advmod")
        return head

    def passive(self, depth: int) -> int:
        """``the letters were found by the girl``."""
        draft, dice = self.draft, self.dice
        subject, plural = self.noun_phrase(dice.pick(SORTS), "subject", depth)
        be = self.be(plural)
        verb = draft.add(dice.pick(lx.TRANSITIVE)[PARTICIPLE], "VERB")
        draft.attach_all([*((aux, "aux") for aux in be[:-1]), (be[-1], "aux:pass")], verb)
        draft.attach(subject, verb, "nsubj:pass")
        if dice.chance(0.4):
            by = draft.add("by", "ADP")
            agent, _ = self.noun_phrase("people", "object", depth - 1)
            draft.attach(by, agent, "case")
            draft.attach(agent, verb, "obl:agent")
        return verb

    def be(self, plural: bool) -> list[int]:
        """A form of *be*, perhaps after a modal; returns all of its words."""
        draft, dice = self.draft, self.dice
        if dice.chance(0.2):
            return [draft.add(dice.pick(MODALS), "AUX"), draft.add("be", "AUX")]
        return [draft.add(self.finite_be(plural), "AUX")]

    def finite_be(self, plural: bool) -> str:
        """Return is, are, was or were."""
        return self.dice.pick(("are", "were") if plural else ("is", "was"))

    # Verb phrases

    def tense(self, plural: bool) -> tuple[tuple[str, ...], int]:
        """Return auxiliaries (and *not*) and the form that the verb takes after them."""
        dice = self.dice
        kind = dice.random()
        if kind < 0.34:
            return (), BASE if plural else THIRD
        if kind < 0.6:
            return (), PAST
        if kind < 0.74:
            return (dice.pick(MODALS),), BASE
        if kind < 0.84:
            return (self.finite_be(plural),), ING
        if kind < 0.92:
            return (dice.pick(("have", "had") if plural else ("has", "had")),), PARTICIPLE
        return (dice.pick(("do", "did") if plural else ("does", "did")), "not"), BASE

    def verb_phrases(self, plural: bool, depth: int) -> int:
        """One verb phrase, or two coordinated ones that share their auxiliaries."""
        draft, dice = self.draft, self.dice
        auxiliaries, form = self.tense(plural)
        first = self.verb_phrase(auxiliaries, form, depth)
        if not draft.is_open and dice.chance(0.25):
            cc = draft.add(dice.pick(("and", "and", "or")), "CCONJ")
            second = self.verb_phrase((), form, depth)
            draft.attach(cc, second, "cc")
            draft.attach(second, first, "conj")
            draft.coordinations.append(Coordinated("verb-phrase", first, second))
        return first

    def verb_phrase(self, auxiliaries: tuple[str, ...], form: int, depth: int) -> int:
        """Auxiliaries, verb, complements and adverbials."""
        draft, dice = self.draft, self.dice
        before = [
            (draft.add(word, "PART"), "advmod")
            if word == "not"
            else (draft.add(word, "AUX"), "aux")
            for word in auxiliaries
        ]
        if "not" not in auxiliaries and dice.chance(0.12):
            before.append((draft.add(dice.pick(lx.PREVERBAL), "ADV"), "advmod"))
        verb = self.complemented(form, depth)
        draft.attach_all(before, verb)
        if not draft.is_open and dice.chance(0.22):
            draft.add(dice.pick(lx.MANNER), "ADV", "advmod", verb)
        if not draft.is_open and dice.chance(0.22):
            phrase = self.prepositional(lx.VERB_PREPOSITIONS)
            draft.attach(phrase, verb, "obl")
        return verb

    def complemented(self, form: int, depth: int) -> int:
        """A verb and what it governs."""
        draft, dice = self.draft, self.dice
        frame = dice.random()
        if frame < 0.3:
            return draft.add(dice.pick(lx.INTRANSITIVE)[form], "VERB")
        if frame < 0.75:
            return self.transitive(form, depth)
        if frame < 0.86 or depth < 2:
            verb = draft.add(dice.pick(lx.DITRANSITIVE)[form], "VERB")
            receiver, _ = self.noun_phrase("people", "object", 0, coordinated=False)
            given, _ = self.noun_phrase("things", "object", depth)
            draft.attach(receiver, verb, "iobj")
            draft.attach(given, verb, "obj")
            return verb
        if frame < 0.93:
            verb = draft.add(dice.pick(lx.CLAUSAL)[form], "VERB")
            that = draft.add("that", "SCONJ") if dice.chance(0.7) else None
            content = self.clause(depth - 1)
            draft.attach(content, verb, "ccomp")
            if that is not None:
                draft.attach(that, content, "mark")
        else:
            verb = draft.add(dice.pick(lx.INFINITIVAL)[form], "VERB")
            to = draft.add("to", "PART")
            content = self.verb_phrase((), BASE, depth - 1)
            draft.attach(content, verb, "xcomp")
            draft.attach(to, content, "mark")
        draft.leave_open()
        return verb

    def transitive(self, form: int, depth: int) -> int:
        """A verb and its object."""
        verb = self.draft.add(self.dice.pick(lx.TRANSITIVE)[form], "VERB")
        thing, _ = self.noun_phrase(self.dice.pick(SORTS), "object", depth)
        self.draft.attach(thing, verb, "obj")
        return verb

    def prepositional(self, prepositions: tuple[str, ...]) -> int:
        """A preposition and a place or person; the noun is the head."""
        draft, dice = self.draft, self.dice
        word = dice.pick(prepositions)
        case = draft.add(word, "ADP")
        sort: Sort = "people" if word in ("like", "for", "with") else "places"
        noun, _ = self.noun(sort, dice.chance(0.3), bare=False)
        draft.attach(case, noun, "case")
        return noun

    # Noun phrases

    def noun_phrase(
        self, sort: Sort, case: Case, depth: int, *, coordinated: bool = True
    ) -> tuple[int, bool]:
        """One noun phrase or two coordinated ones; returns the head and whether plural."""
        draft, dice = self.draft, self.dice
        if not (coordinated and depth > 0 and dice.chance(0.16)):
            return self.simple(sort, case, depth)
        first, _ = self.conjunct(sort)
        # "Or" would leave the verb's number open in a subject.
        word = "or" if case == "object" and dice.chance(0.25) else "and"
        cc = draft.add(word, "CCONJ")
        second, _ = self.conjunct(sort)
        draft.attach(cc, second, "cc")
        draft.attach(second, first, "conj")
        draft.coordinations.append(Coordinated("noun-phrase", first, second))
        return first, True

    def conjunct(self, sort: Sort) -> tuple[int, bool]:
        """A name, or a noun with a determiner: no bare plural, which might be a verb."""
        if sort == "people" and self.dice.chance(0.3):
            return self.draft.add(self.dice.pick(lx.NAMES), "PROPN"), False
        return self.noun(sort, self.dice.chance(0.35), bare=False)

    def simple(self, sort: Sort, case: Case, depth: int) -> tuple[int, bool]:
        """A pronoun, a name, or a noun with its modifiers."""
        draft, dice = self.draft, self.dice
        if sort == "people" and dice.chance(0.3):
            if dice.chance(0.5):
                return draft.add(dice.pick(lx.NAMES), "PROPN"), False
            subject, other, plural = dice.pick(lx.PRONOUNS)
            return draft.add(subject if case == "subject" else other, "PRON"), plural
        plural = dice.chance(0.4)
        # A bare plural object might be the next verb: "who paints plants walks".
        bare = plural and case == "subject" and dice.chance(0.3)
        noun, _ = self.noun(sort, plural, bare=bare)
        if depth > 0 and dice.chance(0.12):
            phrase = self.prepositional(lx.NOUN_PREPOSITIONS)
            draft.attach(phrase, noun, "nmod")
        elif depth > 0 and dice.chance(0.16):
            self.relative(noun, sort, plural)
        return noun, plural

    def noun(self, sort: Sort, plural: bool, *, bare: bool) -> tuple[int, bool]:
        """A noun with determiner, possessive or numeral, and adjectives."""
        draft, dice = self.draft, self.dice
        before: list[tuple[int, str]] = []
        kind = 1.0 if bare else dice.random()
        if kind < 0.15:
            before.append((draft.add(dice.pick(lx.POSSESSIVES), "PRON"), "nmod:poss"))
        elif plural and kind < 0.3:
            before.append((draft.add(dice.pick(lx.NUMERALS), "NUM"), "nummod"))
        elif not bare:
            words = lx.PLURAL_DETERMINERS if plural else lx.SINGULAR_DETERMINERS
            before.append((draft.add(dice.pick(words), "DET"), "det"))
        if dice.chance(0.35):
            before.append((draft.add(dice.pick(lx.ADJECTIVES), "ADJ"), "amod"))
        noun = draft.add(dice.pick(NOUNS[sort])[plural], "NOUN")
        draft.attach_all(before, noun)
        if before and draft.words[first := before[0][0]] == "a":
            draft.words[first] = "an" if draft.words[first + 1][0] in lx.VOWELS else "a"
        return noun, plural

    def relative(self, noun: int, sort: Sort, plural: bool) -> None:
        """``that the girl likes``, and of people ``who likes the girl`` or ``who sleeps``."""
        draft, dice = self.draft, self.dice
        people = sort == "people"
        pronoun = draft.add(dice.pick(("who" if people else "which", "that")), "PRON")
        if people and dice.chance(0.6):
            form = PAST if dice.chance(0.5) else BASE if plural else THIRD
            if dice.chance(0.4):
                verb = draft.add(dice.pick(lx.INTRANSITIVE)[form], "VERB")
            else:
                verb = self.transitive(form, 0)
            draft.attach(pronoun, verb, "nsubj")
        else:
            subject, many = self.noun_phrase("people", "subject", 0)
            form = PAST if dice.chance(0.5) else BASE if many else THIRD
            verb = draft.add(dice.pick(lx.TRANSITIVE)[form], "VERB")
            draft.attach(subject, verb, "nsubj")
            draft.attach(pronoun, verb, "obj")
        draft.attach(verb, noun, "acl:relcl")
        draft.leave_open()
