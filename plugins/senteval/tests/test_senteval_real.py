"""Real files: X-Probe in two columns, Turkish ones in SentEval's format, UD treebanks."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sondage.errors import DataError
from sondage_senteval import Rules, generate, read_conllu, tasks

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SONDAGE_DATA", HERE.parents[4] / "shared" / "data"))
XPROBE, TURKISH = DATA / "xprobe_en", DATA / "senteval_probing_tr"
pytestmark = pytest.mark.skipif(
    not XPROBE.is_dir(), reason="no xprobe_en among the real data: SONDAGE_DATA"
)
CLASSES = {c.name: c for c in tasks.Probing.__subclasses__()}


@pytest.mark.parametrize(
    ("kind", "names", "sizes"),
    [
        ("bigram_shift", ("I", "O"), (10_000, 3_334)),
        ("coordination_inversion", ("I", "O"), (10_000, 3_334)),
        ("obj_number", ("Sing", "Plur"), (10_000, 3_334)),
        ("past_present", ("Past", "Pres"), (10_000, 3_334)),
        ("sentence_length", tuple("012345"), (4_998, 4_998)),
        ("subj_number", ("Sing", "Plur"), (10_000, 3_334)),
    ],
)
def test_xprobe(kind, names, sizes):
    folder = XPROBE / kind
    data = CLASSES[kind](
        train=str(folder / "va.txt"), test=str(folder / "te.txt"), dev_share=0
    ).load()
    assert data.target.names == names
    assert (len(data.fixed.train), len(data.fixed.test)) == sizes
    lines = (folder / "va.txt").read_text("utf-8").split("\n")
    assert data.corpus.texts[17] == lines[17].split("\t")[0].strip()
    assert names[data.target.y[17]] == lines[17].split("\t")[1]


def test_xprobe_word_content_has_fewer_words_in_test():
    folder = XPROBE / "word_content"
    data = CLASSES["word_content"](
        train=str(folder / "va.txt"), test=str(folder / "te.txt"), dev_share=0
    ).load()
    assert len(data.target.names) == 1000
    assert data.warnings["labels-only-in-train"] == 16


def test_xprobe_tree_depth_is_split_by_the_seed():
    task = CLASSES["tree_depth"](files=str(XPROBE / "tree_depth" / "va.txt"))
    assert task.randomness == ("split",)
    assert task.load().target.names == ("3", "4", "5", "6", "7")


@pytest.mark.parametrize(
    ("kind", "name", "sizes"),
    [
        ("bigram_shift", "bigram_shift", (8002, 999, 999)),
        ("subj_number", "subj_number", (3040, 500, 500)),
        ("probing", "voice", (6419, 999, 999)),
        ("probing", "sv_dist", (450, 596, 596)),
    ],
)
def test_turkish_files_in_the_official_format(kind, name, sizes):
    cls = CLASSES.get(kind, tasks.Probing)
    data = cls(files=str(TURKISH / f"{name}.txt")).load()
    assert data.target.names == ("0", "1")
    assert (len(data.fixed.train), len(data.fixed.dev), len(data.fixed.test)) == sizes


@pytest.fixture(scope="module")
def treebanks():
    return {
        "en": read_conllu(DATA / "ud_english_pud" / "en_pud-ud-test.conllu"),
        "de": read_conllu(DATA / "ud_german_pud" / "de_pud-ud-test.conllu"),
    }


def test_multiword_tokens_of_german(treebanks):
    assert len(treebanks["de"]) == 1000
    assert "am" in treebanks["de"][0].tokens
    assert sum(len(t.head) for t in treebanks["de"]) == 21_332
    assert sum(len(t.tokens) for t in treebanks["de"]) < 21_332


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    "task",
    ["sentence_length", "bigram_shift", "past_present", "subj_number", "obj_number",
     "odd_man_out", "coordination_inversion", "top_dependents"],
)  # fmt: skip
def test_every_task_of_two_languages(treebanks, language, task):
    made = generate(treebanks[language], task, limits=Rules(top=5))
    by_part = Counter(zip(made.part.tolist(), made.labels, strict=True))
    for part in range(3):
        assert len({by_part[part, name] for name in made.names}) == 1
        assert by_part[part, made.names[0]] >= 1
    assert len(set(made.sentences)) == len(made)
    assert all(5 <= len(s) <= 28 for s in made.sentences)


def test_depth_and_length_are_independent(treebanks):
    made = generate(treebanks["en"], "tree_depth", limits=Rules(depths=(4, 6)))
    depth = np.array([int(x) for x in made.labels])
    length = np.array([len(s) for s in made.sentences])
    assert abs(np.corrcoef(depth, length)[0, 1]) < 1e-12
    assert len(made) > 100
    with pytest.raises(DataError, match="too few sentences"):
        generate(treebanks["de"], "tree_depth", limits=Rules(depths=(1, 9)))
