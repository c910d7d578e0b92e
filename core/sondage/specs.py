"""What a plugin's hooks return: frozen descriptions that import their code when used."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Kind = Literal["encoder", "task", "probe", "metric", "report"]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A component on offer.

    Parameters
    ----------
    name : str
        ``plugin.component``; the host checks the prefix.
    factory : type or str
        The class, or ``"package.module:Class"``, imported at first use.
    summary : str
        One line for listings.
    reference : str
        The publication it implements, with section or equation.
    superseded_by : str
        The name that replaces this one, where its meaning had to change.
    """

    kind: ClassVar[Kind]
    name: str
    factory: type[Any] | str
    summary: str
    reference: str
    superseded_by: str = ""

    def load(self) -> type[Any]:
        """Import and return the class."""
        if not isinstance(self.factory, str):
            return self.factory
        module, _, attribute = self.factory.partition(":")
        loaded: type[Any] = getattr(importlib.import_module(module), attribute)
        return loaded


class EncoderSpec(Spec):
    """Describes an encoder."""

    kind = "encoder"


class TaskSpec(Spec):
    """Describes a task."""

    kind = "task"


class ProbeSpec(Spec):
    """Describes a probe."""

    kind = "probe"


class MetricSpec(Spec):
    """Describes a similarity metric."""

    kind = "metric"


class ReportSpec(Spec):
    """Describes a report: a paper's tables and figures from a run's results."""

    kind = "report"


SPECS: dict[Kind, type[Spec]] = {
    "encoder": EncoderSpec,
    "task": TaskSpec,
    "probe": ProbeSpec,
    "metric": MetricSpec,
    "report": ReportSpec,
}


@dataclass(frozen=True)
class Before:
    """Marks a parameter that is listed before another one, as ``Annotated[int, Before("files")]``.

    Without it a component's own parameters are listed after those that it inherits.

    Parameters
    ----------
    name : str
        The other parameter.
    """

    name: str
