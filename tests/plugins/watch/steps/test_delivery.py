import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fake_daemon import FakeDaemon
from plugins.watch.bench import Bench, bench
from plugins.watch.folders import folder_config
from unmix.words import DenoiseStem, DenoiseTask, OutputSummary, SeparateTask, Task
from unmix_plugins.errors import BrokenResult
from unmix_plugins.watch.config.folder import Collision, CommandHook, ConfigError, SourcePolicy
from unmix_plugins.watch.config.template import check_template
from unmix_plugins.watch.disk.moves import (
    copy,
    digest,
    identity_of,
    is_in_place,
    make_folder,
    numbered,
    place,
    place_folder,
    relocate,
)
from unmix_plugins.watch.disk.trash import info_of, trash_name, write_info
from unmix_plugins.watch.ledger.entry import FileFacts, Move, Plan, State
from unmix_plugins.watch.steps.destination import destination, foreseen

BOTH = DenoiseTask(stems=tuple(DenoiseStem))
STEMS = {"drums": b"boom", "vocals": b"la la"}
NOW = datetime(2024, 2, 29, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path, daemon: FakeDaemon) -> Iterator[Bench]:
    with bench(tmp_path, daemon) as made:
        yield made


def test_an_output_lies_where_its_source_lay_and_has_its_time(desk: Bench) -> None:
    path = desk.put("sub/folder/talk.wav")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    [job_id] = desk.submitted()
    desk.complete(job_id)
    desk.until(lambda: desk.work.is_idle)
    assert desk.files() == {"sub/folder/talk.wav": b"clean a recording"}
    assert (desk.target / "sub/folder/talk.wav").stat().st_mtime == 1_000_000_000
    assert path.read_bytes() == b"a recording"
    assert desk.jobs == {}


def test_a_format_that_the_daemon_chose_is_in_the_name(desk: Bench) -> None:
    desk.put("talk.caf")
    [job_id] = desk.submitted()
    desk.complete(job_id, extension="flac")
    desk.until(lambda: desk.work.is_idle)
    assert list(desk.files()) == ["talk.flac"]


@pytest.mark.parametrize(
    ("on_collision", "expected"),
    [
        (Collision.RENAME, {"talk.wav": b"theirs", "talk (2).wav": b"theirs", "talk (3).wav": b"ours"}),
        (Collision.OVERWRITE, {"talk.wav": b"ours", "talk (2).wav": b"theirs"}),
        (Collision.SKIP, {"talk.wav": b"theirs", "talk (2).wav": b"theirs"}),
    ],
)
def test_a_name_that_is_taken(
    tmp_path: Path, daemon: FakeDaemon, on_collision: Collision, expected: dict[str, bytes]
) -> None:
    with bench(tmp_path, daemon, on_collision=on_collision, source_policy=SourcePolicy.MOVE) as desk:
        desk.config.target.mkdir()
    settings: dict[str, Any] = {"source_policy": SourcePolicy.MOVE, "moved_to": tmp_path / "moved"}
    with bench(tmp_path, daemon, on_collision=on_collision, **settings) as desk:
        desk.put("talk.caf")  # its output's name is not known before the work
        [job_id] = desk.submitted()
        for name in ("talk.wav", "talk (2).wav"):
            (desk.target / name).write_bytes(b"theirs")
        desk.complete(job_id, {"clean": b"ours"})
        desk.until(lambda: desk.work.is_idle)
        assert desk.files() == dict(sorted(expected.items()))
        is_skipped = on_collision is Collision.SKIP
        # What nothing was written for is not put away: it is all that there is.
        assert bool(desk.files(desk.source)) is is_skipped
        assert desk.told(type(desk.reports[-1]))[0].result.is_skipped is is_skipped


def test_what_would_be_skipped_is_not_even_submitted(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, on_collision=Collision.SKIP) as desk:
        desk.target.mkdir()
        (desk.target / "talk.wav").write_bytes(b"theirs")
        desk.put("talk.wav")
        desk.until(lambda: desk.done_count)
        assert desk.entry().state is State.DONE
        assert [request for request in daemon.script.requests if hasattr(request, "options")] == []


