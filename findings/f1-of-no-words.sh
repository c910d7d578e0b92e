#!/bin/sh
# torchmetrics' SQuAD score gives full F1 to an answer that shares no word with the right one.
#
# A good guess: the score is that of SQuAD 1.1, as its page says; there an answer without a word in common has F1 0, also
# where only articles are left to leave out.
# Behaviour: where nothing is left of both answers F1 is 100, which is the rule of SQuAD 2.0.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 torchmetrics==1.9.0

"$folder/env/bin/python" - <<'END'
import torch
import torchmetrics
from torchmetrics.functional.text import squad

print("torchmetrics", torchmetrics.__version__, "torch", torch.__version__)


def scores(said, right):
    answers = {"answer_start": [0], "text": [right]}
    found = squad([{"prediction_text": said, "id": "1"}], [{"answers": answers, "id": "1"}])
    return {name: float(value) for name, value in found.items()}


nothing, other = scores("the", "a"), scores("red", "blue")
print("'the' for 'a'    ", nothing)
print("'red' for 'blue' ", other)
assert other["f1"] == 0.0
assert nothing["f1"] == 100.0
END
