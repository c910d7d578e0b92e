"""The two readers of trees: worked examples, malformed input, fuzz."""

import gzip
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.defects import Defects
from sondage.errors import DataError
from sondage_senteval import generate, read_brackets, read_conllu

TREE = """# text = Don't go .
1-2	Don't	_	_	_	_	_	_	_	_
1	Do	do	AUX	VB	VerbForm=Fin	3	aux	_	_
2	n't	not	PART	RB	Polarity=Neg	3	advmod	_	_
3	go	go	VERB	VB	Mood=Imp|VerbForm=Fin	0	root	_	_
3.1	_	_	_	_	_	_	_	_	_
4	.	.	PUNCT	.	_	3	punct	_	_
"""


def write(tmp_path, text, name="x.conllu"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_a_multiword_token_is_one_token_and_empty_nodes_are_none(tmp_path):
    path = write(tmp_path, TREE + "\n" + TREE)
    tree, again = read_conllu(path)
    assert tree.tokens == ("Don't", "go", ".")
    assert tree.token_of == (0, 0, 1, 2)
    assert tree.head == (2, 2, -1, 2)
    assert tree.root == 2
    assert tree.children == ((), (), (0, 1, 3), ())
    assert tree.feature(2, "Mood") == "Imp"
    assert tree.feature(2, "Tense") == ""
    assert tree.below(2) == {0, 1, 2, 3}
    assert (tree.where, again.where) == (f"{path}:3", f"{path}:11")
    assert tree.multiword == 1
    packed = write(tmp_path, gzip.compress(TREE.encode()), "y.gz")
    assert read_conllu([path, packed])[2].tokens == tree.tokens


def test_a_multiword_token_without_its_form_is_its_words(tmp_path):
    (tree,) = read_conllu(write(tmp_path, TREE.replace("Don't	", "_	", 1)))
    assert tree.tokens == ("Do", "n't", "go", ".")
    assert (tree.token_of, tree.multiword) == ((0, 1, 2, 3), 1)


def test_forms_with_blanks_leave_their_sentence_out(tmp_path):
    odd = TREE.replace("go	go", "10 000	go")
    assert len(read_conllu(write(tmp_path, TREE + "\n" + odd))) == 1
    with pytest.raises(DataError, match="all 1 sentences have a blank inside a word"):
        read_conllu(write(tmp_path, odd))


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("4	.	.	PUNCT", "4	.	.", 7, "9 columns"),
        ("3	go", "5	go", 5, "id 5 where 3"),
        ("1-2	Don't", "2-3	Don't", 2, "range 2-3 after word 0"),
        ("1-2	Don't", "1-9	Don't", 7, "ends at word 4, within a range that ends at 9"),
        (
            "2	n't",
            "2-3	n'tgo	_	_	_	_	_	_	_	_\n2	n't",
            4,
            "range 2-3 after word 1",
        ),
        ("3	go", "3	", 5, "the column FORM is empty"),
        ("0	root", "x	root", 5, "word 3 has the head 'x', not a number"),
        ("0	root", "9	root", 5, "in a sentence of 4"),
        ("0	root", "4	root", 3, "no root"),
        ("3	punct", "0	punct", 3, "2 roots"),
        ("3	aux", "1	aux", 3, "cycle through word 1"),
    ],
)
def test_malformed_treebanks(tmp_path, old, new, line, what):
    path = write(tmp_path, TREE.replace(old, new, 1))
    with pytest.raises(DataError, match=what) as caught:
        read_conllu(path)
    assert caught.value.where == f"{path}:{line}"


line = st.builds(
    "\t".join, st.lists(st.sampled_from(["1", "2", "1-2", "1.1", "_", "a", "0", ""]), max_size=12)
)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.lists(line | st.just("# x"), max_size=6).map("\n".join) | st.binary(max_size=60))
def test_rubbish_is_refused_with_its_place(tmp_path, text):
    path = write(tmp_path, text)
    found = outcome(read_conllu, path)
    if isinstance(found, DataError):
        assert (
            re.search(r":[1-9][0-9]*$", found.where)
            or "no sentence" in str(found)
            or ("gzip" in str(found))
        )
    else:
        assert all(len(t.head) == len(t.token_of) and t.tokens for t in found)
    found = outcome(read_brackets, path)
    assert isinstance(found, DataError) or all(t.tokens and t.top for t in found)


def outcome(read, path):
    try:
        return read(path)
    except DataError as error:
        return error


