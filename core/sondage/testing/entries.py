"""Checks of the data sets that a plugin describes: what the spec's own rules do not see."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from sondage.errors import PluginError, nearest
from sondage.host import Host
from sondage.registry.signature import parameters_of
from sondage.specs import DataSpec, Spec

Test = TypeVar("Test", bound=Callable[..., None])

_EMPTY = hashlib.sha256(b"").hexdigest()
#: Parts of an address that name what moves.
_MOVING = re.compile(r"/(?:main|master|trunk|HEAD|latest|develop)/")
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")


def data_conformance(plugin: str) -> Callable[[Test], Test]:
    """Parametrise a test over every data set that a plugin describes.

    Parameters
    ----------
    plugin : str
        Name of the plugin's entry point.

    Returns
    -------
    callable
        Decorates ``test(problems)``, whose body is ``assert not problems``.

    Raises
    ------
    PluginError
        If the plugin cannot be used, or describes no data.

    Examples
    --------
    >>> @data_conformance("treebank")  # doctest: +SKIP
    ... def test_data(problems):
    ...     assert not problems
    """
    host = Host.discover()
    found = [offer.spec for offer in host.data if offer.plugin == plugin]
    if not found:
        raise PluginError(
            f"the plugin {plugin!r} describes no data",
            near=nearest(plugin, {offer.plugin for offer in host.data}),
            hint="sondage plugins",
        )
    tasks = [o.spec for o in host.offers("task") if o.plugin == plugin]
    cases = [pytest.param(data_problems(spec, tasks), id=spec.name) for spec in found]
    return pytest.mark.parametrize("problems", cases)


def data_problems(spec: DataSpec, tasks: list[Spec]) -> list[str]:
    """Return what is wrong with a description of data; empty if it can be relied on.

    Parameters
    ----------
    spec : DataSpec
    tasks : list of Spec
        Of the plugin that describes it: its parts are parameters of one of them.
    """
    looked = (_faults_in_words, _faults_in_addresses, _faults_in_bytes)
    return [fault for look in looked for fault in look(spec)] + _faults_in_parts(spec, tasks)


def _faults_in_words(spec: DataSpec) -> list[str]:
    out = []
    if "\n" in spec.summary or len(spec.summary) > 120:
        out.append("the summary is no short line")
    if not _YEAR.search(spec.citation):
        out.append(f"the citation has no year: {spec.citation!r}")
    if not spec.source.startswith("https://"):
        out.append(f"the source is no page: {spec.source!r}")
    if len(spec.licence.strip()) < 2:
        out.append(f"the licence is {spec.licence!r}: an SPDX identifier, or 'none stated'")
    return out


def _faults_in_addresses(spec: DataSpec) -> list[str]:
    out = []
    for url in (url for file in spec.files for url in file.urls):
        if url.startswith("http://"):
            out.append(f"{url} can be changed on its way: https")
        if _MOVING.search(url):
            out.append(f"{url} names a branch, whose files change: a tag or a commit")
        if re.search(r"\s", url):
            out.append(f"{url!r} has a space")
    return out


def _faults_in_bytes(spec: DataSpec) -> list[str]:
    out = []
    for file in spec.files:
        given: list[Any] = [file, *([file.origin] if file.origin else [])]
        for one in given:
            if one.size == 0 or one.sha256 == _EMPTY:
                out.append(f"'{file.path}' is empty, or its size or checksum is that of nothing")
        if file.origin and file.origin.sha256 == file.sha256:
            out.append(f"'{file.path}' and what it is taken from have one checksum")
    sums: dict[str, str] = {}
    for file in spec.files:
        if file.sha256 in sums:
            out.append(f"'{file.path}' and '{sums[file.sha256]}' have one checksum")
        sums[file.sha256] = file.path
    return out


def _faults_in_parts(spec: DataSpec, tasks: list[Spec]) -> list[str]:
    known = {name for task in tasks for name in parameters_of(task.load())}
    strange = [name for name in spec.given if name not in known]
    return [f"no task of the plugin has a parameter '{name}'" for name in strange]
