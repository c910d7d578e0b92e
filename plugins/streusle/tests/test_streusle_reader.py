"""The reader's rules for both formats, one tiny file each."""

import gzip
import json

import numpy as np
import pytest

from sondage.errors import DataError
from sondage_streusle import read_streusle


def row(i, form="w", lexcat="P", ss="p.Locus", ss2="p.Locus", smwe="_"):
    cells = [i, form, form, "ADP", "IN", "_", 0, "dep", "_", "_"]
    return "\t".join(map(str, [*cells, smwe, lexcat, "_", ss, ss2, "_", "_", "_", "O"]))


def nothing(i):
    return "\t".join([str(i)] + ["_"] * 18)


LEX = "\n".join(
    [
        "# newdoc id = d",
        "# sent_id = a",
        "# text = 'cause it took out as of",
        nothing("1-2"),
        row(1, "'"),
        row(2, "cause", "SCONJ", "_", "_"),
        row(3, "took", "V.VPC.full", "v.change", "_", smwe="2:1"),
        nothing("3.1"),
        row(4, "it", "PRON", "_", "_"),
        row(5, "out", "_", "_", "_", smwe="2:2"),
        row(6, "as", "P", "p.Time", "p.Goal", smwe="1:1"),
        row(7, "of", "_", "_", "_", smwe="1:2"),
    ]
)
COLUMNS = {
    "forms": ["'", "cause", "took", "it", "out", "as", "of"],
    "lexcats": ["P", "SCONJ", "V.VPC.full", "PRON", "_", "P", "_"],
    "ss": ["p.Locus", "_", "v.change", "_", "_", "p.Time", "_"],
    "ss2": ["p.Locus", "_", "_", "_", "_", "p.Goal", "_"],
    "strong": [0, 0, 2, 0, 2, 1, 1],
}


def tok(i, word="w"):
    return {"#": i, "word": word, "lemma": word, "upos": "ADP", "xpos": "IN"}


def entry(**changes):
    """Two words, of which the second is a preposition."""
    made = {
        "sent_id": "a",
        "text": "w w",
        "toks": [tok(1), tok(2)],
        "swes": {
            "1": {"lexcat": "V", "ss": None, "ss2": None, "toknums": [1]},
            "2": {"lexcat": "P", "ss": "p.Time", "ss2": "p.Goal", "toknums": [2]},
        },
        "smwes": {},
    }
    return made | changes


def dump(*entries):
    return json.dumps(list(entries))


@pytest.fixture
def read(tmp_path):
    def run(content, name="x"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_streusle(path)

    return run


def fails(read, content, where, *words):
    with pytest.raises(DataError) as caught:
        read(content)
    assert caught.value.where.endswith(where)
    for said in words:
        assert said in str(caught.value)
    assert caught.value.hint


def test_conllulex_columns_offsets_comments_and_places(read):
    bank = read(LEX + "\n\n" + row(1) + "\n")
    for name, values in COLUMNS.items():
        found = getattr(bank, name)[:7]
        assert list(found) == values, name
    assert list(bank.lemmas[:2]) == ["'", "cause"]
    assert bank.upos[0] == "ADP"
    assert bank.xpos[0] == "IN"
    assert bank.offsets.tolist() == [0, 7, 8]
    assert bank.strong.dtype == bank.offsets.dtype == bank.lines.dtype == np.int64
    assert list(bank.sent_ids) == ["a", None]
    assert list(bank.texts) == ["'cause it took out as of", None]
    assert bank.where(0, 3).endswith("x:9")
    assert bank.where(1).endswith("x:14")
    assert bank.corpus().texts == ("'cause it took out as of", "w")
    assert len(bank) == 2
    assert bank.n_words == 8
    assert list(bank.words_of(1)) == ["w"]


def test_json_columns_and_places(read):
    one = entry(
        toks=[tok(i, w) for i, w in enumerate(COLUMNS["forms"], 1)],
        swes={
            "1": {"lexcat": "P", "ss": "p.Locus", "ss2": "p.Locus", "toknums": [1]},
            "2": {"lexcat": "SCONJ", "ss": None, "ss2": None, "toknums": [2]},
            "4": {"lexcat": "PRON", "ss": None, "ss2": None, "toknums": [4]},
        },
        smwes={
            "1": {"lexcat": "P", "ss": "p.Time", "ss2": "p.Goal", "toknums": [6, 7]},
            "2": {"lexcat": "V.VPC.full", "ss": "v.change", "ss2": None, "toknums": [3, 5]},
        },
        etoks=[{"#": [1, 2, "1-2"]}],
    )
    bank = read(dump(one, entry(sent_id=None, text=None)))
    for name, values in COLUMNS.items():
        assert list(getattr(bank, name)[:7]) == values, name
    assert list(bank.sent_ids) == ["a", None]
    assert list(bank.texts) == ["w w", None]
    assert bank.where(0, 3).endswith("x, sentence a, word 4")
    assert bank.where(1).endswith("x, sentence 2, word 1")


def test_a_sentence_without_a_name_is_counted_within_its_file(tmp_path):
    (tmp_path / "x").write_text(dump(entry(), entry()))
    (tmp_path / "y").write_text(dump(entry(sent_id=None)))
    bank = read_streusle([tmp_path / "x", str(tmp_path / "y")])
    assert bank.where(2, 1).endswith("y, sentence 1, word 2")
    assert bank.file_of.tolist() == [0, 0, 1]


@pytest.mark.parametrize("content", [LEX + "\n", dump(entry())], ids=["conllulex", "json"])
@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.replace("\n", "\r\n"),
        lambda s: "\ufeff" + s,
        lambda s: s.rstrip("\n"),
        lambda s: "\n\n" + s + "\n \t\n\n",
        lambda s: gzip.compress(("\ufeff" + s).encode()),
    ],
    ids=["crlf", "bom", "no last newline", "blank lines", "gzip with bom"],
)
def test_wrappings_that_change_nothing(read, content, change):
    plain, wrapped = read(content), read(change(content), "y")
    assert list(wrapped.forms) == list(plain.forms)
    assert list(wrapped.texts) == list(plain.texts)


