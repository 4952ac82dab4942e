"""One worker process as the front sees it: started on first need, spoken to by tickets, mourned when it dies."""

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from unmix.words import Progress

from unmix_daemon.errors import OUT_OF_RESOURCES, JobFailed, ServiceError, Short, WorkerDied, WorkerLost
from unmix_daemon.passing import hindrance
from unmix_daemon.reports import Done, Growth, OnReport, Resident
from unmix_daemon.worker.messages import (
    Advanced,
    Begin,
    Cancel,
    Command,
    Failed,
    Grew,
    Load,
    Loaded,
    Report,
    Residents,
    Run,
    Succeeded,
    Unload,
    decode,
    encode,
)

_log = logging.getLogger(__name__)
_LINE_LIMIT = 1 << 22
_CANCEL_SECONDS = 60.0
"""A segment takes a second or two; a worker that does not stop by then hangs and is killed."""


async def _nobody(_: Growth | Progress) -> None:
    """Of a command that nothing is reported of."""


@dataclass(slots=True)
class _Ticket:
    answer: asyncio.Future[Done | Loaded]
    report: OnReport


class WorkerProcess:
    """The worker of one device. Every method may find that the process has died: WorkerDied or WorkerLost."""

    def __init__(self, begin: Begin) -> None:
        """`begin` is what a new process is told first."""
        self._begin = begin
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._tickets: dict[str, _Ticket] = {}
        self._starting = asyncio.Lock()
        self._closing = False
        self._is_up = False
        """The present process has said something, and was understood."""
        self._is_worn = False
        """It was short of memory or descriptors: what it imported or built meanwhile may be half of it."""
        self.crashes = 0
        self.residents: tuple[Resident, ...] = ()

    @property
    def pid(self) -> int:
        """The process, or 0."""
        return self._process.pid if self._process and self._process.returncode is None else 0

    async def ask(self, command: Run | Load | Unload, report: OnReport = _nobody) -> Done | Loaded:
        """Send a command and wait for its answer. When cancelled: cancel it there, and wait until it is.

        Raises JobFailed with the worker's own error, WorkerDied where the command was all that the worker had,
        WorkerLost where it had others, and Short where it does not start.
        """
        await self._ensure_running()
        ticket = _Ticket(asyncio.get_running_loop().create_future(), report)
        self._tickets[command.ticket] = ticket
        try:
            try:
                await self._send(command)
                return await asyncio.shield(ticket.answer)
            except asyncio.CancelledError:
                await self._stop(command.ticket, ticket)
                raise
        finally:
            self._tickets.pop(command.ticket, None)
            if ticket.answer.done() and not ticket.answer.cancelled():
                ticket.answer.exception()  # seen; nobody may be waiting any more

    async def close(self) -> None:
        """End the process: first politely, by the end of its stdin, then by kill."""
        self._closing = True
        if self._process and self._process.returncode is None:
            if self._process.stdin:
                self._process.stdin.close()
            try:
                await asyncio.wait_for(self._process.wait(), 5)
            except TimeoutError:
                self.kill()
        if self._reading:
            await self._reading

    def kill(self) -> None:
        """End the process at once."""
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def _ensure_running(self) -> None:
        async with self._starting:
            if self._is_worn and not self._tickets:
                self.kill()
            elif self.pid and self._reading and not self._reading.done():
                return
            if self._reading:
                await self._reading
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "unmix_daemon.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LINE_LIMIT,
            )
            self._is_up = self._is_worn = False
            self._reading = asyncio.create_task(
                self._read(self._process), name=f"worker {self._begin.device}"
            )
            await self._send(self._begin)

    async def _send(self, command: Command) -> None:
        try:
            assert self._process is not None  # noqa: S101  # _ensure_running has run
            assert self._process.stdin is not None  # noqa: S101  # created with a pipe
            self._process.stdin.write(encode(command))
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise self._death() from error

    async def _stop(self, name: str, ticket: _Ticket) -> None:
        with suppress(ServiceError, TimeoutError):
            await self._send(Cancel(name))
            await asyncio.wait_for(asyncio.shield(ticket.answer), _CANCEL_SECONDS)
        if not ticket.answer.done():
            _log.error("worker %s does not stop %s; killing it", self._begin.device, name)
            self.kill()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout  # noqa: S101  # created with a pipe
        try:
            while line := await process.stdout.readline():
                await self._deliver(decode(line))
        except (ValueError, OSError, MemoryError) as error:
            _log.exception("worker %s cannot be understood; killing it", self._begin.device)
            self._is_up = hindrance(error) is None
            self.kill()
        await process.wait()
        self.residents = ()
        if not self._closing and not self._is_worn:
            self.crashes += 1
            _log.error("worker %s: %s", self._begin.device, self._obituary())
        death = self._death()
        for ticket in list(self._tickets.values()):
            if not ticket.answer.done():
                ticket.answer.set_exception(death)

    async def _deliver(self, report: Report | Command) -> None:
        self._is_up = True
        match report:
            case Residents():
                self.residents = report.models
            case Grew():
                await self._report(report.ticket, Growth(report.output, report.size, Path(report.path)))
            case Advanced():
                await self._report(report.ticket, report.progress)
            case Succeeded():
                self._answer(report.ticket, report.done)
            case Loaded():
                self._answer(report.ticket, report)
            case Failed():
                self._is_worn |= report.reason == OUT_OF_RESOURCES
                self._answer(report.ticket, JobFailed(report.reason, report.message, report.facts))
            case _:
                raise ValueError(f"unexpected report {report}")

    async def _report(self, name: str, news: Growth | Progress) -> None:
        if ticket := self._tickets.get(name):
            await ticket.report(news)

    def _death(self) -> WorkerDied | WorkerLost | Short:
        """Who had the worker alone may be why it ended; of several nobody can tell whose fault it was.

        One that has not come up yet knew no job: the machine is short of something, or unmix is damaged.
        """
        if not self._is_up:
            return Short(OUT_OF_RESOURCES, f"{self._obituary()} No job is to blame; the log says more.")
        waiting = sum(not ticket.answer.done() for ticket in self._tickets.values())
        return (WorkerLost if waiting > 1 else WorkerDied)(self._obituary())

    def _answer(self, name: str, answer: Done | Loaded | JobFailed) -> None:
        ticket = self._tickets.get(name)
        if ticket is None or ticket.answer.done():
            return
        if isinstance(answer, JobFailed):
            ticket.answer.set_exception(answer)
        else:
            ticket.answer.set_result(answer)

    def _obituary(self) -> str:
        code = self._process.returncode if self._process else None
        if code is None:
            return "The worker process ended."
        if code >= 0:
            return f"The worker process ended with status {code}."
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        hint = ", perhaps for lack of memory" if name == "SIGKILL" else ""
        return f"The worker process was ended by {name}{hint}."
