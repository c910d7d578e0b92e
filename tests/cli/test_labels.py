"""How components are printed: names, labels, and the model that ran."""

import csv
import io
import json

import pytest

from sondage import api, report
from sondage.errors import RegistryError
from sondage.records.printed import PrintedNames, models_of
from sondage.registry.shown import model_name
from sondage.store import paths


def shown(plan):
    return [one.shown for one in plan.components if one.kind == "encoder"]


def test_names_are_those_of_the_file(named):
    plan = api.make_plan(f"{named}:c")
    assert shown(plan) == ["base", "base-2", "tuned#0", "tuned#1"]
    assert [c.shown for c in plan.components[4:]] == ["Parts of speech", "Centroid"]


def test_another_model_takes_its_name_everywhere(named):
    plan = api.make_plan(f"{named}:c", settings={"model": "google-bert/bert-base-uncased"})
    bert = "bert-base-uncased"
    assert shown(plan) == [bert, f"{bert}-2", f"tuned ({bert}-2)#0", f"tuned ({bert}-2)#1"]
    pinned = api.make_plan(f"{named}:c", settings={"encoders.base.revision": "step10"})
    assert shown(pinned)[:2] == ["first (step10)", "first (step10)-2"]


def test_a_label_that_is_set_is_kept_and_one_of_the_file_is_not_for_another_model(named):
    named.write_text(
        named.read_text("utf-8").replace("model: org/first", "model: org/first, label: First")
    )
    assert shown(api.make_plan(f"{named}:c"))[:2] == ["First", "base-2"]
    other = {"model": "org/second"}
    assert shown(api.make_plan(f"{named}:c", settings=other))[:2] == ["second", "second-2"]
    both = other | {"encoders.base.label": "Mine"}
    assert shown(api.make_plan(f"{named}:c", settings=both))[:2] == ["Mine", "base-2"]


def test_what_is_declared_in_place_is_called_as_its_model(named):
    settings = {"encoders": [{"use": "named.model", "model": "org/x"}], "baseline": None}
    assert shown(api.make_plan(f"{named}:c", settings=settings)) == ["x"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("package:gt_all", "gt_all"),
        ("/c/hub/models--org--bert/snapshots/0a1b2c", "bert"),
        ("/c/hub/models--bert/snapshots/0a1b2c/", "bert"),
        ("bert", "bert"),
        ("/", "/"),
    ],
)
def test_short_names_of_models(given, wanted):
    assert model_name(given) == wanted


def test_labels_are_no_part_of_what_identifies_a_run(named):
    plain = (
        named.read_text("utf-8")
        .replace(', label: "Parts of speech"', "")
        .replace(", label: Centroid", "")
    )
    plain = plain.replace('scores:\n  accuracy: {label: "Acc. (%)"}\n', "")
    one = api.make_plan(f"{named}:c")
    named.write_text(plain)
    other = api.make_plan(f"{named}:c")
    assert one.id == other.id
    assert [c.id for c in one.cells] == [c.id for c in other.cells]


def test_tables_latex_figures_and_sql_name_the_model_that_ran(named, call, tmp_path):
    call("run", f"{named}:c", "--quiet", "--set", "model=org/bert_x")
    out = call("results").out
    assert "Parts of speech · Centroid · Acc. (%)" in out
    assert out.splitlines()[3].split()[:4] == ["layer", "bert_x", "bert_x-2", "tuned"]
    assert "model of bert_x" in out
    assert "org/bert_x, files 000000000000" in out
    tex = call("results", "--latex", "-").out
    assert r"bert\_x & bert\_x-2" in tex
    assert r"Acc. (\%)" in tex
    call("results", "--plot", tmp_path / "a.svg")
    drawn = (tmp_path / "a.svg").read_text("utf-8")
    assert ">bert_x-2<" in drawn
    assert ">Acc. (%)<" in drawn
    assert ">base<" not in drawn
    ask = "select distinct encoder, encoder_label from {} order by all"
    for table in ("cells", "summary"):
        ended = call("results", "--sql", ask.format(table), "--csv", "-")
        rows = list(csv.DictReader(io.StringIO(ended.out)))
        assert {r["encoder"]: r["encoder_label"] for r in rows}["base"] == "bert_x"


def test_a_run_folder_takes_the_labels_of_the_last_command(named, call):
    call("run", f"{named}:c", "--quiet")
    named.write_text(named.read_text("utf-8").replace("label: Centroid", "label: Other"))
    call("run", f"{named}:c", "--quiet")
    assert len(list(paths.runs_folder().iterdir())) == 1
    assert "Parts of speech · Other · Acc. (%)" in call("results").out


