"""Writes a new plugin: a distribution that installs and passes the kit as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from sondage import __version__
from sondage.errors import ParameterError, nearest
from sondage.specs import SPECS

_PLUGIN_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SUFFIX = ".tmpl"


@dataclass(frozen=True)
class Sample:
    """The component that a new plugin starts with."""

    component: str
    module: str
    factory: str
    summary: str
    reference: str
    needs: tuple[str, ...] = ("numpy>=1.26",)


SAMPLES: dict[str, Sample] = {
    "encoder": Sample(
        "ngrams",
        "ngrams",
        "NGrams",
        "words as bags of hashed character n-grams",
        "Weinberger et al. 2009, arXiv:0902.2206, section 2",
    ),
    "task": Sample(
        "labels",
        "labels",
        "LabelledSentences",
        "labels on sentences, from a file of two columns",
        "two columns parted by a tab: sentence, label",
    ),
    "probe": Sample(
        "centroid",
        "centroid",
        "CentroidProbe",
        "closest class mean",
        "nearest-mean rule",
    ),
    "metric": Sample(
        "cosine",
        "cosine",
        "MeanCosine",
        "mean cosine of aligned rows",
        "cosine similarity",
    ),
    "passing": Sample(
        "variation",
        "variation",
        "AttentionVariation",
        "mean total variation between two models' attention",
        "total variation distance",
    ),
    "passing_probe": Sample(
        "distance",
        "distance",
        "AttentionDistance",
        "mean distance, in subwords, of what attention goes to",
        "Vig and Belinkov 2019, arXiv:1906.04284, section 4.2.2",
    ),
    "report": Sample(
        "layers",
        "layers",
        "Layers",
        "first scores by layer, a table and a figure",
        "line chart",
        ("sondage[figures]>=0.1,<1",),
    ),
    "tracker": Sample(
        "lines",
        "lines",
        "Lines",
        "every score as a line of a CSV file, one file a run",
        "CSV (RFC 4180)",
        (),
    ),
}


#: The samples that are measured in passing, by kind.
IN_PASSING = {"metric": "passing", "probe": "passing_probe"}


def write_plugin(
    kind: str, name: str, folder: Path | str = ".", *, in_passing: bool = False
) -> Path:
    """Write a plugin with one small, useful component of a kind.

    Parameters
    ----------
    kind : {'encoder', 'task', 'probe', 'metric', 'report', 'tracker'}
    name : str
        The plugin's name: lower-case letters, digits and ``_``, a letter first.
    folder : path
        Where to make the folder ``sondage-NAME``.
    in_passing : bool
        For a metric or a probe: one of attention maps, which are measured while models read.

    Returns
    -------
    Path
        The new folder.

    Raises
    ------
    ParameterError
        If the kind is unknown, the name does not fit, or the folder exists.
    """
    if in_passing and kind not in IN_PASSING:
        raise ParameterError(
            f"'sondage new' writes no {kind} that is measured in passing",
            hint=f"sondage new metric {name} --in-passing",
        )
    if kind not in SPECS:
        raise ParameterError(
            f"'sondage new' wants to write a plugin of kind {kind!r}, which does not exist",
            near=nearest(kind, SPECS) or tuple(SPECS),
            hint="sondage new probe NAME",
        )
    if not _PLUGIN_NAME.fullmatch(name):
        plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        raise ParameterError(
            f"{name!r} cannot name a plugin: it takes lower-case letters, digits and _, "
            "and starts with a letter",
            hint=f"sondage new {kind} {plain if _PLUGIN_NAME.fullmatch(plain) else 'my_' + kind}",
        )
    target = Path(folder) / f"sondage-{name}"
    if target.exists():
        raise ParameterError(
            f"'sondage new' wants to write {target}, which exists",
            hint="choose another name, or remove the folder",
        )
    sample = IN_PASSING[kind] if in_passing else kind
    values = _values(kind, name, SAMPLES[sample])
    templates = files("sondage") / "templates"
    for part in ("common", sample):
        _write_templates(templates / part, target, values)
    return target


def _values(kind: str, name: str, sample: Sample) -> dict[str, str]:
    major, minor = __version__.split(".")[:2]
    core = f"sondage>={major}.{minor},<{int(major) + 1}"
    return {
        **vars(sample),
        "name": name,
        "kind": kind,
        "spec": f"{kind.capitalize()}Spec",
        "needs": ", ".join(f'"{n}"' for n in (core, *sample.needs)),
    }


def _write_templates(source: Traversable, target: Path, values: dict[str, str]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        path = target / entry.name.replace("NAME", values["name"]).removesuffix(_SUFFIX)
        if entry.is_dir():
            _write_templates(entry, path, values)
        elif entry.name.endswith(_SUFFIX):
            text = Template(entry.read_text(encoding="utf-8")).substitute(values)
            path.write_text(text, encoding="utf-8")
