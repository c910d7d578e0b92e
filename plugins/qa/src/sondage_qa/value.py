"""Values of a JSON document that know their place in it, for messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sondage.errors import DataError


class Value:
    """A value of a JSON document.

    Parameters
    ----------
    value : object
        As `json.loads` returns it.
    file : str
        The file, with a line where a line is a document.
    path : str
        The value's place in the document, such as ``data[3].title``; '' for all of it.
    shape : str
        What the document should look like, said with every defect.
    """

    __slots__ = ("file", "path", "shape", "value")

    def __init__(self, value: Any, file: str, path: str = "", shape: str = "") -> None:
        self.value, self.file, self.path, self.shape = value, file, path, shape

    @property
    def where(self) -> str:
        """The file, and the value's place in it."""
        return f"{self.file}, {self.path}" if self.path else self.file

    def wrong(self, what: str, hint: str = "") -> DataError:
        """Return an error about this value."""
        return DataError(what, where=self.where, hint=hint or self.shape)

    def _wanted(self, kind: str) -> DataError:
        return self.wrong(f"{self.path or 'the document'} is {short(self.value)}, wanted {kind}")

    def has(self, key: str) -> bool:
        """Whether this object has a member; raises `DataError` if it is none."""
        if type(self.value) is not dict:
            raise self._wanted("an object")
        return key in self.value

    def __getitem__(self, key: str) -> Value:
        """Return a member of this object; raises `DataError` if there is none."""
        path = f"{self.path}.{key}" if self.path else key
        if not self.has(key):
            raise Value(None, self.file, path, self.shape).wrong(f"{path} is missing")
        return Value(self.value[key], self.file, path, self.shape)

    def __iter__(self) -> Iterator[Value]:
        """Yield what this list holds; raises `DataError` if it is none."""
        if type(self.value) is not list:
            raise self._wanted("a list")
        for i, value in enumerate(self.value):
            yield Value(value, self.file, f"{self.path}[{i}]", self.shape)

    def string(self) -> str:
        """Return a string of any kind."""
        if type(self.value) is not str:
            raise self._wanted("a string")
        return str(self.value)

    def text(self) -> str:
        """Return a string of whole characters that holds more than blanks."""
        self.string()
        if not self.value or self.value.isspace():
            raise self.wrong(f"{self.path} is empty", "leave the question out, or mend it")
        try:
            self.value.encode()
        except UnicodeEncodeError:
            raise self.wrong(
                f"{self.path} holds half a character (a lone surrogate, \\ud8.. or \\udc..)",
                "write the character itself, or both halves",
            ) from None
        return str(self.value)

    def name(self) -> str:
        """Return a string, or a whole number as one."""
        return str(self.value) if type(self.value) is int else self.text()

    def number(self) -> int:
        """Return a whole number; True is none."""
        if type(self.value) is not int:
            raise self._wanted("a whole number")
        return self.value

    def truth(self) -> bool:
        """Return true or false."""
        if type(self.value) is not bool:
            raise self._wanted("true or false")
        return self.value


def short(value: object) -> str:
    """Return how a message shows a value."""
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "a list"
        return f"{kind} of {len(value)}"
    said = "null" if value is None else repr(value) if isinstance(value, str) else str(value)
    return said if len(said) <= 40 else said[:37] + "..."
