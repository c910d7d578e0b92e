"""What a page owes to others: data sets with their licences, publications, BibTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

import sondage
from sondage.host import Host
from sondage.plain import flat
from sondage.records.lines import Record
from sondage.registry.naming import parted
from sondage.report.tex import escape
from sondage.specs import DataSpec, Kind

_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5}(?:v\d+)?)")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True)
class Part:
    """A component that ran.

    Attributes
    ----------
    kind, label, use, version, distribution : str
    summary, reference : str
        As its plugin says; empty where it is not installed here.
    parameters : dict
    made_of : tuple of str
        Components of the run that it is made of.
    """

    kind: str
    label: str
    use: str
    version: str
    distribution: str
    summary: str
    reference: str
    parameters: Mapping[str, Any]
    made_of: tuple[str, ...] = ()


def parts(components: Sequence[Record], host: Host) -> list[Part]:
    """Return the components that ran, each name of a kind once."""
    known = {_mark(_key_of(one)): str(one.get("label", "")) for one in components}
    out: dict[tuple[str, str], Part] = {}
    for one in components:
        kind, label = str(one.get("kind", "")), str(one.get("label", ""))
        name = parted(label)[0] if kind == "encoder" else label
        out.setdefault((kind, name), _part(one, kind, name, known, host))
    return list(out.values())


def _part(one: Record, kind: str, name: str, known: Mapping[str, str], host: Host) -> Part:
    key = _key_of(one)
    use = str(key.get("use", ""))
    offer = host.catalogue.get((cast("Kind", kind), use))
    given = one.get("parameters")
    parameters = given if isinstance(given, dict) else {}
    inner = [_mark(value) for value in parameters.values() if isinstance(value, Mapping)]
    return Part(
        kind=kind, label=name, use=use, version=str(key.get("version", "")),
        distribution=str(one.get("distribution", "")),
        summary=offer.spec.summary if offer else "",
        reference=offer.spec.reference if offer else "",
        parameters=parameters,
        made_of=tuple(known[mark] for mark in inner if mark and mark in known),
    )  # fmt: skip


def _key_of(one: Record) -> Mapping[str, Any]:
    key = one.get("key")
    return key if isinstance(key, Mapping) else {}


def _mark(key: Mapping[str, Any]) -> str:
    """Return what tells a component from all others, where its key has such."""
    return str(key.get("fingerprint") or "")


def data_sets(ran: Sequence[Part], host: Host) -> list[DataSpec]:
    """Return the data sets whose files tasks and encoders that ran name."""
    texts = {text for part in ran for text in _texts(part.parameters)}
    return [offer.spec for offer in host.data if any(_of(offer.spec, text) for text in texts)]


def _of(spec: DataSpec, text: str) -> bool:
    if text == f"data:{spec.name}" or text.startswith(f"data:{spec.name}/"):
        return True
    names = [name for file in spec.files for name in (file.path, *file.also)]
    return any(text.endswith(f"/{spec.name}/{name}") for name in names)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, Mapping) else value
    if isinstance(value, Mapping | list):
        for part in inner:
            yield from _texts(part)


def _inner(value: Any) -> Iterator[str]:
    """Yield the components that parameters are made of."""
    if isinstance(value, Mapping):
        if isinstance(value.get("use"), str):
            yield value["use"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _inner(part)


def references(
    ran: Sequence[Part], data: Sequence[DataSpec], paper: str, host: Host
) -> dict[str, list[str]]:
    """Return publications, and for each what ran that rests on it, also within components."""
    out: dict[str, list[str]] = {}
    inner = dict.fromkeys(use for part in ran for use in _inner(part.parameters))
    known = {name: offer.spec.reference for (_, name), offer in host.catalogue.items()}
    for use, reference in [(p.use, p.reference) for p in ran] + [
        (use, known.get(use, "")) for use in inner
    ]:
        if reference:
            out.setdefault(flat(reference), []).append(use)
    for spec in data:
        out.setdefault(flat(spec.citation), []).append(f"data {spec.name}")
    if paper:
        out.setdefault(flat(paper), []).append("the composition")
    return {text: list(dict.fromkeys(users)) for text, users in out.items()}


def bibtex(found: Mapping[str, Sequence[str]]) -> str:
    """Return publications as BibTeX, sondage first.

    What a plugin says in words is a ``note``; an arXiv number and a year in it are fields.
    """
    entries = [
        "@software{sondage,\n  title = {sondage: layer-wise probing and similarity analysis of "
        "language models},\n  author = {{The sondage authors}},\n"
        f"  version = {{{sondage.__version__}}}\n}}"
    ]
    taken: set[str] = {"sondage"}
    for text in found:
        fields = [f"  note = {{{escape(text)}}}"]
        numbers, years = _ARXIV.findall(text), _YEAR.findall(_ARXIV.sub("", text))
        if len(numbers) == 1:
            fields += [f"  eprint = {{{numbers[0]}}}", "  archiveprefix = {arXiv}"]
        if len(set(years)) == 1:
            fields.append(f"  year = {{{years[0]}}}")
        inside = ",\n".join(fields)
        entries.append(f"@misc{{{_key(text, years, taken)},\n{inside}\n}}")
    return "\n\n".join(entries)


def _key(text: str, years: Sequence[str], taken: set[str]) -> str:
    first = re.match(r"[^\W\d_]+", text)
    base = (first[0].lower() if first and first[0].isascii() else "source") + "".join(years[:1])
    name = next(n for n in (f"{base}-{i}" if i else base for i in count()) if n not in taken)
    taken.add(name)
    return name
