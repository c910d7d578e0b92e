"""Joined corpora: what is taken of each task, pairs beside single sentences, and in a registry."""

import os
from pathlib import Path

import numpy as np
import pytest

from sondage import registry
from sondage.data import Corpus, Labels, Split, TaskData, Units, digest
from sondage.errors import DataError, ParameterError, RegistryError
from sondage.host import Host
from sondage.registry.build import Builder
from sondage.registry.document import parse_yaml
from sondage_corpora import Joined
from sondage_corpora.joined import joined

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SONDAGE_DATA", HERE.parents[4] / "shared" / "data"))


class Task:
    """A task over a corpus in memory."""

    units, randomness = "sentences", ()

    def __init__(self, corpus, part=None):
        self.corpus, self.part = corpus, part

    @property
    def corpus_fingerprint(self):
        return self.corpus.fingerprint

    @property
    def fingerprint(self):
        return digest(self.corpus_fingerprint, "task")

    def load(self):
        n = len(self.corpus)
        labels = Labels(Units.of_sentences(n), np.zeros(n, np.int64), ("a",))
        order = np.arange(n)
        return TaskData(self.corpus, labels, Split(order[:-4], order[-4:-2], order[-2:]))


SINGLE = Corpus(("a", "b", "a", "c", "d", "e"), name="single")
PAIRS = Corpus(("p", "q", "r", "s", "t"), second=("1", "2", "", "4", "5"), name="pairs")
WORDS = Corpus.of_words([["u", "v"], ["w"], ["x", "y", "z"]], name="words")


def test_the_first_of_each_one_task_after_the_other():
    task = Joined(tasks=[Task(SINGLE), Task(PAIRS)], each=3, seed=None)
    corpus = task.load().corpus
    # 'a' comes twice in its task, and is one sentence.
    assert list(corpus.texts) == ["a", "b", "c", "p", "q", "r"]
    assert list(corpus.second) == [None, None, None, "1", "2", ""]
    assert corpus.words is None
    assert corpus.name == "single and pairs"
    which, place = task.origin()
    assert which.tolist() == [0, 0, 0, 1, 1, 1]
    assert place.tolist() == [0, 1, 3, 0, 1, 2]
    assert (task.units, task.randomness, task.load().target) == ("none", (), None)


def test_a_seed_draws_them():
    def texts(seed):
        return list(
            Joined(tasks=[Task(SINGLE), Task(PAIRS)], each=2, seed=seed).load().corpus.texts
        )

    found = {tuple(texts(seed)) for seed in range(20)}
    assert len(found) > 10
    assert all(set(t[:2]) < set("abcde") and set(t[2:]) < set("pqrst") for t in found)
    assert all(list(t) == sorted(t) for t in found)
    assert texts(3) == texts(3)


def test_a_part_of_the_split():
    tasks = [Task(SINGLE), Task(PAIRS)]
    found = Joined(tasks=tasks, each=2, part="test").load()
    assert list(found.corpus.texts) == ["d", "e", "s", "t"]
    # Of a sentence that is in the part, its first occurrence is taken.
    found = Joined(tasks=tasks, each=5, part="dev").load()
    assert list(found.corpus.texts) == ["a", "c", "q", "r"]
    assert found.warnings == {"missing-sentences": 6}


def test_of_one_task_alone_nothing_is_missing():
    alone = Joined(tasks=[Task(SINGLE)], each=50).load()
    assert len(alone.corpus) == 5
    assert alone.warnings == {}


def test_words_stay_where_all_have_them():
    both = joined([WORDS, Corpus.of_words([["k"]], texts=["k!"])])
    assert list(both.words_of(2)) == ["x", "y", "z"]
    assert list(both.words_of(3)) == ["k"]
    assert both.texts[3] == "k!"
    assert both.second is None
    mixed = joined([WORDS, SINGLE])
    assert mixed.words is None
    assert mixed.second is None
    assert mixed.texts[:2] == ("u v", "w")
    paired = Corpus.of_words([["k"]], second=[["l", "m"]])
    assert joined([WORDS, paired]).second == (None, None, None, "l m")


def test_no_second_text_is_not_an_empty_one():
    texts = ("a", "a", "a")
    corpus = Corpus(texts, second=(None, "", None))
    assert len(corpus.unique[0]) == 2
    assert corpus.take([1, 2]).second == ("", None)
    assert Corpus(texts[:1], second=(None,)).fingerprint == Corpus(texts[:1]).fingerprint
    assert Corpus(texts[:1], second=("",)).fingerprint != Corpus(texts[:1]).fingerprint


