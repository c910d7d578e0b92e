"""Checks of every component, whatever its kind."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import pickle
import re
import subprocess
import sys
from dataclasses import Field, fields, is_dataclass
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from sondage import contracts
from sondage.host import NAME
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.compared import IN_PASSING
from sondage.testing.component import Component, is_reference
from sondage.testing.drive import exercise, global_state, known_global_state

#: What the seed controls in a word. Probes have words of their own.
WORD = re.compile(r"[a-z][a-z0-9_-]*")
RANDOMNESS = {"task": ("split",), "metric": ("resample",), "encoder": (), "report": ()}
RANDOMNESS["tracker"] = ()

HEAVY = ("torch", "transformers", "tensorflow", "jax")
_FRESH = """
import importlib, json, pickle, sys
path, modules, made, heavy = pickle.load(sys.stdin.buffer)
sys.path[:] = path
for name in modules:
    importlib.import_module(name)
before = set(sys.modules) if made else set()
if made:
    spec, params = pickle.loads(made)
    spec.load()(**params)
print(json.dumps(sorted((set(sys.modules) - before) & set(heavy))))
"""


def heavy_imports(component: Component, made: bytes = b"") -> tuple[str, ...]:
    """Return which heavy libraries a fresh interpreter loads.

    By importing the plugin and the component's module; or, with `made`, by making the
    component after that.
    """
    modules = [m for m in (component.plugin_module, component.module) if m]
    return loaded_afresh(pickle.dumps((sys.path, modules, made, HEAVY)))


@lru_cache
def loaded_afresh(wanted: bytes) -> tuple[str, ...]:
    """Run `_FRESH`: once for all components of a module, which start alike."""
    done = subprocess.run(
        [sys.executable, "-c", _FRESH], input=wanted, capture_output=True, check=False
    )
    assert done.returncode == 0, f"a fresh interpreter fails:\n{done.stderr.decode()}"
    return tuple(json.loads(done.stdout.decode().strip().splitlines()[-1]))


@promise_of("every", since="0.1")
def check_summary_and_reference_are_given(component: Component) -> None:
    """A listing can say in one line what the component does and where it is from."""
    spec = component.spec
    assert spec.summary.strip(), "the spec's summary is empty"
    assert "\n" not in spec.summary, "the spec's summary has more than one line"
    assert spec.reference.strip(), "the spec's reference is empty"


@promise_of("every", since="0.1")
def check_name_has_the_plugins_prefix(component: Component) -> None:
    """The name is plugin.component, of lower-case letters, digits, - and _."""
    assert NAME.fullmatch(component.name), f"{component.name!r} is no plugin.component"
    prefix = component.name.partition(".")[0]
    plugin = component.plugin or prefix
    assert prefix == plugin, f"{component.name!r} is offered by {plugin!r}"


@promise_of("every", since="0.1")
def check_keeps_the_contract(component: Component) -> None:
    """The component has every attribute and method that the core uses of its kind."""
    thing = component.make()
    if component.spec.kind == "probe":
        wanted = ["fit", "predict"]
        if hasattr(thing, "run_layers"):
            wanted = ["run_layers", "units", "joint", "randomness"]
        elif getattr(thing, "units", "vectors") in IN_PASSING:
            wanted = ["begin", "randomness"]
    elif component.spec.kind == "encoder" and hasattr(thing, "at"):
        wanted = ["steps", "fingerprint", *(["place"] if hasattr(thing, "train") else [])]
    else:
        protocol = getattr(contracts, component.spec.kind.capitalize())
        wanted = [n for n in {**protocol.__annotations__, **vars(protocol)} if n[0] != "_"]
    missing = [name for name in wanted if not hasattr(thing, name)]
    assert not missing, f"missing: {', '.join(missing)}"


@promise_of("every", since="0.1")
def check_constructor_is_keyword_only(component: Component) -> None:
    """Every parameter is given by name, and none is caught by * or **."""
    for name, (parameter, _) in component.parameters().items():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, f"{name} is {parameter.kind}"


@promise_of("every", since="0.1")
def check_constructor_is_typed(component: Component) -> None:
    """Every parameter has a type, from which the registry's schema is made."""
    untyped = [name for name, (_, hint) in component.parameters().items() if hint is None]
    assert not untyped, f"without a type: {', '.join(untyped)}"


