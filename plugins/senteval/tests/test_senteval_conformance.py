"""The conformance kit on all that the plugin offers."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sondage.testing import conformance

SMALL = {"batch_size": 8, "tenacity": 15, "l2": (1e-2,)}
MLP = {**SMALL, "batch_size": 4, "tenacity": 40, "model": "mlp", "hidden": (50,), "dropout": (0.2,)}
FEW = "the start is random, and of a dev part of six items the first best look is kept"

NAMES = (
    "sentence_length", "word_content", "tree_depth", "top_constituents", "bigram_shift",
    "past_present", "subj_number", "obj_number", "odd_man_out", "coordination_inversion", "probing",
)  # fmt: skip
TASKS = [f"senteval.{name}" for name in NAMES]


@cache
def folder():
    path = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)


def written(name, lines):
    path = folder() / name
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def official():
    rows = [("tr", 20), ("va", 4), ("te", 4)]
    return written("o", [f"{p}\t{i % 2}\tsome {p} {i} ." for p, n in rows for i in range(n)])


def columns(name, n):
    """Return the path of a file of n sentences; every seventh comes twice."""
    rows = [f"words of {name} {i} .\t{i % 2}" for i in range(n) for _ in range(1 + (i % 7 == 0))]
    return written(name, rows)


def treebank():
    """Return the path of 60 annotated sentences, 5 to 9 tokens long."""
    rows = []
    for k in range(60):
        words = ["This", "is", "sentence", f"w{k}", *["very"] * (k % 5), "long"]
        rows.append("".join(
            f"{i}\t{w}\t_\tVERB\t_\t_\t{int(i > 1)}\t{'dep' if i > 1 else 'root'}\t_\t_\n"
            for i, w in enumerate(words, 1)
        ))  # fmt: skip
    path = folder() / "x.conllu"
    path.write_text("\n".join(rows) + "\n")
    return str(path)


GENERATED = {"task": "bigram_shift", "files": treebank}
MADE = [{"seed": 1}, {"size": 20}, {"max_length": 8}, {"ratios": (0.5, 0.25, 0.25)}]
MADE += [{"task": "sentence_length", "max_length": 12}]

FILES = {"labels": "files", "files": official}
PARTS = {
    "labels": "files",
    "train": lambda: columns("train", 30),
    "dev": lambda: columns("dev", 6),
    "test": lambda: columns("test", 6),
}
DRAWN = {"labels": "files", "files": lambda: columns("all", 40)}
VARIANTS = [{**PARTS, "files": None}, {"labels": ["1", "0"]}, {"labels": "known"}]

#: The ten tasks are classes derived from that of `probing` with a name and known labels of their
#: own: what comes of these is asked of each, the rest of `probing`.
WHOLE = [f"senteval.{name}" for name in ("classifier", "generated", "probing", "mosbach2020")]
OWN = [f"*:check_{name}" for name in (
    "summary_*", "name_*", "keeps_*", "pickles", "fingerprint_follows_*", "units_are_as_declared",
    "loading_*",
)]  # fmt: skip
SPLITS = [f"senteval.probing:check_{name}" for name in (
    "loading_*", "split_*", "seed_*", "train_*", "equal_*", "fingerprint_is_stable", "warnings_*",
)]  # fmt: skip

#: What another network could break; how arguments are kept it could not.
MODEL = [f"senteval.classifier:check_{name}" for name in (
    "learns_*", "chance_*", "refit_*", "relabelling_*", "layers_*", "seeds_*", "running_*",
    "global_*", "prints_*", "declared_*", "seed_acts_*", "scores_*", "outcomes_*", "inputs_*",
    "an_interrupt_*", "what_was_*",
)]  # fmt: skip


@conformance(
    "senteval",
    only=[*WHOLE, *OWN],
    params={
        "senteval.classifier": SMALL,
        "senteval.generated": GENERATED,
        **dict.fromkeys(TASKS, FILES),
        "senteval.probing": DRAWN,
    },
    variants={
        **dict.fromkeys(TASKS, VARIANTS),
        "senteval.generated": MADE,
    },
    expected_failures={"senteval.classifier:check_relabelling_changes_nothing": FEW},
)
def test_conformance(component, check):
    check(component)


@conformance(
    "senteval",
    only=[*MODEL, *SPLITS],
    params={"senteval.classifier": MLP, "senteval.probing": FILES},
)
def test_conformance_of_the_mlp_and_of_given_splits(component, check):
    check(component)
