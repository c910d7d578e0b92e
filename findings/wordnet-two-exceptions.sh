#!/bin/sh
# nltk's WordNet keeps one line of noun.exc where two lines give the bases of one form.
#
# A good guess: a form with two lines has both bases ("involucra" and "sudatoria" have two lines each in WordNet 3.0, others
# name two bases in one line), or that of the first line, which a search by halves or from the top finds.
# Behaviour: the last line replaces what stood before; a noun is lost whose name is in the index.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet nltk==3.10.4

"$folder/env/bin/python" - "$folder/dict" <<'END'
import pathlib
import sys
import warnings

import nltk
from nltk.corpus.reader.wordnet import WordNetCorpusReader

folder = pathlib.Path(sys.argv[1])
folder.mkdir()
for part in ("noun", "verb", "adj", "adv"):
    for kind in (f"data.{part}", f"index.{part}", f"{part}.exc"):
        (folder / kind).write_text("")
(folder / "lexnames").write_text("0\tnoun.body\t1\n")
(folder / "cntlist.rev").write_text("")
data = ["00000000 00 n 01 involucre 0 000 | a whorl  \n", "00000042 00 n 01 involucrum 0 000 | a sheath  \n"]
(folder / "data.noun").write_text("".join(data))
(folder / "index.noun").write_text("involucre n 1 0 1 0 00000000  \ninvolucrum n 1 0 1 0 00000042  \n")
(folder / "noun.exc").write_text("involucra involucre\ninvolucra involucrum\n")


class English(WordNetCorpusReader):
    def map_wn(self, version="wordnet"):
        return None


nltk.data.path.append(str(folder.parent))
warnings.simplefilter("ignore")
found = English(str(folder), None)
print("nltk", nltk.__version__)
both = [name for name in ("involucre", "involucrum") if found._morphy(name, "n") == [name]]
print("in the index:           ", both)
print("bases of 'involucra':   ", found._morphy("involucra", "n"))
assert both == ["involucre", "involucrum"]
assert found._morphy("involucra", "n") == ["involucrum"]
END
