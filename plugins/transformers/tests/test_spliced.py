"""Spliced encoders: layers of one encoder in another, by reference."""

import pickle
import re
import shutil
from itertools import combinations

import numpy as np
import pytest

from sondage.contracts import Headed, Live
from sondage.data import Corpus
from sondage.errors import EncodingError, ParameterError
from sondage.testing.toys import ToyEncoder, ToyTask
from sondage_transformers import (
    Finetuned,
    Pretrained,
    Randomised,
    Spliced,
    Truncated,
    collect,
)

CORPUS = Corpus.of_words([["the", "fox", "naïve"], ["station"], ["He", "'s", "not", "here", "."]])
FAMILIES = ("bert", "distilbert", "roberta", "gpt2", "t5")


@pytest.fixture(scope="module")
def pair(model_folder, tmp_path_factory):
    """Return a function from a family to two models of it with all weights unlike."""
    made = {}

    def make(family):
        if family not in made:
            from safetensors.torch import load_file, save_file

            first = model_folder(family)
            folder = tmp_path_factory.mktemp("donor") / family
            shutil.copytree(first, folder)
            weights = load_file(folder / "model.safetensors")
            moved = {n: w.flip(-1) * 0.9 + 0.05 for n, w in weights.items()}
            save_file(
                {n: w.contiguous() for n, w in moved.items()},
                folder / "model.safetensors",
                metadata={"format": "pt"},
            )
            made[family] = tuple(Pretrained(model=str(f), device="cpu") for f in (first, folder))
        return made[family]

    return make


def states(encoder, view="subwords"):
    return collect(encoder, CORPUS, range(encoder.n_layers + 1), view)[0]


def test_block_2_of_the_donor_reads_what_block_1_of_the_base_gives(bert, tmp_path):
    """Worked by hand: the model is run block by block."""
    import torch

    base, donor = (Randomised(base=Truncated(base=bert, layers=2), seed=s) for s in (1, 2))
    spliced = Spliced(base=base, donor=donor, layers=[2])
    text = Corpus.of_words([["red", "fox"]])
    found = collect(spliced, text, (0, 1, 2), "subwords")[0]
    ids = torch.tensor([base._engine.tokens.tokenizer("red fox")["input_ids"]])
    mine, theirs = base.module(), donor.module()
    with torch.no_grad():
        hidden = [mine.embeddings(ids)]
        hidden.append(mine.encoder.layer[0](hidden[0]))
        hidden.append(theirs.encoder.layer[1](hidden[1]))
    np.testing.assert_allclose(found, np.stack([h[0].numpy() for h in hidden]), atol=1e-6)
    assert np.abs(found[2] - collect(base, text, (2,), "subwords")[0]).max() > 0.01


def outer_layer(name, n_layers):
    """Return the layer of a parameter outside the blocks, by its name."""
    final = ("ln_f.", "final_layer_norm.")
    return n_layers if any(part in name for part in final) and ".block" not in name else 0


def copied_by_name(base, donor, layers):
    """Return an encoder of the base whose weights were overwritten, layer by layer."""
    from sondage_transformers.engine import Engine
    from sondage_transformers.loading import encoder_of, load_whole

    model, other = (encoder_of(load_whole(one.recipe)) for one in (base, donor))
    own, given = model.state_dict(), other.state_dict()
    for name in own:
        block = re.search(r"(?:layer|h|block)\.(\d+)\.", name)
        layer = int(block[1]) + 1 if block else outer_layer(name, base.n_layers)
        if layer in layers:
            own[name] = given[name]
    model.load_state_dict(own)
    slow = Pretrained(model=base.model, device="cpu")
    engine = slow.__dict__["_engine"] = Engine(slow.recipe)
    engine.network = engine.network_of(model)
    return slow


