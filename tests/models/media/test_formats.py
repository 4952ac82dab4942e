"""Which format a result gets, and what the user is told about it."""

import pytest
from unmix_models.audio import AudioInfo, Depth
from unmix_models.errors import UnsupportedFormat
from unmix_models.media import FORMATS, resolve_output


def source(
    container: str = "wav",
    codec: str = "pcm_s16le",
    sample_rate: int = 48_000,
    channels: int = 2,
    depth: Depth = Depth.S16,
) -> AudioInfo:
    return AudioInfo(container, codec, sample_rate, channels, depth, None)


@pytest.mark.parametrize(
    ("container", "codec", "expected"),
    [
        ("wav", "pcm_s16le", "wav"),
        ("wav", "pcm_mulaw", "wav"),
        ("wav", "adpcm_ms", "wav"),
        ("aiff", "pcm_s24be", "aiff"),
        ("flac", "flac", "flac"),
        ("mp3", "mp3", "mp3"),
        ("adts", "aac", "m4a"),
        ("ogg", "vorbis", "ogg"),
        ("ogg", "opus", "opus"),
        ("mp4", "alac", "alac"),
        ("mp4", "aac", "m4a"),
        ("mp4", "pcm_s16be", "wav"),
        ("matroska", "opus", "opus"),
        ("matroska", "vorbis", "ogg"),
        ("matroska", "flac", "flac"),
        ("avi", "mp3", "mp3"),
        ("avi", "ac3", "flac"),
    ],
)
def test_a_result_has_its_sources_own_format(container: str, codec: str, expected: str) -> None:
    for unsaid in (None, ""):
        assert resolve_output(source(container, codec), unsaid).format == expected


def test_depth_and_rate_stay_the_sources() -> None:
    spec = resolve_output(source(sample_rate=37_800, depth=Depth.S24), "wav")
    assert (spec.depth, spec.sample_rate, spec.channels, spec.notes) == (Depth.S24, 37_800, 2, ())


def test_another_depth_can_be_asked_for() -> None:
    assert resolve_output(source(), "wav", Depth.F32).depth is Depth.F32


def test_names_of_formats_are_in_any_case() -> None:
    assert resolve_output(source(), "FLAC").format == "flac"


def test_extensions_have_no_dot() -> None:
    assert resolve_output(source(), "alac").extension == "m4a"
    assert not any("." in entry.extension for entry in FORMATS.values())


@pytest.mark.parametrize(
    ("name", "rate", "expected"),
    [
        ("mp3", 96_000, 48_000),
        ("mp3", 9_600, 11_025),
        ("mp3", 6_000, 8_000),
        ("m4a", 192_000, 96_000),
        ("m4a", 37_800, 44_100),
        ("opus", 44_100, 48_000),
        ("webm", 192_000, 48_000),
        ("ogg", 352_800, 192_000),
        ("ogg", 44_056, 44_056),
        ("flac", 768_000, 768_000),
    ],
)
def test_rates_go_up_to_the_nearest_that_the_format_holds_else_down_to_its_highest(
    name: str, rate: int, expected: int
) -> None:
    spec = resolve_output(source(sample_rate=rate), name)
    assert spec.sample_rate == expected
    assert bool(spec.notes) == (rate != expected)


def test_resampling_is_told() -> None:
    notes = resolve_output(source(sample_rate=44_100), "opus").notes
    assert notes == ("Ogg Opus cannot hold 44.1 kHz: resampled to 48 kHz.",)


def test_lost_bits_are_told() -> None:
    spec = resolve_output(source(depth=Depth.F32), "flac")
    assert spec.depth is Depth.S24
    assert spec.notes == ("FLAC holds s24 at most: rounded from f32.",)


def test_eight_bits_in_sixteen_lose_nothing_and_need_no_note() -> None:
    spec = resolve_output(source(depth=Depth.U8), "flac")
    assert (spec.depth, spec.notes) == (Depth.S16, ())


def test_six_channels_in_a_lossy_format_are_told_of_the_subwoofer() -> None:
    assert "channel 4" in resolve_output(source(channels=6), "m4a").notes[0]
    assert resolve_output(source(channels=6), "flac").notes == ()


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnsupportedFormat, match=r"'wma': choose one of aiff, alac, flac"):
        resolve_output(source(), "wma")


@pytest.mark.parametrize(
    ("name", "channels", "others"),
    [
        ("mp3", 3, "aiff, flac, m4a, ogg, opus, wav, webm"),
        ("alac", 6, "aiff, flac, m4a, ogg, opus, wav, webm"),
        ("flac", 9, "aiff, wav"),
    ],
)
def test_too_many_channels_are_refused_with_the_formats_that_hold_them(
    name: str, channels: int, others: str
) -> None:
    with pytest.raises(UnsupportedFormat, match=f"choose one of {others}"):
        resolve_output(source(channels=channels), name)


@pytest.mark.parametrize(
    ("codec", "channels", "expected"), [("alac", 6, "flac"), ("opus", 16, "wav"), ("aac", 8, "m4a")]
)
def test_a_source_wider_than_its_own_format_can_be_written_gets_a_wider_one(
    codec: str, channels: int, expected: str
) -> None:
    assert resolve_output(source("mp4", codec, channels=channels), None).format == expected
