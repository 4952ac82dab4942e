"""A file that fails is put away with its reason, once, wherever it is by then."""

from pathlib import Path
from typing import Any

from fake_daemon import FakeDaemon
from plugins.watch.bench import Bench, bench
from unmix_plugins.watch.config.folder import CommandHook, SourcePolicy
from unmix_plugins.watch.ledger.entry import State


def test_a_kept_source_that_fails_has_a_second_name_as_its_dead_letter(desk: Bench) -> None:
    path = desk.put("sub/bad.wav")
    [job_id] = desk.submitted()
    desk.fail(job_id, "INVALID_AUDIO", code=3)
    desk.until(lambda: desk.work.is_idle)
    assert desk.files()["_failed/sub/bad.wav"] == path.read_bytes()
    reason = desk.files()["_failed/sub/bad.wav.reason.txt"].decode()
    assert "Why:     It is so. (INVALID_AUDIO)" in reason
    assert f"Source:  {path}" in reason
    assert (desk.failed_count, desk.jobs) == (1, {})


def test_a_source_that_is_moved_when_done_is_moved_when_it_fails(tmp_path: Path, daemon: FakeDaemon) -> None:
    settings: dict[str, Any] = {"source_policy": SourcePolicy.MOVE, "moved_to": tmp_path / "moved"}
    with bench(tmp_path, daemon, **settings) as desk:
        desk.put("bad.wav", b"one")
        desk.fail(*desk.submitted(), "INVALID_AUDIO", code=3)
        desk.until(lambda: desk.failed_count == 1)
        desk.put("bad.wav", b"two")
        desk.fail(*desk.submitted(), "INVALID_AUDIO", code=3)
        desk.until(lambda: desk.failed_count == 2)
        assert desk.files(desk.source) == {}
        letters = {name: data for name, data in desk.files().items() if not name.endswith(".txt")}
        assert letters == {"_failed/bad (2).wav": b"two", "_failed/bad.wav": b"one"}


def test_a_bad_file_that_is_renamed_meanwhile_is_buried_under_its_new_name(desk: Bench) -> None:
    path = desk.put("bad.wav")
    [job_id] = desk.submitted()
    path.rename(path.with_name("worse.wav"))
    desk.fail(job_id, "INVALID_AUDIO", code=3)
    desk.until(lambda: desk.work.is_idle)
    assert sorted(desk.files()) == ["_failed/worse.wav", "_failed/worse.wav.reason.txt"]


def test_a_bad_file_that_is_gone_leaves_its_reason_only(desk: Bench) -> None:
    path = desk.put("bad.wav")
    [job_id] = desk.submitted()
    path.unlink()
    desk.fail(job_id, "INVALID_AUDIO", code=3)
    desk.until(lambda: desk.work.is_idle)
    assert list(desk.files()) == ["_failed/bad.wav.reason.txt"]


def test_a_dead_letter_that_is_tried_again_leaves_no_trace(tmp_path: Path, daemon: FakeDaemon) -> None:
    for policy in (SourcePolicy.KEEP, SourcePolicy.MOVE):
        folder = tmp_path / policy
        folder.mkdir()
        with bench(folder, daemon, source_policy=policy, moved_to=folder / "moved") as desk:
            desk.put("sub/talk.wav")
            desk.fail(*desk.submitted(), "INVALID_AUDIO", code=3)
            desk.until(lambda desk=desk: desk.work.is_idle)
            assert desk.ledger.mark_for_retry(desk.ledger.folders()) == 1
            desk.complete(*desk.submitted())
            desk.until(lambda desk=desk: desk.work.is_idle)
            assert desk.files() == {"sub/talk.wav": b"clean a recording"}
            assert desk.entry().attempts == 0


def test_a_dead_letter_does_not_replace_what_has_its_name_now(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=tmp_path / "moved") as desk:
        desk.put("talk.wav", b"bad")
        desk.fail(*desk.submitted(), "INVALID_AUDIO", code=3)
        desk.until(lambda: desk.work.is_idle)
        desk.put("talk.wav", b"better")
        desk.submitted()
        desk.ledger.mark_for_retry(desk.ledger.folders())
        desk.until(lambda: desk.entries(State.DEAD) and not desk.entries(State.RETRY))
        assert desk.files()["_failed/talk.wav"] == b"bad"
        assert desk.files(desk.source) == {"talk.wav": b"better"}
        assert "is something else now" in desk.entries(State.DEAD)[0].message


def test_a_bad_file_that_turns_up_again_is_buried_then_and_told_of_once(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    told = tmp_path / "told"
    hook = CommandHook(("sh", "-c", f"cat >> {told}; echo >> {told}"))
    with bench(tmp_path, daemon, on_done=hook) as desk:
        path = desk.put("bad.wav")
        [job_id] = desk.submitted()
        path.rename(tmp_path / "elsewhere.wav")
        desk.fail(job_id, "INVALID_AUDIO", code=3)
        desk.until(lambda: desk.work.is_idle)
        (tmp_path / "elsewhere.wav").rename(desk.source / "back.wav")
        desk.until(lambda: len(desk.files()) == 2)
        desk.until(lambda: desk.work.is_idle)
        assert sorted(desk.files()) == ["_failed/bad.wav", "_failed/bad.wav.reason.txt"]
        [line] = told.read_text().splitlines()
        assert '"failed"' in line
        assert desk.failed_count == 1
