"""What a piece of work asks of a worker, in Dask's resources, and whether any worker has it.

A worker declares what it has when it is started: ``dask worker --resources "GPU=1"``. What no
worker declares is asked of none: then the work goes to any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sondage.execute.engines import encoders_of
from sondage.execute.node import Item
from sondage.execute.sizes import Sizes
from sondage.plain import size
from sondage.plan.cells import Job, Passing, Training
from sondage.registry.built import Built

#: A device that one piece of work has for itself.
GPU = "GPU"
#: Processors; a worker that declares none of them takes no work that needs no device.
CPU = "CPU"
#: Bytes.
MEMORY = "MEMORY"

Resources = dict[str, float]


@dataclass(frozen=True)
class Workers:
    """What each worker of a cluster has declared.

    Attributes
    ----------
    each : tuple of mapping of str to float
        Resource to quantity.
    """

    each: tuple[Mapping[str, float], ...]

    def declare(self, resource: str) -> bool:
        """Return whether any worker has some of a resource."""
        return any(one.get(resource, 0) > 0 for one in self.each)

    def can_take(self, asked: Resources) -> bool:
        """Return whether one worker has all that is asked."""
        return any(all(one.get(k, 0) >= n for k, n in asked.items()) for one in self.each)


def wants_device(item: Item) -> bool:
    """Return whether a piece of work runs on a device where there is one.

    That is a component's parameter ``device``: all but ``cpu`` want one. An encoder without that
    parameter goes by the encoders that it is made of, and wants one if none of them says.
    Probes and metrics without it compute on processors.
    """
    if isinstance(item, Training):
        return _encoder_wants(item.encoder)
    if any(_encoder_wants(built) for built in encoders_of(item)):
        return True
    jobs = item.jobs if isinstance(item, Passing) else (item,) if isinstance(item, Job) else ()
    return any(
        _device(built) not in ("", "cpu")
        for job in jobs
        for built in (job.component, *job.component.made_of)
    )


def _device(built: Built) -> str:
    found = built.parameters.get("device")
    return found if isinstance(found, str) else ""


def _encoder_wants(encoder: Built) -> bool:
    own = _device(encoder)
    if own:
        return own != "cpu"
    below = [one for one in encoder.made_of if one.kind == "encoder"]
    return not below or any(_encoder_wants(one) for one in below)


def asked_by(item: Item, workers: Workers, sizes: Sizes) -> Resources:
    """Return what a piece of work asks, of what some worker declares.

    Parameters
    ----------
    item : Training, Encoding, Passing or Job
    workers : Workers
    sizes : Sizes
        Of what jobs read; asked only where workers declare memory.
    """
    if wants_device(item) and workers.declare(GPU):
        return {GPU: 1}
    asked: Resources = {CPU: 1} if workers.declare(CPU) else {}
    if isinstance(item, Job) and workers.declare(MEMORY):
        needed = sizes.memory_of(item)
        asked |= {MEMORY: needed} if needed else {}
    return asked


def why_none(asked: Resources, workers: Workers) -> str:
    """Return in words why no worker can ever take what asks this."""
    said = []
    for name, n in asked.items():
        most = max((one.get(name, 0) for one in workers.each), default=0)
        if most < n:
            wanted, there = (size(int(n)), size(int(most))) if name == MEMORY else (n, most)
            said.append(f"{wanted} of {name}, where the most that one has is {there}")
    return "; ".join(said) or " and ".join(asked) + ", which no one worker has all of"
