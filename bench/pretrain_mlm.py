"""Pretrain a small BERT masked language model from data alone: `FOLDER` can be loaded as any BERT.

No model with a masked-LM head can be had offline, and tests of perplexity want one that has
learned something. Tokenizer (uncased WordPiece) and model are trained on WikiText-2's validation
part and the training part of UD English EWT, some 390,000 words; every twentieth text is held
out, and WikiText-2's test part is not touched. Its perplexity says how well it predicts a masked
subword of such texts: compare it with the unigram baseline printed beside it, not with that of a
model with another vocabulary or with more than these few words behind it.

    SONDAGE_DATA=... python bench/pretrain_mlm.py FOLDER [--steps N] [--layers L] [--width D] ...

Without a folder it takes a few steps in a temporary one, which shows that it works.
A killed training goes on from its last 250 steps. On one core the defaults take half an hour.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast
from transformers.utils import logging

from sondage.files import read_text

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
EVERY = 20  # one text in so many is held out
SAVED = 250  # steps between two states on disk


def texts(data: Path) -> list[str]:
    """Return the paragraphs of WikiText-2's validation part and the sentences of EWT's training."""
    wiki = (data / "wikitext-2" / "valid.txt").read_text(encoding="utf-8").split("\n")
    # Headings are no sentences, and there are few of each.
    found = [line.strip() for line in wiki if line.strip() and not line.startswith(" =")]
    path = data / "ud_english_ewt" / "en_ewt-ud-train.conllu.gz"
    for line in read_text(path).split("\n"):
        if line.startswith("# text = "):
            found.append(line.removeprefix("# text = "))
    return found


def tokenizer_of(lines: list[str], size: int, longest: int) -> PreTrainedTokenizerFast:
    """Train an uncased WordPiece tokenizer."""
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=list(SPECIAL), show_progress=False
    )
    made.train_from_iterator(lines, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        model_max_length=longest,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


class Pool:
    """Subwords of texts, cut into windows of at most `longest` with the special tokens."""

    def __init__(self, encoded: list[list[int]], longest: int) -> None:
        self.encoded = encoded
        self.longest = longest

    def windows(self, rng: np.random.Generator) -> list[list[int]]:
        """Return windows of all texts; where a long text is cut hangs on `rng`."""
        found, room = [], self.longest - 2
        for ids in self.encoded:
            start = 0
            end = int(rng.integers(1, room + 1)) if len(ids) > room else room
            while start < len(ids):
                found.append([2, *ids[start:end], 3])
                start, end = end, end + room
        return found

    def batches(self, rng: np.random.Generator, tokens: int) -> Iterator[np.ndarray]:
        """Yield padded batches of about `tokens` subwords, of windows alike in length."""
        windows = self.windows(rng)
        order = rng.permutation(len(windows))
        order = order[np.argsort([len(windows[i]) for i in order], kind="stable")]
        groups: list[list[int]] = [[]]
        for i in order:
            if groups[-1] and (len(groups[-1]) + 1) * len(windows[i]) > tokens:
                groups.append([])
            groups[-1].append(int(i))
        for g in rng.permutation(len(groups)):
            members = [windows[i] for i in groups[g]]
            batch = np.zeros((len(members), max(map(len, members))), np.int64)
            for row, ids in zip(batch, members, strict=True):
                row[: len(ids)] = ids
            yield batch


def masked(
    batch: np.ndarray, rng: np.random.Generator, share: float, size: int, *, all_masks: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return ids with a share hidden, and where: 80% [MASK], 10% another subword, 10% kept."""
    chosen = (rng.random(batch.shape) < share) & (batch >= len(SPECIAL))
    ids, kind = batch.copy(), rng.random(batch.shape)
    ids[chosen & ((kind < 0.8) | all_masks)] = 4
    other = chosen & (kind >= 0.8) & (kind < 0.9) & (not all_masks)
    ids[other] = rng.integers(len(SPECIAL), size, int(other.sum()))
    return ids, chosen


def losses(model: Any, ids: np.ndarray, batch: np.ndarray, chosen: np.ndarray) -> torch.Tensor:
    """Return the summed cross-entropy of the chosen places; the head runs on these alone."""
    mask = torch.from_numpy((batch != 0).astype(np.int64))
    hidden = model.bert(input_ids=torch.from_numpy(ids), attention_mask=mask)[0]
    rows, places = (torch.from_numpy(a) for a in np.nonzero(chosen))
    logits = model.cls(hidden[rows, places]).float()
    targets = torch.from_numpy(batch[chosen])
    return torch.nn.functional.cross_entropy(logits, targets, reduction="sum")


@torch.inference_mode()
def held_out(model: Any, pool: Pool, counts: np.ndarray) -> tuple[float, float]:
    """Return the held-out loss in nats a masked subword (15%, all [MASK]), and the unigrams'."""
    rng, total, unigram, n = np.random.default_rng(1), 0.0, 0.0, 0
    shares = np.log(counts / counts.sum())
    for batch in pool.batches(rng, 2048):
        ids, chosen = masked(batch, rng, 0.15, len(counts), all_masks=True)
        if not chosen.any():
            continue
        total += float(losses(model, ids, batch, chosen))
        unigram -= float(shares[batch[chosen]].sum())
        n += int(chosen.sum())
    return total / n, unigram / n


