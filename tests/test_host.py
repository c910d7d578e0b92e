"""A plugin is found, isolated, blocked and named, whatever state it is in."""

from importlib.metadata import entry_points

import pytest

from sondage.commands.describe import description
from sondage.errors import PluginError, UnknownComponentError
from sondage.host import Host

GOOD = """
    import sondage
    class Thing: ...
    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="{0}.thing", factory=Thing, summary="s", reference="r")]
"""


def report(host, plugin):
    return next(r for r in host.plugins if r.plugin == plugin)


def test_finds_a_plugin_through_its_entry_point(make_plugin):
    make_plugin("good", GOOD.format("good"), version="1.2")
    host = Host.discover()
    offer = host.find("probe", "good.thing")
    assert (offer.distribution, offer.version) == ("sondage-good", "1.2")
    assert report(host, "good").status == "active"
    assert report(host, "good").components == ("good.thing",)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("def (", "SyntaxError"),
        ("import sondage\n@sondage.hookimpl\ndef sondage_probs(): return []", "sondage_probes"),
        ("import sondage\n@sondage.hookimpl\ndef sondage_probes(colour): return []", "colour"),
        ("import sondage\n@sondage.hookimpl\ndef sondage_probes(): 1 / 0", "ZeroDivisionError"),
        ("import sondage\n@sondage.hookimpl\ndef sondage_probes(): return [3]", "int"),
        ("def sondage_probes(): return []", "hookimpl"),
        (GOOD.format("other"), "bad."),
        (GOOD.format("bad").replace("bad.thing", "bad.../../etc"), "bad."),
        ("import sondage\n@sondage.hookimpl\ndef sondage_probes():\n  yield 1", ""),
    ],
)
def test_a_broken_plugin_is_shown_with_its_reason_and_harms_no_other(make_plugin, code, reason):
    make_plugin("bad", code)
    make_plugin("good", GOOD.format("good"))
    host = Host.discover()
    assert report(host, "bad").status == "broken"
    assert reason in report(host, "bad").reason
    assert ("probe", "good.thing") in host.catalogue
    assert not any(name.startswith("bad") for _, name in host.catalogue)


def test_two_plugins_with_one_name_are_both_named_and_neither_is_used(make_plugin):
    make_plugin("twin", GOOD.format("twin"), distribution="first")
    make_plugin("twin", GOOD.format("twin"), distribution="second")
    make_plugin("good", GOOD.format("good"))
    host = Host.discover()
    rows = [r for r in host.plugins if r.plugin == "twin"]
    assert [r.status for r in rows] == ["conflict", "conflict"]
    assert all("first 0.1" in r.reason and "second 0.1" in r.reason for r in rows)
    assert [name for _, name in host.catalogue if name.startswith(("twin", "good"))] == [
        "good.thing"
    ]


def test_a_plugin_for_a_newer_core_is_not_imported(make_plugin):
    make_plugin("new", "raise RuntimeError('imported')", requires="sondage>=99")
    row = report(Host.discover(), "new")
    assert row.status == "incompatible"
    assert "99" in row.reason


def test_blocking_is_decided_before_the_import(make_plugin, monkeypatch):
    make_plugin("loud", "raise RuntimeError('imported')")
    assert report(Host.discover(block=["loud"]), "loud").status == "blocked"
    monkeypatch.setenv("SONDAGE_BLOCK", "x,loud")
    assert report(Host.discover(), "loud").status == "blocked"


def test_strict_mode_makes_a_broken_plugin_fatal(make_plugin, monkeypatch):
    make_plugin("bad", "1 / 0")
    monkeypatch.setenv("SONDAGE_STRICT", "1")
    with pytest.raises(PluginError, match="bad"):
        Host.discover()


def test_an_unknown_name_gets_the_nearest_and_what_to_install(make_plugin):
    make_plugin("good", GOOD.format("good"))
    make_plugin("bad", "1 / 0")
    host = Host.discover()
    with pytest.raises(UnknownComponentError) as caught:
        host.find("probe", "good.thin", wanted_by="composition 'c'", where="r.yaml:3")
    assert caught.value.near == ("good.thing",)
    assert "composition 'c'" in str(caught.value)
    assert "r.yaml:3" in str(caught.value)
    with pytest.raises(UnknownComponentError, match="broken: ZeroDivisionError"):
        host.find("probe", "bad.thing")
    with pytest.raises(
        UnknownComponentError,
        match=r"package that brings the plugin .qqqq.*: pip install ./plugins/qqqq",
    ):
        host.find("metric", "qqqq.thing")


def test_specs_import_nothing_until_used(in_python):
    done = in_python("""
        import sys, sondage
        s = sondage.ProbeSpec(name="a.b", factory="wave:Wave_read", summary="", reference="")
        assert "wave" not in sys.modules
        s.load()
        assert "wave" in sys.modules
    """)
    assert done.returncode == 0, done.stderr


def test_describe_shows_what_is_a_property(make_plugin):
    code = """
        import sondage
        class Thing:
            symmetric = True
            def __init__(self, *, {arguments}): self.centre = centre
            @property
            def invariances(self): return frozenset({{"scaling"}} if self.centre else ())
        @sondage.hookimpl
        def sondage_metrics():
            return [sondage.MetricSpec(name="{name}.x", factory=Thing, summary="s", reference="r")]
    """
    make_plugin("one", code.format(name="one", arguments="centre: bool = True"))
    make_plugin("two", code.format(name="two", arguments="centre: bool"))
    host = Host.discover()
    found = [description(host.find("metric", f"{name}.x")).attributes for name in ("one", "two")]
    assert found[0]["invariances"] == "scaling with the defaults; depends on the parameters"
    assert found[1] == {"invariances": "depends on the parameters", "symmetric": "True"}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("class Odd(BaseException): pass\nraise Odd('odd')", "Odd: odd"),
        ("class Stop(KeyboardInterrupt): pass\nraise Stop", "Stop"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("class Mute(Exception):\n def __str__(self): raise ValueError\nraise Mute", "Mute"),
    ],
)
def test_whatever_a_plugin_raises_when_imported_breaks_it_alone(make_plugin, code, said):
    make_plugin("toy")
    make_plugin("bad", code)
    states = {r.plugin: (r.status, r.reason) for r in Host.discover(strict=False).plugins}
    assert states["toy"] == ("active", "")
    assert states["bad"][0] == "broken"
    assert said in states["bad"][1]


def test_a_distribution_without_name_and_version_harms_nothing(make_plugin):
    make_plugin("toy")
    info = make_plugin("bad", "")
    (info / "METADATA").write_text("", "utf-8")
    states = {r.plugin: r.status for r in Host.discover(strict=False).plugins}
    assert states["toy"] == "active"


def test_metadata_that_raise_harm_nothing(make_plugin, monkeypatch):
    make_plugin("toy")

    def raises(self):
        raise LookupError("no package metadata was found")

    # A library that stands in for the standard one brings a class of its own.
    kinds = {type(e.dist) for e in entry_points(group="sondage")}
    for kind in kinds:
        monkeypatch.setattr(kind, "metadata", property(raises))
    (state,) = (r for r in Host.discover(strict=False).plugins if r.plugin == "toy")
    assert (state.distribution, state.version) == ("?", "?")
