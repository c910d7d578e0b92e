"""Which workers may take part: those that have what the plan was made with, and see its folders."""

from __future__ import annotations

import os
import platform
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import sondage
from sondage.errors import ClusterError, ClusterLostError, StoreError
from sondage.store import machine
from sondage.store.entries import abandoned

#: Seconds to wait for a first worker: it may have to come up on a slow file system.
PATIENCE = 120
#: Where workers that come late say why they were sent away.
TOPIC = "sondage-refused"
#: How often, and how many seconds apart, a worker looks for a file that was just written.
_TRIES, _APART = 5, 0.2
#: How the files begin that workers are asked for.
_SEEN = ".seen-"


def installed(names: Sequence[str]) -> dict[str, str]:
    """Return the versions of the core and of these distributions here; '' where one is absent."""
    found = {"sondage": sondage.__version__}
    for name in (n for n in names if n != "sondage"):
        try:
            found[name] = this_python() if name == "python" else version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def this_python() -> str:
    """Return the version of Python up to which code that travels is alike: ``3.11``."""
    return ".".join(platform.python_version_tuple()[:2])


def check_versions(worker: str, found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raise `ClusterError` if a worker has not the wanted versions, with the first that differs."""
    for name, need in wanted.items():
        if found[name] != need:
            has = f"has {name} {found[name]}" if found[name] else f"lacks {name}"
            raise ClusterError(
                f"a worker {has}, but the run was planned with {name} {need}",
                where=worker,
                hint=f"install {name} {need} there, and start the worker again",
            )


def refuse_unlike(client: Any, wanted: Mapping[str, str]) -> None:
    """Refuse workers that have not what the plan was made with: they would run other code.

    Parameters
    ----------
    client : distributed.Client
    wanted : mapping
        Distribution to version, ``sondage`` among them; ``python``, too.

    Raises
    ------
    ClusterError
        With the worker, the distribution and both versions.
    ClusterLostError
        If there is no worker.
    """
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
        answers = client.run(installed, list(wanted), on_error="return")
    except (OSError, TimeoutError) as error:
        raise ClusterLostError(
            f"the cluster has no worker that answers within {PATIENCE} seconds",
            hint="start some with 'dask worker ADDRESS', or use --workers N",
        ) from error
    for worker, found in answers.items():
        if isinstance(found, OSError):
            continue  # It has just left.
        if isinstance(found, BaseException):
            raise ClusterError(
                f"a worker cannot run sondage: {found}",
                where=worker,
                hint=f"install sondage {wanted['sondage']} there",
            )
        check_versions(worker, found, wanted)


def unseen(marks: Mapping[str, str]) -> list[str]:
    """Return the files of these that are not seen here, or hold something else."""
    for left in range(_TRIES, -1, -1):
        out = []
        for path, text in marks.items():
            try:
                seen = Path(path).read_text("utf-8") == text
            except OSError:
                seen = False
            out += [] if seen else [path]
        if not out or not left:
            return out
        # On a network's file system a new file may take a moment to show.
        time.sleep(_APART)
    return out


def refuse_blind(client: Any, marks: Mapping[str, str]) -> None:
    """Refuse workers that do not see the folders of the store and of the run.

    Activations never travel: each worker reads and writes them where all see them.

    Parameters
    ----------
    client : distributed.Client
    marks : mapping of str to str
        Files that were just written there, and what they hold.

    Raises
    ------
    ClusterError
        With the worker and the folder.
    """
    for worker, out in client.run(unseen, dict(marks), on_error="return").items():
        if isinstance(out, BaseException) or not out:
            continue
        raise ClusterError(
            f"a worker does not see the folder {Path(out[0]).parent}, which it would share",
            where=worker,
            hint="set SONDAGE_STORE and SONDAGE_RUNS to folders on a file system that all "
            "machines see, under the same path",
        )


@contextmanager
def admitted(
    client: Any, wanted: Mapping[str, str], folders: Sequence[Path], *, late: bool
) -> Iterator[None]:
    """Refuse workers that cannot take part; while within, send away such as come late.

    Parameters
    ----------
    client : distributed.Client
    wanted : mapping of str to str
        As `refuse_unlike` takes it.
    folders : sequence of Path
        What all workers have to see.
    late : bool
        Whether workers may come that this process has not started.

    Raises
    ------
    ClusterError
        Before anything starts.
    """
    refuse_unlike(client, wanted)
    if not late:
        yield
        return
    token = secrets.token_hex(8)
    name = f"{_SEEN}{machine.this_machine()}-{os.getpid()}-{token}"
    marks = {str(folder.absolute() / name): token for folder in folders}
    for folder in folders:
        _sweep(folder)
    try:
        _write(marks)
        refuse_blind(client, marks)
        client.register_plugin(_gate(f"sondage-{token}", dict(wanted), marks))
        client.register_plugin(_keeper(f"sondage-{token}", client.id))
        yield
    finally:
        for path in marks:
            with suppress(OSError):
                Path(path).unlink()


def _sweep(folder: Path) -> None:
    """Remove what killed runs left, as `Store.sweep` does."""
    for path in folder.glob(f"{_SEEN}*"):
        if abandoned(path, _SEEN):
            with suppress(OSError):
                path.unlink()


def _write(marks: Mapping[str, str]) -> None:
    for path, text in marks.items():
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text, "utf-8")
        except OSError as error:
            raise StoreError(
                f"the folder cannot be written: {error.strerror or error}",
                where=str(Path(path).parent),
                hint="set SONDAGE_STORE and SONDAGE_RUNS to folders of your own",
            ) from error


def _gate(gate: str, wanted: dict[str, str], marks: dict[str, str]) -> Any:
    """Return what each worker does as it joins: see whether it fits, and leave if not.

    It is a class in a function, so that it travels as code: a worker without sondage reads it, too.
    """
    from distributed import WorkerPlugin

    topic = TOPIC

    class Gate(WorkerPlugin):
        name = gate

        def setup(self, worker: Any) -> None:
            wrong = self.wrong()
            if wrong:
                worker.log_event(topic, f"worker {worker.address} {wrong}, and is sent away")
                worker.loop.add_callback(worker.close, reason=wrong, executor_wait=False)

        def wrong(self) -> str:
            for name, need in wanted.items():
                has = self.version(name)
                if has != need:
                    return f"has {name} {has}, not {need}" if has else f"lacks {name}"
            for path, text in marks.items():
                try:
                    with open(path, encoding="utf-8") as file:
                        seen = file.read() == text
                except OSError:
                    seen = False
                if not seen:
                    return f"does not see {path.rpartition('/')[0]}"
            return ""

        def version(self, name: str) -> str:
            import importlib
            import importlib.metadata
            import sys

            try:
                if name == "python":
                    return "{}.{}".format(*sys.version_info)
                if name == "sondage":
                    return str(importlib.import_module(name).__version__)
                return importlib.metadata.version(name)
            except ImportError:  # also of a distribution that is not there
                return ""

    return Gate()


def _keeper(gate: str, client_id: str) -> Any:
    """Return what takes the gate away once the run's own process is gone, however it ended."""
    from distributed import SchedulerPlugin

    class Keeper(SchedulerPlugin):
        name = f"{gate}-keeper"

        def remove_client(self, scheduler: Any, client: str) -> None:
            if client == client_id:
                scheduler.worker_plugins.pop(gate, None)
                scheduler.plugins.pop(self.name, None)

    return Keeper()
