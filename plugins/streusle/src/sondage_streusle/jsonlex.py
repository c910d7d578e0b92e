"""STREUSLE's JSON: a list of sentences with words and expressions, checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sondage.defects import Defects
from sondage.errors import DataError
from sondage_streusle.corpus import NONE
from sondage_streusle.sentence import StreusleSentence, check_labels, short

_SHAPE = 'a sentence is {"sent_id": ..., "text": ..., "toks": [...], "swes": {...}, "smwes": {...}}'


def sentences(text: str, path: str, defects: Defects) -> Iterator[StreusleSentence]:
    """Yield the sentences of a JSON file; parameters as `conllulex.sentences` takes them.

    Raises
    ------
    sondage.errors.DataError
        With the line where the text is no JSON, whatever `defects`; with the sentence where it
        is JSON of another shape.
    """
    for number, entry in enumerate(_loaded(text, path), 1):
        sentence = StreusleSentence(path, number)
        try:
            parse_sentence(entry, sentence, lenient=defects.on_error == "skip")
        except DataError as error:
            defects.pass_over(error)
        else:
            yield sentence


def _loaded(text: str, path: str) -> list[Any]:
    try:
        loaded = json.loads(text)
    except json.JSONDecodeError as error:
        hint = "fetch it again; it may be cut off"
        where = f"{path}:{error.lineno}"
        raise DataError(f"the file is not JSON: {error.msg}", where=where, hint=hint) from None
    except (RecursionError, ValueError) as error:
        what = f"the file is not STREUSLE's JSON: {str(error)[:60]}"
        raise DataError(what, where=f"{path}:1", hint=_SHAPE) from None
    if not isinstance(loaded, list):
        what = "the JSON is not a list of sentences"
        raise DataError(what, where=f"{path}:1", hint=_SHAPE)
    return loaded


def parse_sentence(entry: Any, sentence: StreusleSentence, *, lenient: bool = False) -> None:
    """Fill a sentence from its JSON object, and check it.

    Raises
    ------
    sondage.errors.DataError
        For a key that is missing or of another type; words out of sequence; expressions
        that leave out a word, share one, or have no lexical category.
    """
    if not isinstance(entry, dict):
        raise sentence.bad(f"a sentence is {short(entry)}, not an object", _SHAPE)
    name = _text(sentence, entry.get("sent_id"), "sent_id")
    sentence.sent_id = None if name == NONE else name
    toks = _get(sentence, entry, "toks", list)
    swes, smwes = _get(sentence, entry, "swes", dict), _get(sentence, entry, "smwes", dict)
    if not toks:
        raise sentence.bad("the sentence has no word", _SHAPE)
    running = _text(sentence, entry.get("text"), "text")
    sentence.text = None if running == NONE else running
    for i, tok in enumerate(toks):
        _word(sentence, i, tok)
    sentence.multiword = _ranges(entry.get("etoks"))
    n = len(toks)
    sentence.lexcats, sentence.ss, sentence.ss2 = [NONE] * n, [NONE] * n, [NONE] * n
    sentence.strong, sentence.lines = [0] * n, [0] * n
    taken = [False] * n
    for kind, group in (("swes", swes), ("smwes", smwes)):
        for key, expression in group.items():
            _expression(sentence, kind, key, expression, taken)
    if not all(taken):
        missing = taken.index(False)
        raise sentence.bad(
            f"word {missing + 1} belongs to no expression",
            "every word is in one of swes (single) and smwes (multiword)",
            word=missing,
        )
    check_labels(sentence, lenient=lenient)


def _word(sentence: StreusleSentence, i: int, tok: Any) -> None:
    if not isinstance(tok, dict):
        raise sentence.bad(f"word {i + 1} is {short(tok)}, not an object", _SHAPE, word=i)
    number = tok.get("#")
    if type(number) is not int or number != i + 1:
        raise sentence.bad(
            f"'#' is {short(number)} where {i + 1} is due",
            "toks holds the words 1, 2, ...; ranges and empty nodes stand in etoks",
            word=i,
        )
    if tok.get("word") is None:
        raise sentence.bad(f"word {i + 1} has no form", "give it as 'word'", word=i)
    sentence.forms.append(_text(sentence, tok["word"], "word", i))
    sentence.lemmas.append(_text(sentence, tok.get("lemma"), "lemma", i))
    sentence.upos.append(_text(sentence, tok.get("upos"), "upos", i))
    sentence.xpos.append(_text(sentence, tok.get("xpos"), "xpos", i))


def _ranges(etoks: Any) -> int:
    """Count the multiword tokens, whose number is such as ``[5, 6, "5-6"]``."""
    numbers = [e.get("#") for e in etoks if isinstance(e, dict)] if isinstance(etoks, list) else []
    return sum(isinstance(n, list) and "-" in str(n[-1:]) for n in numbers)


def _expression(
    sentence: StreusleSentence, kind: str, key: str, expression: Any, taken: list[bool]
) -> None:
    what = f"{kind}[{short(key)}]"
    if not isinstance(expression, dict):
        raise sentence.bad(f"{what} is {short(expression)}, not an object", _SHAPE)
    words = _get(sentence, expression, "toknums", list, what)
    if not all(type(w) is int and 1 <= w <= len(taken) for w in words):
        raise sentence.bad(
            f"{what} has toknums {short(words)}, in a sentence of {len(taken)} words",
            "toknums are numbers of words of the same sentence",
        )
    number = int(key) if key.isascii() and key.isdecimal() and len(key) < 10 else 0
    single = kind == "swes"
    fits = words == [number] if single else len(words) > 1 and words == sorted(set(words))
    if not number or not fits:
        raise sentence.bad(
            f"{what} has toknums {short(words)}",
            "the key of a single word is its number, and so is its one toknum"
            if single
            else "the key of an expression is a number, its toknums are two or more, ascending",
        )
    for word in words:
        if taken[word - 1]:
            raise sentence.bad(
                f"word {word} is in two expressions",
                "a word is in one of swes (single) and smwes (multiword)",
                word=word - 1,
            )
        taken[word - 1] = True
        sentence.strong[word - 1] = 0 if single else number
    first = words[0] - 1
    columns = (sentence.lexcats, sentence.ss, sentence.ss2)
    for column, key in zip(columns, ("lexcat", "ss", "ss2"), strict=True):
        column[first] = _text(sentence, expression.get(key), f"{what}, {key}", first)


def _get(
    sentence: StreusleSentence,
    entry: dict[str, Any],
    key: str,
    kind: type,
    what: str = "the sentence",
) -> Any:
    value = entry.get(key)
    if not isinstance(value, kind):
        state = f"is {short(value)}" if key in entry else "is missing"
        wanted = "a list" if kind is list else "an object"
        raise sentence.bad(f"{what}: {key!r} {state}, wanted {wanted}", _SHAPE)
    return value


def _text(sentence: StreusleSentence, value: Any, what: str, word: int | None = None) -> str:
    """Return a string, ``_`` for null."""
    if value is None:
        return NONE
    if not isinstance(value, str) or not value:
        raise sentence.bad(f"{what} is {short(value)}", "give a string, or null", word=word)
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        raise sentence.bad(
            f"{what} holds half a character (a lone surrogate, \\ud8.. or \\udc..)",
            "write the character itself, or both halves",
            word=word,
        ) from None
    return value
