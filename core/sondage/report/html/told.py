"""What a run found, in words: how much of it is there, and what differs from the baseline."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sondage.records.summary import Summary
from sondage.report.pivot import Panel, column_of, is_significant

#: Reasons of failures that are told one by one.
_MOST_REASONS = 20


def counted(n: int, noun: str) -> str:
    """Return a number and what it counts: ``1 cell``, ``2,000 cells``."""
    return f"{n:,} {noun}{'s' * (n != 1)}"


@dataclass(frozen=True)
class Finding:
    """How one encoder's score compares with the baseline's.

    Attributes
    ----------
    what : str
        Task, component and score.
    encoder : str
    layers : str
        In which layers it differs, of how many that were compared.
    difference, interval, at, p : str
        The largest of the differences that count, its 95% interval, layer and corrected p.
    significant : bool
    """

    what: str
    encoder: str
    layers: str
    difference: str
    interval: str
    at: str
    p: str
    significant: bool


def findings(panels: Sequence[Panel]) -> list[Finding]:
    """Return how every encoder compares with the baseline, panel by panel."""
    out = []
    for panel in panels:
        by: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in panel.rows.values():
            if row.get("difference") is not None:
                by[column_of(row)].append(row)
        for name in (n for n in panel.encoders if n in by):
            rows = by[name]
            differing = [row for row in rows if is_significant(row)]
            most = max(differing or rows, key=lambda row: abs(row["difference"]))
            whole = rows[0]["layer"] is None and len(rows) == 1
            layers = f"{len(differing)} of {counted(len(rows), 'layer')}"
            if whole:
                layers = "yes" if differing else "no"
            said = _difference(most, panel.decimals)
            out.append(Finding(panel.title, name, layers, *said, bool(differing)))
    return out


def _difference(row: dict[str, Any], decimals: int) -> tuple[str, str, str, str]:
    low, high, p = (row.get(n) for n in ("difference_low", "difference_high", "p_holm"))
    known = low is not None and high is not None
    return (
        _signed(row["difference"], decimals),
        f"{_signed(low, decimals)} to {_signed(high, decimals)}" if known else "",
        "" if row["layer"] is None else str(row["layer"]),
        "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}",
    )


def _signed(value: Any, decimals: int) -> str:
    return f"{value:+.{decimals}f}".replace("-", "−")


def highest(panels: Sequence[Panel]) -> list[tuple[str, str, str, str]]:
    """Return for every panel its highest score: what, the encoder, its layer, the score."""
    out = []
    for panel in panels:
        (layer, name), _ = max(panel.rows.items(), key=lambda item: item[1]["mean"])
        where = "all layers" if layer is None else f"layer {layer}"
        out.append((panel.title, name, where, panel.cell(layer, name)))
    return out


def sentences(found: Summary, told: Sequence[Finding]) -> list[str]:
    """Return what a reader should know first."""
    done = found.n_cells - len(found.failed)
    wanted = max(int(found.header.get("cells") or 0), found.n_cells)
    first = f"{done:,} of {counted(wanted, 'cell')} are done"
    failed = len(found.failed)
    first += f"; {failed:,} failed." if failed else "; none failed."
    out = [first]
    if found.warnings:
        kinds = {w["warning"] for w in found.warnings}
        out.append(f"{counted(len(kinds), 'kind')} of warning below.")
    if told:
        yes = [one for one in told if one.significant]
        out.append(
            f"Compared with {found.baseline or 'the baseline'}, {len(yes)} of "
            f"{counted(len(told), 'comparison')} {'differs' if len(yes) == 1 else 'differ'} "
            "in at least one layer (paired test over test items, "
            "Holm's correction over layers, p < 0.05)."
        )
    elif done:
        why = "no pair of scores could be tested" if found.baseline else "it declares no baseline"
        out.append(f"Nothing is compared with a baseline: {why}.")
    return out


def warnings(found: Summary) -> list[tuple[str, str, str]]:
    """Return what was counted: warning, how often in a cell, in which cells."""
    return [
        (
            w["warning"],
            f"{w['most']:,}" if w["least"] == w["most"] else f"{w['least']:,} to {w['most']:,}",
            f"each of {counted(w['cells'], 'cell')} of {w['component']} on {w['task']}",
        )
        for w in found.warnings
    ]


def failures(found: Summary) -> list[tuple[str, str, str]]:
    """Return why cells failed: how many for one reason, the first of them, the reason."""
    reasons: Counter[str] = Counter()
    first: dict[str, str] = {}
    for cell in found.failed:
        error = cell.get("error") or {}
        said = str(error.get("message") or "no reason was recorded")
        reason = said if "slug" in error else f"{error.get('type', 'error')}: {said}"
        reasons[reason] += 1
        first.setdefault(reason, _place(cell))
    told = [(f"{n:,}", first[reason], reason[:2000]) for reason, n in
            reasons.most_common(_MOST_REASONS)]  # fmt: skip
    rest = sum(reasons.values()) - sum(n for _, n in reasons.most_common(_MOST_REASONS))
    return told + ([(f"{rest:,}", "", "further reasons")] if rest else [])


def _place(cell: dict[str, Any]) -> str:
    who = f"{cell['encoder']} ~ {cell['other']}" if cell["other"] else cell["encoder"]
    layer = "all layers" if cell["layer"] is None else f"layer {cell['layer']}"
    return f"{cell['component']} · {cell['task']} · {who} · {layer} · seed {cell['seed']}"
