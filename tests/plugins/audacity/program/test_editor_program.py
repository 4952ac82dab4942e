"""The editor and the real Audacity."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from plugins.audacity.real_audacity import Audacity
from unmix_plugins.audacity.program import editor as editor_module
from unmix_plugins.audacity.program.editor import Editor, TrackKind
from unmix_plugins.audacity.program.pipe import PipeSilent

pytestmark = pytest.mark.long


@pytest.fixture
def editor(audacity: Audacity) -> Editor:
    return Editor(audacity.pipe)


def sound(path: Path, *, sample_rate: int = 44100, channels: int = 1, frames: int = 10_000) -> Path:
    """A float WAV file of noise."""
    samples = np.random.default_rng(frames).uniform(-1, 1, (frames, channels)).astype(np.float32)
    soundfile.write(path, samples, sample_rate, subtype="FLOAT")
    return path


def mixed_project(audacity: Audacity, tmp_path: Path) -> None:
    """Mono, labels, stereo, time, and mono at another rate."""
    audacity.import_files(sound(tmp_path / "mono.wav"))
    audacity.pipe.command("NewLabelTrack:")
    audacity.import_files(sound(tmp_path / "stereo.wav", channels=2))
    audacity.pipe.command("NewTimeTrack:")
    audacity.import_files(sound(tmp_path / "other rate.wav", sample_rate=48000))


def test_every_kind_of_track_has_its_position(audacity: Audacity, editor: Editor, tmp_path: Path) -> None:
    mixed_project(audacity, tmp_path)
    tracks = editor.tracks()
    assert [(track.position, track.kind, track.channels) for track in tracks] == [
        (0, TrackKind.TIME, 0),  # always on top
        (1, TrackKind.WAVE, 1),
        (2, TrackKind.LABEL, 0),
        (3, TrackKind.WAVE, 2),
        (4, TrackKind.WAVE, 1),
    ]
    assert [track.name for track in tracks if track.is_wave] == ["mono", "stereo", "other rate"]
    assert [clip.position for clip in editor.clips()] == [1, 3, 4]


def test_selecting_by_position_selects_just_that_track(
    audacity: Audacity, editor: Editor, tmp_path: Path
) -> None:
    mixed_project(audacity, tmp_path)
    for track in editor.tracks():
        editor.select(track.position, 0.01, 0.02)
        assert [other.position for other in editor.tracks() if other.is_selected] == [track.position]
    editor.select(1, 0.01, 0.02, add=True)
    assert [track.position for track in editor.tracks() if track.is_selected] == [1, 4]


def test_a_selection_has_its_times_to_the_last_digit(
    audacity: Audacity, editor: Editor, tmp_path: Path
) -> None:
    audacity.import_files(sound(tmp_path / "mono.wav"))
    start, end = 1234 / 44100, 5678 / 48000 + 1e-9
    editor.select(0, start, end)
    saved = audacity.saved()
    assert saved.selection == pytest.approx((start, end), abs=1e-12)


@pytest.mark.parametrize(
    "name", ["ä – 名前 😀", 'a "quoted" one', "back\\slash_\\", "x\\", '", "x":"', "it's", "a&b<c>"]
)
def test_names_are_read_as_they_are(audacity: Audacity, editor: Editor, tmp_path: Path, name: str) -> None:
    audacity.import_files(sound(tmp_path / "mono.wav"))
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    audacity.pipe.command(f'SetTrackStatus: Name="{escaped}"')
    assert [track.name for track in editor.tracks()] == [name]
    assert [track.name for track in audacity.saved().tracks] == [name]


def test_the_menus_are_read(editor: Editor) -> None:
    ids = editor.menu_ids()
    assert len(ids) > 200
    assert ids["Amplify"] == "Effect_Audacity_Audacity_Amplify_Built-in Effect: Amplify"
    assert editor.has_effect("Studio Fade Out")
    assert not editor.has_effect("Studio Fade")


def test_only_the_full_id_makes_an_undo_step(audacity: Audacity, editor: Editor, tmp_path: Path) -> None:
    audacity.import_files(sound(tmp_path / "mono.wav"))
    before = audacity.saved().track("mono").clips[0].samples
    editor.select(0, 0, 10_000 / 44100)
    editor.run("Studio Fade Out", undo=False)
    editor.run("Studio Fade Out", undo=True)
    twice = audacity.saved().track("mono").clips[0].samples
    assert not np.array_equal(before, twice)
    editor.undo()
    assert np.array_equal(before, audacity.saved().track("mono").clips[0].samples)
    editor.redo()
    assert np.array_equal(twice, audacity.saved().track("mono").clips[0].samples)


@pytest.mark.parametrize("name", ["with space", "it's (1)", "ä – 名前 😀", "a&b", "x=y, z: w", "$HOME", "%d"])
def test_a_path_is_understood(audacity: Audacity, editor: Editor, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    editor.import_project(sound(folder / f"{name}.wav"))
    assert [track.name for track in editor.tracks()] == [name]


def test_what_cannot_be_imported_is_told_in_a_dialog(
    audacity: Audacity, editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor_module, "_WORK_SECONDS", 1.0)
    broken = tmp_path / "broken.aup"
    broken.write_text("<project")
    with pytest.raises(PipeSilent):
        editor.import_project(broken)
    assert audacity.dialogs()[-1].title == "Error Importing"
    audacity.press("Return")
    assert editor.tracks() == ()
