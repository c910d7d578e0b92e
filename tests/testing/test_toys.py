"""The toys are what they say."""

import dataclasses
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sondage import api
from sondage.contracts import Encoder, Task
from sondage.data import Labels, Rankings, Request, States
from sondage.execute.problem import pool
from sondage.records.folder import RunFolder
from sondage.specs import SPECS, TaskSpec
from sondage.testing import checks_of, run_checks, toys


@pytest.mark.parametrize("name", ["sondage.testing", "sondage.testing.plugin"])
def test_what_pytest_loads_imports_nothing_heavy(name):
    code = f"import sys, {name}; print(*sorted(set(sys.modules) & {{'numpy', 'pydantic'}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_toys_keep_the_protocols():
    assert isinstance(toys.ToyEncoder(), Encoder)
    assert isinstance(toys.ToyTask(), Task)


@pytest.mark.parametrize("longest", [1, 3])
def test_vectors_are_pooled_as_the_core_pools(longest):
    problem = toys.labelled_problem(longest=longest)
    target, corpus = problem.data.target, problem.data.corpus
    assert isinstance(target, Labels)
    for layer in problem.layers:
        states = problem.states(layer)
        ours = problem.vectors(layer)
        np.testing.assert_allclose(ours, pool(states, corpus, target.units), rtol=1e-5, atol=1e-6)


def test_whole_sentences_are_the_mean_of_their_words():
    data = toys.labelled_problem(n=4).data
    units = toys.ToyProblem.of_vectors(np.zeros((1, 4, 2)), np.arange(4)).data.target.units
    target = Labels(units, np.zeros(4, np.int64), ("A",))
    states = np.arange(data.corpus.n_words * 2, dtype=np.float32).reshape(-1, 2)
    problem = toys.ToyProblem(type(data)(data.corpus, target), [states], splits={0: data.split(0)})
    found = States(problem.vectors(0), np.arange(5))
    for i in range(4):
        np.testing.assert_allclose(found[i][0], problem.states(0)[i].mean(axis=0))


@pytest.mark.parametrize("make", [toys.labelled_problem, toys.tree_problem, toys.ranking_problem])
def test_arrays_are_read_only_unless_asked(make):
    for writeable in (False, True):
        problem = make(writeable=writeable)
        assert problem.states(0).values.flags.writeable is writeable
        assert problem.vectors(0).flags.writeable is writeable
    before = problem.vectors(0).copy()
    problem.vectors(0)[:] = 0
    assert (problem.vectors(0) == before).all()


@pytest.mark.parametrize("make", [toys.labelled_problem, toys.tree_problem, toys.ranking_problem])
def test_fewer_cells_are_the_same_cells(make):
    whole = make()
    part = whole.only(layers=(1,), seeds=(1,))
    assert (part.layers, part.seeds) == ((1,), (1,))
    assert (part.vectors(1) == whole.vectors(1)).all()
    assert (part.splits[1].test == whole.splits[1].test).all()
    assert part.rng(1, 1).random() == whole.rng(1, 1).random()
    assert whole.rng(None, 1).random() != whole.rng(0, 1).random()


def test_distinct_states_are_those_of_the_first_occurrences():
    data = toys.labelled_problem(n=4).data
    corpus = data.corpus.take([0, 1, 0, 2, 1, 3])
    values = np.arange(corpus.n_words, dtype=np.float32)[:, None]
    problem = toys.ToyProblem(dataclasses.replace(data, corpus=corpus), [values])
    whole, distinct = problem.states(0), problem.distinct_states(0)
    first, place = corpus.unique
    assert len(distinct) == len(first) == 4
    for i in range(len(corpus)):
        np.testing.assert_array_equal(distinct[place[i]], whole[int(first[place[i]])])


def test_squared_distances_of_the_tree_problem_are_path_lengths():
    problem = toys.tree_problem(n=5)
    trees, states = problem.data.target, problem.states(1)
    for i in range(5):
        rows, start = states[i], states.offsets[i]
        heads = trees.heads[start : start + len(rows)]
        paths = [[j] for j in range(len(rows))]
        for path in paths:
            while heads[path[-1]] >= 0:
                path.append(int(heads[path[-1]]))
        gaps = ((rows[:, None] - rows) ** 2).sum(axis=-1)
        lengths = [[len(set(p) ^ set(q)) for q in paths] for p in paths]
        np.testing.assert_allclose(gaps, lengths, atol=1e-4)


def test_matches_of_the_ranking_problem_lie_near():
    problem = toys.ranking_problem()
    items, X = problem.data.target, problem.vectors(0)
    assert isinstance(items, Rankings)
    match = np.linalg.norm(X[items.match] - X[items.anchor], axis=1)
    others = np.linalg.norm(
        X[items.candidates] - X[np.repeat(items.anchor, np.diff(items.offsets))], axis=1
    )
    assert match.max() < np.quantile(others, 0.05)


