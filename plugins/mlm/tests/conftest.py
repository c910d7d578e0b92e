"""Small masked language models with random weights, in folders."""

from __future__ import annotations

import pytest

TEXTS = (
    "The quick brown fox jumps over the lazy dog near the river bank .",
    "She said that nobody knew it .",
    "He 's not here , is he ?",
    "Prices rose 3.5 % in 2019 , the bank said .",
    "Internationalisation !",
    "naïve cafés and Straße too",
    "We met at the station before noon , after all , and so on and on .",
)


def _bert():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import BertConfig, BertForMaskedLM, BertTokenizer

    cut = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    cut.normalizer = normalizers.BertNormalizer()
    cut.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    cut.train_from_iterator(
        TEXTS,
        trainers.WordPieceTrainer(vocab_size=120, special_tokens=special, show_progress=False),
    )
    config = BertConfig(
        vocab_size=cut.get_vocab_size(), hidden_size=16, num_hidden_layers=3,
        num_attention_heads=2, intermediate_size=24, max_position_embeddings=64,
    )  # fmt: skip
    return BertTokenizer(vocab=cut.get_vocab(), do_lower_case=True), BertForMaskedLM(config)


def _roberta():
    import json

    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import RobertaConfig, RobertaForMaskedLM, RobertaTokenizer

    cut = Tokenizer(models.BPE())
    cut.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    cut.train_from_iterator(TEXTS, trainer)
    merges = [tuple(pair) for pair in json.loads(cut.to_str())["model"]["merges"]]
    tokenizer = RobertaTokenizer(vocab=cut.get_vocab(), merges=merges)
    config = RobertaConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=66, type_vocab_size=1, pad_token_id=1,
    )  # fmt: skip
    return tokenizer, RobertaForMaskedLM(config)


MAKERS = {"bert": _bert, "roberta": _roberta}


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Return the folders of two small masked language models with random weights."""
    import torch

    found = {}
    for name, make in MAKERS.items():
        folder = tmp_path_factory.mktemp(name)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            tokenizer, model = make()
            # Fresh weights are nearly linear: larger ones make every part matter.
            for parameter in model.parameters():
                parameter.data += 0.3 * torch.randn_like(parameter)
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)
        found[name] = str(folder)
    return found