def test_several_stems_appear_as_one_folder(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, task=SeparateTask()) as desk:
        (desk.target / "song").mkdir(parents=True)
        desk.done("song.wav", **STEMS)
        assert desk.files() == {"song (2)/drums.wav": b"boom", "song (2)/vocals.wav": b"la la"}
        desk.put("album/song.wav")
        [job_id] = desk.submitted()
        desk.complete(job_id, STEMS)
        desk.until(lambda: desk.done_count == 2)
        assert "album/song/vocals.wav" in desk.files()


def test_overwriting_a_song_replaces_its_stems_and_nothing_else(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, task=SeparateTask(), on_collision=Collision.OVERWRITE) as desk:
        (desk.target / "song").mkdir(parents=True)
        (desk.target / "song" / "notes.txt").write_bytes(b"mine")
        (desk.target / "song" / "drums.wav").write_bytes(b"old")
        desk.done("song.wav", **STEMS)
        assert desk.files() == {
            "song/drums.wav": b"boom",
            "song/notes.txt": b"mine",
            "song/vocals.wav": b"la la",
        }


def test_stems_may_become_an_archive(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, task=SeparateTask(), zip_stems=True) as desk:
        path = desk.put("song.wav")
        os.utime(path, (0, 0))  # before the first time that an archive can hold
        [job_id] = desk.submitted()
        desk.complete(job_id, STEMS)
        desk.until(lambda: desk.work.is_idle)
        [(name, content)] = desk.files().items()
        assert name == "song.zip"
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == {
                "drums.wav": b"boom",
                "vocals.wav": b"la la",
            }
        assert (desk.target / "song.zip").stat().st_mtime == 0


def test_a_template_with_stems_names_every_file(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, task=BOTH, template="{stem}/{name} {model}{suffix}") as desk:
        desk.done("sub/talk.wav", clean=b"clean", noise=b"noise")
        assert desk.files() == {
            "sub/clean/talk deepfilternet3.wav": b"clean",
            "sub/noise/talk deepfilternet3.wav": b"noise",
        }


def test_a_damaged_result_is_fetched_again_and_never_seen(desk: Bench, daemon: FakeDaemon) -> None:
    desk.put("talk.wav")
    [job_id] = desk.submitted()
    desk.complete(job_id, {"clean": b"whole"})
    daemon.script.outputs[job_id, "clean"] = b"wh"
    desk.until(lambda: desk.entry().attempts == 1)
    assert desk.files() == {}
    [again] = desk.submitted()
    desk.complete(again, {"clean": b"whole"})
    desk.until(lambda: desk.work.is_idle)
    assert desk.files() == {"talk.wav": b"whole"}
    assert daemon.script.requests[-1] != daemon.script.requests[0]


def test_a_full_disk_is_waited_for_and_no_download_begun(desk: Bench, daemon: FakeDaemon) -> None:
    desk.put("talk.wav")
    [job_id] = desk.submitted()
    desk.complete(job_id, {"clean": b"whole"})
    daemon.script.jobs[job_id].summary.outputs[0].size_bytes = 1 << 60
    [wait] = desk.until(desk.ledger.waits)
    assert wait.sentence == f"The disk of {desk.target} is full: make room there, and unmix goes on."
    assert desk.files() == {}
    assert not any("ReadOutput" in method for method, _ in daemon.script.calls)
    daemon.script.jobs[job_id].summary.outputs[0].size_bytes = len(b"whole")
    desk.until(lambda: desk.work.is_idle)
    assert desk.files() == {"talk.wav": b"whole"}
    assert desk.ledger.waits() == []


def test_a_name_that_no_disk_takes_is_a_dead_letter(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, template="{name} is what it is called{suffix}") as desk:
        name = f"{'long ' * 50}.wav"
        desk.put(name)
        [job_id] = desk.submitted()
        desk.complete(job_id)
        desk.until(lambda: desk.work.is_idle)
        letter, reason = sorted(desk.files())
        assert letter.startswith("_failed/long_long")
        assert letter.endswith(".wav")
        assert reason == f"{letter}.reason.txt"
        assert b"File name too long" in desk.files()[reason]
        assert desk.jobs == {}


