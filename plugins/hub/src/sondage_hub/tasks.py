"""The tasks: thin adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sondage.contracts import TaskUnits
from sondage.data import Corpus, Labels, TaskData, digest
from sondage.defects import OnError
from sondage.errors import DataError, nearest
from sondage.parts import Parts, Ratios, name_of, with_two_labels
from sondage_hub.reader import Texts, TokenRows, read_texts, read_tokens
from sondage_hub.repository import splits_of

_DEV = ("validation", "dev", "valid", "val")


@dataclass(kw_only=True, eq=False)
class _Hub:
    """What both share.

    Parameters
    ----------
    repository : str
        A folder of Parquet files, or ``owner/name`` of a dataset repository that has been
        downloaded: ``hf download owner/name --repo-type dataset --revision COMMIT``.
    revision : str
        Of the latter: best a commit, so that nothing changes.
    config : str
        The subset, where there are several.
    train, dev, test : str, optional
        Splits. Without `dev` it is validation, dev or valid, or else drawn from train by the
        seed; without `test` it is test. An empty text is none. Of a repository with a single
        split the seed draws all three.
    ratios : (float, float, float)
        Shares of train, dev and test of a single split.
    dev_share : float
        Share of train's distinct texts that the seed moves to dev where there is none.
    on_error : {'raise', 'skip'}
        Whether a row with a defect is an error, or is left out and counted.
    """

    name: ClassVar[str]
    units: ClassVar[TaskUnits]

    repository: str
    revision: str = ""
    config: str = ""
    train: str = "train"
    dev: str | None = None
    test: str | None = None
    ratios: Ratios = (0.8, 0.1, 0.1)
    dev_share: float = 0.1
    on_error: OnError = "raise"
    label: str = "label"

    @property
    def parts(self) -> Parts:
        """Which files it reads and how they are split."""
        found = splits_of(self.repository, self.revision, self.config)
        names = {"train": self.train, "dev": self.dev, "test": self.test}
        if self.dev is None:
            names["dev"] = next((name for name in _DEV if name in found), "")
        if self.test is None:
            names["test"] = "test" if "test" in found else ""
        files = {part: self._files(found, name) for part, name in names.items()}
        if not names["dev"] and not names["test"]:
            files = {"files": files["train"], "train": None}
        return Parts(
            f"hub.{self.name}", **files, ratios=self.ratios, dev_share=self.dev_share,
            what="Parquet file", suffixes=(".parquet",), needs_test=False,
        )  # fmt: skip

    def _files(self, found: dict[str, list[str]], name: str | None) -> list[str] | None:
        if not name:
            return None
        if name not in found:
            raise DataError(
                f"repository '{self.repository}' has no split '{name}'",
                near=nearest(name, found) or list(found),
                hint="name its splits as 'train', 'dev' and 'test'",
            )
        return found[name]

    @property
    def randomness(self) -> tuple[str, ...]:
        """``("split",)`` where a seed draws the split or its dev part, else empty."""
        return self.parts.randomness

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: the files' bytes, and which columns are read how."""
        return digest("hub-1", self.name, self.parts.hashes, *self.columns(), self.on_error)

    @property
    def fingerprint(self) -> str:
        """32 hex digits: the corpus, and how it is split."""
        return digest(self.corpus_fingerprint, self.parts.split_key)

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and row."""
        parts = self.parts
        found = self.read(parts.paths)
        corpus, target = found.problem(f"{self.repository} ({name_of(found.files)})")
        counted = {**found.warnings, **self.more_warnings(corpus, target)}
        empty = "its labels may be kept back: name another split"
        return parts.data(corpus, target, found.file_of, counted, empty=empty)

    def columns(self) -> tuple[str, ...]:
        """Return the columns that are read."""
        raise NotImplementedError

    def read(self, paths: list[str]) -> Any:
        """Return what is in the files."""
        raise NotImplementedError

    def more_warnings(self, corpus: Corpus, target: Labels) -> dict[str, int]:
        """Return what is counted beside what the reader counts."""
        return {}


@dataclass(kw_only=True, eq=False)
class TextClassification(_Hub):
    """The label of each text, or pair of texts, of a dataset repository.

    Parameters
    ----------
    text, second, label : str
        Columns. With `second`, pairs.
    """

    name = "text_classification"
    units = "sentences"

    text: str = "text"
    second: str = ""

    def columns(self) -> tuple[str, ...]:
        """Return the columns that are read."""
        return (self.text, self.second, self.label)

    def read(self, paths: list[str]) -> Texts:
        """Read the files."""
        return read_texts(
            paths, text=self.text, second=self.second, label=self.label, on_error=self.on_error
        )

    def more_warnings(self, corpus: Corpus, target: Labels) -> dict[str, int]:
        """Return ``sentences-with-two-labels``: distinct texts whose repetitions disagree."""
        return {"sentences-with-two-labels": with_two_labels(corpus, target.y)}


@dataclass(kw_only=True, eq=False)
class TokenClassification(_Hub):
    """The label of each word of a dataset repository, such as its part of speech or entity tag.

    Parameters
    ----------
    words, label : str
        Columns of lists.
    """

    name = "token_classification"
    units = "words"

    words: str = "tokens"
    label: str = "ner_tags"

    def columns(self) -> tuple[str, ...]:
        """Return the columns that are read."""
        return (self.words, self.label)

    def read(self, paths: list[str]) -> TokenRows:
        """Read the files."""
        return read_tokens(paths, words=self.words, label=self.label, on_error=self.on_error)
