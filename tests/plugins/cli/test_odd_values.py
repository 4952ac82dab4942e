"""Whatever numbers and names a daemon tells, the commands that look show what they can."""

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon
from typer.testing import CliRunner, Result
from unmix.v1 import audio_pb2, jobs_pb2, models_pb2
from unmix_plugins.cli._main import app

YEARS = 1 << 62
ODD = "\x1b[31m\u202egpj.\x00\nname"


@pytest.fixture(params=["Pacific/Auckland", "America/Los_Angeles"])
def somewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """East and west of Greenwich the calendar ends at another hour."""
    with monkeypatch.context() as there:
        there.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def unmix(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_status_shows_what_it_can(daemon: FakeDaemon, somewhere: str) -> None:
    status = daemon.script.status
    status.keep_alive.seconds = YEARS
    status.start_time.seconds = YEARS
    status.memory_bytes = -YEARS
    status.devices[0].memory_bytes = YEARS
    status.devices[0].description = ODD
    status.devices[0].stalled_seconds = math.nan
    resident = models_pb2.Residency(device=ODD)
    resident.expire_time.seconds = YEARS
    daemon.script.models[0].residency.append(resident)
    shown = unmix("status")
    assert shown.exit_code == 0
    assert "models stay for ages" in shown.stdout
    assert "in ages" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "\u202e" not in shown.stdout
    assert json.loads(unmix("status", "--json").stdout)["devices"][0]["stalled_seconds"] == 0


def test_jobs_are_listed_as_far_as_they_can_be(daemon: FakeDaemon, somewhere: str) -> None:
    job = jobs_pb2.Job(
        job_id="j",
        state=jobs_pb2.JOB_STATE_PROCESSING,
        options=audio_pb2.JobOptions(file_name=ODD),
        client=ODD,
        progress=audio_pb2.Progress(stage=ODD, fraction=math.nan, remaining_seconds=math.nan),
    )
    for moment in (job.create_time, job.start_time, job.end_time):
        moment.seconds = YEARS
    job.options.keep_alive.seconds = YEARS
    daemon.script.jobs["j"] = job
    daemon.script.jobs["k"] = jobs_pb2.Job(job_id="k")
    shown = unmix("jobs", "list")
    assert (shown.exit_code, len(shown.stdout.splitlines())) == (0, 3)
    assert "\x1b" not in shown.stdout
    assert "\u202e" not in shown.stdout
    assert [job["job_id"] for job in json.loads(unmix("jobs", "list", "--json").stdout)] == ["j", "k"]


def test_a_stalled_worker_is_told(daemon: FakeDaemon, state: Path) -> None:
    daemon.script.status.devices[0].stalled_seconds = 75.0
    assert "4711, stalled for 75.0 s" in unmix("status").stdout
    doctor = unmix("doctor")
    assert "its worker has made no step for 75 s" in doctor.stdout
    assert "it is replaced if that lasts" in doctor.stdout
