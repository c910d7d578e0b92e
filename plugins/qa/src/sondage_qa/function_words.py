"""English words that have a function and little meaning: they are no synonyms or abbreviations."""

from __future__ import annotations


def _set(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


#: In lower case; the default of ``stop_words``.
ENGLISH = _set(
    "a an the this that these those such same other others another each every either neither both",
    "all any some no none one ones own few many much more most several less least enough",
    "i me my mine myself we us our ours ourselves you your yours yourself yourselves",
    "he him his himself she her hers herself it its itself they them their theirs themselves",
    "who whom whose which what when where why how whoever whatever whichever whenever wherever",
    "be am is are was were been being have has had having do does did doing done",
    "can could may might must shall should will would ought need cannot",
    "and or but nor so yet if then else than because since while whereas though although unless",
    "until as whether",
    "of in on at by for with without within about against between among through during before",
    "after above below to from up down over under off out into onto upon near per via toward",
    "towards along across around behind beyond despite except like",
    "not very too also just only even still ever never again once here there now however thus",
    "hence therefore already always often almost quite rather perhaps",
    "'s 'm 'd 'll 're 've ’s ’m ’d ’ll ’re ’ve don't doesn't didn't isn't aren't wasn't weren't",
    "won't wouldn't can't couldn't shouldn't hasn't haven't hadn't",
    "two three four five six seven eight nine ten first second third",
)
#: Personal and possessive pronouns of the third person, in lower case.
PRONOUNS = _set(
    "he him his himself she her hers herself it its itself they them their theirs themselves"
)
