"""A run as one file: a zip with a checksum of everything, read back with care."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import sondage
from sondage.errors import ResultsError
from sondage.records.folder import SCHEMA, RunFolder
from sondage.store import disk

#: The list of contents, and the version of what it says.
CONTENTS, FORMAT = "sondage-run.json", 1
#: Versions of ``run.json`` that are understood.
HEADERS = (1,)
#: Bytes unpacked, and files, at most: more than any run, less than a disk.
MOST_BYTES, MOST_FILES = 50 * 2**30, 200_000
_LEFT_OUT = re.compile(r"(^|/)\.|^summary\.json$|^cells\.damaged$")
_KNOWN = re.compile(r"(run\.json|cells\.jsonl|history\.jsonl|artifacts/[0-9a-f]+\.npz|reports/.+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_PIECE = 1 << 20


def export(folder: RunFolder, path: Path) -> int:
    """Write a run as one file, and return its size in bytes; the same run is the same bytes.

    The header, the results with their arrays, the history and the reports go in; what is computed
    from these does not.

    Raises
    ------
    ResultsError
        If the run cannot be read or the file not be written; none is left half-written.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        files = sorted(_files_of(folder.path))
        contents = {
            "format": FORMAT,
            "sondage": sondage.__version__,
            "run": folder.path.name,
            "files": {name: _file_entry(folder.path / name) for name in files},
        }
        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_member(CONTENTS), json.dumps(contents, indent=1))
            for name in files:
                inside = archive.open(_member(name), "w", force_zip64=True)
                with inside, open(folder.path / name, "rb") as file:
                    shutil.copyfileobj(file, inside, _PIECE)
        scratch.replace(path)
        return path.stat().st_size
    except OSError as error:
        raise ResultsError(
            f"the run cannot be exported: {error.strerror or error}", where=str(path)
        ) from error
    finally:
        scratch.unlink(missing_ok=True)


def _files_of(folder: Path) -> Iterator[str]:
    for file in folder.rglob("*"):
        name = file.relative_to(folder).as_posix()
        kept = _KNOWN.fullmatch(name) and not _LEFT_OUT.search(name)
        if kept and file.is_file() and not file.is_symlink():
            yield name


