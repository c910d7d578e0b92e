"""The page of a run, read as a browser's parser would, without a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sondage
from sondage import api
from sondage.errors import ResultsError
from sondage.host import Host
from sondage.records.summary import read_summary
from sondage.report.html import sources, told
from sondage.report.html.inlined import inlined
from sondage.report.html.island import island, packed
from sondage.report.pivot import panels

from .conftest import IMAGE, SCRIPT, SVG, cells, failed, record, write


class Page(HTMLParser):
    """What a page is made of: tags, attributes, texts, and what its scripts and styles are."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts, self.raw = [], [], [], {}
        self._within = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag in ("script", "style"):
            self._within.append(tag)
            self.raw.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        if self._within and tag == self._within[-1]:
            self._within.pop()

    def handle_data(self, data):
        if self._within:
            self.raw[self._within[-1]][-1] += data
        else:
            self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def values(self, name):
        return [v for n, v in self.attributes if n == name]


@pytest.fixture
def page(tmp_path):
    def make(run, **options):
        file = tmp_path / "page.html"
        api.write_page(run, file, host=Host.discover(), **options)
        return Page(file.read_text("utf-8"))

    return make


def tables(page):
    return json.loads(page.raw["script"][0])


def test_hostile_names_are_text(hostile, page):
    found = page(hostile)
    assert len(found.raw["script"]) == 2
    assert not {"img", "iframe", "object", "link", "image", "foreignobject", "b"} & {*found.tags}
    assert not [n for n, _ in found.attributes if n.startswith("on") or n in ("src", "style")]
    assert all(v.startswith("#") for v in found.values("href"))
    assert SCRIPT in found.text
    assert IMAGE in found.text
    whole = json.dumps(tables(found), ensure_ascii=False) + found.text
    assert "\\x1b[31m" in found.text
    assert not set(whole) & {"\x1b", "\u202e", "\u2028"}
    assert not {"<", ">", "&"} & set(found.raw["script"][0])
    assert SCRIPT in {level for c in tables(found)["cells"]["columns"] if c["name"] == "encoder"
                      for level in c["levels"]}  # fmt: skip


def test_every_id_is_there_once_and_every_link_leads_to_one(hostile, page):
    found = page(hostile)
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    assert {v[1:] for v in found.values("href")} <= set(ids)
    assert {re.fullmatch(r"url\(#(.+)\)", v)[1] for v in found.values("clip-path")} <= set(ids)