def test_labels_of_one_kind_that_are_alike_have_the_names_behind(named):
    both = named.read_text("utf-8").replace("base: base}", "base: base, label: same}")
    both = both.replace("model: org/first", "model: org/first, label: same")
    named.write_text(both)
    run = api.run(f"{named}:c")
    labels = PrintedNames(run.folder.header())
    assert labels.of("encoder", "base") == "same (base)"
    assert labels.of("encoder", "base-2") == "same (base-2)"
    assert labels.of("encoder", "tuned#1@5") == "tuned#1@5"
    assert set(run.summary()["encoder_label"]) == {"same (base)", "same (base-2)", "tuned#0",
                                                   "tuned#1"}  # fmt: skip


EVIL = "</script>\x1b[31m=1+1 \u202e\u200f_{\\x}$"


def test_hostile_labels_are_inert(named, call, tmp_path):
    named.write_text(
        named.read_text("utf-8").replace("label: Centroid", "label: " + json.dumps(EVIL))
    )
    call("run", f"{named}:c", "--quiet")
    for options in ([], ["--latex", "-"], ["--csv", "-"], ["--cells"], ["--sql", "from summary"]):
        out = call("results", *options).out
        assert not {"\x1b", "\u202e", "\u200f"} & set(out)
    call("results", "--plot", tmp_path / "a.svg")
    drawn = (tmp_path / "a.svg").read_text("utf-8")
    assert "</script>" not in drawn
    assert not {"\x1b", "\u202e", "\u200f"} & set(drawn)


def test_a_label_is_a_text_that_is_not_empty(named):
    original = named.read_text("utf-8")
    for wrong in ("label: ''", "label: 3", f"label: {'x' * 201}"):
        named.write_text(original.replace("label: Centroid", wrong))
        with pytest.raises(RegistryError, match="label"):
            api.make_plan(f"{named}:c")


def test_headers_that_are_damaged_name_nothing():
    header = {"components": [3, {"kind": "encoder", "label": "a", "shown": 4, "origins": 3}]}
    assert PrintedNames(header | {"scores": 3, "trained": None}).of("encoder", "a") == "a"
    assert models_of(header) == []


def test_trainings_over_seeds_share_a_label():
    import pandas as pd

    data = pd.DataFrame({"encoder": ["t#0", "t#1"], "encoder_label": ["T (x)#0", "T (x)#1"]})
    assert set(report.by_family(data)["encoder_label"]) == {"T (x)"}


def test_describe_says_which_model_an_encoder_is(named, call, make_plugin, monkeypatch):
    monkeypatch.delenv("SONDAGE_OFFLINE", raising=False)
    shown = call("describe", "encoder", "base", "--registry", named).out
    assert "  origin: org/first\n  checksum of its files: 0000" in shown.replace("\n    ", "\n  ")
    made = call("describe", "encoder", "tuned", "--registry", named).out
    assert "  origin: made of org/first\n" in made
    assert made.count("origin:") == 1
    assert "origin" not in call("describe", "encoder", "named.model").out


ABSENT = """
import os, sondage
from sondage.errors import EncodingError
from sondage.testing.toys import ToyEncoder

class Absent(ToyEncoder):
    @property
    def origin(self):
        if self.seed:
            return {"model": "m", "is": "n at 1", "checked": "SHA-256 of w, 00", "licence": "MIT",
                    "revision": "\\x1b[31mr"}
        raise EncodingError("not here" if os.environ["SONDAGE_OFFLINE"] else "", hint="get it")

class Silent(ToyEncoder):
    pass

@sondage.hookimpl
def sondage_encoders():
    about = {"summary": "s", "reference": "r"}
    return [sondage.EncoderSpec(name="absent.one", factory=Absent, **about),
            sondage.EncoderSpec(name="absent.silent", factory=Silent, **about)]
"""


def test_describe_downloads_nothing_and_says_what_it_cannot_tell(call, make_plugin, tmp_path):
    make_plugin("absent", ABSENT)
    file = tmp_path / "a.yaml"
    file.write_text(
        "version: 1\nencoders:\n  none: {use: absent.one}\n  some: {use: absent.one, seed: 1}\n"
        "  silent: {use: absent.silent}\n"
    )

    def of(name):
        ended = call("describe", "encoder", name, "--registry", file)
        assert ended.code == 0
        return ended.out

    assert "origin: cannot be told: not here; get it" in of("none")
    assert "origin: it does not say which model it is" in of("silent")
    told = of("some")
    assert "is: n at 1\n    checked by: SHA-256 of w, 00\n" in told
    assert "licence: MIT" in told
    assert "\x1b" not in told
