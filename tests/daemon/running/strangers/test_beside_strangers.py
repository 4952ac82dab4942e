"""Who has the token is served, whatever others do on the port, and whatever other clients leave undone."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import sounds
from daemon.running.strangers import hammering
from daemon.running.strangers.memory import MIB, peak_of
from daemon.running.strangers.test_strangers import is_well
from daemons import Daemon, eventually
from unmix.v1 import audio_pb2, jobs_pb2, jobs_pb2_grpc
from unmix.words import DenoiseTask, JobState, Options

Make = Callable[..., Daemon]
PATHS = os.pathsep.join(filter(None, sys.path))


@contextmanager
def strangers(address: str) -> Iterator[None]:
    """A hundred who connect again and again, in a process of their own."""
    process = subprocess.Popen(
        [sys.executable, hammering.__file__, address], env=os.environ | {"PYTHONPATH": PATHS}
    )
    try:
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def waits(daemon: Daemon, address: str, count: int) -> list[float]:
    """Seconds for each of so many calls, every tenth of them on a new connection."""
    seconds: list[float] = []
    for _ in range(count // 10):
        with daemon.channel(address) as (channel, metadata):
            call = channel.unary_unary("/unmix.v1.ModelService/GetStatus")
            for _ in range(10):
                began = time.perf_counter()
                assert call(b"", metadata=metadata, timeout=30)
                seconds.append(time.perf_counter() - began)
    return sorted(seconds)


@pytest.mark.parametrize(
    ("count", "longest"),
    [
        pytest.param(100, 30.0, marks=pytest.mark.long),  # seconds that only a machine with other work takes
        pytest.param(5_000, 2.0, marks=pytest.mark.campaign),
    ],
)
def test_nobody_waits_for_strangers(open_daemon: Daemon, count: int, longest: float) -> None:
    unix, tcp = open_daemon.addresses()
    told: dict[str, str] = {}
    with peak_of(open_daemon.pid, 50 * MIB), strangers(tcp):
        for name, address in (("socket", unix), ("tcp", tcp)):
            seconds = waits(open_daemon, address, count)
            told[name] = f"median {seconds[len(seconds) // 2]:.4f} s, longest {seconds[-1]:.4f} s"
            assert seconds[-1] < longest, told
    assert is_well(open_daemon)


def idle_upload(daemon: Daemon, opened: ExitStack) -> Any:
    channel, metadata = opened.enter_context(daemon.channel())
    begun = jobs_pb2.SubmitJobRequest(spec=jobs_pb2.JobSpec(denoise=audio_pb2.DenoiseTask(model="wiener")))

    def requests() -> Iterator[jobs_pb2.SubmitJobRequest]:
        yield begun
        opened_for_ever.wait()

    opened_for_ever = threading.Event()
    opened.callback(opened_for_ever.set)
    stub = jobs_pb2_grpc.JobServiceStub(channel)
    return [
        stub.SubmitJob.future(requests(), metadata=[*metadata, ("unmix-client", "buggy")]) for _ in range(26)
    ]


@pytest.mark.campaign
def test_idle_uploads_are_given_up_and_keep_nobody_out(make_daemon: Make, tmp_path: Path) -> None:
    daemon = make_daemon()
    source = sounds.write(tmp_path / "in.wav", sounds.voice(1))
    with ExitStack() as opened, daemon.client() as client:
        uploads = [call for _ in range(20) for call in idle_upload(daemon, opened)]
        eventually(lambda: client.status().receiving_jobs == 128)
        job = client.jobs.submit(source, DenoiseTask("wiener"))
        *_, last = client.jobs.watch(job.job_id)
        assert last.state is JobState.COMPLETED
        codes = {call.exception(timeout=120).code() for call in uploads}
        assert codes == {grpc.StatusCode.ABORTED, grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert client.status().receiving_jobs == 0
        assert [name for name in daemon.files() if "/" not in name] == [job.job_id]


@pytest.mark.parametrize(
    "readers", [pytest.param(32, marks=pytest.mark.long), pytest.param(512, marks=pytest.mark.campaign)]
)
def test_readers_who_stop_reading_cost_a_piece_each(make_daemon: Make, tmp_path: Path, readers: int) -> None:
    daemon = make_daemon()
    source = sounds.write(tmp_path / "in.wav", sounds.voice(120))
    with ExitStack() as opened, daemon.client() as client:
        job = client.jobs.submit(source, DenoiseTask("wiener"), Options(depth="f32"))
        *_, last = client.jobs.watch(job.job_id)
        assert last.state is JobState.COMPLETED
        request = jobs_pb2.ReadOutputRequest(job_id=job.job_id, stem="clean")
        with peak_of(daemon.pid, readers * 2 * MIB):
            for _ in range(readers // 16):
                channel, metadata = opened.enter_context(daemon.channel())
                stub = jobs_pb2_grpc.JobServiceStub(channel)
                stopped = [stub.ReadOutput(request, metadata=metadata) for _ in range(16)]
                with ThreadPoolExecutor(16) as pool:
                    assert all(pool.map(lambda call: next(call).data, stopped))
                opened.callback(lambda calls=stopped: [call.cancel() for call in calls])
            client.jobs.save(job.job_id, {"clean": tmp_path / "clean.wav"})
        assert (tmp_path / "clean.wav").stat().st_size > 20 * MIB
