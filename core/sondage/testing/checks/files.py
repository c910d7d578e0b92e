"""Checks of tasks that derive from `sondage.parts.FileTask`: its rules hold in their hands.

The files are those that the test's parameters give, copied: one set for each part.
"""

from __future__ import annotations

import contextlib
import gzip
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sondage.errors import DataError, ParameterError, SondageError
from sondage.parts import NAMES, FileTask
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component
from sondage.testing.drive import frozen

NOWHERE = dict.fromkeys(("files", *NAMES))
NAN = float("nan")
UNFIT: tuple[dict[str, Any], ...] = (
    {"ratios": (0.5, 0.1, 0.1)},
    {"ratios": (1.5, -0.5, 0.0)},
    {"ratios": (NAN, 0.5, 0.5)},
    *({"dev_share": share} for share in (1.0, -0.1, NAN)),
)

#: The files of each part, train first.
Copies = dict[str, list[str]]


@contextlib.contextmanager
def copied(component: Component) -> Iterator[Copies]:
    """Give the task's files three times; NotApplicable where their split is in them."""
    task = component.make()
    if not isinstance(task, FileTask):
        raise NotApplicable("the task derives from no sondage.parts.FileTask")
    with tempfile.TemporaryDirectory(prefix="sondage-check-") as name:
        copies: Copies = {}
        for part, (i, path) in itertools.product(NAMES, enumerate(task.parts.paths)):
            folder = Path(name).resolve() / part / str(i)
            folder.mkdir(parents=True)
            copies.setdefault(part, []).append(shutil.copy(path, str(folder)))
        if not of(component, files=copies["train"]).randomness:
            raise NotApplicable("the files hold a split of their own")
        yield copies


def of(component: Component, **given: Any) -> Any:
    """Return a new instance over these files alone."""
    return component.make(**{**NOWHERE, **given})


def refusal(component: Component, kind: type[SondageError], **given: Any) -> SondageError:
    """Return the error with which files are refused, by `load` and by the fingerprint."""
    found: list[SondageError] = []
    for use in ("fingerprint", "load"):
        task = of(component, **given)
        try:
            task.load() if use == "load" else task.fingerprint
        except kind as error:
            found.append(error)
    assert len(found) == 2, f"{given} is taken, where there should be a {kind.__name__}"
    assert found[0].hint, f"of {given} no hint says what to do"
    return found[0]


@promise_of("task", since="0.1")
def check_files_are_named_one_way(component: Component) -> None:
    """`files`, or train and test: whatever else is given is refused, and the task is named."""
    with copied(component) as files:
        one, two, three = files.values()
        wrong: list[dict[str, Any]] = [{}, {"dev": one, "test": two}, {"files": one, "test": two}]
        wrong += [{"train": one}] if component.make().needs_test else []
        wrong += [
            {**({"files": one} if "ratios" in unfit else {"train": one, "test": three}), **unfit}
            for unfit in UNFIT
        ]
        for given in wrong:
            said = refusal(component, ParameterError, **given)
            assert component.name in said.message, f"{said.message!r} does not name the task"


@promise_of("task", since="0.1")
def check_a_file_is_in_one_part(component: Component) -> None:
    """A file that would be read in two parts is refused."""
    with copied(component) as files:
        one, two, _ = files.values()
        refusal(component, DataError, train=one, test=one)
        refusal(component, DataError, train=[*one, *two], test=two)


@promise_of("task", since="0.1")
def check_missing_files_name_the_nearest(component: Component) -> None:
    """A name that no file answers to is refused, with the nearest names of its folder."""
    with copied(component) as files:
        path = Path(files["train"][0])
        said = refusal(component, DataError, files=f"{path}x")
        assert path.name in said.near, f"of '{path.name}x' {said.near} are named as the nearest"
        for wrong in (path.with_name("*.none"), path.parent, path.parent / "nowhere" / "x"):
            refusal(component, DataError, files=str(wrong))


@promise_of("task", since="0.1")
def check_fingerprints_are_of_bytes(component: Component) -> None:
    """The same bytes elsewhere have the same fingerprints, others others; nothing is parsed."""
    with copied(component) as files:
        one, two, _ = files.values()
        first, copy = of(component, files=one), of(component, files=two)
        assert first.fingerprint == copy.fingerprint, "a copy elsewhere has another fingerprint"
        texts = first.corpus_fingerprint
        assert texts == copy.corpus_fingerprint, "a copy elsewhere has another corpus_fingerprint"
        Path(one[0]).write_bytes(b"\x00 nothing of the kind\n")
        changed = of(component, files=one)
        assert changed.fingerprint != copy.fingerprint, "another file has the same fingerprint"
        assert changed.corpus_fingerprint != texts, "another file has the same corpus_fingerprint"


