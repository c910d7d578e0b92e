"""Small random-weight models of each family, with tokenizers trained here, in folders."""

import os
from pathlib import Path

import pytest

TEXT = """
The quick brown fox jumps over the lazy dog near the river bank . She said that nobody knew it .
He 's not here , is he ? Prices rose 3.5 % in 2019 , the bank said . Internationalisation !
Words such as antidisestablishmentarianism are split ; naïve cafés and Straße too . Ελλάδα 日本語
عربى हिन्दी — “quotes” … and so on and on and on . We met at the station before noon , after all .
""".strip().split("\n")

FAMILIES = ("bert", "distilbert", "roberta", "albert", "gpt2", "t5")


def _wordpiece():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(
        TEXT, trainers.WordPieceTrainer(vocab_size=160, special_tokens=special, show_progress=False)
    )
    from transformers import BertTokenizer

    return BertTokenizer(vocab=tokenizer.get_vocab(), do_lower_case=True)


def _byte_level(special):
    import json

    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=340,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return tokenizer.get_vocab(), [tuple(m) for m in merges]


def _unigram(special, unk):
    import json

    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=150, special_tokens=special, unk_token=unk, show_progress=False
    )
    tokenizer.train_from_iterator(TEXT * 3, trainer)
    return [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["vocab"]]


def _bert():
    from transformers import BertConfig, BertModel

    tokenizer = _wordpiece()
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=64,
    )
    return tokenizer, BertModel(config)


def _distilbert():
    from transformers import DistilBertConfig, DistilBertModel

    tokenizer = _wordpiece()
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    config = DistilBertConfig(
        vocab_size=len(tokenizer),
        dim=16,
        n_layers=2,
        n_heads=2,
        hidden_dim=24,
        max_position_embeddings=64,
    )
    return tokenizer, DistilBertModel(config)


def _roberta():
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizer

    vocab, merges = _byte_level(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer = RobertaTokenizer(vocab=vocab, merges=merges)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=66,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
    )
    return tokenizer, RobertaModel(config)


def _gpt2():
    from transformers import GPT2Config, GPT2Model, GPT2Tokenizer

    vocab, merges = _byte_level(["<|endoftext|>"])
    tokenizer = GPT2Tokenizer(vocab=vocab, merges=merges)
    end = tokenizer.eos_token_id
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=16,
        n_layer=3,
        n_head=2,
        n_positions=64,
        bos_token_id=end,
        eos_token_id=end,
    )
    return tokenizer, GPT2Model(config)


def _albert():
    from transformers import AlbertConfig, AlbertModel, AlbertTokenizer

    special = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = AlbertTokenizer(vocab=_unigram(special, "<unk>"))
    config = AlbertConfig(
        vocab_size=len(tokenizer),
        embedding_size=8,
        hidden_size=16,
        num_hidden_layers=4,
        num_hidden_groups=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=64,
        pad_token_id=tokenizer.pad_token_id,
    )
    return tokenizer, AlbertModel(config)


def _t5():
    from transformers import T5Config, T5Model, T5Tokenizer

    vocab = _unigram(["<pad>", "</s>", "<unk>"], "<unk>")
    tokenizer = T5Tokenizer(vocab=vocab, extra_ids=0)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=16,
        d_kv=8,
        num_layers=2,
        num_decoder_layers=1,
        num_heads=2,
        d_ff=24,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    return tokenizer, T5Model(config)


def _xlnet():
    import torch
    from transformers import XLNetConfig, XLNetModel, XLNetTokenizer

    special = ["<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>", "<mask>", "<eod>", "<eop>"]
    tokenizer = XLNetTokenizer(vocab=_unigram(special, "<unk>"))
    model = XLNetModel(
        XLNetConfig(vocab_size=len(tokenizer), d_model=16, n_layer=2, n_head=2, d_inner=24)
    )
    for name, parameter in model.named_parameters():
        # Strong segments: what they add to all places alike is rounded then.
        if name.endswith(("seg_embed", "r_s_bias")):
            parameter.data += 40 * torch.randn_like(parameter)
    return tokenizer, model


MAKERS = {
    "bert": _bert,
    "distilbert": _distilbert,
    "roberta": _roberta,
    "albert": _albert,
    "gpt2": _gpt2,
    "t5": _t5,
    "xlnet": _xlnet,
}


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory):
    """Return a function from a family to the folder of a small model of it."""
    made = {}

    def make(family: str) -> str:
        if family not in made:
            import torch

            from sondage_transformers.quiet import quiet

            folder = tmp_path_factory.mktemp(family)
            with torch.random.fork_rng(devices=[]), quiet():
                torch.manual_seed(1)
                tokenizer, model = MAKERS[family]()
                # Fresh weights are nearly linear: larger ones make every part matter.
                for parameter in model.parameters():
                    parameter.data += 0.3 * torch.randn_like(parameter)
                tokenizer.save_pretrained(folder)
                model.save_pretrained(folder)
            made[family] = str(folder)
        return made[family]

    return make


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    """Return an untrained BERT with a vocabulary that is the same in every run."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    from sondage.testing import toys
    from sondage_transformers import Pretrained

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces += ["red", "green", "blue", "grey", "fox", "dog", "bank", "river", "noon"]
    letters = [chr(c) for c in range(33, 127) if chr(c) == chr(c).lower()]
    pieces += letters + [f"##{c}" for c in letters if c.isalnum()] + ["na", "##ive", "cafe"]
    words = {w.lower() for w in toys.word_corpus().words if len(w) < 10}
    vocabulary = {w: i for i, w in enumerate(dict.fromkeys([*pieces, *sorted(words)]))}
    folder = tmp_path_factory.mktemp("bert")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        tokenizer = BertTokenizer(vocab=vocabulary, do_lower_case=True)
        config = BertConfig(
            vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=3,
            num_attention_heads=2, intermediate_size=48, max_position_embeddings=64,
        )  # fmt: skip
        from sondage_transformers.quiet import quiet

        with quiet():
            tokenizer.save_pretrained(folder)
            BertModel(config).save_pretrained(folder)
    return Pretrained(model=str(folder), device="cpu")


@pytest.fixture(params=FAMILIES, scope="session")
def family(request):
    return request.param


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Keep the digests that tests remember away from the user's."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before


@pytest.fixture(scope="session")
def data_folder():
    """Return the folder of real data, or skip."""
    beside = Path(__file__).resolve().parents[3].parent / "shared" / "data"
    folder = Path(os.environ.get("SONDAGE_DATA") or beside)
    if not folder.is_dir():
        pytest.skip("no real data: set SONDAGE_DATA")
    return folder
