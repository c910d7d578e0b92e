"""What an encoder that is made of another has from it unchanged."""

from __future__ import annotations

from typing import Any


class LikeBase:
    """An encoder with the width, the views, the heads and the batches of its base.

    Attributes
    ----------
    base : Encoder
    """

    base: Any

    @property
    def width(self) -> int:
        """Width of the vectors."""
        width: int = self.base.width
        return width

    @property
    def views(self) -> tuple[str, ...]:
        """The base's views."""
        views: tuple[str, ...] = self.base.views
        return views

    @property
    def heads(self) -> int:
        """The base's attention heads, if it is one that hands its layers out."""
        heads: int = self.base.heads
        return heads

    @property
    def batch_tokens(self) -> int:
        """The base's subwords of a batch, likewise."""
        tokens: int = self.base.batch_tokens
        return tokens