def test_nothing_is_allowed_but_the_page_s_own_script_and_style(plain, page):
    found = page(plain)
    policy = next(v for v in found.values("content") if "default-src" in v)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind, text in (("style", found.raw["style"][0]), ("script", found.raw["script"][1])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert len(found.raw["style"]) == 1


def test_a_run_always_gives_the_same_bytes(hostile, tmp_path):
    files = [tmp_path / name for name in ("a.html", "b.html")]
    for file in files:
        api.write_page(hostile, file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_what_a_page_says_of_a_run(plain, page):
    found = page(plain)
    assert "12 of 12 cells are done; none failed." in found.text
    assert "1 of 1 comparison differs in at least one layer" in found.text
    assert "lost-words" in found.text
    assert "sondage run one" in found.text
    said = [v for v in found.values("aria-label") if "highest" in v]
    assert said == [
        "t · p · accuracy: b from 0.500 at layer 0 to 0.500 at layer 1, highest 0.500 at layer 0; "
        "a from 0.500 at layer 0 to 0.900 at layer 1, highest 0.900 at layer 1; "
        "chance 0.500."
    ]
    assert tables(found)["table:per_class"]["rows"] == 2


def test_charts_have_what_they_are_read_against(tmp_path, page):
    records = cells()
    for one in records:
        one["scores"]["control_accuracy"] = 0.25 + 0.125 * one["layer"]
    for layer in (0, 1):
        records.append(record(90 + layer, {"accuracy": 0.375}, component="most", layer=layer))
    records[0]["tables"] = {"per_class": {"label": ["x", "y", "z", "w"], "f1": [0.0] * 4}}
    run = write(tmp_path / "runs" / "one-0", records)
    header = run.folder.header()
    most = {"kind": "probe", "label": "most", "key": {"use": "toy.majority"}, "parameters": {}}
    file = run.folder.path / "run.json"
    file.write_text(json.dumps(header | {"components": [*header["components"], most]}), "utf-8")
    found = page(run)
    (said,) = [v for v in found.values("aria-label") if "highest" in v]
    assert "majority 0.375; chance 0.250; a on the control task from 0.250 at layer 0 to" in said
    assert "dotted: control task; ring: best layer, chosen on test" in found.text
    assert {"majority", "chance"} <= {text.strip() for text in found.texts}
    assert "1 3" in " ".join(v.replace(",", " ") for v in found.values("stroke-dasharray"))


def test_findings_are_those_of_the_summary(plain):
    # 180 of 200 right against 100: 0.4 more; on layer 0 both are right alike.
    found = read_summary(plain.folder)
    (only,) = told.findings(panels(found))
    assert (only.what, only.encoder, only.layers) == ("t · p · accuracy", "a", "1 of 2 layers")
    assert (only.difference, only.at, only.significant) == ("+0.400", "1", True)
    assert told.highest(panels(found))[0][1:3] == ("a", "layer 1")


def test_of_what_does_not_differ_the_largest_difference_is_told(tmp_path):
    records = [
        record(i, {"accuracy": good / 200}, right=[n < good for n in range(200)], encoder=e)
        for i, (e, good) in enumerate([("b", 100), ("a", 101)])
    ]
    run = write(tmp_path / "runs" / "one-0", records)
    (only,) = told.findings(panels(read_summary(run.folder)))
    assert (only.layers, only.difference, only.significant) == ("0 of 1 layer", "+0.005", False)


def test_runs_without_results_with_failures_alone_and_unfinished(tmp_path, page):
    empty = page(write(tmp_path / "runs" / "one-0", [], cells=4))
    assert "This run has no results yet." in empty.text
    assert "svg" not in empty.tags
    broken = page(write(tmp_path / "runs" / "one-1", [failed(0, "no luck"), failed(1, "no luck")]))
    assert "This run is not complete: 2 of 2 cells failed." in broken.text
    assert "0 of 2 cells are done; 2 failed." in broken.text
    assert "ValueError: no luck" in broken.text
    partial = page(write(tmp_path / "runs" / "one-2", cells(), cells=20))
    assert "This run is not complete: 12 of 20 cells, not finished." in partial.text


@pytest.mark.parametrize(("lacking", "end"), [([], ".parquet"), (["pyarrow"], ".csv")])
def test_cells_over_the_budget_go_to_a_file_beside(
    plain, page, tmp_path, lacking, end, monkeypatch
):
    import pandas as pd

    from sondage.host import extras

    page(plain)
    size = (tmp_path / "page.html").stat().st_size
    real = extras.lacking
    monkeypatch.setattr(extras, "lacking", lambda e: lacking if e == "sql" else real(e))
    found = page(plain, budget=size - 200)
    assert "per_class" not in json.dumps([*tables(found)])
    assert "Left out for their size: per_class" in found.text
    assert (tmp_path / "page.html").stat().st_size < size - 200
    cells = len(json.dumps(tables(found)["cells"], separators=(",", ":")))
    found = page(plain, budget=size - cells)
    beside = tmp_path / f"page.cells{end}"
    assert f"12 rows are too many for this page. They are in {beside.name}" in found.text
    read = pd.read_parquet if end == ".parquet" else pd.read_csv
    assert len(read(beside)) == 12
    assert "cells" not in tables(found)


def test_pictures_over_the_budget_are_named(hostile, page):
    found = page(hostile, budget=100)
    assert "left out for its size: reports/drawn<b>/two.svg" in found.text


def test_a_picture_drawn_from_fewer_results_says_so(hostile, page):
    mark = hostile.folder.path / "reports" / "drawn<b>" / ".written-from"
    mark.write_text(json.dumps(["id", 1, 1]), "utf-8")
    assert "drawn before the last cells of this run were there" in page(hostile).text
    mark.write_text(json.dumps(["id", hostile.folder.cells.stat().st_size, 1]), "utf-8")
    assert "drawn before the last cells" not in page(hostile).text


SHOWING = """
    import sondage

    SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>{}</text></svg>'

    class Trees:
        def write(self, findings, folder):
            for n, word in enumerate(findings.table("trees")["word"]):
                if word == "broken":
                    raise KeyError("no <tree>")
                (folder / f"{n:02}.svg").write_text(SVG.format(word), "utf-8")
            (folder / "all.csv").write_text("word\\na tree\\n", "utf-8")
            return []

    @sondage.hookimpl
    def sondage_reports():
        return [sondage.ReportSpec(name="grows.trees", factory=Trees, summary="some trees",
                                   reference="r", shows=("trees",))]
"""


def grown(run, words):
    records = run.folder.records()
    records[0]["tables"]["trees"] = {"word": words}
    return write(run.folder.path.with_name("two-0"), records)


def test_what_a_plugin_shows_of_a_table_is_on_the_page_without_being_asked_for(
    plain, page, make_plugin
):
    make_plugin("grows", SHOWING)
    assert "grows.trees" not in page(plain).text
    run = grown(plain, [f"w{n}" for n in range(20)])
    found = page(run)
    assert "grows.trees" in found.text
    # A few of them, from the first to the last; a table is one, too.
    assert [t for t in found.texts if re.fullmatch(r"w\d+", t)] == [
        f"w{n}" for n in (0, 2, 5, 7, 10, 12, 15, 17)
    ]
    assert "a tree" in found.text
    assert "12 more: sondage report grows.trees two-0" in found.text
    assert not (run.folder.path / "reports").exists()
    # The same report in the run's folder is the one that counts.
    (run.folder.path / "reports" / "grows.trees").mkdir(parents=True)
    assert "12 more" not in page(run).text


def test_what_cannot_be_shown_says_why(plain, page, make_plugin):
    make_plugin("grows", SHOWING)
    found = page(grown(plain, ["broken"]))
    assert "it failed: KeyError: 'no <tree>'" in found.text


def test_what_a_report_shows_is_a_tuple_of_tables():
    with pytest.raises(ValueError, match="'shows' is no tuple"):
        sondage.ReportSpec(name="a.b", factory="m:C", summary="s", reference="r", shows="trees")


def test_pictures_keep_what_draws():
    found = inlined(SVG, "f1-", alt='a "title"')
    assert found.svg == (
        '<svg role="img" aria-label="a &quot;title&quot;" width="80" height="40" '
        'viewBox="0 0 80 40"><defs><clipPath id="f1-0"><rect width="9" height="9"></rect>'
        '</clipPath></defs><g clip-path="url(#f1-0)" opacity=".5">'
        '<path d="M0.12,1.5L10,-2" stroke="#333333"></path>'
        '<text font-size="9">a &lt; b</text></g></svg>'
    )


@pytest.mark.parametrize(
    "document",
    ["", "<svg", "<p/>", "<svg/>", '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'],
)
def test_what_is_no_picture_is_refused(document):
    with pytest.raises(ValueError):  # noqa: PT011
        inlined(document, "f-")


VALUES = st.one_of(
    st.lists(st.one_of(st.none(), st.integers(-999, 999)), min_size=3, max_size=3),
    st.lists(st.one_of(st.none(), st.text(alphabet="ab<&>\u2028é", max_size=3)), min_size=3,
             max_size=3),
)  # fmt: skip


@given(columns=st.lists(VALUES, min_size=1, max_size=4))
def test_tables_are_read_as_they_were(columns):
    names = [f"c{i}" for i in range(len(columns))]
    text = island({"t": packed(names, columns)})
    assert not set(text) & {"<", ">", "&", "\u2028"}
    found = json.loads(text)["t"]
    back = {c["name"]: c.get("numbers") or [c["levels"][i] for i in c["at"]]
            for c in found["columns"]}  # fmt: skip
    back |= {name: [value] * 3 for name, value in found["same"]}
    for name, column in zip(names, columns, strict=True):
        shown = [str(v if v is not None else "").replace("\u2028", "\\u2028") for v in column]
        assert [str("" if v is None else v) for v in back.get(name, [None] * 3)] == shown


def test_numbers_that_json_has_not_are_none():
    found = packed(["x"], [[1.0, float("inf"), float("nan"), 0.123456789]])
    assert found["columns"] == [{"name": "x", "numbers": [1, None, None, 0.123457]}]


def test_bibtex_names_every_source_once():
    text = sources.bibtex(
        {"Hewitt and Manning 2019, section 2": [], "Hewitt and Manning 2019, figure 2": [],
         "Voita 2020, arXiv:2003.12298v1 & more": []}
    )  # fmt: skip
    keys = re.findall(r"@\w+\{(.+),", text)
    assert keys == ["sondage", "hewitt2019", "hewitt2019-1", "voita2020"]
    assert "eprint = {2003.12298v1}" in text
    assert r"\& more" in text


def test_data_and_what_components_are_made_of_are_named():
    class Offers:
        catalogue, data = {}, ()

    components = [
        {"kind": "encoder", "label": "base", "key": {"use": "x.y", "fingerprint": "f0"}},
        {"kind": "encoder", "label": "tuned#1", "key": {"use": "x.z"},
         "parameters": {"base": {"use": "x.y", "fingerprint": "f0"}}},
    ]  # fmt: skip
    found = sources.parts(components, Offers)
    assert [(p.label, p.made_of) for p in found] == [("base", ()), ("tuned", ("base",))]


def test_files_that_cannot_be_written(plain, tmp_path):
    with pytest.raises(ResultsError, match=r"does not end in \.html"):
        api.write_page(plain, tmp_path / "page.pdf")
    with pytest.raises(ResultsError, match="cannot be written"):
        api.write_page(plain, tmp_path / "no" / "page.html")
