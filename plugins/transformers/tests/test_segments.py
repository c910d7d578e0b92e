"""XLNet, whose type ids are compared instead of looked up, and GPT-2 with a row of zeros."""

import json
import shutil

import numpy as np
import pytest

from sondage.data import Corpus
from sondage_transformers import Pretrained, collect

SENTENCES = [["the", "fox"], ["she", "said", "that", "nobody", "knew", "it"], ["dog"]]


@pytest.fixture(params=[False, True], ids=["as saved", "with types"])
def xlnet(request, model_folder, tmp_path):
    """Return an XLNet's folder, and whether its tokenizer gives type ids.

    As saved it gives none; folders that name them among the model's inputs get them.
    """
    folder = model_folder("xlnet")
    if request.param:
        folder = shutil.copytree(folder, tmp_path / "xlnet")
        name_types(folder)
    return str(folder), request.param


def name_types(folder):
    path = folder / "tokenizer_config.json"
    said = json.loads(path.read_text())
    said["model_input_names"] = ["input_ids", "token_type_ids", "attention_mask"]
    path.write_text(json.dumps(said))


def by_transformers(folder, *texts):
    """Return the states that the model gives for all that its tokenizer returns."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    made = AutoTokenizer.from_pretrained(folder)(
        *texts, is_split_into_words=True, return_tensors="pt"
    )
    with torch.no_grad():
        out = AutoModel.from_pretrained(folder).eval()(**made, output_hidden_states=True)
    return np.stack([h[0].numpy() for h in out.hidden_states]), made


def close(got, want):
    return np.abs(want - got).max() <= 3e-4 * np.abs(want).max()


def test_xlnet_gets_what_its_tokenizer_gives(xlnet):
    """The reference is transformers' own call, of one text at a time."""
    folder, types = xlnet
    encoder = Pretrained(model=folder, device="cpu")
    rows, offsets = collect(encoder, Corpus.of_words(SENTENCES), (0, 1, 2), "subwords")
    for i, words in enumerate(SENTENCES):
        want, made = by_transformers(folder, words)
        assert ("token_type_ids" in made) == types
        assert close(rows[:, offsets[i] : offsets[i + 1]], want)


def test_xlnet_reads_pairs_as_its_tokenizer_says(xlnet):
    folder, types = xlnet
    a, b = SENTENCES[:2]
    n = len(a) + len(b)
    corpus = Corpus(
        texts=("",), words=(*a, *b), offsets=np.asarray([0, n]), boundary=np.asarray([len(a)])
    )
    rows, _ = collect(Pretrained(model=folder, device="cpu"), corpus, (0, 1, 2), "subwords")
    want, made = by_transformers(folder, a, b)
    if types:
        assert set(made["token_type_ids"][0].tolist()) == {0, 1, 2}
    assert close(rows, want)


def test_xlnet_keeps_its_fingerprint(xlnet):
    """It got what its tokenizer gives before this was measured, too."""
    assert Pretrained(model=xlnet[0], device="cpu").recipe.checkpoint.mended == ()


def test_a_row_of_zeros_among_the_words(model_folder, tmp_path):
    """Zeros and none give the same then, but the second text's ids would look up a word."""
    import torch
    from transformers import AutoModel

    folder = tmp_path / "gpt2"
    shutil.copytree(model_folder("gpt2"), folder)
    model = AutoModel.from_pretrained(folder)
    with torch.no_grad():
        model.wte.weight[0] = 0
    model.save_pretrained(folder)
    name_types(folder)
    engine = Pretrained(model=str(folder), device="cpu")._engine
    assert engine.tokens.wants_types
    assert not engine.network.conduct.takes_types


def test_single_texts_stand_among_pairs(model_folder):
    """Each is read as the tokenizer alone reads one text, two, or two of which one is empty."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = model_folder("bert")
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    long = "the lazy dog " * 9
    corpus = Corpus(
        ("the quick fox", "nobody knew it", long, "the dog", long),
        second=("nobody knew", None, None, "", "the bank"),
    )
    encoder = Pretrained(model=folder, device="cpu", max_length=24)
    rows, offsets = collect(encoder, corpus, (0, 3), "subwords")
    for i in (0, 1, 3):
        # In lists: an empty second text that is given by itself is passed over.
        second = [[corpus.second[i]]] if corpus.second[i] is not None else []
        made = tokenizer([corpus.texts[i]], *second, return_tensors="pt")
        with torch.no_grad():
            states = model.eval()(**made, output_hidden_states=True).hidden_states
        want = np.stack([states[k][0].numpy() for k in (0, 3)])
        assert rows[:, offsets[i] : offsets[i + 1]].shape == want.shape
        assert close(rows[:, offsets[i] : offsets[i + 1]], want)
    # Too long ones go in windows, as in a corpus of their own kind.
    alone = {2: Corpus((long,)), 4: Corpus((long,), second=("the bank",))}
    for i, own in alone.items():
        want, _ = collect(encoder, own, (0, 3), "subwords")
        assert close(rows[:, offsets[i] : offsets[i + 1]], want)
        assert want.shape[1] > 24
