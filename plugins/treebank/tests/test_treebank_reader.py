"""The reader's rules, one tiny file each."""

import gzip

import numpy as np
import pytest

from sondage.errors import DataError
from sondage_treebank import read_conllu
from sondage_treebank.columns import NO_HEAD


def word(i, head=0, form=None, upos="NOUN", deprel="dep", feats="_", xpos="NN"):
    return "\t".join(
        [str(i), form or f"w{i}", f"l{i}", upos, xpos, feats, str(head), deprel, "_", "_"]
    )


TWO = "\n".join([word(1, 2), word(2, 0, deprel="root")])
GOOD = f"# sent_id = a\n# text = W1 w2.\n{TWO}\n\n"


@pytest.fixture
def read(tmp_path):
    def run(content, name="x.conllu", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_conllu(path, **options)

    return run


def fails(read, content, line, *words, **options):
    with pytest.raises(DataError) as caught:
        read(content, **options)
    assert caught.value.where.endswith(f"x.conllu:{line}")
    for said in words:
        assert said in str(caught.value)
    assert caught.value.hint


def test_columns_offsets_comments_and_places(read):
    bank = read(GOOD + "# text=none\n#a\n" + word(1, 0, form="x", feats="A=B") + "\n\n")
    assert list(bank.forms) == ["w1", "w2", "x"]
    assert list(bank.lemmas) == ["l1", "l2", "l1"]
    assert list(bank.upos) == ["NOUN"] * 3
    assert list(bank.xpos) == ["NN"] * 3
    assert list(bank.feats) == ["_", "_", "A=B"]
    assert list(bank.deprel) == ["dep", "root", "dep"]
    assert bank.heads.tolist() == [1, -1, -1]
    assert bank.heads.dtype == bank.offsets.dtype == bank.lines.dtype == np.int64
    assert bank.offsets.tolist() == [0, 2, 3]
    assert list(bank.sent_ids) == ["a", None]
    assert list(bank.texts) == ["W1 w2.", "none"]
    assert bank.lines.tolist() == [3, 4, 8]
    assert bank.where(0, 1).endswith("x.conllu:4")
    assert bank.where(1).endswith("x.conllu:8")
    assert bank.warnings == {}
    assert len(bank) == 2
    assert bank.n_words == 3


def test_text_is_the_comment_or_the_forms(read):
    bank = read(GOOD + TWO + "\n")
    corpus = bank.corpus()
    assert corpus.texts == ("W1 w2.", "w1 w2")
    assert list(corpus.words_of(1)) == ["w1", "w2"]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.replace("\n", "\r\n"),
        lambda s: "\ufeff" + s,
        lambda s: s.rstrip("\n"),
        lambda s: "\n\n" + s.replace("\n\n", "\n \t\n\n"),
        lambda s: gzip.compress(s.encode()),
        lambda s: gzip.compress(("\ufeff" + s).replace("\n", "\r\n").encode()),
    ],
    ids=["crlf", "bom", "no last newline", "blank lines", "gzip", "gzip, bom, crlf"],
)
def test_outer_form_changes_nothing(read, change):
    plain, other = read(GOOD + GOOD), read(change(GOOD + GOOD))
    assert plain.forms == other.forms
    assert plain.texts == other.texts
    assert plain.deprel == other.deprel
    assert plain.heads.tolist() == other.heads.tolist()
    assert plain.offsets.tolist() == other.offsets.tolist() == [0, 2, 4]


def test_multiword_ranges_and_empty_nodes_are_no_words(read):
    bank = read(
        "\n".join(
            [
                word("0.1", "_"),
                word("1-2", "_", form="w1w2"),
                word(1, 2),
                word("1.1", "_"),
                word("1.2", "_"),
                word(2, 0),
                word("3-4", "_"),
                word(3, 2),
                word(4, 2),
                word("4.1", "_"),
            ]
        )
    )
    assert list(bank.forms) == ["w1", "w2", "w3", "w4"]
    assert bank.heads.tolist() == [1, -1, 1, 1]
    assert bank.lines.tolist() == [3, 6, 8, 9]


