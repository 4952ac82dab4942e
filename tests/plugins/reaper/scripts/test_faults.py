"""The script inside REAPER when things go wrong: nothing changes, nothing is left over, and the user hears why."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from daemons import eventually
from fake_reaper import examples
from fake_reaper.model.facts import facts
from plugins.reaper.scripts.studio import CLIENT, Desk


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the script puts a job's files; nothing may be left there."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def assert_all_ended(desk: Desk) -> None:
    eventually(lambda: not any(psutil.pid_exists(pid) and is_running(pid) for pid in desk.client_pids))


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# The client


def test_a_job_that_failed_changes_nothing(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, mode="fails")
    assert desk.run("denoise") == "No model is installed: run `unmix models pull`."
    assert desk.is_unchanged


def test_a_client_that_crashes_changes_nothing_and_leaves_no_file(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "shared", mode="crashes")
    said = desk.run("denoise")
    assert "ended too early (MemoryError: no more memory)" in said
    assert desk.is_unchanged


def test_an_item_that_failed_is_told_of_and_the_others_are_done(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "shared", mode="one fails")
    said = desk.run("denoise")
    assert "Denoised 2 items by identity on cpu, but not:" in said
    assert "its header is broken" in said
    assert [len(item.takes) for item in desk.project.items] == [2, 1, 2]


@pytest.mark.parametrize("mode", [pytest.param("shortens", marks=pytest.mark.long), "misleads"])
def test_a_result_that_is_not_what_was_asked_for_is_not_placed(tmp_path: Path, mode: str) -> None:
    desk = Desk.with_item(tmp_path, mode=mode)
    assert "made nothing of it that can be used" in desk.run("denoise")
    assert facts(desk.project) == desk.facts
    assert (desk.client_folder / "jobs").exists()


def test_garbage_and_halves_of_lines_are_passed_over(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "shared", mode="babbles")
    assert desk.run("denoise") == ""
    assert desk.sounds_the_same
    assert [len(item.takes) for item in desk.project.items] == [2, 2, 2]


@pytest.mark.parametrize(
    "content", [None, "", "[]", '{"client": []}', '{"client": "unmix"}', '{"client": [1]}', "{" * 5000]
)
def test_without_a_client_the_user_is_told_how_to_get_one(tmp_path: Path, content: str | None) -> None:
    desk = Desk.with_item(tmp_path)
    path = desk.scripts / "unmix_reaper.json"
    path.unlink() if content is None else path.write_text(content)
    assert "run `unmix reaper install`" in desk.run("denoise")
    assert desk.is_unchanged


@pytest.mark.parametrize("command", ["/nonexistent/unmix", "/", "/dev/null"])
def test_a_client_that_cannot_be_started_is_told_of(tmp_path: Path, command: str) -> None:
    desk = Desk.with_item(tmp_path)
    desk.use_client(command)
    said = desk.run("denoise")
    assert "cannot be started" in said
    assert "run `unmix reaper install` again" in said
    assert desk.is_unchanged


def test_a_client_that_says_nothing_is_told_of(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.use_client("/bin/true")
    assert "ended too early (it said nothing)" in desk.run("denoise")


def test_the_client_does_not_get_what_is_meant_for_reapers_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    desk = Desk.with_item(tmp_path)
    desk.use_client(sys.executable, str(CLIENT), str(desk.client_folder), "works")
    assert desk.run("denoise") == ""


# The user


def test_cancelling_changes_nothing(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, mode="slow")
    desk.begin_and_wait("denoise")
    desk.begin("cancel")
    assert desk.finish() == ""
    assert desk.help == "Unmix: cancelled, and nothing was changed"
    assert desk.is_unchanged
    assert_all_ended(desk)


def test_a_client_that_does_not_listen_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk.with_item(tmp_path, mode="deaf")
    desk.change_script("PATIENCE = 5.0", "PATIENCE = 0.1")
    desk.begin_and_wait("denoise")
    desk.begin("cancel")
    desk.finish()
    assert_all_ended(desk)
    assert facts(desk.project) == desk.facts


def test_leaving_reaper_ends_the_client(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, mode="slow")
    desk.begin_and_wait("denoise")
    desk.reaper.exit()
    assert_all_ended(desk)
    assert desk.is_unchanged
    assert desk.reaper.messages == []


@pytest.mark.parametrize("separate", [False, True])
def test_a_second_action_offers_to_cancel_the_first(tmp_path: Path, separate: bool) -> None:
    desk = Desk.with_item(tmp_path, mode="slow", separate_interpreters=separate)
    desk.begin_and_wait("denoise")
    desk.begin("separate")
    assert "still works on the last action" in desk.finish()
    assert desk.is_unchanged
    assert len(desk.jobs) == 1


def test_a_second_action_lets_the_first_go_on_if_the_user_wants_it(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, mode="waits")
    desk.begin_and_wait("denoise")
    desk.reaper.answers.append(7)
    desk.begin("denoise")
    desk.go()
    assert len(desk.item.takes) == 2
    assert len(desk.jobs) == 1
    assert desk.reaper.problems == []


def test_an_action_that_crashed_does_not_block_the_next(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.reaper.ext_state["UNMIX", "RUNNING"] = f"{os.getpid()} 0123 -100.0"
    assert desk.run("denoise") == ""
    assert len(desk.item.takes) == 2


def test_an_action_of_another_reaper_does_not_block_this_one(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.reaper.ext_state["UNMIX", "RUNNING"] = f"{os.getpid() + 1} 0123 1e9"
    assert desk.run("denoise") == ""
    assert len(desk.item.takes) == 2


def test_there_may_be_nothing_to_cancel(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    assert desk.run("cancel") == ""
    assert desk.help == "Unmix: nothing to cancel"
    assert desk.undo_points == []


def test_actions_run_one_after_the_other(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    for action in ("denoise", "settings", "vocals", "cancel", "denoise"):
        desk.run(action)
    assert desk.reaper.problems == []
    assert desk.undo_points == [
        "Unmix: denoised 1 item",
        "Unmix: split 1 item into vocals and instrumental",
        "Unmix: denoised 1 item",
    ]


# What is left


@pytest.mark.parametrize(("items", "told"), [(1, "left 1 item as it is"), (3, "left 3 items as they are")])
def test_items_that_were_left_are_not_said_to_be_denoised(tmp_path: Path, items: int, told: str) -> None:
    desk = Desk(tmp_path, examples.many(tmp_path / "project", items), mode="leaves")
    desk.run("denoise")
    said = [call.arguments[0] for call in desk.reaper.calls if call.name == "RPR_Help_Set"]
    assert said[-1] == f"Unmix: {told}"


def test_notes_are_told_once(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, mode="notes")
    desk.run("denoise")
    desk.run("denoise")
    assert desk.reaper.windows.console.count("It ran on cpu because") == 1


def test_folders_of_a_reaper_that_was_killed_are_removed(tmp_path: Path, temporary: Path) -> None:
    old, new, other = (temporary / name for name in ("unmix-reaper-old", "unmix-reaper-new", "mine"))
    for folder in (old, new, other):
        folder.mkdir()
        (folder / "JOB.json").write_text("{}")
    for folder in (old, other):
        os.utime(folder, (0, 0))
    Desk.with_item(tmp_path).run("denoise")
    assert {path.name for path in temporary.iterdir()} == {"unmix-reaper-new", "mine"}
    for folder in (new, other):
        (folder / "JOB.json").unlink()
        folder.rmdir()


def test_the_job_is_json_in_ascii(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "unicode name")
    desk.run("denoise")
    (line,) = (desk.client_folder / "jobs").read_text(encoding="ascii").splitlines()
    assert json.loads(line)["items"][0]["source"].endswith(".wav")
