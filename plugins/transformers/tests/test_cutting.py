"""Words by themselves against the tokenizer's own cut of the text, in every make of tokenizer."""

import json
import shutil

import numpy as np
import pytest

from sondage.data import Corpus, Request
from sondage_transformers import Pretrained
from sondage_transformers.cutting import cut_in_text
from sondage_transformers.recipe import Recipe
from sondage_transformers.subwords import cut

WORDS = [
    "He",
    "knew",
    "the",
    "quick",
    "brown",
    "fox",
    ",",
    "don't",
    "3.5",
    "%",
    "naïve",
    "the",
    ".",
]
NFC = {"type": "NFC"}
MARK = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
LLAMA3 = r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def split(pattern, behavior="Isolated"):
    kind = "String" if pattern == " " else "Regex"
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": False}


def sequence(name, *parts):
    return {"type": "Sequence", name: list(parts)}


def metaspace(scheme, splits=True):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": splits}


def bytelevel(prefix, regex=True):
    return {
        "type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex
    }  # fmt: skip


GEMMA = (MARK, split(" ", "MergedWithPrevious"))
STRIP = {"type": "Strip", "strip_left": True, "strip_right": False}
#: Normalizer and pre-tokenizer, and how words are cut: as ever, or mended.
MAKES = {
    "byte-level": ((None, bytelevel(False)), "usual"),
    "byte-level with prefix": ((None, bytelevel(True)), "usual"),
    "metaspace always": ((None, metaspace("always")), "usual"),
    "metaspace first": ((None, metaspace("first")), "usual"),
    "metaspace never": ((None, metaspace("never")), "usual"),
    "metaspace unsplit": ((None, metaspace("first", False)), "usual"),
    "split and bytes": (
        (NFC, sequence("pretokenizers", split(LLAMA3), bytelevel(False, False))), "usual",
    ),
    "prepended": (
        (sequence("normalizers", {"type": "Prepend", "prepend": "▁"}, MARK), None), "usual",
    ),
    "normalizer": (GEMMA, "mended"),
    "normalizer alone": ((MARK, None), "mended"),
    "normalizer behind others": ((sequence("normalizers", NFC, MARK), None), "mended"),
    "normalizer that strips": ((sequence("normalizers", STRIP, MARK), None), "mended"),
    "never in a sequence": ((None, sequence("pretokenizers", metaspace("never"))), "mended"),
    "characters": ((None, split("", "Isolated")), "mended"),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(model_folder, tmp_path_factory):
    """Return a function from a make to the folder of a model with such a tokenizer."""
    from tokenizers import Tokenizer, models, trainers

    folders = {}

    def make(name):
        if name in folders:
            return folders[name]
        normalizer, pre = MAKES[name][0]
        blank = Tokenizer(models.BPE(unk_token="<unk>"))
        stored = json.loads(blank.to_str()) | {"normalizer": normalizer, "pre_tokenizer": pre}
        tokenizer = Tokenizer.from_str(json.dumps(stored))
        if "bytes" in name or "byte" in name:
            from tokenizers.pre_tokenizers import ByteLevel

            alphabet = ByteLevel.alphabet()
        else:
            alphabet = list(" ▁.,%35'" + "".join(chr(c) for c in range(97, 123)))
        # Trained on lone words, so that no subword reaches over a blank.
        texts = [f" {w}" for w in WORDS * 2] + WORDS
        size = len(alphabet) + (0 if name == "characters" else 60)
        tokenizer.train_from_iterator(
            texts,
            trainers.BpeTrainer(
                vocab_size=size, special_tokens=["<unk>"], initial_alphabet=alphabet,
                show_progress=False,
            ),
        )  # fmt: skip
        folder = tmp_path_factory.mktemp("made") / "model"
        shutil.copytree(model_folder("gpt2"), folder)
        tokenizer.save(str(folder / "tokenizer.json"))
        settings = {"tokenizer_class": "TokenizersBackend", "unk_token": "<unk>"}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
        folders[name] = str(folder)
        return folders[name]

    return make


def encoded(folder, *sentences):
    encoder = Pretrained(model=folder, device="cpu")
    corpus = Corpus.of_words(sentences)
    content = cut(corpus, np.arange(len(corpus)), encoder._engine.tokens)
    return encoder._engine.tokens, content


@pytest.mark.parametrize("name", MAKES)
def test_words_are_cut_as_in_the_text(name, made):
    tokens, content = encoded(made(name), WORDS, WORDS[::-1])
    assert tokens.cutting.mended == (MAKES[name][1] == "mended")
    backend = tokens.tokenizer.backend_tokenizer
    for k, words in enumerate((WORDS, WORDS[::-1])):
        begin, end = content.offsets[k : k + 2]
        ids, unit = content.ids[begin:end], content.unit[begin:end]
        own = cut_in_text(backend, [words])[0]
        alone = [ids[unit == j].tolist() for j in range(len(words))]
        assert alone[1:] == own[1:]
        if tokens.cutting.mended:
            assert ids.tolist() == backend.encode(" ".join(words), add_special_tokens=False).ids
    assert not content.otherwise.any()


def test_a_worked_example(made):
    """The normalizer's mark: a word has it behind a blank and not at the beginning."""
    tokens, content = encoded(made("normalizer"), ["the", "the"])
    names = tokens.tokenizer.convert_ids_to_tokens(content.ids.tolist())
    halves = [
        "".join(n for n, u in zip(names, content.unit, strict=True) if u == k) for k in (0, 1)
    ]
    assert halves == ["the", "▁the"]


def test_the_second_of_a_pair_opens_a_text(made):
    tokens = Pretrained(model=made("normalizer"), device="cpu")._engine.tokens
    corpus = Corpus(
        texts=("",), words=("the", "fox", "the", "fox"), offsets=np.array([0, 4]),
        boundary=np.array([2]),
    )  # fmt: skip
    content = cut(corpus, np.arange(1), tokens)
    n = int(content.middle[0])
    assert content.ids[:n].tolist() == content.ids[n:].tolist()


def test_what_cannot_be_mended_is_counted(made, tmp_path):
    """A subword that reaches over a blank belongs to no single word."""
    folder = tmp_path / "model"
    shutil.copytree(made("characters"), folder)
    stored = json.loads((folder / "tokenizer.json").read_text())
    stored["pre_tokenizer"] = None
    vocab = stored["model"]["vocab"]
    vocab["e "] = len(vocab)
    stored["model"]["merges"] = [["e", " "]]
    (folder / "tokenizer.json").write_text(json.dumps(stored))
    encoder = Pretrained(model=str(folder), device="cpu")
    corpus = Corpus.of_words([["the", "fox"], ["fox", "fox"], ["the", "the"]])
    assert not encoder._engine.tokens.cutting.exact
    chunks = list(encoder.encode(corpus, Request((0,), ("word",))))
    # "the fox": 'e ' ends in the blank before fox, which is cut without one; 'the' lacks its e.
    assert sum(c.warnings.get("words-cut-otherwise", 0) for c in chunks) == 4


def test_only_what_was_wrong_gets_another_fingerprint(made, monkeypatch):
    now = {name: Recipe(made(name)).fingerprint for name in MAKES}
    monkeypatch.setattr(Recipe, "_mends_words", False)
    before = {name: Recipe(made(name)).fingerprint for name in MAKES}
    changed = {name for name in MAKES if now[name] != before[name]}
    assert changed == {name for name in MAKES if MAKES[name][1] == "mended"}


@pytest.mark.parametrize("name", ["byte-level", "metaspace never", "metaspace always"])
def test_the_tokenizers_own_words_are_counted(name, made, tmp_path):
    """Added tokens are taken out of a text before it is cut: ordinary words do not show it."""
    folder = shutil.copytree(made(name), tmp_path / "model")
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(["XY", "quick the"])
    tokenizer.save(str(folder / "tokenizer.json"))
    sentences = (["the", "foxXYthe"], ["the", "XY"], ["a", "quick", "the"], ["the", "fox"])
    tokens, content = encoded(str(folder), *sentences)
    assert tokens.cutting.exact
    backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for k, words in enumerate(sentences):
        begin, end = content.offsets[k : k + 2]
        ids, unit = content.ids[begin:end], content.unit[begin:end]
        own = cut_in_text(backend, [words])[0]
        wrong = sum(ids[unit == j].tolist() != own[j] for j in range(1, len(words)))
        assert content.otherwise[k] == wrong
    assert content.otherwise[1:].tolist() == [1, 2, 0]


@pytest.mark.parametrize("way", ["normalizer", "subword"])
def test_what_joins_rare_words_is_counted(way, made, tmp_path):
    folder = shutil.copytree(made("byte-level"), tmp_path / "model")
    stored = json.loads((folder / "tokenizer.json").read_text())
    if way == "normalizer":
        stored["normalizer"] = {
            "type": "Replace", "pattern": {"String": " n't"}, "content": "n't"
        }  # fmt: skip
    else:
        stored["pre_tokenizer"] = split(r" ?[^ ]+(?: n't)?")
        stored["pre_tokenizer"] = sequence(
            "pretokenizers", stored["pre_tokenizer"], bytelevel(False, False)
        )
        vocab = stored["model"]["vocab"]
        for token in ("oĠ", "oĠn"):
            vocab[token] = len(vocab)
        stored["model"]["merges"][:0] = [["o", "Ġ"], ["oĠ", "n"]]
    (folder / "tokenizer.json").write_text(json.dumps(stored))
    tokens, content = encoded(str(folder), ["it", "do", "n't"], ["do", "so"])
    assert tokens.cutting.exact
    assert content.otherwise[0] > 0
    assert content.otherwise[1] == 0
