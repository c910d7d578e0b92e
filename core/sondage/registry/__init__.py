"""registry.yaml: what is declared, validated, with messages that point at the line."""

from sondage.registry.file import Registry, load, registry_error, registry_of, shipped, substitute

__all__ = [
    "Registry", "load", "registry_error", "registry_of", "shipped", "substitute",
]  # fmt: skip