@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_every_subset_of_layers_is_as_if_weights_were_copied_by_name(family, pair):
    base, donor = pair(family)
    blocks = range(1, base.n_layers + 1)
    every = [s for k in range(len(blocks) + 1) for s in combinations(blocks, k)]
    assert len(every) == 8
    seen = set()
    for chosen in every:
        # Both with and without embeddings for every number of blocks.
        embeddings = sum(chosen) % 2 == 0
        spliced = Spliced(base=base, donor=donor, layers=list(chosen), embeddings=embeddings)
        slow = copied_by_name(base, donor, {0, *chosen} if embeddings else set(chosen))
        assert states(spliced).tobytes() == states(slow).tobytes(), (chosen, embeddings)
        seen.add(spliced.fingerprint)
    assert len(seen) == len(every)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_replaced_is_the_base_and_all_is_the_donor(family, pair):
    base, donor = pair(family)
    n = base.n_layers
    for none in ([], "last:0"):
        same = Spliced(base=base, donor=donor, layers=none)
        assert states(same).tobytes() == states(base).tobytes()
        assert same.fingerprint != base.fingerprint
    whole = Spliced(base=base, donor=donor, layers=f"last:{n}", embeddings=True)
    assert states(whole).tobytes() == states(donor).tobytes()
    blocks = Spliced(base=base, donor=donor, layers=f"last:{n}")
    assert states(blocks)[0].tobytes() == states(base)[0].tobytes()
    assert states(blocks)[n].tobytes() != states(donor)[n].tobytes()


def test_the_last_norm_of_gpt2_belongs_to_the_last_layer(pair):
    base, donor = pair("gpt2")
    n = base.n_layers
    for layers, theirs in ((f"only:{n}", True), (f"only:{n - 1}", False), ([], False)):
        model = Spliced(base=base, donor=donor, layers=layers).module()
        norm = donor.module().ln_f if theirs else base.module().ln_f
        assert model.ln_f.weight is norm.weight


def test_layers_are_named_in_three_ways(pair):
    base, donor = pair("bert")

    def replaced(layers, **more):
        return Spliced(base=base, donor=donor, layers=layers, **more).replaced

    assert replaced("last:2") == replaced([3, 2, 3]) == (2, 3)
    assert replaced("only:1") == replaced([1]) == (1,)
    assert replaced("last:3", embeddings=True) == (0, 1, 2, 3)
    one, two = (Spliced(base=base, donor=donor, layers=x).fingerprint for x in ("last:2", [2, 3]))
    assert one == two


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("last:4", "layers: last:4, but the base has 3 blocks"),
        ("only:4", "no block 4: the base has blocks 1 to 3"),
        ("only:0", "no block 0: .* say embeddings: true"),
        ([1, 7], r"layers: \[1, 7\], but there is no block 7"),
    ],
)
def test_layers_that_are_not_there_are_refused_without_loading(layers, said, pair):
    base, donor = pair("bert")
    wrong = Spliced(base=base, donor=donor, layers=layers)
    for ask in ("fingerprint", "n_layers", "recipe"):
        with pytest.raises(ParameterError, match=said):
            getattr(wrong, ask)


@pytest.mark.parametrize("form", ["first:2", "last:-1", "last", "only:1,2", "", "last:²"])
def test_a_form_that_is_not_understood_is_refused_at_once(form):
    with pytest.raises(ParameterError, match=r"layers: .* is not understood") as raised:
        Spliced(base=ToyEncoder(), donor=ToyEncoder(), layers=form)
    assert "last:2 (the two last blocks)" in raised.value.hint


def test_unlike_models_are_refused(pair, model_folder, bert):
    base, donor = pair("bert")

    def refused(said, base=base, donor=donor):
        with pytest.raises(ParameterError, match=said):
            _ = Spliced(base=base, donor=donor, layers=[1]).fingerprint

    refused("number of blocks 3 and 2", donor=pair("roberta")[0])
    refused("model_type 'bert' and 'gpt2'", donor=pair("gpt2")[0])
    refused("width 16 and 32", donor=bert)
    refused("number of blocks 3 and 2", donor=Truncated(base=donor, layers=2))
    refused("encoder of this plugin.*not ToyEncoder", donor=ToyEncoder())
    albert = Pretrained(model=model_folder("albert"), device="cpu")
    refused("'albert' share parameters", base=albert, donor=albert)


