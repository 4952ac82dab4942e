"""What a writer promises: the same bytes each time, honest rounding, and no lost error of the disk."""

import errno
import io
from pathlib import Path

import numpy as np
import pytest
from media_files import decode, encode, encoded, noise, spec_for
from unmix_models.audio import Depth
from unmix_models.errors import StorageFull, UnsupportedFormat
from unmix_models.media import FORMATS, Metadata, OutputSpec, open_writer

BLOCK = noise(48_000)
INTEGERS = {Depth.U8: 8, Depth.S16: 16, Depth.S24: 24, Depth.S32: 32}


class Disk:
    """A file object with room for so many bytes, that may do nothing but write, seek and tell."""

    def __init__(self, room: int, code: int = errno.ENOSPC) -> None:
        self.room, self.code = room, code
        self.position = 0

    def write(self, data: bytes) -> int:
        if self.position + len(data) > self.room:
            raise OSError(self.code, "no more")
        self.position += len(data)
        return len(data)

    def seek(self, position: int, whence: int = 0) -> int:
        assert whence == 0
        self.position = position
        return position

    def tell(self) -> int:
        return self.position


def write_five_seconds(disk: Disk, name: str) -> None:
    with open_writer(disk, spec_for(name), frames=240_000) as writer:  # type: ignore[arg-type]
        for _ in range(5):
            writer.write(BLOCK)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_samples_make_the_same_bytes(name: str) -> None:
    samples, tags = noise(30_000), Metadata({"title": "Same"})
    first = encoded(spec_for(name), samples, tags)
    assert len(first) > 1000
    assert encoded(spec_for(name), samples, tags) == first


@pytest.mark.parametrize("name", FORMATS)
def test_the_size_of_the_blocks_changes_nothing(tmp_path: Path, name: str) -> None:
    samples = noise(30_000)
    encode(tmp_path / "input", spec_for(name), samples)
    assert (tmp_path / "input").read_bytes() == encoded(spec_for(name), samples)


@pytest.mark.parametrize("room", [0, 5000, 60_000])
@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_is_told(name: str, room: int) -> None:
    with pytest.raises(StorageFull, match="free some space"):
        write_five_seconds(Disk(room), name)


@pytest.mark.parametrize("name", FORMATS)
def test_a_disk_that_fills_up_at_the_very_end_is_told(name: str) -> None:
    size = len(encoded(spec_for(name), BLOCK))
    writer = open_writer(Disk(size - 1), spec_for(name), frames=48_000)  # type: ignore[arg-type]
    with pytest.raises(StorageFull):  # noqa: PT012  # some formats meet the end in write, some in close
        writer.write(BLOCK)
        writer.close()


@pytest.mark.parametrize("name", FORMATS)
def test_other_errors_of_the_file_come_out_as_they_are(name: str) -> None:
    with pytest.raises(OSError, match="no more") as caught:
        write_five_seconds(Disk(2000, errno.EIO), name)
    assert caught.value.errno == errno.EIO


@pytest.mark.parametrize("name", FORMATS)
def test_on_an_error_the_file_is_left_as_it_is(name: str) -> None:
    file = io.BytesIO()
    with pytest.raises(KeyError), open_writer(file, spec_for(name)) as writer:  # noqa: PT012  # the error is ours
        writer.write(BLOCK)
        before = file.getvalue()
        raise KeyError
    writer.close()
    assert file.getvalue() == before


@pytest.mark.parametrize("name", FORMATS)
def test_files_without_buffering_may_write_in_pieces(tmp_path: Path, name: str) -> None:
    class Pieces(io.BytesIO):
        def write(self, data: bytes) -> int:  # type: ignore[override]
            return super().write(bytes(data)[:100])

    file = Pieces()
    with open_writer(file, spec_for(name), frames=5000) as writer:
        writer.write(noise(5000))
    assert file.getvalue() == encoded(spec_for(name), noise(5000))


