"""The generator: rules by hand on tiny treebanks, invariants on random ones."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.errors import DataError, ParameterError
from sondage_senteval import Rules, generate, generated, read_brackets, read_conllu, read_senteval
from sondage_senteval.balance import Item, deal_keys, shares
from sondage_senteval.corrupt import Replacements, clauses, swap, swappable
from sondage_senteval.generated import GeneratedTask
from sondage_senteval.rules import depth, numbers, tenses
from sondage_senteval.trees import DependencyTree


def tree(text, where="x:1"):
    """Build a tree from ``form/UPOS/head/relation/features`` words; ``a+b`` is one token."""
    words = [w.split("/") for piece in text.split() for w in piece.split("+")]
    tokens, token_of = [], []
    for piece in text.split():
        parts = [w.split("/")[0] for w in piece.split("+")]
        token_of += [len(tokens)] * len(parts)
        tokens.append("".join(parts))
    words = [[*w, *["_"] * (5 - len(w))] for w in words]
    return DependencyTree(
        tokens=tuple(tokens),
        token_of=tuple(token_of),
        upos=tuple(w[1] for w in words),
        feats=tuple(w[4] for w in words),
        head=tuple(int(w[2]) - 1 if w[2] != "_" else -2 for w in words),
        deprel=tuple(w[3] for w in words),
        where=where,
    )


TWO = tree(
    "He/PRON/4/nsubj might/AUX/4/aux be/AUX/4/cop king/NOUN/0/root ,/PUNCT/8/punct "
    "but/CCONJ/8/cc there/PRON/8/expl was/VERB/4/conj hope/NOUN/8/nsubj ./PUNCT/4/punct"
)


def test_clauses_and_their_inversion():
    found = clauses(TWO)
    assert found.first == ("He", "might", "be", "king")
    assert found.joint == (",", "but")
    assert found.second == ("there", "was", "hope")
    assert found.end == (".",)
    assert found.longer == 1
    assert " ".join(found.inverted({"he"})) == "There was hope , but he might be king ."
    # A form never seen inside a sentence in lower case keeps its capital: it may be a name.
    assert " ".join(found.inverted(set())) == "There was hope , but He might be king ."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("He/PRON/4/nsubj", "Oh/INTJ/4/discourse"),  # the first clause has no subject
        ("hope/NOUN/8/nsubj", "hope/NOUN/8/obj"),  # expl is a subject still
        ("might/AUX", "and/CCONJ"),  # a second conjunction
        ("8/cc", "4/cc"),  # not the second clause's conjunction
        ("hope/NOUN/8/nsubj", "hope/NOUN/4/obl"),  # the first clause goes on after it
        (",/PUNCT/8/punct", "“/PUNCT/8/punct"),  # quotes
        ("might/AUX/4/aux", "might/AUX/8/aux"),  # the second begins before it
        ("be/AUX/4/cop", "be/AUX/4/conj"),  # three clauses
    ],
)
def test_sentences_without_two_clauses(old, new):
    text = (
        "He/PRON/4/nsubj might/AUX/4/aux be/AUX/4/cop king/NOUN/0/root ,/PUNCT/8/punct "
        "but/CCONJ/8/cc there/PRON/8/expl was/VERB/4/conj hope/NOUN/8/nsubj ./PUNCT/4/punct"
    )
    found = clauses(tree(text.replace(old, new)))
    assert (found is None) == (new != "hope/NOUN/8/obj")


def test_a_multiword_token_over_a_boundary_has_no_clauses():
    text = "I/PRON/2/nsubj ran/VERB/0/root{}and/CCONJ/5/cc she/PRON/5/nsubj sat/VERB/2/conj"
    assert clauses(tree(text.format(" "))).longer == 0
    assert clauses(tree(text.format("+"))) is None


def test_what_may_be_shifted():
    found = tree(
        "We/PRON/2/x saw/VERB/0/root ,/PUNCT/2/punct the/DET/6/x The/DET/6/x cat/NOUN/2/x "
        "on/ADP/9/x 5/NUM/9/x mats/NOUN/2/x ./PUNCT/2/punct"
    )
    # Not 0 (the first), not 1, 2, 8 (punctuation), not 3 (equal but for case).
    assert swappable(found) == [4, 5, 6, 7]
    assert swap(found.tokens, 4)[3:7] == ("the", "cat", "The", "on")
    assert swappable(tree('Say/VERB/0/root "/PUNCT/1/x it/PRON/1/x now/ADV/1/x "/PUNCT/1/x')) == []


def test_depth_counts_words_down_from_the_root_without_punctuation():
    assert depth(TWO) == 3  # king > was > but
    assert depth(tree("Go/VERB/0/root ./PUNCT/1/punct")) == 1
    assert depth(tree("Go/VERB/0/root now/ADV/1/advmod ./PUNCT/2/punct")) == 2


def test_the_main_verbs_tense():
    past, fin = "Tense=Past|VerbForm=Fin", "Tense=Pres|VerbForm=Fin"
    kept = tree(f"Dogs/NOUN/2/nsubj Barked/VERB/0/root/{past}")
    for text, label in [
        (f"I/PRON/2/nsubj run/VERB/0/root/{fin}", "PRES"),
        ("I/PRON/2/nsubj koştum/VERB/0/root/Tense=Past", "PAST"),  # no VerbForm in Turkish
    ]:
        ((_, item),) = tenses([tree(text)])
        assert item.label == label
    ((form, item),) = tenses([kept])
    assert (form, item.label) == ("barked", "PAST")
    for text in [
        "I/PRON/3/nsubj have/AUX/3/aux/Tense=Pres gone/VERB/0/root/Tense=Past|VerbForm=Part",
        f"I/PRON/3/nsubj did/AUX/3/aux went/VERB/0/root/{past}",
        "I/PRON/2/nsubj go/VERB/0/root/Tense=Fut|VerbForm=Fin",
        f"I/PRON/2/nsubj was/AUX/0/root/{past}",
    ]:
        assert not list(tenses([tree(text)]))


def test_the_number_of_subject_and_object():
    text = "Cats/NOUN/2/nsubj:pass/Number=Plur saw/VERB/0/root mice/NOUN/2/obj/Number=Plur"
    ((form, item),) = numbers([tree(text)], "nsubj")
    assert (form, item.label) == ("cats", "NNS")
    one = text.replace("mice/NOUN/2/obj/Number=Plur", "Mouse/NOUN/2/obj/Number=Sing")
    ((form, item),) = numbers([tree(one)], "obj")
    assert (form, item.label) == ("mouse", "NN")
    for bad in (
        text.replace("Cats/NOUN", "Cats/PROPN"),
        text.replace("2/nsubj:pass", "3/nsubj"),
        text.replace("Number=Plur", "Number=Dual"),
        text.replace("2/obj", "2/nsubj"),
    ):
        assert not list(numbers([tree(bad)], "nsubj"))


def test_a_replacement_has_the_features_the_writing_and_the_bigram_counts():
    def sentence(noun, verb="see", feats="Number=Sing"):
        return tree(
            f"We/PRON/2/nsubj {verb}/VERB/0/root the/DET/4/det {noun}/NOUN/2/obj/{feats} "
            "now/ADV/2/advmod"
        )

    bank = [sentence(n) for n in ("cat", "cat", "dog", "dog", "Dog")]
    bank += [sentence("cats", feats="Number=Plur"), sentence("owl"), sentence("fox")]
    words = Replacements(bank, 1, 99, 2.0)
    # Counts of (the, noun): cat 2, dog 3, owl 1, fox 1; the old one's own does not count.
    kind = ("NOUN", "Number=Sing", "lower")
    assert sorted(words.kinds[kind]) == ["cat", "dog", "fox", "owl"]
    assert words.targets(bank[0]) == [(1, ("VERB", "_", "lower")), (3, kind)]
    fits = {n for n in ("cat", "dog", "fox", "owl") if words.fits(bank[0], 3, n)}
    # 1 + new against 2: dog 4 / 2 and owl, fox 2 / 2 lie within a factor of 2.
    assert fits == {"dog", "owl", "fox"}
    fits = {n for n in ("cat", "dog", "fox") if words.fits(bank[-1], 3, n)}
    # 1 + new against 1: cat 3, dog 4, owl 2.
    assert not fits
    assert words.fits(bank[-1], 3, "owl")
    drawn = {words.draw(bank[0], {"dog", "owl"}, np.random.default_rng(s))[1] for s in range(9)}
    assert drawn == {"dog", "owl"}
    assert words.draw(bank[0], {"cats"}, np.random.default_rng(0)) is None
    assert Replacements(bank, 2, 3, 2.0).kinds[kind] == {"cat": "cat", "dog": "dog"}


def test_fast_draw_leaves_out_nothing_that_fits():
    rng = np.random.default_rng(0)
    nouns = [f"n{chr(97 + k)}" for k in range(8)]
    bank = [
        tree(f"We/PRON/2/x {v}/VERB/0/root {n}/NOUN/2/obj {a}/ADV/2/x")
        for v, n, a in zip(rng.choice(["see", "eat"], 300), rng.choice(nouns, 300),
                           rng.choice(["now", "then", "up"], 300), strict=True)
    ]  # fmt: skip
    words = Replacements(bank, 1, 999, 1.5)
    for t in bank[:40]:
        kind = words.targets(t)[1][1]
        likely = words._likely(t, 2, kind)
        slow = [n for n in nouns if words.fits(t, 2, n)]
        assert [n for n in likely if words.fits(t, 2, n)] == slow


def test_shares_and_keys():
    assert shares(10, (0.8, 0.1, 0.1)) == [8, 1, 1]
    assert shares(4, (0.8, 0.1, 0.1)) == [2, 1, 1]
    assert shares(1, (0.8, 0.1, 0.1)) == [1, 0, 0]
    assert shares(7, (0.5, 0.0, 0.5)) == [4, 0, 3]
    groups = {
        f"w{k}": [Item((f"w{k}", str(j)), "AB"[k % 2], "") for j in range(1 + k % 5)]
        for k in range(60)
    }
    dealt = deal_keys(groups, (0.6, 0.2, 0.2), None, ("A", "B"), np.random.default_rng(0))
    for p in range(3):
        counts = Counter(i.label for i in dealt if i.part == p)
        assert counts["A"] == counts["B"] > 10
    assert (
        len(dealt) > 0.9 * 2 * sum(len(g) for k, g in groups.items() if int(k[1:]) % 2 == 0) * 0.9
    )


# A treebank in which every task finds what it needs.
WORDS = {
    "NOUN": ["cat", "dog", "owl", "fox", "hen", "ant", "bee", "elk"],
    "VERB": ["sees", "eats", "likes", "hears", "finds", "wants"],
    "ADV": ["now", "here", "soon", "often", "twice", "again"],
    "ADJ": ["red", "old", "big", "sad", "wise", "tall"],
}


def clause(rng, at, head, relation):
    """Return words of ``the (ADJ)* NOUN VERB the NOUN ADV*``, whose verb hangs on `head`."""
    adjectives = rng.permutation(WORDS["ADJ"])[: rng.integers(4)]
    adverbs = rng.permutation(WORDS["ADV"])[: rng.integers(5)]
    number, tense = rng.choice(["Sing", "Plur"]), rng.choice(["Past", "Pres"])
    end = "s" if number == "Plur" else ""
    noun = at + 1 + len(adjectives)
    verb = noun + 1
    rows = [("the", "DET", noun, "det", "_")]
    rows += [(a, "ADJ", noun, "amod", "_") for a in adjectives]
    rows.append((rng.choice(WORDS["NOUN"]) + end, "NOUN", verb, "nsubj", f"Number={number}"))
    form = rng.choice(WORDS["VERB"]) + ("d" if tense == "Past" else "")
    rows.append((form, "VERB", head, relation, f"Tense={tense}|VerbForm=Fin"))
    rows.append(("the", "DET", verb + 2, "det", "_"))
    rows.append((rng.choice(WORDS["NOUN"]) + end, "NOUN", verb, "obj", f"Number={number}"))
    rows += [(a, "ADV", verb, "advmod", "_") for a in adverbs]
    return rows, verb


def sentence(rng):
    """Return CoNLL-U text of one sentence, of one clause or two."""
    rows, verb = clause(rng, 1, 0, "root")
    if rng.integers(2):
        more, other = clause(rng, len(rows) + 2, verb, "conj")
        rows += [("and", "CCONJ", other, "cc", "_"), *more]
    rows.append((".", "PUNCT", verb, "punct", "_"))
    rows[0] = ("The", *rows[0][1:])
    return "".join(
        f"{i}\t{form}\t_\t{upos}\t_\t{feats}\t{head}\t{rel}\t_\t_\n"
        for i, (form, upos, head, rel, feats) in enumerate(rows, 1)
    )


LABELS = {
    "sentence_length": {"0", "1", "2", "3"}, "bigram_shift": {"I", "O"},
    "past_present": {"PAST", "PRES"}, "subj_number": {"NN", "NNS"}, "obj_number": {"NN", "NNS"},
    "odd_man_out": {"C", "O"}, "coordination_inversion": {"I", "O"}, "tree_depth": {"3", "4"},
    "top_dependents": None,
}  # fmt: skip


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    bank=st.integers(0, 10**6),
    n=st.integers(30, 120),
    task=st.sampled_from(sorted(LABELS)),
    seed=st.integers(0, 99),
    size=st.none() | st.integers(12, 40),
)
def test_invariants(tmp_path, bank, n, task, seed, size):
    rng = np.random.default_rng(bank)
    path = tmp_path / "x.conllu"
    path.write_text("\n".join(sentence(rng) for _ in range(n)) + "\n")
    trees = read_conllu(path)
    limits = Rules(ratios=(0.5, 0.25, 0.25), size=size, max_length=20, depths=(3, 4), top=2)
    try:
        made = generate(trees, task, seed=seed, limits=limits)
    except DataError as error:
        found = error
    else:
        found = None
        check(made, trees, task, size)
        again = generate(trees, task, seed=seed, limits=limits)
        assert (again.sentences, again.labels) == (made.sentences, made.labels)
        made.write(tmp_path / "made.txt")
        read = read_senteval(tmp_path / "made.txt", format="senteval")
        assert [tuple(s.split()) for s in read.sentences] == list(made.sentences)
        assert tuple(read.labels) == made.labels
        assert read.part.tolist() == made.part.tolist()
    assert found is None or "too few sentences" in str(found)


def check(made, trees, task, size):
    sources = {t.tokens: t for t in trees}
    assert made.names == tuple(sorted(set(made.labels), key=lambda x: (len(x), x))) or (
        set(made.names) == set(made.labels)
    )
    if LABELS[task]:
        assert set(made.labels) <= LABELS[task]
    for part in range(3):
        counts = Counter(x for x, p in zip(made.labels, made.part, strict=True) if p == part)
        assert set(counts) == set(made.names)
        assert len(set(counts.values())) == 1, "not balanced"
    assert len(set(made.sentences)) == len(made), "a sentence comes twice"
    assert size is None or len(made) <= max(size, 3 * len(made.names))
    assert made.part.tolist() == sorted(made.part.tolist())
    assert all(5 <= len(s) <= 20 for s in made.sentences)
    used = Counter(made.where)
    assert set(used.values()) == {1}, "a source is used twice"
    rows = list(zip(made.sentences, made.labels, made.part, made.where, strict=True))
    where = {t.where: t for t in trees}
    if task in ("bigram_shift", "odd_man_out", "coordination_inversion"):
        for words, label, _, at in rows:
            before = where[at].tokens
            assert (label == "O") == (words == before) == (words in sources)
            if label == "O":
                continue
            gone = [i for i, (a, b) in enumerate(zip(words, before, strict=True)) if a != b]
            if task == "bigram_shift":
                assert len(gone) == 2
                assert gone[1] == gone[0] + 1
                assert gone[0] > 0
                assert swap(words, gone[0]) == before
            elif task == "odd_man_out":
                assert len(gone) == 1
                assert where[at].upos[gone[0]] in ("NOUN", "VERB")
            else:
                assert restored(words) == before
    else:
        assert set(made.sentences) <= set(sources)
    if task == "odd_man_out":
        replaced = [set(), set(), set()]
        for words, _, part, at in rows:
            replaced[part] |= {
                a.lower() for a, b in zip(words, where[at].tokens, strict=True) if a != b
            }
        assert not replaced[0] & replaced[1]
        assert not replaced[0] & replaced[2]
        assert not replaced[1] & replaced[2]
    if task in ("past_present", "subj_number", "obj_number"):
        keys = [set(), set(), set()]
        for _, _, part, at in rows:
            t = where[at]
            relation = {"subj_number": "nsubj", "obj_number": "obj"}.get(task)
            words = [t.root] if not relation else [
                c for c in t.children[t.root] if t.relation(c) == relation
            ]  # fmt: skip
            keys[part].add(t.tokens[words[0]].lower())
        assert not keys[0] & keys[1]
        assert not keys[0] & keys[2]
        assert not keys[1] & keys[2]
    if task == "coordination_inversion":
        relation = Counter()
        for words, label, *_ in rows:
            a, b = words.index("and"), len(words) - words.index("and") - 2
            relation[label, (a > b) - (a < b)] += 1
        assert all(relation["O", k] == relation["I", k] for k in (-1, 0, 1))
    if task == "tree_depth":
        pairs = Counter((x, len(s)) for s, x, *_ in rows)
        assert all(pairs["3", n] == pairs["4", n] for _, n in pairs)


def restored(words):
    """Undo an inversion: swap what is around "and", and move the capital."""
    at = words.index("and")
    first, second = list(words[at + 1 : -1]), list(words[:at])
    first[0], second[0] = "The", "the"
    return (*first, "and", *second, words[-1])


def bare(**columns):
    """Return a treebank of twenty sentences with some columns emptied."""
    base = {"upos": "VERB", "feats": "_", "head": "0", "rel": "root"} | columns
    rows = [
        "".join(
            f"{i}\t{w}{k}\t_\t{base['upos']}\t_\t{base['feats']}\t"
            f"{base['head'] if i == 1 or base['head'] == '_' else 1}\t"
            f"{base['rel'] if i == 1 else 'dep'}\t_\t_\n"
            for i, w in enumerate("abcdef", 1)
        )
        for k in range(20)
    ]
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("task", "columns", "what"),
    [
        ("bigram_shift", {"upos": "_"}, "column UPOS"),
        ("odd_man_out", {"upos": "_"}, "column UPOS"),
        ("tree_depth", {"head": "_"}, "column HEAD"),
        ("past_present", {}, r"feature Tense \(column FEATS\)"),
        ("subj_number", {}, r"relation nsubj \(column DEPREL\)"),
        ("obj_number", {"rel": "obj"}, r"feature Number"),
        ("coordination_inversion", {}, "relation cc"),
        ("top_dependents", {}, "relation punct"),
        ("top_constituents", {}, "constituency brackets"),
    ],
)
def test_a_treebank_without_the_annotation(tmp_path, task, columns, what):
    path = tmp_path / "x.conllu"
    path.write_text(bare(**columns))
    with pytest.raises(DataError, match=what) as caught:
        GeneratedTask(task=task, files=str(path)).load()
    assert caught.value.where.startswith(str(path))
    assert caught.value.hint


def test_too_few_sentences_are_counted(tmp_path):
    path = tmp_path / "x.conllu"
    path.write_text(bare(feats="Tense=Past"))
    with pytest.raises(DataError, match=r"of 20 of a fitting length.*PAST: 20, PRES: 0, different"):
        GeneratedTask(task="past_present", files=str(path)).load()
    with pytest.raises(DataError, match="of 0 of a fitting length"):
        GeneratedTask(task="bigram_shift", files=str(path), min_length=20).load()
    made = GeneratedTask(task="bigram_shift", files=str(path)).load()
    assert [len(p) for p in (made.fixed.train, made.fixed.dev, made.fixed.test)] == [16, 2, 2]


def test_constituents(tmp_path):
    path = tmp_path / "x.mrg"
    lines = []
    for k in range(60):
        kinds = ["(NP (PRP I{k})) (VP (VBP run) (ADVP (RB so) (RB very))) (. .)",
                 "(VP (VB Go{k}) (ADVP (RB on) (RB and) (RB on))) (. .)",
                 "(ADVP (RB Now{k})) (NP (PRP we)) (VP (VBP go) (RB up)) (. .)",
                 "(PP (IN In{k}) (NP (NN it))) (NP (PRP I)) (VP (VBP am)) (. .)",
                 "(NP (NN Me{k})) (, ,) (VP (VB go) (RB up)) (. .)",
                 "(NP (NN Me{k})) (VP (VB go) (RB up) (RB on) (RB on))"]  # fmt: skip
        lines.append(f"(ROOT (S {kinds[k % 6]}))".replace("{k}", str(k)))
    path.write_text("\n".join(lines))
    made = generate(read_brackets(path), "top_constituents", limits=Rules(top=2))
    # Ten of each of four kinds; those with a comma or without a stop are out.
    assert set(made.names) == {"OTHER", "ADVP_NP_VP_.", "NP_VP_."}
    assert made.found == {"ADVP_NP_VP_.": 10, "NP_VP_.": 10, "OTHER": 20}
    assert len(made) == 30
    with pytest.raises(DataError, match="which brackets do not have"):
        generate(read_brackets(path), "bigram_shift")
    task = GeneratedTask(task="top_constituents", files=str(path), annotation="brackets", top=2)
    assert len(task.load().target) == 30


@pytest.mark.parametrize(
    "wrong",
    [
        {"ratios": (0.5, 0.1, 0.1)}, {"min_length": 9, "max_length": 5}, {"depths": (4, 4)},
        {"min_count": 5, "max_count": 4}, {"ratios": (0.5, 0.5)}, {"files": ""},
    ],
)  # fmt: skip
def test_parameters_that_do_not_fit(tmp_path, wrong):
    path = tmp_path / "x.conllu"
    path.write_text(bare())
    with pytest.raises(ParameterError):
        GeneratedTask(**{"files": str(path), **wrong}).load()
    with pytest.raises(ParameterError, match="unknown task"):
        generate(read_conllu(path), "voice")


def test_what_a_task_leaves_out_is_told_by_reason(tmp_path):
    rng = np.random.default_rng(0)
    text = "\n".join(sentence(rng) for _ in range(60))
    path = tmp_path / "x.conllu"
    blank = "1\tnhà trường\t_\tNOUN\t_\t_\t0\troot\t_\t_\n"
    short = "1\tYes\t_\tINTJ\t_\t_\t0\troot\t_\t_\n"
    long = "".join(f"{i}\tw{i}\t_\tNOUN\t_\t_\t{i - 1}\tdep\t_\t_\n" for i in range(1, 31))
    path.write_text("\n".join([text, blank, blank, short, long, text, ""]), "utf-8")
    data = GeneratedTask(task="bigram_shift", files=str(path), size=20).load()
    told = dict(data.warnings)
    assert told.pop("sentences-with-blanks-in-words") == 2
    assert told.pop("sentences-too-short") == 1
    assert told.pop("sentences-too-long") == 1
    assert told.pop("sentences-repeated") >= 60
    # Everything else is either in the task or not used.
    assert told.keys() == {"sentences-not-used"}
    left = sum(data.warnings.values()) - 2
    assert left + len(data.corpus) == len(read_conllu(path))


@pytest.mark.parametrize("column", ["_", "0"])
def test_sentences_without_heads_are_left_out_where_that_is_asked_for(tmp_path, column):
    rng = np.random.default_rng(0)
    blocks = [sentence(rng) for _ in range(120)]
    path = tmp_path / "x.conllu"
    path.write_text("\n".join(blocks), "utf-8")
    sound = GeneratedTask(task="past_present", files=str(path), on_error="skip").load()
    rows = [line.split("\t") for line in blocks[0].strip().split("\n")]
    bare = ["\t".join([r[0], r[1] + "x", *r[2:6], column, *r[7:]]) for r in rows]
    part = ["\t".join([*r[:6], "_" if r[0] == "2" else r[6], *r[7:]]) for r in rows]
    loose = ["\t".join([*r[:6], "2" if r[0] == "2" else r[6], *r[7:]]) for r in rows]
    odd = ["\n".join(b) + "\n" for b in (bare, part, loose)]
    path.write_text("\n".join([*blocks, *odd]), "utf-8")
    with pytest.raises(DataError):
        GeneratedTask(task="past_present", files=str(path)).load()
    data = GeneratedTask(task="past_present", files=str(path), on_error="skip").load()
    assert data.corpus.fingerprint == sound.corpus.fingerprint
    told = {"sentences-without-heads": 2, "skipped-sentences": 1}
    assert data.warnings == {**sound.warnings, **told}
    path.write_text("\n".join(b for b in odd[:1]), "utf-8")
    with pytest.raises(DataError, match="past_present needs column HEAD"):
        GeneratedTask(task="past_present", files=str(path), on_error="skip").load()


def test_multiword_tokens_of_the_task_are_counted(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "x.conllu"
    joined = "1-2\tzusammen\t_\t_\t_\t_\t_\t_\t_\t_\n"
    blocks = [joined * (i % 3 == 0) + sentence(rng) for i in range(60)]
    path.write_text("\n".join(blocks), "utf-8")
    data = GeneratedTask(task="bigram_shift", files=str(path), size=20).load()
    n = sum("zusammen" in data.corpus.words_of(i) for i in range(20))
    assert 0 < n < 20
    assert data.warnings["multiword-tokens"] == n
    assert data.warnings["sentences-with-multiword-tokens"] == n


def test_tasks_of_one_treebank_read_it_once_and_find_what_each_finds_alone(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    path, other = tmp_path / "x.conllu", tmp_path / "y.conllu"
    odd = "1\tA\t_\tX\t_\t_\t2\tdep\t_\t_\n2\tB\t_\tX\t_\t_\t1\tdep\t_\t_\n"
    path.write_text("\n".join([*(sentence(rng) for _ in range(120)), odd]), "utf-8")
    other.write_text("\n".join(sentence(rng) for _ in range(60)), "utf-8")
    reads = []

    def counted(paths, defects):
        reads.append(paths)
        return read_conllu(paths, defects)

    monkeypatch.setattr(generated, "read_conllu", counted)

    def made(task, file=path):
        data = GeneratedTask(task=task, files=str(file), size=20, on_error="skip").load()
        return data.corpus.fingerprint, data.target.y.tolist(), data.warnings

    tasks = ("bigram_shift", "past_present", "bigram_shift")
    together = [made(task) for task in tasks]
    assert len(reads) == 1
    alone = []
    for task in tasks:
        made("bigram_shift", other)
        alone.append(made(task))
    assert together == alone
    assert together[0][2]["skipped-sentences"] == 1
    assert len(reads) == 1 + 2 * len(tasks)
