"""``sondage slurm``: what is refused, what the file says, and how it is handed in."""

import os
import subprocess

import pytest

from sondage.commands import slurm
from sondage.errors import ParameterError


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("30", 1800), ("30:15", 1815), ("04:00:00", 14400), ("1:02:03", 3723), ("2-3", 183600),
        ("1-2:30", 95400), ("1-00:00:30", 86430), ("UNLIMITED", float("inf")),
    ],
)  # fmt: skip
def test_times_are_slurms(time, seconds):
    assert slurm.seconds_of(time) == seconds


@pytest.mark.parametrize("time", ["4h", "", "1:2:3:4", "-1", "04:00:00\n#SBATCH --x", "1d"])
def test_other_times_are_refused(time):
    with pytest.raises(ParameterError, match="SLURM knows no such time"):
        slurm.seconds_of(time)


@pytest.mark.parametrize(
    ("mem", "megabytes"),
    [("4000", 4000), ("4000M", 4000), ("32G", 32768), ("1t", 2**20), ("1K", 1)],
)
def test_sizes_are_slurms(mem, megabytes):
    assert slurm.megabytes_of(mem) == megabytes


@pytest.mark.parametrize("mem", ["32GB", "0", "", "G", "-1G", "1.5G"])
def test_other_sizes_are_refused(mem):
    with pytest.raises(ParameterError, match="no size of memory"):
        slurm.megabytes_of(mem)


@pytest.fixture
def no_sbatch(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    return tmp_path


@pytest.fixture
def sbatch(no_sbatch):
    """An sbatch that says what it was given."""
    path = no_sbatch / "bin" / "sbatch"
    path.write_text('#!/bin/bash\necho "$@" > given\necho "17;cluster"\n')
    path.chmod(0o755)
    os.symlink("/bin/bash", no_sbatch / "bin" / "bash")
    return path


def test_the_file_is_written_where_there_is_no_sbatch(call, toy_registry, no_sbatch):
    ended = call("slurm", f"{toy_registry}:small", "--workers", 8, "--gpus", 1)
    assert ended.code == 0, ended.err
    assert "24 cells: written to" in ended.out
    assert f"sbatch {no_sbatch}/sondage-small.sbatch" in ended.out
    assert (no_sbatch / "sondage-small.sbatch").is_file()


def test_it_is_submitted_where_there_is(call, toy_registry, sbatch, tmp_path):
    ended = call("slurm", f"{toy_registry}:small", "--workers", 8, "-o", "mine.sbatch")
    assert ended.code == 0, ended.err
    assert "24 cells: job 17, by" in ended.out
    assert "scancel --name sondage-small" in ended.out
    assert (tmp_path / "given").read_text().split() == ["--parsable", f"{tmp_path}/mine.sbatch"]


def test_what_sbatch_refuses_is_told(call, toy_registry, sbatch):
    sbatch.write_text("#!/bin/bash\necho 'sbatch: error: invalid partition' >&2\nexit 1\n")
    ended = call("slurm", f"{toy_registry}:small", "--workers", 8, "--partition", "no")
    assert ended.code == 2
    assert "SLURM does not take the job: sbatch: error: invalid partition" in ended.err


def test_the_file_asks_for_what_was_asked(call, toy_registry, no_sbatch):
    ended = call(
        "slurm", f"{toy_registry}:small", "--workers", 8, "--gpus", 1, "--cpus", 4, "--mem", "30G",
        "--time", "04:00:00", "--partition", "gpu", "--account", "me", "--sbatch=--qos=long",
        "--notice", 300, "--requeue-count", 5, "--set", "seeds=[0, 1]", "--layers", "0-1",
        "--cell-seconds", 9, "--dry-run",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert not (no_sbatch / "sondage-small.sbatch").exists()
    asked = [line[8:] for line in ended.out.splitlines() if line.startswith("#SBATCH ")]
    share = ["--ntasks=8", "--cpus-per-task=4", "--gpus-per-task=1"]
    assert asked == [
        "--job-name=sondage-small", *share, "--mem-per-cpu=7680M", "--time=04:00:00",
        "--partition=gpu", "--account=me", "--signal=B:TERM@300", "--requeue", "--open-mode=append",
        f"--chdir={no_sbatch}",
        f"--output={no_sbatch}/sondage-small-%j.out", "--qos=long",
    ]  # fmt: skip
    assert f"srun {' '.join(share)} " in ended.out
    assert "--memory-limit 30720MiB --resources GPU=1" in ended.out
    run = f"run {toy_registry}:small --set 'seeds=[0, 1]' --layers 0-1 --cell-seconds 9 --cluster"
    assert run in ended.out
    assert "again=${1:-5}" in ended.out
    assert f"export SONDAGE_RUNS={os.environ['SONDAGE_RUNS']}" in ended.out
    assert slurm._TOKEN.search(ended.out) is None


def test_the_file_is_bash(call, toy_registry, tmp_path):
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    file = folder / "x.sbatch"
    batch = slurm.SlurmJob(name="a b", arguments=["it's", "$x"], command="a\nb", workers=1)
    file.write_text(slurm.script(batch, file))
    subprocess.run(["bash", "-n", str(file)], check=True)
    assert "run 'it'\"'\"'s' '$x' --cluster" in file.read_text()
    assert "--job-name=sondage-a_b" in file.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--time", "3"], "is too short"),
        (["--time", "4h"], "SLURM knows no such time"),
        (["--mem", "lots"], "no size of memory"),
        (["--partition", "a b"], "is no name"),
        (["--account", "a;b"], "is no name"),
        (["--sbatch", "qos=1"], "is no option of sbatch"),
        (["--set", "nothing=1"], "has no such setting"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    call, toy_registry, no_sbatch, words, said
):
    ended = call("slurm", f"{toy_registry}:small", "--workers", 2, *words)
    assert ended.code == 2
    assert said in ended.err
    assert not list(no_sbatch.glob("*.sbatch"))


def test_keys_are_their_owners_alone(tmp_path):
    from sondage.execute.keys import write_keys

    write_keys(tmp_path)
    write_keys(tmp_path)
    for name in ("cert.pem", "key.pem"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        assert (tmp_path / name).read_text().startswith("-----BEGIN ")
