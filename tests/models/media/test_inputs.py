"""What other programs write, video included: length, place, depth and format as their containers have them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from media_files import decode, encode, ffmpeg_file, lag, noise, spec_for
from unmix_models.audio import Depth
from unmix_models.media import open_reader, resolve_output

# (muxer, codec, container and codec as told, format of a result)
VIDEOS = [
    ("mp4", "aac", "mp4", "aac", "m4a"),
    ("mov", "aac", "mp4", "aac", "m4a"),
    ("mov", "pcm_s16le", "mp4", "pcm_s16le", "wav"),
    ("mp4", "flac", "mp4", "flac", "flac"),
    ("mp4", "alac", "mp4", "alac", "alac"),
    ("mp4", "libopus", "mp4", "opus", "opus"),
    ("matroska", "flac", "matroska", "flac", "flac"),
    ("matroska", "libopus", "matroska", "opus", "opus"),
    ("matroska", "libmp3lame", "matroska", "mp3", "mp3"),
    ("matroska", "pcm_s16le", "matroska", "pcm_s16le", "wav"),
    ("avi", "pcm_s16le", "avi", "pcm_s16le", "wav"),
]


@pytest.mark.parametrize("video", [True, False])
@pytest.mark.parametrize("case", VIDEOS, ids="-".join)
def test_the_audio_of_videos_keeps_length_and_place(
    tmp_path: Path, case: tuple[str, str, str, str, str], video: bool
) -> None:
    muxer, codec, container, told, result = case
    original = noise(24_107)
    ffmpeg_file(tmp_path / "input", muxer, codec, original, video=video)
    info, samples = decode(tmp_path / "input")
    assert (info.container, info.codec, info.sample_rate, info.channels) == (container, told, 48_000, 2)
    assert resolve_output(info, None).format == result
    assert samples.shape == original.shape
    assert lag(original, samples) == 0


def test_webm_video_keeps_length_and_place(tmp_path: Path) -> None:
    original = noise(24_107)
    ffmpeg_file(tmp_path / "input", "webm", "libopus", original)
    info, samples = decode(tmp_path / "input")
    assert (info.container, info.codec) == ("matroska", "opus")
    assert samples.shape == original.shape
    assert lag(original, samples) == 0


@pytest.mark.parametrize("frames", [480, 1000, 1152, 24_107, 44_107])
@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
@pytest.mark.parametrize("codec", ["aac", "alac"])
def test_m4a_whose_edit_list_is_rounded_to_milliseconds_loses_no_frame(
    tmp_path: Path, codec: str, rate: int, frames: int
) -> None:
    ffmpeg_file(tmp_path / "input", "ipod", codec, noise(frames), rate)
    assert len(decode(tmp_path / "input")[1]) == frames


@pytest.mark.parametrize("muxer", ["adts", "avi"])
def test_raw_aac_and_avi_keep_the_encoders_lead_because_they_do_not_tell_it(
    tmp_path: Path, muxer: str
) -> None:
    original = noise(24_107)
    ffmpeg_file(tmp_path / "input", muxer, "aac", original)
    info, samples = decode(tmp_path / "input")
    assert resolve_output(info, None).format == "m4a"
    assert lag(original, samples) == 1024
    assert 1024 <= len(samples) - len(original) < 3 * 1024


def test_aac_in_matroska_keeps_the_rest_of_its_last_packet_only(tmp_path: Path) -> None:
    original = noise(24_107)
    ffmpeg_file(tmp_path / "input", "matroska", "aac", original)
    _, samples = decode(tmp_path / "input")
    assert lag(original, samples) == 0
    assert 0 <= len(samples) - len(original) < 1024


def test_a_gap_in_the_time_stamps_of_an_mp4_is_not_a_missing_end(tmp_path: Path) -> None:
    original = noise(24_000)
    with av.open(str(tmp_path / "input"), "w", format="mp4") as container:
        audio = container.add_stream("alac", rate=48_000, layout="stereo", format="s16p")
        for start in (0, 12_000):
            frame = av.AudioFrame.from_ndarray(
                original[start : start + 12_000].reshape(1, -1), "flt", "stereo"
            )
            frame.sample_rate, frame.pts, frame.time_base = 48_000, 3 * start, Fraction(1, 48_000)
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    info, samples = decode(tmp_path / "input")
    assert info.frames == 48_000
    assert len(samples) == 24_000


def test_matroska_tells_the_length_of_the_audio_not_of_the_video(tmp_path: Path) -> None:
    ffmpeg_file(tmp_path / "input", "matroska", "flac", noise(4800), video=True)
    assert decode(tmp_path / "input")[0].frames == 4800


def test_mp3_made_by_ffmpeg_keeps_length_and_place(tmp_path: Path) -> None:
    original = noise(24_107)
    ffmpeg_file(tmp_path / "input", "mp3", "libmp3lame", original, sample_format="fltp")
    info, samples = decode(tmp_path / "input")
    assert info.frames == len(samples) == 24_107
    assert lag(original, samples) == 0


def test_mp3_without_a_length_tag_is_read_whole(tmp_path: Path) -> None:
    original = noise(24_107)
    ffmpeg_file(
        tmp_path / "input", "mp3", "libmp3lame", original, sample_format="fltp", options={"write_xing": "0"}
    )
    _, samples = decode(tmp_path / "input")
    assert 1105 <= len(samples) - len(original) < 1105 + 2 * 1152


def test_two_mp3_files_one_behind_the_other_are_read_whole(tmp_path: Path) -> None:
    encode(tmp_path / "one", spec_for("mp3"), noise(24_107))
    (tmp_path / "input").write_bytes((tmp_path / "one").read_bytes() * 2)
    assert len(decode(tmp_path / "input")[1]) > 48_000


@pytest.mark.parametrize("codec", ["VORBIS", "OPUS"])
def test_ogg_made_by_libsndfile_keeps_length_and_place(tmp_path: Path, codec: str) -> None:
    original = noise(24_107)
    soundfile.write(tmp_path / "input", original, 48_000, format="OGG", subtype=codec)
    info, samples = decode(tmp_path / "input")
    assert info.frames == len(samples) == 24_107
    assert lag(original, samples) == 0


@pytest.mark.parametrize(
    ("subtype", "endian"),
    [
        ("PCM_S8", "FILE"),
        ("PCM_16", "FILE"),
        ("PCM_16", "LITTLE"),
        ("PCM_24", "FILE"),
        ("PCM_32", "FILE"),
        ("FLOAT", "FILE"),
        ("DOUBLE", "FILE"),
        ("ULAW", "FILE"),
        ("ALAW", "FILE"),
    ],
)
def test_aiff_and_aifc_are_read_to_the_bit(tmp_path: Path, subtype: str, endian: str) -> None:
    soundfile.write(tmp_path / "input", noise(5001), 44_100, format="AIFF", subtype=subtype, endian=endian)
    expected, _ = soundfile.read(tmp_path / "input", dtype="float32", always_2d=True)
    info, samples = decode(tmp_path / "input")
    assert np.array_equal(samples, expected)
    assert (info.container, info.frames) == ("aiff", 5001)


@pytest.mark.parametrize(
    ("subtype", "depth"), [("PCM_S8", Depth.S16), ("PCM_16", Depth.S16), ("PCM_24", Depth.S24)]
)
def test_flac_is_read_to_the_bit_and_knows_its_depth(tmp_path: Path, subtype: str, depth: Depth) -> None:
    soundfile.write(tmp_path / "input", noise(5001), 96_000, format="FLAC", subtype=subtype)
    expected, _ = soundfile.read(tmp_path / "input", dtype="float32", always_2d=True)
    info, samples = decode(tmp_path / "input")
    assert np.array_equal(samples, expected)
    assert (info.depth, info.frames) == (depth, 5001)


def test_flac_of_unknown_length_is_read_whole(tmp_path: Path) -> None:
    encode(tmp_path / "input", spec_for("flac"), noise(5001))
    data = bytearray((tmp_path / "input").read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    (tmp_path / "input").write_bytes(data)
    info, samples = decode(tmp_path / "input")
    assert info.frames is None
    assert len(samples) == 5001


@pytest.mark.parametrize("name", ["wav", "flac", "mp3"])
def test_a_file_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    encode(tmp_path / "song.ogg", spec_for(name), noise(5001))
    assert decode(tmp_path / "song.ogg")[0].container == name


@pytest.mark.parametrize("name", ["concat:a|b", "%03d.wav", "-i", "sub file,,:x"])
def test_no_file_name_means_anything_to_ffmpeg(tmp_path: Path, name: str) -> None:
    encode(tmp_path / name, spec_for("flac"), noise(500))
    assert len(decode(tmp_path / name)[1]) == 500


@pytest.mark.parametrize("name", ["wav", "flac", "m4a"])
def test_every_block_but_the_last_is_full(tmp_path: Path, name: str) -> None:
    encode(tmp_path / "input", spec_for(name), noise(10_000))
    with open_reader(tmp_path / "input") as reader:
        blocks = list(reader.blocks(3000))
        assert [len(block) for block in blocks] == [3000, 3000, 3000, 1000]
        assert {block.dtype for block in blocks} == {np.dtype(np.float32)}
        assert np.array_equal(np.concatenate(list(reader.blocks(10_000))), np.concatenate(blocks))


@pytest.mark.parametrize("name", ["wav", "flac"])
def test_closing_ends_the_iteration(tmp_path: Path, name: str) -> None:
    encode(tmp_path / "input", spec_for(name), noise(200_000))
    with open_reader(tmp_path / "input") as reader:
        blocks = reader.blocks(1000)
        next(blocks)
    assert sum(1 for _ in blocks) <= 65


def test_eight_planar_channels_are_read_safely(tmp_path: Path) -> None:
    original = noise(12_000, 8)
    ffmpeg_file(tmp_path / "input", "ipod", "aac", original)
    for _ in range(20):
        assert decode(tmp_path / "input")[1].shape == original.shape
