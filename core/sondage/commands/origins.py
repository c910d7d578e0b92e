"""Which models stand behind a declared encoder, as far as what is here tells it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sondage.errors import SondageError
from sondage.guard.guarded import guarded
from sondage.guard.isolation import Isolation
from sondage.host import Host, extras
from sondage.plain import flat
from sondage.registry import Registry
from sondage.registry.build import Builder

#: Set, to anything, where nothing is to be downloaded; plugins that would heed it.
OFFLINE = "SONDAGE_OFFLINE"


def origins_of(name: str, found: Registry, host: Host) -> list[str]:
    """Return lines on the models that a declared encoder is, or is made of.

    Nothing is downloaded: what is not here is said not to be.
    """
    try:
        with _offline(), guarded(Isolation()):
            builder = Builder(host, found)
            built = builder.members("encoder", name, ("encoders", name), "the command")
            origins = {str(o): o for one in built for o in one.origins}
            made = all(not isinstance(one.origin, Mapping) for one in built)
    except SondageError as error:
        more = f"; {error.hint}" if error.hint else ""
        return [f"origin: cannot be told: {flat(error.message)}{flat(more)}"]
    except Exception as error:
        said = extras.explained(error) or f"{type(error).__name__}: {error}"
        return [f"origin: cannot be told: {flat(said)}"]
    if not origins:
        return ["origin: it does not say which model it is"]
    return [line for origin in origins.values() for line in _lines(origin, made=made)]


def _lines(origin: Mapping[str, str], *, made: bool) -> Iterator[str]:
    def said(key: str) -> str:
        return flat(origin.get(key) or "")

    yield f"origin: {'made of ' if made else ''}{said('model')}"
    told = {"is": "is", "checked": "checked by", "revision": "revision", "licence": "licence",
            "files": "checksum of its files"}  # fmt: skip
    yield from (f"  {what}: {said(key)}" for key, what in told.items() if said(key))


@contextmanager
def _offline() -> Iterator[None]:
    before = os.environ.get(OFFLINE)
    os.environ[OFFLINE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[OFFLINE]
        else:
            os.environ[OFFLINE] = before
