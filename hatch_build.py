"""What the build does to the metadata: the README's links lead to the repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


def absolute(readme: str, repository: str) -> str:
    """Return a README whose links and pictures are found from anywhere."""

    def lead(found: re.Match[str]) -> str:
        picture, words, target = found.groups()
        place = "raw" if picture else "blob"
        return f"{picture}[{words}]({repository}/{place}/main/{target})"

    # A word and a colon begin an address that is whole; # stays on the page.
    return re.sub(r"(!?)\[([^]]*)\]\((?![a-z]+:|#)([^)\s]+)\)", lead, readme)


class Readme(MetadataHookInterface):
    """Writes the field ``readme``."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the README, its links made absolute."""
        text = Path(self.root, "README.md").read_text("utf-8")
        repository = metadata["urls"]["Repository"]
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute(text, repository),
        }
