"""`unmix reaper-run` with the daemon itself: whole actions, and all that may go wrong with them."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
import sounds
from daemons import Daemon, eventually
from media_files import chunk, decode, encode, fmt, riff, spec_for
from unmix_models.audio import Block, Depth
from unmix_plugins.reaper.run.app import run
from unmix_plugins.reaper.run.course import Course

COMMAND = [sys.executable, "-c", "from unmix_plugins.cli import main; main()", "reaper-run"]
UNCHANGED = {"kind": "denoise", "model": "rnnoise", "attenuation_limit_db": 0, "stems": ["clean"]}
DENOISE = UNCHANGED | {"attenuation_limit_db": None}
FRAMES = 100_003


@pytest.fixture(scope="module")
def shared_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("daemon")) as running:
        yield running


@pytest.fixture
def daemon(shared_daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    monkeypatch.setenv("UNMIX_STATE", str(shared_daemon.state))
    return shared_daemon


class Action:
    """A job that grows item by item, and what became of it."""

    def __init__(self, folder: Path) -> None:
        self.media = folder / "project" / "media"
        self.file = folder / "JOB.json"
        self.items: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def add(
        self, source: Path, first_frame: int | None = None, frames: int | None = None, **facts: Any
    ) -> str:
        """An item with an id of its own, which is returned."""
        item = {
            "id": f"item {len(self.items) + 1}",
            "name": "Take",
            "source": str(source),
            "first_frame": first_frame,
            "frames": frames,
            "reverse": False,
        }
        self.items.append(item | facts)
        return str(self.items[-1]["id"])

    def write(self, task: dict[str, Any]) -> Path:
        job = {
            "version": 1,
            "task": task,
            "device": "auto",
            "output_folder": str(self.media),
            "items": self.items,
        }
        self.file.write_text(json.dumps(job))
        return self.file

    def perform(self, task: dict[str, Any] = UNCHANGED, expected: int = 0) -> dict[str, Any]:
        """Run it in this process; returns the last event."""
        out = io.StringIO()
        assert run(self.write(task), out) == expected, out.getvalue()
        self.events = [json.loads(line) for line in out.getvalue().splitlines()]
        return self.events[-1]

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]

    def outputs(self, item: str) -> dict[str, dict[str, Any]]:
        """What was made of an item, by stem."""
        [event] = [event for event in self.told("item") if event["id"] == item]
        return {output["stem"]: output for output in event["outputs"]}

    def samples(self, item: str, stem: str = "clean") -> Block:
        return decode(Path(self.outputs(item)[stem]["path"]))[1]

    def files(self) -> list[str]:
        return sorted(path.name for path in self.media.iterdir()) if self.media.exists() else []


@pytest.fixture
def action(tmp_path: Path) -> Action:
    return Action(tmp_path)


def recording(path: Path, name: str = "wav", depth: Depth = Depth.S16, rate: int = 48_000) -> Path:
    encode(path, spec_for(name, rate, depth=depth), sounds.voice(FRAMES / rate, rate, 2))
    return path


def long_recording(path: Path, seconds: int = 1800) -> Path:
    """Of silence, which takes no room on the disk, but a while to denoise."""
    size = 2 * 48_000 * seconds
    head = riff(fmt(channels=1), chunk(b"data", b"", size), size=size + 36)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
    return path


@pytest.mark.long
@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize(
    ("name", "depth"),
    [
        ("wav", Depth.S16),
        ("wav", Depth.S24),
        ("wav", Depth.F32),
        ("aiff", Depth.S24),
        ("flac", Depth.S16),
        ("mp3", Depth.F32),
        ("ogg", Depth.F32),
    ],
)
@pytest.mark.usefixtures("daemon")
def test_exactly_the_frames_of_each_item_come_back_at_the_sources_rate_and_depth(
    action: Action, tmp_path: Path, name: str, depth: Depth, rate: int
) -> None:
    source = recording(tmp_path / f"talk.{name}", name, depth, rate)
    _, whole = decode(source)
    sections = [(0, 1), (33_333, 44_444), (FRAMES - 7, 7), (0, FRAMES), (None, None)]
    ids = {action.add(source, *section): section for section in sections}
    finished = action.perform()
    for item, (first_frame, frames) in ids.items():
        expected = whole if frames is None else whole[first_frame : first_frame + frames]
        np.testing.assert_array_equal(action.samples(item), expected)
        output = action.outputs(item)["clean"]
        info, _ = decode(Path(output["path"]))
        assert (info.container, info.depth, info.sample_rate) == ("wav", depth, rate)
        assert (output["frames"], output["sample_rate"], output["channels"]) == (len(expected), rate, 2)
    assert (finished["event"], finished["model"], finished["device"]) == ("finished", "rnnoise", "cpu")
    assert finished["seconds"] > 0
    assert "asked for" in finished["notes"]


@pytest.mark.long
@pytest.mark.parametrize("name", ["wav", "flac"])
def test_a_section_is_processed_as_if_it_were_the_whole_file(
    daemon: Daemon, action: Action, tmp_path: Path, name: str
) -> None:
    source = recording(tmp_path / f"talk.{name}", name)
    cut = tmp_path / "cut.wav"
    soundfile.write(cut, soundfile.read(source, dtype="int16")[0][20_000:90_000], 48_000)
    item = action.add(source, 20_000, 70_000)
    action.perform(DENOISE)
    with daemon.client() as client:
        client.denoise(cut, {"clean": tmp_path / "expected.wav"})
    expected = decode(tmp_path / "expected.wav")[1]
    np.testing.assert_array_equal(action.samples(item), expected)
    assert np.abs(expected - decode(cut)[1]).max() > 0.01


@pytest.mark.usefixtures("daemon")
def test_a_stem_and_its_complement_are_the_section(action: Action, tmp_path: Path) -> None:
    source = recording(tmp_path / "song.wav", depth=Depth.S24, rate=44_100)
    item = action.add(source, 10_000, 80_000)
    task = {"kind": "separate", "model": "dsp", "stems": ["vocals", "-vocals"]}
    action.perform(task)
    assert list(action.outputs(item)) == ["vocals", "no_vocals"]
    total = action.samples(item, "vocals") + action.samples(item, "no_vocals")
    np.testing.assert_array_equal(total, decode(source)[1][10_000:90_000])
    assert "Low quality" in action.told("item")[0]["notes"][0]


@pytest.mark.usefixtures("daemon")
def test_items_that_share_a_section_share_its_files(action: Action, tmp_path: Path) -> None:
    one, other = recording(tmp_path / "one.wav"), recording(tmp_path / "other.flac", "flac")
    ids = [action.add(source, 100, 5000) for source in (one, other, one, one, other)]
    ids.append(action.add(one, 100, 5001))
    action.perform()
    assert [event["id"] for event in action.told("item")] == [ids[at] for at in (0, 2, 3, 1, 4, 5)]
    assert action.outputs(ids[0]) == action.outputs(ids[2]) == action.outputs(ids[3])
    assert action.outputs(ids[1]) == action.outputs(ids[4])
    assert action.files() == ["one - clean 2.wav", "one - clean.wav", "other - clean.wav"]


@pytest.mark.parametrize("name", ["wav", "mp3"])
@pytest.mark.usefixtures("daemon")
def test_what_plays_backwards_is_processed_forwards_and_written_back_to_front(
    action: Action, tmp_path: Path, name: str
) -> None:
    source = recording(tmp_path / f"talk.{name}", name)
    forwards = [action.add(source, 1000, 60_001), action.add(source)]
    backwards = [action.add(source, 1000, 60_001, reverse=True), action.add(source, reverse=True)]
    action.perform(DENOISE)
    for forward, backward in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(action.samples(backward), action.samples(forward)[::-1])


@pytest.mark.usefixtures("daemon")
def test_a_reversed_file_has_no_markers_at_wrong_places(action: Action, tmp_path: Path) -> None:
    cue = chunk(b"cue ", (1).to_bytes(4, "little") + bytes(24))
    (tmp_path / "in.wav").write_bytes(riff(fmt(), chunk(b"data", bytes(4000)), cue))
    forward = action.add(tmp_path / "in.wav")
    backward = action.add(tmp_path / "in.wav", reverse=True)
    action.perform()
    assert b"cue " in Path(action.outputs(forward)["clean"]["path"]).read_bytes()
    assert b"cue " not in Path(action.outputs(backward)["clean"]["path"]).read_bytes()


@pytest.mark.usefixtures("daemon")
def test_no_file_is_ever_overwritten(action: Action, tmp_path: Path) -> None:
    sources = [
        recording(tmp_path / folder / "talk.wav") for folder in "ab" if not (tmp_path / folder).mkdir()
    ]
    action.media.mkdir(parents=True)
    (action.media / "talk - clean.wav").write_bytes(b"the user's own")
    (action.media / "talk - clean 3.wav").symlink_to("nowhere")
    for source in sources:
        action.add(source, 0, 10)
    action.perform()
    assert [Path(event["outputs"][0]["path"]).name for event in action.told("item")] == [
        "talk - clean 2.wav",
        "talk - clean 4.wav",
    ]
    assert (action.media / "talk - clean.wav").read_bytes() == b"the user's own"
    assert not (action.media / "nowhere").exists()


@pytest.mark.long
@pytest.mark.usefixtures("daemon")
def test_two_actions_at_once_share_no_file(tmp_path: Path) -> None:
    source = recording(tmp_path / "talk.wav")
    actions = [Action(tmp_path), Action(tmp_path)]
    for number, each in enumerate(actions):
        each.file = tmp_path / f"{number}.json"
        for first_frame in range(number, 40, 2):
            each.add(source, first_frame, 1000)
    running = [
        subprocess.Popen([*COMMAND, each.write(UNCHANGED)], stdout=subprocess.PIPE) for each in actions
    ]
    whole = decode(source)[1]
    paths: list[str] = []
    for each, process in zip(actions, running, strict=True):
        out, _ = process.communicate(timeout=60)
        each.events = [json.loads(line) for line in out.splitlines()]
        assert each.events[-1]["event"] == "finished"
        for item in each.items:
            np.testing.assert_array_equal(
                each.samples(item["id"]), whole[item["first_frame"] : item["first_frame"] + 1000]
            )
        paths += [event["outputs"][0]["path"] for event in each.told("item")]
    assert len(set(paths)) == 40 == len(list(actions[0].media.iterdir()))


@pytest.mark.usefixtures("daemon")
def test_names_that_other_systems_do_not_take_are_changed(action: Action, tmp_path: Path) -> None:
    odd = recording(tmp_path / f'a?b:c"d*é{"x" * 240}.wav')
    action.add(odd, 0, 10)
    action.add(recording(tmp_path / " .wav"), 0, 10)
    action.perform()
    assert action.files() == [f"a_b_c_d_é{'x' * 170} - clean.wav", "audio - clean.wav"]


@pytest.mark.usefixtures("daemon")
def test_an_item_that_fails_is_told_and_the_others_go_on(action: Action, tmp_path: Path) -> None:
    good = recording(tmp_path / "good.wav")
    (tmp_path / "song.mid").write_bytes(b"MThd\0\0\0\6\0\1\0\1\0\x60")
    damaged = recording(tmp_path / "damaged.flac", "flac")
    damaged.write_bytes(damaged.read_bytes()[:30_000])
    os.mkfifo(tmp_path / "pipe.wav")
    expected = {
        action.add(tmp_path / "none.wav", 0, 10): "does not exist",
        action.add(good, FRAMES - 5, 6): f"has {FRAMES} frames",
        action.add(tmp_path / "song.mid"): "not audio",
        action.add(tmp_path): "is no file",
        action.add(tmp_path / "pipe.wav", 0, 10): "is no file",
        action.add(damaged, 50_000, 40_000): "",
        # Found out when the result has begun: the length of a FLAC is known at its end.
        action.add(recording(tmp_path / "short.flac", "flac"), 5, FRAMES): f"has {FRAMES} frames",
    }
    fine = action.add(good, 0, 1000)
    assert action.perform()["event"] == "finished"
    failed = {event["id"]: event["message"] for event in action.told("item_failed")}
    assert failed.keys() == expected.keys()
    for item, said in expected.items():
        assert said in failed[item]
        assert "\n" not in failed[item]
    assert [event["id"] for event in action.told("item")] == [fine]
    assert action.files() == ["good - clean.wav"]


@pytest.mark.usefixtures("daemon")
def test_when_every_item_fails_all_are_told(action: Action, tmp_path: Path) -> None:
    for name in "ab":
        action.add(tmp_path / f"{name}.wav", 0, 10)
    finished = action.perform()
    assert (finished["event"], finished["model"], finished["notes"]) == ("finished", "", [])
    assert len(action.told("item_failed")) == 2
    assert action.files() == []


@pytest.mark.usefixtures("daemon")
def test_progress_is_that_of_the_whole_weighed_by_frames(action: Action, tmp_path: Path) -> None:
    short, long = recording(tmp_path / "short.wav"), long_recording(tmp_path / "long.wav", 60)
    first = action.add(short, 0, 48_000)
    action.add(short, 0, 48_000)
    second = action.add(long, 0, 48_000 * 57)
    third = action.add(short, 0, 96_000)
    action.perform()
    assert action.events[0] == {"event": "started", "items": 4}
    progress = action.told("progress")
    fractions = [event["fraction"] for event in progress]
    assert fractions == sorted(fractions)
    begins = {}
    for event in progress:
        begins.setdefault(event["item"], event["fraction"])
    assert begins == {first: 0.0, second: pytest.approx(1 / 60), third: pytest.approx(58 / 60)}
    assert {(event["item"], event["index"], event["items"]) for event in progress} == {
        (first, 1, 4),
        (second, 3, 4),
        (third, 4, 4),
    }
    within = [event["fraction"] for event in progress if event["item"] == second]
    assert any(0.1 < fraction < 0.9 for fraction in within)
    assert progress[0]["remaining_seconds"] is None
    assert all(event["remaining_seconds"] >= 0 for event in progress if event["fraction"] > 0)
    assert "denoising" in {event["stage"] for event in progress}


def test_progress_never_goes_back_when_a_worker_dies_and_begins_again() -> None:
    course = Course([10, 30])
    assert course.reach(0, 0.0) == (0.0, None)
    assert [course.reach(*at)[0] for at in [(0, 0.5), (1, 0.0), (1, 0.5), (1, 0.1), (1, 0.75), (1, 1.0)]] == [
        0.125,
        0.25,
        0.625,
        0.625,
        0.8125,
        1.0,
    ]


@pytest.mark.parametrize(
    "task", [{"kind": "separate", "model": "auto", "stems": []}, DENOISE | {"model": "deepfilternet3"}]
)
@pytest.mark.usefixtures("daemon")
def test_a_model_that_is_missing_ends_the_action(
    action: Action, tmp_path: Path, task: dict[str, Any]
) -> None:
    for first_frame in range(3):
        action.add(recording(tmp_path / "talk.wav"), first_frame, 100)
    failed = action.perform(task, expected=1)
    assert failed["event"] == "failed"
    assert "in a terminal with: unmix models pull" in failed["message"]
    assert "--" not in failed["message"]
    assert action.told("item_failed") == action.told("item") == []
    assert action.files() == []


def test_a_job_that_makes_no_sense_fails_before_anything_is_begun(action: Action, state: Path) -> None:
    failed = action.perform(expected=1)
    assert failed["message"].startswith("The field items of the job")
    assert len(action.events) == 1
    assert not action.media.exists()
    assert list(state.iterdir()) == []


def test_a_folder_that_cannot_be_made_fails_before_anything_is_begun(
    action: Action, tmp_path: Path, state: Path
) -> None:
    action.add(recording(tmp_path / "talk.wav"))
    (tmp_path / "project").write_bytes(b"a file")
    failed = action.perform(expected=1)
    assert "save the project in another place" in failed["message"]
    assert list(state.iterdir()) == []


def test_a_daemon_is_started_where_none_runs(
    action: Action, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNMIX_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("UNMIXD_LISTEN", "127.0.0.1:0")
    item = action.add(recording(tmp_path / "talk.wav"), 5, 500)
    action.perform()
    assert action.told("progress")[0]["stage"] == "starting"
    np.testing.assert_array_equal(action.samples(item), decode(tmp_path / "talk.wav")[1][5:505])


class Running:
    """`unmix reaper-run` as a process; its events are read as they come."""

    def __init__(self, action: Action, process: "subprocess.Popen[bytes]") -> None:
        self.action = action
        self.process = process
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.action.events.append(json.loads(line))

    def reach(self, stage: str, item: str) -> None:
        """Wait until an item has come to a stage."""
        eventually(
            lambda: any(
                event["stage"] == stage and event["item"] == item for event in self.action.told("progress")
            )
        )

    def end(self) -> int:
        status = self.process.wait(20)
        self._reader.join(20)
        return status


@pytest.fixture
def start(action: Action) -> Iterator[Callable[..., Running]]:
    """Start the action with one short item and one that takes a while, and wait until it is at the latter."""
    made: list[subprocess.Popen[bytes]] = []

    def start(command: list[str] = COMMAND, **task: Any) -> Running:
        folder = action.file.parent
        action.add(recording(folder / "talk.wav"), 100, 5000)
        long = action.add(long_recording(folder / "long.wav"), 0, 48_000 * 1800)
        made.append(
            subprocess.Popen(
                [*command, action.write(DENOISE | task)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        )
        running = Running(action, made[-1])
        running.reach("denoising", long)
        eventually(lambda: action.files() == ["long - clean.wav", "talk - clean.wav"])
        return running

    yield start
    for process in made:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_cancels_the_work_and_leaves_no_file(
    daemon: Daemon, action: Action, start: Callable[..., Running], number: signal.Signals
) -> None:
    running = start()
    running.process.send_signal(number)
    assert running.end() == 130
    assert action.events[-1] == {"event": "cancelled"}
    assert action.files() == []
    assert sorted(path.name for path in action.file.parent.iterdir()) == [
        "JOB.json",
        "long.wav",
        "project",
        "talk.wav",
    ]
    eventually(lambda: daemon.files() == [])


def test_signals_by_the_dozen_do_not_disturb_the_cancelling(
    daemon: Daemon, action: Action, start: Callable[..., Running]
) -> None:
    running = start()
    while running.process.poll() is None:
        running.process.send_signal(signal.SIGTERM)
    # The last of them may find the interpreter on its way out, when nothing is left to be done.
    assert running.end() in {130, -signal.SIGTERM}
    assert action.events[-1] == {"event": "cancelled"}
    assert action.files() == []
    eventually(lambda: daemon.files() == [])


@pytest.mark.long
def test_the_end_of_the_parent_cancels(daemon: Daemon, action: Action, start: Callable[..., Running]) -> None:
    parent = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    running = start([sys.executable, "-c", parent, *COMMAND])
    [child] = psutil.Process(running.process.pid).children()
    running.process.kill()
    child.wait(20)
    running.end()
    assert action.events[-1] == {"event": "cancelled"}
    assert action.files() == []
    eventually(lambda: daemon.files() == [])


def test_the_end_of_the_reader_cancels(daemon: Daemon, action: Action, tmp_path: Path) -> None:
    action.add(long_recording(tmp_path / "long.wav"), 0, 48_000 * 1800)
    with subprocess.Popen([*COMMAND, action.write(DENOISE)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        eventually(lambda: action.files() == ["long - clean.wav"])
        process.stdout.close()
        process.wait(20)
    assert action.files() == []
    eventually(lambda: daemon.files() == [])


@pytest.mark.long
def test_a_daemon_that_dies_fails_the_action_and_leaves_no_file(
    action: Action, start: Callable[..., Running], state: Path
) -> None:
    with Daemon(state) as daemon:
        running = start()
        daemon.kill()
        assert running.end() == 1
    assert action.events[-1]["event"] == "failed"
    assert "daemon went away" in action.events[-1]["message"]
    assert [event["event"] for event in action.events].count("item") == 1
    assert action.files() == []
