"""WAV, RF64 and BW64: what is read, what is written, and what goes from one to the other."""

import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from media_files import chunk, decode, encode, encoded, fmt, noise, riff, spec_for
from unmix_models.audio import Block, Depth
from unmix_models.media import Metadata, open_reader, open_writer
from unmix_models.media._riff import is_wave, read_layout
from unmix_models.media._sink import Sink
from unmix_models.media._wave import WaveEncoder

SIDE_CHUNKS = (
    (b"bext", b"Scene 1".ljust(602, b"\0")),
    (b"cue ", struct.pack("<II4sIII", 1, 1, b"data", 0, 0, 480)),
    (b"LIST", b"adtllabl" + struct.pack("<II", 10, 1) + b"Verse\0"),
    (b"iXML", b"<BWFXML><SCENE>1</SCENE></BWFXML>"),
    (b"smpl", bytes(36)),
    (b"id3 ", b"ID3\4" + bytes(7)),
)


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]
)
def test_reads_what_libsndfile_writes_to_the_bit(tmp_path: Path, container: str, subtype: str) -> None:
    soundfile.write(tmp_path / "input", noise(5001), 44_100, format=container, subtype=subtype)
    expected, _ = soundfile.read(tmp_path / "input", dtype="float32", always_2d=True)
    info, samples = decode(tmp_path / "input")
    assert np.array_equal(samples, expected)
    assert (info.container, info.sample_rate, info.frames) == ("wav", 44_100, 5001)


@pytest.mark.parametrize(("tag", "subtype"), [(6, "ALAW"), (7, "ULAW")])
def test_companded_codes_expand_as_g711_says(tmp_path: Path, tag: int, subtype: str) -> None:
    codes = bytes(range(256))
    (tmp_path / "input").write_bytes(riff(fmt(tag, 1, bits=8), chunk(b"data", codes)))
    expected, _ = soundfile.read(
        io.BytesIO(codes), samplerate=8000, channels=1, format="RAW", subtype=subtype, dtype="float32"
    )
    info, samples = decode(tmp_path / "input")
    assert np.array_equal(samples[:, 0], expected)
    assert info.depth is Depth.S16


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610"])
def test_compressed_wav_is_left_to_ffmpeg(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "input", noise(4000, 1), 8000, format="WAV", subtype=subtype)
    info, samples = decode(tmp_path / "input")
    assert info.container == "wav"
    assert 4000 <= len(samples) < 5100


def test_every_sample_value_survives(tmp_path: Path) -> None:
    values = np.arange(-(2**15), 2**15).astype(np.int16)
    (tmp_path / "input").write_bytes(riff(fmt(channels=1), chunk(b"data", values.tobytes())))
    _, samples = decode(tmp_path / "input")
    spec = spec_for("wav", channels=1)
    written = encoded(spec, samples)
    assert values.tobytes() in written
    assert np.array_equal(samples[:, 0] * 32768, values)


@pytest.mark.parametrize("depth", list(Depth))
def test_soundfile_and_ffmpeg_read_what_is_written(tmp_path: Path, depth: Depth) -> None:
    written = encode(tmp_path / "input.wav", spec_for("wav", 44_100, 6, depth), noise(3001, 6))
    read, rate = soundfile.read(tmp_path / "input.wav", dtype="float32", always_2d=True)
    assert rate == 44_100
    assert np.array_equal(read, written)
    with av.open(str(tmp_path / "input.wav")) as container:
        assert container.streams.audio[0].layout.name == "5.1"
        assert sum(frame.samples for frame in container.decode(audio=0)) == 3001


def test_twenty_bits_in_three_bytes_are_twenty_four(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(
        riff(fmt(channels=1, bits=20, block_align=3), chunk(b"data", b"\0\0\x40" * 3))
    )
    info, samples = decode(tmp_path / "input")
    assert info.depth is Depth.S24
    assert samples[:, 0].tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF, 0x7FFF_F000])
@pytest.mark.parametrize("riff_size", [0, 0xFFFF_FFFF, 0x7FFF_F024])
def test_streamed_files_reach_to_their_end(tmp_path: Path, size: int, riff_size: int) -> None:
    (tmp_path / "input").write_bytes(
        riff(fmt(channels=1), chunk(b"data", bytes(range(200)) + b"\7", size), size=riff_size)
    )
    info, samples = decode(tmp_path / "input")
    assert info.frames == len(samples) == 100 + 1  # the odd byte and its padding make one more
    assert np.array_equal(samples[:100, 0] * 32768, np.frombuffer(bytes(range(200)), "<i2"))


