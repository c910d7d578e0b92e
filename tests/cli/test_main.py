"""Starting, stopping and failing: exit codes, messages, and what is not imported."""

import os
import signal
import subprocess
import sys
import time

import pytest

COMMANDS = [
    "run", "plan", "slurm", "results", "runs", "compare", "leaderboard", "report", "export",
    "import", "list", "describe", "validate", "schema", "plugins", "new", "check", "doctor",
    "explain", "data", "cache",
]  # fmt: skip
HEAVY = (
    "torch", "numpy", "pandas", "pydantic", "rich", "yaml", "dask", "sondage.host.discovery",
    "altair",
)  # fmt: skip


@pytest.mark.parametrize("args", [["--help"], ["run", "--help"], ["--version"]])
def test_help_and_version_import_nothing_heavy(script, args):
    # For a command's own options newer typers import pydantic themselves.
    done = script(*args, heavy=set(HEAVY) - ({"pydantic"} if "run" in args else set()))
    assert done.returncode == 0
    assert done.stderr.strip() == "imported:"


def test_importing_sondage_imports_nothing_heavy(in_python):
    done = in_python(f"import sys, sondage; print({set(HEAVY)!r} & sys.modules.keys())")
    assert done.stdout.strip() == "set()"


def test_version_imports_no_plugin(script, make_plugin, tmp_path):
    make_plugin("loud", f"open({str(tmp_path / 'imported')!r}, 'w').close()")
    assert script("--version").stdout == f"sondage {__import__('sondage').__version__}\n"
    assert not (tmp_path / "imported").exists()
    script("plugins")
    assert (tmp_path / "imported").exists()


def test_every_command_is_listed_and_has_help(call):
    listed = call("--help").out.partition("Commands:")[2]
    assert [line.split()[0] for line in listed.strip().splitlines()] == COMMANDS
    for command in COMMANDS:
        ended = call(command, "--help")
        assert (ended.code, ended.err) == (0, "")


def test_a_shell_completes_commands_and_compositions(script, monkeypatch):
    monkeypatch.setenv("_SONDAGE_COMPLETE", "complete_bash")

    def completed(*words):
        monkeypatch.setenv("COMP_WORDS", " ".join(("sondage", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        return script().stdout.split()

    assert completed("res") == ["results"]
    assert completed("run", "hao") == ["hao2020", "hao2020-mini"]
    assert completed("plan", "nothing-like-it") == []


def test_no_arguments_give_help(call):
    ended = call()
    assert "Commands:" in ended.out + ended.err


def test_a_users_mistake_ends_with_a_message_and_2(script, both):
    done = script("run", f"{both}:bth")
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0] == "there is no composition 'bth'"
    assert lines[1].startswith(f"  at {both}:")
    assert lines[2] == "  closest: both"
    assert lines[4] == "  about: sondage explain unknown-component"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("args", [["walk"], ["run"], ["run", "x", "--layers", "1-"]])
def test_wrong_usage_ends_with_2(call, args):
    ended = call(*args)
    assert ended.code == 2
    assert "Usage:" in ended.err


def test_our_own_mistake_shows_a_cleaned_traceback_and_70(in_python):
    done = in_python("""
        import sys
        from sondage import host
        def broken(*args, **kwargs): raise ZeroDivisionError("odd \\x1b[31m")
        host.Host.discover = broken
        sys.argv = ["sondage", "plugins"]
        from sondage.cli import main
        main()
    """)
    assert done.returncode == 70
    assert "Traceback" in done.stderr
    assert "report it" in done.stderr
    assert "\x1b" not in done.stderr
    assert "\\x1b[31m" in done.stderr


def test_interrupting_ends_with_130_and_the_same_command_continues(both, script):
    target = [f"{both}:both", "--set", "wait=0.2"]
    code = "import sys; from sondage.cli import main; sys.argv[0] = 'sondage'; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "run", *target],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    # Its first line comes when cells are being computed.
    assert process.stderr.readline()
    deadline = time.monotonic() + 60
    while not _cells_done() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.endswith("interrupted; the same command continues\n")
    assert "Traceback" not in err
    before = _cells_done()
    assert 0 < before < 20
    done = script("run", *target, "--set", "encoders.a.n_layers=3")
    assert done.returncode == 0
    assert _cells_done() == 20


def _cells_done():
    from sondage.store import paths

    files = list(paths.runs_folder().glob("*/cells.jsonl"))
    return sum(file.read_bytes().count(b'"status": "done"') for file in files)


def test_a_closed_pipe_is_quiet(both):
    code = "import sys; from sondage.cli import main; sys.argv[0] = 'sondage'; main()"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", code, "schema"],
        stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
    )  # fmt: skip
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 141


def test_an_ascii_terminal_gets_question_marks(script, both, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = script("run", f"{both}:both")
    assert done.returncode == 0
    assert "t ? slow ? accuracy" in done.stdout