def test_a_path_that_is_too_long_for_the_target_is_a_dead_letter(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon) as desk:
        rest = 4095 - len(f"{desk.source}/talk.wav")
        folders = "/".join(["d" * 99] * (rest // 100)) + "/" + "e" * (rest % 100 - 1 or 1)
        path = desk.put(f"{folders}/talk.wav")
        desk.complete(*desk.submitted())
        desk.until(lambda: desk.work.is_idle)
        letter, reason = sorted(desk.files())
        assert letter.startswith("_failed/talk~")
        assert b"File name too long" in desk.files()[reason]
        assert path.exists()
        assert [folder.name for folder in desk.target.iterdir()] == ["_failed"]


def test_a_file_where_a_folder_is_needed_is_told(desk: Bench) -> None:
    desk.put("sub/talk.wav")
    [job_id] = desk.submitted()
    desk.target.mkdir(exist_ok=True)
    (desk.target / "sub").write_bytes(b"theirs")
    desk.complete(job_id)
    desk.until(lambda: desk.work.is_idle)
    reason = desk.files()["_failed/sub/talk.wav.reason.txt"].decode()
    assert f"{desk.target / 'sub'} would have to be a folder, and is a file" in reason
    assert desk.files()["sub"] == b"theirs"


def test_a_result_with_a_name_that_leads_elsewhere_is_refused(desk: Bench) -> None:
    desk.put("talk.wav")
    for attempt in (1, 2, 3):
        [job_id] = desk.submitted()
        desk.complete(job_id, {"../../evil": b"x"})
        desk.until(lambda attempt=attempt: desk.entry().attempts == attempt)
        desk.now += 1000
    desk.until(lambda: desk.work.is_idle)
    assert sorted(desk.files()) == ["_failed/talk.wav", "_failed/talk.wav.reason.txt"]


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


def test_a_source_is_moved_into_the_same_subfolder_and_may_come_again(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=tmp_path / "moved") as desk:
        for turn in (1, 2):
            path = desk.put("sub/talk.wav")
            os.utime(path, (5, 5))
            desk.complete(*desk.submitted())
            desk.until(lambda turn=turn: desk.done_count == turn)
        assert desk.files(tmp_path / "moved") == {
            "sub/talk (2).wav": b"a recording",
            "sub/talk.wav": b"a recording",
        }
        assert sorted(desk.files()) == ["sub/talk (2).wav", "sub/talk.wav"]
        assert desk.files(desk.source) == {}


def test_a_source_that_is_renamed_after_its_work_is_put_away_and_not_done_again(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=tmp_path / "moved") as desk:
        path = desk.put("talk.wav")
        [job_id] = desk.submitted()
        path.rename(path.with_name("speech.wav"))
        desk.complete(job_id)
        desk.until(lambda: desk.entry().is_away)
        assert desk.files(tmp_path / "moved") == {"speech.wav": b"a recording"}
        assert len(desk.files()) == 1
        assert desk.done_count == 1


def test_a_source_that_has_changed_is_another_recording_and_stays(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=tmp_path / "moved") as desk:
        desk.done("talk.wav")
        for path in (tmp_path / "moved").iterdir():
            path.unlink()
        # As it is when the file is replaced between the delivery and this.
        desk.observer.stop()
        desk.put("talk.wav", b"new and longer")
        desk.ledger.save(replace(desk.entry(), state=State.DELIVERED, is_away=False, away_to=None))
        desk.until(lambda: desk.entry().state is State.DONE)
        assert desk.files(desk.source) == {"talk.wav": b"new and longer"}
        assert desk.files(tmp_path / "moved") == {}


def test_a_source_that_cannot_be_put_away_is_done_all_the_same_and_not_done_again(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    (tmp_path / "moved").write_bytes(b"a file where a folder should be")
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=tmp_path / "moved") as desk:
        desk.done("talk.wav")
        assert "The source stays where it is" in desk.told(type(desk.reports[-1]))[-1].result.note
        desk.restart()
        desk.until(lambda: desk.work.is_idle)
        assert desk.files() == {"talk.wav": b"clean talk.wav"}
        assert desk.files(desk.source) == {"talk.wav": b"talk.wav"}
        assert desk.done_count == 1


def test_a_source_goes_to_the_trash_with_what_is_needed_to_take_it_back(
    tmp_path: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with bench(tmp_path, daemon, source_policy=SourcePolicy.TRASH) as desk:
        desk.done("50 % ü.wav")
        assert desk.files(desk.source) == {}
        trashed = desk.files(tmp_path / "data" / "Trash")
        assert trashed["files/50 % ü.wav"] == "50 % ü.wav".encode()
        lines = trashed["info/50 % ü.wav.trashinfo"].decode("ascii").splitlines()
        assert lines[:2] == ["[Trash Info]", f"Path={desk.source}/50%20%25%20%C3%BC.wav"]
        assert datetime.fromisoformat(lines[2].removeprefix("DeletionDate="))


@pytest.mark.parametrize("folder", ["", "sub"])
def test_a_source_that_is_renamed_while_it_is_put_away_is_put_away_under_its_new_name(
    tmp_path: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """The file itself, or the folder that it is in, after it was looked at and before it is moved."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with bench(tmp_path, daemon, source_policy=SourcePolicy.TRASH) as desk:
        renamed = desk.source / (folder or "talk.wav")

        def rename() -> None:
            if desk.entry().away_to is not None and renamed.exists():
                renamed.rename(desk.source / ("folder" if folder else "speech.wav"))

        desk.put(str(Path(folder, "talk.wav")))
        [job_id] = desk.submitted()
        desk.complete(job_id)
        desk.meanwhile = rename
        desk.until(lambda: desk.entry().is_away)
        desk.until(lambda: desk.work.is_idle)
        assert desk.files(desk.source) == {}
        assert list(desk.files(tmp_path / "data" / "Trash").values()).count(b"a recording") == 1
        assert len(desk.files()) == desk.done_count == 1


def test_names_in_the_trash_are_free_in_both_of_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = tmp_path / "talk.wav"
    path.write_bytes(b"")
    info = info_of(trash_name(path))
    write_info(info, path, NOW)
    write_info(info, path, NOW)  # again, after a kill
    with pytest.raises(FileExistsError):
        write_info(info, tmp_path / "other.wav", NOW)
    assert trash_name(path).name == "talk (2).wav"
    assert info_of(trash_name(path)).name == "talk (2).wav.trashinfo"


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


def test_a_hook_is_told_of_every_end_once_more_after_a_kill(tmp_path: Path, daemon: FakeDaemon) -> None:
    told = tmp_path / "told"
    hook = CommandHook(("sh", "-c", f"cat >> {told}; echo >> {told}"))
    with bench(tmp_path, daemon, on_done=hook) as desk:
        desk.done("talk.wav")
        [line] = told.read_text().splitlines()
        assert str(desk.target / "talk.wav") in line
        desk.ledger.save(replace(desk.entry(), is_untold=True))  # killed before it was noted
        desk.restart()
        desk.until(lambda: desk.work.is_idle)
        assert told.read_text().splitlines() == [line, line]


@pytest.mark.parametrize("placed", [0, 1, 2])
def test_what_has_its_name_already_is_not_written_again(
    tmp_path: Path, daemon: FakeDaemon, placed: int
) -> None:
    with bench(tmp_path, daemon, task=SeparateTask(), template="{name}.{stem}{suffix}") as desk:
        desk.put("song.wav")
        [job_id] = desk.submitted()
        desk.complete(job_id, STEMS)
        desk.until(lambda: desk.work.is_idle)
        entry = desk.entry()
        # As it is when the watcher is killed with the names in the ledger and so many of them in use.
        staging = desk.target / f".unmix-{desk.ledger.token}-{entry.entry_id}.part"
        staging.mkdir()
        finals = [desk.target / f"song.{stem}.wav" for stem in STEMS]
        moves: list[Move] = []
        for number, final in enumerate(finals):
            move = Move(staging / final.name, final, final.stat().st_size, digest(final), identity_of(final))
            moves.append(move)
            if number >= placed:
                final.rename(move.staged)
        desk.jobs.clear()
        plan = Plan(staging, tuple(moves))
        desk.ledger.save(replace(entry, state=State.DELIVERING, plan=plan, job_id="gone", ended=0.0))
        reads = len(daemon.script.calls)
        desk.restart()
        desk.until(lambda: desk.work.is_idle)
        assert desk.files() == {"song.drums.wav": b"boom", "song.vocals.wav": b"la la"}
        assert not any("ReadOutput" in method for method, _ in daemon.script.calls[reads:])


@pytest.mark.parametrize(
    ("source", "template", "expected"),
    [
        ("a/talk.wav", "{name}{suffix}", "a/talk.flac"),
        ("talk.wav", "{date}/{name}-{stem}{suffix}", "2024-02-29/talk-clean.flac"),
        ("a/...wav", "{name}{suffix}", "a/...flac"),
        ("a/...wav", "{name}/{stem}{suffix}", "a/_../clean.flac"),
        ("a.b.wav", "{model}/{name}{suffix}", "rnnoise/a.b.flac"),
    ],
)
def test_names_follow_the_template_and_stay_in_the_target(source: str, template: str, expected: str) -> None:
    folder = folder_config(Path("/in"), template=template)
    output = OutputSummary("clean", "clean", "flac", "flac", 1, "")
    named = destination(folder, Path(source), DenoiseTask(), [output], "rnnoise", NOW)
    assert [str(path) for _, path in named.files] == [expected]


@pytest.mark.parametrize("word", ["..", "a/b", "", "c:d", "x" * 100])
def test_words_of_the_daemon_that_no_name_may_hold_are_refused(word: str) -> None:
    folder = folder_config(Path("/in"))
    for stem, extension, model in ((word, "wav", "m"), ("clean", word, "m"), ("clean", "wav", word)):
        output = OutputSummary(stem, stem, "wav", extension, 1, "")
        with pytest.raises(BrokenResult):
            destination(folder, Path("talk.wav"), DenoiseTask(), [output], model, NOW)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{title}{suffix}", "has {title}, and there are {name}"),
        ("{stem}{suffix}", "would call all outputs the same"),
        ("../{name}{suffix}", "is no path inside the target"),
        ("/{name}{suffix}", "is no path inside the target"),
        ("{name}/", "is no path inside the target"),
        ("{name.__class__}{name}", "is no path inside the target"),
    ],
)
def test_a_template_that_cannot_name_outputs_is_refused(template: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        check_template(template)


@pytest.mark.parametrize(
    ("name", "task", "expected"),
    [
        ("a/talk.wav", DenoiseTask(), "a/talk.wav"),
        ("talk.AIF", DenoiseTask(), "talk.aiff"),
        ("talk.mkv", DenoiseTask(), None),
        ("talk.wav", BOTH, None),
        ("talk.wav", SeparateTask(stems=("vocals",)), None),
    ],
)
def test_only_certain_names_are_foreseen(name: str, task: Task, expected: str | None) -> None:
    found = foreseen(folder_config(Path("/in")), Path(name), task)
    assert (found and str(found)) == expected


def test_a_name_is_taken_in_one_step_or_not_at_all(tmp_path: Path) -> None:
    staged, final, part = (tmp_path / name for name in ("staged", "final", "part"))
    staged.write_bytes(b"new")
    final.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        place(staged, final, part=part)
    assert (staged.read_bytes(), final.read_bytes()) == (b"new", b"old")
    place(staged, final, part=part, overwrite=True)
    assert final.read_bytes() == b"new"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        place(final, tmp_path / "link", part=part)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["final", "link"]


def test_a_folder_takes_no_name_in_which_there_is_anything(tmp_path: Path) -> None:
    staged, final = tmp_path / "staged", tmp_path / "final"
    staged.mkdir()
    (staged / "new").write_bytes(b"")
    final.mkdir()
    (final / "old").write_bytes(b"")
    with pytest.raises(FileExistsError):
        place_folder(staged, final, part=tmp_path / "part")
    (final / "old").unlink()
    place_folder(staged, final, part=tmp_path / "part")
    assert [path.name for path in final.iterdir()] == ["new"]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError):
        place_folder(final, tmp_path / "file", part=tmp_path / "part")


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another disk."""
    shm = Path("/dev/shm")  # noqa: S108  # a disk of its own, which every Linux has
    if not shm.is_dir() or shm.stat().st_dev == Path("/tmp").stat().st_dev:  # noqa: S108
        pytest.skip("needs a second disk")
    folder = shm / f"unmix-test-{os.getpid()}"
    folder.mkdir()
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def test_another_disk_is_reached_by_way_of_a_hidden_copy(tmp_path: Path, elsewhere: Path) -> None:
    source = tmp_path / "talk.wav"
    source.write_bytes(b"talk")
    os.utime(source, (5, 5))
    final, part = elsewhere / "talk.wav", elsewhere / ".part"
    relocate(source, final, part=part, keep=True)
    assert source.exists()
    assert [path.name for path in elsewhere.iterdir()] == ["talk.wav"]
    with pytest.raises(FileExistsError):
        relocate(source, final, part=part, keep=False)
    final.unlink()
    relocate(source, final, part=part, keep=False)
    assert not source.exists()
    assert (final.read_bytes(), final.stat().st_mtime) == (b"talk", 5)
    folder = tmp_path / "song"
    folder.mkdir()
    (folder / "drums.wav").write_bytes(b"boom")
    place_folder(folder, elsewhere / "song", part=part)
    assert (elsewhere / "song" / "drums.wav").read_bytes() == b"boom"
    assert not part.exists()


def test_a_file_that_nobody_may_write_is_copied_with_its_rights(tmp_path: Path) -> None:
    source = tmp_path / "talk.wav"
    source.write_bytes(b"talk")
    source.chmod(0o444)
    copy(source, tmp_path / "copy.wav")
    copy(source, tmp_path / "copy.wav")
    assert (tmp_path / "copy.wav").stat().st_mode & 0o777 == 0o444


def test_outputs_and_sources_may_be_on_different_disks(
    tmp_path: Path, daemon: FakeDaemon, elsewhere: Path
) -> None:
    settings: dict[str, Any] = {"source_policy": SourcePolicy.MOVE, "moved_to": elsewhere / "moved"}
    with bench(tmp_path, daemon, dead_letter=elsewhere / "failed", **settings) as desk:
        desk.done("talk.wav")
        desk.put("bad.wav", b"bad")
        desk.fail(*desk.submitted(), "INVALID_AUDIO", code=3)
        desk.until(lambda: desk.work.is_idle)
        found = desk.files(elsewhere)
        assert found.pop("failed/bad.wav.reason.txt")
        assert found == {"failed/bad.wav": b"bad", "moved/talk.wav": b"talk.wav"}
        assert desk.files(desk.source) == {}


def test_a_file_is_in_place_by_its_inode_or_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"talk")
    sha256 = hashlib.sha256(b"talk").hexdigest()
    assert is_in_place(Move(path, path, 4, "", identity_of(path)))
    assert is_in_place(Move(path, path, 4, sha256, "0:0"))
    assert not is_in_place(Move(path, path, 4, "", "0:0"))
    assert not is_in_place(Move(path, path, 5, sha256, identity_of(path)))
    assert not is_in_place(Move(path, path / "below", 4, sha256, "0:0"))


def test_a_folder_is_not_made_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "file" / "b")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "file")


def test_numbers_stand_before_the_suffix() -> None:
    assert [numbered(Path("a/b.tar.gz"), n).name for n in (1, 2)] == ["b.tar.gz", "b.tar (2).gz"]


def test_versions_are_told_by_size_and_time() -> None:
    facts = FileFacts(1, 2, "a")
    assert facts.is_same_version(FileFacts(1, 2, "b"))
    assert not facts.is_same_version(FileFacts(1, 3, "a"))