def test_brackets(tmp_path):
    path = write(
        tmp_path,
        "( (S (NP-SBJ-1 (PRP I))\n  (ADVP (RB never)) (VP (VBP run) (NP (-NONE- *T*-1))) (. .)))\n"
        "(ROOT (SQ=2 (VBZ Is) (NP|x (PRP it)) (. ?)))\n(TOP (X (-NONE- *)))\n",
    )
    first, second = read_brackets(path)
    assert first.tokens == ("I", "never", "run", ".")
    assert first.top == ("NP", "ADVP", "VP", ".")
    assert first.depth == 3  # S, NP, PRP
    assert (first.where, second.where) == (f"{path}:1", f"{path}:3")
    assert second.top == ("VBZ", "NP", ".")


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [("(S (NP x)", "not closed", 1), ("\n x (S y)", "'x' outside", 2), ("(S x))", r"'\)' outs", 1)],
)
def test_malformed_brackets(tmp_path, text, what, line):
    path = write(tmp_path, text)
    with pytest.raises(DataError, match=what) as caught:
        read_brackets(path)
    assert caught.value.where == f"{path}:{line}"
    with pytest.raises(DataError, match="no tree"):
        read_brackets(write(tmp_path, "(TOP (X (-NONE- *)))\n"))


def test_what_is_left_out_is_counted_by_reason(tmp_path):
    odd = TREE.replace("go	go", "10 000	go")
    broken = TREE.replace("0	root", "9	root")
    masked = re.sub(r"\t(Don't|Do|n't|go)\t", "\t_\t", TREE)
    path = write(tmp_path, "\n".join([TREE, odd, odd, broken, masked]))
    defects = Defects("skip")
    assert len(read_conllu(path, defects)) == 1
    assert defects.counts == {
        "sentences-with-blanks-in-words": 2,
        "skipped-sentences": 1,
        "withheld-sentences": 1,
    }
    with pytest.raises(DataError, match="in a sentence of 4"):
        read_conllu(path)
    with pytest.raises(DataError, match="words are withheld"):
        read_conllu(write(tmp_path, masked))
    with pytest.raises(DataError, match=r"every entry has a defect; .*withheld"):
        read_conllu(write(tmp_path, masked), Defects("skip"))


def test_withheld_words_of_brackets(tmp_path):
    good, empty = "(S (NP (PRP I)) (VP (VBP run)) (. .))\n", "(S (NP (-NONE- *)))\n"
    masked = "(S (NP (PRP _)) (VP (VBP _)) (. .))\n"
    path = write(tmp_path, good + empty + masked, "x.mrg")
    with pytest.raises(DataError, match="withheld") as caught:
        read_brackets(path)
    assert caught.value.where == f"{path}:3"
    defects = Defects("skip")
    assert len(read_brackets(path, defects)) == 1
    assert defects.counts == {"empty-trees": 1, "withheld-sentences": 1}


def test_heads_that_are_0_everywhere_are_no_annotation(tmp_path):
    zeros = re.sub(r"\t[0-9]\t(aux|advmod|punct)", r"\t0\t\1", TREE)
    (tree,) = read_conllu(write(tmp_path, zeros))
    assert tree.head == (-3, -3, -3, -3)
    with pytest.raises(DataError, match="column HEAD, which is 0 for every word"):
        generate([tree], "tree_depth")


GOOD = "(S (NP (PRP I)) (VP (VBP run)) (. .))\n"


@pytest.mark.parametrize(
    "bad",
    [
        b"(S (NP (PRP I)) (VP (VBP run)\n",
        b"(S (NP (PRP I))) )\n",
        b"(S (NP (PRP I)))\n word\n",
        b"(S (NP (PRP I)))\n  (VP (VBP run)\n",
        b"(S (NP (PRP \xe9)))\n",
        b"(S " * 5000 + b"(NP (PRP I))" + b")" * 5000 + b"\n",
    ],
)
def test_broken_brackets_are_left_out_where_it_can_be_told_where_trees_begin(tmp_path, bad):
    good = GOOD.encode()
    path = write(tmp_path, good + bad + good.replace(b" (VP", b"\n  (VP"))
    with pytest.raises(DataError):
        read_brackets(path)
    defects = Defects("skip")
    trees = read_brackets(path, defects)
    last = 2 + bad.count(b"\n")
    assert [t.where for t in trees] == [f"{path}:1", f"{path}:{last}"]
    assert +defects.counts == {"skipped-sentences": 1}


def test_brackets_that_may_begin_anywhere_are_not_guessed_at(tmp_path):
    inside = "(S\n(NP (PRP I))\n(VP (VBP run))\n(. .)\n)\n"
    path = write(tmp_path, inside * 2 + "(S (NP (PRP I))\n" + inside)
    for on_error in ("raise", "skip"):
        with pytest.raises(DataError, match="not closed"):
            read_brackets(path, Defects(on_error))
    assert len(read_brackets(write(tmp_path, inside * 2), Defects("skip"))) == 2