def test_blocks_that_share_parameters_are_found_in_the_model(model_folder, monkeypatch):
    """Whatever the configuration says."""
    albert = Pretrained(model=model_folder("albert"), device="cpu")
    spliced = Spliced(base=albert, donor=albert, layers=[1])
    monkeypatch.setattr(Spliced, "_check_alike", lambda self: None)
    with pytest.raises(ParameterError, match="blocks 1 and 2 of AlbertModel share parameters"):
        states(spliced)


def test_tensors_of_unlike_shapes_are_refused_with_their_name(pair, tmp_path):
    """What a configuration does not show is found in the weights."""
    import torch
    from transformers import BertConfig, BertModel

    from sondage_transformers.splicing import put

    sizes = {
        "vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 12,
    }  # fmt: skip
    one = BertModel(BertConfig(**sizes)).eval()
    two = BertModel(BertConfig(**{**sizes, "intermediate_size": 10})).eval()
    before = {n: p.data_ptr() for n, p in one.named_parameters()}
    with pytest.raises(ParameterError, match=r"layer 2 .*intermediate.*\(12.*\(10") as raised:
        put(one, two, 2, [2])
    assert "encoder.layer.1" in raised.value.message
    assert {n: p.data_ptr() for n, p in one.named_parameters()} == before
    assert not any(p.requires_grad for p in one.parameters())
    assert isinstance(one, torch.nn.Module)


def test_a_model_without_a_list_of_blocks_is_refused(tmp_path):
    import torch
    from transformers import XLMConfig, XLMModel

    from sondage_transformers.splicing import parts_of

    with torch.random.fork_rng(devices=[]):
        model = XLMModel(XLMConfig(vocab_size=20, emb_dim=8, n_layers=2, n_heads=2)).eval()
    with pytest.raises(EncodingError, match=r"XLMModel does not show which .* its 2 blocks"):
        parts_of(model, 2)