@pytest.mark.parametrize("depth", INTEGERS)
def test_quantise_gives_what_a_reader_gets(tmp_path: Path, depth: Depth) -> None:
    samples = np.concatenate([noise(5000), np.float32([[1.5, -1.5], [1.0, -1.0], [-0.0, 1e-9]])])
    spec = spec_for("wav", depth=depth)
    writer = open_writer(io.BytesIO(), spec)
    quantised = writer.quantise(samples)
    encode(tmp_path / "input", spec, samples)
    assert np.array_equal(decode(tmp_path / "input")[1], quantised)
    assert np.abs(quantised - np.clip(samples, -1, 1)).max() <= 2.0 ** (1 - INTEGERS[depth])


@pytest.mark.parametrize("depth", INTEGERS)
def test_quantising_again_changes_nothing(depth: Depth) -> None:
    writer = open_writer(io.BytesIO(), spec_for("wav", depth=depth))
    once = writer.quantise(3 * noise(5000))
    assert np.array_equal(writer.quantise(once), once)


@pytest.mark.parametrize("name", ["mp3", "opus", "m4a", "ogg"])
def test_lossy_formats_and_floats_quantise_nothing(name: str) -> None:
    loud = 8 * noise(50)
    assert open_writer(io.BytesIO(), spec_for(name)).quantise(loud) is loud
    assert open_writer(io.BytesIO(), spec_for("wav", depth=Depth.F32)).quantise(loud) is loud


@pytest.mark.parametrize("depth", INTEGERS)
def test_saturated_samples_are_counted_once(depth: Depth) -> None:
    block = np.float32([[2.0, -2.0], [0.5, -1.0], [-1.1, 0.0]])
    writer = open_writer(io.BytesIO(), spec_for("wav", depth=depth))
    quantised = writer.quantise(block)
    assert writer.clipped == 3
    writer.write(quantised)
    assert writer.clipped == 3
    assert quantised.max() <= 1.0
    assert quantised.min() == -1.0


def test_floats_are_never_clipped(tmp_path: Path) -> None:
    loud = 8 * noise(500)
    encode(tmp_path / "input", spec_for("wav", depth=Depth.F32), loud)
    assert np.array_equal(decode(tmp_path / "input")[1], loud)


@pytest.mark.parametrize(
    "block",
    [
        np.zeros((5, 3), np.float32),
        np.zeros(5, np.float32),
        np.zeros((5, 2), np.float64),
        np.full((5, 2), np.nan, np.float32),
        np.full((5, 2), np.inf, np.float32),
    ],
)
def test_blocks_of_another_kind_are_a_mistake(block: np.ndarray) -> None:
    writer = open_writer(io.BytesIO(), spec_for("wav"))
    with pytest.raises(ValueError, match=r"blocks are float32|samples are finite"):
        writer.write(block)


def test_an_aiff_beyond_four_gibibytes_is_refused_at_once() -> None:
    with pytest.raises(UnsupportedFormat, match="choose wav or flac"):
        open_writer(io.BytesIO(), spec_for("aiff"), frames=2**30)


def test_what_an_encoder_does_not_take_is_an_unsupported_format() -> None:
    spec = OutputSpec("opus", "opus", Depth.F32, 44_100, 2, ())
    with (
        pytest.raises(UnsupportedFormat, match="choose another format"),
        open_writer(io.BytesIO(), spec) as writer,
    ):
        writer.write(noise(50))


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UnsupportedFormat, match="'wma'"):
        open_writer(io.BytesIO(), OutputSpec("wma", "wma", Depth.F32, 44_100, 2, ()))


def test_closing_twice_is_closing_once() -> None:
    file = io.BytesIO()
    writer = open_writer(file, spec_for("flac"))
    writer.write(noise(5000))
    writer.close()
    size = len(file.getvalue())
    writer.close()
    assert len(file.getvalue()) == size