@promise_of("task", since="0.1")
def check_fingerprints_follow_the_split(component: Component) -> None:
    """What splits the items is in the fingerprint, and nothing else that is said of splits."""
    with copied(component) as files:
        one, two, three = files.values()
        carved, ratios = {"train": one, "test": three}, (0.7, 0.2, 0.1)
        same: list[list[dict[str, Any]]] = [
            [{"files": one, "ratios": ratios}, {"files": one, "ratios": [*ratios], "dev_share": 0}],
            [{"files": one, "ratios": (0.6, 0.3, 0.1)}],
            [{"files": [*one, *two, *three], "ratios": ratios}],
            [files, {**files, "dev_share": 0.3}, {**files, "ratios": ratios}],
            *([{**carved, "dev_share": share}] for share in (0.0, 0.15, 0.25)),
        ]
        found = [{of(component, **given).fingerprint for given in alike} for alike in same]
        for alike, prints in zip(same, found, strict=True):
            assert len(prints) == 1, f"{len(prints)} fingerprints of one split: {alike}"
        assert len(set.union(*found)) == len(same), "two splits have one fingerprint"


@promise_of("task", since="0.1")
def check_given_parts_are_the_split(component: Component) -> None:
    """With train, dev and test no seed draws; sentences that train holds as well are counted."""
    with copied(component) as files:
        task = of(component, **files)
        assert task.randomness == (), f"randomness is {task.randomness}"
        data = task.load()
    n = len(data.corpus) // 3
    assert data.fixed is not None, "there is no fixed split"
    for k, part in enumerate(vars(data.fixed).values()):
        wanted = np.flatnonzero(data.target.sentence // n == k)
        assert np.array_equal(part, wanted), f"{NAMES[k]} is not what its files hold"
    counted = data.warnings.get("sentences-also-in-train", 0)
    assert counted == 2 * n, f"{counted} of {2 * n} sentences of dev and test counted"


@promise_of("task", since="0.1")
def check_dev_is_drawn_from_train(component: Component) -> None:
    """Without dev, the seed draws `dev_share` of train, equal texts together; 0 leaves it empty."""
    with copied(component) as files:
        del files["dev"]
        empty, task = (of(component, **files, dev_share=share) for share in (0.0, 0.3))
        assert (empty.randomness, task.randomness) == ((), ("split",)), "see `randomness`"
        assert not len(empty.load().split(0).dev), "dev_share is 0, but dev is not empty"
        data = task.load()
    group, first = data.corpus.unique[1][data.target.sentence], len(data.corpus) // 2
    dev = [data.split(seed).dev.tolist() for seed in range(3)]
    assert dev[0] != dev[1] or dev[1] != dev[2], "every seed draws the same dev part"
    for split in map(data.split, range(3)):
        both = np.sort(np.concatenate([split.train, split.dev]))
        assert np.array_equal(both, np.flatnonzero(data.target.sentence < first)), "train changes"
        assert not np.isin(group[split.dev], group[split.train]).any(), "a text is in both"


@promise_of("task", since="0.1")
def check_files_may_be_packed_or_a_pattern(component: Component) -> None:
    """Gzipped files and files that a pattern names are read as the plain ones."""
    with copied(component) as files:
        for path in files["dev"]:
            Path(f"{path}.gz").write_bytes(gzip.compress(Path(path).read_bytes()))
        packed = [f"{path}.gz" for path in files["dev"]]
        pattern = str(Path(files["test"][0]).parents[1] / "*" / "*")
        plain = of(component, files=files["train"]).load()
        for name, given in (("gzipped", packed), ("named by a pattern", pattern)):
            data = of(component, files=given).load()
            same = data.corpus.fingerprint == plain.corpus.fingerprint
            assert same, f"files {name} have other texts"
            assert frozen(data.target) == frozen(plain.target), f"files {name} have other targets"


@promise_of("task", since="0.1")
def check_a_defect_is_raised_or_counted(component: Component) -> None:
    """A line of no sense is an error with its file, or where `on_error` is skip a warning."""
    with copied(component) as files:
        path = Path(files["train"][0])
        clean = of(component, files=files["train"]).load().warnings
        strict = of(component, files=files["train"])
        lax = of(component, files=files["train"], on_error="skip")
        assert strict.corpus_fingerprint != lax.corpus_fingerprint, "on_error is in no fingerprint"
        path.write_bytes(path.read_bytes() + b"\xff\xfe\n")
        try:
            where = f"nowhere, but read: {dict(strict.load().warnings)}"
        except DataError as error:
            where = error.where
        assert str(path) in where, f"the defect is said to be {where!r}"
        with contextlib.suppress(DataError):  # of a file that is one piece nothing is left
            assert lax.load().warnings != clean, "the defect is not counted"