@promise_of("every", since="0.1")
def check_parameters_are_json(component: Component) -> None:
    """A registry file can state every parameter: its value survives JSON and its own type."""
    thing = component.make()
    for name, (_, hint) in component.parameters().items():
        if hint is None or is_reference(hint) or not hasattr(thing, name):
            continue
        value, adapter = getattr(thing, name), TypeAdapter(hint)
        back = adapter.validate_json(adapter.dump_json(value, warnings="error"), strict=True)
        assert back == value, f"{name}: {value!r} comes back as {back!r}"


@promise_of("every", since="0.1")
def check_parameters_are_stored_unchanged(component: Component) -> None:
    """Every parameter is kept, the same object, under its own name."""
    thing = component.make()
    # Of an InitVar a class keeps the default alone.
    kept = {field.name for field in fields(thing)} if is_dataclass(thing) else set()
    lost = {*getattr(thing, "__dataclass_fields__", ())} - kept - {*getattr(thing, "__dict__", ())}
    for name, (parameter, _) in component.parameters().items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        given = component.params.get(name, parameter.default)
        stored = hasattr(thing, name) and name not in lost
        assert stored, f"{name} is not stored"
        if isinstance(given, Field):
            continue  # a default that is made anew for each instance
        stored = getattr(thing, name)
        same = stored is given
        assert same, f"{name} {otherwise(stored, given)}"


def otherwise(stored: Any, given: Any) -> str:
    """Say how a stored parameter is not the one that was given."""
    if type(stored) is type(given) and repr(stored) == repr(given):
        return (
            f"is a copy of {given!r}, which was given: store the very object, "
            "and copy or convert it where it is used"
        )
    return f"is {stored!r}, not {given!r}: store what was given, and convert it where it is used"


@promise_of("every", since="0.1")
def check_randomness_is_a_tuple_of_words(component: Component) -> None:
    """``randomness`` is a tuple; of a task it holds "split" or nothing, of a metric "resample"."""
    said = getattr(component.make(), "randomness", ())
    assert isinstance(said, tuple), f"randomness is {said!r}, which is no tuple"
    for word in said:
        assert WORD.fullmatch(str(word)), f"{word!r} is no word"
        allowed = RANDOMNESS.get(component.spec.kind, (word,))
        assert word in allowed, f"{word!r} is not of {component.spec.kind}s, which have {allowed}"
        shared = component.spec.kind == "probe" and word == "split"
        assert not shared, "the split is the task's to say"


@promise_of("every", since="0.1")
def check_pickles(component: Component) -> None:
    """A component can be sent to a worker process."""
    thing = component.make()
    again = pickle.loads(pickle.dumps(thing))
    assert type(again) is type(thing), f"a {type(thing)} comes back as a {type(again)}"


@promise_of("every", since="0.1")
def check_import_pulls_in_no_torch(component: Component) -> None:
    """Importing the plugin and the component's module is cheap."""
    found = heavy_imports(component)
    assert not found, f"imported: {', '.join(found)}"


@promise_of("every", since="0.1")
def check_making_pulls_in_no_torch(component: Component) -> None:
    """The constructor is cheap: what is heavy is loaded at first use."""
    try:
        made = pickle.dumps((component.spec, component.params))
    except Exception as error:
        raise NotApplicable(f"the parameters do not pickle: {error}") from error
    found = heavy_imports(component, made)
    assert not found, f"imported: {', '.join(found)}"


@promise_of("every", since="0.1")
def check_global_random_state_is_untouched(component: Component) -> None:
    """Randomness comes from the rng or seed that is handed over, never from a global one."""
    exercise(component)  # loads the libraries whose state is watched
    with known_global_state():
        before = global_state()
        exercise(component)
        after = global_state()
    for name, old, new in zip(("random", "numpy", "torch"), before, after, strict=True):
        assert old == new, f"the global generator of {name} was used or seeded"


@promise_of("every", since="0.1")
def check_prints_nothing(component: Component) -> None:
    """Nothing is written to standard output or standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        exercise(component)
    assert not out.getvalue(), f"standard output: {out.getvalue()[:200]!r}"
    assert not err.getvalue(), f"standard error: {err.getvalue()[:200]!r}"
