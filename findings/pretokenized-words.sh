#!/bin/sh
# Words given one by one are cut as word-internal pieces, where the normalizer marks the space.
#
# A good guess: with `is_split_into_words` a text's words get the pieces that they have in the text.
# Behaviour: where the tokenizer's normalizer turns blanks into the marker of a word's beginning (as Gemma's
# does), words that come alone hold no blank, so that no word is marked: all are read as the inside of a
# word. The same pieces with the marker set by the pre-tokenizer (as T5's does) are cut as in the text.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet transformers==5.23.0 tokenizers==0.23.3

"$folder/env/bin/python" - <<'END'
import tokenizers
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

print("transformers", transformers.__version__, "tokenizers", tokenizers.__version__)

MARK = "\u2581"
words = ["the", "cat", "sat"]
pieces = ["<unk>", MARK, *sorted(set("".join(words)))]
merges = []
for word in words:
    for start in (MARK, ""):
        built = (start + word)[0]
        for letter in (start + word)[1:]:
            merges.append((built, letter))
            built += letter
            pieces.append(built)
vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}


def made(**parts):
    core = Tokenizer(
        models.BPE(vocabulary, list(dict.fromkeys(merges)), unk_token="<unk>")
    )
    for name, part in parts.items():
        setattr(core, name, part)
    return PreTrainedTokenizerFast(tokenizer_object=core, unk_token="<unk>")


def cut(tokenizer):
    text = " ".join(words)
    whole = tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"])
    given = tokenizer(words, is_split_into_words=True)["input_ids"]
    return whole, tokenizer.convert_ids_to_tokens(given)


in_text, by_words = cut(made(normalizer=normalizers.Replace(" ", MARK)))
print("normalizer:    text", in_text, "words", by_words)
assert in_text == ["the", MARK + "cat", MARK + "sat"]
assert by_words == ["the", "cat", "sat"]

in_text, by_words = cut(made(pre_tokenizer=pre_tokenizers.Metaspace()))
print("pre-tokenizer: text", in_text, "words", by_words)
assert in_text == by_words == [MARK + word for word in words]
END
