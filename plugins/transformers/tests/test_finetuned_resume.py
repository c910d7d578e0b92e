"""A training that is killed goes on and ends with the same bytes."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

#: Children of one process, each killed by itself at its moment: imports are paid for once.
DRIVER = """
    import json, os, signal, sys, warnings
    from pathlib import Path

    warnings.simplefilter("error")
    import torch
    torch.set_num_threads(1)
    import numpy as np
    from sondage.data import TaskData, Trees
    from sondage.testing.toys import ToyTask
    from sondage_transformers import Finetuned, Pretrained, Truncated
    from sondage_transformers import quiet_trainer, training, training_folder

    model, root = sys.argv[1], Path(sys.argv[2])

    class Chains(ToyTask):  # each word hangs on the next
        units = "trees"

        def load(self):
            corpus = super().load().corpus
            size = np.diff(corpus.offsets)
            heads = np.concatenate([[*range(1, n), -1] for n in size])
            relations = (heads < 0).astype(int)
            items = np.arange(len(corpus))
            return TaskData(
                corpus, Trees(heads, heads > -2, relations, ("next", "root"), items)
            )

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    def at_step(n):  # in the middle of step n
        before = quiet_trainer.QuietTrainer.compute_loss
        def compute_loss(self, *args, **options):
            loss = before(self, *args, **options)
            if self.state.global_step + 1 == n:
                die()
            return loss
        quiet_trainer.QuietTrainer.compute_loss = compute_loss

    def in_state(n):  # the Trainer has written half of its state after step n
        before = quiet_trainer.QuietTrainer._save_rng_state
        def save(self, output_dir):
            if self.state.global_step == n:
                die()
            before(self, output_dir)
        quiet_trainer.QuietTrainer._save_rng_state = save

    def before_rename(name):  # all is written but has no name yet
        before = training_folder._replace
        def replace(made, goal):
            if goal.name == name:
                die()
            before(made, goal)
        training_folder._replace = replace

    def in_test(_):  # all steps are kept, the test part is not yet scored
        before = training._Training.score
        def score(self, headed, examples, step):
            return die() if examples is self.test else before(self, headed, examples, step)
        training._Training.score = score

    def always(_):  # also keep a state after every step
        training.SAVE_EVERY = -1.0

    def train(folder, *moments, parse=False):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for moment, which in moments:
                    moment(which)
                base = Pretrained(model=model, device="cpu")
                series = Finetuned(
                    base=Truncated(base=base, layers=2) if parse else base,
                    task=(Chains if parse else ToyTask)(n=30), freeze=1 if parse else None,
                    epochs=4, batch_size=5, learning_rate=1e-3, checkpoints=[8], weight_decay=0.1,
                )
                assert series.steps == (0, 8, 20), series.steps
                series.place(folder)
                result = series.train()
                (folder.parent / f"{folder.name}.json").write_text(
                    json.dumps([dict(result.scores), dict(result.tables["checkpoints"])])
                )
                code = 0
            finally:
                os._exit(code)
        status = os.waitpid(child, 0)[1]
        return "killed" if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)

    def kept(folder):
        return sorted(p.name for p in (folder / "progress").glob("at-*"))

    found = {}
    found["whole"] = [train(root / "whole")]
    a = root / "a"
    found["a"] = [
        train(a, (at_step, 5)), kept(a),           # before any state: from the start
        train(a, (in_state, 8)), kept(a),          # the step is kept, its state is not
        train(a, (at_step, 13)), kept(a),          # goes on from 8 next time
        train(a, (before_rename, "step-20")), kept(a),
        train(a), kept(a),
    ]
    b = root / "b"
    found["b"] = [
        train(b, (always, 0), (at_step, 4)), kept(b),
        train(b, (always, 0), (before_rename, "at-11")), kept(b),
        train(b), kept(b),
    ]
    c = root / "c"
    found["parser"] = [train(root / "parser", parse=True)]
    found["c"] = [
        train(c, (at_step, 11), parse=True), kept(c),
        train(c, (always, 0), (in_test, 0), parse=True), kept(c),
        train(c, parse=True), kept(c),
    ]
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def killed(model_folder, tmp_path_factory):
    root = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-c", textwrap.dedent(DRIVER), model_folder("bert"), str(root)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    import json

    return root, json.loads(done.stdout)


def contents(folder: Path):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_kills_came_at_their_moments_and_states_were_kept(killed):
    _, found = killed
    assert found["whole"] == [0]
    assert found["a"] == ["killed", [], "killed", [], "killed", ["at-8"], "killed", ["at-8"], 0, []]
    assert found["parser"] == [0]
    assert found["c"] == ["killed", ["at-8"], "killed", ["at-19"], 0, []]
    assert found["b"] == ["killed", ["at-3"], "killed", ["at-10"], 0, []]


@pytest.mark.parametrize(("name", "whole"), [("a", "whole"), ("b", "whole"), ("c", "parser")])
def test_a_killed_training_ends_with_the_same_bytes(killed, name, whole):
    root, _ = killed
    expected = contents(root / whole)
    assert {"finished.json", "step-20/model.safetensors"} <= set(expected)
    assert contents(root / name) == expected
    assert (root / f"{name}.json").read_bytes() == (root / f"{whole}.json").read_bytes()
