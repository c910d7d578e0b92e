"""What a model does with padding, company, lengths and type ids is measured, and heeded."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sondage.data import Corpus, Request
from sondage.errors import EncodingError
from sondage_transformers import Pretrained, collect

WORDS = ["the", "quick", "brown", "fox", "dog", "river", "bank", "she", "said", "nobody"]
SMALL = {
    "vocab_size": 160,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 128,
}
OTHERS = {
    "n_embd": 16,
    "n_layer": 2,
    "n_head": 2,
    "n_positions": 128,
    "n_ctx": 128,
    "vocab_size": 160,
}
CONFIGS = {
    "fnet": SMALL,
    "convbert": SMALL | {"embedding_size": 16},
    "yoso": SMALL,
    "nystromformer": SMALL | {"num_landmarks": 64},
    # Landmarks fewer than the texts' subwords, and more: attention in full either way.
    "nystromformer few": SMALL | {"num_landmarks": 4, "segment_means_seq_len": 4},
    "nystromformer as many": SMALL | {"num_landmarks": 11, "segment_means_seq_len": 11},
    "mobilebert": SMALL
    | {"embedding_size": 16, "intra_bottleneck_size": 16, "true_hidden_size": 16},
    "big_bird": SMALL | {"block_size": 2, "num_random_blocks": 1},
    "reformer": {
        "vocab_size": 160,
        "hidden_size": 16,
        "attn_layers": ["local", "local"],
        "num_attention_heads": 2,
        "attention_head_size": 8,
        "feed_forward_size": 24,
        "axial_pos_embds": False,
        "max_position_embeddings": 128,
        "local_attn_chunk_length": 4,
    },
    # Pieces longer than the texts on which a model is tried first.
    "reformer long pieces": {
        "vocab_size": 160,
        "hidden_size": 16,
        "attn_layers": ["local", "local"],
        "num_attention_heads": 2,
        "attention_head_size": 8,
        "feed_forward_size": 24,
        "axial_pos_embds": False,
        "max_position_embeddings": 128,
        "local_attn_chunk_length": 16,
    },
    # Its frequencies are written over in place where a text is longer than 32 subwords.
    "llama": SMALL
    | {
        "num_key_value_heads": 1,
        "rope_parameters": {
            "rope_type": "longrope",
            "rope_theta": 100.0,
            "original_max_position_embeddings": 32,
            "short_factor": [1.0] * 4,
            "long_factor": [3.0, 4.0, 5.0, 6.0],
            "factor": 4.0,
        },
    },
    # Divides weights of its own at the first pass.
    "rwkv": {
        "vocab_size": 160,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "attention_hidden_size": 16,
        "context_length": 128,
        "rescale_every": 1,
    },
    "gpt2": OTHERS,
    "gptj": OTHERS | {"rotary_dim": 4},
    "ctrl": OTHERS | {"dff": 24},
    "bert": SMALL,
    "opt": {
        "vocab_size": 160,
        "hidden_size": 16,
        "word_embed_proj_dim": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "ffn_dim": 24,
        "max_position_embeddings": 126,
        "do_layer_norm_before": False,
    },
}


def a_corpus(sizes):
    rng = np.random.default_rng(0)
    return Corpus.of_words([[WORDS[k] for k in rng.integers(0, len(WORDS), n)] for n in sizes])


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory, model_folder):
    import torch
    from transformers import AutoConfig, AutoModel

    from sondage_transformers.quiet import quiet

    made = {}

    def make(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            with torch.random.fork_rng(devices=[]), quiet():
                torch.manual_seed(1)
                model = AutoModel.from_config(
                    AutoConfig.for_model(name.split()[0], **CONFIGS[name])
                )
                for parameter in model.parameters():
                    parameter.data += 0.1 * torch.randn_like(parameter)
                model.save_pretrained(folder)
            for file in ("tokenizer.json", "tokenizer_config.json"):
                shutil.copy(Path(model_folder("bert")) / file, folder)
            # Whatever the architecture: the BERT tokenizer that was saved.
            path = folder / "tokenizer_config.json"
            said = json.loads(path.read_text())
            said["tokenizer_class"] = "PreTrainedTokenizerFast"
            said["model_input_names"] = ["input_ids", "token_type_ids", "attention_mask"]
            path.write_text(json.dumps(said))
            made[name] = str(folder)
        return made[name]

    return make


def plainly(folder, encoder, corpus):
    """Return the states of each text, alone, by a model loaded for it."""
    import torch
    from transformers import AutoModel

    from sondage_transformers.quiet import quiet

    states = []
    for windows in encoder._engine.windows(corpus):
        for i in range(len(corpus)):
            ids = windows.ids[windows.offsets[i] : windows.offsets[i + 1]]
            ids = torch.from_numpy(ids)[None]
            with quiet(), torch.no_grad():
                model = AutoModel.from_pretrained(folder).eval()
                out = model(
                    input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True
                )
            states.append([h[0, : ids.shape[1]].numpy() for h in out.hidden_states])
    return states


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_a_text_in_a_batch_is_the_text_alone(name, folder_of):
    """Long after short, short beside long: each text has what a fresh model gives it alone."""
    folder = folder_of(name)
    encoder = Pretrained(model=folder, device="cpu")
    corpus = a_corpus((2, 25, 3, 9))
    layers = [k for k in range(3) if k not in encoder._engine.network._unfit]
    rows, offsets = collect(encoder, corpus, layers, "subwords")
    for i, states in enumerate(plainly(folder, encoder, corpus)):
        for j, layer in enumerate(layers):
            np.testing.assert_allclose(
                rows[j, offsets[i] : offsets[i + 1]], states[layer], atol=2e-5, rtol=1e-4
            )


LEAKING = ("fnet", "convbert", "yoso", "nystromformer", "mobilebert", "big_bird")


@pytest.mark.parametrize("name", ["fnet", "convbert", "big_bird", "bert", "gpt2"])
def test_leaking_is_said(name, folder_of):
    encoder = Pretrained(model=folder_of(name), device="cpu")
    counted = sum(
        chunk.warnings.get("padding-leaks", 0)
        for chunk in encoder.encode(a_corpus((2, 3, 9)), Request((1,), ("word",)))
    )
    assert counted == (3 if name in LEAKING else 0)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ["convbert", "yoso"])
def test_half_precision_does_not_hide_what_leaks(name, dtype, folder_of, tmp_path):
    """What padding adds may be less than half precision's rounding of the largest value."""
    import torch
    from transformers import AutoModel

    from sondage_transformers.quiet import quiet

    folder = shutil.copytree(folder_of(name), tmp_path / name)
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(1)
        model = AutoModel.from_config(AutoModel.from_pretrained(folder).config)
        model.save_pretrained(folder)
    encoder = Pretrained(model=str(folder), device="cpu", dtype=dtype)
    network = encoder._engine.network
    assert network.conduct.company == "equal"
    assert {p.dtype for p in network.model.parameters()} == {getattr(torch, dtype)}