def test_what_identifies_it():
    def of(*tasks, **more):
        return Joined(tasks=[Task(c) for c in tasks], **more).fingerprint

    found = [of(SINGLE, PAIRS), of(PAIRS, SINGLE), of(SINGLE), of(SINGLE, PAIRS, each=3)]
    found += [of(SINGLE, PAIRS, part="dev"), of(SINGLE, PAIRS, part="dev", split_seed=1)]
    assert len(set(found)) == 6
    assert of(SINGLE, PAIRS) == of(SINGLE, PAIRS, split_seed=1)


def test_a_corpus_without_a_target_has_no_parts():
    plain = Joined(tasks=[Task(SINGLE)])
    assert Joined(tasks=[plain, Task(PAIRS)], each=2).load().corpus.second[0] is None
    with pytest.raises(ParameterError, match="'dev' of Joined, which has no target"):
        Joined(tasks=[plain], part="dev")


REGISTRY = """
version: 1
tasks:
  lines: {use: corpora.text, files: FOLDER/a.txt}
  more: {use: corpora.text, files: FOLDER/b.txt}
  both:
    use: corpora.joined
    tasks: [lines, {use: corpora.text, files: FOLDER/b.txt}]
    each: 2
  gone:
    use: corpora.joined
    tasks:
      - lines
      - nothing
  none: {use: corpora.joined, tasks: []}
  loop: {use: corpora.joined, tasks: [lines, loop]}
  lost: {use: corpora.joined, tasks: [{use: corpora.text, files: FOLDER/c.txt}]}
"""


@pytest.fixture
def builder(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"{name} one\n{name} two\n{name} three\n")
    text = REGISTRY.replace("FOLDER", str(tmp_path))
    return Builder(Host.discover(), registry.registry_of(parse_yaml(text, "r.yaml"), {}))


def build(builder, name):
    return builder.build("task", name, ("tasks", name), "test")


def test_a_registry_joins_tasks_by_name_and_in_place(builder):
    built = build(builder, "both")
    assert [part.label for part in built.made_of] == ["lines", "corpora.text"]
    texts = list(built.instance.load().corpus.texts)
    assert [t[0] for t in texts] == ["a", "a", "b", "b"]
    keys = [build(builder, name).key for name in ("lines", "more")]
    assert built.parameters["tasks"] == keys


@pytest.mark.parametrize(
    ("name", "error", "what", "line"),
    [
        ("gone", RegistryError, "task 'gone' needs task 'nothing'", 14),
        ("none", ParameterError, "at least 1 item", 15),
        ("loop", RegistryError, "loop -> loop", 16),
        ("lost", DataError, "c.txt", 17),
    ],
)
def test_what_cannot_be_joined_is_told_with_its_line(builder, name, error, what, line):
    with pytest.raises(error, match=what) as told:
        build(builder, name)
    assert told.value.where.startswith(f"r.yaml:{line}, tasks.{name}")


@pytest.mark.skipif(not (DATA / "mrpc").is_dir(), reason="no real data: SONDAGE_DATA")
def test_two_hundred_of_each_of_two_published_data_sets():
    text = f"""
version: 1
tasks:
  rte: {{use: glue.rte, train: "{DATA}/glue_rte/train.tsv", dev: "{DATA}/glue_rte/dev.tsv"}}
  sst2: {{use: glue.sst2, train: "{DATA}/sst2/train.tsv", dev: "{DATA}/sst2/dev.tsv"}}
  both: {{use: corpora.joined, tasks: [rte, sst2], part: dev}}
"""
    host = Host.discover()
    if ("task", "glue.rte") not in host.catalogue:
        pytest.skip("sondage-glue is not installed")
    found = registry.registry_of(parse_yaml(text, "r.yaml"), {})
    task = Builder(host, found).build("task", "both", (), "test").instance
    corpus = task.load().corpus
    assert [
        sum(s is None for s in half) for half in (corpus.second[:200], corpus.second[200:])
    ] == [
        0,
        200,
    ]
    dev = (DATA / "glue_rte" / "dev.tsv").read_text("utf-8")
    assert all(text in dev for text in corpus.texts[:200])
