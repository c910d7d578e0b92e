"""Where a dataset repository is here, and which files its splits are."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from sondage.errors import DataError, ParameterError, nearest

_SHARD = re.compile(r"(?P<split>[A-Za-z][A-Za-z_]*)(-\d+-of-\d+(-[0-9a-f]+)?)?")
_REPOSITORY = re.compile(r"[\w.-]+(/[\w.-]+)?")


def splits_of(repository: str, revision: str = "", config: str = "") -> dict[str, list[str]]:
    """Return the Parquet files of each split.

    Nothing is downloaded and no code of a repository is run.

    Parameters
    ----------
    repository : str
        A folder, or ``owner/name`` of what Hugging Face's client has downloaded.
    revision : str
        Of the latter: the commit, a tag or a branch.
    config : str
        The subset, where there are several.

    Returns
    -------
    dict of split to list of str
        As the repository's ``README.md`` says under ``configs``; else by the usual names:
        ``train-00000-of-00002.parquet``, ``train.parquet`` or ``train/0000.parquet``, in the
        repository, its folder ``data``, or that of the subset.

    Raises
    ------
    DataError
        If the repository is not here, holds no Parquet files, or not that subset.
    ParameterError
        For a repository's name without a revision.
    """
    root = _root(repository, revision)
    found = _declared(root) or _by_name(root)
    if not found:
        raise DataError(
            f"repository '{repository}' holds no Parquet files that are named by their split",
            where=str(root),
            hint="its branch refs/convert/parquet may have them",
        )
    if not config:
        config = next(iter(found)) if len(found) == 1 else "default"
    if config not in found:
        raise DataError(
            f"repository '{repository}' has no subset '{config}'",
            where=str(root),
            near=nearest(config, found) or list(found)[:10],
            hint="name one as 'config'",
        )
    return found[config]


def _root(repository: str, revision: str) -> Path:
    folder = Path(repository).expanduser()
    if folder.is_dir():
        return folder
    if not _REPOSITORY.fullmatch(repository):
        raise DataError(
            f"there is no folder '{repository}'", hint="name a folder, or a repository OWNER/NAME"
        )
    if not revision:
        raise ParameterError(
            f"repository '{repository}' is named without a revision",
            hint="revision: COMMIT, so that numbers stay what they are",
        )
    from huggingface_hub import snapshot_download

    try:
        # Downloads are the user's: only they see the licence of a repository.
        found = snapshot_download(
            repository, repo_type="dataset", revision=revision, local_files_only=True
        )
    except (OSError, ValueError) as error:
        raise DataError(
            f"repository '{repository}' at '{revision}' has not been downloaded",
            hint=f"hf download {repository} --repo-type dataset --revision {revision}",
        ) from error
    return Path(found)


def _declared(root: Path) -> dict[str, dict[str, list[str]]]:
    """Return what the front matter of README.md says."""
    try:
        text = (root / "README.md").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    front = re.match(r"---\s*\n(.*?)\n---\s*(\n|$)", text, re.S)
    try:
        said = yaml.safe_load(front[1]) if front else None
    except yaml.YAMLError:
        return {}
    configs = said.get("configs") if isinstance(said, dict) else None
    out: dict[str, dict[str, list[str]]] = {}
    for config in configs if isinstance(configs, list) else []:
        if isinstance(config, dict):
            splits = {split: _matching(root, paths) for split, paths in _parts(config)}
            out[str(config.get("config_name", "default"))] = {k: v for k, v in splits.items() if v}
    return {name: splits for name, splits in out.items() if splits}


def _parts(config: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for part in config.get("data_files") or []:
        if isinstance(part, dict):
            paths = part.get("path")
            yield str(part.get("split")), [paths] if isinstance(paths, str) else list(paths or [])


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.parquet") if path.is_file())


def _matching(root: Path, patterns: list[str]) -> list[str]:
    # The names that are there are compared, so that no pattern leads out of the repository.
    return [
        str(path)
        for path in _files(root)
        if any(fnmatch.fnmatchcase(path.relative_to(root).as_posix(), p) for p in patterns)
    ]


def _by_name(root: Path) -> dict[str, dict[str, list[str]]]:
    out: dict[str, dict[str, list[str]]] = {}
    for path in _files(root):
        *folders, name = path.relative_to(root).with_suffix("").parts
        folders = [folder for folder in folders if folder != "data"]
        shard = _SHARD.fullmatch(name)
        if name.isdecimal() and folders:
            split = folders.pop()
        elif shard:
            split = shard["split"]
        else:
            continue
        if len(folders) <= 1:
            config = folders[0] if folders else "default"
            out.setdefault(config, {}).setdefault(split, []).append(str(path))
    return out
