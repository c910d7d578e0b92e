"""From a declaration to a component: find it, check its parameters, construct it."""

from __future__ import annotations

import contextlib
import json
import traceback
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from sondage.contracts import Series
from sondage.errors import (
    DataError,
    ParameterError,
    RegistryError,
    SondageError,
    UnknownComponentError,
    nearest,
)
from sondage.guard.guarded import guarded
from sondage.guard.isolation import Isolation
from sondage.host import NAME, Host, Offer
from sondage.registry import Registry, registry_error
from sondage.registry.built import Built, at_step, imported
from sondage.registry.document import Keys
from sondage.registry.models import Declaration, EncoderDeclaration
from sondage.registry.named_data import NamedData
from sondage.registry.naming import joined, parted
from sondage.registry.seeded import Seeded, several
from sondage.registry.shown import Shown
from sondage.registry.signature import model_of, references
from sondage.registry.values import finite, naming, refuse_nan, substituted
from sondage.specs import Kind


class Builder:
    """Builds what a registry declares, each component once.

    Parameters
    ----------
    host : Host
    registry : Registry
    """

    def __init__(self, host: Host, registry: Registry) -> None:
        self._host = host
        self._registry = registry
        self._seeded = Seeded(host, registry)
        self._data = NamedData(host, registry.document)
        self._shown = Shown(registry.overrides)
        self._built: dict[tuple[Kind, str], Built] = {}
        self._open: list[tuple[Kind, str]] = []

    def members(
        self, kind: Kind, item: str | dict[str, Any], path: Keys, wanted_by: str
    ) -> list[Built]:
        """Build all that an item names: of an encoder with several seeds, one for each.

        Parameters and errors are those of `build`.
        """
        if kind != "encoder":
            return [self.build(kind, item, path, wanted_by)]
        if isinstance(item, dict):
            declaration = self._inline(kind, item, path)
            seeds = self._seeded.seeds_in(declaration, path, declaration.use)
            if not seeds:
                return [self.build(kind, item, path, wanted_by)]
            use, one = declaration.use, self._seeded.one
            return [
                self._construct(kind, joined(use, s), one(declaration, s), path, wanted_by)
                for s in seeds
            ]
        name, seed, step = parted(item)
        seeds = () if seed else self._seeded.seeds(name)
        names = [joined(name, s, step) for s in seeds] or [item]
        return [self.build(kind, one, path, wanted_by) for one in names]

    def build(self, kind: Kind, item: str | dict[str, Any], path: Keys, wanted_by: str) -> Built:
        """Build one component.

        Parameters
        ----------
        kind : str
        item : str or dict
            A declared name, a component's name, or an inline declaration.
        path : tuple
            Where `item` stands in the file.
        wanted_by : str
            Who needs it, for messages.

        Raises
        ------
        UnknownComponentError, ParameterError, RegistryError
        """
        if isinstance(item, str) and "@" in item and kind == "encoder":
            name, _, step = item.rpartition("@")
            return self._one_step(self.build(kind, name, path, wanted_by), step, path, wanted_by)
        if isinstance(item, dict):
            declaration = self._inline(kind, item, path)
            self._need_one(kind, declaration, path, wanted_by)
            return self._construct(kind, declaration.use, declaration, path, wanted_by)
        if (kind, item) in self._built:
            return self._built[kind, item]
        declared = self._registry.declared(kind)
        family, seed, _ = parted(item)
        if item in declared:
            declaration = declared[item]
            self._need_one(kind, declaration, path, wanted_by, item)
            path = (f"{kind}s", item)
        elif kind == "encoder" and seed in map(str, self._seeded.seeds(family)):
            declaration = self._seeded.one(declared[family], seed)
            path = ("encoders", family)
        elif NAME.fullmatch(item):
            declaration = Declaration(use=item)
        else:
            seeds = self._seeded.seeds(family) if kind == "encoder" else ()
            names = [*declared, *(joined(family, s) for s in seeds)]
            names += [o.spec.name for o in self._host.offers(kind)]
            raise UnknownComponentError(
                f"{wanted_by} needs {kind} '{item}', which the registry does not declare",
                where=self._registry.document.where(*path),
                near=nearest(item, names),
                hint=f"declare it under '{kind}s:', or see: sondage list {kind}s",
            )
        if (kind, item) in self._open:
            loop = " -> ".join([n for _, n in self._open] + [item])
            raise RegistryError(
                f"{kind} '{item}' is made of itself: {loop}",
                where=self._registry.document.where(*path),
            )
        self._open.append((kind, item))
        try:
            built = self._construct(kind, item, declaration, path, wanted_by)
        finally:
            self._open.pop()
        self._built[kind, item] = built
        return built

    def check_files(self, task: Built, path: Keys) -> None:
        """Ask a task that is used for its fingerprint; `path` is where the file names it.

        Raises
        ------
        SondageError
            As the task does, with the task's name and the line that names the missing file.
        """
        with self.told(task, path):
            getattr(task.instance, "fingerprint", None)

    @contextlib.contextmanager
    def told(self, built: Built, path: Keys) -> Iterator[None]:
        """Let a component's error say whose it is and where the file declares it.

        Parameters
        ----------
        built : Built
        path : tuple
            Where the file names it, for one that is not declared.
        """
        try:
            yield
        except SondageError as error:
            if isinstance(error, DataError):
                self._data.mended(error)
            named = naming(built.parameters, getattr(error, "named", ""))
            family = parted(built.label)[0]
            if family in self._registry.declared(built.kind):
                path = (f"{built.kind}s", family)
            who = f"{built.kind} '{built.label}'"
            if who not in error.message:
                error.message = f"{who}: {error.message}"
            if not error.where or error.where.startswith(built.use.partition(".")[0] + "."):
                error.where = self._registry.document.where(*path, *named[:1])
            raise

    def _one_step(self, built: Built, step: str, path: Keys, wanted_by: str) -> Built:
        with self.told(built, path):
            steps = built.instance.steps if isinstance(built.instance, Series) else ()
        names = {str(s): s for s in steps} | ({"last": steps[-1]} if steps else {})
        if step not in names:
            raise RegistryError(
                f"{wanted_by} needs step '{step}' of encoder '{built.label}', which has "
                + ("the steps named below" if names else "no steps"),
                where=self._registry.document.where(*path),
                near=list(names)[:30],
            )
        return at_step(built, names[step])

    def _inline(self, kind: Kind, item: dict[str, Any], path: Keys) -> Declaration:
        model = EncoderDeclaration if kind == "encoder" else Declaration
        try:
            return model.model_validate(item)
        except ValidationError as error:
            raise registry_error(error, self._registry.document, path, model) from error

    def _need_one(
        self, kind: Kind, declaration: Declaration, path: Keys, wanted_by: str, name: str = ""
    ) -> None:
        """Refuse an encoder that is several, one a seed."""
        if kind != "encoder":
            return
        label = name or declaration.use
        known = self._seeded
        seeds = known.seeds(name) if name else known.seeds_in(declaration, path, label)
        if seeds:
            raise several(label, seeds, wanted_by, self._registry.document.where(*path))

    def _construct(
        self, kind: Kind, label: str, declaration: Declaration, path: Keys, wanted_by: str
    ) -> Built:
        document = self._registry.document
        offer = self._host.find(
            kind, declaration.use, wanted_by=wanted_by, where=document.where(*path, "use")
        )
        who = f"{kind} '{label}' ({offer.spec.name})"
        factory = imported(offer)
        values = self._checked(offer, factory, declaration.parameters, path, who)
        arguments = {name: getattr(values, name) for name in type(values).model_fields}
        parameters = finite(values.model_dump(mode="json"))
        made_of: list[Built] = []
        for name, ref_kind in references(factory).items():
            arguments[name], parameters[name] = self._referred(
                ref_kind, arguments[name], (*path, name), f"{kind} '{label}'", made_of
            )
        try:
            with guarded(Isolation()):
                instance = factory(**arguments)
        except SondageError as error:
            error.where = error.where or document.where(*path)
            raise
        except Exception as error:
            # What else it raises is a slip of its author, who is told where.
            said = str(error) if isinstance(error, TypeError | ValueError) else _raised(error)
            hint = f"sondage describe {kind} {offer.spec.name}"
            raise ParameterError(
                f"{who}: {said}", where=document.where(*path), hint=hint
            ) from error
        shown, renamed = self._shown.of(kind, label, declaration, made_of)
        parts = tuple(made_of)
        return Built(kind, label, offer, parameters, instance, parts, shown=shown, renamed=renamed)

    def _checked(
        self, offer: Offer, factory: type[Any], parameters: dict[str, Any], path: Keys, who: str
    ) -> BaseModel:
        """Return what is given and what is not as the constructor's types say, or raise."""
        model = model_of(factory)
        given = substituted(parameters, self._registry.document, path)
        refuse_nan(given, self._registry.document, path, who)
        if offer.spec.kind == "task":
            whole = "data" not in model.model_fields
            given = self._data.resolved(given, path, who, whole=whole)
        try:
            return model.model_validate_json(json.dumps(given))
        except ValidationError as error:
            found = registry_error(error, self._registry.document, path, model)
            hint = f"sondage describe {offer.spec.kind} {offer.spec.name}"
            first, *others = (
                ParameterError(f"{who}: {e.message}", where=e.where, near=e.near, hint=hint)
                for e in (found, *found.others)
            )
            first.others = tuple(others)
            raise first from error

    def _referred(
        self, kind: Kind, value: Any, path: Keys, wanted_by: str, made_of: list[Built]
    ) -> tuple[Any, Any]:
        if value is None:
            return None, None
        if isinstance(value, list | tuple):
            pairs = [
                self._referred(kind, v, (*path, i), wanted_by, made_of) for i, v in enumerate(value)
            ]
            return [p[0] for p in pairs], [p[1] for p in pairs]
        built = self.build(kind, value, path, wanted_by)
        if not hasattr(built.instance, "encode") and isinstance(built.instance, Series):
            raise RegistryError(
                f"{wanted_by} needs one encoder, but '{built.label}' is a series of checkpoints",
                where=self._registry.document.where(*path),
                hint=f"name a step: {built.label}@last",
            )
        if kind == "task":
            self.check_files(built, path)
        made_of.append(built)
        with self.told(built, path):
            return built.instance, built.key


def _raised(error: Exception) -> str:
    at = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({at[0].filename}:{at[0].lineno})" if at else ""
    return f"{type(error).__name__}: {error}{where}"
