"""The conformance kit, over local stores; without a library what needs it is skipped."""

import os
import tempfile
from functools import cache
from pathlib import Path

import pytest

from sondage.testing import conformance

#: What the libraries themselves say about Python.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@cache
def folder():
    return tempfile.mkdtemp(prefix="sondage-mlflow-")


def store():
    # Artifacts of a local store go below the working folder.
    os.chdir(folder())
    return f"sqlite:///{Path(folder()) / 'mlflow.db'}"


@pytest.fixture(autouse=True)
def own_folder(monkeypatch):
    monkeypatch.chdir(folder())


@conformance("trackers", params={"trackers.mlflow": {"tracking_uri": store}})
def test_conformance(component, check):
    check(component)
