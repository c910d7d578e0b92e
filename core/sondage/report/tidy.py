"""Tables made ready to draw: rows as plain values, values over seeds with their interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sondage.plain import flat
from sondage.registry.naming import joined, parted
from sondage.report.axes import ROUNDING, Bounds, bounds_of

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


def by_family(data: DataFrame, columns: Sequence[str] = ("encoder", "other")) -> DataFrame:
    """Return a table in which encoders that differ by their seed have one name.

    With `over_seeds` it gives means and intervals over trainings; where probes have seeds too,
    take their means, ``Run.summary()``, first.

    Parameters
    ----------
    data : DataFrame
    columns : sequence of str
        Columns of encoders' names; ``tuned#1`` becomes ``tuned``, ``tuned#1@last``
        ``tuned@last``. The seed goes into a column ``COLUMN_seed``, missing where a name has
        none. Columns that the table does not have are passed over.
    """
    out = data.copy()
    for column in (c for c in columns if c in data):
        names = [parted(str(name)) for name in data[column]]
        out[column] = [joined(family, "", step) for family, _, step in names]
        out[f"{column}_seed"] = [int(seed) if seed.isdigit() else None for _, seed, _ in names]
        out[f"{column}_seed"] = out[f"{column}_seed"].astype("Int64")
        if f"{column}_label" in data:
            pairs = zip(data[f"{column}_label"], names, strict=True)
            out[f"{column}_label"] = [
                str(t).replace(f"#{n[1]}", "") if n[1] else t for t, n in pairs
            ]
    return out


def over_seeds(
    data: DataFrame, keys: Sequence[str], value: str, *, score: str = "",
    bounds: Bounds | None = None,
) -> DataFrame:  # fmt: skip
    """Return the mean of a column for each group, with a 95% interval over the group's rows.

    Parameters
    ----------
    data : DataFrame
        One row a seed.
    keys : sequence of str
        Columns that make a group.
    value : str
        Column of numbers.
    score : str
        The one of the keys that names the score whose values these are; without it, `value` does.
    bounds : (float or None, float or None), optional
        Least and greatest value possible; without it, `bounds_of` the score. An interval over few
        seeds can pass them, and is cut there. Where a group has a value beyond them, they are not
        those of its score and nothing is cut.

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
        values = part[value].to_numpy(float)
        found = stats.seed_interval(values)
        name = str(part[score].iloc[0]) if score else value
        least, most = bounds_of(name) if bounds is None else bounds
        ends = found.low, found.high
        if None not in ends and _in_bounds(values.min(), values.max(), least, most):
            ends = _clipped(ends[0], least, most), _clipped(ends[1], least, most)
        rows.append((*key, found.mean, *ends, len(part)))
    out = pd.DataFrame(rows, columns=[*keys, value, "low", "high", "n_seeds"])
    return out.astype(dict.fromkeys((value, "low", "high"), float))


def _in_bounds(low: float, high: float, least: float | None, most: float | None) -> bool:
    below = least is not None and low < least - ROUNDING
    return not below and (most is None or high <= most + ROUNDING)


def _clipped(end: Any, least: float | None, most: float | None) -> float:
    cut = end if least is None else max(end, least)
    return float(cut if most is None else min(cut, most))
