"""The one CoNLL-U reader, on which every plugin that reads such files stands."""

from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sondage.defects import Defects
from sondage.errors import DataError
from sondage.files.conllu import (
    COLUMNS,
    NO_HEAD,
    blocks,
    check_tree,
    heads_of,
    integer,
    read_blocks,
    tree_problem,
)


def row(number, head="_", form=None, columns=10):
    fields = [str(number), form or f"w{number}", *"_" * (columns - 2)]
    fields[6] = str(head)
    return "\t".join(fields)


def read(*lines, **more):
    return list(read_blocks("\n".join(lines), "x", **more))


def test_words_ranges_empty_nodes_and_comments():
    lines = ["# sent_id = a", "0.1\t_" + "\t_" * 8, row("1-1"), row(1, 2), row("1.1"), row(2, 0)]
    first, second = read(*lines, "# text = W 1", row("3-4"), row(3, 2), row(4, 3), " ", row(1, 0))
    assert (first.sent_id, first.text, first.first) == ("a", "W 1", 1)
    assert first.column(1) == ["w1", "w2", "w3", "w4"]
    assert first.lines == [4, 6, 9, 10]
    assert first.multiword == [(0, 1, "w1-1"), (2, 4, "w3-4")]
    assert heads_of(first, "x") == [1, -1, 1, 2]
    assert (second.first, second.sent_id, second.lines) == (12, None, [12])
    assert read("# only", "", "# comments") == []


PIECES = st.sampled_from([
    "# text = a\tb", "#", "# sent_id = x", "", " ", row(1), row(1, 0), row(2, 1), row(3), row(4),
    row("1-2"), row("2.1"), row(2) + "\t", "\t" + row(1), row(3).replace("w3", ""), "2\tx", "3",
    row(3)[:-1], row("x"),
])  # fmt: skip


@given(st.lists(PIECES, max_size=12))
@example(["# text = a", *(row(i, 0) for i in range(1, 600))])
def test_a_sentence_that_is_looked_at_as_a_whole_is_what_it_is_line_by_line(lines):
    def outcome():
        defects = []
        return read(*lines, pass_over=defects.append), list(map(str, defects))

    fast = outcome()
    with mock.patch.object(blocks, "_as_most", return_value=None):
        assert outcome() == fast


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        ([row(1), row(3)], 2, "id 3 where 2 is due"),
        ([row(1), row("1-2"), row(2)], 2, "range 1-2 after word 1"),
        ([row("1-2"), row(1), row("2-3"), row(2), row(3)], 3, "range 2-3"),
        ([row(1), row("2-3"), row(2)], 3, "ends at 3"),
        ([row(1), row("1.2")], 2, "1.2 where 1.1 is due"),
        ([row("a-b")], 1, "is not a number"),
        ([row(1).replace("w1", "")], 1, "FORM is empty"),
        ([row(1), "2\tx"], 2, "2 columns, wanted 10"),
        ([row(1), row(2, form="caf\udce9")], 2, "byte 0xe9 is not UTF-8"),
    ],
)
def test_defects_are_raised_with_their_line_or_counted(lines, line, said):
    with pytest.raises(DataError, match=said) as caught:
        read(*lines)
    assert caught.value.where == f"x:{line}"
    defects = Defects("skip")
    (kept,) = read(*lines, "", row(1, 0), pass_over=defects.pass_over)
    assert kept.lines == [len(lines) + 2]
    assert dict(defects.counts) == {"skipped-sentences": 1}


def test_formats_on_top_have_more_columns():
    columns = (*COLUMNS, "SMWE")
    (block,) = read(row(1, columns=11), columns=columns)
    assert len(block.rows[0]) == 11
    with pytest.raises(DataError, match="10 columns, wanted 11"):
        read(row(1), columns=columns)


def test_heads():
    (some,) = read(row(1, 2), row(2))
    assert heads_of(some, "x", partial=True) == [1, NO_HEAD]
    with pytest.raises(DataError, match="word 2 has no head") as caught:
        heads_of(some, "x")
    assert caught.value.where == "x:2"
    (none,) = read(row(1), row(2))
    assert heads_of(none, "x") == [NO_HEAD, NO_HEAD]
    for bad, said in (("3", "in a sentence of 2"), ("x", "not a number"), ("02", "not a number")):
        (block,) = read(row(1, bad), row(2, 0))
        with pytest.raises(DataError, match=said):
            heads_of(block, "x")
        with pytest.raises(DataError, match=said):
            heads_of(block, "x", partial=True)
    far = read(*(row(i, 600 if i == 1 else 0) for i in range(1, 601)))[0]
    assert heads_of(far, "x")[0] == 599


def test_trees():
    assert tree_problem([-1, 0, -1]) is None
    assert tree_problem([NO_HEAD, NO_HEAD]) is None
    assert tree_problem([1, 0])[1].startswith("the sentence has no root")
    assert tree_problem([-1, 2, 1])[0] == 1
    (block,) = read("# c", row(1, 0), row(2, 3), row(3, 2))
    with pytest.raises(DataError, match="cycle through word 2") as caught:
        check_tree(heads_of(block, "x"), block, "x")
    assert caught.value.where == "x:3"


def test_numbers_are_plain_digits():
    assert [integer(t) for t in ("0", "511", "512", "999999999")] == [0, 511, 512, 999999999]
    assert not any(integer(t) for t in ("01", "+1", "1_0", "\u0661", "9" * 10, "", "1 "))
