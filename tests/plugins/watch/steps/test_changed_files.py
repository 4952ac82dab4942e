"""Files that are overwritten, renamed, copied or taken away while they are worked on are done once, as they are now."""

from pathlib import Path
from typing import Any

import pytest
from fake_daemon import FakeDaemon
from plugins.watch.bench import Bench, bench, specs
from unmix.v1 import jobs_pb2


def test_a_file_that_is_overwritten_while_it_is_worked_on_is_done_once_as_it_is_now(desk: Bench) -> None:
    path = desk.put("talk.wav", b"half")
    [old] = desk.submitted()
    path.write_bytes(b"the whole")
    new = desk.until(lambda: desk.jobs.keys() - {old})
    desk.complete(*new)
    desk.until(lambda: desk.work.is_idle)
    assert desk.files() == {"talk.wav": b"clean the whole"}
    assert desk.jobs == {}
    assert desk.done_count == 1


def test_a_file_that_changes_while_it_is_sent_is_sent_again_and_done_once(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    with bench(tmp_path, daemon, settle_seconds=0.5) as desk:
        path = desk.put("talk.wav", b"first take")

        def change(_: Any) -> None:
            daemon.script.before_upload = lambda _: None
            with path.open("r+b") as file:  # its size is the same at every moment
                file.write(b"other take")

        def complete_all() -> bool:
            for job_id, job in list(desk.jobs.items()):
                if job.state == jobs_pb2.JOB_STATE_PENDING:
                    desk.complete(job_id)
            return len(specs(daemon)) == 2 and desk.work.is_idle

        daemon.script.before_upload = change
        desk.until(complete_all)
        assert desk.files() == {"talk.wav": b"clean other take"}
        first, second = (spec.idempotency_key for spec in specs(daemon))
        assert first != second
        assert desk.jobs == {}


def test_a_file_that_is_overwritten_when_it_is_done_is_done_again_beside_the_first(desk: Bench) -> None:
    desk.done("talk.wav")
    desk.put("talk.wav", b"second take")
    desk.complete(*desk.submitted())
    desk.until(lambda: desk.work.is_idle)
    assert desk.files() == {"talk.wav": b"clean talk.wav", "talk (2).wav": b"clean second take"}


def test_a_file_that_is_only_touched_is_not_done_again(desk: Bench, daemon: FakeDaemon) -> None:
    desk.done("talk.wav")
    before = desk.entry()
    desk.put("talk.wav", b"talk.wav")
    desk.until(lambda: [entry for entry in desk.entries() if entry.facts != before.facts])
    desk.until(lambda: desk.work.is_idle)
    assert desk.entry().entry_id == before.entry_id
    assert len(specs(daemon)) == 1


@pytest.mark.parametrize("moment", ["submitted", "done"])
def test_a_file_that_is_renamed_is_the_same_recording(desk: Bench, daemon: FakeDaemon, moment: str) -> None:
    path = desk.put("talk.wav")
    [job_id] = desk.submitted()
    if moment == "done":
        desk.complete(job_id)
        desk.until(lambda: desk.work.is_idle)
    (desk.source / "sub").mkdir()
    path.rename(desk.source / "sub" / "Talk.wav")
    desk.until(lambda: desk.entry().path == Path("sub/Talk.wav"))
    if moment == "submitted":
        desk.complete(job_id)
    desk.until(lambda: desk.work.is_idle)
    assert list(desk.files()) == ["sub/Talk.wav" if moment == "submitted" else "talk.wav"]
    assert len(specs(daemon)) == 1


def test_a_copy_is_a_recording_of_its_own_and_so_is_a_hard_link(desk: Bench, daemon: FakeDaemon) -> None:
    desk.done("talk.wav")
    desk.put("copy.wav", b"talk.wav")
    (desk.source / "link.wav").hardlink_to(desk.source / "talk.wav")
    desk.submitted(2)
    for job_id in list(desk.jobs):
        desk.complete(job_id)
    desk.until(lambda: desk.work.is_idle)
    assert sorted(desk.files()) == ["copy.wav", "link.wav", "talk.wav"]


def test_an_output_that_is_moved_into_the_folder_is_left_alone(desk: Bench, daemon: FakeDaemon) -> None:
    desk.done("talk.wav")
    (desk.target / "talk.wav").rename(desk.source / "talk.clean.wav")
    desk.until(lambda: len(desk.entries()) == 2)
    desk.until(lambda: desk.work.is_idle)
    assert len(specs(daemon)) == 1
    assert (desk.source / "talk.clean.wav").exists()


@pytest.mark.parametrize("polling", [False, True])
def test_a_file_that_goes_before_its_turn_is_forgotten_and_found_when_it_is_back(
    tmp_path: Path, daemon: FakeDaemon, polling: bool
) -> None:
    with bench(tmp_path, daemon, look_ahead=1, polling=polling, poll_interval=0.6) as desk:
        desk.put("first.wav")
        [first] = desk.submitted()
        path = desk.put("second.wav", b"second")
        desk.until(lambda: len(desk.entries()) == 2)
        path.rename(tmp_path / "second.wav")
        desk.complete(first)
        desk.until(lambda: len(desk.entries()) == 1)
        (tmp_path / "second.wav").rename(path)  # as it was, to the nanosecond, and before it was looked for
        desk.complete(*desk.submitted())
        desk.until(lambda: desk.done_count == 2)
        assert desk.files()["second.wav"] == b"clean second"


def test_a_file_that_was_renamed_over_another_is_known_after_a_restart(
    desk: Bench, daemon: FakeDaemon
) -> None:
    desk.done("a.wav")
    desk.done("b.wav")
    (desk.source / "a.wav").replace(desk.source / "b.wav")
    desk.until(lambda: {str(entry.path) for entry in desk.entries()} == {"b.wav"})
    desk.restart()
    desk.until(lambda: desk.observer.scanned and desk.observer.settling == 0)
    desk.until(lambda: desk.work.is_idle)
    assert len(specs(daemon)) == 2