def test_hidden_states_that_are_no_tensors_are_refused():
    """PegasusX gives pairs of local and global states."""
    from types import SimpleNamespace

    import torch

    from sondage_transformers.splicing import parts_of

    class Paired(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.ModuleList([torch.nn.Linear(4, 4)])

        def forward(self, input_ids, **_):
            hidden = input_ids[..., None].repeat(1, 1, 4).float()
            return SimpleNamespace(hidden_states=[(hidden, hidden), (self.layers[0](hidden),)])

    model = Paired().eval()
    with pytest.raises(EncodingError, match="Paired does not show"):
        parts_of(model, 1)
    assert not any(p.requires_grad for p in model.parameters())


def test_a_model_that_writes_to_its_weights_is_refused(model_folder, tmp_path):
    """RWKV halves its own at the first pass, and notes that; a donor's would go unhalved."""
    import torch
    from transformers import RwkvConfig, RwkvModel

    config = RwkvConfig(
        vocab_size=200, hidden_size=8, attention_hidden_size=8, num_hidden_layers=2,
        context_length=64, rescale_every=1,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        RwkvModel(config).save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(f"{model_folder('bert')}/{name}", tmp_path)
    base = Pretrained(model=str(tmp_path), device="cpu")
    spliced = Spliced(base=base, donor=Randomised(base=base), layers=[1])
    with pytest.raises(ParameterError, match="RwkvModel writes to its weights as it reads"):
        states(spliced)
    first = states(base)
    assert states(Pretrained(model=str(tmp_path), device="cpu")).tobytes() == first.tobytes()


def test_tables_that_are_read_without_gradients_belong_to_the_embeddings():
    """As sinusoids of positions are; a pooler belongs to no layer."""
    import torch
    from transformers import BertConfig, BertModel, RoFormerConfig, RoFormerModel

    from sondage_transformers.splicing import parts_of

    sizes = {
        "vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 12, "max_position_embeddings": 16,
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        models = [RoFormerModel(RoFormerConfig(**sizes)), BertModel(BertConfig(**sizes))]
    table = "encoder.embed_positions.weight"
    before = [dict(model.named_parameters()) for model in models]
    positions, pooler = (frozenset().union(*parts_of(model.eval(), 2)) for model in models)
    assert table in parts_of(models[0], 2)[0]
    assert positions == set(before[0])
    assert set(before[1]) - pooler == {"pooler.dense.weight", "pooler.dense.bias"}
    for model, old in zip(models, before, strict=True):
        assert all(p is old[name] for name, p in model.named_parameters())


def test_tables_that_all_blocks_read_belong_to_the_embeddings():
    import torch
    from transformers import DebertaV2Config, DebertaV2Model

    from sondage_transformers.splicing import parts_of

    config = DebertaV2Config(
        vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=12, relative_attention=True, position_buckets=4,
        pos_att_type=["p2c", "c2p"], norm_rel_ebd="layer_norm",
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        parts = parts_of(DebertaV2Model(config).eval(), 2)
    assert {"encoder.rel_embeddings.weight", "encoder.LayerNorm.weight"} <= parts[0]
    assert all(name.startswith("encoder.layer.1.") for name in parts[2])
    assert sum(map(len, parts)) == len(frozenset().union(*parts))


def test_weights_are_in_memory_once(pair):
    base, donor = pair("bert")
    swept = [Spliced(base=base, donor=donor, layers=f"last:{k}") for k in range(4)]
    models = [one.module() for one in (base, donor, *swept)]
    mine, theirs = (dict(model.named_parameters()) for model in models[:2])
    for k, model in enumerate(models[2:]):
        assert model is not models[0]
        for name, parameter in model.named_parameters():
            number = name.split("layer.")[1].split(".")[0] if "layer." in name else "-1"
            source = theirs if int(number) >= 3 - k else mine
            assert parameter is source[name], name
    # Each has hooks of its own, and none has moved another.
    assert states(swept[2]).tobytes() != states(base).tobytes()
    fresh = Pretrained(model=base.model, device="cpu")
    assert states(fresh).tobytes() == states(base).tobytes()


def test_shared_weights_are_loaded_anew_once_written_to(pair):
    """As RWKV writes to its own."""
    base, _ = pair("roberta")
    first = Pretrained(model=base.model, device="cpu")
    before = states(first)
    next(iter(first.module().parameters())).mul_(2)
    second = Pretrained(model=base.model, device="cpu")
    assert second.module() is not first.module()
    assert states(second).tobytes() == before.tobytes()


def test_what_cannot_be_copied_is_not_shared():
    import torch

    from sondage_transformers.sharing import _twin

    class Stubborn(torch.nn.Linear):
        def __deepcopy__(self, memo):
            raise TypeError("no")

    assert _twin(Stubborn(2, 2)) is None
    assert _twin(torch.nn.Linear(2, 2)) is not None


def test_spliced_composes(pair):
    base, donor = pair("bert")
    one = Spliced(base=base, donor=donor, layers="only:1")
    both = Spliced(base=one, donor=donor, layers="only:3")
    assert (
        states(both).tobytes() == states(Spliced(base=base, donor=donor, layers=[1, 3])).tobytes()
    )
    back = Spliced(base=one, donor=base, layers="only:1")
    assert states(back).tobytes() == states(base).tobytes()
    of_spliced = Spliced(base=base, donor=one, layers="last:3")
    assert states(of_spliced).tobytes() == states(one).tobytes()
    cut = Truncated(base=one, layers=2)
    assert states(cut).tobytes() == states(one)[:3].tobytes()
    wild = Randomised(base=base, seed=1)
    assert states(Randomised(base=one, seed=1)).tobytes() == states(wild).tobytes()
    top = Spliced(base=wild, donor=base, layers="last:1")
    assert states(top)[:3].tobytes() == states(wild)[:3].tobytes()
    short = [Truncated(base=b, layers=2) for b in (base, donor)]
    low = Spliced(base=short[0], donor=short[1], layers="last:1")
    assert low.n_layers == 2
    wanted = Spliced(base=base, donor=donor, layers=[2])
    assert states(low).tobytes() == states(wanted)[:3].tobytes()


def test_half_precision_follows_the_base(pair):
    base, donor = pair("bert")
    half = Pretrained(model=base.model, device="cpu", dtype="bfloat16")
    found = states(Spliced(base=half, donor=donor, layers="last:3", embeddings=True))
    wanted = states(Pretrained(model=donor.model, device="cpu", dtype="bfloat16"))
    assert found.tobytes() == wanted.tobytes()


def test_spliced_travels_between_processes(pair):
    base, donor = pair("bert")
    spliced = Spliced(base=base, donor=donor, layers="only:2")
    before = states(spliced)
    again = pickle.loads(pickle.dumps(spliced))
    assert again.fingerprint == spliced.fingerprint
    assert states(again).tobytes() == before.tobytes()
    assert isinstance(spliced, Live)


def test_one_encoder_twice_is_noted(pair):
    base, donor = pair("bert")
    assert Spliced(base=base, donor=donor, layers=[1]).notes == ()
    (note,) = Spliced(base=base, donor=base, layers=[1]).notes
    assert "the same encoder" in note


@pytest.fixture(scope="module")
def tuned(bert, tmp_path_factory):
    series = Finetuned(base=bert, task=ToyTask(n=40), epochs=1, batch_size=8, learning_rate=3e-3)
    series.place(tmp_path_factory.mktemp("tuned"))
    return series, series.train()


def test_before_the_training_all_is_known_but_the_weights(bert):
    last = Finetuned(base=bert, task=ToyTask(n=40), epochs=1).at(3)
    spliced = Spliced(base=last, donor=bert, layers="last:2")
    assert (spliced.n_layers, spliced.width, spliced.views) == (3, 32, bert.views)
    assert (spliced.heads, spliced.batch_tokens) == (2, bert.batch_tokens)
    assert len(spliced.fingerprint) == 32
    with pytest.raises(ParameterError, match="no weights yet"):
        _ = spliced.recipe
    with pytest.raises(ParameterError, match="last:4, but the base has 3 blocks"):
        _ = Spliced(base=last, donor=bert, layers="last:4").n_layers


def test_the_head_of_the_base_reads_the_spliced_layer(tuned, bert):
    series, result = tuned
    last, first = series.at(series.steps[-1]), series.at(0)
    data = series.task.load()
    items = data.split(0).test
    same = Spliced(base=last, donor=bert, layers="last:0")
    assert isinstance(same, Headed)
    assert same.end_task(data, items).scores["loss"] == result.scores["test_loss"]
    back = Spliced(base=last, donor=bert, layers="last:3", embeddings=True)
    found = back.end_task(data, items).scores["loss"]
    assert found != result.scores["test_loss"]
    assert (
        found
        == Spliced(base=last, donor=first, layers="last:3", embeddings=True)
        .end_task(data, items)
        .scores["loss"]
    )
    twice = Spliced(base=back, donor=last, layers="last:3", embeddings=True)
    assert twice.end_task(data, items).scores["loss"] == result.scores["test_loss"]
    with pytest.raises(EncodingError, match="a Pretrained, has no head of a training"):
        Spliced(base=bert, donor=last, layers=[1]).end_task(data, items)


def test_a_spliced_encoder_can_be_trained(tuned, bert, tmp_path):
    series, _ = tuned
    last = series.at(series.steps[-1])
    spliced = Spliced(base=last, donor=bert, layers="last:1")
    more = Finetuned(base=spliced, task=ToyTask(n=20), epochs=1)
    more.place(tmp_path)
    more.train()
    assert states(more.at(0)).tobytes() == states(spliced).tobytes()
    assert states(more.at(more.steps[-1])).tobytes() != states(spliced).tobytes()
    assert states(last).tobytes() == states(series.at(series.steps[-1])).tobytes()
