"""A real worker beside jobs that bring it down, hang in it, or stop it."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import sounds
from daemons import Daemon, eventually
from unmix.words import DenoiseTask, JobState, Options, Priority
from unmix_daemon.errors import WorkerDied, WorkerLost
from unmix_daemon.executors.worker_process import WorkerProcess
from unmix_daemon.worker.messages import Begin, Run

pytestmark = pytest.mark.long
Make = Callable[..., Daemon]


def test_a_file_that_hangs_the_decoder_is_charged_alone(tmp_path: Path) -> None:
    hanging = tmp_path / "hanging.wav"
    os.mkfifo(hanging)  # nobody ever writes: to open it is to wait
    long = sounds.write(tmp_path / "long.wav", sounds.voice(600.0))
    run = Run(
        ticket="long",
        task=DenoiseTask("rnnoise"),
        options=Options(),
        input=str(long),
        outputs=str(tmp_path / "long"),
        keep_alive=0.0,
        device_reason="asked for",
        durable=False,
    )
    urgent = Options(priority=Priority.INTERACTIVE)
    hangs = replace(run, ticket="hangs", options=urgent, input=str(hanging), outputs=str(tmp_path / "hangs"))

    async def work() -> list[object]:
        worker = WorkerProcess(Begin("cpu", str(tmp_path / "weights"), 1 << 30, 1, 8), stall=10.0)
        async with asyncio.timeout(120):
            ended = await asyncio.gather(worker.ask(run), worker.ask(hangs), return_exceptions=True)
        await worker.close()
        return list(ended)

    innocent, guilty = asyncio.run(work())
    assert type(innocent) is WorkerLost
    assert type(guilty) is WorkerDied
    assert "made no step for" in str(guilty)


def test_a_stopped_worker_is_told_and_its_jobs_go_on_in_another(make_daemon: Make, tmp_path: Path) -> None:
    daemon = make_daemon(stall=30.0)
    source = sounds.write(tmp_path / "in.wav", sounds.voice(120))
    with daemon.client() as client:
        job = client.jobs.submit(source, DenoiseTask("rnnoise"))
        eventually(lambda: client.jobs.get(job.job_id).progress.fraction > 0)
        [stopped] = daemon.workers()
        os.kill(stopped.pid, signal.SIGSTOP)
        told = eventually(lambda: [device for device in client.status().devices if device.stalled_seconds])
        assert told[0].worker_pid == stopped.pid
        *_, last = client.jobs.watch(job.job_id)
        assert last.state is JobState.COMPLETED
        assert not psutil.pid_exists(stopped.pid)
        assert client.status().devices[0].stalled_seconds == 0


def test_poisons_beside_others_are_charged_and_the_others_are_done(make_daemon: Make, tmp_path: Path) -> None:
    """A poison is a job during which the test kills whatever worker has it; the front cannot know that."""
    daemon = make_daemon(batch=4, max_crashes=2)
    source = sounds.write(tmp_path / "in.wav", sounds.voice(40))
    long = sounds.write(tmp_path / "long.wav", sounds.voice(120))
    with daemon.client() as client:
        poisons = [client.jobs.submit(long, DenoiseTask("rnnoise")).job_id for _ in range(2)]
        others = [client.jobs.submit(source, DenoiseTask("wiener")).job_id for _ in range(6)]

        def run_on() -> bool:
            jobs: Any = {job.job_id: job for job in client.jobs.list()}
            at_work = [name for name in poisons if jobs[name].state is JobState.PROCESSING]
            if any(jobs[name].progress.stage == "denoising" for name in at_work):
                for worker in daemon.workers():
                    worker.kill()
                    eventually(lambda pid=worker.pid: not psutil.pid_exists(pid))
            return all(job.state.is_final for job in jobs.values())

        eventually(run_on, seconds=240)
        for name in poisons:
            error = client.jobs.get(name).error
            assert error
            assert error.reason == "WORKER_DIED"
        assert {client.jobs.get(name).state for name in others} == {JobState.COMPLETED}
