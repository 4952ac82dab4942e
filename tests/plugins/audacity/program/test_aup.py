"""The project file, as any XML reader sees it."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from unmix_plugins.audacity.program.aup import NewTrack, write
from unmix_plugins.errors import SourceError

TRACK = NewTrack(
    "talk – vocals", Path("/home/me/vocals.wav"), frames=600_000, sample_rate=48000, channels=2, start_frame=7
)
NAMESPACE = "{http://audacity.sourceforge.net/xml/}"


def read(path: Path) -> ElementTree.Element:
    return ElementTree.parse(path).getroot()  # noqa: S314  # our own


def every(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return list(root.iter(NAMESPACE + name))


def test_a_stereo_track_is_two_linked_channels(tmp_path: Path) -> None:
    write(tmp_path / "new.aup", [TRACK], 44100)
    first, second = every(read(tmp_path / "new.aup"), "wavetrack")
    assert (first.get("channel"), first.get("linked")) == ("0", "1")
    assert (second.get("channel"), second.get("linked")) == ("1", "0")
    assert first.get("name") == second.get("name") == "talk – vocals"


def test_blocks_cover_every_frame_once(tmp_path: Path) -> None:
    write(tmp_path / "new.aup", [replace(TRACK, channels=1)], 44100)
    blocks = every(read(tmp_path / "new.aup"), "pcmaliasblockfile")
    spans = [(int(block.get("aliasstart", "")), int(block.get("aliaslen", ""))) for block in blocks]
    assert spans == [(0, 262_144), (262_144, 262_144), (524_288, 75_712)]


def test_no_two_blocks_have_one_name(tmp_path: Path) -> None:
    write(tmp_path / "new.aup", [TRACK, TRACK, replace(TRACK, channels=1)], 44100)
    names = [block.get("summaryfile") for block in every(read(tmp_path / "new.aup"), "pcmaliasblockfile")]
    assert len(names) == len(set(names)) == 15


def test_the_folder_that_audacity_wants_is_there(tmp_path: Path) -> None:
    write(tmp_path / "new.aup", [TRACK], 44100)
    assert (tmp_path / (read(tmp_path / "new.aup").get("projname") or "?")).is_dir()
    write(tmp_path / "new.aup", [TRACK], 44100)


@pytest.mark.parametrize("name", ['<a> & "b"', "it's", "tab\tline\nend\r", "名前 😀", "", "]]>"])
def test_a_name_is_kept(tmp_path: Path, name: str) -> None:
    write(tmp_path / "new.aup", [replace(TRACK, name=name)], 44100)
    assert every(read(tmp_path / "new.aup"), "waveclip")[0].get("name") == name


def test_characters_that_xml_does_not_know_are_replaced_in_names(tmp_path: Path) -> None:
    write(tmp_path / "new.aup", [replace(TRACK, name="a\x01b\udcffc\uffffd")], 44100)
    assert every(read(tmp_path / "new.aup"), "wavetrack")[0].get("name") == "a�b�c�d"


def test_a_path_that_xml_does_not_know_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be named"):
        write(tmp_path / "new.aup", [replace(TRACK, wav=Path("/home/\udcff.wav"))], 44100)
    assert not (tmp_path / "new.aup").exists()


@pytest.mark.parametrize(
    ("audacity", "offset"),
    [((), 0.5), ((3, 2, 4), 0.5), ((3, 3, 3), 0.5), ((3, 4, 0), 0.25), ((3, 7, 3), 0.25)],
)
def test_a_version_that_moves_clips_finds_them_moved_the_other_way(
    tmp_path: Path, audacity: tuple[int, ...], offset: float
) -> None:
    track = replace(TRACK, sample_rate=48000, start_frame=24000)
    write(tmp_path / "new.aup", [track], 96000, audacity=audacity)
    assert every(read(tmp_path / "new.aup"), "waveclip")[0].get("offset") == f"{offset:.12f}"
