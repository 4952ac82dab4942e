"""The answers to effects: results at once, promises of late ones, and the choices that they are made by."""

import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fake_daemon import FakeDaemon, untouched
from plugins.audacity.bridge.notes import OTHERS, SAMPLES, STEREO, Notes
from plugins.audacity.requests import FACTORS, LEFT, multiply, request_text
from unmix_plugins.audacity.bridge import answers as desks
from unmix_plugins.audacity.bridge.answers import Answers
from unmix_plugins.audacity.bridge.click import Click, State
from unmix_plugins.audacity.bridge.jobs import Jobs
from unmix_plugins.audacity.effect.clips import Piece
from unmix_plugins.audacity.effect.operations import Operation
from unmix_plugins.audacity.effect.request import Answer, Import, Nothing, Samples, Say


def _samples(answer: Answer | None) -> np.ndarray:
    assert isinstance(answer, Samples)
    return soundfile.read(answer.path, dtype="float32")[0]


def test_each_selected_track_gets_its_own_result(answers: Answers, folder: Path) -> None:
    one = answers.handle(request_text(SAMPLES, folder, selected=(1, 3)))
    two = answers.handle(request_text(STEREO, folder, selected=(1, 3), index=2, sample_rate=48_000))
    assert np.array_equal(_samples(one), SAMPLES * np.float32(FACTORS["clean"]))
    assert np.array_equal(_samples(two), STEREO * np.float32(FACTORS["clean"]))


def test_music_that_was_left_is_told_and_what_can_be_done(
    answers: Answers, folder: Path, daemon: FakeDaemon
) -> None:
    daemon.script.denoise = untouched
    assert answers.handle(request_text(SAMPLES, folder)) == Say(f"{LEFT}\n\nNothing was changed.")


def test_where_others_are_selected_too_music_that_was_left_comes_back_with_them(
    answers: Answers, folder: Path, daemon: FakeDaemon
) -> None:
    daemon.script.denoise = untouched
    one = answers.handle(request_text(SAMPLES, folder, selected=(1, 3)))
    two = answers.handle(request_text(STEREO, folder, selected=(1, 3), index=2, sample_rate=48_000))
    assert np.array_equal(_samples(one), SAMPLES)
    assert np.array_equal(_samples(two), STEREO)


def test_removing_vocals_replaces_the_selection_by_all_but_vocals(
    answers: Answers, folder: Path, daemon: FakeDaemon
) -> None:
    answer = answers.handle(request_text(SAMPLES, folder, operation="remove_vocals"))
    assert np.array_equal(_samples(answer), SAMPLES * np.float32(FACTORS["no_vocals"]))


def test_new_tracks_come_with_the_last_selected_track(answers: Answers, folder: Path) -> None:
    first = answers.handle(request_text(SAMPLES, folder, operation="separate", selected=(1, 2)))
    last = answers.handle(request_text(STEREO, folder, operation="separate", selected=(1, 2), index=2))
    assert first == Nothing()
    assert isinstance(last, Import)
    assert last.path.read_text("utf-8").count("<wavetrack") == 4 + 2 * 4


def test_files_go_once_audacity_has_imported_them(answers: Answers, folder: Path) -> None:
    answer = answers.handle(request_text(SAMPLES, folder, operation="denoise_copy"))
    assert isinstance(answer, Import)
    assert answers.handle(f'operation=imported\nwhat="{answer.path}"\n') is None
    assert [path for path in folder.rglob("*") if path.is_file() and path.parent != folder] == []


def test_long_work_is_promised_and_handed_to_the_writer(
    answers: Answers, folder: Path, writer: Notes, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "LONG", 0.0)
    assert answers.handle(request_text(SAMPLES, folder)) == Nothing()
    assert [click.is_late for click in writer.followed] == [True]
    assert list(jobs.all().values()) == writer.followed


