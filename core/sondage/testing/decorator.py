"""The decorator with which a plugin's test file runs the kit under pytest."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeVar

import pytest

from sondage.errors import ParameterError, nearest
from sondage.testing.check import Check, ConformanceWarning, NotApplicable
from sondage.testing.component import Component, Given, components_of
from sondage.testing.runner import checks_of

Test = TypeVar("Test", bound=Callable[..., None])


def conformance(
    plugin: str,
    *,
    only: Sequence[str] | None = None,
    params: Mapping[str, Given] | None = None,
    variants: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    encoders: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Callable[[Test], Test]:
    """Parametrise a test over every component that a plugin offers and every check.

    Parameters
    ----------
    plugin : str
        Name of the plugin's entry point.
    only : sequence of str, optional
        What to run instead of everything: ``component`` for all of its checks, or
        ``component:check``, either with ``*`` for any letters. The rest is not collected.
    params : mapping of component name to constructor arguments
        For components that cannot be made without. A value, or the whole mapping, may be a
        callable of no argument: it is called in the first test that needs it.
    variants : mapping of component name to a sequence of changes of its arguments
        Each change must change the fingerprint.
    encoders : mapping of component name to an encoder, or a callable that makes one
        What a probe with ``reads = "encoder"`` asks in its tests, instead of
        `sondage.testing.open_toy.ToyOpen`.
    expected_failures : mapping of ``component:check`` to a reason
        Strict both ways: a failure that is not listed fails, and so does a listed one that
        passes or does not apply.

    Returns
    -------
    callable
        Decorates ``test(component, check)``, whose body is ``check(component)``.

    Raises
    ------
    ParameterError
        If an argument names a component or check that does not exist, or that `only` leaves out.
    PluginError
        If no installed distribution offers the plugin.

    Examples
    --------
    >>> @conformance("nearest")  # doctest: +SKIP
    ... def test_conformance(component, check):
    ...     check(component)
    """
    components = components_of(plugin, params, variants, encoders)
    pairs = {f"{c.name}:{k.name}": (c, k) for c in components for k in checks_of(c.spec.kind)}
    names = list(pairs) if only is None else _asked_for(plugin, list(pairs), only)
    failing = dict(expected_failures or {})
    for wanted in failing:
        if wanted not in names:
            raise ParameterError(
                f"the conformance test of {plugin!r} expects {wanted!r} to fail, "
                "which is no component:check of it",
                near=nearest(wanted, names),
            )
    cases = [_case(name, *pairs[name], failing.get(name)) for name in names]
    return pytest.mark.parametrize(("component", "check"), cases)


def _asked_for(plugin: str, names: list[str], only: Sequence[str]) -> list[str]:
    """Return the names of the pairs that are asked for, in the kit's order."""
    chosen: set[str] = set()
    for wanted in [only] if isinstance(only, str) else only:
        whole = ":" not in wanted
        found = {n for n in names if fnmatchcase(n.partition(":")[0] if whole else n, wanted)}
        if not found:
            valid = [n.partition(":")[0] for n in names] if whole else names
            raise ParameterError(
                f"the conformance test of {plugin!r} runs only {wanted!r}, "
                f"which is no {'component' if whole else 'component:check'} of it",
                near=nearest(wanted, valid),
                hint="only=['mine.component', 'mine.*:check_pickles'], * standing for any letters",
            )
        chosen |= found
    return [name for name in names if name in chosen]


def _case(name: str, component: Component, check: Check, reason: str | None) -> Any:
    marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
    return pytest.param(component, _Run(check, expected=reason is not None), id=name, marks=marks)


class _Run:
    """A check as pytest should see it: skips, warns or fails."""

    def __init__(self, check: Check, *, expected: bool) -> None:
        self.check = check
        self.expected = expected

    def __call__(self, component: Component) -> None:
        try:
            self.check(component)
        except NotApplicable as reason:
            # An expected failure that does not apply has to fail: passing does, under xfail.
            if not self.expected:
                pytest.skip(str(reason))
        except Exception as error:
            if self.check.enforced or self.expected:
                raise
            warnings.warn(
                ConformanceWarning(
                    f"{component.name}:{self.check.name} will fail from sondage "
                    f"{self.check.since} on: {error}"
                ),
                stacklevel=2,
            )
