"""What ``sondage doctor`` looks at; every part survives the failure of the others."""

from __future__ import annotations

import importlib
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import sondage
from sondage.host import extras
from sondage.store import paths

_LIBRARIES = (
    "numpy",
    "scipy",
    "pluggy",
    "pydantic",
    "pyyaml",
    "packaging",
    "typer",
    "rich",
    "xxhash",
    "filelock",
    "threadpoolctl",
    "pandas",
    "dask",
    "distributed",
    "cryptography",
    "duckdb",
    "pyarrow",
    "altair",
    "vl-convert-python",
    "pooch",
    "torch",
    "transformers",
    "scikit-learn",
)
_NEEDED = _LIBRARIES[:10]  # fmt: skip
_LITTLE = 2 << 30


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    subject: str
    said: str
    fine: bool = True
    detail: str = ""


def diagnose() -> Iterator[Finding]:
    """Yield what was found; a part that fails becomes a finding itself."""
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _python, _versions, _extras, _plugins, _registry, _folders, _data, _torch,
    )  # fmt: skip
    for look in looks:
        try:
            yield from look()
        except Exception as error:
            yield Finding(look.__name__.strip("_"), f"{type(error).__name__}: {error}", False)


def _python() -> Iterator[Finding]:
    yield Finding("sondage", f"{sondage.__version__} in {Path(sondage.__file__).parent}")
    yield Finding("python", f"{platform.python_version()} at {sys.executable}")
    yield Finding("machine", f"{platform.platform()}, {os.cpu_count()} processors")


def _versions() -> Iterator[Finding]:
    found, absent = [], []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            absent.append(name)
    yield Finding("libraries", ", ".join(found))
    missing = [name for name in absent if name in _NEEDED]
    if missing:
        yield Finding("libraries", f"missing: {', '.join(missing)}", False)


def _extras() -> Iterator[Finding]:
    for extra in extras.EXTRAS:
        lacks = extras.lacking(extra)
        said = (
            f"without {extras.together(lacks)}: {extras.install_line(extra)}" if lacks else "there"
        )
        yield Finding(f"extra {extra}", said)


def _plugins() -> Iterator[Finding]:
    from sondage.host import Host

    host = Host.discover(strict=False)
    for report in host.plugins:
        said = f"{report.distribution} {report.version} is {report.status}"
        said += f": {report.reason}" if report.reason else f", {len(report.components)} components"
        fine = report.status in ("active", "blocked")
        yield Finding(f"plugin {report.plugin}", said, fine, report.detail)
    if not host.plugins:
        yield Finding("plugins", "none is installed", False)
    for (kind, name), offer in host.catalogue.items():
        try:
            offer.spec.load()
        except Exception as error:
            yield Finding(
                f"{kind} {name}", f"cannot be imported: {type(error).__name__}: {error}", False
            )


def _registry() -> Iterator[Finding]:
    from sondage import registry

    found = registry.load()
    count = len(found.contents.compositions)
    yield Finding("registry", f"{registry.shipped()}, {count} compositions")


def _folders() -> Iterator[Finding]:
    for name, folder in (("store", paths.store_folder()), ("runs", paths.runs_folder())):
        # Nothing is made here: a folder is made by the first run.
        try:
            with tempfile.TemporaryFile(dir=paths.nearest_there(folder)):
                pass
        except OSError as error:
            yield Finding(name, f"{folder} cannot be written: {error.strerror}", False)
            continue
        free = paths.free(folder)
        said = f"{folder.absolute()}, {free / 2**30:.1f} GiB free"
        yield Finding(name, said, free >= _LITTLE)


def _data() -> Iterator[Finding]:
    from sondage.files.catalogue import cache_folder, data_folder, find
    from sondage.host import Host

    own = data_folder()
    if own is not None:
        there = own.is_dir()
        yield Finding("SONDAGE_DATA", str(own) if there else f"{own} is not a folder", there)
    specs = [offer.spec for offer in Host.discover(strict=False).data]
    whole = [spec for spec in specs if all(find(spec, file) for file in spec.files)]
    said = (
        f"{len(whole)} of {len(specs)} data sets are here whole; downloads go to {cache_folder()}"
    )
    yield Finding("data", said)


def _torch() -> Iterator[Finding]:
    try:
        torch = importlib.import_module("torch")
    except ImportError as error:
        yield Finding("torch", f"not importable ({error}); encoders of transformers need it")
        return
    yield Finding("torch", f"{torch.__version__}, {torch.get_num_threads()} threads")
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        yield Finding("cuda", ", ".join(names))
    else:
        yield Finding("cuda", "no device")
