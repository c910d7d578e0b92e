"""How Sphinx builds the documentation: ``tox -e docs``."""

from __future__ import annotations

import sys
from pathlib import Path

import sondage

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "sondage"
author = "the sondage authors"
copyright = "the sondage authors"
version = release = sondage.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "reference_pages",
]
exclude_patterns = [
    "_build",
    "changelog.d",
    # Parts of other pages.
    "reference/generated/registry.md",
    "reference/generated/changes.md",
]

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
default_role = "py:obj"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
# The conformance kit needs it, the documentation does not.
autodoc_mock_imports = ["pytest"]
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

# Options are typed with two hyphens and straight quotes, and have to look so.
smartquotes = False
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_line_continuation_character = "\\"

html_theme = "furo"
html_title = f"sondage {release}"


def setup(app):
    """Let ``a, b : type`` stand for two attributes, as NumPy's style has it."""
    app.connect("autodoc-process-docstring", _apart, priority=100)


def _apart(app, what, name, obj, options, lines):
    if "Attributes" in lines:
        at = lines.index("Attributes")
        for i in range(len(lines) - 1, at, -1):
            names, colon, kind = lines[i].partition(" : ")
            if colon and ", " in names and not names.startswith(" "):
                parts = [part.strip() for part in names.split(",")]
                lines[i : i + 1] = [f"{part} : {kind}" for part in parts]