def test_the_toy_encoder_means_what_it_says():
    corpus, encoder = toys.word_corpus(), toys.ToyEncoder()
    rows = {}
    for chunk in encoder.encode(corpus, Request((1,), ("word", "mean", "subwords"))):
        at = 0
        counts = encoder.row_counts(corpus, "subwords")[chunk.sentences]
        sizes = np.diff(corpus.offsets)[chunk.sentences]
        assert chunk.rows["subwords"].shape[1] == counts.sum()
        for k, (i, n) in enumerate(zip(chunk.sentences, sizes, strict=True)):
            words = chunk.rows["word"][0, at : at + n]
            np.testing.assert_allclose(chunk.rows["mean"][0, k], words.mean(axis=0), rtol=1e-5)
            rows[int(i)] = words
            at += n
    words = [corpus.words_of(i) for i in range(len(corpus))]
    vectors = {}
    for i, sentence in enumerate(words):
        for word, row in zip(sentence, rows[i], strict=True):
            assert (vectors.setdefault(word, row) == row).all()


def test_outcomes_tell_what_happened():
    spec = TaskSpec(name="toy.task", factory="no_such_module:Thing", summary="s", reference="r")
    found = {o.check: o for o in run_checks("task", spec)}
    assert list(found) == [c.name for c in checks_of("task")]
    assert found["check_summary_and_reference_are_given"].status == "passed"
    failed = found["check_loading_twice_agrees"]
    assert failed.status == "failed"
    assert failed.message.startswith("ModuleNotFoundError: ")
    assert "Traceback" in failed.details
    assert failed.promise == "Two instances load the same texts, targets and splits."
    assert failed.seconds >= 0


def test_nothing_is_promised_without_assertions():
    code = (
        "from sondage.testing import run_checks\nfrom sondage.specs import TaskSpec\n"
        "from sondage.errors import SondageError\n"
        "spec = TaskSpec(name='a.b', factory='x:Y', summary='', reference='')\n"
        "try:\n    run_checks('task', spec)\nexcept SondageError:\n    print('refused')\n"
    )
    command = [sys.executable, "-O", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "refused"


def test_every_kind_has_checks():
    for kind in SPECS:
        assert len(checks_of(kind)) > 15


def test_toy_findings_are_those_of_a_run_with_these_records(tmp_path):
    found = toys.findings()
    folder = RunFolder(tmp_path / "toy-00000000")
    folder.open({"declared": {"baseline": found.baseline}})
    folder.append([record for record, _ in found.cells])
    for record, arrays in found.cells:
        if arrays:
            assert folder.artifact(record["id"], arrays)["artifact"] == record["artifact"]
    run = api.Run(folder)
    pd.testing.assert_frame_equal(found.frame(), run.frame())
    pd.testing.assert_frame_equal(found.summary(), run.summary())
    pd.testing.assert_frame_equal(found.table("per_class"), run.table("per_class"))
    for (record, arrays), (real, stored) in zip(found.arrays(), run.arrays(), strict=True):
        assert record == real
        assert {n: a.tolist() for n, a in arrays.items()} == {
            n: a.tolist() for n, a in stored.items()
        }


def test_toy_findings_cannot_be_spoilt_by_a_report():
    found = toys.findings()
    before = [record["id"] for record, _ in found.arrays()]
    for record, arrays in found.arrays():
        record.clear()
        for array in arrays.values():
            array[:] = 0
    assert [record["id"] for record, _ in found.arrays()] == before
    assert all(arrays["means"].any() for _, arrays in found.arrays())


def test_toy_findings_have_a_bit_of_everything():
    cells = toys.findings().frame()
    assert set(cells["kind"]) == {"probe", "metric", "training"}
    assert set(cells["status"]) == {"done", "failed"}
    assert cells["layer"].isna().any()
    assert set(cells["step"].dropna()) == {0, 100}
    assert cells["id"].nunique() == len(toys.findings().cells)
    values = toys.findings(1).frame()["value"]
    assert list(values) != list(cells["value"])
    assert not len(toys.partial_findings()["no results at all"].frame())


@pytest.mark.parametrize("seed", range(3))
def test_labelled_pairs_are_separable(seed):
    labels = toys.stimulus_labels(48)
    for side in toys.labelled_pairs(seed=seed):
        lifted = np.column_stack([side, np.ones(len(side))]).astype(np.float64)
        # A least-squares separator of every two labels with no point on the wrong side.
        for one in range(4):
            for other in range(one):
                both = (labels.y == one) | (labels.y == other)
                sign = np.where(labels.y[both] == one, 1.0, -1.0)
                w = np.linalg.lstsq(lifted[both], sign, rcond=None)[0]
                assert (lifted[both] @ w * sign > 0).all()
