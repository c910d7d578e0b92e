#!/bin/sh
# Nyströmformer cannot take an attention mask that masks anything, at the one length that it takes.
#
# A good guess: texts padded to segment_means_seq_len, the length that the model asks for, are read with
# their attention mask.
# Behaviour: where num_landmarks is smaller than the length, a mask of ones passes (transformers drops it before
# the attention), and a mask that holds a 0 ends in a RuntimeError about sizes.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 transformers==5.23.0

"$folder/env/bin/python" - <<'END'
import logging

import torch
import transformers
from transformers import NystromformerConfig, NystromformerModel

logging.getLogger("transformers").setLevel(logging.ERROR)
print("transformers", transformers.__version__, "torch", torch.__version__)

torch.manual_seed(0)
length = 8
model = NystromformerModel(
    NystromformerConfig(
        vocab_size=100, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=24, num_landmarks=4, segment_means_seq_len=length,
        max_position_embeddings=32,
    )
).eval()
ids = torch.randint(5, 100, (2, length))
ones = torch.ones_like(ids)
padded = ones.clone()
padded[1, -2:] = 0

with torch.no_grad():
    print("no mask:", tuple(model(ids).last_hidden_state.shape))
    print("a mask of ones:", tuple(model(ids, attention_mask=ones).last_hidden_state.shape))
    try:
        model(ids, attention_mask=padded)
    except RuntimeError as error:
        said = str(error)
        print("a mask with zeros: RuntimeError:", said)
assert "must match the size of tensor" in said
END
