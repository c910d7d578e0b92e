"""Coreference as people have annotated it, as tasks of matching pairs: thin adapters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from sondage.specs import Before
from sondage_qa.gold import Mentions, read_gap, read_wsc
from sondage_qa.pair_tasks import PairTask
from sondage_qa.pairs import Pair
from sondage_qa.wordings import Span, Wording


@dataclass(kw_only=True, eq=False)
class _Gold(PairTask):
    """What both share: texts without questions, so that both words are in the text.

    Parameters
    ----------
    anchor : {'name', 'pronoun'}
        Which of the two is kept while the other is ranked; the name, as in the paper.
    """

    needs_test = False
    empty = "no pronoun stands for a name here"

    anchor: Annotated[Literal["name", "pronoun"], Before("candidates")] = "name"

    def target_key(self) -> tuple[object, ...]:
        """Return all that changes pairs and candidates."""
        return (*super().target_key(), self.anchor)

    def corpus_key(self) -> tuple[object, ...]:
        """Return the task, and the files' bytes."""
        return (self.name, self.parts.hashes)

    def finder(self, found: Mentions) -> Callable[[Wording], list[Pair]]:
        """Return what finds the pair of a text."""
        mentions = zip(found.pronouns, found.names, found.rivals, strict=True)
        by_text = {
            id(wording): self._pair(*mention)
            for wording, mention in zip(found.wordings.items, mentions, strict=True)
        }
        return lambda wording: [by_text[id(wording)]]

    def _pair(self, pronoun: Span, name: Span, rival: Span | None) -> Pair:
        if self.anchor == "name":
            return Pair(name, pronoun, within=True)
        return Pair(pronoun, name, within=True)


@dataclass(kw_only=True, eq=False)
class CoreferenceGap(_Gold):
    """A name and the pronoun that stands for it (GAP), both in one text.

    Parameters
    ----------
    against : {'words', 'names'}
        What a match is ranked against: words, as `candidates` says; or only the other name, with
        the pronoun as anchor, whatever `anchor`, `candidates` and `repeats` say.
    """

    name = "coreference_gap"
    what = "GAP file"
    suffixes = (".tsv",)

    against: Annotated[Literal["words", "names"], Before("candidates")] = "words"

    def target_key(self) -> tuple[object, ...]:
        """Return all that changes pairs and candidates."""
        return (*super().target_key(), self.against)

    def read(self, paths: list[str]) -> Mentions:
        """Read the files."""
        return read_gap(paths, on_error=self.on_error)

    def _pair(self, pronoun: Span, name: Span, rival: Span | None) -> Pair:
        if self.against == "words" or rival is None:
            return super()._pair(pronoun, name, rival)
        return Pair(pronoun, name, within=True, against=(rival,))


@dataclass(kw_only=True, eq=False)
class CoreferenceWsc(_Gold):
    """A noun phrase and the pronoun that stands for it (Winograd schemas, as in SuperGLUE)."""

    name = "coreference_wsc"
    what = "JSON Lines file"
    suffixes = (".jsonl",)

    def read(self, paths: list[str]) -> Mentions:
        """Read the files."""
        return read_wsc(paths, on_error=self.on_error)