def test_rf64_with_a_size_in_ds64_is_read(tmp_path: Path) -> None:
    for kind in (b"RF64", b"BW64"):
        ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, 8, 4, 0))
        body = chunk(b"data", struct.pack("<4h", 1, 2, 3, 4), 0xFFFF_FFFF) + chunk(b"iXML", b"<x/>")
        (tmp_path / "input").write_bytes(riff(ds64, fmt(channels=1), body, kind=kind, size=0xFFFF_FFFF))
        info, samples = decode(tmp_path / "input")
        assert info.frames == 4
        assert (samples[:, 0] * 32768).tolist() == [1, 2, 3, 4]
        with open_reader(tmp_path / "input") as reader:
            assert reader.metadata.side_chunks == ((b"iXML", b"<x/>"),)


def test_side_chunks_travel(tmp_path: Path) -> None:
    encode(tmp_path / "first", spec_for("wav"), noise(101), Metadata(side_chunks=SIDE_CHUNKS))
    with open_reader(tmp_path / "first") as reader:
        metadata = reader.metadata
    encode(tmp_path / "second", spec_for("wav"), noise(101), metadata)
    with open_reader(tmp_path / "second") as reader:
        assert dict(reader.metadata.side_chunks) == dict(SIDE_CHUNKS)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    assert soundfile.info(tmp_path / "second").frames == 101


def test_chunks_about_the_old_samples_stay_behind(tmp_path: Path) -> None:
    stale = [chunk(name, bytes(8)) for name in (b"PEAK", b"fact", b"JUNK", b"levl", b"MD5 ")]
    (tmp_path / "input").write_bytes(riff(*stale, fmt(), chunk(b"data", bytes(8))))
    with open_reader(tmp_path / "input") as reader:
        assert reader.metadata.side_chunks == ()


def test_info_lists_become_tags_and_tags_an_info_list(tmp_path: Path) -> None:
    encode(tmp_path / "input", spec_for("wav"), noise(9), Metadata({"title": "Übung", "genre": "Speech"}))
    with open_reader(tmp_path / "input") as reader:
        assert reader.metadata.tags == {"title": "Übung", "genre": "Speech"}
        assert [name for name, _ in reader.metadata.side_chunks] == [b"LIST"]
        encode(tmp_path / "again", spec_for("wav"), noise(9), reader.metadata)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "input").read_bytes()


def test_loudspeaker_positions_travel(tmp_path: Path) -> None:
    side_surround = 0x60F
    encode(tmp_path / "first", spec_for("wav", channels=6), noise(9, 6), Metadata(channel_mask=side_surround))
    with open_reader(tmp_path / "first") as reader:
        assert reader.metadata.channel_mask == side_surround


def test_side_chunks_are_bounded_in_size(tmp_path: Path) -> None:
    big = chunk(b"big ", bytes(12 << 20))
    (tmp_path / "input").write_bytes(riff(fmt(), chunk(b"data", bytes(8)), big, big, chunk(b"iXML", b"<x/>")))
    with open_reader(tmp_path / "input") as reader:
        assert [name for name, _ in reader.metadata.side_chunks] == [b"big ", b"iXML"]


