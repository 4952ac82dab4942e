"""What the real Audacity makes of our project files: new tracks, sample for sample, in one undo step."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from plugins.audacity.real_audacity import Audacity
from unmix_plugins.audacity.program import aup
from unmix_plugins.audacity.program.editor import Editor

pytestmark = pytest.mark.long

ODD_NAMES = ["<a> & \"b\" 'c'", "ä – 名前 😀", "talk – without vocals", "back\\slash %s {x}", "x" * 3000]


def samples(frames: int, channels: int = 1, seed: int = 0) -> npt.NDArray[np.float32]:
    """Noise, also beyond ±1 and near 0, shape (channels, frames)."""
    noise = np.random.default_rng(seed).normal(0, 1, (channels, frames)).astype(np.float32)
    noise[:, : frames // 2] *= np.float32(1e-7)
    return noise


def new_track(
    folder: Path, name: str, data: npt.NDArray[np.float32], start_frame: int, sample_rate: int = 44100
) -> aup.NewTrack:
    wav = folder / f"{len(list(folder.iterdir()))}.wav"
    soundfile.write(wav, data.T, sample_rate, subtype="FLOAT")
    channels, frames = data.shape
    return aup.NewTrack(name, wav, frames, sample_rate, channels, start_frame)


def test_mono_stereo_and_another_rate_together_are_exact_and_one_undo_step(
    audacity: Audacity, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "own.wav", samples(5000, seed=9).T, 44100, subtype="FLOAT")
    audacity.import_files(tmp_path / "own.wav")
    audacity.pipe.command("NewLabelTrack:")
    before = audacity.saved()
    wanted = {
        "mono": (samples(600_001, 1, seed=1), 12_345, 44100),
        "stereo": (samples(300_000, 2, seed=2), 1, 44100),
        "other rate": (samples(262_144, 1, seed=3), 47_999, 48000),
        "both": (samples(100_000, 2, seed=4), 0, 96000),
    }
    tracks = [new_track(tmp_path, name, *rest) for name, rest in wanted.items()]
    aup.write(tmp_path / "new.aup", tracks, 44100)
    editor = Editor(audacity.pipe)
    editor.import_project(tmp_path / "new.aup")

    saved = audacity.saved()
    assert [track.name for track in saved.tracks] == ["own", "Labels 1", *wanted]
    for name, (data, start_frame, sample_rate) in wanted.items():
        track = saved.track(name)
        (clip,) = track.clips
        assert track.sample_rate == sample_rate
        assert clip.start_frame == start_frame
        assert clip.start == pytest.approx(start_frame / sample_rate, abs=1e-11)
        assert clip.name == name
        assert np.array_equal(clip.samples, data)
        assert clip.envelope == ()
        assert (track.is_muted, track.is_solo, track.gain, track.pan) == (False, False, 1.0, 0.0)
    own, now = before.track("own").clips[0], saved.track("own").clips[0]
    assert np.array_equal(own.samples, now.samples)
    assert saved.sample_rate == before.sample_rate == 44100

    editor.undo()
    assert [track.name for track in audacity.saved().tracks] == ["own", "Labels 1"]
    editor.redo()
    again = audacity.saved()
    assert all(
        np.array_equal(again.track(name).clips[0].samples, data) for name, (data, *_) in wanted.items()
    )


def test_odd_names_arrive_as_they_are(audacity: Audacity, tmp_path: Path) -> None:
    tracks = [new_track(tmp_path, name, samples(100), 0) for name in ODD_NAMES]
    aup.write(tmp_path / "new.aup", tracks, 44100)
    Editor(audacity.pipe).import_project(tmp_path / "new.aup")
    saved = audacity.saved()
    assert [track.name for track in saved.tracks] == ODD_NAMES
    assert [track.clips[0].name for track in saved.tracks] == ODD_NAMES


@pytest.mark.parametrize("folder", ["ä – 名前 😀", "it's & <co>", "with space"])
def test_files_in_any_folder_are_found(audacity: Audacity, tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    data = samples(1000)
    aup.write(tmp_path / folder / "ö & 1.aup", [new_track(tmp_path / folder, "a", data, 5)], 44100)
    Editor(audacity.pipe).import_project(tmp_path / folder / "ö & 1.aup")
    assert np.array_equal(audacity.saved().track("a").clips[0].samples, data)


def test_the_files_are_not_needed_once_they_are_imported(audacity: Audacity, tmp_path: Path) -> None:
    data = samples(500_000, 2)
    track = new_track(tmp_path, "a", data, 0)
    aup.write(tmp_path / "new.aup", [track], 44100)
    editor = Editor(audacity.pipe)
    editor.import_project(tmp_path / "new.aup")
    (tmp_path / "new.aup").unlink()
    (tmp_path / "new_data").rmdir()
    track.wav.unlink()
    editor.undo()
    editor.redo()
    assert np.array_equal(audacity.saved().track("a").clips[0].samples, data)


@pytest.mark.parametrize("sample_rate", [8000, 22050, 44100, 48000, 192000])
def test_any_frame_of_ten_hours_is_hit(audacity: Audacity, tmp_path: Path, sample_rate: int) -> None:
    starts = [1, sample_rate - 1, 12_345_678, 36_000 * sample_rate - 1]
    tracks = [new_track(tmp_path, str(start), samples(10), start, sample_rate) for start in starts]
    aup.write(tmp_path / "new.aup", tracks, 44100)
    Editor(audacity.pipe).import_project(tmp_path / "new.aup")
    saved = audacity.saved()
    assert [track.clips[0].start_frame for track in saved.tracks] == starts
    for start, track in zip(starts, saved.tracks, strict=True):
        assert abs(track.clips[0].start * sample_rate - start) < 1e-4


def test_the_same_file_twice_becomes_two_tracks(audacity: Audacity, tmp_path: Path) -> None:
    track = new_track(tmp_path, "a", samples(1000), 3)
    aup.write(tmp_path / "new.aup", [track, track], 44100)
    Editor(audacity.pipe).import_project(tmp_path / "new.aup")
    first, second = audacity.saved().tracks
    assert np.array_equal(first.clips[0].samples, second.clips[0].samples)
