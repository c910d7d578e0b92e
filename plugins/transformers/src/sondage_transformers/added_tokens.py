"""Added tokens, and what else cuts a text otherwise than ordinary words show."""

from __future__ import annotations

import json
import re
from typing import Any

_BLANKS = " ▁Ġ"
#: A subword that begins in one word and goes on into the next.
_OVER = re.compile(f"[^{_BLANKS}][{_BLANKS}]")


def added_token_pattern(backend: Any) -> re.Pattern[str] | None:
    """Return what finds a tokenizer's added and special tokens in a text, if it has any.

    They are taken out before the rest is cut, with the blanks around them or without.
    """
    added = getattr(backend, "get_added_tokens_decoder", dict)()
    contents = {token.content for token in added.values()} - {""}
    if not contents:
        return None
    # A normalizer may have changed the letters of text and token alike.
    return re.compile("|".join(map(re.escape, sorted(contents))), re.IGNORECASE)


def reaches_over_blanks(backend: Any) -> bool:
    """Whether a subword or a normalizer can join what stands in two words, or part a word.

    Ordinary words do not show it where the pieces that do so are rare.
    """
    normalizer = backend.normalizer
    if normalizer is not None and _replaces(json.loads(normalizer.__getstate__())):
        return True
    pre = backend.pre_tokenizer
    kinds = "" if pre is None else pre.__getstate__().decode()
    if any(f'"{kind}"' in kinds for kind in _DROP_BLANKS):
        return False
    return any(_OVER.search(token) for token in backend.get_vocab())


_DROP_BLANKS = ("BertPreTokenizer", "Whitespace", "WhitespaceSplit")


def _replaces(part: Any) -> bool:
    """Whether a normalizer replaces more than single blanks by a mark or several by one."""
    if part.get("type") == "Sequence":
        return any(_replaces(inner) for inner in part.get("normalizers", []))
    if part.get("type") != "Replace":
        return False
    sought = next(iter(part.get("pattern", {}).values()), "")
    return sought.strip() != "" and part.get("content") != " "