def test_side_chunks_are_bounded_in_number(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(riff(fmt(), chunk(b"data", bytes(8)), *[chunk(b"tiny", b"")] * 5000))
    with open_reader(tmp_path / "input") as reader:
        assert len(reader.metadata.side_chunks) == 256


def written_by_encoder(samples: Block, frames: int | None, rf64_above: int) -> bytes:
    file = io.BytesIO()
    encoder = WaveEncoder(
        Sink(file),
        spec_for("wav", depth=Depth.F32),
        frames,
        Metadata(side_chunks=SIDE_CHUNKS),
        rf64_above=rf64_above,
    )
    encoder.write(samples)
    encoder.finish()
    return file.getvalue()


@pytest.mark.parametrize("frames", [1000, None])
def test_above_the_limit_a_file_is_an_rf64_that_others_read(tmp_path: Path, frames: int | None) -> None:
    samples = noise(1000)
    (tmp_path / "input").write_bytes(written_by_encoder(samples, frames, rf64_above=4000))
    assert (tmp_path / "input").read_bytes()[:4] == b"RF64"
    assert np.array_equal(decode(tmp_path / "input")[1], samples)
    assert np.array_equal(soundfile.read(tmp_path / "input", dtype="float32")[0], samples)
    with av.open(str(tmp_path / "input")) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 1000
    with open_reader(tmp_path / "input") as reader:
        assert dict(reader.metadata.side_chunks) == dict(SIDE_CHUNKS)


def test_at_the_limit_it_is_still_a_riff() -> None:
    size = len(written_by_encoder(noise(1000), 1000, rf64_above=10_000_000)) - 8
    assert written_by_encoder(noise(1000), 1000, rf64_above=size)[:4] == b"RIFF"
    assert written_by_encoder(noise(1000), 1000, rf64_above=size - 1)[:4] == b"RF64"


def test_a_known_length_gives_the_final_header_at_once() -> None:
    file = io.BytesIO()
    with open_writer(file, spec_for("wav"), frames=500) as writer:
        early = file.getvalue()
        writer.write(noise(500))
    assert file.getvalue().startswith(early)


def test_an_unknown_length_gives_the_header_of_a_streamed_file_until_the_end(tmp_path: Path) -> None:
    file = io.BytesIO()
    writer = open_writer(file, spec_for("wav"))
    writer.write(noise(500))
    (tmp_path / "input").write_bytes(file.getvalue())
    assert decode(tmp_path / "input")[0].frames == 500
    writer.close()
    assert file.getvalue() == encoded(spec_for("wav"), noise(500))


def test_a_wrong_length_is_corrected(tmp_path: Path) -> None:
    with (tmp_path / "input").open("wb") as file, open_writer(file, spec_for("wav"), frames=400) as writer:
        writer.write(noise(500))
    assert decode(tmp_path / "input")[0].frames == soundfile.info(tmp_path / "input").frames == 500


def test_five_gibibytes_have_a_right_header_and_are_read_to_their_end(tmp_path: Path) -> None:
    frames = 5 * 2**30 // 8
    file = io.BytesIO()
    open_writer(
        file, spec_for("wav", depth=Depth.F32), frames=frames, metadata=Metadata(side_chunks=SIDE_CHUNKS)
    )
    head = file.getvalue()
    tail = b"".join(chunk(*side) for side in SIDE_CHUNKS)
    with (tmp_path / "input").open("wb") as sparse:
        sparse.write(head)
        sparse.seek(len(head) + frames * 8 - 8)
        sparse.write(struct.pack("<2f", 0.25, -0.5) + tail)
    info = soundfile.info(tmp_path / "input")
    assert (info.format, info.frames) == ("RF64", frames)
    last, _ = soundfile.read(tmp_path / "input", start=frames - 1, dtype="float32")
    assert last.tolist() == [[0.25, -0.5]]
    with (tmp_path / "input").open("rb") as stored:
        layout = read_layout(stored)
    assert (layout.data_start, layout.data_size) == (len(head), frames * 8)
    assert dict(layout.side_chunks) == dict(SIDE_CHUNKS)
    riff_size, data_size, sample_count = struct.unpack_from("<QQQ", head, 20)
    assert riff_size + 8 == (tmp_path / "input").stat().st_size
    assert (data_size, sample_count) == (frames * 8, frames)
    with open_reader(tmp_path / "input") as reader:
        assert reader.info.frames == frames


class Growing:
    """A file object that keeps its first bytes and counts the rest."""

    def __init__(self) -> None:
        self.head = bytearray()
        self.position = self.length = 0

    def write(self, data: bytes) -> int:
        if self.position < 4096:
            self.head[self.position : self.position + len(data)] = bytes(data)[: 4096 - self.position]
        self.position += len(data)
        self.length = max(self.length, self.position)
        return len(data)

    def seek(self, position: int, whence: int = 0) -> int:
        assert whence == 0
        self.position = position
        return position

    def tell(self) -> int:
        return self.position


@pytest.mark.long
def test_a_file_that_grows_beyond_four_gibibytes_becomes_an_rf64() -> None:
    file = Growing()
    block = np.zeros((1 << 19, 16), np.float32)
    with open_writer(file, spec_for("wav", channels=16, depth=Depth.F64)) as writer:  # pyright: ignore[reportArgumentType]  # all that it needs
        for _ in range(65):
            writer.write(block)
    riff_size, data_size, sample_count = struct.unpack_from("<QQQ", file.head, 20)
    assert bytes(file.head[:8]) == b"RF64\xff\xff\xff\xff"
    assert riff_size + 8 == file.length > 2**32
    assert (data_size, sample_count) == (65 * block.size * 8, 65 << 19)


def test_only_wave_files_count_as_such() -> None:
    assert is_wave(b"RIFF\0\0\0\0WAVE")
    assert not is_wave(b"RIFF\0\0\0\0AVI ")
    assert not is_wave(b"RIFF")
