#!/bin/sh
# Reformer's hidden states are longer than the text, its last hidden state is not.
#
# A good guess: `hidden_states` has a row for each position of the input, as `last_hidden_state` has.
# Behaviour: in eval mode the model pads a text inside to a multiple of its chunk length, which shows in every
# hidden state; only the last hidden state is cut back. Rows of a flattened batch are then read at shifted
# places. A text of at most one chunk is not padded, so that a short trial shows nothing.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 transformers==5.23.0

"$folder/env/bin/python" - <<'END'
import logging

import torch
import transformers
from transformers import ReformerConfig, ReformerModel

logging.getLogger("transformers").setLevel(logging.ERROR)
print("transformers", transformers.__version__, "torch", torch.__version__)

torch.manual_seed(0)
model = ReformerModel(
    ReformerConfig(
        vocab_size=50, hidden_size=16, feed_forward_size=32, attn_layers=["local", "local"],
        num_attention_heads=2, attention_head_size=8, local_attn_chunk_length=8,
        axial_pos_embds=False, max_position_embeddings=64, is_decoder=False, pad_token_id=0,
    )
).eval()


def lengths(n):
    text = torch.randint(5, 50, (2, n))
    with torch.no_grad():
        out = model(text, attention_mask=torch.ones_like(text), output_hidden_states=True)
    states = {h.shape[1] for h in out.hidden_states}
    print(f"asked for {n}: hidden states {sorted(states)}, last {out.last_hidden_state.shape[1]}")
    return states, out.last_hidden_state.shape[1]


assert lengths(5) == ({5}, 5)
assert lengths(13) == ({16}, 13)
assert lengths(16) == ({16}, 16)
END
