"""What the report needs, taken from a run's findings and told apart by role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sondage.contracts import Findings
from sondage.plain import flat
from sondage.report import Labels, by_family
from sondage_edge.report_trainings import over_trainings

if TYPE_CHECKING:
    from pandas import DataFrame

_TEXTS = ["encoder", "other", "task", "component"]


@dataclass(frozen=True)
class Roles:
    """Which encoder plays which part.

    Parameters
    ----------
    base : str
        The pretrained encoder; empty if there is none.
    randomised, tuned : tuple of str
        Tuned ones that were neither cut short nor partly frozen.
    frozen, cut : mapping of encoder to layers
        Layers kept as they were in training; blocks left.
    """

    base: str
    randomised: tuple[str, ...]
    tuned: tuple[str, ...]
    frozen: Mapping[str, int]
    cut: Mapping[str, int]

    def of(self, encoder: str) -> str:
        """Return an encoder's part in a word."""
        if encoder == self.base:
            return "pretrained"
        if encoder in self.frozen:
            return "frozen"
        if encoder in self.cut:
            return "truncated"
        if encoder in self.tuned:
            return "tuned"
        return "randomised" if encoder in self.randomised else "other"

    def printed(self, labels: Labels) -> Roles:
        """Return the same of labels."""

        def of(names: Iterable[str]) -> tuple[str, ...]:
            return tuple(labels.of("encoder", name) for name in names)

        (base,) = of([self.base]) if self.base else ("",)
        frozen = dict(zip(of(self.frozen), self.frozen.values(), strict=True))
        cut = dict(zip(of(self.cut), self.cut.values(), strict=True))
        return Roles(base, of(self.randomised), of(self.tuned), frozen, cut)


@dataclass(frozen=True)
class MerchantResults:
    """Tidy results, in which encoders that differ by their seed have one name.

    Parameters
    ----------
    scores : DataFrame
        `Findings.summary`, with series at their last step only and encoders of several seeds as
        one; see `over_trainings`.
    cells : DataFrame
        `Findings.frame` likewise, one row a cell and score; ``encoder_seed``, ``other_seed``.
    ends : DataFrame
        Of `scores` the first score of each training.
    mixes, cumulative, intervals : DataFrame
        The tables ``mix`` and ``cumulative`` of edge probes, and ``intervals`` of structural
        ones.
    mix, lexical, top, cumulated, layered : tuple of str
        Names of the edge probes of each kind.
    roles : Roles
    domains : mapping of task to task
        What is read, and which end task's kind of text it is.
    fared : mapping of (encoder, seed, task) to arrays
        Of each training the items of dev, their sentences, and how each fared at the last step.
    called : mapping of score to str
        How scores are printed.
    """

    scores: DataFrame
    cells: DataFrame
    ends: DataFrame
    mixes: DataFrame
    cumulative: DataFrame
    intervals: DataFrame
    mix: tuple[str, ...]
    lexical: tuple[str, ...]
    top: tuple[str, ...]
    cumulated: tuple[str, ...]
    layered: tuple[str, ...]
    roles: Roles
    domains: Mapping[str, str] = field(default_factory=dict)
    fared: Mapping[tuple[str, str, str], tuple[Any, Any, Any]] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)

    def printed(self, labels: Labels) -> MerchantResults:
        """Return the same with labels in place of all names, as they are to be printed."""
        tables = ("scores", "cells", "ends", "mixes", "cumulative", "intervals")
        probes = ("mix", "lexical", "top", "cumulated", "layered")
        # What a score means goes by its name.
        shown = {n: labels.printed(getattr(self, n)).assign(**_scores(getattr(self, n)))
                 for n in tables}  # fmt: skip
        named = {n: tuple(labels.of("component", c) for c in getattr(self, n)) for n in probes}
        of_task = {labels.of("task", a): labels.of("task", b) for a, b in self.domains.items()}
        fared = {
            (labels.of("encoder", e), seed, labels.of("task", t)): value
            for (e, seed, t), value in self.fared.items()
        }
        called = {score: labels.of("score", score) for score in set(self.ends["score"])}
        rest: dict[str, Any] = {"roles": self.roles.printed(labels), "called": called}
        return replace(self, **shown, **named, **rest, domains=of_task, fared=fared)


