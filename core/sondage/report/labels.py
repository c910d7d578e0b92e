"""How names of a run are printed in the figures and tables of its reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sondage.plain import flat
from sondage.registry.naming import joined, parted
from sondage.report.tidy import by_family

if TYPE_CHECKING:
    from pandas import DataFrame

#: Columns of names in results, and the kinds of what they name.
_KINDS = {"encoder": "encoder", "other": "encoder", "task": "task", "component": "component",
          "score": "score"}  # fmt: skip


class Labels:
    """Tells how a run's names are printed: as registries' ``label`` has them.

    A report computes with names, by which its parameters call things, and prints labels. No two
    things of a kind have one label.

    Parameters
    ----------
    frame : DataFrame
        As ``Findings.frame`` returns it; without columns of labels names are printed as they are.

    Examples
    --------
    >>> import pandas as pd
    >>> run = pd.DataFrame({"encoder": ["tuned#0"], "encoder_label": ["Tuned on words#0"]})
    >>> labels = Labels(run)
    >>> labels.of("encoder", "tuned"), labels.of("encoder", "tuned#1@last")
    ('Tuned on words', 'Tuned on words#1@last')
    """

    def __init__(self, frame: DataFrame) -> None:
        self._shown: dict[str, dict[str, str]] = {kind: {} for kind in _KINDS.values()}
        for column, kind in _KINDS.items():
            if {column, f"{column}_label"} <= {*frame}:
                told = by_family(frame, [column]) if kind == "encoder" else frame
                pairs = told[[column, f"{column}_label"]].drop_duplicates()
                for name, label in pairs.itertuples(index=False):
                    self._shown[kind].setdefault(flat(name), flat(label))
        self._names = {k: {v: n for n, v in shown.items()} for k, shown in self._shown.items()}

    def of(self, kind: str, name: str) -> str:
        """Return how a thing is printed.

        Parameters
        ----------
        kind : {'encoder', 'task', 'component', 'score'}
        name : str
            Of an encoder with its seed and step, if it has any: these stay behind the label.
        """
        return self._renamed(self._shown[kind], kind, flat(name))

    def name(self, kind: str, label: str) -> str:
        """Return what is printed in this way, for names of files, say; undoes `of`."""
        found = self._names[kind].get(label)
        return self._renamed(self._names[kind], kind, label) if found is None else found

    @staticmethod
    def _renamed(known: Mapping[str, str], kind: str, name: str) -> str:
        if name in known or kind != "encoder":
            return known.get(name, name)
        family, seed, step = parted(name)
        return joined(known.get(family, family), seed, step)

    def printed(self, table: DataFrame, **columns: str) -> DataFrame:
        """Return a table with labels in place of names.

        Parameters
        ----------
        table : DataFrame
        **columns : str
            Kinds of columns of names besides ``encoder, other, task, component, score``:
            ``tuned_on="task"``.
        """
        out = table.copy()
        for column, kind in (_KINDS | columns).items():
            if column in out:
                out[column] = [self.of(kind, n) if isinstance(n, str) else n for n in out[column]]
        return out
