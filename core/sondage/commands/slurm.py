"""One file for SLURM: scheduler, workers, the run, and the next job while cells are left."""

from __future__ import annotations

import math
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from sondage import __version__
from sondage.errors import ClusterError, ParameterError
from sondage.execute.workers import DEATHS
from sondage.store import paths

#: Of the notice before the limit, the seconds at most that are left for the end itself.
_FOR_THE_END = 20
#: What a job needs of the shell that submits it, and what it says for itself.
_EXPORTED = ("SONDAGE_DATA", "SONDAGE_CACHE", "SONDAGE_BLOCK", "SONDAGE_STRICT", "HF_HOME")

_TIME = re.compile(
    r"(?:(?P<days>\d+)-(?P<h1>\d{1,2})(?::(?P<m1>\d{1,2}))?(?::(?P<s1>\d{1,2}))?"
    r"|(?P<h2>\d+):(?P<m2>\d{1,2}):(?P<s2>\d{1,2})|(?P<m3>\d+)(?::(?P<s3>\d{1,2}))?)"
)
_SIZE = re.compile(r"(\d+)([KMGT]?)", re.IGNORECASE)
_WORD = re.compile(r"[\w.,@:+=%/-]+")
_TOKEN = re.compile(r"@([a-z]+)@")


@dataclass(frozen=True, kw_only=True)
class SlurmJob:
    """A job as it is asked for.

    Parameters
    ----------
    name : str
        The composition's, for the job and its files.
    arguments : sequence of str
        What ``sondage run`` is given.
    command : str
        What was asked for, as the file says.
    workers, gpus, cpus : int
        How many workers, and devices and processors each.
    time : str
        SLURM's limit, as ``sbatch --time`` takes it; empty for the partition's.
    mem : str
        Memory a worker, such as ``32G``; empty for the partition's.
    partition, account : str
        Empty for the cluster's own.
    more : sequence of str
        Further options of ``sbatch``, each as it is written: ``--qos=long``.
    notice : int
        Seconds before the limit at which no more work is taken up.
    again : int
        How often the job may queue itself.
    """

    name: str
    arguments: Sequence[str]
    command: str
    workers: int
    gpus: int = 0
    cpus: int = 1
    time: str = ""
    mem: str = ""
    partition: str = ""
    account: str = ""
    more: Sequence[str] = ()
    notice: int = 120
    again: int = 20


def seconds_of(time: str) -> float:
    """Return the seconds of a limit that `sbatch --time` takes; infinity for UNLIMITED.

    Raises
    ------
    ParameterError
    """
    if time.lower() in ("unlimited", "infinite"):
        return math.inf
    found = _TIME.fullmatch(time)
    if found is None:
        raise ParameterError(
            f"--time {time}: SLURM knows no such time",
            hint="minutes, HH:MM:SS, D-HH or D-HH:MM:SS, such as 04:00:00 for four hours",
        )
    part = {name[0]: int(n) for name, n in found.groupdict(default="0").items() if int(n)}
    units = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    return float(sum(units[unit] * n for unit, n in part.items()))


def megabytes_of(mem: str) -> int:
    """Return the MiB of a size as SLURM writes it: ``4000``, ``4000M``, ``32G``.

    Raises
    ------
    ParameterError
    """
    found = _SIZE.fullmatch(mem)
    if found is None or not int(found[1]):
        raise ParameterError(f"--mem {mem}: no size of memory", hint="such as 32G, or 4000M")
    kib = {"K": 1, "M": 1024, "G": 1024**2, "T": 1024**3}[found[2].upper() or "M"]
    return max(math.ceil(int(found[1]) * kib / 1024), 1)


def refuse_wrong(batch: SlurmJob) -> None:
    """Refuse what SLURM would refuse, or what could not work.

    Raises
    ------
    ParameterError
    """
    if batch.time and seconds_of(batch.time) < 2 * batch.notice:
        raise ParameterError(
            f"--time {batch.time} is too short: the run is told to stop {batch.notice} seconds "
            "before, and SLURM may say so a minute early",
            hint="give more time, or a shorter --notice",
        )
    if batch.mem:
        megabytes_of(batch.mem)
    for option, value in (("--partition", batch.partition), ("--account", batch.account)):
        if value and not _WORD.fullmatch(value):
            raise ParameterError(f"{option} {value!r} is no name")
    for line in batch.more:
        if not line.startswith("-") or "\n" in line:
            raise ParameterError(
                f"--sbatch {line!r} is no option of sbatch", hint="such as --sbatch=--qos=long"
            )


