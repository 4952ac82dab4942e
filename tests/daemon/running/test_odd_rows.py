"""What is in the database, and what clients send, breaks nobody's listing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from daemon.job_examples import a_job
from daemons import Daemon
from unmix.v1 import audio_pb2, jobs_pb2, jobs_pb2_grpc, models_pb2, models_pb2_grpc
from unmix.words import DenoiseTask, Options
from unmix_daemon.state.store import Store

pytestmark = pytest.mark.long
Make = Callable[..., Daemon]


def test_rows_of_a_version_that_took_everything_are_listed(make_daemon: Make, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)

    async def fill() -> list[str]:
        store = Store(tmp_path / "state" / "jobs.sqlite3")
        jobs = [
            replace(
                a_job(),
                task=DenoiseTask(huge),
                options=Options(file_name=huge, format=huge, keep_alive=2.0**62),
            )
            for huge in ("\U0001f3a7" * (1 << 20), "x" * (3 << 20), "x")
            for _ in range(2)
        ]
        for job in jobs:
            await store.add(job)
            await store.cancel(job.job_id)
        await store.close()
        return [job.job_id for job in jobs]

    jobs = asyncio.run(fill())
    with make_daemon().client() as client:
        assert [job.job_id for job in client.jobs.list()] == jobs[::-1]
        assert client.jobs.get(jobs[0]).options.file_name.endswith("…")
        assert len(list(client.jobs.watch(jobs[0]))) == 2


def test_what_a_buggy_client_asks_for_breaks_no_status(daemon: Daemon) -> None:
    for_ages = models_pb2.LoadModelRequest(name="wiener")
    for_ages.keep_alive.seconds = 1 << 62
    with daemon.channel() as (channel, metadata), daemon.client() as client:
        models = models_pb2_grpc.ModelServiceStub(channel)
        models.LoadModel(for_ages, metadata=metadata)
        loaded = client.models.get("wiener").residency
        assert loaded[0].expire_time
        assert loaded[0].expire_time.year == 9999
        client.models.unload("wiener")

        def refused(options: audio_pb2.JobOptions) -> str:
            spec = jobs_pb2.JobSpec(denoise=audio_pb2.DenoiseTask(), options=options)
            with pytest.raises(grpc.RpcError) as caught:
                jobs_pb2_grpc.JobServiceStub(channel).SubmitJob(
                    iter([jobs_pb2.SubmitJobRequest(spec=spec)]), metadata=metadata
                )
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            return str(caught.value.details())

        huge = "x" * (3 << 20)  # a message may have 4 MiB
        assert "options.format takes 100" in refused(audio_pb2.JobOptions(format=huge))
        assert "options.file_name takes 4096" in refused(audio_pb2.JobOptions(file_name=huge))
        assert client.status().devices[0].crashes == 0
