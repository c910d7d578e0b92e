"""Several encoders from one declaration, one a seed: ``NAME#0``, ``NAME#1``."""

from __future__ import annotations

from typing import Any

from sondage.errors import RegistryError
from sondage.host import Host
from sondage.registry.document import Keys
from sondage.registry.file import Registry
from sondage.registry.models import Declaration, EncoderDeclaration
from sondage.registry.naming import joined, parted
from sondage.registry.signature import model_of, references

Seeds = tuple[int, ...]


class Seeded:
    """Knows which declared encoders are several, one a seed, and what each of them is.

    They are those declared with ``seeds``, and those made of one of these: of each of its seeds
    another encoder is made.

    Parameters
    ----------
    host : Host
    registry : Registry
    """

    def __init__(self, host: Host, registry: Registry) -> None:
        self._host = host
        self._registry = registry
        self._found: dict[str, Seeds] = {}

    def seeds(self, name: str) -> Seeds:
        """Return the seeds of a declared encoder; none if it is one encoder."""
        if name not in self._found:
            declaration = self._registry.declared("encoder").get(name)
            self._found[name] = ()  # of what is made of itself; building it says so
            try:
                if declaration is not None:
                    self._found[name] = self.seeds_in(declaration, ("encoders", name), name)
            except RegistryError:
                del self._found[name]
                raise
        return self._found[name]

    def seeds_in(self, declaration: Declaration, path: Keys, label: str) -> Seeds:
        """Return the seeds of an encoder that is declared at `path`; none if it is one encoder.

        Raises
        ------
        RegistryError
            If it has seeds and its component no parameter for one, or if it has seeds of its own
            and is made of an encoder with others.
        """
        own = own_seeds(declaration)
        made_of = self._several(declaration)
        if own:
            self._check_own(declaration, path, label, made_of)
            return own
        if len(set(made_of.values())) > 1:
            listed = ", ".join(f"'{name}' {list(seeds)}" for name, seeds in made_of.items())
            raise RegistryError(
                f"encoder '{label}' is made of encoders with different seeds: {listed}",
                where=self._registry.document.where(*path),
                hint="give them the same seeds, or name one of each: NAME#SEED",
            )
        return next(iter(made_of.values()), ())

    def one(self, declaration: Declaration, seed: int | str) -> Declaration:
        """Return what is declared for one of the seeds of such an encoder."""
        use, label, given = declaration.use, declaration.label, declaration.parameters
        if own_seeds(declaration):
            return Declaration(use=use, label=label, **{**given, "seed": int(seed)})
        for name in self._references(declaration):
            given[name] = self._of_seed(given.get(name), seed)
        return Declaration(use=use, label=label, **given)

    def _check_own(
        self, declaration: Declaration, path: Keys, label: str, made_of: dict[str, Seeds]
    ) -> None:
        where = self._registry.document.where(*path, "seeds")
        if made_of:
            name, seeds = next(iter(made_of.items()))
            raise RegistryError(
                f"encoder '{label}' has seeds of its own, and is made of '{name}', which is "
                f"{len(seeds)} encoders, one a seed",
                where=where,
                hint=f"name one: {joined(name, seeds[0])}",
            )
        if "seed" in declaration.parameters:
            raise RegistryError(
                f"encoder '{label}' has both 'seed' and 'seeds'", where=where, hint="keep one"
            )
        factory = self._factory(declaration)
        if factory is not None and "seed" not in model_of(factory).model_fields:
            raise RegistryError(
                f"encoder '{label}' has seeds, but {declaration.use} has no parameter 'seed'",
                where=where,
                hint=f"sondage describe encoder {declaration.use}",
            )

    def _several(self, declaration: Declaration) -> dict[str, Seeds]:
        """Return the encoders that this one is made of and that are several, with their seeds."""
        names = {
            family: seeds
            for value in declaration.parameters.values()
            for family in _families(value)
            if (seeds := self.seeds(family))
        }
        if not names:
            return {}
        used = {
            family
            for name in self._references(declaration)
            for family in _families(declaration.parameters.get(name))
        }
        return {family: seeds for family, seeds in names.items() if family in used}

    def _of_seed(self, value: Any, seed: int | str) -> Any:
        if isinstance(value, list):
            return [self._of_seed(v, seed) for v in value]
        if not isinstance(value, str):
            return value
        family, own, step = parted(value)
        return value if own or not self.seeds(family) else joined(family, seed, step)

    def _references(self, declaration: Declaration) -> list[str]:
        """Return the parameters that name encoders."""
        factory = self._factory(declaration)
        if factory is None:
            return []
        return [name for name, kind in references(factory).items() if kind == "encoder"]

    def _factory(self, declaration: Declaration) -> type[Any] | None:
        try:
            return self._host.find("encoder", declaration.use).spec.load()
        except Exception:  # building it says what is wrong
            return None


def several(label: str, seeds: Seeds, wanted_by: str, where: str) -> RegistryError:
    """Return the error for one encoder that is wanted and several that are named."""
    return RegistryError(
        f"{wanted_by} needs one encoder, but '{label}' is {len(seeds)}, one a seed",
        where=where,
        near=[joined(label, seed) for seed in seeds][:10],
        hint=f"name one: {joined(label, seeds[0])}",
    )


def own_seeds(declaration: Declaration) -> Seeds:
    """Return the seeds that are declared with an encoder."""
    found = declaration.seeds if isinstance(declaration, EncoderDeclaration) else None
    return tuple(found or ())


def _families(value: Any) -> list[str]:
    """Return the declared names among what may name encoders, but not those of one seed."""
    values = value if isinstance(value, list) else [value]
    parts = [parted(v) for v in values if isinstance(v, str)]
    return [family for family, seed, _ in parts if not seed]
