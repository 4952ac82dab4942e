"""A real worker that is killed: who had it alone may be why, of several nobody is."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
import sounds
from unmix.words import DenoiseTask, Options, Priority, Progress
from unmix_daemon.errors import WorkerDied, WorkerLost
from unmix_daemon.executors.worker_process import WorkerProcess
from unmix_daemon.reports import Growth
from unmix_daemon.worker.messages import Begin, Run


@pytest.mark.long
@pytest.mark.parametrize(("priorities", "expected"), [(1, WorkerDied), (2, WorkerLost)])
def test_a_worker_that_is_killed_charges_only_who_had_it_alone(
    tmp_path: Path, priorities: int, expected: type[Exception]
) -> None:
    source = sounds.write(tmp_path / "long.wav", sounds.voice(600.0))

    async def kill() -> list[object]:
        worker = WorkerProcess(Begin("cpu", str(tmp_path / "weights"), 1 << 30, 1, 1))
        at_work = asyncio.Event()

        async def report(news: Growth | Progress) -> None:
            if isinstance(news, Growth):
                at_work.set()

        runs = [
            Run(
                ticket=priority.name,
                task=DenoiseTask("rnnoise"),
                options=Options(priority=priority),
                input=str(source),
                outputs=str(tmp_path / priority.name),
                keep_alive=0.0,
                device_reason="asked for",
                durable=False,
            )
            for priority in (Priority.BATCH, Priority.INTERACTIVE)[:priorities]
        ]
        answers = [asyncio.ensure_future(worker.ask(run, report)) for run in runs]
        async with asyncio.timeout(60):
            await at_work.wait()
            os.kill(worker.pid, signal.SIGKILL)
            ended = await asyncio.gather(*answers, return_exceptions=True)
        await worker.close()
        return list(ended)

    assert [type(one) for one in asyncio.run(kill())] == [expected] * priorities
