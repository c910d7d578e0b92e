"""What a run calls its components when it is printed, and the models that stood behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sondage.plan.cells import Plan
from sondage.records.lines import Record
from sondage.registry.built import Built
from sondage.registry.naming import joined, parted

#: Columns of names in frames; each has one of labels, ``encoder_label``, beside it.
LABELLED = ("encoder", "other", "task", "component", "score")


def columns() -> list[str]:
    """Return the columns of labels."""
    return [f"{name}_label" for name in LABELLED]


def described(plan: Plan) -> list[Record]:
    """Return what ``run.json`` says of a plan's components.

    Where two of a kind would be printed alike, their names stand behind.
    """
    alike = Counter((b.kind, s) for b, s in {(b.label, b.kind): (b, b.shown) for b in
                                             plan.components}.values())  # fmt: skip
    out = []
    for built in plan.components:
        shown = built.shown or built.label
        if alike[built.kind, shown] > 1 and shown != built.label:
            shown = f"{shown} ({built.label})"
        out.append(_described(built) | ({"shown": shown} if shown != built.label else {}))
    return out


def _described(built: Built) -> Record:
    found: Record = {
        "kind": built.kind,
        "label": built.label,
        "key": built.key,
        "parameters": built.parameters,
        "distribution": built.offer.distribution,
    }
    origins = [_short_texts(origin) for origin in built.origins]
    made = {"made": True} if origins and not isinstance(built.origin, Mapping) else {}
    return found | ({"origins": origins} if origins else {}) | made


def _short_texts(origin: Mapping[str, Any]) -> dict[str, str]:
    """Return what a plugin says of a model as short texts."""
    return {str(k)[:40]: str(v)[:400] for k, v in list(origin.items())[:10] if v}


class PrintedNames:
    """Tells how names in a run's records are printed.

    Parameters
    ----------
    header : mapping
        ``run.json``. What it does not name is printed as it is.
    """

    def __init__(self, header: Mapping[str, Any]) -> None:
        self._by_kind: dict[str, dict[str, str]] = {}
        for part in _records(header, "components"):
            if isinstance(part.get("shown"), str):
                mine = self._by_kind.setdefault(str(part.get("kind")), {})
                mine[str(part.get("label"))] = part["shown"]
        for part in _records(header, "trained"):
            if isinstance(part.get("shown"), str):
                mine = self._by_kind.setdefault("encoder", {})
                mine.setdefault(str(part.get("label")), part["shown"])
        scores = header.get("scores")
        self._scores = {k: v for k, v in scores.items() if isinstance(v, str)} if isinstance(
            scores, dict) else {}  # fmt: skip

    def of(self, kind: str, name: str) -> str:
        """Return how a component is printed; of an encoder also with its step: ``tuned@500``."""
        mine = self._by_kind.get(kind, {})
        if name in mine or kind != "encoder":
            return mine.get(name, name)
        family, seed, step = parted(name)
        whole = joined(family, seed)
        return joined(mine.get(whole, whole), "", step)

    def row(self, record: Mapping[str, Any], score: str = "") -> dict[str, str]:
        """Return the columns of labels for a cell's names and a score."""
        kind = "metric" if record["kind"] == "metric" else "probe"
        return {
            "encoder_label": self.of("encoder", record["encoder"]),
            "other_label": self.of("encoder", record["other"]) if record["other"] else "",
            "task_label": self.of("task", record["task"]),
            "component_label": self.of(kind, record["component"]),
            "score_label": self._scores.get(score, score),
        }


def models_of(header: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the encoders of each model, as printed, and what the model was.

    Such as ``("minilm", "google-bert/bert-base-uncased at 86b5e0934494, files 0123456789ab")``.
    What is made of a model is told only where the model itself is no encoder of the run.
    """
    labels = PrintedNames(header)
    own: dict[str, dict[str, None]] = {}
    made: dict[str, dict[str, None]] = {}
    for part in _records(header, "components"):
        if part.get("kind") == "encoder":
            name = labels.of("encoder", str(part.get("label")))
            for origin in _records(part, "origins"):
                names = (made if part.get("made") else own).setdefault(origin_in_words(origin), {})
                names[name] = None
    told = [(", ".join(names), words) for words, names in own.items()]
    rest = [(words, list(names)) for words, names in made.items() if words not in own]
    return told + [(f"{', '.join(names)} (made of it)", words) for words, names in rest]


def origin_in_words(origin: Mapping[str, Any]) -> str:
    """Return what a model was, in words: name, revision, checksum."""
    text = str(origin.get("model", ""))
    if origin.get("is"):
        licence = f", {origin['licence']}" if origin.get("licence") else ""
        text += f" ({origin['is']}{licence})"
    if origin.get("revision"):
        text += f" at {str(origin['revision'])[:40]}"
    return text + (f", files {str(origin['files'])[:12]}" if origin.get("files") else "")


def _records(header: Mapping[str, Any], name: str) -> Iterable[Record]:
    found = header.get(name)
    return [c for c in found if isinstance(c, dict)] if isinstance(found, list) else []