def replaced(i, new):
    lines = LEX.split("\n")
    lines[i - 1] = new
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (
            replaced(5, "1\tw\tw\tX\t_\t_\t0\td\t_\t_"),
            5,
            ["10 columns, wanted 19", "plain CoNLL-U"],
        ),
        (replaced(5, "1 w w X"), 5, ["no tab in the line", "not by spaces"]),
        (replaced(5, row(1) + "\t_"), 5, ["20 columns, wanted 19"]),
        (replaced(5, row(1, "")), 5, ["FORM is empty"]),
        (replaced(5, row("x")), 5, ["'x' is not a number"]),
        (replaced(5, row("²")), 5, ["not a number"]),
        (replaced(5, row(3)), 5, ["id 3 where 1 is due"]),
        (LEX + "\n" + row(1), 13, ["id 1 where 8 is due", "a blank line ends"]),
        (replaced(4, nothing("2-3")), 4, ["range 2-3 after word 0"]),
        (replaced(4, nothing("2-1")), 4, ["range 2-1"]),
        (replaced(8, nothing("4.1")), 8, ["4.1 where 3.1 is due"]),
        (LEX + "\n" + nothing("8-9"), 12, ["ends at word 7"]),
        ("# only\n" + nothing("0.1"), 1, ["has no word"]),
        (replaced(6, row(2, lexcat="P", smwe="3:1")), 6, ["expression 3 has one word"]),
        (replaced(7, row(3, smwe="2:2")), 7, ["2:2 where 2:1 is due"]),
        (replaced(7, row(3, smwe="2")), 7, ["'2'", "no group and position"]),
        (replaced(7, row(3, smwe="0:1")), 7, ["no group and position"]),
        (replaced(10, row(5, lexcat="_", ss="_", ss2="p.X", smwe="2:2")), 10, ["labels of its"]),
        (replaced(9, row(4, lexcat="_", ss="_", ss2="_")), 9, ["no lexical category"]),
        (replaced(9, row(4, ss="_")), 9, ["second supersense ('p.Locus') without a first"]),
    ],
)
def test_conllulex_defects_name_the_line(read, content, line, said):
    fails(read, content, f"x:{line}", *said)


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        ({"toks": None}, "sentence a", ["'toks' is None, wanted a list"]),
        ({"toks": []}, "sentence a", ["no word"]),
        ({"toks": [tok(1), 3]}, "word 2", ["word 2 is 3"]),
        ({"toks": [tok(1), tok(3)]}, "word 2", ["'#' is 3 where 2 is due"]),
        ({"toks": [tok(True), tok(2)]}, "word 1", ["'#' is True"]),
        ({"toks": [tok(1), tok(2, None)]}, "word 2", ["no form"]),
        ({"toks": [tok(1), tok(2, "")]}, "word 2", ["word is ''"]),
        ({"toks": [tok(1), tok(2, "\ud83d")]}, "word 2", ["lone surrogate"]),
        ({"text": 3}, "sentence a", ["text is 3"]),
        ({"sent_id": 3}, "sentence 1", ["sent_id is 3"]),
        ({"swes": []}, "sentence a", ["'swes' is [], wanted an object"]),
        ({"swes": {"1": {}}}, "sentence a", ["swes['1']: 'toknums' is missing"]),
        ({"swes": {"1": 1}}, "sentence a", ["swes['1'] is 1"]),
        ({"swes": {"1": {"toknums": [3]}}}, "sentence a", ["[3], in a sentence of 2 words"]),
        ({"swes": {"1": {"toknums": [2]}}}, "sentence a", ["its one toknum"]),
        ({"swes": {"1": {"toknums": [1], "lexcat": "V"}}}, "word 2", ["belongs to no expression"]),
        ({"swes": {"1": {"toknums": [1], "lexcat": 4}}}, "word 1", ["lexcat is 4"]),
        (
            {"smwes": {"1": {"toknums": [1, 2], "lexcat": "P"}}},
            "word 1",
            ["in two expressions"],
        ),
        ({"smwes": {"1": {"toknums": [2, 1]}}}, "sentence a", ["two or more, ascending"]),
        ({"smwes": {"1": {"toknums": [1]}}}, "sentence a", ["two or more"]),
        ({"smwes": {"²": {"toknums": [1, 2]}}}, "sentence a", ["the key"]),
        (
            {"swes": {}, "smwes": {"1": {"toknums": [1, 2], "lexcat": None}}},
            "word 1",
            ["no lexical category"],
        ),
    ],
)
def test_json_defects_name_the_sentence(read, change, where, said):
    fails(read, dump(entry(**change)), where, *said)


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ('[\n{"toks": 1,\n}\n]', 3, ["not JSON"]),
        ('{"toks": []}', 1, ["not a list"]),
        ("[" * 100_000, 1, []),
        ("[" + "1" * 10_000 + "]", 1, []),
        ("[]", 1, ["no sentence"]),
        ("# only a comment\n", 1, ["no sentence"]),
        ("", 1, ["empty"]),
        (" \n\n", 1, ["empty"]),
        (b"\n\n# caf\xe9\n", 3, ["0xe9 is not UTF-8"]),
    ],
)
def test_files_that_cannot_be_read_at_all(read, content, line, said):
    fails(read, content, f"x:{line}", *said)