def test_work_that_takes_longer_than_expected_is_promised_for_all_tracks(
    answers: Answers, folder: Path, daemon: FakeDaemon, writer: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    daemon.script.denoise = multiply(gate).denoise
    monkeypatch.setattr(desks, "PATIENCE", 0.1)
    assert answers.handle(request_text(SAMPLES, folder, selected=(1, 2))) == Nothing()
    assert answers.handle(request_text(STEREO, folder, selected=(1, 2), index=2)) == Nothing()
    gate.set()
    results = writer.followed[0].work.wait_for_all()
    assert len(results) == 2


def test_a_selection_with_a_gap_is_promised_where_there_is_a_pipe_and_refused_where_there_is_none(
    answers: Answers, folder: Path, writer: Notes
) -> None:
    clips = ((0.0, 1.1), (1.3, 2.0))
    assert answers.handle(request_text(SAMPLES, folder, clips=clips)) == Nothing()
    assert len(writer.followed) == 1
    writer.has_pipe = False
    answer = answers.handle(request_text(OTHERS, folder, clips=clips, run="2.5"))
    assert isinstance(answer, Say)
    assert "script pipe" in answer.text
    assert not (folder / "in" / "2.5.1.wav").exists()


def test_a_finished_result_is_fetched_by_choosing_the_effect_again(
    answers: Answers, folder: Path, writer: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "LONG", 0.0)
    writer.has_pipe = False
    promise = answers.handle(request_text(SAMPLES, folder))
    assert isinstance(promise, Say)
    assert "background" in promise.text
    click = writer.followed[0]
    click.work.wait_for_all()
    click.settle(State.READY)
    answer = answers.handle(request_text(SAMPLES, folder, run="2.5"))
    assert np.array_equal(_samples(answer), SAMPLES * np.float32(FACTORS["clean"]))
    assert click.state is State.DONE


def test_a_result_is_not_fetched_for_other_samples(
    answers: Answers, folder: Path, writer: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "LONG", 0.0)
    answers.handle(request_text(SAMPLES, folder))
    writer.followed[0].work.wait_for_all()
    writer.followed[0].settle(State.READY)
    edited = SAMPLES.copy()
    edited[-1] += 0.25
    answer = answers.handle(request_text(edited, folder, operation="fetch", run="2.5"))
    assert isinstance(answer, Say)
    assert "No finished result" in answer.text


def test_what_is_worked_on_already_is_not_begun_again(
    answers: Answers, folder: Path, daemon: FakeDaemon, writer: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "LONG", 0.0)
    answers.handle(request_text(SAMPLES, folder))
    for operation in ("denoise", "fetch"):
        answer = answers.handle(request_text(SAMPLES, folder, operation=operation, run="2.5"))
        assert isinstance(answer, Say)
        assert "already works" in answer.text
    writer.followed[0].work.wait_for_all()
    assert len(daemon.script.requests) == 1
    assert not (folder / "in" / "2.5.1.wav").exists()


def test_a_result_is_fetched_to_where_the_samples_are_now(
    answers: Answers, folder: Path, writer: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "LONG", 0.0)
    answers.handle(request_text(SAMPLES, folder))
    click = writer.followed[0]
    click.work.wait_for_all()
    click.settle(State.CHANGED)
    clips = ((0.0, 1.1), (7.0, 7.25))
    assert answers.handle(request_text(SAMPLES, folder, run="2.5", start=7.0, clips=clips)) == Nothing()
    assert writer.followed == [click, click]
    assert click.handed[0].pieces == (Piece(7 * 44_100, 0, 11_025),)


def test_a_result_is_not_fetched_for_part_of_its_tracks(
    answers: Answers, folder: Path, writer: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "LONG", 0.0)
    answers.handle(request_text(SAMPLES, folder, selected=(1, 2)))
    answers.handle(request_text(STEREO, folder, selected=(1, 2), index=2))
    click = writer.followed[0]
    click.work.wait_for_all()
    click.settle(State.READY)
    assert isinstance(answers.handle(request_text(SAMPLES, folder, operation="fetch", run="2.5")), Say)
    answers.handle(request_text(SAMPLES, folder, operation="fetch", run="3.5", selected=(1, 2)))
    changed = request_text(OTHERS, folder, operation="fetch", run="3.5", selected=(1, 2), index=2)
    assert isinstance(answers.handle(changed), Say)
    assert click.state is State.READY


def test_a_late_click_whose_last_track_never_came_is_given_up(
    answers: Answers, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "LONG", 0.0)
    answers.handle(request_text(SAMPLES, folder, selected=(1, 2)))
    monkeypatch.setattr(desks, "LONG", 9.0)
    answers.handle(request_text(OTHERS, folder, run="2.5"))
    assert not (folder / "in" / "1795254470.482182026.1.wav").exists()


def test_a_commands_choices_are_for_its_own_click_only(
    answers: Answers, folder: Path, daemon: FakeDaemon
) -> None:
    clicks: list[Click] = []
    with answers.expecting(Operation.DENOISE, {"denoise_model": "wiener"}, clicks.append):
        answers.handle(request_text(OTHERS, folder, operation="noise_copy"))
        answers.handle(request_text(SAMPLES, folder, run="2.5"))
    answers.handle(request_text(STEREO, folder, run="3.5"))
    assert [spec.task.model for spec in daemon.script.requests] == ["auto", "wiener", "auto"]
    assert [click.run for click in clicks] == ["2.5"]


def test_a_command_is_told_of_a_result_that_was_there_already(
    answers: Answers, folder: Path, writer: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "LONG", 0.0)
    answers.handle(request_text(SAMPLES, folder))
    writer.followed[0].work.wait_for_all()
    writer.followed[0].settle(State.READY)
    clicks: list[Click] = []
    with answers.expecting(Operation.DENOISE, {}, clicks.append):
        answers.handle(request_text(SAMPLES, folder, run="2.5"))
    assert clicks == writer.followed
    assert clicks[0].state is State.DONE


def test_a_dialogs_choices_are_used_again_without_one(
    answers: Answers, folder: Path, daemon: FakeDaemon
) -> None:
    answers.handle(
        request_text(
            SAMPLES, folder, settings={"denoise_model": "wiener", "attenuation_limit_db": "12.000000000"}
        )
    )
    answers.handle(request_text(SAMPLES, folder, run="2.5"))
    tasks = [spec.task for spec in daemon.script.requests]
    assert [(task.model, task.attenuation_limit_db) for task in tasks] == [("wiener", 12.0)] * 2


def test_status_goes_to_the_writer(answers: Answers, folder: Path) -> None:
    text = request_text(SAMPLES, folder)
    assert answers.handle(text.replace("operation=denoise", "operation=status")) == Say("talk")
