r"""Linear probes of many tasks against the probes of Holmes, on the same vectors and splits.

Holmes (Waldis et al. 2024, arXiv:2404.18923) is the field's largest sweep. Its own code trains a
linear probe a task and seed: a Lightning trainer over batches of 64, Adam at 1e-3 with warm-up,
dropout 0.2, at most 20 epochs, a checkpoint an epoch, stopped by the dev loss. Ours chooses one of
five strengths on dev and fits to the optimum, all seeds in one program. Both get the same numbers
from memory; neither's imports nor encoding are counted, only processor time. Of a task whose files
name their parts there is one split: ours has one result then, theirs one a seed, which are the
starts of its weights. Its hyperparameters, model, trainer and early stopping are its own, read from
a checkout; only its data loading is replaced, by one that hands over arrays. Seconds of its whole
sweep are extrapolated at the end.

    git clone https://github.com/Holmes-Benchmark/holmes-evaluation HOLMES
    python -m venv HOLMES_ENV  # with pytorch_lightning==1.5.5, torchmetrics==0.6.1, setuptools<81
    HOLMES=... HOLMES_PYTHON=HOLMES_ENV/bin/python SONDAGE_DATA=... python bench/holmes.py \\
        [SEEDS_OF_THEIRS [TASK ...]]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

import numpy as np

SEEDS = (0, 1, 2, 3, 4)
#: Tasks of the registry, one label an item.
TASKS = (
    "en-upos", "en-deprel", "en-number", "en-tense", "en-verbform", "web-xpos", "web-prontype",
    "ps-role", "ps-fxn", "relations", "definite-pronouns", "coreference", "entities", "trec-50",
    "cola-tested", "sst2", "mrpc", "mnli-mini", "bigram-shift", "xprobe-past-present",
)  # fmt: skip
#: Labels of sentences; those of words and spans otherwise.
SENTENCES = ("trec-50", "cola-tested", "sst2", "mrpc", "mnli-mini", "bigram-shift",
             "xprobe-past-present")  # fmt: skip
#: Holmes has 208 data sets, 57 models and 5 seeds (its section 4), and looks at one layer.
WHOLE = (208, 57, 5)


def problems(names):
    """Yield each task's name, its component of ours, and what a probe sees of the last layer."""
    from sondage import api
    from sondage.execute.loading import load_task
    from sondage.execute.problem import StoredProblem
    from sondage.store import Store, paths

    registry = (Path(__file__).parents[1] / "registry.yaml").read_text()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registry.yaml"
        for name in names:
            view = "mean" if name in SENTENCES else "word"
            path.write_text(
                registry + f"\n  holmes:\n    encoders: [minilm]\n    tasks: [{name}]\n"
                f"    probes: [linear-sweep]\n    views: [{view}]\n    layers: [6]\n"
                f"    seeds: {list(SEEDS)}\n"
            )
            plan = api.make_plan(f"{path}:holmes")
            if not plan.jobs:
                raise SystemExit(f"{name}: nothing to do; {plan.notes}")
            api.run_plan(plan)
            (job,) = plan.jobs
            store = Store(paths.store_folder())
            yield name, job, StoredProblem(store, job, load_task(job.task))


def ours(job, problem):
    """Return processor seconds of all seeds, and each seed's result."""
    problem.vectors(job.layers[0])
    start = time.process_time()
    found = {seed: result for _, seed, result in job.component.instance.run_layers(problem)}
    return time.process_time() - start, found


