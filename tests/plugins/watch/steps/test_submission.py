"""A found file becomes one durable job, and no more of them than the daemon is meant to have."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from daemons import Daemon, eventually
from fake_daemon import FakeDaemon, calls_of
from plugins.watch.bench import Bench, bench, specs
from unmix.v1 import audio_pb2, jobs_pb2
from unmix.words import DenoiseTask, Options, SeparateTask
from unmix_plugins.client import Client
from unmix_plugins.watch.ledger.entry import State
from unmix_plugins.watch.notify.report import Waits


def test_a_found_file_becomes_a_durable_job_at_folder_priority(tmp_path: Path, daemon: FakeDaemon) -> None:
    options = Options(format="flac", device="cpu", keep_alive=5.0)
    with bench(tmp_path, daemon, task=DenoiseTask("rnnoise"), options=options) as desk:
        desk.put(os.fsdecode(b"sub/caf\xe9.wav"))
        [job_id] = desk.submitted()
        [spec] = specs(daemon)
        assert spec.options.priority == audio_pb2.PRIORITY_FOLDER
        assert spec.denoise.model == "rnnoise"
        assert (spec.options.file_name, spec.options.format) == ("sub/caf\\xe9.wav", "flac")
        assert daemon.script.outputs[job_id, "upload"] == b"a recording"
        assert calls_of(daemon, "SubmitJob")[0]["unmix-client"] == f"unmix-watch-{desk.ledger.token}-1"


def test_the_first_subfolder_may_say_what_is_done(tmp_path: Path, daemon: FakeDaemon) -> None:
    presets = {"music": SeparateTask(stems=("vocals",))}
    with bench(tmp_path, daemon, presets_by_subfolder=presets) as desk:
        for name in ("music/album/song.wav", "talks/talk.wav", "music.wav"):
            desk.put(name)
        desk.submitted(3)
        done = {spec.options.file_name: spec.WhichOneof("task") for spec in specs(daemon)}
        assert done == {
            "music/album/song.wav": "separate",
            "talks/talk.wav": "denoise",
            "music.wav": "denoise",
        }


@pytest.mark.long
def test_many_files_at_once_do_not_flood_the_daemon(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, look_ahead=3) as desk:
        for number in range(40):
            desk.put(f"{number}.wav", str(number).encode())
        desk.until(lambda: len(desk.entries()) == 40)
        seen: set[str] = set()
        while len(seen) < 40:
            new = desk.until(lambda seen=seen: set(desk.jobs) - seen)
            for _ in range(5):
                desk.work.step()
            assert len(list(desk.jobs)) <= 3
            for job_id in new:
                desk.complete(job_id)
            seen |= new
        desk.until(lambda: desk.work.is_idle)
        assert len(desk.files()) == 40
        assert len(specs(daemon)) == 40


def test_results_that_cannot_be_delivered_do_not_pile_up(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, look_ahead=3) as desk:
        (tmp_path / "out").write_bytes(b"a file where the target should be")
        for number in range(10):
            desk.put(f"{number}.wav", str(number).encode())
        desk.until(lambda: len(desk.entries()) == 10)
        for job_id in desk.submitted(3):
            desk.complete(job_id)
        desk.until(lambda: desk.told(Waits))
        desk.until(lambda: len(desk.entries(State.DELIVERING)) == 3)
        for _ in range(30):
            desk.work.step()
        assert len(list(desk.jobs)) == 3
        (tmp_path / "out").unlink()
        desk.until(lambda: desk.done_count == 3)


def test_only_as_many_files_are_read_as_are_submitted(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, look_ahead=2) as desk:
        for number in range(10):
            desk.put(f"{number}.wav", str(number).encode())
        desk.until(lambda: len(desk.entries()) == 10 and len(list(desk.jobs)) == 2)
        for _ in range(10):
            desk.work.step()
        assert sum(bool(entry.sha256) for entry in desk.entries()) == 2


def test_a_job_that_the_ledger_does_not_want_is_deleted(desk: Bench, daemon: FakeDaemon) -> None:
    desk.jobs["orphan"] = jobs_pb2.Job(job_id="orphan", state=jobs_pb2.JOB_STATE_COMPLETED)
    desk.until(lambda: desk.work.is_idle)
    assert desk.jobs == {}


def test_a_job_that_somebody_deleted_is_submitted_again(desk: Bench, daemon: FakeDaemon) -> None:
    desk.put("talk.wav")
    desk.submitted()
    desk.jobs.clear()
    desk.until(lambda: len(specs(daemon)) == 2)
    first, second = (spec.idempotency_key for spec in specs(daemon))
    assert first != second
    assert desk.entry().attempts == 0


def test_who_starts_again_asks_for_the_job_that_is_there(desk: Bench, daemon: FakeDaemon) -> None:
    desk.put("talk.wav")
    desk.submitted()
    [known] = desk.entries()
    # As it is when the watcher is killed before it notes the job.
    desk.jobs.clear()
    desk.ledger.save(replace(known, state=State.FOUND, job_id=""))
    desk.until(lambda: len(specs(daemon)) == 2)
    first, second = (spec.idempotency_key for spec in specs(daemon))
    assert first == second


@pytest.fixture(scope="module")
def unmixd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("unmixd")) as daemon:
        yield daemon


def test_the_daemon_itself_gives_the_same_job_for_the_same_key(unmixd: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"whatever")
    with Client.connect(unmixd.state, client_name="unmix-watch-x-1", start=False) as client:
        first = client.jobs.submit(path, DenoiseTask("rnnoise"), idempotency_key="x-1-0")
        again = client.jobs.submit(path, DenoiseTask("rnnoise"), idempotency_key="x-1-0")
        assert first.job_id == again.job_id
        eventually(lambda: client.jobs.get(first.job_id).state.is_final)
        listed = [job.job_id for job in client.jobs.list(client="unmix-watch-x-1")]
        assert listed == [first.job_id]
        client.jobs.delete(first.job_id)
        assert client.jobs.submit(path, idempotency_key="x-1-0").job_id != first.job_id
        for job in list(client.jobs.list()):
            client.jobs.delete(job.job_id)
