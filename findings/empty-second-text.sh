#!/bin/sh
# A fast tokenizer takes an empty second text for none where it is given one pair, and for a text in a batch.
#
# A good guess: a pair whose second text is empty is read alike whether it comes alone or in a list of one, so that a
# data set's item does not change with how it is batched.
# Behaviour: alone the second text is dropped and one separator follows; in a list there are two.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet transformers==5.23.0 tokenizers==0.23.3

HF_HUB_OFFLINE=1 "$folder/env/bin/python" - "$folder/words" <<'END'
import importlib.metadata
import pathlib
import sys

from transformers import BertTokenizerFast

names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "dog"]
folder = pathlib.Path(sys.argv[1])
folder.mkdir()
(folder / "vocab.txt").write_text("\n".join(names) + "\n")
tokenizer = BertTokenizerFast(str(folder / "vocab.txt"))
for name in ("transformers", "tokenizers"):
    print(name, importlib.metadata.version(name))
alone = tokenizer("the dog", "")["input_ids"]
batch = tokenizer(["the dog"], [""])["input_ids"][0]
for said, ids in (("alone  ", alone), ("in a list", batch)):
    print(said, tokenizer.convert_ids_to_tokens(ids))
assert len(batch) == len(alone) + 1
END