def _scores(table: DataFrame) -> dict[str, Any]:
    return {"score": table["score"]} if "score" in table else {}


def gather(
    findings: Findings, *, base: str, freezing: Mapping[str, int], truncation: Mapping[str, int],
    domains: Mapping[str, str],
) -> MerchantResults:  # fmt: skip
    """Return the tidy results of a run; see `Merchant2020` for the parameters."""
    import pandas as pd

    scores = over_trainings(last_steps(_plain(findings.summary())))
    cells = _plain(findings.frame())
    cells = by_family(last_steps(cells[cells["status"] == "done"]))
    first = cells[cells["kind"] == "training"].drop_duplicates(["encoder", "task"])
    wanted = set(zip(first["encoder"], first["task"], first["score"], strict=True))
    training = scores[scores["kind"] == "training"]
    names = zip(training["encoder"], training["task"], training["score"], strict=True)
    ends = training[pd.Series([name in wanted for name in names], training.index, bool)]
    mixes = by_family(last_steps(_plain(findings.table("mix"))))
    cumulative = by_family(last_steps(_plain(findings.table("cumulative"))))
    probed = scores[(scores["kind"] == "probe") & (scores["score"] == "micro_f1")]
    whole = _names(probed[probed["layer"].isna()]["component"])
    cumulated = _names(cumulative["component"])
    mixed = tuple(c for c in _names(mixes["component"]) if c not in cumulated)
    single = [c for c in whole if c not in (*mixed, *cumulated)]
    return MerchantResults(
        scores, cells, ends.reset_index(drop=True), mixes, cumulative,
        by_family(last_steps(_plain(findings.table("intervals")))),
        mix=mixed or cumulated,
        lexical=tuple(c for c in single if "lex" in c.lower()),
        top=tuple(c for c in single if "top" in c.lower()),
        cumulated=cumulated,
        layered=_names(probed[probed["layer"].notna()]["component"]),
        roles=_roles(scores, ends, base, freezing, truncation),
        domains={t: t for t in _names(ends["task"])} | dict(domains),
    )  # fmt: skip


def _roles(
    scores: DataFrame, ends: DataFrame, base: str, freezing: Mapping[str, int],
    truncation: Mapping[str, int],
) -> Roles:  # fmt: skip
    trained = set(_names(ends["encoder"])) | set(scores[scores["step"] > 0]["encoder"])
    there = _names([*scores["encoder"], *scores["other"], *ends["encoder"]])
    plain = [e for e in there if e not in trained and e not in freezing and e not in truncation]
    randomised = tuple(e for e in plain if "random" in e.lower() and e != base)
    rest = [e for e in plain if e not in randomised]
    if base not in there:
        base = rest[0] if len(rest) == 1 else ""
    tuned = [e for e in there if e in trained and e not in freezing and e not in truncation]
    return Roles(base, randomised, tuple(tuned), dict(freezing), dict(truncation))


def last_steps(table: DataFrame) -> DataFrame:
    """Keep the last step of each series."""
    if not len(table):
        return table
    last = table.groupby("encoder")["step"].transform("max")
    keep = table["step"].isna() | (table["step"] == last)
    return table[keep.fillna(True).astype(bool)].reset_index(drop=True)


def text_of(row: dict[str, Any], columns: Sequence[str], shown: str = ".2f", times: int = 1) -> str:
    """Return a value of a row and, where it has one, its interval, as columns name them."""
    import pandas as pd

    value, *ends = (row[c] for c in columns)
    text = f"{times * value:{shown}}"
    if not pd.isna(ends).any():
        text += " [" + ", ".join(f"{times * end:{shown.lstrip('+')}}" for end in ends) + "]"
    return text


def _names(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in values if v))


def _plain(table: Any) -> DataFrame:
    import pandas as pd

    out: DataFrame = table.copy()
    for column in _TEXTS:
        if column in out:
            out[column] = [flat(v) for v in out[column]]
    out["step"] = out["step"].astype("Int64") if "step" in out else pd.Series(dtype="Int64")
    return out
