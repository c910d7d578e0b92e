"""Tables made ready to draw: rows as plain values, values over seeds with their interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sondage.plain import flat

if TYPE_CHECKING:
    import altair as alt
    from pandas import DataFrame


def records(data: DataFrame) -> list[dict[str, Any]]:
    """Return a mapping of column to value for every row."""
    return [{str(k): v for k, v in row.items()} for row in data.to_dict("records")]


def inline(data: DataFrame) -> alt.InlineData:
    """Return a frame as data of a chart: what is missing becomes null, texts are harmless.

    A control character would end the whole process: the renderer aborts.
    """
    import altair as alt

    plain = records(data.astype(object).where(data.notna(), None))
    values = [{k: flat(v) if isinstance(v, str) else v for k, v in row.items()} for row in plain]
    return alt.InlineData(values=values)


def over_seeds(data: DataFrame, keys: Sequence[str], value: str) -> DataFrame:
    """Return the mean of a column for each group, with a 95% interval over the group's rows.

    Parameters
    ----------
    data : DataFrame
        One row a seed.
    keys : sequence of str
        Columns that make a group.
    value : str
        Column of numbers.

    Returns
    -------
    DataFrame
        The keys, `value`, ``low``, ``high`` (missing where a group has one row) and
        ``n_seeds``; groups in the order in which they come.
    """
    import pandas as pd

    from sondage import stats

    rows = []
    for key, part in data.groupby([*keys], sort=False, dropna=False):
        found = stats.seed_interval(part[value].to_numpy(float))
        rows.append((*key, found.mean, found.low, found.high, len(part)))
    out = pd.DataFrame(rows, columns=[*keys, value, "low", "high", "n_seeds"])
    return out.astype(dict.fromkeys((value, "low", "high"), float))
