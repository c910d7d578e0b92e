"""Drawn splits of Winograd-like data keep twins in one part."""

import json

import numpy as np
import pytest

from sondage_edges.tasks import Dpr, Wsc
from sondage_edges.twins import Twins, beginning


def blocks(start, n):
    """Pairs of blocks, as DPR has them: one beginning, two answers."""
    out = []
    for i in range(start, start + n):
        for end, answer in (("had pollen", f"the flower{i}"), ("wanted pollen", f"The bee{i}")):
            text = f"The bee{i} landed on the flower{i} because it {end}."
            out.append(f"{text}\nit\nThe bee{i},the flower{i}\n{answer}\n")
    return "\n".join(out)


@pytest.fixture
def files(tmp_path):
    for name, start, n in (("train", 0, 30), ("dev", 30, 5), ("test", 35, 10)):
        (tmp_path / name).write_text(blocks(start, n))
    return {name: str(tmp_path / name) for name in ("train", "dev", "test")}


def groups(data, items):
    return {beginning(data.corpus.texts[s]) for s in data.target.sentence[items]}


def parts(data, seed):
    split = data.split(seed)
    found = [split.train, split.dev, split.test]
    assert np.array_equal(np.sort(np.concatenate(found)), np.arange(len(data.target)))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_drawn_split_parts_no_twins(files, seed):
    data = Dpr(files=files["train"], ratios=(0.6, 0.2, 0.2)).load()
    assert isinstance(data, Twins)
    found = parts(data, seed)
    # Two texts of two pairs each a group.
    assert [len(items) for items in found] == [72, 24, 24]
    a, b, c = (groups(data, items) for items in found)
    assert not a & (b | c)
    assert not b & c


@pytest.mark.parametrize("seed", range(5))
def test_a_drawn_dev_part_parts_no_twins(files, seed):
    data = Dpr(train=files["train"], test=files["test"], dev_share=0.2).load()
    train, dev, test = parts(data, seed)
    assert (len(train), len(dev), len(test)) == (96, 24, 40)
    assert not groups(data, train) & groups(data, dev)
    assert not np.array_equal(dev, data.split(seed + 1).dev)


def test_the_files_own_split_stays(files):
    data = Dpr(**files).load()
    assert [len(items) for items in parts(data, 0)] == [120, 20, 40]
    assert np.array_equal(data.split(0).dev, np.arange(120, 140))


def test_wsc_keeps_twins_too(tmp_path):
    lines = []
    for i in range(20):
        for end in ("short", "tall"):
            target = {"span1_index": 0, "span1_text": f"John{i}", "span2_index": 5,
                      "span2_text": "he"}  # fmt: skip
            text = f"John{i} missed it all because he is {end}."
            lines.append({"text": text, "target": target, "label": end == "tall"})
    path = tmp_path / "wsc.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    data = Wsc(files=str(path)).load()
    train, dev, test = (groups(data, items) for items in parts(data, 3))
    assert (len(train), len(dev), len(test)) == (16, 2, 2)


def test_texts_are_alike_by_their_first_three_words():
    assert (
        beginning("The Bee  landed on it.")
        == beginning("the bee landed there")
        == ("the bee landed")
    )
    assert beginning("Short one") == "short one"
