"""The reader against an obvious one, against random trees, and against rubbish."""

import re
import time

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.errors import DataError
from sondage.files.conllu import tree_problem
from sondage_treebank import read_conllu

quick = settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
cell = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1)
field = cell.filter(lambda s: not s.isspace())


@st.composite
def sentences(draw):
    """A list of (comments, words, heads); words are nine strings, without the head."""
    out = []
    for _ in range(draw(st.integers(1, 4))):
        n = draw(st.integers(1, 6))
        # Word order is drawn apart from attachment order, so that trees need not be projective.
        order = draw(st.permutations(range(n)))
        heads = [0] * n
        for k in range(1, n):
            heads[order[k]] = order[draw(st.integers(0, k - 1))] + 1
        words = [[draw(field) for _ in range(8)] for _ in range(n)]
        text = draw(st.none() | field)
        extra = draw(st.lists(st.integers(0, n), unique=True, max_size=2))
        out.append((text, words, heads, extra, draw(st.booleans())))
    return out


def render(sents):
    lines = []
    for text, words, heads, empty_after, ranged in sents:
        if text is not None:
            lines.append(f"# text = {text}")
        for i in range(len(words) + 1):
            if i:
                w = words[i - 1]
                if ranged and i == 1 and len(words) > 1:
                    lines.append("1-2" + "\tx" * 9)
                lines.append("\t".join([str(i), *w[:5], str(heads[i - 1]), *w[5:]]))
            if i in empty_after:
                lines.append(f"{i}.1" + "\t_" * 9)
        lines.append("")
    return "\n".join(lines) + "\n"


@quick
@given(sents=sentences(), crlf=st.booleans())
def test_what_is_written_is_read(tmp_path, sents, crlf):
    path = tmp_path / "x"
    text = render(sents)
    path.write_bytes((text.replace("\n", "\r\n") if crlf else text).encode())
    bank = read_conllu(path)
    flat = [w for _, words, *_ in sents for w in words]
    assert list(bank.forms) == [w[0] for w in flat]
    assert list(bank.lemmas) == [w[1] for w in flat]
    assert list(bank.upos) == [w[2] for w in flat]
    assert list(bank.xpos) == [w[3] for w in flat]
    assert list(bank.feats) == [w[4] for w in flat]
    assert list(bank.deprel) == [w[5] for w in flat]
    assert bank.heads.tolist() == [h - 1 for _, _, heads, *_ in sents for h in heads]
    assert [len(bank.words_of(i)) for i in range(len(bank))] == [len(w) for _, w, *_ in sents]
    assert list(bank.texts) == [None if t is None else t.strip() for t, *_ in sents]
    assert list(bank.forms) == obvious_forms(text)
    rows = text.split("\n")
    for form, line in zip(bank.forms, bank.lines.tolist(), strict=True):
        assert rows[line - 1].split("\t")[1] == form


def obvious_forms(text):
    return [m[1] for line in text.split("\n") if (m := re.match(r"[0-9]+\t([^\t]*)\t", line))]


def outcome(path, on_error):
    try:
        return read_conllu(path, on_error=on_error)
    except DataError as error:
        return error


def check(found, damaged):
    if isinstance(found, DataError):
        assert damaged or re.search(r":[1-9][0-9]*$", found.where)
        assert found.hint
        return
    assert found.n_words == len(found.forms) == found.offsets[-1] > 0
    lengths = np.diff(found.offsets)
    assert (lengths > 0).all()
    assert (found.heads < lengths.repeat(lengths)).all()


def survives(path, content, limit=2.0):
    path.write_bytes(content)
    start = time.perf_counter()
    for on_error in ("raise", "skip"):
        check(outcome(path, on_error), damaged=content[:2] == b"\x1f\x8b")
    assert time.perf_counter() - start < limit


@quick
@given(content=st.binary(max_size=300))
def test_random_bytes(tmp_path, content):
    survives(tmp_path / "x", content)


@quick
@given(
    content=st.text(st.sampled_from("0123456789\t\n\r#_-. =aé\ufeff\u2028\x00\x1b"), max_size=200)
)
def test_random_lines_of_the_format_s_own_characters(tmp_path, content):
    survives(tmp_path / "x", content.encode())


@quick
@given(data=st.data(), sents=sentences())
def test_mutated_files(tmp_path, data, sents):
    content = bytearray(render(sents).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        end = at + data.draw(st.integers(0, 4))
        content[at:end] = data.draw(
            st.sampled_from([b"", b"\t", b"\n", b"\r", b" ", b"9", b"-", b".", b"\xff", b"\n\n"])
            | st.binary(max_size=3)
        )
        content = content or bytearray(b"\n")
    survives(tmp_path / "x", bytes(content))


def test_large_rubbish_takes_linear_time(tmp_path):
    row = "\tw\tw\tX\t_\t_\t"
    chain = "\n".join(f"{i}{row}{i + 1}\td\t_\t_" for i in range(1, 50_000))
    root = "\n50000\tw\tw\tX\t_\t_\t0\td\t_\t_\n"
    survives(tmp_path / "x", (chain + root).encode(), limit=10)
    survives(tmp_path / "x", chain.encode(), limit=10)
    survives(tmp_path / "x", b"1\t" * 500_000, limit=10)
    survives(tmp_path / "x", b"# \n" * 500_000, limit=10)


def reaches_root(heads, word):
    for _ in range(len(heads) + 1):
        word = heads[word]
        if word == -1:
            return True
    return False


@settings(deadline=None, max_examples=500)
@given(
    heads=st.integers(1, 8).flatmap(
        lambda n: st.lists(st.integers(-1, n - 1), min_size=n, max_size=n)
    )
)
def test_tree_check_against_walking_from_every_word(heads):
    problem = tree_problem(heads)
    assert (problem is None) == all(reaches_root(heads, w) for w in range(len(heads)))
    if problem is not None and -1 in heads:
        word = problem[0]
        seen = set()
        while word not in seen:
            seen.add(word)
            word = heads[word]
        assert word == problem[0], "the word named lies on the cycle itself"
