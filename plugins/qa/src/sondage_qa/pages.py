"""Pages of Natural Questions: the original form made simple, and the tokens of either."""

from __future__ import annotations

from typing import Any

from sondage_qa.passage import Page, is_html
from sondage_qa.value import Value

SHAPE = (
    "a line of Natural Questions is an object with example_id, question_text, annotations, "
    "long_answer_candidates, and document_tokens (original) or document_text (simplified)"
)
_BYTES = ("start_byte", "end_byte")
_UTF8 = "offsets count bytes of document_html in UTF-8, the end exclusive"


def simplify(example: dict[str, Any]) -> dict[str, Any]:
    """Return the simplified form of an example in the original form.

    The page is ``document_text``: its tokens joined by one blank each, blanks within a token
    written as ``_``. Cut it with ``split(" ")``: `str.split` alone would cut at other blanks
    that tokens hold.

    Parameters
    ----------
    example : dict
        A line of an original file, as `json.loads` returns it.

    Raises
    ------
    sondage.errors.DataError
        For tokens that are none.

    References
    ----------
    The simplified training set as published (Kwiatkowski et al. 2019). Departs from it: none.
    """
    page = page_of(Value(example, "example", shape=SHAPE))
    return {
        "example_id": example["example_id"],
        "question_text": example["question_text"],
        "document_url": example["document_url"],
        "document_text": " ".join(page.words),
        "long_answer_candidates": [_without_bytes(c) for c in example["long_answer_candidates"]],
        "annotations": [
            {
                **annotation,
                "long_answer": _without_bytes(annotation["long_answer"]),
                "short_answers": [_without_bytes(s) for s in annotation["short_answers"]],
            }
            for annotation in example["annotations"]
        ],
    }


def _without_bytes(span: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in span.items() if key not in _BYTES}


def page_of(example: Value) -> Page:
    """Return the page of an example of either form, in the tokens of the simplified one.

    Raises
    ------
    sondage.errors.DataError
        For a page that is missing, has no token, or whose tokens are none.
    """
    if not example.has("document_tokens"):
        words = example["document_text"].text().split(" ")
        return Page(words, [is_html(word) for word in words])
    tokens = example["document_tokens"]
    if type(tokens.value) is list and tokens.value and all(map(_is_token, tokens.value)):
        words = [t["token"].replace(" ", "_") for t in tokens.value]
        return Page(words, [t["html_token"] for t in tokens.value])
    for token in tokens:
        token["token"].string()
        token["html_token"].truth()
    raise tokens.wrong("document_tokens is empty")


def _is_token(token: Any) -> bool:
    return (
        type(token) is dict
        and type(token.get("token")) is str
        and type(token.get("html_token")) is bool
    )


def check_bytes(example: Value) -> None:
    """Raise `DataError` where an original's answer has other bytes than its tokens, or no text."""
    if not example.has("document_tokens"):
        return
    tokens = example["document_tokens"].value
    html = example["document_html"].string().encode(errors="replace")
    for annotation in example["annotations"]:
        for span in [annotation["long_answer"], *annotation["short_answers"]]:
            start, end = (span[key].value for key in ("start_token", "end_token"))
            wanted = (-1, -1)
            if start >= 0:
                wanted = tokens[start].get("start_byte"), tokens[end - 1].get("end_byte")
            given = tuple(span[key].number() for key in _BYTES)
            if given != wanted:
                raise span.wrong(f"the answer has the bytes {given}, its tokens {wanted}", _UTF8)
            if start >= 0 and not _is_text(html, *given):
                raise span.wrong(f"the bytes {given} of {len(html)} are no text", _UTF8)


def _is_text(html: bytes, start: int, end: int) -> bool:
    try:
        return 0 <= start < end <= len(html) and bool(html[start:end].decode())
    except UnicodeDecodeError:
        return False
