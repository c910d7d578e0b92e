"""Write the pages on the contracts and the data from their docstrings, as plain Markdown.

Unlike the pages under ``generated`` these are committed, so that a clone can be read without
building anything; ``tests/docs/test_contract_pages.py`` keeps them equal to the code.
``python docs/_ext/contract_pages.py`` writes them anew.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sondage import contracts, data, specs
from sondage.plan.product import FITS

REFERENCE = Path(__file__).parents[1] / "reference"

_SECTION = re.compile(r"^([A-Z][A-Za-z ]+)\n-{3,}$", re.M)
_MADE = (
    "<!-- Made from the code by docs/_ext/contract_pages.py: change the docstrings, then run it. "
    "-->\n"
)

CONTRACTS = (
    "Encoder", "Series", "Trained", "Passable", "Releasable", "Live", "Headed", "Pointing",
    "MaskedLM", "Task", "Illustrated", "Problem", "EncoderProblem", "SimpleProbe", "Probe",
    "PassingProbe", "PassingAccumulator", "Accumulator", "Metric", "Findings", "Report",
    "Tracker",
)  # fmt: skip
#: What components are handed, beside the arrays.
TOLD = ("ToldRun",)
DATA = (
    "Corpus", "Units", "Labels", "Trees", "Rankings", "Answers", "Split", "TaskData", "Request",
    "Chunk", "Batch", "States", "Outcomes", "Result", "PositionLogits", "Examples",
)  # fmt: skip


def sections(thing: Any) -> dict[str, str]:
    """Return a NumPy-style docstring by section; the text before the first one under ''."""
    parts = _SECTION.split(inspect.cleandoc(thing.__doc__ or ""))
    return {"": parts[0].strip()} | {
        title: body.strip("\n") for title, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def entries(section: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and meaning of each entry of a section such as Parameters."""
    found: list[list[str]] = []
    for line in section.splitlines():
        if line and not line.startswith(" "):
            name, _, kind = line.partition(" : ")
            found.append([name.strip(), kind.strip(), ""])
        elif line.strip():
            found[-1][2] = f"{found[-1][2]} {line.strip()}".strip()
    for name, kind, meaning in found:
        yield name, kind, meaning


def cell(text: str) -> str:
    """Return text for a table's cell; docstrings mark code with double backticks."""
    return " ".join(text.replace("``", "`").split()).replace("|", "\\|").replace("<", "&lt;")


def table(section: str) -> str:
    """Return a section's entries as a Markdown table."""
    rows = [
        f"| `{name}` | {cell(kind)} | {cell(meaning)} |" for name, kind, meaning in entries(section)
    ]
    return "\n".join(["| name | type | meaning |", "|---|---|---|", *rows]) + "\n"


def signature(name: str, function: Any) -> str:
    """Return a method as it is called, without self, and with its types as written."""
    found = inspect.signature(function)
    kept = [p for p in found.parameters.values() if p.name not in ("self", "cls")]
    text = str(found.replace(parameters=kept))
    # Annotations are text in the code; defaults that are text keep their quotes.
    return name + re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)


def prose(text: str) -> str:
    """Return a docstring's paragraphs as Markdown."""
    return text.replace("``", "`").replace("<", "&lt;")


def methods(kind: type[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties that are no attributes, in the order of the code."""
    for name, value in vars(kind).items():
        function = getattr(value, "__func__", value)
        if name.startswith("_") or isinstance(value, property) or not inspect.isfunction(function):
            continue
        yield name, function


def described(kind: type[Any]) -> str:
    """Return the part of a page that is about one class."""
    said = sections(kind)
    out = [f"## {kind.__name__}\n", prose(said[""]) + "\n"]
    for title in ("Attributes", "Parameters"):
        if title in said:
            out.append(table(said[title]))
    for name, function in methods(kind):
        inner = sections(function)
        out.append(f"### `{signature(name, function)}`\n")
        if inner[""]:
            out.append(prose(inner[""]) + "\n")
        out += [table(inner["Parameters"])] if "Parameters" in inner else []
        out += [f"Raises {raised(inner['Raises'])}\n"] if "Raises" in inner else []
    return "\n".join(out)


def raised(section: str) -> str:
    """Return a section Raises as one sentence an error."""
    said = [
        f"`{name}`{': ' + cell(meaning) if meaning else '.'}"
        for name, _, meaning in entries(section)
    ]
    return " ".join(said)


def units() -> str:
    """Return the table of which task fits which probe."""
    tasks = typing.get_args(contracts.TaskUnits)
    rows = []
    for probe in typing.get_args(contracts.ProbeUnits):
        fits = ["yes" if task in FITS[probe] else "" for task in tasks]
        rows.append(f"| `{probe}` | {' | '.join(fits)} |")
    head = f"| probe's `units` | {' | '.join(f'`{t}`' for t in tasks)} |"
    return "\n".join([head, "|" + "---|" * (len(tasks) + 1), *rows]) + "\n"


def contract_page() -> str:
    """Return the page on what a component is."""
    out = [_MADE, "# Contracts\n", prose(inspect.cleandoc(contracts.__doc__ or "")) + "\n"]
    out += [
        "What the words in these tables mean beyond their types is under [Rules](rules.md); the "
        "arrays are under [Data](data.md). No base class is needed: a class that has these "
        "attributes and methods is a component.\n",
        "## Which tasks fit which probes\n",
        units(),
        "A simple probe takes `vectors`. Stimuli without a target (`none`) are for metrics and for "
        "probes that take none; `attention` and `states` are of those measured in passing.\n",
    ]
    out += [described(getattr(contracts, name)) for name in (*CONTRACTS, *TOLD)]
    out.append("## Specs\n")
    out.append(prose(sections(specs.Spec)[""]) + "\n")
    out.append(table(sections(specs.Spec).get("Parameters", "")))
    return "\n".join(out)


def data_page() -> str:
    """Return the page on the arrays."""
    out = [_MADE, "# Data\n", prose(inspect.cleandoc(data.__doc__ or "")) + "\n"]
    views = "\n".join(f"| `{view}` | {kind} |" for view, kind in data.VIEWS.items())
    out += ["## Views\n", f"| view | a row stands for |\n|---|---|\n{views}\n"]
    out.append(
        "An encoder may offer views of its own; `row_counts` says how many rows they have.\n"
    )
    out += [described(getattr(data, name)) for name in DATA]
    return "\n".join(out)


PAGES = {"contracts": contract_page, "data": data_page}


def write() -> None:
    """Write the pages."""
    for name, make in PAGES.items():
        text = re.sub(r"\n{3,}", "\n\n", make()).rstrip() + "\n"
        (REFERENCE / f"{name}.md").write_text(text, "utf-8")


if __name__ == "__main__":
    write()