def test_several_files_are_one_treebank(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text(GOOD)
    bank = read_conllu([tmp_path / "a", str(tmp_path / "b")])
    assert bank.offsets.tolist() == [0, 2, 4]
    assert bank.file_of.tolist() == [0, 1]
    assert bank.where(1) == f"{tmp_path / 'b'}:3"


def test_unicode_line_separators_and_escapes_are_data(read):
    forms = ["a\u2028b", "c\x85d", "\x1b[31mred\x1b[0m", "<script>alert(1)</script>", "a b\u00a0c"]
    bank = read("\n".join(word(i, i - 1, form=f) for i, f in enumerate(forms, 1)))
    assert list(bank.forms) == forms


def test_heads_may_be_missing_from_a_whole_sentence(read):
    bank = read(word(1, "_") + "\n" + word(2, "_") + "\n\n" + GOOD)
    assert bank.heads.tolist() == [NO_HEAD, NO_HEAD, 1, -1]


def test_several_roots_are_counted(read):
    bank = read(word(1, 0) + "\n" + word(2, 0) + "\n\n" + GOOD)
    assert bank.warnings == {"several-roots": 1}
    assert bank.heads.tolist() == [-1, -1, 1, -1]


@pytest.mark.parametrize(
    ("bad", "line", "said"),
    [
        (TWO.replace("\t", " "), 1, ["no tab", "10 parts", "tabs, not"]),
        (word(1) + "\t_", 1, ["11 columns", "MISC"]),
        (word(1).rsplit("\t", 1)[0], 1, ["9 columns"]),
        ("hello", 1, ["1 column,"]),
        (word(1).replace("\tl1\t", "\t\t"), 1, ["LEMMA is empty"]),
        (word("x"), 1, ["id 'x' is not a number"]),
        (word("+1"), 1, ["not a number"]),
        (word("１"), 1, ["not a number"]),
        (word("01"), 1, ["not a number"]),
        (word("-1"), 1, ["not a number"]),
        (word("9" * 5000), 1, ["not a number", "…"]),
        (word("999999999"), 1, ["id 999999999 where 1 is due"]),
        (word(0), 1, ["id 0 where 1"]),
        (word(2), 1, ["id 2 where 1"]),
        (f"{TWO}\n{TWO}", 3, ["id 1 where 3", "blank line"]),
        (word("2-3") + "\n" + TWO, 1, ["range 2-3"]),
        (word("2-1") + "\n" + TWO, 1, ["range 2-1"]),
        (word("1-2") + "\n" + word(1) + "\n" + word("2-3") + "\n" + word(2), 3, ["range 2-3"]),
        (word("1-3") + "\n" + TWO, 3, ["ends at word 2", "ends at 3"]),
        (word("1-2"), 1, ["no word"]),
        (word("0.1"), 1, ["no word"]),
        (word("1.1") + "\n" + TWO, 1, ["1.1 where 0.1"]),
        (word("0.2") + "\n" + TWO, 1, ["0.2 where 0.1"]),
        (word(1, 3) + "\n" + word(2, 0), 1, ["word 1 has head '3'", "2 words"]),
        (word(1, 2) + "\n" + word(2, 10**8), 2, ["word 2 has head '100000000'"]),
        (word(1, "-1"), 1, ["head '-1', not a number"]),
        (word(1, "x"), 1, ["head 'x', not a number"]),
        (word(1, 0) + "\n" + word(2, "_"), 2, ["word 2 has no head"]),
        (word(1, 1), 1, ["no root"]),
        (word(1, 2) + "\n" + word(2, 1), 1, ["no root"]),
        (word(1, 0) + "\n" + word(2, 3) + "\n" + word(3, 2), 2, ["cycle through word 2"]),
        (word(1, 2) + "\n" + word(2, 0) + "\n" + word(3, 3), 3, ["cycle through word 3"]),
        (b"# caf\xe9\n" + TWO.encode(), 1, ["byte 0xe9 is not UTF-8", "latin"]),
        (TWO.encode().replace(b"w2", b"caf\xe9"), 2, ["byte 0xe9 is not UTF-8"]),
    ],
)
def test_defects_name_the_line_and_can_be_skipped(read, bad, line, said):
    head, tail = GOOD.encode(), b"\n\n" + GOOD.encode()
    content = head + (bad if isinstance(bad, bytes) else bad.encode()) + tail
    fails(read, content, line + GOOD.count("\n"), *said)
    bank = read(content, on_error="skip")
    assert bank.warnings == {"skipped-sentences": 1}
    assert bank.offsets.tolist() == [0, 2, 4]
    fails(read, bad, line, "every entry has a defect", on_error="skip")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n \r\n\n", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"# newdoc\n\n# text = x\n", "no sentence"),
    ],
)
def test_nothing_in_the_file(read, content, said):
    fails(read, content, 1, said)
    fails(read, content, 1, said, on_error="skip")


def test_damaged_gzip(read):
    packed = gzip.compress(GOOD.encode())
    for broken in (packed[:-9], packed[:3], packed[:15] + b"\xff" * 9 + packed[24:]):
        with pytest.raises(DataError, match="gzip file is damaged") as caught:
            read(broken)
        assert caught.value.where.endswith("x.conllu")


def test_unreadable(tmp_path):
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_conllu(path)
    with pytest.raises(DataError, match="no CoNLL-U file"):
        read_conllu([])


MASKED = "\n".join([word(1, 2, form="_"), word(2, 0, form="____"), word(3, 2, form=".")])


def test_sentences_without_their_words_are_refused_or_counted(read):
    fails(read, GOOD + MASKED, 6, "words are withheld", "'_' stands for each")
    bank = read(GOOD + MASKED, on_error="skip")
    assert bank.warnings == {"withheld-sentences": 1}
    assert len(bank) == 1
    fails(read, MASKED, 1, "every entry has a defect", "withheld", on_error="skip")
    # Sentence by sentence each could be real; of a whole file that cannot be.
    single = (word(1, 0, form="_") + "\n\n") * 3
    for on_error in ("raise", "skip"):
        fails(read, single + GOOD, 1, "stands for 3 of 5", on_error=on_error)


@pytest.mark.parametrize("form", ["_", "_____"])
def test_a_real_underscore_stays(read, form):
    alone = word(1, 0, form=form) + "\n\n"
    within = "\n".join([word(1, 2, form=form), word(2, 0, form=form), word(3, 2, form="x")])
    bank = read(GOOD + alone + GOOD + within)
    assert list(bank.forms) == ["w1", "w2", form, "w1", "w2", form, form, "x"]
    assert bank.warnings == {}


def test_a_range_of_one_word_is_read(read):
    assert list(read("1-1\tw1-1" + "\t_" * 8 + "\n" + TWO).forms) == ["w1", "w2"]
