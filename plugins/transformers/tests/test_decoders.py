"""Decoders: every view and what attention and MLP add, against plain loops over single texts."""

import json
import re
import shutil
from functools import partial

import numpy as np
import pytest

from sondage.data import Corpus
from sondage.errors import EncodingError, ParameterError
from sondage.testing.toys import ToyTask
from sondage_transformers import Finetuned, Pretrained, Randomised, Truncated, collect
from sondage_transformers.quiet import quiet

SMALL = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 4,
    "max_position_embeddings": 128,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
EXPERTS = {"num_experts_per_tok": 2, "num_local_experts": 4}
#: What is added to the states: paths within a block.
USUAL = ("self_attn", "mlp")
BEHIND = ("post_attention_layernorm", "post_feedforward_layernorm")
DECODERS = {
    "llama": ({}, USUAL),
    "mistral": ({"sliding_window": 4}, USUAL),
    "mixtral": (EXPERTS, USUAL),
    "qwen3": ({}, USUAL),
    "qwen3_moe": ({"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 8}, USUAL),
    "gemma2": ({"query_pre_attn_scalar": 4, "sliding_window": 4}, BEHIND),
    "gpt_oss": (EXPERTS | {"sliding_window": 4}, USUAL),
    # Attention and MLP read the same states, side by side.
    "gpt_neox": ({"use_parallel_residual": True}, ("attention", "mlp")),
}
CORPUS = Corpus.of_words(
    [["the", "quick", "fox"], ["noon"], ["she", "said", "that", "nobody", "knew", "it", "."] * 2]
)


@pytest.fixture(scope="session")
def decoder(tmp_path_factory, model_folder):
    """Return a function from a family to the folder of a tiny decoder of it."""
    made = {}

    def make(name):
        if name not in made:
            made[name] = built(name, tmp_path_factory.mktemp(name), model_folder("gpt2"))
        return made[name]

    return make


def built(name, folder, tokenizer):
    import torch
    from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(
        tokenizer_file=f"{tokenizer}/tokenizer.json", pad_token="<|endoftext|>",
        model_max_length=64, model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip
    fast.chat_template = "{% for m in messages %}<|user|>{{ m.content }}<|end|>{% endfor %}"
    sizes = SMALL | DECODERS[name][0] | {"vocab_size": len(fast)}
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        model = AutoModel.from_config(AutoConfig.for_model(name, **sizes))
        for parameter in model.parameters():
            parameter.data += 0.2 * torch.randn_like(parameter)
        model.save_pretrained(folder)
        fast.save_pretrained(folder)
    return str(folder)


def single_passes(folder, encoder, parts):
    """Of each text by itself: hidden states, and what the two parts of each block gave."""
    import torch
    from transformers import AutoModel

    with quiet():
        model = AutoModel.from_pretrained(folder).eval()
    blocks = model.layers
    gave = []
    for block in blocks:
        for path in parts:
            block.get_submodule(path).register_forward_hook(
                lambda m, a, out: gave.append(out[0] if isinstance(out, tuple) else out)
            )
    (windows,) = encoder._engine.windows(CORPUS)
    for i in range(len(CORPUS)):
        ids = torch.from_numpy(windows.ids[windows.offsets[i] : windows.offsets[i + 1]])[None]
        gave.clear()
        with torch.no_grad():
            out = model(input_ids=ids, output_hidden_states=True, use_cache=False)
        states = [x[0].numpy() for x in out.hidden_states]
        added = [x.reshape(ids.shape[1], -1).numpy() for x in gave]
        yield states, added[::2], added[1::2]


@pytest.mark.parametrize("name", DECODERS)
def test_views_and_parts_of_blocks_are_those_of_each_text_alone(name, decoder):
    folder = decoder(name)
    plain = Pretrained(model=folder, device="cpu")
    assert "cls" not in plain.views
    for output, kind in (("block", 0), ("attn_out", 1), ("mlp_out", 2)):
        encoder = Pretrained(model=folder, device="cpu", output=output)
        rows, offsets = collect(encoder, CORPUS, (0, 1, 2), "subwords")
        last, _ = collect(encoder, CORPUS, (0, 1, 2), "last")
        mean, _ = collect(encoder, CORPUS, (0, 1, 2), "mean")
        for i, found in enumerate(single_passes(folder, encoder, DECODERS[name][1])):
            states = found[0] if kind == 0 else [found[0][0], *found[kind]]
            for layer, want in enumerate(states):
                got = rows[layer, offsets[i] : offsets[i + 1]]
                close = {"atol": 1e-5 * max(np.abs(want).max(), 1), "rtol": 0}
                np.testing.assert_allclose(got, want, **close)
                np.testing.assert_allclose(last[layer, i], want[-1], **close)
                np.testing.assert_allclose(mean[layer, i], want.mean(0), **close)


@pytest.mark.parametrize("name", ["llama", "gemma2", "gpt_neox"])
def test_parts_add_up_to_the_blocks(name, decoder):
    """The states behind a block are those before it and both parts: one layer of each sums up."""
    made = {
        output: Pretrained(model=decoder(name), device="cpu", output=output)
        for output in ("block", "attn_out", "mlp_out")
    }
    found = {k: collect(e, CORPUS, (0, 1), "word")[0] for k, e in made.items()}
    total = found["block"][0] + found["attn_out"][1] + found["mlp_out"][1]
    scale = np.abs(found["block"][1]).max()
    np.testing.assert_allclose(found["block"][1], total, atol=1e-5 * scale)
    np.testing.assert_array_equal(found["attn_out"][0], found["block"][0])
    assert len({e.fingerprint for e in made.values()}) == 3


def taken(where, module, args, out):
    where.append(out[0] if isinstance(out, tuple) else out)


def is_in_block(name, path):
    """Whether a module is at this path of a numbered block."""
    return re.fullmatch(rf"(.*\.)?\d+\.{re.escape(path)}", name) is not None


@pytest.mark.parametrize(
    ("family", "parts"),
    [
        ("bert", ("attention.output.dense", "output.dense")),
        ("roberta", ("attention.output.dense", "output.dense")),
        ("distilbert", ("attention", "ffn")),
        ("gpt2", ("attn", "mlp")),
        ("t5", ("layer.0.SelfAttention", "layer.1.DenseReluDense")),
    ],
)
def test_what_other_families_add_is_found_too(family, parts, model_folder):
    for output, path in zip(("attn_out", "mlp_out"), parts, strict=True):
        encoder = Pretrained(model=model_folder(family), device="cpu", output=output)
        network = encoder._engine.network
        rows, _ = collect(encoder, CORPUS, range(encoder.n_layers + 1), "subwords")
        assert np.isfinite(rows).all()
        wanted, names = [], {m: n for n, m in network.model.named_modules()}
        note = partial(taken, wanted)
        hooks = [m.register_forward_hook(note) for m, n in names.items() if is_in_block(n, path)]
        assert len(hooks) == encoder.n_layers
        one = Corpus.of_words([["the", "quick", "fox"]])
        got, _ = collect(encoder, one, range(encoder.n_layers + 1), "subwords")
        for hook in hooks:
            hook.remove()
        for layer, want in enumerate(wanted, 1):
            np.testing.assert_array_equal(got[layer], want[0].numpy())


def test_a_block_without_two_parts_is_refused(tmp_path, model_folder, decoder):
    import torch
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        config = AutoConfig.for_model(
            "mamba", vocab_size=400, hidden_size=16, num_hidden_layers=2, state_size=4,
            pad_token_id=0, bos_token_id=1, eos_token_id=2,
        )  # fmt: skip
        AutoModel.from_config(config).save_pretrained(tmp_path)
        AutoTokenizer.from_pretrained(decoder("llama")).save_pretrained(tmp_path)
    with pytest.raises(EncodingError, match="output: block"):
        collect(
            Pretrained(model=str(tmp_path), device="cpu", output="mlp_out"), CORPUS, (1,), "mean"
        )


def test_a_chat_template_adds_nothing(decoder, tmp_path):
    folder = shutil.copytree(decoder("llama"), tmp_path / "plain")
    with_template = Pretrained(model=decoder("llama"), device="cpu")
    assert (folder / "chat_template.jinja").exists() or "chat_template" in (
        folder / "tokenizer_config.json"
    ).read_text("utf-8")
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    said = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    said.pop("chat_template", None)
    (folder / "tokenizer_config.json").write_text(json.dumps(said), "utf-8")
    without = Pretrained(model=str(folder), device="cpu")
    both = [collect(e, CORPUS, (0, 1, 2), "subwords") for e in (with_template, without)]
    np.testing.assert_array_equal(both[0][0], both[1][0])
    # Subwords of the text, and of nothing else: this tokenizer begins and ends with none.
    (windows,) = with_template._engine.windows(CORPUS)
    said = with_template._engine.tokens.tokenizer.decode(windows.ids[: windows.offsets[1]])
    assert said.split() == ["the", "quick", "fox"]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_side_of_padding_that_a_tokenizer_names_moves_nothing(side, decoder, tmp_path):
    folder = shutil.copytree(decoder("mistral"), tmp_path / side)
    said = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(said | {"padding_side": side}), "utf-8"
    )
    given = [
        collect(Pretrained(model=str(f), device="cpu"), CORPUS, (1, 2), "last")[0]
        for f in (decoder("mistral"), folder)
    ]
    np.testing.assert_array_equal(*given)


def test_parts_travel_with_what_is_made_of_an_encoder(decoder):
    base = Pretrained(model=decoder("llama"), device="cpu", output="mlp_out")
    whole = collect(base, CORPUS, (0, 1), "mean")[0]
    short = Truncated(base=base, layers=1)
    np.testing.assert_array_equal(collect(short, CORPUS, (0, 1), "mean")[0], whole)
    drawn = Randomised(base=base, seed=0)
    assert drawn.recipe.output == "mlp_out"
    assert drawn.fingerprint != Randomised(base=Pretrained(model=decoder("llama"))).fingerprint
    # In passing, states are handed over likewise.
    batch = base.lay_out(CORPUS, np.arange(len(CORPUS)))
    found = {}
    base.pass_through(batch, (0, 1), frozenset({"states"}), lambda k, v: found.update({k: v}))
    mask = (batch.mask & ~batch.special)[..., None]
    mean = (found[1]["states"].numpy() * mask).sum(1) / mask.sum(1)
    np.testing.assert_allclose(mean, whole[1], atol=1e-5)


def test_what_needs_states_behind_blocks_refuses_parts(decoder, bert):
    base = Pretrained(model=decoder("llama"), device="cpu", output="attn_out")
    for one in (base, Truncated(base=base, layers=1)):
        with pytest.raises(ParameterError, match="states behind a model's blocks"):
            Finetuned(base=one, task=ToyTask())


def test_half_precision_finds_the_same_parts(decoder):
    for dtype in ("bfloat16", "float16"):
        encoder = Pretrained(model=decoder("gemma2"), device="cpu", output="attn_out", dtype=dtype)
        whole = Pretrained(model=decoder("gemma2"), device="cpu", output="attn_out")
        a, b = (collect(e, CORPUS, (1, 2), "mean")[0] for e in (encoder, whole))
        assert np.abs(a - b).max() <= 0.1 * np.abs(b).max()
