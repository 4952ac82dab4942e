"""The daemon is missing, ends, refuses, or loses its worker: Audacity says so, and its project stays as it is."""

from collections.abc import Iterator
from pathlib import Path

import fake_daemon
import grpc
import numpy as np
import psutil
import pytest
from daemons import Daemon, processes_of
from plugins.audacity.arrangement import RATE
from plugins.audacity.bridge_runs import of_the_daemon
from plugins.audacity.faults.stage import Stage, difference, noise, voice
from unmix.words import DenoiseTask
from unmix_plugins.audacity.effect.choices import Choices, save

pytestmark = pytest.mark.long

UNCHANGED = "Nothing was changed."
LONG = 25 * RATE


@pytest.fixture
def real_daemon(stage: Stage) -> Iterator[Daemon]:
    with Daemon(stage.state) as daemon:
        yield daemon
    for process in processes_of(stage.state):
        process.kill()


def choose_for_a_stopped_worker(daemon: Daemon, stage: Stage) -> psutil.Process:
    """The worker, which has been given the work of an effect, and cannot be done with it."""
    with daemon.client() as client:
        client.models.load("rnnoise")
        (worker,) = daemon.workers()
        worker.suspend()
        stage.choose()
        stage.until(lambda: client.status().processing_jobs)
    return worker


def test_a_worker_that_is_killed_is_replaced_and_the_result_is_right(
    stage: Stage, real_daemon: Daemon, tmp_path: Path
) -> None:
    before = stage.open(voice(frames=LONG))
    stage.start_bridge()
    worker = choose_for_a_stopped_worker(real_daemon, stage)
    assert stage.job()["state"] == "working"
    worker.kill()
    stage.wait_until_done()
    after = stage.project()
    with real_daemon.client() as client:
        made = of_the_daemon(client, noise(frames=LONG), RATE, DenoiseTask(), tmp_path)
    assert np.array_equal(after.tracks[0].clips[0].samples[0], made["clean"])
    assert not np.array_equal(after.tracks[0].clips[0].samples, before.tracks[0].clips[0].samples)


def test_a_daemon_that_is_killed_is_told_and_started_again_by_the_next_click(
    stage: Stage, real_daemon: Daemon, tmp_path: Path
) -> None:
    before = stage.open(voice(frames=LONG))
    stage.start_bridge()
    worker = choose_for_a_stopped_worker(real_daemon, stage)
    real_daemon.kill()
    worker.kill()
    said = stage.message()
    assert "The daemon went away" in said
    assert UNCHANGED in said
    stage.wait_until_done()
    assert difference(before, stage.project()) == ""
    stage.command("SelectTime: Start=0 End=1")
    stage.choose()
    stage.wait_until_done()
    with real_daemon.client() as client:
        made = of_the_daemon(client, noise(frames=LONG)[:RATE], RATE, DenoiseTask(), tmp_path)
    now = stage.project().tracks[0].clips[0].samples[0]
    assert np.array_equal(now[:RATE], made["clean"])
    assert np.array_equal(now[RATE:], noise(frames=LONG)[RATE:])


def test_a_model_that_is_missing_is_told_with_the_way_to_get_it(stage: Stage, real_daemon: Daemon) -> None:
    before = stage.open()
    stage.start_bridge(long=60)
    save(stage.state / "audacity", Choices(separate_model="htdemucs"))
    stage.click("Remove Vocals")
    said = stage.message()
    assert "in a terminal with:   unmix models pull htdemucs" in said
    assert UNCHANGED in said
    assert difference(before, stage.project()) == ""
    (stage.state / "audacity" / "choices.json").unlink()


def test_a_daemon_that_does_not_start_is_told(stage: Stage) -> None:
    before = stage.open()
    stage.start_bridge(long=60, UNMIXD_LISTEN="nonsense")
    stage.click()
    said = stage.message()
    assert said.startswith("The daemon ended at once, saying “")
    assert UNCHANGED in said
    assert difference(before, stage.project()) == ""


@pytest.mark.parametrize("long", [0.0, 60.0])
def test_a_full_queue_is_told(stage: Stage, long: float) -> None:
    def full(upload: fake_daemon.Upload) -> fake_daemon.Events:
        fake_daemon.fail(
            upload.context,
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "100 jobs wait already: try again in a minute.",
            reason="QUEUE_FULL",
            retry_seconds=60,
        )
        yield from ()

    before = stage.open()
    stage.start_daemon().script.denoise = full
    stage.start_bridge(long=long)
    stage.click()
    said = stage.message()
    assert "100 jobs wait already: try again in a minute" in said
    assert UNCHANGED in said
    stage.wait_until_done()
    assert difference(before, stage.project()) == ""


def test_envelope_points_are_told_before_anything_is_done(stage: Stage) -> None:
    stage.open()
    daemon = stage.start_daemon()
    stage.start_bridge(long=60)
    stage.command("SetEnvelope: Time=1 Value=0.5")
    before = stage.project()
    stage.click()
    said = stage.message()
    assert "The selection has envelope points" in said
    assert "Tracks > Mix > Mix and Render" in said
    assert difference(before, stage.project()) == ""
    assert daemon.script.requests == []
