"""What is answered where no effect can be done, and that nothing is left of it."""

from pathlib import Path

import fake_daemon
import grpc
import pytest
from fake_daemon import FakeDaemon
from plugins.audacity.bridge.notes import SAMPLES, Notes
from plugins.audacity.requests import request_text
from unmix_plugins.audacity.bridge.answers import Answers
from unmix_plugins.audacity.effect.request import Import, Say


def test_a_selection_without_audio_is_not_worked_on(answers: Answers, folder: Path, writer: Notes) -> None:
    answer = answers.handle(request_text(SAMPLES, folder, clips=((5.0, 6.0),)))
    assert isinstance(answer, Say)
    assert "no audio" in answer.text
    assert writer.followed == []
    assert list((folder / "in").iterdir()) == []


def test_clips_that_audacity_would_join_are_not_touched(
    answers: Answers, folder: Path, writer: Notes
) -> None:
    clips = ((0.0, 1.1), (1.1 + 2 / 44_100, 2.0))
    answer = answers.handle(request_text(SAMPLES, folder, clips=clips))
    assert isinstance(answer, Say)
    assert "Join" in answer.text
    assert "Nothing was changed." in answer.text
    assert writer.followed == []
    assert list((folder / "in").iterdir()) == []
    assert isinstance(
        answers.handle(request_text(SAMPLES, folder, clips=clips, operation="denoise_copy")), Import
    )


def test_envelope_points_in_the_selection_are_named_with_the_cure(answers: Answers, folder: Path) -> None:
    answer = answers.handle(request_text(SAMPLES, folder, envelope=True))
    assert isinstance(answer, Say)
    assert "Mix and Render" in answer.text


def test_what_the_daemon_says_is_shown_and_nothing_is_left(
    answers: Answers, folder: Path, daemon: FakeDaemon
) -> None:
    def full(upload: fake_daemon.Upload) -> fake_daemon.Events:
        fake_daemon.fail(
            upload.context,
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "The queue is full: try again in a minute.",
            reason="QUEUE_FULL",
            retry_seconds=60,
        )
        yield from ()

    daemon.script.denoise = full
    answer = answers.handle(request_text(SAMPLES, folder))
    assert isinstance(answer, Say)
    assert "queue is full" in answer.text
    assert "Nothing was changed." in answer.text
    assert list((folder / "in").iterdir()) == []


def test_samples_that_did_not_all_reach_the_disk_are_not_worked_on(answers: Answers, folder: Path) -> None:
    answer = answers.handle(request_text(SAMPLES, folder, said_frames=20_001))
    assert isinstance(answer, Say)
    assert "disk full" in answer.text
    assert list((folder / "in").iterdir()) == []


def test_a_track_of_a_run_that_the_bridge_does_not_know_is_refused(answers: Answers, folder: Path) -> None:
    answer = answers.handle(request_text(SAMPLES, folder, selected=(1, 2), index=2))
    assert isinstance(answer, Say)
    assert "started anew" in answer.text


@pytest.mark.parametrize("settings", [{"attenuation_limit_db": "500"}, {"colour": "red"}])
def test_settings_that_cannot_be_are_refused(
    answers: Answers, folder: Path, settings: dict[str, str]
) -> None:
    answer = answers.handle(request_text(SAMPLES, folder, settings=settings))
    assert isinstance(answer, Say)
    assert "unmix audacity install" in answer.text


def test_nonsense_is_answered_so_that_audacity_does_not_wait(answers: Answers) -> None:
    assert isinstance(answers.handle("gibberish"), Say)


@pytest.mark.parametrize("operation", ["denoise", "separate"])
def test_nothing_is_put_into_a_project_whose_disk_is_full(
    answers: Answers, folder: Path, writer: Notes, operation: str
) -> None:
    writer.has_disk = False
    answer = answers.handle(request_text(SAMPLES, folder, operation=operation))
    assert isinstance(answer, Say)
    assert "nearly full" in answer.text
    assert [path for name in ("in", "out") for path in (folder / name).iterdir()] == []
