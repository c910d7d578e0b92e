"""Which machine this is, and which of its processes live."""

from __future__ import annotations

import os
import socket
import uuid
from functools import cache
from pathlib import Path

from sondage.data import digest


@cache
def this_machine() -> str:
    """Return the host's name and 12 hex digits that another machine of that name has not.

    Process numbers mean something only where this is the same: one start of one machine,
    and there one container.
    """
    host = socket.gethostname()
    return f"{host}-{digest(host, uuid.getnode(), _boot(), _processes())[:12]}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _processes() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def alive(pid: int) -> bool:
    """Return whether a process of this machine lives; if that cannot be told, it does."""
    if os.name == "nt":
        # There a signal, even none, would end the process.
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return not _unburied(pid)


def _unburied(pid: int) -> bool:
    """Whether a process has ended and only its parent has not looked: in a container none may."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] in (["Z"], ["X"])