def script(batch: SlurmJob, file: Path) -> str:
    """Return the text of the file that is submitted.

    Parameters
    ----------
    batch : SlurmJob
    file : Path
        Where it will be, for what it says of itself.

    Raises
    ------
    ParameterError
    """
    refuse_wrong(batch)
    here, name = Path.cwd(), job_name(batch.name)
    worker = f"--memory-limit {megabytes_of(batch.mem)}MiB" if batch.mem else "--memory-limit 0"
    said = {
        "command": _comment(batch.command),
        "version": __version__,
        "file": shlex.quote(str(file)),
        "options": "\n".join(f"#SBATCH {line}" for line in _options(batch, here, name)),
        "again": str(batch.again),
        "python": shlex.quote(sys.executable),
        "here": shlex.quote(str(here)),
        "name": name,
        "exports": "\n".join(f"export {k}={shlex.quote(v)}" for k, v in _exports().items()),
        "deaths": str(DEATHS),
        "cpus": str(batch.cpus),
        # srun takes over neither of them from sbatch in every version.
        "share": " ".join(_share_of_each(batch)),
        "worker": f"{worker} --resources GPU=1" if batch.gpus else worker,
        "run": shlex.join(batch.arguments),
        "notice": str(batch.notice),
        "grace": str(batch.notice - min(_FOR_THE_END, batch.notice // 4)),
    }
    template = files("sondage").joinpath("templates", "slurm", "job.sbatch").read_text("utf-8")
    return _TOKEN.sub(lambda found: said[found[1]], template)


def job_name(composition: str) -> str:
    """Return the name of a composition's job: ``scancel --name`` ends it and those that follow."""
    return "sondage-" + re.sub(r"[^\w.-]", "_", composition)


def _comment(text: str) -> str:
    return text.replace("\n", " ")


def _options(batch: SlurmJob, here: Path, name: str) -> list[str]:
    """Return what sbatch is asked for; each is one worker's share, so that nodes do not matter."""
    out = [f"--job-name={name}", *_share_of_each(batch)]
    if batch.mem:
        out.append(f"--mem-per-cpu={math.ceil(megabytes_of(batch.mem) / batch.cpus)}M")
    for option, value in (
        ("time", batch.time), ("partition", batch.partition), ("account", batch.account),
    ):  # fmt: skip
        out += [f"--{option}={value}"] if value else []
    # Not --no-kill: a job whose first node failed would be there to its limit, and do nothing.
    out += [f"--signal=B:TERM@{batch.notice}", "--requeue", "--open-mode=append"]
    out += [f"--chdir={_quoted(here)}", f"--output={_quoted(here)}/{name}-%j.out"]
    return [*out, *batch.more]


def _share_of_each(batch: SlurmJob) -> list[str]:
    out = [f"--ntasks={batch.workers}", f"--cpus-per-task={batch.cpus}"]
    return out + ([f"--gpus-per-task={batch.gpus}"] if batch.gpus else [])


def _quoted(path: Path) -> str:
    text = str(path)
    return f'"{text}"' if re.search(r"\s", text) else text


def _exports() -> dict[str, str]:
    """Return what of the environment decides where things are, absolute."""
    out = {
        "SONDAGE_STORE": str(paths.store_folder().absolute()),
        "SONDAGE_RUNS": str(paths.runs_folder().absolute()),
    }
    return out | {name: os.environ[name] for name in _EXPORTED if os.environ.get(name)}


def submit(file: Path) -> str:
    """Have SLURM take a file; return the job's number.

    Raises
    ------
    ClusterError
        With what sbatch said.
    """
    try:
        done = subprocess.run(
            ["sbatch", "--parsable", str(file)], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", check=False, timeout=120,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise ClusterError(f"sbatch cannot be run: {error}", where=str(file)) from error
    if done.returncode:
        said = done.stderr.strip() or f"it ended with code {done.returncode}"
        raise ClusterError(
            f"SLURM does not take the job: {said}",
            where=str(file),
            hint="mend the options, or the file itself, and submit it with sbatch",
        )
    return done.stdout.strip().partition(";")[0]
