"""Whose fault it is that a worker ends: who had it alone, or was at work in it; and stalled ones are replaced."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from unmix.words import DenoiseTask, Options
from unmix_daemon.errors import JobFailed, WorkerDied, WorkerLost
from unmix_daemon.executors import stall, worker_process
from unmix_daemon.executors.worker_process import WorkerProcess
from unmix_daemon.worker.messages import LINE_LIMIT, Begin, Run

WORKER = Path(__file__).with_name("fake_worker.py")
start = asyncio.create_subprocess_exec


@pytest.fixture(autouse=True)
def fake_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of the worker is ours, and time is short."""

    async def started(*_: str, **options: Any) -> asyncio.subprocess.Process:
        return await start(sys.executable, "-S", str(WORKER), **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", started)
    monkeypatch.setattr(worker_process, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(worker_process, "_CANCEL_SECONDS", 0.2)
    monkeypatch.setattr(stall, "_LEAST_SILENCE", 0.0)


@asynccontextmanager
async def a_worker(limit: float = 600.0) -> AsyncIterator[WorkerProcess]:
    worker = WorkerProcess(Begin("cpu", "no-weights", 1 << 30, 1, 8), limit)
    async with asyncio.timeout(60):
        try:
            yield worker
        finally:
            await worker.close()


def a_run(ticket: str, does: str, **options: Any) -> Run:
    return Run(ticket, DenoiseTask("rnnoise"), Options(**options), does, "outputs", 0.0, "asked for", False)


async def outcomes(worker: WorkerProcess, *runs: tuple[str, str]) -> dict[str, type[BaseException]]:
    """What became of runs that the worker had together."""
    asking = {ticket: asyncio.ensure_future(worker.ask(a_run(ticket, does))) for ticket, does in runs}
    ended = await asyncio.gather(*asking.values(), return_exceptions=True)
    return {ticket: type(end) for ticket, end in zip(asking, ended, strict=True)}


def with_a_worker(
    limit: float = 600.0,
) -> Callable[[Callable[[WorkerProcess], Awaitable[None]]], Callable[[], None]]:
    def decorate(test: Callable[[WorkerProcess], Awaitable[None]]) -> Callable[[], None]:
        async def within() -> None:
            async with a_worker(limit) as worker:
                await test(worker)

        return lambda: asyncio.run(within())

    return decorate


@with_a_worker()
async def test_who_had_a_worker_alone_is_charged_and_of_several_nobody(worker: WorkerProcess) -> None:
    assert await outcomes(worker, ("a", "die")) == {"a": WorkerDied}
    assert await outcomes(worker, ("a", "wait"), ("b", "die")) == {"a": WorkerLost, "b": WorkerLost}
    assert worker.crashes == 2


@with_a_worker()
async def test_who_comes_while_a_worker_ends_is_not_charged(worker: WorkerProcess) -> None:
    for size in (1, 1 << 20):  # what the pipe holds, and what is sent piece by piece
        poison = asyncio.ensure_future(worker.ask(a_run("poison", "wait")))
        await outcomes(worker, ("b", "done"))  # both have arrived
        os.kill(pid := worker.pid, signal.SIGKILL)
        while psutil.pid_exists(pid):
            time.sleep(0.001)  # nothing else has a turn: the front has not seen it yet
        innocent = worker.ask(a_run("innocent", "wait", format="x" * size))
        ended = await asyncio.gather(poison, innocent, return_exceptions=True)
        assert [type(end) for end in ended] == [WorkerLost, WorkerLost]


@with_a_worker()
async def test_a_worker_that_babbles_is_replaced_and_charges_as_any_other(worker: WorkerProcess) -> None:
    ended = await outcomes(worker, ("a", "wait"), ("b", "babble"))
    assert ended == {"a": WorkerLost, "b": WorkerLost}
    assert await outcomes(worker, ("a", "done")) == {"a": JobFailed}


@with_a_worker()
async def test_a_request_without_room_in_a_line_fails_alone(worker: WorkerProcess) -> None:
    waiting = asyncio.ensure_future(worker.ask(a_run("a", "wait")))
    with pytest.raises(JobFailed, match="give shorter names") as refused:
        await worker.ask(a_run("b", "done", format="x" * LINE_LIMIT))
    assert refused.value.reason == "INVALID_REQUEST"
    assert await outcomes(worker, ("c", "done")) == {"c": JobFailed}
    assert not waiting.done()
    assert worker.crashes == 0
    waiting.cancel()


@with_a_worker()
async def test_a_job_that_does_not_stop_costs_its_neighbours_nothing(worker: WorkerProcess) -> None:
    deaf = asyncio.ensure_future(worker.ask(a_run("deaf", "wait")))
    innocent = asyncio.ensure_future(worker.ask(a_run("innocent", "wait")))
    await outcomes(worker, ("c", "done"))  # both have arrived
    deaf.cancel()
    with pytest.raises(WorkerLost, match="did not stop a job"):
        await innocent
    with pytest.raises(asyncio.CancelledError):
        await deaf


@with_a_worker(limit=0.3)
async def test_a_job_that_hangs_in_its_file_is_charged_alone(worker: WorkerProcess) -> None:
    ended = await outcomes(worker, ("innocent", "wait"), ("hanging", "hang"))
    assert ended == {"innocent": WorkerLost, "hanging": WorkerDied}
    with pytest.raises(WorkerDied, match="made no step for"):
        await worker.ask(a_run("hanging", "hang"))


@with_a_worker(limit=1.0)
async def test_a_stopped_worker_is_told_and_replaced_and_nobody_is_charged(worker: WorkerProcess) -> None:
    asking = asyncio.ensure_future(outcomes(worker, ("a", "wait"), ("b", "stop")))
    while not worker.stalled_seconds:
        await asyncio.sleep(0.001)
        assert not asking.done()
    assert await asking == {"a": WorkerLost, "b": WorkerLost}
    assert worker.stalled_seconds == 0
    assert await outcomes(worker, ("a", "done")) == {"a": JobFailed}
