"""The whole watcher with the daemon itself."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from daemons import Daemon, eventually
from plugins.watch.bench import watch_config, watching
from plugins.watch.folders import RNNOISE, files, put, watched
from unmix.words import SeparateTask
from unmix_plugins.client import Client
from unmix_plugins.errors import UnmixError
from unmix_plugins.watch.app import App
from unmix_plugins.watch.config.folder import ConfigError, WatchConfig
from unmix_plugins.watch.ledger.entry import State
from unmix_plugins.watch.ledger.lock import AlreadyWatched, watcher_of
from unmix_plugins.watch.ledger.store import Ledger
from unmix_plugins.watch.notify.report import Finished, GivenUp, Note, Report, Waits


@pytest.fixture(scope="module")
def unmixd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("unmixd")) as daemon:
        yield daemon


@pytest.fixture
def connect(unmixd: Daemon) -> Iterator[Callable[[str], Client]]:
    """Clients of the module's daemon, which has no job of a watcher when the test is over."""
    yield lambda name: Client.connect(unmixd.state, client_name=name, start=False)
    with unmixd.client() as client:
        assert [job for job in client.jobs.list() if job.client.startswith("unmix-watch")] == []


def directly(unmixd: Daemon, source: Path, folder: Path) -> bytes:
    """What the call that one waits for makes of a file."""
    with unmixd.client() as client:
        client.denoise(source, {"clean": folder / "direct"}, RNNOISE, overwrite=True)
    return (folder / "direct").read_bytes()


def once(config: WatchConfig, connect: Callable[[str], Client], **settings: Any) -> tuple[bool, list[Report]]:
    reports: list[Report] = []
    return App(config, tell=reports.append, once=True, connect=connect, **settings).run(), reports


def test_what_lies_in_a_folder_comes_out_clean_and_the_rest_with_its_reason(
    tmp_path: Path, unmixd: Daemon, connect: Callable[[str], Client]
) -> None:
    names = ["a.wav", "sub/b.flac", "sub/deeper/c.wav"]
    sources = [put(tmp_path, name, seed=number) for number, name in enumerate(names)]
    (tmp_path / "in" / "bad.mp3").write_bytes(b"<html>")
    is_all_done, reports = once(watch_config(tmp_path, watched(tmp_path)), connect)
    assert is_all_done
    assert files(tmp_path / "out") == ["_failed/bad.mp3", "_failed/bad.mp3.reason.txt", *names]
    for name, source in zip(names, sources, strict=True):
        assert (tmp_path / "out" / name).read_bytes() == directly(unmixd, source, tmp_path)
    assert "(INVALID_AUDIO)" in (tmp_path / "out" / "_failed" / "bad.mp3.reason.txt").read_text()
    assert [len([r for r in reports if isinstance(r, kind)]) for kind in (Finished, GivenUp)] == [3, 1]
    assert unmixd.files() == []


def test_what_arrives_while_it_runs_and_while_it_does_not_is_done_once(
    tmp_path: Path, connect: Callable[[str], Client]
) -> None:
    config = watch_config(tmp_path, watched(tmp_path))
    with watching(config, connect) as (_, reports):
        put(tmp_path, "while running.wav")
        eventually(lambda: len(reports) == 1)
    put(tmp_path, "while stopped.wav", seed=1)
    with watching(config, connect) as (_, reports):
        eventually(lambda: len(reports) == 1)
        put(tmp_path, "again.wav", seed=2)
        eventually(lambda: len(reports) == 2)
    is_all_done, reports = once(config, connect)
    assert (is_all_done, reports) == (True, [])
    assert files(tmp_path / "out") == ["again.wav", "while running.wav", "while stopped.wav"]


@pytest.mark.long
def test_many_files_are_worked_on_a_few_at_a_time(
    tmp_path: Path, unmixd: Daemon, connect: Callable[[str], Client]
) -> None:
    for number in range(12):
        put(tmp_path, f"{number}.wav", seconds=2, seed=number)
    most = 0
    config = watch_config(tmp_path, watched(tmp_path), look_ahead=2)
    with unmixd.client() as client, watching(config, connect) as (_, reports):
        while len(reports) < 12:
            jobs = [job for job in client.jobs.list() if job.client.startswith("unmix-watch")]
            most = max(most, sum(not job.state.is_final for job in jobs))
            assert len(jobs) <= 4
    assert most == 2
    assert len(files(tmp_path / "out")) == 12


@pytest.mark.long
def test_two_folders_take_turns(tmp_path: Path, connect: Callable[[str], Client]) -> None:
    big, small = tmp_path / "big", tmp_path / "small"
    for number in range(12):
        put(big, f"{number}.wav", seed=number)
    put(small, "talk.wav")
    folders = watched(big), watched(small)
    with watching(watch_config(tmp_path, *folders, look_ahead=2), connect) as (_, reports):
        eventually(lambda: len(reports) == 13)
    order = [report.source.name for report in reports if isinstance(report, Finished)]
    assert order.index("talk.wav") < 8


def test_a_daemon_is_started_where_none_runs(tmp_path: Path, state: Path) -> None:
    put(tmp_path, "talk.wav")
    app = App(watch_config(tmp_path, watched(tmp_path)), tell=lambda _: None, once=True)
    assert app.run()
    assert files(tmp_path / "out") == ["talk.wav"]
    assert (state / "unmixd.log").exists()  # which is how the fixture knows that it has to end it


