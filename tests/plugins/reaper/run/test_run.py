"""`unmix reaper-run` with the daemon itself: whole actions, and what they put where."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from daemons import Daemon
from media_files import chunk, decode, fmt, riff
from plugins.reaper.run.action import COMMAND, DENOISE, FRAMES, UNCHANGED, Action, long_recording, recording
from unmix_models.audio import Depth
from unmix_plugins.reaper.run.course import Course


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


def test_a_daemon_is_started_where_none_runs(
    action: Action, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNMIX_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("UNMIXD_BUNDLED_MODELS", "false")
    item = action.add(recording(tmp_path / "talk.wav"), 5, 500)
    action.perform()
    assert action.told("progress")[0]["stage"] == "starting"
    np.testing.assert_array_equal(action.samples(item), decode(tmp_path / "talk.wav")[1][5:505])
