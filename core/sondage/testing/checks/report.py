"""Checks of reports: files where they belong, from whatever is there, the same every time."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from sondage.testing import toys
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component

PICTURES = (".svg", ".png", ".pdf", ".jpg", ".jpeg", ".gif", ".eps")


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give an empty folder that goes again."""
    with tempfile.TemporaryDirectory(prefix="sondage-check-") as folder:
        yield Path(folder).resolve()


def files_in(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file by its path in a folder."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def written(component: Component, *seeds: int) -> dict[str, bytes]:
    """Return the files that a new instance leaves in a folder, one set of findings per seed."""
    report = component.make()
    with scratch() as folder:
        for seed in seeds or (0,):
            report.write(toys.findings(seed), folder)
        found = files_in(folder)
    if not found:
        raise NotApplicable("nothing in the toy findings is for this report: it writes no file")
    return found


def differences(a: dict[str, bytes], b: dict[str, bytes]) -> list[str]:
    """Return the names of files that only one side has, or that differ."""
    return sorted(name for name in {*a, *b} if a.get(name) != b.get(name))


@promise_of("report", since="0.1")
def check_report_writes_inside_its_folder(component: Component) -> None:
    """Nothing is written beside the report's folder, or where the program was started."""
    report = component.make()
    with scratch() as root:
        own, here = root / "reports" / "own", root / "here"
        own.mkdir(parents=True)
        here.mkdir()
        with contextlib.chdir(here):
            report.write(toys.findings(), own)
        outside = [name for name in files_in(root) if not name.startswith("reports/own/")]
    assert not outside, f"written outside: {', '.join(outside)}"


@promise_of("report", since="0.1")
def check_report_returns_what_it_wrote(component: Component) -> None:
    """`write` returns the path of every file that it leaves, and none of them is empty."""
    with scratch() as folder:
        returned = {Path(p).resolve() for p in component.make().write(toys.findings(), folder)}
        found = files_in(folder)
        absent = returned - {folder / name for name in found}
        untold = {folder / name for name in found} - returned
    assert not absent, f"returned, but not there: {', '.join(sorted(map(str, absent)))}"
    assert not untold, f"there, but not returned: {', '.join(sorted(p.name for p in untold))}"
    empty = [name for name, data in found.items() if not data]
    assert not empty, f"empty: {', '.join(empty)}"
    if not found:
        raise NotApplicable("nothing in the toy findings is for this report: it writes no file")


@promise_of("report", since="0.1")
def check_report_survives_missing_results(component: Component) -> None:
    """Whatever part of the results is there, even none, nothing is raised."""
    for missing, part in toys.partial_findings().items():
        with scratch() as folder:
            try:
                component.make().write(part, folder)
            except Exception as error:
                raise AssertionError(f"{missing}: {type(error).__name__}: {error}") from error


@promise_of("report", since="0.1")
def check_report_is_repeatable(component: Component) -> None:
    """The same results give the same files, byte for byte, in any folder and at any time."""
    changed = differences(written(component), written(component))
    assert not changed, f"different the second time: {', '.join(changed)}"


@promise_of("report", since="0.1")
def check_report_replaces_its_files(component: Component) -> None:
    """Files that an earlier run of the report left are written anew, not added to."""
    fresh = written(component)
    if differences(fresh, written(component)):
        raise NotApplicable("no two are alike: see check_report_is_repeatable")
    changed = differences(fresh, written(component, 1, 0))
    assert not changed, f"not as in an empty folder: {', '.join(changed)}"


@promise_of("report", since="0.1")
def check_report_figures_are_svg_with_their_data(component: Component) -> None:
    """Every figure is an SVG, beside a CSV table of the same name that holds its data."""
    found = written(component)
    figures = [Path(name) for name in found if Path(name).suffix.lower() in PICTURES]
    if not figures:
        raise NotApplicable("it draws no figure")
    for figure in figures:
        for wanted in (figure.with_suffix(".svg"), figure.with_suffix(".csv")):
            assert wanted.as_posix() in found, f"{figure} without {wanted}"
        tag = ElementTree.fromstring(found[figure.with_suffix(".svg").as_posix()]).tag
        assert tag == "{http://www.w3.org/2000/svg}svg", f"{figure} is a {tag}"
