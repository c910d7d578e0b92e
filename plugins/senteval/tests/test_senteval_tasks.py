"""The tasks: label sets, splits, fingerprints, messages."""

import subprocess
import sys
from pathlib import Path

import pytest

from sondage.commands.describe import documented
from sondage.errors import DataError, ParameterError
from sondage_senteval import sondage_tasks
from sondage_senteval.tasks import BigramShift, Probing, Tense, TreeDepth, WordContent


@pytest.fixture
def official(tmp_path):
    """Thirty sentences to train on, six for dev, six for test."""
    path = tmp_path / "bigram_shift.txt"
    lines = [
        f"{part}\t{'OI'[i % 2]}\tsentence {part} {i} ."
        for part, n in (("tr", 30), ("va", 6), ("te", 6))
        for i in range(n)
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.fixture
def two(tmp_path):
    """Two-column files of 40 (in pairs of equal ones), 6 and 8 sentences."""
    made = {}
    for name, n, twice in (("va", 40, 2), ("dev", 6, 1), ("te", 8, 1)):
        rows = [f"sentence {name} {i // twice} .\t{'IO'[i // twice % 2]}" for i in range(n)]
        (tmp_path / name).write_text("\n".join(rows))
        made[name] = str(tmp_path / name)
    return made


def sizes(split):
    return [len(split.train), len(split.dev), len(split.test)]


def test_the_files_own_split(official):
    task = BigramShift(files=official)
    assert task.randomness == ()
    data = task.load()
    assert data.target.names == ("I", "O")
    assert [data.target.names[k] for k in data.target.y[:4]] == ["O", "I", "O", "I"]
    assert sizes(data.split(0)) == [30, 6, 6]
    assert data.split(0) is data.split(5)
    assert data.warnings == {}
    assert list(data.corpus.words_of(0)) == ["sentence", "tr", "0", "."]


def test_one_file_of_two_columns_is_split_by_the_seed(two):
    task = BigramShift(files=two["va"])
    assert task.randomness == ("split",)
    data = task.load()
    for seed in range(3):
        split = data.split(seed)
        assert sizes(split) == [32, 4, 4]
        seen = [
            {data.corpus.texts[i] for i in part} for part in (split.train, split.dev, split.test)
        ]
        assert len(set.union(*seen)) == sum(map(len, seen)) == 20


def test_known_labels_and_others(tmp_path, two):
    path = tmp_path / "t"
    path.write_text("a b\tPast\nc d\tPres\ne f\tPast\ng h\tPres\n")
    task = Tense(files=str(path), ratios=(0.5, 0.25, 0.25))
    assert task.load().target.names == ("Past", "Pres")
    path.write_text("a b\tPAST\nc d\tPRES\ne f\tPRSE\n")
    with pytest.raises(DataError, match="PRSE") as caught:
        Tense(files=str(path)).load()
    assert caught.value.where == f"{path}:3"
    assert caught.value.near[0] == "PRES"
    assert Tense(files=str(path), labels="files").load().target.names == ("PAST", "PRES", "PRSE")
    mixed = ["PRES", "PAST", "PRSE"]
    assert Tense(files=str(path), labels=mixed).load().target.names == tuple(mixed)
    path.write_text("a b\tPAST\nc d\tPres\ne f\tPAST\n")
    with pytest.raises(DataError, match="'Pres' is not one of PAST, PRES"):
        Tense(files=str(path)).load()
    with pytest.raises(ParameterError, match="'all'"):
        Tense(files=str(path), labels="all").load()
    with pytest.raises(ParameterError, match="twice"):
        Tense(files=str(path), labels=["PAST", "PAST"]).load()
    assert Probing(files=str(path)).load().target.names == ("PAST", "Pres")
    assert WordContent(files=two["va"]).load().target.names == ("I", "O")


def test_depths_are_in_the_order_of_numbers(tmp_path):
    path = tmp_path / "d"
    path.write_text("a b\t11\nc d\t5\ne f\t9\n")
    assert TreeDepth(files=str(path)).load().target.names == ("5", "9", "11")
    path.write_text("a b\t11\nc d\tdeep\n")
    with pytest.raises(DataError, match="'deep' is no number"):
        TreeDepth(files=str(path)).load()


def test_labels_that_differ_between_parts(tmp_path, two):
    path = tmp_path / "x"
    path.write_text("tr\tO\ta b\ntr\tO\tc d\nva\tO\te f\nte\tI\tg h\n")
    with pytest.raises(DataError, match="'I' is in test but not in train") as caught:
        BigramShift(files=str(path)).load()
    assert caught.value.where == f"{path}:4"
    path.write_text("tr\tO\ta b\ntr\tI\tc d\nva\tO\te f\nte\tI\ta b\n")
    found = BigramShift(files=str(path)).load()
    assert found.warnings == {
        "sentences-with-two-labels": 1,
        "sentences-also-in-train": 1,
        "labels-only-in-train": 1,
    }


def test_parts_without_lines(tmp_path):
    path = tmp_path / "x"
    path.write_text("tr\tO\ta b\ntr\tI\tc d\nva\tO\te f\n")
    with pytest.raises(DataError, match=r"part te \(tr: 2, va: 1, te: 0\)"):
        BigramShift(files=str(path)).load()


def test_fingerprints(official, two):
    tasks = [
        BigramShift(files=official),
        BigramShift(files=official, format="senteval"),
        BigramShift(files=official, labels="files"),
        BigramShift(files=official, labels=["O", "I"]),
        BigramShift(files=two["va"]),
        Probing(files=official),
    ]
    assert len({t.fingerprint for t in tasks}) == len(tasks)
    assert tasks[0].corpus_fingerprint == tasks[2].corpus_fingerprint == tasks[5].corpus_fingerprint


@pytest.mark.parametrize(
    "wrong",
    [
        {"train": "a", "test": "b", "format": "senteval"},
    ],
)
def test_parameters_that_do_not_fit(wrong):
    for use in (lambda t: t.load(), lambda t: t.fingerprint):
        with pytest.raises(ParameterError) as caught:
            use(BigramShift(**wrong))
        assert caught.value.hint
        assert "senteval.bigram_shift" in str(caught.value)


def test_files_that_do_not_fit(official, tmp_path):
    with pytest.raises(ParameterError, match="have tr, va, te inside"):
        BigramShift(train=official, test=copy_of(official, tmp_path)).load()


def copy_of(path, folder):
    made = folder / "copy"
    made.write_bytes(Path(path).read_bytes())
    return str(made)


def test_ten_tasks_and_one_for_all_others_resolve():
    specs = sondage_tasks()
    assert [s.load().__name__ for s in specs][-2:] == ["Probing", "GeneratedTask"]
    tasks = specs[:-1]
    assert len(tasks) == 11
    for spec in tasks:
        cls = spec.load()
        assert spec.name == f"senteval.{cls.name}"
        assert documented(cls)["dev_share"]


def test_importing_and_constructing_is_cheap():
    heavy = "torch transformers sklearn scipy pandas pydantic"
    code = (
        "import sys, sondage_senteval as s\n"
        "light = set(sys.modules)\n"
        "for spec in [*s.sondage_tasks(), *s.sondage_probes()]: spec.load()()\n"
        f"assert not set('{heavy}'.split()) & set(sys.modules)\n"
        "assert 'numpy' not in light\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_broken_first_line_does_not_hide_the_files_own_split(tmp_path):
    path = tmp_path / "x"
    path.write_text(
        "tr\nx\ty\n" + "".join(f"{p}\t{y}\ta {p} {y}\n" for p in ("tr", "va", "te") for y in "IO")
    )
    task = BigramShift(files=str(path), on_error="skip")
    assert task.randomness == ()
    data = task.load()
    assert data.fixed is not None
    assert data.warnings["skipped-lines"] == 2