def theirs(folder: Path) -> None:
    """Train Holmes' probes on what lies in a folder; in a process of its own environment."""
    setattr(np, "Inf", np.inf)  # noqa: B010 - its trainer is older than numpy 2
    root = Path(os.environ["HOLMES"]).resolve() / "src"
    sys.path.insert(0, str(root))
    board = types.ModuleType("torch.utils.tensorboard")
    board.SummaryWriter = object
    board.summary = types.ModuleType("torch.utils.tensorboard.summary")
    board.summary.hparams = None
    loading = types.ModuleType("utils.data_loading")

    class Arrays:
        unique_inputs = frozenset()

        def __init__(self, X, y):
            self.X, self.labels, self.inputs = X, y, [""] * len(y)

        def __len__(self):
            return len(self.labels)

        def __getitem__(self, i):
            return False, self.X[i], int(self.labels[i])

    loading.ProbingDataset, loading.get_unique_inputs = Arrays, lambda inputs: frozenset()
    sys.modules |= {
        "torch.utils.tensorboard": board,
        "torch.utils.tensorboard.summary": board.summary,
        "utils.data_loading": loading,
    }
    import torch
    from defs.default_config import DEFAULT_CONFIG
    from probing_worker import GeneralProbeWorker

    torch.set_num_threads(1)
    data = np.load(folder / "data.npz")
    settings = {name: values[0] for name, values in DEFAULT_CONFIG["hyperparameters"].items()}
    out = {}
    for seed in json.loads((folder / "seeds.json").read_text()):
        parts = [data[f"{part}{seed}"] for part in ("train", "dev", "test")]
        sets = [Arrays(data["X"][at], data["y"][at]) for at in parts]
        hyper = settings | {
            "seed": seed, "encoding": "full", "num_labels": int(data["y"].max()) + 1,
            "input_dim": data["X"].shape[1], "model_name": "minilm", "control_task_type": "NONE",
            "sample_size": 0,
        }  # fmt: skip
        worker = GeneralProbeWorker(
            hyper, *sets, n_layers=1, probe_name="probe", project_prefix="", dump_preds=False,
            force=True, result_folder=str(folder / "out"),
        )  # fmt: skip
        start = time.process_time()
        _, model = worker.train_run(str(folder / f"log{seed}"), logger=False)
        seconds = time.process_time() - start
        accuracy = float((model.test_preds == data["y"][parts[2]]).mean())
        out[seed] = [seconds, accuracy, f1(data["y"][parts[2]], model.test_preds)]
    (folder / "theirs.json").write_text(json.dumps(out))


def f1(y, predicted) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(y, predicted, average="macro"))


def compared(job, problem, seeds):
    """Return both sides' seconds a probe and scores, by seed: (accuracy, macro F1)."""
    layer = job.layers[0]
    seconds, found = ours(job, problem)
    # Files that name their parts have one split: ours trains once, theirs from several starts.
    split_of = {seed: seed if seed in problem.splits else problem.seeds[0] for seed in seeds}
    mine = [[r.scores["accuracy"], r.scores["macro_f1"]] for r in found.values()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        splits = {
            f"{part}{seed}": getattr(problem.splits[split_of[seed]], part)
            for seed in seeds
            for part in ("train", "dev", "test")
        }
        np.savez(folder / "data.npz", X=problem.vectors(layer), y=problem.data.target.y, **splits)
        (folder / "seeds.json").write_text(json.dumps(list(seeds)))
        done = subprocess.run(
            [os.environ["HOLMES_PYTHON"], __file__, "--theirs", name],
            capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(done.stderr[-3000:])
        other = list(json.loads((folder / "theirs.json").read_text()).values())
    return seconds / len(found), np.array(mine), np.array(other)


def spread(values) -> str:
    """Return the mean, and the standard deviation over seeds if there are several."""
    more = f" ± {values.std(ddof=1):.3f}" if len(values) > 1 else ""
    return f"{values.mean():.3f}{more}"


def main() -> None:
    if sys.argv[1:2] == ["--theirs"]:
        return theirs(Path(sys.argv[2]))
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    seeds = SEEDS[: int(sys.argv[1])] if len(sys.argv) > 1 else SEEDS
    rows = []
    print("task, items; seconds a probe, ours and theirs, ratio; accuracy, macro F1 (mean ± std)")
    for name, job, problem in problems(sys.argv[2:] or TASKS):
        mine, scores, other = compared(job, problem, seeds)
        took = other[:, 0].mean()
        rows.append((mine, took, *scores.mean(axis=0), *other[:, 1:].mean(axis=0)))
        told = ", ".join(
            f"{spread(scores[:, k])} against {spread(other[:, k + 1])}" for k in (0, 1)
        )
        n = len(problem.data.target.y)
        print(f"{name}, {n}: {mine:.3f}, {took:.1f}, {took / mine:.0f}; {told}", flush=True)
    table = np.array(rows)
    ratios = table[:, 1] / table[:, 0]
    print(
        f"{len(rows)} tasks: ratio of sums {table[:, 1].sum() / table[:, 0].sum():.0f}, median "
        f"{np.median(ratios):.0f}, least {ratios.min():.0f}; "
        f"mean accuracy {table[:, 2].mean():.4f} against {table[:, 4].mean():.4f}, "
        f"macro F1 {table[:, 3].mean():.4f} against "
        f"{table[:, 5].mean():.4f}"
    )
    sets, models, repeats = WHOLE
    probes = sets * models * repeats
    print(
        f"a sweep of {sets} data sets, {models} models and {repeats} seeds at these means: "
        f"{probes} probes a layer, ours {probes * table[:, 0].mean() / 3600:.1f} h of one "
        f"processor, theirs {probes * table[:, 1].mean() / 3600:.0f} h (seconds a probe times "
        "data sets times models times seeds; widths above 384 cost in proportion)"
    )
    return None


if __name__ == "__main__":
    main()
