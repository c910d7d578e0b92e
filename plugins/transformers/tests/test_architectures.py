"""Every text architecture of AutoModel that can be built tiny: right, or refused with a reason.

A part of them by default; `SONDAGE_ARCHITECTURES=all` goes over all (some minutes).
"""

import inspect
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from sondage.data import Corpus
from sondage.errors import EncodingError
from sondage_transformers import Pretrained, collect
from sondage_transformers.loading import encoder_of
from sondage_transformers.quiet import quiet

SIZES = {
    16: "hidden_size d_model n_embd dim emb_dim embedding_size word_embed_proj_dim",
    2: "num_hidden_layers n_layer n_layers num_layers encoder_layers decoder_layers "
    "num_decoder_layers num_encoder_layers num_attention_heads n_head n_heads num_heads "
    "encoder_attention_heads decoder_attention_heads num_encoder_attention_heads "
    "num_decoder_attention_heads num_experts_per_tok",
    24: "intermediate_size ffn_dim encoder_ffn_dim decoder_ffn_dim d_ff n_inner hidden_dim dff",
    8: "head_dim d_kv moe_intermediate_size shared_expert_intermediate_size",
    4: "n_routed_experts num_experts num_local_experts moe_num_experts",
    160: "vocab_size",
    128: "max_position_embeddings n_positions",
    1: "num_key_value_heads",
}
TINY = {name: size for size, names in SIZES.items() for name in names.split()}
#: Bigger ones take too long to save.
MOST = 6_000_000
#: Always run.
NAMED = frozenset("bert clip fnet fsmt gpt2 ibert llava mt5 pegasus_x t5 t5gemma2 xglm".split())  # noqa: SIM905
CORPUS = Corpus.of_words([["the", "fox"], ["the"] * 9, ["dog", "near", "fox"], ["she", "fox"]])


def names():
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

    whole = os.environ.get("SONDAGE_ARCHITECTURES") == "all"
    return [n for i, n in enumerate(MODEL_MAPPING_NAMES) if whole or i % 6 == 0 or n in NAMED]


def shrink(config):
    from transformers import PreTrainedConfig

    for name, value in list(vars(config).items()):
        if isinstance(value, PreTrainedConfig):
            shrink(value)
        elif name in TINY and isinstance(value, int) and not isinstance(value, bool):
            setattr(config, name, TINY[name])
        elif name.endswith("_token_id") and isinstance(value, int) and value >= TINY["vocab_size"]:
            setattr(config, name, 1)
    if isinstance(getattr(config, "layer_types", None), list):
        config.layer_types = config.layer_types[: TINY["n_layer"]]
    return config


def build(name, folder, tokenizer):
    """Save a tiny model with the tokenizer; return whether it could be built and reads text."""
    import torch
    from transformers import AutoModel
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    try:
        config = shrink(CONFIG_MAPPING[name]())
        with torch.device("meta"):
            model = AutoModel.from_config(config)
        if "input_ids" not in inspect.signature(model.forward).parameters:
            return False
        if sum(p.numel() for p in model.parameters()) > MOST:
            return False
        model = AutoModel.from_config(config)
        for parameter in model.parameters():
            if parameter.is_floating_point():
                parameter.data += 0.1 * torch.randn_like(parameter)
        model.save_pretrained(folder)
    except Exception:  # sizes that do not go together, libraries that are not there
        return False
    with_tokenizer(folder, tokenizer)
    return True


def with_tokenizer(folder, source):
    shutil.copy(Path(source) / "tokenizer.json", folder)
    said = json.loads((Path(source) / "tokenizer_config.json").read_text())
    said |= {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64}
    said["model_input_names"] = ["input_ids", "attention_mask"]
    (Path(folder) / "tokenizer_config.json").write_text(json.dumps(said))


