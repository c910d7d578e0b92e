"""Tokenizers without a vocabulary file, and without Latin letters."""

import json
import shutil

import numpy as np
import pytest

from sondage.data import Corpus
from sondage_transformers import Pretrained
from sondage_transformers.subwords import cut
from sondage_transformers.windows import lay_out

WORDS = ["The", "naïve", "日本語", "👍", "."]


@pytest.fixture(params=["ByT5Tokenizer", "CanineTokenizer"])
def spelling(request, model_folder, tmp_path):
    import transformers

    folder = tmp_path / "model"
    folder.mkdir()
    made = getattr(transformers, request.param)()
    made.save_pretrained(folder)
    for name in ("config.json", "model.safetensors"):
        shutil.copy(f"{model_folder('t5')}/{name}", folder / name)
    return folder, made


def test_characters_are_as_transformers_spells_them(spelling):
    folder, slow = spelling
    tokens = Pretrained(model=str(folder))._engine.tokens
    windows = lay_out(cut(Corpus.of_words([WORDS]), np.arange(1), tokens), tokens, None)
    # Each word owns the blank before it.
    assert windows.ids.tolist() == slow(" ".join(WORDS))["input_ids"]
    assert np.unique(windows.unit).tolist() == [-1, 0, 1, 2, 3, 4]
    texts = Corpus(texts=("a é",), second=("日",))
    windows = lay_out(cut(texts, np.arange(1), tokens), tokens, None)
    assert windows.ids.tolist() == slow("a é", "日")["input_ids"]


def test_a_tokenizer_without_latin_letters(model_folder, tmp_path):
    """The special tokens are found with a piece of its own vocabulary."""
    folder = tmp_path / "model"
    shutil.copytree(model_folder("bert"), folder)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    stored = json.loads((folder / "tokenizer.json").read_text())
    stored["model"] = {
        "type": "WordLevel", "unk_token": "none", "vocab": {
            w: i for i, w in enumerate([*special, "\u03b1", "\u05d0"])
        },
    }  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(stored))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["tokenizer_class"] = "TokenizersBackend"
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    tokens = Pretrained(model=str(folder))._engine.tokens
    assert tokens.single.n_special == 2
    assert tokens.pair.n_special == 3
