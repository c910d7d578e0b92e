"""A SLURM of two nodes on this machine, of the tests' own: nothing of the system's is touched.

Each node has four processors and two devices, which take all and give nothing. Needs root, and
Debian's packages slurm-wlm and munge.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch")
NODES = ("one", "two")

CONF = """
ClusterName=sondage
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock,cred_expire=10
SlurmUser=root
SlurmdUser=root
SlurmctldPort={ports[0]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=1
ReturnToService=2
MpiDefault=none
KillWait=5
SlurmdTimeout=10
GresTypes=gpu
NodeName=one NodeHostName={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=4 Gres=gpu:2
NodeName=two NodeHostName={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=4 Gres=gpu:2
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=9
"""


def path_of(name: str) -> str:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or ""


def free_ports(n: int) -> list[int]:
    with contextlib.ExitStack() as held:
        found = [held.enter_context(socket.socket()) for _ in range(n)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]


class Slurm:
    """The daemons, and what is asked of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.conf = folder / "slurm.conf"
        host = socket.gethostname().partition(".")[0]
        self.conf.write_text(CONF.format(host=host, folder=folder, ports=free_ports(3)))
        gres = []
        for node in NODES:
            for number in (0, 1):
                # A device it has to be: this is /dev/null by another name.
                os.mknod(folder / f"{node}{number}", stat.S_IFCHR | 0o600, os.makedev(1, 3))
            gres.append(f"NodeName={node} Name=gpu File={folder}/{node}[0-1]\n")
        (folder / "gres.conf").write_text("".join(gres))
        (folder / "state").mkdir()
        key = folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(secrets.token_bytes(128))
        self.env = {"SLURM_CONF": str(self.conf)}

    def start(self) -> None:
        at = self.folder
        self._daemon(
            "munged", f"--key-file={at}/munge.key", f"--socket={at}/munge.sock", "--force",
            f"--pid-file={at}/munged.pid", f"--log-file={at}/munged.log",
            f"--seed-file={at}/munge.seed",
        )  # fmt: skip
        self._daemon("slurmctld", "-c", "-f", str(self.conf))
        for node in NODES:
            self.start_node(node)
        self.until(lambda: {*self.ask("sinfo", "-h", "-N", "-o", "%T").split()} == {"idle"})

    def start_node(self, node: str) -> None:
        self._daemon("slurmd", "-f", str(self.conf), "-N", node)

    def _daemon(self, name: str, *words: str) -> None:
        subprocess.run([path_of(name), *words], check=True, timeout=30, env=os.environ | self.env)

    def ask(self, *words: str) -> str:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=30, check=False,
            env=os.environ | self.env,
        )  # fmt: skip
        return done.stdout if done.returncode == 0 else ""

    def state(self, job: str) -> str:
        """Return a job's state; empty once SLURM has forgotten it."""
        words = self.ask("scontrol", "show", "job", "-o", job).split()
        return next((w.partition("=")[2] for w in words if w.startswith("JobState=")), "")

    def queued(self) -> list[str]:
        return self.ask("squeue", "-h", "-o", "%i").split()

    def until(self, true: Callable[[], object], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, self.ask("squeue", "-a") + self.logs()
            time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(file.read_text()[-2000:] for file in self.folder.glob("*.log"))

    def kill_node(self, node: str) -> None:
        """As if its machine had lost its power: the daemon and all that it started."""
        pid = int((self.folder / f"slurmd-{node}.pid").read_text())
        steps = [p for p in psutil.process_iter() if self._is_step(p, node)]
        family = [c for step in steps for c in step.children(recursive=True)]
        for process in (psutil.Process(pid), *steps, *family):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)

    def _is_step(self, process: psutil.Process, node: str) -> bool:
        """Whether this is a step daemon of one of our nodes: it holds a socket in its folder."""
        with contextlib.suppress(psutil.Error):
            if process.name().startswith("slurmstepd"):
                spool = str(self.folder / f"spool-{node}")
                return any(c.laddr.startswith(spool) for c in process.net_connections("unix"))
        return False

    def stop(self) -> None:
        self.ask("scancel", "--state=PENDING")
        for job in self.queued():
            self.ask("scancel", job)
        with contextlib.suppress(AssertionError):
            self.until(lambda: not self.queued(), 20)
        for node in NODES:
            for step in [p for p in psutil.process_iter() if self._is_step(p, node)]:
                for process in (*step.children(recursive=True), step):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
        for file in self.folder.glob("*.pid"):
            with contextlib.suppress(OSError, ValueError, psutil.NoSuchProcess):
                found = psutil.Process(int(file.read_text()))
                if found.name() in DAEMONS:
                    found.terminate()
                    found.wait(10)


@pytest.fixture(scope="session")
def the_slurm() -> Iterator[Slurm]:
    lacking = [name for name in DAEMONS if not path_of(name)]
    if lacking:
        pytest.skip(f"{lacking[0]} is not here: apt-get install slurm-wlm munge")
    if os.geteuid() != 0:
        pytest.skip("only root may start a node of SLURM")
    # Sockets have short names, so not below pytest's own folders.
    folder = Path(f"/tmp/sondage-slurm-{os.getpid()}")
    folder.mkdir(0o755)
    slurm = Slurm(folder)
    try:
        slurm.start()
        yield slurm
    finally:
        slurm.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def slurm(the_slurm: Slurm, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slurm]:
    """The cluster with nothing in its queue, and its commands here."""
    monkeypatch.setenv("SLURM_CONF", str(the_slurm.conf))
    the_slurm.until(lambda: not the_slurm.queued(), 30)
    yield the_slurm
    for job in the_slurm.queued():
        the_slurm.ask("scancel", job)
