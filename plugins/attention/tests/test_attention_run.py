"""A run with two small random transformers, against one pair of sentences at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, wasserstein_distance
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, BertTokenizer

import sondage

WORDS = ("the", "a", "fox", "dog", "river", "bank", "saw", "ran", "by", "of", "red", "green", "old")

REGISTRY = """
version: 1
encoders:
  a: {use: transformers.pretrained, model: "FOLDER/a", device: cpu}
  b: {use: transformers.pretrained, model: "FOLDER/b", device: cpu}
tasks:
  pairs: {use: glue.mrpc, files: "FOLDER/pairs.tsv"}
probes:
  entropy-of-cls: {use: attention.entropy, rows: cls}
metrics:
  emd-of-cls: {use: attention.emd, rows: cls}
  across: {use: attention.js, from_segment: 0, to_segment: 1}
compositions:
  both:
    encoders: [a, b]
    baseline: a
    tasks: [pairs]
    probes: [entropy-of-cls]
    metrics: [attention.js, emd-of-cls, across]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attention")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    tokenizer = BertTokenizer(vocab={piece: i for i, piece in enumerate(pieces)})
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=64, initializer_range=0.8,
    )  # fmt: skip
    for seed, name in enumerate("ab"):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            BertModel(config).save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    rng = np.random.default_rng(0)
    lines = ["Quality\t#1 ID\t#2 ID\t#1 String\t#2 String"]
    for i in range(30):
        one, other = (" ".join(rng.choice(WORDS, rng.integers(1, 9))) for _ in range(2))
        lines.append(f"{i % 2}\t{i}\t{i}\t{one}\t{other}")
    (folder / "pairs.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "r.yaml").write_text(REGISTRY.replace("FOLDER", str(folder)), "utf-8")
    return folder


def maps(folder, name):
    """Yield each pair's maps by layer, and its segments, -1 for special tokens."""
    tokenizer = AutoTokenizer.from_pretrained(folder / name)
    model = AutoModel.from_pretrained(folder / name, attn_implementation="eager").eval()
    for line in (folder / "pairs.tsv").read_text("utf-8").splitlines()[1:]:
        read = tokenizer(*line.split("\t")[3:], return_tensors="pt")
        with torch.inference_mode():
            found = model(**read, output_attentions=True).attentions
        special = np.isin(read["input_ids"][0].numpy(), (2, 3))
        segment = np.where(special, -1, read["token_type_ids"][0].numpy())
        yield [layer[0].double().numpy() for layer in found], segment


def test_a_run_gives_what_a_loop_gives(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "runs"))
    run = sondage.run(f"{folder / 'r.yaml'}:both")
    assert run.failed == []
    records = {
        (record["component"], record["encoder"], record["layer"]): record
        for record in run.folder.records()
    }
    pairs = list(zip(maps(folder, "a"), maps(folder, "b"), strict=True))
    for layer in (1, 2):
        js, cls, across, spread = [], [], [], []
        for (a, segment), (b, _) in pairs:
            x, y = a[layer - 1], b[layer - 1]
            t = np.arange(len(segment))
            rows = jensenshannon(x, y, axis=-1) ** 2
            js.append(rows.mean())
            cls.append(np.mean([wasserstein_distance(t, t, x[h, 0], y[h, 0]) for h in (0, 1)]))
            p, q = (z[:, segment == 0][:, :, segment == 1] for z in (x, y))
            across.append((jensenshannon(p, q, axis=-1) ** 2).mean())
            spread.append(entropy(y[:, 0], axis=-1).mean())
        for found, score, slow in (
            (("attention.js", "b", layer), "js", js),
            (("emd-of-cls", "b", layer), "emd", cls),
            (("across", "b", layer), "js", across),
            (("entropy-of-cls", "b", layer), "entropy", spread),
        ):
            record = records[found]
            assert record["scores"][score] == pytest.approx(np.mean(slow), rel=1e-4)
            low, high = record["intervals"][score]
            assert low < np.mean(slow) < high
            assert len(record["tables"]["heads"]["head"]) == 2
    assert not list((tmp_path / "store").rglob("*.npy"))