def _file_entry(file: Path) -> dict[str, Any]:
    with open(file, "rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return {"size": file.stat().st_size, "sha256": digest}


def _member(name: str) -> zipfile.ZipInfo:
    # Of a fixed date, as zip files begin with.
    found = zipfile.ZipInfo(name)
    found.compress_type = zipfile.ZIP_DEFLATED
    found.external_attr = 0o644 << 16
    return found


def unpack_run(path: Path, root: Path) -> tuple[RunFolder, bool]:
    """Unpack an exported run under a folder of runs, whole or not at all.

    Returns
    -------
    folder : RunFolder
    new : bool
        False if the run is there already, with the same results.

    Raises
    ------
    ResultsError
        If the file is none that `export` wrote, is damaged, comes from a newer version, or if
        another run of that name is there.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            contents = _contents(archive, path)
            folder = root.absolute() / contents["run"]
            if os.path.lexists(folder):
                return _already_there(folder, contents, path), False
            scratch = root.absolute() / f".{contents['run']}.{os.getpid()}"
            try:
                _unpacked(archive, contents["files"], scratch, path)
                _check_versions(RunFolder(scratch), path)
                scratch.replace(folder)
            finally:
                if scratch.exists():
                    disk.take_away(scratch)
            return RunFolder(folder), True
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _no_parcel(path, f"it is damaged or no zip file: {error}") from error
    except OSError as error:
        said = f"{error.strerror or error}"
        raise ResultsError(f"the run cannot be imported: {said}", where=str(path)) from error


def _contents(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    """Return the list of contents, checked against what the archive says of itself."""
    names = archive.namelist()
    if CONTENTS not in names or archive.getinfo(CONTENTS).file_size > _PIECE * 100:
        raise _no_parcel(path, f"it holds no {CONTENTS}")
    try:
        found = json.loads(archive.read(CONTENTS))
        version, run, files = found["format"], found["run"], found["files"]
        sizes = [(int(told["size"]), str(told["sha256"])) for told in files.values()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _no_parcel(path, f"its {CONTENTS} cannot be read") from error
    if version != FORMAT:
        raise ResultsError(
            f"'{path.name}' was exported in format {version!r:.20} by sondage "
            f"{found.get('sondage', 'of another version')!s:.20}; this one knows {FORMAT}",
            where=str(path),
            hint="pip install --upgrade sondage",
        )
    if not isinstance(run, str) or not _NAME.fullmatch(run):
        raise _no_parcel(path, f"it names a run {run!r:.80}, which is no name of one")
    for name in (*files, *names):
        if name != CONTENTS and not _is_of_a_run(name):
            raise _no_parcel(path, f"it holds {name!r:.80}, which is no part of a run")
    if sorted(names) != sorted([CONTENTS, *files]) or "run.json" not in files:
        raise _no_parcel(path, f"its files are not those of its {CONTENTS}")
    if len(files) > MOST_FILES or sum(max(size, 0) for size, _ in sizes) > MOST_BYTES:
        raise _no_parcel(path, "it is larger than any run")
    if any(stat.S_ISLNK(one.external_attr >> 16) for one in archive.infolist()):
        raise _no_parcel(path, "it holds a link")
    return {"run": run, "files": files}


def _is_of_a_run(name: str) -> bool:
    parts = name.split("/")
    inside = all(part not in ("", ".", "..") for part in parts) and len(name) < 500
    return inside and name.isprintable() and "\\" not in name and bool(_KNOWN.fullmatch(name))


def _unpacked(archive: zipfile.ZipFile, files: dict[str, Any], scratch: Path, path: Path) -> None:
    for name, told in files.items():
        file = scratch / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as inside, open(file, "xb") as out:
            digest = _copied(inside, out, int(told["size"]))
            out.flush()
            os.fsync(out.fileno())
        if digest != told["sha256"]:
            raise _no_parcel(path, f"'{name}' is damaged: its checksum differs")


def _copied(inside: IO[bytes], out: IO[bytes], size: int) -> str:
    """Copy at most so many bytes, and return their checksum; '' if there are more or fewer."""
    digest, left = hashlib.sha256(), size
    while block := inside.read(min(_PIECE, left + 1)):
        left -= len(block)
        if left < 0:
            return ""
        digest.update(block)
        out.write(block)
    return digest.hexdigest() if left == 0 else ""


def _already_there(folder: Path, contents: dict[str, Any], path: Path) -> RunFolder:
    mine = folder / "cells.jsonl"
    theirs = contents["files"].get("cells.jsonl")
    if mine.is_file() and _file_entry(mine) == theirs:
        return RunFolder(folder)
    raise ResultsError(
        f"there is a run '{contents['run']}' already, with other results",
        where=str(folder),
        hint=f"move it away, or: SONDAGE_RUNS=elsewhere sondage import {path.name}",
    )


def _check_versions(folder: RunFolder, path: Path) -> None:
    """Refuse what a newer version wrote; what an older one wrote is read."""
    header = folder.header()
    if header.get("schema", 1) not in HEADERS:
        raise newer(header, path)
    if any(record.get("schema", 1) > SCHEMA for record in folder.records()):
        raise newer(header, path)


def newer(header: dict[str, Any], where: Path) -> ResultsError:
    """Return the error for a run that a newer version wrote."""
    versions = header.get("versions")
    by = versions.get("sondage") if isinstance(versions, dict) else None
    return ResultsError(
        f"the run was written by a newer sondage{f' ({by})' if by else ''}: it cannot be read here",
        where=str(where),
        hint="pip install --upgrade sondage",
    )


def _no_parcel(path: Path, why: str) -> ResultsError:
    return ResultsError(
        f"'{path.name}' is no exported run: {why}",
        where=str(path),
        hint="sondage export RUN writes one",
    )
