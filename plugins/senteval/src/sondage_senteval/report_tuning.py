"""What `senteval.mosbach2020` shows beside accuracies: trainings, attention and perplexity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sondage.plain import flat

if TYPE_CHECKING:
    from pandas import DataFrame

#: The two parts of figure 3, and what they count.
TRAINING, PUT_BACK = "training", "put back"
_ENDS = ["low", "high"]


def tuned_on(frame: DataFrame) -> dict[str, str]:
    """Return what each fine-tuned encoder, seeds aside, was trained on."""
    from sondage.report import by_family

    done = by_family(frame[(frame["kind"] == "training") & (frame["status"] == "done")])
    return {flat(e): flat(t) for e, t in zip(done["encoder"], done["task"], strict=True)}


def trainings(frame: DataFrame, matthews: Sequence[str]) -> DataFrame:
    """Return the score on the development part of each fine-tuned encoder: table 1.

    Returns
    -------
    DataFrame
        ``encoder, tuned_on, measure`` (`Matthews` where tasks of these names have it, `exact
        match` and `F1` where the training was on questions and answers, else `accuracy`),
        ``score``, ``low`` and ``high`` (95%, over trainings), ``n_seeds``.
    """
    from sondage.report import by_family, over_seeds

    cells = frame[(frame["kind"] == "training") & frame["value"].notna()]
    by_name = {"dev_accuracy": "accuracy", "dev_matthews": "Matthews",
               "dev_exact_match": "exact match", "dev_f1": "F1"}  # fmt: skip
    cells = by_family(cells.assign(measure=cells["score"].map(by_name)))
    known = set(cells["task"][cells["measure"] == "Matthews"]) & set(matthews)
    asked = set(cells["task"][cells["measure"] == "exact match"])
    wanted = [
        {"exact match", "F1"} if task in asked else {"Matthews" if task in known else "accuracy"}
        for task in cells["task"]
    ]
    cells = cells.loc[[m in w for m, w in zip(cells["measure"], wanted, strict=True)]]
    keys = {"encoder": cells["encoder"].map(flat), "tuned_on": cells["task"].map(flat)}
    cells = cells.assign(**keys, score=cells["value"].astype(float))
    return over_seeds(cells, ["encoder", "tuned_on", "measure"], "score", score="measure")


def attention(frame: DataFrame) -> DataFrame:
    """Return entropy by layer, and earth mover's distance to encoders not trained: figure 2.

    Returns
    -------
    DataFrame
        ``measure`` (`entropy` or `emd`), ``component`` (the name of the probe or metric),
        ``task`` (the texts), ``encoder`` (at its last step), ``layer``, ``value``, ``low`` and
        ``high`` (95%, over trainings where there are several), ``n_seeds``.
    """
    from sondage.report import by_family

    kinds = {"entropy": "probe", "emd": "metric"}
    cells = frame[frame["value"].notna() & frame["layer"].notna()]
    cells = cells[cells["kind"] == cells["score"].map(kinds)]
    steps = cells["step"].astype("Int64").fillna(-1)
    cells = cells[steps == steps.groupby(cells["encoder"]).transform("max")]
    cells = by_family(cells).rename(columns={"score": "measure"})
    trained = tuned_on(frame)
    other = cells["other"].map(lambda name: flat(str(name).partition("@")[0]))
    apart = (cells["measure"] == "entropy") | ~other.isin(list(trained))
    # The original comes first, as in the paper's figure.
    cells = cells.assign(tuned=cells["encoder"].map(flat).isin(list(trained)))
    cells = cells.sort_values("tuned", kind="stable")
    keys = ["measure", "component", "task", "encoder", "layer"]
    return _over_trainings(cells[apart.reindex(cells.index)], keys).astype({"layer": int})


def perplexities(frame: DataFrame, checkpoints: DataFrame, base: str) -> DataFrame:
    """Return perplexity in the course of training and with layers put back: figure 3.

    An encoder with steps that was not trained is a sweep of spliced ones. Where a training has no
    step 0, it begins with the perplexity of its base.

    Parameters
    ----------
    frame : DataFrame
    checkpoints : DataFrame
        The table of that name, of the trainings.
    base : str
        Name of the encoder that the trainings began with.

    Returns
    -------
    DataFrame
        ``component`` (the name of the probe), ``task`` (the texts), ``part`` (`training`, `put
        back` or, of an encoder without steps, empty), ``encoder``, ``step``, ``perplexity`` (e to
        the mean nats over seeds), its ``low`` and ``high`` (95%, over trainings where there are
        several), ``n_seeds``, and ``epoch`` where the trainings tell it.
    """
    import numpy as np

    from sondage.report import by_family

    cells = frame[(frame["kind"] == "probe") & (frame["score"] == "perplexity")]
    cells = cells[cells["value"].notna()]
    # Masks have seeds of their own: first the mean over these.
    member = ["component", "task", "encoder", "step"]
    cells = cells.assign(step=cells["step"].astype("Int64").fillna(-1).astype(int))
    for column in ("value", *_ENDS):
        cells = cells.assign(**{column: np.log(cells[column].astype(float))})
    cells = cells.groupby(member, sort=False)[["value", *_ENDS]].mean().reset_index()
    cells = by_family(cells).sort_values(member, kind="stable", ignore_index=True)
    trained = tuned_on(frame)
    parts = [
        "" if step < 0 else TRAINING if flat(name) in trained else PUT_BACK
        for name, step in zip(cells["encoder"], cells["step"], strict=True)
    ]
    keys = ["component", "task", "part", "encoder", "step"]
    out = _with_start(_over_trainings(cells.assign(part=parts), keys), base)
    for column in ("value", *_ENDS):
        out[column] = np.exp(out[column].astype(float))
    epochs = _epochs(checkpoints)
    places = zip(out["encoder"], out["step"], out["part"], strict=True)
    out["epoch"] = [
        (0.0 if step == 0 else epochs.get((encoder, step), np.nan)) if part == TRAINING else np.nan
        for encoder, step, part in places
    ]
    return out.rename(columns={"value": "perplexity"}).astype({"step": int})


def _with_start(means: DataFrame, base: str) -> DataFrame:
    """Return means with a step 0 for each training that has none: that of its base."""
    import pandas as pd

    trained = means[means["part"] == TRAINING]
    starts = [means]
    for key, part in trained.groupby(["component", "task", "encoder"], sort=False):
        plain = means[(means["encoder"] == base) & (means["part"] == "")]
        plain = plain[(plain["component"] == key[0]) & (plain["task"] == key[1])]
        if len(plain) and 0 not in set(part["step"]):
            starts.append(plain.assign(part=TRAINING, encoder=key[2], step=0))
    order = ["component", "task", "encoder", "step"]
    return pd.concat(starts).sort_values(order, kind="stable", ignore_index=True)


def _epochs(checkpoints: DataFrame) -> dict[tuple[str, int], float]:
    """Return the epoch at which each kept step of an encoder, seeds aside, ends."""
    from sondage.report import by_family

    if not {"step_", "epoch"} <= set(checkpoints.columns):
        return {}
    rows = by_family(checkpoints)
    return {
        (flat(name), int(step)): float(epoch)
        for name, step, epoch in zip(rows["encoder"], rows["step_"], rows["epoch"], strict=True)
    }


def families(by_layer: DataFrame) -> DataFrame:
    """Return changes of accuracy with encoders that differ by their seed as one.

    Where there are several, ``of_seed`` is by training and the interval over ``trainings``.
    """
    import pandas as pd

    from sondage.report import by_family, over_seeds

    keys = ["encoder", "task", "view", "layer"]
    named = by_family(by_layer)
    rows = []
    for key, part in named.groupby(keys, sort=False):
        row: dict[str, Any] = dict(part.iloc[0])
        if len(part) > 1:
            mean = over_seeds(part, keys, "change").iloc[0]
            row |= {"change": mean["change"], "low": mean["low"], "high": mean["high"]}
            row["interval"] = "trainings"
            row["against_mean"] = part["against_mean"].mean()
            row["of_seed"] = dict(zip(part["encoder_seed"], part["change"], strict=True))
        rows.append(row | dict(zip(keys, key, strict=True)))
    return pd.DataFrame(rows, columns=list(by_layer.columns))


def _over_trainings(cells: DataFrame, keys: list[str]) -> DataFrame:
    """Return means over trainings of what is at least 0; of a single one, with its own interval."""
    from sondage.report import over_seeds

    cells = cells.assign(**{k: cells[k].map(flat) for k in keys if k not in ("layer", "step")})
    if cells.empty:
        return cells.reindex(columns=[*keys, "value", *_ENDS, "n_seeds"])
    cells["value"] = cells["value"].astype(float)
    means = over_seeds(cells, keys, "value", bounds=(0.0, None)).set_index(keys)
    own = cells.groupby(keys, sort=False)[_ENDS].first()
    for end in _ENDS:
        means[end] = means[end].where(means["n_seeds"] > 1, own[end])
    return means.reset_index()
