"""WordNet's folder: a small one written here, and the real one against a slow reading."""

import os
import random
import tarfile
from pathlib import Path

import pytest

from sondage.errors import DataError
from sondage_qa.wordnet import FILES, PARTS_OF_SPEECH, WordNet


@pytest.mark.parametrize(
    ("form", "pos", "bases"),
    [
        ("church", "noun", ["church"]),
        ("churches", "noun", ["church"]),
        ("churches", "verb", ["church"]),  # es -> ''
        ("boss", "noun", ["boss"]),  # no plural of 'bos'
        ("bosses", "noun", ["boss"]),  # ses -> s
        ("boxes", "noun", ["box"]),
        ("boxesful", "noun", ["boxful"]),
        ("axes", "noun", ["axe", "axis"]),  # the list of exceptions
        ("found", "verb", ["found", "find"]),
        ("finding", "verb", ["find"]),
        ("finding", "noun", []),
        ("bigger", "adj", ["big"]),
        ("larger", "adj", ["large"]),  # er -> e
        ("best", "adv", ["well"]),
        ("largely", "adv", []),
        ("political_systems", "noun", ["political_system"]),
        ("amici_curiae", "noun", []),  # its base form is not in the index
        ("is", "noun", []),
        ("went", "verb", []),
    ],
)
def test_base_forms(folder, form, pos, bases):
    assert WordNet(folder).morphy(form, pos) == bases


def test_lemmas_are_of_all_parts_of_speech_whatever_the_case(folder):
    wordnet = WordNet(folder)
    assert wordnet.lemmas("Found") == {"found", "find"}
    assert wordnet.lemmas("Political systems") == {"political_system"}
    assert wordnet.lemmas("xyzzy") == frozenset()


def test_synonyms_are_of_all_synsets_of_all_parts_of_speech(folder):
    wordnet = WordNet(folder)
    assert wordnet.synonyms("find") == {"happen", "chance"}
    assert wordnet.synonyms("chance") == {"find", "happen", "random"}
    assert wordnet.synonyms("big") == {"large"}  # 'big(a)' in the data
    assert wordnet.synonyms("RBC") == {"red_blood_cell"}
    assert wordnet.synonyms("galore") == wordnet.synonyms("xyzzy") == frozenset()
    assert wordnet.synsets("box") == [("box",), ("boxful", "box")]


def test_an_archive_or_a_folder_above_is_read_alike(folder, tmp_path):
    archive = tmp_path / "wordnet.tar.xz"
    with tarfile.open(archive, "w:xz") as tar:
        tar.add(folder, "dict")
    for path in (archive, tmp_path, str(folder)):
        assert WordNet(path).synonyms("found") == {"establish", "set_up"}


def test_the_fingerprint_follows_the_bytes_and_reads_nothing_else(folder):
    before = WordNet(folder).fingerprint
    (folder / "lexnames").write_text("not read")
    assert WordNet(folder).fingerprint == before
    (folder / "adv.exc").write_text("better well\n")
    assert WordNet(folder).fingerprint != before


@pytest.mark.parametrize("name", FILES)
def test_a_missing_part_is_named(folder, name):
    (folder / name).unlink()
    for use in (lambda w: w.lemmas("x"), lambda w: w.fingerprint):
        with pytest.raises(DataError, match=f"WordNet lacks {name}") as told:
            use(WordNet(folder))
        assert told.value.where == str(folder)


def test_an_archive_without_a_part_or_none_at_all_is_refused(folder, tmp_path):
    archive = tmp_path / "short.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(folder / "index.noun", "dict/index.noun")
    with pytest.raises(DataError, match=r"lacks index.verb"):
        WordNet(archive).lemmas("x")
    (tmp_path / "text.tar").write_text("no archive")
    with pytest.raises(DataError, match="cannot be read from this archive"):
        WordNet(tmp_path / "text.tar").lemmas("x")
    with pytest.raises(DataError, match="neither a folder nor a file"):
        WordNet(tmp_path / "nowhere").lemmas("x")


def test_an_index_of_another_release_is_refused(folder):
    data = folder / "data.verb"
    data.write_text("one byte more" + data.read_text())
    with pytest.raises(DataError, match="no synset begins at byte") as told:
        WordNet(folder).synonyms("find")
    assert told.value.where == str(data)
    index = folder / "index.adj"
    index.write_text(index.read_text().replace("large a 1 2", "large a x 2"))
    with pytest.raises(DataError, match="the entry of 'large' is damaged"):
        WordNet(folder).synonyms("large")


@pytest.fixture(scope="module")
def archive():
    if "SONDAGE_DATA" not in os.environ:
        pytest.skip("SONDAGE_DATA is not set")
    path = Path(os.environ["SONDAGE_DATA"], "wordnet", "wordnet-3.0-dict.tar.xz")
    if not path.is_file():
        pytest.skip("no WordNet in SONDAGE_DATA")
    return path


@pytest.fixture(scope="module")
def wordnet(archive):
    return WordNet(archive)


def test_real_synonyms_agree_with_a_reading_of_the_lines(archive, wordnet):
    sample = {
        lemma
        for pos in PARTS_OF_SPEECH
        for lemma in random.Random(0).sample(sorted(wordnet._index(pos)), 100)
    } | {"run", "light", "country"}
    slow = {lemma: set() for lemma in sample}
    with tarfile.open(archive) as tar:
        for pos in PARTS_OF_SPEECH:
            for line in tar.extractfile(f"dict/data.{pos}").read().decode().splitlines():
                if line.startswith("  "):
                    continue
                last = 4 + 2 * int(line[14:16], 16)
                names = {w.split("(")[0].lower() for w in line.split(" ", last)[4:last:2]}
                for lemma in names & sample:
                    slow[lemma] |= names - {lemma}
    assert {lemma: wordnet.synonyms(lemma) for lemma in sample} == slow
    assert "nation" in slow["country"]


def test_real_base_forms(wordnet):
    assert wordnet.lemmas("geese") == {"goose"}
    assert wordnet.lemmas("systems") == {"system"}
    assert wordnet.lemmas("surrendered") == {"surrender"}
    assert wordnet.lemmas("the") == frozenset()
