"""A task is loaded once, and loaded data that a component changed is seen."""

from types import SimpleNamespace

import numpy as np
import pytest

from sondage.data import Corpus, TaskData
from sondage.errors import DataError
from sondage.execute import loading
from sondage.testing.toys import ToyTask


@pytest.fixture
def built(monkeypatch):
    monkeypatch.setattr(loading, "_loaded", {})
    task = ToyTask()
    return SimpleNamespace(
        id="t", label="t", kind="task", instance=task, key={"fingerprint": task.fingerprint}
    )


def test_a_task_is_loaded_once_until_it_is_forgotten(built):
    assert loading.loaded(built) is None
    first = loading.load_task(built)
    assert loading.load_task(built) is first
    assert loading.loaded(built) is first
    loading.forget(built)
    assert loading.load_task(built) is not first


def test_a_task_without_sentences_is_refused(built, monkeypatch):
    empty = TaskData(Corpus.of_words([]), None)
    monkeypatch.setattr(type(built.instance), "load", lambda self: empty)
    with pytest.raises(DataError, match="'t' has no sentences"):
        loading.load_task(built)


def test_checksums_follow_what_is_written_into_labels(built):
    data = loading.load_task(built)
    before = loading.checksums(data)
    assert loading.checksums(data) == before
    y = np.array(data.target.y)
    y[0] = 1 - y[0]
    object.__setattr__(data.target, "y", y)
    assert loading.checksums(data) != before
