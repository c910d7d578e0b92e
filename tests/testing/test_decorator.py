"""The decorator under a real pytest, on a plugin that exists only on a path."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from sondage.errors import ParameterError, PluginError
from sondage.testing import conformance

PLUGIN = """
import sondage

@sondage.hookimpl
def sondage_tasks():
    return [
        sondage.TaskSpec(name="tmpkit.good", factory="sondage.testing.toys:ToyTask",
                         summary="good", reference="none"),
        sondage.TaskSpec(name="tmpkit.bad", factory="sondage.testing.toys:ToyTask",
                         summary="bad", reference=""),
    ]
"""

SUITE = """
import pytest
from sondage.testing import conformance
from sondage.testing.check import CHECKS, Check, ConformanceWarning
{before}

@conformance("tmpkit", {arguments})
def test_conformance(component, check):
    check(component)
"""


@pytest.fixture
def site(tmp_path):
    info = tmp_path / "tmpkit-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tmpkit\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[sondage]\ntmpkit = tmpkit_plugin\n")
    (tmp_path / "tmpkit_plugin.py").write_text(PLUGIN)
    return tmp_path


#: A check that fails, one that passes, one that does not apply, one that needs an instance.
FEW = [f"*:check_{name}" for name in ("summary_*", "name_*", "trees_*", "split_is_*", "pickles")]


def outcomes(site, arguments="", before="", *options, only=FEW):
    suite = site / "suite" / "test_suite.py"
    suite.parent.mkdir()
    suite.write_text(SUITE.format(arguments=f"only={only}, {arguments}", before=before))
    report = site / "report.xml"
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        [*command, f"--junitxml={report}", str(suite.parent)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=suite.parent,
    )
    found = {}
    for case in ET.parse(report).iter("testcase"):
        name = case.get("name").removeprefix("test_conformance[").removesuffix("]")
        kinds = [(child.tag, child.get("type", "")) for child in case]
        found[name] = kinds[0] if kinds else ("passed", "")
    return found, done


def test_failures_skips_and_ids(site):
    found, done = outcomes(site)
    failed = [name for name, (tag, _) in found.items() if tag == "failure"]
    assert failed == ["tmpkit.bad:check_summary_and_reference_are_given"]
    assert found["tmpkit.good:check_trees_are_trees"] == ("skipped", "pytest.skip")
    assert found["tmpkit.good:check_split_is_reproducible"] == ("passed", "")
    assert len(found) == 2 * len(FEW)
    assert done.returncode == 1


def test_expected_failures_are_strict_both_ways(site):
    expected = {
        "tmpkit.bad:check_summary_and_reference_are_given": "known",
        "tmpkit.bad:check_pickles": "passes, so this is wrong",
        "tmpkit.bad:check_trees_are_trees": "does not apply, so this is wrong",
    }
    found, done = outcomes(site, f"expected_failures={expected!r}")
    assert found["tmpkit.bad:check_summary_and_reference_are_given"] == ("skipped", "pytest.xfail")
    failed = [name for name, (tag, _) in found.items() if tag == "failure"]
    assert sorted(failed) == ["tmpkit.bad:check_pickles", "tmpkit.bad:check_trees_are_trees"]
    assert done.returncode == 1


def test_parameters_are_evaluated_in_the_test(site):
    before = "def n():\n    raise RuntimeError('evaluated')\n"
    found, _ = outcomes(site, 'params={"tmpkit.good": {"n": n}}', before)
    assert found["tmpkit.good:check_name_has_the_plugins_prefix"] == ("passed", "")
    assert found["tmpkit.good:check_pickles"][0] == "failure"
    assert found["tmpkit.bad:check_pickles"] == ("passed", "")


def test_checks_of_the_next_release_only_warn(site):
    before = '''
def check_of_the_future(component):
    """Nobody keeps this."""
    assert False, "not kept"

CHECKS["task"].append(Check(check_of_the_future, "999.0"))
'''
    found, done = outcomes(site, "", before, only=["*:check_of_the_future"])
    assert found["tmpkit.good:check_of_the_future"] == ("passed", "")
    assert "ConformanceWarning" in done.stdout
    assert "will fail from sondage 999.0" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        {"params": {"tmpkit.god": {}}},
        {"variants": {"tmpkit.god": [{}]}},
        {"expected_failures": {"tmpkit.good:check_pickle": "misspelt"}},
        {"only": ["tmpkit.bad", "tmpkit.goo"]},
        {"only": ["tmpkit.good:check_pickle"]},
        {"only": ["tmpkit.god*:check_pickles"]},
        {
            "only": ["tmpkit.good"],
            "expected_failures": {"tmpkit.bad:check_pickles": "not among those that run"},
        },
    ],
)
def test_arguments_that_name_nothing_are_errors(site, monkeypatch, arguments):
    monkeypatch.syspath_prepend(site)
    with pytest.raises(ParameterError) as caught:
        conformance("tmpkit", **arguments)
    assert caught.value.near[0].startswith("tmpkit.good")


@pytest.mark.parametrize(
    ("only", "names"),
    [
        ("tmpkit.good:check_pickles", {"tmpkit.good:check_pickles"}),
        (["*:check_pickles"], {"tmpkit.good:check_pickles", "tmpkit.bad:check_pickles"}),
        (["tmpkit.bad", "tmpkit.g*:check_pick*"], {"tmpkit.good:check_pickles", "tmpkit.bad"}),
        (["*"], {"tmpkit.good", "tmpkit.bad"}),
    ],
)
def test_only_what_is_asked_for_is_collected(site, monkeypatch, only, names):
    monkeypatch.syspath_prepend(site)
    whole = [case.id for case in conformance("tmpkit").args[1]]
    wanted = [id for id in whole if id in names or id.partition(":")[0] in names]
    assert [case.id for case in conformance("tmpkit", only=only).args[1]] == wanted


def test_a_plugin_that_is_not_installed_is_an_error():
    with pytest.raises(PluginError):
        conformance("no_such_plugin")


def test_a_broken_plugin_is_an_error_with_its_reason(site, monkeypatch):
    (site / "tmpkit_broken.py").write_text("import no_such_module_at_all\n")
    info = site / "tmpkit-1.0.dist-info" / "entry_points.txt"
    info.write_text("[sondage]\ntmpkit = tmpkit_broken\n")
    monkeypatch.syspath_prepend(site)
    with pytest.raises(PluginError) as caught:
        conformance("tmpkit")
    assert "no_such_module_at_all" in caught.value.message