def test_a_json_list_of_something_else(read):
    fails(read, "[3]", "sentence 1", "a sentence is 3")


def test_damaged_gzip_missing_files_and_none(read, tmp_path):
    fails(read, gzip.compress(LEX.encode())[:-9], "x", "gzip")
    with pytest.raises(DataError, match="cannot be read"):
        read_streusle(tmp_path / "absent")
    with pytest.raises(DataError, match="no STREUSLE file"):
        read_streusle([])


def test_a_range_of_one_word_is_read(read):
    assert read(replaced(4, nothing("1-1"))).forms == read(LEX).forms


MASKED = "\n".join(row(i, form) for i, form in enumerate(["_", "___", "."], 1))


def test_broken_sentences_and_such_without_words_are_left_out_and_counted(tmp_path):
    path = tmp_path / "x"
    bad = replaced(8, row(4, lexcat="_", ss="p.X"))
    path.write_bytes("\n\n".join([LEX, bad, MASKED, LEX]).encode() + b"\n\n" + LEX.encode("utf-16"))
    with pytest.raises(DataError):
        read_streusle(path)
    found = read_streusle(path, on_error="skip")
    assert len(found) == 2
    assert found.warnings["withheld-sentences"] == 1
    assert found.warnings["skipped-sentences"] >= 2
    path.write_text(MASKED)
    with pytest.raises(DataError, match="words are withheld"):
        read_streusle(path)
    with pytest.raises(DataError, match=r"every entry has a defect; .* withheld"):
        read_streusle(path, on_error="skip")


def test_words_that_are_not_annotated_are_read_and_counted_on_demand(tmp_path):
    path = tmp_path / "x"
    path.write_text(replaced(9, row(4, lexcat="_", ss="_", ss2="_")))
    with pytest.raises(DataError, match="no lexical category"):
        read_streusle(path)
    found = read_streusle(path, on_error="skip")
    assert found.warnings.pop("words-without-lexcat") == 1
    assert set(found.warnings) <= {"multiword-tokens", "sentences-with-multiword-tokens"}
    assert found.n_words == 7


def test_broken_sentences_of_json_are_left_out_and_counted(tmp_path):
    path = tmp_path / "x"
    masked = [{**tok(i, "_")} for i in (1, 2)]
    path.write_text(json.dumps([entry(), entry(toks=[]), 7, entry(toks=masked)]))
    with pytest.raises(DataError, match="no word"):
        read_streusle(path)
    found = read_streusle(path, on_error="skip")
    assert (len(found), found.warnings) == (1, {"skipped-sentences": 2, "withheld-sentences": 1})


def test_multiword_tokens_are_counted(read, tmp_path):
    told = {"multiword-tokens": 1, "sentences-with-multiword-tokens": 1}
    assert read(LEX).warnings == told
    twice = replaced(9, nothing("4-5") + "\n" + row(4, "it", "PRON", "_", "_"))
    more = {"multiword-tokens": 3, "sentences-with-multiword-tokens": 2}
    assert read(LEX + "\n\n" + twice).warnings == more
    etoks = [{"#": [1, 2, "1-2"], "word": "ww"}, {"#": [2, 1, "2.1"], "word": "w"}]
    assert read(dump(entry(etoks=etoks), entry())).warnings == told
    for odd in (None, 7, [7], [{"#": 3}], [{"#": []}], [{}]):
        assert read(dump(entry(etoks=odd))).warnings == {}
