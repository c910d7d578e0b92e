"""Every code block of the documentation runs, page by page."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
#: Blocks that may stay unrun: what installs, needs a cluster, a network or hours.
MOST_NOT_RUN = 43


def load_page() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_page", Path(__file__).parent / "page.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


page = load_page()


def sources() -> list[Path]:
    """All pages that people read; what is generated from code has no blocks of its own."""
    docs = [
        file
        for file in (ROOT / "docs").rglob("*.md")
        if not {"_build", "generated"} & set(file.relative_to(ROOT).parts)
    ]
    tops = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("plugins/*/README.md")]
    return sorted([*tops, *docs])


def blocks_of(source: Path) -> list[page.Block]:
    return list(page.blocks(source.read_text("utf-8")))


def name_of(source: Path) -> str:
    return str(source.relative_to(ROOT))


PAGES = [s for s in sources() if any("not run" not in b.marks for b in blocks_of(s))]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all pages and all processes of the test run: each text is encoded once."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "docs-store"


@pytest.mark.parametrize("source", PAGES, ids=name_of)
def test_blocks_run(source: Path, tmp_path: Path, store: Path) -> None:
    data = os.environ.get("SONDAGE_DATA") or str(ROOT.parent / "shared" / "data")
    environment = os.environ | {
        "SONDAGE_STORE": str(store),
        "SONDAGE_RUNS": str(tmp_path / "runs"),
        "SONDAGE_DATA": data,
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "COLUMNS": "100",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for name in ("SONDAGE_BLOCK", "SONDAGE_STRICT"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "page.py"), str(source), str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    reasons = {
        f"{name_of(source)}:{block.line}": block.marks["not run"]
        for source in sources()
        for block in blocks_of(source)
        if "not run" in block.marks
    }
    assert len(reasons) <= MOST_NOT_RUN, reasons
    assert [where for where, reason in reasons.items() if len(reason) < 10] == []


def test_there_are_pages() -> None:
    names = [name_of(source) for source in PAGES]
    assert "README.md" in names
    assert sum(name.startswith("docs/howto/") for name in names) >= 5
