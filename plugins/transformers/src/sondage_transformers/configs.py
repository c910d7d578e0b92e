"""The configuration of the part of a model that reads text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sondage_transformers.quiet import quiet


def text_config(folder: Path, *, remote_code: bool) -> Any:
    """Return transformers' configuration of what reads text, or None if it cannot be read.

    Parameters
    ----------
    folder : Path
        With config.json.
    remote_code : bool
        Whether the folder's Python files may run.
    """
    from transformers import AutoConfig

    try:
        with quiet():
            config = AutoConfig.from_pretrained(
                str(folder), local_files_only=True, trust_remote_code=remote_code
            )
    except Exception:  # a broken file fails in any way; loading the model tells how
        return None
    return reader_of(config)


def reader_of(config: Any) -> Any:
    """Follow a configuration down: the encoder's, and of that the text's."""
    while True:
        parts = config.sub_configs
        name = next((n for n in ("encoder", "text_encoder", "text_config") if n in parts), None)
        inner = getattr(config, name, None) if name else None
        if inner is None or not hasattr(inner, "sub_configs"):
            return config.get_text_config(encoder=True) if config.is_encoder_decoder else config
        config = inner
