"""Files that are broken, empty, absurd or hostile are refused with one sentence, and nothing else happens."""

import socket
import struct
from pathlib import Path

import numpy as np
import pytest
from media_files import encode, encoded, ffmpeg_file, noise, spec_for
from unmix_models.errors import InvalidAudio
from unmix_models.media import FORMATS, open_reader


def read_all(path: Path) -> int:
    with open_reader(path) as reader:
        return sum(len(block) for block in reader.blocks())


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(InvalidAudio) as caught:
        read_all(path)
    return str(caught.value)


def test_an_empty_file(tmp_path: Path) -> None:
    assert "is empty" in refusal(tmp_path / "input", b"")


@pytest.mark.parametrize("data", [b"R", b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf1\x50\x80"])
def test_a_few_bytes(tmp_path: Path, data: bytes) -> None:
    refusal(tmp_path / "input", data)


@pytest.mark.parametrize("seed", range(8))
def test_random_bytes(tmp_path: Path, seed: int) -> None:
    refusal(tmp_path / "input", np.random.default_rng(seed).bytes(100_000))


@pytest.mark.parametrize(
    "data", [b"Dear diary,\n" * 5000, bytes(100_000), b"\xff" * 50_000, b"<html></html>\n" * 99]
)
def test_text_and_filler(tmp_path: Path, data: bytes) -> None:
    assert "not audio" in refusal(tmp_path / "input", data)


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_reader(tmp_path / "input")


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{path}'\n",
        "ffconcat version 1.0\nfile '{url}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n",
        "[playlist]\nFile1={url}\nNumberOfEntries=1\n",
        "<MPD><Period><AdaptationSet><BaseURL>{url}</BaseURL></AdaptationSet></Period></MPD>",
        "{url}\n",
        "sine=frequency=440",
    ],
)
def test_playlists_are_never_followed(tmp_path: Path, text: str) -> None:
    encode(tmp_path / "secret.wav", spec_for("wav"), noise(48_000))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        url = f"http://127.0.0.1:{port}/secret.wav"
        refusal(tmp_path / "input", text.format(url=url, path=tmp_path / "secret.wav", port=port).encode())
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_video_without_sound(tmp_path: Path) -> None:
    import av  # noqa: PLC0415  # for this file only

    with av.open(str(tmp_path / "video"), "w", format="mp4") as container:
        pictures = container.add_stream("mpeg4", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            container.mux(
                pictures.encode(av.VideoFrame.from_ndarray(np.zeros((72, 64), np.uint8), "yuv420p"))
            )
        container.mux(pictures.encode(None))
    assert "has no audio stream" in refusal(tmp_path / "input", (tmp_path / "video").read_bytes())


def test_a_flac_without_frames(tmp_path: Path) -> None:
    data = encoded(spec_for("flac"), noise(100))
    refusal(tmp_path / "input", data[: 4 + 4 + 34])


def test_an_aiff_without_frames(tmp_path: Path) -> None:
    comm = struct.pack(">hIh", 1, 0, 16) + bytes.fromhex("400ebb80000000000000")
    body = b"AIFFCOMM" + struct.pack(">I", 18) + comm + b"SSND" + struct.pack(">III", 8, 0, 0)
    refusal(tmp_path / "input", b"FORM" + struct.pack(">I", len(body)) + body)


@pytest.mark.parametrize("name", ["aiff", "flac", "wav"])
@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1])
def test_truncated_lossless_files_say_how_much_is_missing(tmp_path: Path, name: str, kept: float) -> None:
    data = encoded(spec_for(name), noise(96_000))
    message = refusal(tmp_path / "input", data[: int(len(data) * kept)])
    assert "truncated" in message
    assert "of the 96000 frames" in message
    assert "of 2.000 s" in message


@pytest.mark.parametrize("codec", ["aac", "alac"])
@pytest.mark.parametrize("kept", [0.9, 0.5])
def test_truncated_mp4_files_say_how_much_is_missing(tmp_path: Path, codec: str, kept: float) -> None:
    ffmpeg_file(tmp_path / "input", "mp4", codec, noise(96_000), options={"movflags": "faststart"})
    data = (tmp_path / "input").read_bytes()
    message = refusal(tmp_path / "input", data[: int(len(data) * kept)])
    assert "truncated" in message
    assert "of 2.000 s" in message


@pytest.mark.parametrize("name", ["mp3", "ogg", "webm"])
def test_streams_that_do_not_count_on_their_length_are_read_as_far_as_they_go(
    tmp_path: Path, name: str
) -> None:
    data = encoded(spec_for(name), noise(480_000))
    (tmp_path / "input").write_bytes(data[: len(data) // 2])
    assert 200_000 < read_all(tmp_path / "input") < 280_000


@pytest.mark.parametrize("name", ["flac", "alac"])
def test_damage_in_the_middle_is_told_with_its_place(tmp_path: Path, name: str) -> None:
    data = bytearray(encoded(spec_for(name), noise(96_000)))
    middle = len(data) // 2
    data[middle : middle + 20_000] = b"\x5a" * 20_000
    message = refusal(tmp_path / "input", bytes(data))
    assert "decoded at 0." in message or "decoded at 1." in message or "frames" in message


def test_one_flipped_bit_in_a_flac_is_noticed(tmp_path: Path) -> None:
    data = bytearray(encoded(spec_for("flac"), noise(96_000)))
    data[len(data) // 2] ^= 1
    refusal(tmp_path / "input", bytes(data))


def test_lost_pages_of_an_ogg_are_noticed(tmp_path: Path) -> None:
    data = bytearray(encoded(spec_for("opus"), noise(480_000)))
    data[len(data) // 2] ^= 1
    assert "frames" in refusal(tmp_path / "input", bytes(data))


def test_nan_in_other_containers_is_refused_with_its_place(tmp_path: Path) -> None:
    samples = noise(48_000)
    samples[24_000, 0] = np.nan
    ffmpeg_file(tmp_path / "input", "matroska", "pcm_f32le", samples)
    assert "NaN at 0.500000 s in channel 1" in refusal(tmp_path / "input", (tmp_path / "input").read_bytes())


@pytest.mark.parametrize("rate", [500, 999, 800_000])
def test_absurd_rates_of_other_containers(tmp_path: Path, rate: int) -> None:
    ffmpeg_file(tmp_path / "input", "matroska", "pcm_s16le", noise(4800), rate)
    assert f"sample rate of {rate} Hz" in refusal(tmp_path / "input", (tmp_path / "input").read_bytes())


def test_a_flac_that_declares_absurd_lengths_allocates_nothing(tmp_path: Path) -> None:
    data = bytearray(encoded(spec_for("flac"), noise(4800)))
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    assert "truncated" in refusal(tmp_path / "input", bytes(data))


def test_a_change_of_format_in_mid_stream_is_refused(tmp_path: Path) -> None:
    ffmpeg_file(tmp_path / "one", "adts", "aac", noise(48_000), 48_000)
    ffmpeg_file(tmp_path / "two", "adts", "aac", noise(48_000), 32_000)
    data = (tmp_path / "one").read_bytes() + (tmp_path / "two").read_bytes()
    assert "changes from 48000 Hz and 2 channels to 32000 Hz" in refusal(tmp_path / "input", data)


@pytest.mark.parametrize("name", FORMATS)
def test_junk_behind_the_end_does_no_harm(tmp_path: Path, name: str) -> None:
    data = encoded(spec_for(name), noise(48_000))
    (tmp_path / "input").write_bytes(data + b"TAG" + bytes(125))
    assert read_all(tmp_path / "input") == 48_000
