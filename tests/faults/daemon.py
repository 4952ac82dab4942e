"""A real daemon under a supervisor."""

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import psutil
import pytest
from daemons import Daemon
from faults import filter as filter_module
from faults.filter import calls_by_number
from faults.supervisor import Supervisor
from support import importing

_LITTLE_MEMORY = 128 << 20
"""Bytes of address space; less than any of the processes has once it is up."""
_NOT_HERE = "no filter of system calls for this machine"


class SupervisedDaemon(Daemon):
    """Front and workers ask `supervisor` before they write, sync, or open. Skips the test where that cannot be."""

    supervisor: Supervisor

    def __init__(self, state: Path, **settings: Any) -> None:
        super().__init__(state, **settings)
        self._environment |= {"PYTHONPATH": importing()["PYTHONPATH"]}

    def spawn(self, command: Sequence[str], log: BinaryIO) -> "subprocess.Popen[bytes]":
        if not calls_by_number():
            pytest.skip(_NOT_HERE)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", filter_module.__name__, str(theirs.fileno()), *command],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(),),
            )
            theirs.close()
            said, descriptors, _, _ = socket.recv_fds(ours, 1024, 1)
        if not descriptors:
            process.wait()
            pytest.skip(said.decode() or _NOT_HERE)
        self.supervisor = Supervisor(descriptors[0])
        return process

    def processes(self) -> list[psutil.Process]:
        """The front and what it has started."""
        front = psutil.Process(self.pid)
        return [front, *front.children(recursive=True)]

    def squeeze(self, what: int) -> None:
        """Let no process get a descriptor, or memory, beyond what it has (`resource.RLIMIT_…`)."""
        for process in self.processes():
            with suppress(psutil.Error, ProcessLookupError):
                _, hard = resource.prlimit(process.pid, what)
                now = process.num_fds() if what == resource.RLIMIT_NOFILE else _LITTLE_MEMORY
                resource.prlimit(process.pid, what, (now, hard))

    def relax(self, what: int) -> None:
        """Give them back what the system grants."""
        for process in self.processes():
            with suppress(psutil.Error, ProcessLookupError):
                _, hard = resource.prlimit(process.pid, what)
                resource.prlimit(process.pid, what, (hard, hard))


def log_of(daemon: Daemon) -> str:
    """The end of what it said, for whoever reads a failure."""
    return os.linesep.join(daemon.log().splitlines()[-40:])
