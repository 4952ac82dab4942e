"""What the editor makes of Audacity's replies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from plugins.audacity.fake_pipe import OK, FakePipe
from unmix_plugins.audacity.program.editor import Clip, Editor, Track, TrackKind
from unmix_plugins.audacity.program.pipe import Pipe, PipeError
from unmix_plugins.errors import SourceError


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakePipe]:
    with FakePipe(tmp_path) as fake:
        yield fake


@pytest.fixture
def editor(fake: FakePipe, tmp_path: Path) -> Iterator[Editor]:
    with Pipe.open(tmp_path, patience=5) as pipe:
        yield Editor(pipe)


def sent(fake: FakePipe) -> list[str]:
    return [line for line in fake.received if not line.startswith(("Message:", "GetInfo:"))]


def test_tracks_are_read_from_version_3_2(fake: FakePipe, editor: Editor) -> None:
    fake.answers(
        "GetInfo",
        b"""[
  { "name":"talk", "focused":"false", "selected":"true", "kind":"wave", "start":0.5, "end":1e+03, "pan":0,
    "gain":1, "channels":2, "solo":"false", "mute":"true", "VZoomMin":-1, "VZoomMax":1 },
  { "name":"Labels 1", "focused":"false", "selected":"false", "kind":"label" } ]"""
        + OK,
    )
    assert editor.tracks() == (
        Track(0, "talk", TrackKind.WAVE, 0.5, 1000.0, channels=2, is_selected=True, is_muted=True),
        Track(1, "Labels 1", TrackKind.LABEL, 0.0, 0.0, channels=0, is_selected=False, is_muted=False),
    )


def test_tracks_are_read_from_version_3_7(fake: FakePipe, editor: Editor) -> None:
    fake.answers(
        "GetInfo",
        b'[ { "name":"a", "focused":1, "selected":1, "kind":"wave", "start":0, "end":1, "pan":0, "volume":1,'
        b' "channels":1, "solo":0, "mute":0 } ]' + OK,
    )
    (track,) = editor.tracks()
    assert track.is_selected
    assert not track.is_muted


def test_a_project_without_tracks_has_none(fake: FakePipe, editor: Editor) -> None:
    fake.answers("GetInfo", b"[  ]" + OK)
    assert editor.tracks() == ()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (r"a \"quoted\" name", 'a "quoted" name'),
        (r"it ends with a \"quote\"", 'it ends with a "quote"'),
        ("C:\\new\\_file\\u00e4", "C:\\new\\_file\\u00e4"),
        ("it ends with a \\", "it ends with a \\"),
        ("a tab\tand a line\nbreak", "a tab\tand a line\nbreak"),
        ("ä – 名前 😀", "ä – 名前 😀"),
        ("", ""),
    ],
)
def test_names_are_read_though_audacity_writes_no_true_json(
    fake: FakePipe, editor: Editor, written: str, name: str
) -> None:
    fake.answers("GetInfo", f'[ {{ "name":"{written}", "selected":"true", "kind":"wave" }} ]'.encode() + OK)
    assert [track.name for track in editor.tracks()] == [name]


@pytest.mark.parametrize(
    "reply",
    ["nonsense", "7", "[ 1 ]", '[ { "name":"a" } ]', '[ { "name":"a", "selected":1, "kind":"new" } ]'],
)
def test_what_is_no_list_of_tracks_is_an_error(fake: FakePipe, editor: Editor, reply: str) -> None:
    fake.answers("GetInfo", reply.encode() + OK)
    with pytest.raises(PipeError, match="tracks cannot be read"):
        editor.tracks()


def test_clips_name_their_track_by_its_position(fake: FakePipe, editor: Editor) -> None:
    fake.answers("GetInfo", b'[ { "track":2, "start":0.25, "end":1.5, "color":0 } ]' + OK)
    assert editor.clips() == (Clip(2, 0.25, 1.5),)


MENUS = rb"""[
  { "depth":0, "flags":0, "label":"Effect", "accel":"" },
  { "depth":1, "flags":1, "label":"Unmix", "accel":"" },
  { "depth":2, "flags":0, "label":"Denoise...", "accel":"", "id":"Effect_Nyquist_Unmix_Denoise_/home/denoise.ny" },
  { "depth":1, "flags":0, "label":"----", "accel":"" },
  { "depth":1, "flags":0, "label":"Denoise", "accel":"Ctrl+\_", "id":"Effect_LADSPA_Other_Denoise_x" },
  { "depth":1, "flags":0, "label":"Invert", "accel":"", "id":"Effect_Audacity_Audacity_Invert_Built-in" } ]"""


def test_our_effect_wins_over_another_of_the_same_name(fake: FakePipe, editor: Editor) -> None:
    fake.answers("GetInfo", MENUS + OK)
    assert editor.menu_ids() == {
        "Denoise": "Effect_Nyquist_Unmix_Denoise_/home/denoise.ny",
        "Invert": "Effect_Audacity_Audacity_Invert_Built-in",
    }


def test_an_effect_runs_by_its_full_id_for_an_undo_step_and_by_its_short_one_without(
    fake: FakePipe, editor: Editor
) -> None:
    fake.answers("GetInfo", MENUS + OK)
    editor.run("Denoise", undo=True)
    editor.run("Fetch unmix Result", undo=False)
    assert sent(fake) == ["Effect_Nyquist_Unmix_Denoise_/home/denoise.ny:", "FetchUnmixResult:"]


def test_the_menus_are_asked_for_once(fake: FakePipe, editor: Editor) -> None:
    fake.answers("GetInfo", MENUS + OK)
    assert editor.has_effect("Denoise")
    editor.run("Denoise", undo=True)
    editor.run("Invert", undo=True)
    assert len([line for line in fake.received if line.startswith("GetInfo")]) == 1


def test_an_effect_that_is_not_there_is_told_with_its_cure(fake: FakePipe, editor: Editor) -> None:
    fake.answers("GetInfo", MENUS + OK, MENUS + OK)
    assert not editor.has_effect("Separate")
    with pytest.raises(PipeError, match="no “Separate”: run `unmix audacity install`"):
        editor.run("Separate", undo=True)
    assert sent(fake) == []


def test_times_are_sent_to_the_picosecond(fake: FakePipe, editor: Editor) -> None:
    editor.select(3, 1 / 3, 36000 + 1 / 44100)
    editor.select(4, 0, 1e-7, add=True)
    assert sent(fake) == [
        "SelectTracks: Track=3 TrackCount=1 Mode=Set",
        "SelectTime: Start=0.333333333333 End=36000.000022675740",
        "SelectTracks: Track=4 TrackCount=1 Mode=Add",
        "SelectTime: Start=0.000000000000 End=0.000000100000",
    ]


@pytest.mark.parametrize("position", [-1, 101])
def test_a_track_that_the_pipe_does_not_reach_is_told_before(
    fake: FakePipe, editor: Editor, position: int
) -> None:
    with pytest.raises(PipeError, match="first 101 tracks"):
        editor.select(position, 0, 1)
    assert fake.received == []


def test_a_missing_file_is_told_before(fake: FakePipe, editor: Editor, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not there"):
        editor.import_project(tmp_path / "missing.aup")
    assert fake.received == []


@pytest.mark.parametrize("name", ['a"b.aup', "a\\b.aup", "a\\n.aup"])
def test_a_path_that_audacity_would_read_otherwise_is_told_before(
    fake: FakePipe, editor: Editor, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).touch()
    with pytest.raises(SourceError, match="cannot be named"):
        editor.import_project(tmp_path / name)
    assert fake.received == []
