"""Where a gold answer stands in its context."""

from __future__ import annotations

import re


def find_answer(context: str, text: str, start: int) -> tuple[int, int] | None:
    """Return the characters that an answer stands on, without the blanks at its ends.

    Parameters
    ----------
    context, text : str
    start : int
        The character at which the data say that the answer begins.

    Returns
    -------
    (start, end), half-open; None if other characters stand there. Blanks are what `str.split`
    cuts at: where the context has some the answer must have some, but not as many nor the same.
    """
    words = text.split()
    if not 0 <= start < len(context) or not words:
        return None
    if context.startswith(text, start):
        return start + len(text) - len(text.lstrip()), start + len(text.rstrip())
    pattern = r"\s*(" + r"\s+".join(map(re.escape, words)) + ")"
    found = re.compile(pattern).match(context, start)
    return found.span(1) if found else None


def missed(context: str, text: str, start: int) -> tuple[str, str]:
    """Return what is wrong with an answer that is not where it should be, and what to do."""
    stands = context[start : start + len(text)] if start >= 0 else ""
    what = (
        f"answer_start is {start}, where the context of {len(context)} characters has "
        f"{_cut(stands)}, not {_cut(text)}"
    )
    places = [m.start() for m in re.finditer(re.escape(text), context)]
    if not places:
        return what, "the answer is nowhere in the context: leave the question out, or mend it"
    nearest = min(places, key=lambda place: abs(place - start))
    count = "characters of the context are counted from 0"
    if start in (
        len(context[:nearest].encode(errors="replace")),
        len(context[:nearest].encode("utf-16-le", errors="replace")) // 2,
    ):
        count += ", not bytes or UTF-16 units"
    return what, f"the answer stands at {nearest}; {count}"


def _cut(text: str) -> str:
    said = repr(text)
    return said if len(said) <= 40 else said[:37] + "..."