def rate(step: int, steps: int, highest: float) -> float:
    """Return the learning rate: a short warm-up, then down a cosine to a fiftieth."""
    warm = max(1, steps // 20)
    if step < warm:
        return highest * (step + 1) / warm
    return highest * (0.02 + 0.98 * (1 + math.cos(math.pi * (step - warm) / (steps - warm))) / 2)


def model_of(args: argparse.Namespace, counts: np.ndarray) -> BertForMaskedLM:
    """Return a fresh model whose output bias starts at the subwords' log frequencies."""
    torch.manual_seed(args.seed)
    config = BertConfig(
        vocab_size=len(counts),
        hidden_size=args.width,
        num_hidden_layers=args.layers,
        num_attention_heads=args.heads,
        intermediate_size=4 * args.width,
        max_position_embeddings=args.length,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        tie_word_embeddings=True,
    )
    model = BertForMaskedLM(config)
    # What frequencies alone can say need not be learned.
    bias = torch.from_numpy(np.log(counts / counts.sum())).float()
    model.cls.predictions.bias.data.copy_(bias - bias.mean())
    return model


def train(model: Any, pool: Pool, held: Pool, counts: np.ndarray, args: argparse.Namespace) -> None:
    """Train to the last step, from the state on disk where there is one."""
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=args.rate, betas=(0.9, 0.98))
    state = args.folder / "training.pt"
    step = epoch = 0
    if state.is_file():
        saved = torch.load(state, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        step, epoch = saved["step"], saved["epoch"]
        print(f"goes on at step {step}", flush=True)
    begun, first, ran, seen = time.perf_counter(), step, 0.0, 0
    while step < args.steps:
        rng = np.random.default_rng((args.seed, epoch))
        for batch in pool.batches(rng, args.tokens):
            ids, chosen = masked(batch, rng, args.share, len(counts), all_masks=False)
            for group in optimiser.param_groups:
                group["lr"] = rate(step, args.steps, args.rate)
            n = max(1, int(chosen.sum()))
            with torch.autocast("cpu", torch.bfloat16, enabled=args.bfloat16):
                loss = losses(model, ids, batch, chosen) / n
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            step, ran, seen = step + 1, ran + float(loss.detach()) * n, seen + n
            if step % SAVED == 0 or step == args.steps:
                # A state in the middle of a pass begins the next one: the cuts differ anyway.
                kept = {"model": model.state_dict(), "optimiser": optimiser.state_dict()}
                torch.save(kept | {"step": step, "epoch": epoch + 1}, state.with_suffix(".new"))
                os.replace(state.with_suffix(".new"), state)
                model.eval()
                loss_held, _ = held_out(model, held, counts)
                model.train()
                pace = (time.perf_counter() - begun) / (step - first)
                print(
                    f"step {step} of {args.steps}, pass {epoch}: train {ran / seen:.3f}, held out "
                    f"{loss_held:.3f} nats; {pace:.2f} s a step",
                    flush=True,
                )
                ran, seen = 0.0, 0
            if step == args.steps:
                break
        epoch += 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?")
    for name, value in {
        "steps": 4000, "layers": 4, "width": 256, "heads": 4, "vocabulary": 8000, "length": 128,
        "tokens": 1024, "seed": 0, "rate": 1e-3, "share": 0.2,
    }.items():  # fmt: skip
        parser.add_argument(f"--{name}", type=type(value), default=value)
    parser.add_argument(
        "--bfloat16", action=argparse.BooleanOptionalAction, default=True, help="in products"
    )
    return parser.parse_args()


def main() -> int:
    args = arguments()
    if args.folder is None:
        args.steps = 5
        with tempfile.TemporaryDirectory() as folder:
            args.folder = Path(folder)
            return pretrain(args)
    return pretrain(args)


def pretrain(args: argparse.Namespace) -> int:
    """Pretrain as the arguments say, save, and print what it is worth."""
    logging.disable_progress_bar()
    folder = os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data")
    lines = texts(Path(folder))
    args.folder.mkdir(parents=True, exist_ok=True)
    if not (args.folder / "tokenizer.json").is_file():
        training = [line for i, line in enumerate(lines) if i % EVERY]
        tokenizer_of(training, args.vocabulary, args.length).save_pretrained(args.folder)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(args.folder)
    encoded = tokenizer(lines, add_special_tokens=False, verbose=False)["input_ids"]
    parts = [[ids for i, ids in enumerate(encoded) if bool(i % EVERY) is k] for k in (True, False)]
    pool, held = (Pool(part, args.length) for part in parts)
    # One more of each: none of those held out may have no frequency at all.
    counts = np.bincount(np.concatenate(parts[0]), minlength=len(tokenizer)) + 1.0
    words = sum(len(line.split()) for line in lines)
    model = model_of(args, counts)
    print(
        f"{len(lines)} texts, {words} words, {int(counts.sum())} subwords of {len(counts)} kinds; "
        f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} million weights",
        flush=True,
    )
    train(model, pool, held, counts, args)
    model.eval()
    model.save_pretrained(args.folder)
    (args.folder / "training.pt").unlink(missing_ok=True)
    nats, unigram = held_out(model, held, counts)
    print(
        f"held out, 15% of the subwords masked: {nats:.3f} nats, perplexity {math.exp(nats):.1f}; "
        f"unigrams {unigram:.3f} nats, perplexity {math.exp(unigram):.1f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
