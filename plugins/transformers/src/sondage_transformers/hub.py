"""A hub name's folder in the local cache, downloaded where it is not there yet."""

from __future__ import annotations

import os
from pathlib import Path

from sondage.errors import EncodingError, ParameterError
from sondage_transformers.files import refuse_parts, weight_files

_SMALL = ["*.json", "*.txt", "*.model", "*.codes", "*.tiktoken"]


def find_on_hub(model: str, revision: str | None, remote_code: bool) -> Path:
    """Return the snapshot folder of a hub model, from the local cache if it is complete there.

    Raises
    ------
    ParameterError
        If the hub has no such model or revision, or will not show it.
    EncodingError
        If it is not in the cache and cannot be downloaded (no network, or offline mode).
    """
    from huggingface_hub.errors import (
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    what = f"model {model!r}" + (f" at revision {revision!r}" if revision else "")
    try:
        if os.environ.get("SONDAGE_OFFLINE"):
            found = _in_cache(model, revision)
            if found is None:
                raise EncodingError(
                    f"{what} is not in the local cache, and SONDAGE_OFFLINE forbids downloads",
                    hint="the first run that needs it downloads it, without SONDAGE_OFFLINE",
                )
            return found
        found = _in_cache(model, revision) or _downloaded(model, revision, remote_code)
        if found is not None:
            return found
    except (EncodingError, ParameterError):  # our own: it says what the repository holds
        raise
    except HFValidationError as error:
        raise ParameterError(f"{what}: not a hub name ({_first_line(error)})") from error
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise ParameterError(
            f"{what}: the hub has no such model, or it is private",
            hint="check the spelling and the revision, or log in with `hf auth login`",
        ) from error
    except Exception as error:  # the HTTP client's own errors share no base class
        raise EncodingError(
            f"{what} is not in the local cache and cannot be downloaded: {_first_line(error)}",
            hint="connect and run again, unset HF_HUB_OFFLINE, or give a local folder",
        ) from error
    raise EncodingError(
        f"{what}: neither the local cache nor the hub gives PyTorch weights",
        hint="connect and run again, or choose a revision with model.safetensors",
    )


def _in_cache(model: str, revision: str | None) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    folder: str | None
    try:
        folder = snapshot_download(model, revision=revision, local_files_only=True)
    except LocalEntryNotFoundError as error:
        # A snapshot that lacks other frameworks' weights counts as incomplete for the hub.
        folder = getattr(error, "snapshot_path", None)
    if folder is None:
        return None
    if not (Path(folder) / "config.json").is_file() or not weight_files(Path(folder)):
        return None
    refuse_parts(Path(folder))
    return Path(folder)


def _downloaded(model: str, revision: str | None, remote_code: bool) -> Path | None:
    from huggingface_hub import snapshot_download

    small = _SMALL + (["*.py"] if remote_code else [])
    # Safetensors first; the pickled form is fetched only where there is nothing else.
    for patterns in ([*small, "*.safetensors"], [*small, "pytorch_model*.bin"]):
        folder = Path(
            snapshot_download(
                model, revision=revision, allow_patterns=patterns, ignore_patterns=["*/*"]
            )
        )
        refuse_parts(folder)
        if weight_files(folder):
            return folder
    return None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