@pytest.mark.long
def test_a_model_that_is_missing_is_waited_for_with_what_to_do(
    tmp_path: Path, connect: Callable[[str], Client]
) -> None:
    put(tmp_path, "song.wav")
    is_all_done, reports = once(watch_config(tmp_path, watched(tmp_path, task=SeparateTask())), connect)
    assert not is_all_done
    [wait] = reports
    assert isinstance(wait, Waits)
    assert "unmix models pull htdemucs" in wait.sentence
    assert 'model = "dsp" in watch.toml' in wait.sentence
    assert files(tmp_path / "in") == ["song.wav"]
    # With a model that is there it goes on.
    is_all_done, _ = once(watch_config(tmp_path, watched(tmp_path, task=SeparateTask("dsp"))), connect)
    assert is_all_done
    assert "song/vocals.wav" in files(tmp_path / "out")


def test_two_watchers_of_one_ledger_are_refused(tmp_path: Path, connect: Callable[[str], Client]) -> None:
    config = watch_config(tmp_path, watched(tmp_path))
    with watching(config, connect):
        eventually(lambda: watcher_of(config.state))
        with pytest.raises(AlreadyWatched, match="already works with"):
            once(config, connect)


@pytest.mark.long
def test_folders_come_and_go_with_the_configuration(
    tmp_path: Path, unmixd: Daemon, connect: Callable[[str], Client]
) -> None:
    one, other = watched(tmp_path / "one"), watched(tmp_path / "other")
    changes: list[WatchConfig | ConfigError] = []

    def reload() -> WatchConfig | None:
        change = changes.pop(0) if changes else None
        if isinstance(change, ConfigError):
            raise change
        return change

    with watching(watch_config(tmp_path, one), connect, reload=reload) as (_, reports):
        changes.append(ConfigError("There is no key “sauce”."))
        eventually(lambda: [report for report in reports if isinstance(report, Note)])
        put(tmp_path / "one", "a.wav")
        put(tmp_path / "other", "b.wav")
        eventually(lambda: files(tmp_path / "one" / "out"))
        changes.append(watch_config(tmp_path, replace(one, template="{name} clean{suffix}"), other))
        eventually(lambda: files(tmp_path / "other" / "out"))
        put(tmp_path / "one", "c.wav", seed=1)
        eventually(lambda: "c clean.wav" in str([r.outputs for r in reports if isinstance(r, Finished)]))
        changes.append(watch_config(tmp_path, other))
        eventually(lambda: len([report for report in reports if isinstance(report, Note)]) == 3)
        put(tmp_path / "one", "d.wav", seed=2)
        put(tmp_path / "other", "e.wav", seed=3)
        eventually(lambda: "e.wav" in str([r.outputs for r in reports if isinstance(r, Finished)]))
    assert files(tmp_path / "one" / "out") == ["a.wav", "c clean.wav"]
    assert "The old configuration stays in force" in str(reports)


@pytest.mark.long
def test_jobs_of_a_folder_that_is_watched_no_more_are_taken_back(
    tmp_path: Path, unmixd: Daemon, connect: Callable[[str], Client]
) -> None:
    one, other = watched(tmp_path / "one"), watched(tmp_path / "other")
    source = put(tmp_path / "one", "a.wav", seconds=10)
    with watching(watch_config(tmp_path, one), connect):
        ledger = eventually(lambda: _ledger(tmp_path))
        [entry] = eventually(lambda: ledger.in_states(1, [State.SUBMITTED], 1e12, 9))
    once(watch_config(tmp_path, other), connect)
    assert [entry.state for entry in ledger.in_states(1, list(State), 1e12, 9)] == [State.FOUND]
    ledger.close()
    with unmixd.client() as client:
        assert entry.job_id not in [job.job_id for job in client.jobs.list()]
    assert once(watch_config(tmp_path, one), connect)[0]
    assert files(tmp_path / "one" / "out") == ["a.wav"]
    assert source.exists()


def _ledger(folder: Path) -> Ledger | None:
    with suppress(UnmixError):
        return Ledger(folder / "ledger.sqlite3") if (folder / "ledger.sqlite3").exists() else None
    return None


def test_a_fault_of_its_own_is_told_and_the_other_folders_go_on(
    tmp_path: Path, connect: Callable[[str], Client]
) -> None:
    one, other = watched(tmp_path / "one"), watched(tmp_path / "other")
    put(tmp_path / "one", "a.wav")
    put(tmp_path / "other", "b.wav")

    def breaks(name: str) -> Client:
        if name.endswith("-1"):
            raise ZeroDivisionError("by a fault")
        return connect(name)

    with watching(watch_config(tmp_path, one, other), breaks) as (_, reports):
        eventually(lambda: [report for report in reports if isinstance(report, Finished)])
        eventually(lambda: [r for r in reports if isinstance(r, Note) and "by a fault" in r.sentence])


def test_a_folder_that_hangs_is_not_worked_on_twice(
    tmp_path: Path, connect: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unmix_plugins.watch.app._PATIENCE", 0.1)
    one, other = watched(tmp_path / "one"), watched(tmp_path / "other")
    put(tmp_path / "one", "a.wav")
    changes = [watch_config(tmp_path, replace(one, keep_times=False), other)]
    hangs, goes_on = threading.Event(), threading.Event()

    def hanging(name: str) -> Client:
        if name.endswith("-1"):
            hangs.set()
            goes_on.wait(30)
        return connect(name)

    def reload() -> WatchConfig | None:
        return changes.pop() if changes and hangs.is_set() else None

    with watching(watch_config(tmp_path, one), hanging, reload=reload) as (_, reports):
        eventually(lambda: [r for r in reports if isinstance(r, Note) and "hangs" in r.sentence])
        put(tmp_path / "other", "b.wav")
        eventually(lambda: [report for report in reports if isinstance(report, Finished)])
        goes_on.set()
    assert files(tmp_path / "other" / "out") == ["b.wav"]
