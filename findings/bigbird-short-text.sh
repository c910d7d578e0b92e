#!/bin/sh
# One short text changes how transformers' BigBird reads every later text.
#
# A good guess: what a model in eval mode gives for a text depends on that text alone.
# Behaviour: a text too short for block-sparse attention sets the whole model to full attention, for good;
# the configuration goes on saying "block_sparse".
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 transformers==5.23.0

"$folder/env/bin/python" - <<'END'
import logging

import torch
import transformers
from transformers import BigBirdConfig, BigBirdModel

logging.getLogger("transformers").setLevel(logging.ERROR)
print("transformers", transformers.__version__, "torch", torch.__version__)

torch.manual_seed(0)
model = BigBirdModel(
    BigBirdConfig(
        vocab_size=100, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=256, attention_type="block_sparse",
        block_size=4, num_random_blocks=1,
    )
).eval()
long = torch.randint(5, 100, (1, 128))
short = long[:, :8]


def states(text):
    with torch.no_grad():
        return model(text, attention_mask=torch.ones_like(text)).last_hidden_state


def said(when):
    print(f"{when}: attention {model.attention_type}, configuration {model.config.attention_type}")


before, twice = states(long), states(long)
said("after a long text")
assert model.attention_type == "block_sparse"
assert torch.equal(before, twice)

states(short)
said("after a short text")
after = states(long)
moved = float((after - before).abs().max())
print(f"the same long text as before: states differ by up to {moved:.4f}")
assert model.attention_type == "original_full"
assert model.config.attention_type == "block_sparse"
assert moved > 1e-4

model.set_attention_type("block_sparse")
assert torch.equal(states(long), before)
print("set_attention_type('block_sparse') gives the first states again")
END