def outcome(folder):
    """Return 'right' or 'refused'; anything else raises."""
    import torch
    from transformers import AutoModel

    encoder = Pretrained(model=str(folder), device="cpu")
    try:
        unfit = encoder._engine.network._unfit
        layers = [k for k in range(encoder.n_layers + 1) if k not in unfit]
        rows, offsets = collect(encoder, CORPUS, layers, "subwords")
    except EncodingError:
        return "refused"
    plain = encoder_of(AutoModel.from_pretrained(str(folder)).eval())
    (windows,) = encoder._engine.windows(CORPUS)
    for i in range(len(CORPUS)):
        ids = torch.from_numpy(windows.ids[windows.offsets[i] : windows.offsets[i + 1]])[None]
        cache = {"use_cache": False} if hasattr(getattr(plain, "config", None), "use_cache") else {}
        with torch.no_grad():
            out = plain(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                output_hidden_states=True,
                **cache,
            )
        for j, layer in enumerate(layers):
            want = out.hidden_states[layer][0, : ids.shape[1]].float().numpy()
            got = rows[j, offsets[i] : offsets[i + 1]]
            assert np.abs(want - got).max() <= 1e-4 * np.abs(want).max(), (layer, i)
    return "right"


@pytest.mark.filterwarnings("ignore")
def test_architectures_are_right_or_refused(tmp_path, model_folder):
    import torch

    found, wrong = {}, {}
    for name in names():
        folder = tmp_path / name
        with torch.random.fork_rng(devices=[]), quiet():
            torch.manual_seed(0)
            if not build(name, folder, model_folder("bert")):
                continue
            try:
                found[name] = outcome(folder)
            except Exception as error:
                wrong[name] = f"{type(error).__name__}: {error}"
        shutil.rmtree(folder, ignore_errors=True)
    print({state: list(found.values()).count(state) for state in ("right", "refused")})
    assert not wrong, wrong
    refused = [name for name in NAMED if found.get(name) != "right"]
    assert not refused, refused


@pytest.mark.parametrize("name", ["t5", "mt5"])
def test_an_encoder_saved_by_itself(name, tmp_path, model_folder):
    """AutoModel builds the decoder too, whose weights the checkpoint rightly lacks."""
    import torch
    import transformers

    made = transformers.AutoConfig.for_model(name)
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        kind = {"t5": transformers.T5EncoderModel, "mt5": transformers.MT5EncoderModel}[name]
        model = kind(shrink(made)).eval()
        model.save_pretrained(tmp_path)
    with_tokenizer(tmp_path, model_folder("bert"))
    encoder = Pretrained(model=str(tmp_path), device="cpu")
    rows, offsets = collect(encoder, CORPUS, (0, 2), "subwords")
    (windows,) = encoder._engine.windows(CORPUS)
    ids = torch.from_numpy(windows.ids[: windows.offsets[1]])[None]
    with torch.no_grad():
        states = model(input_ids=ids, output_hidden_states=True).hidden_states
    np.testing.assert_allclose(rows[1, : offsets[1]], states[2][0].numpy(), atol=1e-5)


GEMMA = {
    "vocab_size": 160,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
    "max_position_embeddings": 128,
    "query_pre_attn_scalar": 8,
    # Shorter than the longest text.
    "sliding_window": 6,
}


@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [
        ({}, {}),
        ({"num_hidden_layers": 3}, {"num_hidden_layers": 1}),
        ({"hidden_size": 32, "num_attention_heads": 4, "head_dim": 4}, {"num_hidden_layers": 1}),
    ],
    ids=["alike", "other depths", "other widths"],
)
def test_t5gemma_is_read_by_its_encoders_sizes(encoder, decoder, tmp_path, model_folder):
    """They stand in a configuration of the encoder's own inside the model's."""
    import torch
    from transformers import AutoConfig, AutoModel

    sizes = GEMMA | encoder
    config = AutoConfig.for_model(
        "t5gemma", vocab_size=160, encoder=dict(sizes), decoder=GEMMA | decoder
    )
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        model = AutoModel.from_config(config)
        for parameter in model.parameters():
            parameter.data += 0.1 * torch.randn_like(parameter)
        model.save_pretrained(tmp_path)
    with_tokenizer(tmp_path, model_folder("bert"))
    made = Pretrained(model=str(tmp_path), device="cpu")
    assert (made.n_layers, made.width) == (sizes["num_hidden_layers"], sizes["hidden_size"])
    assert outcome(tmp_path) == "right"
    maps, _ = collect(made, CORPUS, (1,), "attention")
    assert maps.shape[-1] == sizes["num_attention_heads"]
