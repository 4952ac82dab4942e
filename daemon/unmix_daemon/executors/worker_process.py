"""One worker process as the front sees it: started on first need, spoken to by tickets, mourned when it dies."""

import asyncio
import logging
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from unmix import children
from unmix.words import Progress

from unmix_daemon.awake import AwakeTime
from unmix_daemon.errors import OUT_OF_RESOURCES, JobFailed, ServiceError, Short, WorkerDied, WorkerLost
from unmix_daemon.executors.stall import StallWatch
from unmix_daemon.passing import hindrance
from unmix_daemon.reports import Done, Growth, OnReport, Resident
from unmix_daemon.worker.messages import (
    LINE_LIMIT,
    Advanced,
    Beat,
    Begin,
    Cancel,
    Command,
    Failed,
    Grew,
    LineTooLong,
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
_LOOK_SECONDS = 1.0
_CANCEL_SECONDS = 30.0
"""A segment takes a second or two; a worker that does not stop by then hangs and is killed.

Half of what clients wait for an answer, for one that cancels gets it only then.
"""


async def _nobody(_: Growth | Progress) -> None:
    """Of a command that nothing is reported of."""


@dataclass(slots=True)
class _Ticket:
    answer: asyncio.Future[Done | Loaded]
    report: OnReport


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Why the front ends a worker itself."""

    guilty: tuple[str, ...]
    """Tickets; none where it is not known whose fault it is."""
    sentence: str


class WorkerProcess:
    """The worker of one device. Every method may find that the process has died: WorkerDied or WorkerLost."""

    def __init__(self, begin: Begin, stall: float = 600.0) -> None:
        """`begin` is what a new process is told first; `stall` is the setting, in seconds."""
        self._begin = begin
        self._stall_limit = stall
        self._stall = StallWatch(stall)
        self._watching: asyncio.Task[None] | None = None
        self._delivering = False
        self._verdict: _Verdict | None = None
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

    @property
    def stalled_seconds(self) -> float:
        """For how long it has made no step although it has work, once that is odd."""
        return self._stall.stalled_seconds if self._tickets else 0.0

    async def ask(self, command: Run | Load | Unload, report: OnReport = _nobody) -> Done | Loaded:
        """Send a command and wait for its answer. When cancelled: cancel it there, and wait until it is.

        Raises JobFailed with the worker's own error, WorkerDied where the command was all that the worker had, or is
        known to be why it ended, WorkerLost otherwise, and Short where it does not start.
        """
        try:
            line = encode(command)
        except LineTooLong as error:
            raise JobFailed(
                "INVALID_REQUEST", f"The request is too long ({error}); give shorter names."
            ) from error
        await self._ensure_running()
        # Nothing is awaited in between: whoever has a ticket is told when the process ends.
        ticket = _Ticket(asyncio.get_running_loop().create_future(), report)
        self._tickets[command.ticket] = ticket
        self._watch_over()
        try:
            try:
                await self._send(line)
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
                _kill(self._process)
        if self._watching:
            self._watching.cancel()
        if self._reading:
            await self._reading

    async def _ensure_running(self) -> None:
        async with self._starting:
            if self._is_worn and not self._tickets and self._process:
                _kill(self._process)
            elif self.pid and self._reading and not self._reading.done():
                return
            if self._reading:
                await self._reading
            self._process = await asyncio.create_subprocess_exec(
                *children.command("unmix_daemon.worker"),
                cwd=children.FOLDER,
                env=children.environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_LIMIT,
            )
            assert self._process.stdin  # noqa: S101  # created with a pipe
            self._process.stdin.write(encode(self._begin))
            self._stall = StallWatch(self._stall_limit)
            self._verdict = None
            self._is_up = self._is_worn = False
            self._reading = asyncio.create_task(
                self._read(self._process), name=f"worker {self._begin.device}"
            )

    async def _send(self, line: bytes) -> None:
        """Write; where the worker has ended, all tickets are told so as soon as it is known how."""
        process = self._process
        assert process is not None  # noqa: S101  # _ensure_running has run
        assert process.stdin is not None  # noqa: S101  # created with a pipe
        try:
            process.stdin.write(line)
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            _kill(process)

    async def _stop(self, name: str, ticket: _Ticket) -> None:
        process = self._process
        with suppress(ServiceError, TimeoutError):
            await self._send(encode(Cancel(name)))
            await asyncio.wait_for(asyncio.shield(ticket.answer), _CANCEL_SECONDS)
        if not ticket.answer.done() and process:
            self._condemn(process, _Verdict((name,), "The worker process did not stop a job, and was ended."))

    def _condemn(self, process: asyncio.subprocess.Process, verdict: _Verdict) -> None:
        """End a process that is of no use any more."""
        _log.error("worker %s: %s", self._begin.device, verdict.sentence)
        self._verdict = self._verdict or verdict
        _kill(process)

    def _watch_over(self) -> None:
        """See to it that a worker that does not go on is replaced, for as long as it has work."""
        if self._watching is None or self._watching.done():
            self._stall.rest()
            self._watching = asyncio.create_task(self._watch(), name=f"watch {self._begin.device}")

    async def _watch(self) -> None:
        awake = AwakeTime(2 * _LOOK_SECONDS)
        while self._tickets:
            await asyncio.sleep(_LOOK_SECONDS)
            seconds = awake.passed()
            if self._delivering or not self.pid:  # nobody listens, or nobody is there
                continue
            self._stall.passed(seconds)
            if self._stall.is_over and self._process:
                guilty = self._stall.at_work
                sentence = (
                    f"The worker process made no step for {self._stall.stalled_seconds:.0f} s, and was ended."
                )
                self._condemn(self._process, _Verdict(guilty if len(guilty) == 1 else (), sentence))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout  # noqa: S101  # created with a pipe
        try:
            while line := await process.stdout.readline():
                self._delivering = True
                await self._deliver(decode(line))
                self._delivering = False
        except (ValueError, OSError, MemoryError) as error:
            _log.exception("worker %s cannot be understood; killing it", self._begin.device)
            self._is_up = hindrance(error) is None
            _kill(process)
        finally:
            self._delivering = False
        await process.wait()
        self.residents = ()
        if not self._closing and not self._is_worn:
            self.crashes += 1
            _log.error("worker %s: %s", self._begin.device, self._obituary())
        self._mourn()

    def _mourn(self) -> None:
        """Tell all who had the worker. Who had it alone may be why it ended; of several nobody can tell who it was.

        One that has not come up yet knew no job: the machine is short of something, or unmix is damaged.
        """
        had = tuple(name for name, ticket in self._tickets.items() if not ticket.answer.done())
        guilty = (self._verdict and self._verdict.guilty) or had
        for name in had:
            if self._is_up or self._verdict:
                death: ServiceError = (WorkerDied if guilty == (name,) else WorkerLost)(self._obituary())
            else:
                death = Short(OUT_OF_RESOURCES, f"{self._obituary()} No job is to blame; the log says more.")
            self._tickets[name].answer.set_exception(death)

    async def _deliver(self, report: Report | Command) -> None:
        self._is_up = True
        self._stall.heard(report if isinstance(report, Beat) else None)
        match report:
            case Beat():
                pass
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

    def _answer(self, name: str, answer: Done | Loaded | JobFailed) -> None:
        ticket = self._tickets.get(name)
        if ticket is None or ticket.answer.done():
            return
        if isinstance(answer, JobFailed):
            ticket.answer.set_exception(answer)
        else:
            ticket.answer.set_result(answer)

    def _obituary(self) -> str:
        if self._verdict:
            return self._verdict.sentence
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


def _kill(process: asyncio.subprocess.Process) -> None:
    """End it at once, however it is; one that has ended is left alone."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