def test_windows_and_attention_of_a_leaking_model(folder_of):
    whole = Pretrained(model=folder_of("nystromformer"), device="cpu", max_length=9)
    single = Pretrained(model=folder_of("nystromformer"), device="cpu", max_length=9, max_tokens=1)
    corpus = a_corpus((2, 9, 5))
    for view in ("word", "attention"):
        a, b = (collect(e, corpus, (1, 2), view)[0] for e in (whole, single))
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize(("name", "given"), [("gpt2", False), ("ctrl", False), ("bert", True)])
def test_type_ids_are_not_looked_up_among_the_words(name, given, folder_of):
    engine = Pretrained(model=folder_of(name), device="cpu")._engine
    assert engine.tokens.wants_types
    assert engine.network.conduct.takes_types is given


def test_a_last_state_of_another_width_is_refused_alone(folder_of):
    encoder = Pretrained(model=folder_of("opt"), device="cpu")
    corpus = a_corpus((2, 3))
    assert collect(encoder, corpus, (0, 1), "word")[0].shape == (2, 5, 16)
    with pytest.raises(EncodingError, match="layer 2 of OPTModel has the width 8, not 16"):
        collect(encoder, corpus, (2,), "word")


@pytest.mark.parametrize(
    ("landmarks", "length", "said"),
    [(4, 8, "takes texts of 8"), (2, 12, "takes texts of 12"), (8, 4, "cannot read"),
     (1, 2, "takes texts of 2"), (4, 64, "takes texts of 64"), (4, 10, "cannot read")],
)  # fmt: skip
def test_nystromformer_of_one_length_is_refused(landmarks, length, said, folder_of, tmp_path):
    """Segments of landmarks are cut out of the whole batch: no other length, no company."""
    folder = tmp_path / "model"
    shutil.copytree(folder_of("nystromformer"), folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config |= {"num_landmarks": landmarks, "segment_means_seq_len": length}
    path.write_text(json.dumps(config))
    encoder = Pretrained(model=str(folder), device="cpu")
    with pytest.raises(EncodingError, match=said) as caught:
        next(iter(encoder.encode(a_corpus((2, 6, 25)), Request((1,), ("word",)))))
    assert ("segment_means_seq_len" in str(caught.value)) == ("takes" in said)


def test_a_passing_switch_is_put_back(folder_of):
    """A short text turns BigBird to full attention: afterwards it is what it was."""
    network = Pretrained(model=folder_of("big_bird"), device="cpu")._engine.network
    assert network.model.attention_type == "block_sparse"
    assert network.conduct.company == "equal"


def test_a_model_that_draws_is_refused(folder_of, tmp_path):
    folder = tmp_path / "lsh"
    shutil.copytree(folder_of("reformer"), folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config |= {"attn_layers": ["lsh", "lsh"], "lsh_attn_chunk_length": 4, "num_buckets": 4}
    path.write_text(json.dumps(config))
    from sondage_transformers import Randomised

    with pytest.raises(EncodingError, match="same text twice"):
        collect(
            Randomised(base=Pretrained(model=str(folder), device="cpu")),
            a_corpus((9,)),
            (1,),
            "word",
        )


def test_fine_tuning_reads_a_text_as_encoding_does(folder_of):
    """Texts of other lengths in the batch leave the trained layer's states as they are."""
    import torch

    engine = Pretrained(model=folder_of("fnet"), device="cpu")._engine
    probe = engine.network.probe
    both = engine.network.differentiable(probe, 2)
    n = int(probe["attention_mask"][1].sum())
    alone = engine.network.differentiable({k: v[1:, :n] for k, v in probe.items()}, 2)
    torch.testing.assert_close(both[1:, :n], alone)
    assert not both[1, n:].any()


def test_what_may_change_in_a_pass_is_found_as_torch_finds_it(model_folder):
    from sondage_transformers.restorer import _modules, _tensors

    model = Pretrained(model=model_folder("bert"), device="cpu").module()
    # A module in two places, and a weight in two modules, count once.
    model.again = model.encoder.layer[0]
    model.pooler.dense.weight = model.encoder.layer[1].output.dense.bias
    modules = _modules(model)
    assert modules == list(model.modules())
    assert [id(t) for t in _tensors(modules, "_parameters")] == [id(t) for t in model.parameters()]
    assert [id(t) for t in _tensors(modules, "_buffers")] == [id(t) for t in model.buffers()]
