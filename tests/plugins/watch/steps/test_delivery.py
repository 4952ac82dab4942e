"""Results are fetched whole and get the names of their sources, whatever has those already."""

import hashlib
import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_daemon import FakeDaemon, stretch
from plugins.watch.bench import Bench, bench
from plugins.watch.folders import BOTH
from unmix.words import SeparateTask
from unmix_plugins.watch.config.folder import Collision, CommandHook, SourcePolicy
from unmix_plugins.watch.ledger.entry import FileFacts, Move, Plan, State
from unmix_plugins.watch.notify.report import Finished

STEMS = {"drums": b"boom", "vocals": b"la la"}


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


def test_music_that_was_left_is_noted_with_the_key_that_has_it_filtered(desk: Bench) -> None:
    desk.put("song.wav")
    [job_id] = desk.submitted()
    desk.complete(job_id, model="none", timeline=[stretch(0.0, 62.0, "music")])
    desk.until(lambda: desk.work.is_idle)
    result = desk.told(Finished)[-1].result
    assert result.model == "none"
    assert result.note == (
        "The peak was lowered. The music at 0:00–1:02 was left as it is: no noise is known to lie under it;"
        ' filter it all the same with model = "wiener" in watch.toml (--model wiener where there is none).'
    )


def test_several_models_of_one_recording_may_be_in_its_name(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, template="{name} {model}{suffix}") as desk:
        desk.put("talk.wav")
        [job_id] = desk.submitted()
        desk.complete(job_id, model="deepfilternet3+wiener")
        desk.until(lambda: desk.work.is_idle)
        assert list(desk.files()) == ["talk deepfilternet3+wiener.wav"]


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
            facts = final.stat()
            sha256 = hashlib.sha256(final.read_bytes()).hexdigest()
            identity = FileFacts.of(facts).identity
            move = Move(staging / final.name, final, facts.st_size, sha256, identity)
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
