"""A small WordNet to test with."""

import pytest

LICENCE = "  1 All of this may be used by everybody.  \n"
#: Synsets by part of speech, and exceptions: form and base forms.
SYNSETS = {
    "noun": [["church"], ["boss", "chief"], ["bos"], ["box"], ["boxful", "box"], ["axis"], ["axe"],
             ["political_system", "form_of_government"], ["red_blood_cell", "RBC"], ["find"]],
    "verb": [["find", "happen", "chance"], ["found", "establish", "set_up"], ["church"]],
    "adj": [["big(a)", "large"], ["galore(ip)"], ["chance(a)", "random"]],
    "adv": [["well", "good"]],
}  # fmt: skip
EXCEPTIONS = {
    "noun": ["axes axe axis", "amici_curiae amicus_curiae"],
    "verb": ["found find", "went go"],
    "adj": ["bigger big"],
    "adv": ["best well"],
}


def write_wordnet(folder):
    """Write a dictionary in WordNet's format."""
    folder.mkdir(parents=True)
    for pos, synsets in SYNSETS.items():
        data, index = LICENCE, {}
        for words in synsets:
            offset = len(data.encode())
            listed = " ".join(f"{word} 0" for word in words)
            data += f'{offset:08d} 03 {pos[0]} {len(words):02x} {listed} 000 | a gloss; "so"  \n'
            for word in words:
                index.setdefault(word.partition("(")[0].lower(), []).append(f"{offset:08d}")
        entries = "".join(
            f"{lemma} {pos[0]} {len(at)} 2 @ ~ {len(at)} 0 {' '.join(at)}  \n"
            for lemma, at in sorted(index.items())
        )
        (folder / f"data.{pos}").write_text(data)
        (folder / f"index.{pos}").write_text(LICENCE + entries)
        (folder / f"{pos}.exc").write_text("\n".join(EXCEPTIONS[pos]) + "\n")
    return folder


@pytest.fixture
def folder(tmp_path):
    """A small ``dict`` folder."""
    return write_wordnet(tmp_path / "dict")
