"""The pages on errors, which travel with sondage: one per slug."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from sondage import errors
from sondage.errors import SondageError, nearest


def folder() -> Path:
    """Return the folder of the pages."""
    packaged = Path(str(files("sondage"))) / "error_pages"
    # An editable install has them among the documentation's sources instead.
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "docs" / "errors"


def slugs() -> list[str]:
    """Return the slugs that have a page."""
    return sorted(path.stem for path in folder().glob("*.md") if path.stem != "index")


def meaning(slug: str) -> str:
    """Return the first sentence of a page's first section."""
    section = read_page(slug).partition("## What it means")[2].strip()
    return " ".join(section.partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def read_page(slug: str) -> str:
    """Return a page as Markdown.

    Parameters
    ----------
    slug : str
        As a message names it, or the name of the class: ``data`` or ``DataError``.

    Raises
    ------
    SondageError
        If there is no such page, with the nearest slugs.
    """
    known = slugs()
    kind = getattr(errors, slug, None)
    if isinstance(kind, type) and issubclass(kind, SondageError):
        slug = kind.slug
    if slug not in known:
        raise SondageError(
            f"no kind of error is called '{slug}'",
            near=nearest(slug.lower(), known) or known,
            hint="sondage explain",
        )
    return (folder() / f"{slug}.md").read_text("utf-8")
