"""A recording that holds more than one thing: what each stretch gets, to the sample."""

import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from models.denoise.examples import denoise, load, recording, si_sdr_db, speech
from models.listen.hand_made import ToldEar
from unmix_models.audio import Block
from unmix_models.denoise.passage import Passage
from unmix_models.denoise.programme.stream import ProgrammeStream
from unmix_models.denoise.programme.stretches import Stretch
from unmix_models.listen.ear import Sound

RATE = 48_000
TOLD = tuple[Sound, float]


class Halves:
    """A network by hand: half of everything, a second late."""

    name = "halves"
    sample_rate = RATE
    device = "cpu"
    precision = "float32"
    memory_bytes = 0
    segment_seconds = None

    def stream(self, channels: int, *_: object) -> "HalvesStream":
        return HalvesStream(channels)


class HalvesStream:
    def __init__(self, channels: int) -> None:
        self._held = np.zeros((0, channels), np.float32)

    def process(self, block: Block) -> Block:
        held = np.concatenate([self._held, block])
        ready = max(len(held) - RATE, 0)
        self._held = held[ready:]
        return held[:ready] / 2

    def flush(self) -> Block:
        return self._held / 2


def treated(
    samples: Block, told: Sequence[TOLD], *, block: int = 30_000, rate: int = RATE, **options: object
) -> tuple[Block, tuple[Stretch, ...]]:
    channels = samples.shape[1]
    network = Passage(Halves(), rate, channels, None)
    stream = ProgrammeStream(network, "halves", ToldEar(told), sample_rate=rate, channels=channels, **options)
    done = [stream.process(samples[at : at + block]) for at in range(0, len(samples), block)]
    return np.concatenate([*done, stream.flush()])[: len(samples)], stream.stretches


def noise(seconds: float, channels: int = 1, rate: int = RATE) -> Block:
    random = np.random.default_rng(0)
    return (0.1 * random.standard_normal((round(seconds * rate), channels))).astype(np.float32)


def test_music_beside_speech_is_the_input_to_the_bit() -> None:
    samples = noise(60, 2)
    told = [(Sound.MUSIC, 20), (Sound.SPEECH, 20), (Sound.MUSIC, 20)]
    found, stretches = treated(samples, told)
    np.testing.assert_array_equal(found[: 20 * RATE], samples[: 20 * RATE])
    np.testing.assert_array_equal(found[40 * RATE :], samples[40 * RATE :])
    inside = slice(
        int(20.7 * RATE), int(39.3 * RATE)
    )  # half a second beside music belongs to it, and the fades
    np.testing.assert_array_equal(found[inside], samples[inside] / 2)
    assert stretches == (
        Stretch(0, 41 * RATE // 2, Sound.MUSIC, ()),
        Stretch(41 * RATE // 2, 79 * RATE // 2, Sound.SPEECH, ("halves",)),
        Stretch(79 * RATE // 2, 60 * RATE, Sound.MUSIC, ()),
    )


@pytest.mark.parametrize("other", [Sound.MUSIC, Sound.SPEECH_OVER_MUSIC])
@pytest.mark.parametrize("speech_first", [False, True])
def test_fades_are_linear_and_lie_on_the_side_of_the_speech(other: Sound, *, speech_first: bool) -> None:
    samples = np.full((40 * RATE, 1), 0.5, np.float32)
    told = [(other, 20.0), (Sound.SPEECH, 20.0)]
    found, _ = treated(samples, told[::-1] if speech_first else told)
    found = found[::-1] if speech_first else found
    # Half a second of speech beside music belongs to the music.
    join = 41 * RATE // 2 if other is Sound.MUSIC else 20 * RATE
    fade = found[join : join + RATE // 5, 0]
    np.testing.assert_allclose(fade, np.linspace(0.5, 0.25, len(fade)), atol=1e-4)
    assert found[join - 1, 0] == 0.5
    assert found[join + RATE // 5, 0] == 0.25


def test_music_goes_where_it_is_not_wanted() -> None:
    samples = noise(40)
    found, stretches = treated(samples, [(Sound.MUSIC, 20), (Sound.SPEECH, 20)], keep_music=False)
    np.testing.assert_array_equal(found, samples / 2)
    assert [stretch.sound for stretch in stretches] == [Sound.MUSIC, Sound.SPEECH]
    assert {stretch.models for stretch in stretches} == {("halves",)}


def test_speech_over_music_keeps_all_of_it_where_no_noise_is_known() -> None:
    samples = noise(40)
    found, stretches = treated(samples, [(Sound.SPEECH_OVER_MUSIC, 20), (Sound.SPEECH, 20)])
    np.testing.assert_allclose(found[: 20 * RATE], samples[: 20 * RATE], atol=1e-7)
    assert stretches[0] == Stretch(0, 20 * RATE, Sound.SPEECH_OVER_MUSIC, ())


def test_silence_is_told_as_such() -> None:
    samples = noise(40)
    samples[10 * RATE : 30 * RATE] = 0
    found, stretches = treated(samples, [(Sound.SPEECH, 10), (Sound.OTHER, 20), (Sound.MUSIC, 10)])
    assert not found[11 * RATE : 29 * RATE].any()
    assert [stretch.sound for stretch in stretches].count(Sound.SILENCE) == len(
        {stretch.models for stretch in stretches if stretch.sound is Sound.SILENCE}
    )
    assert stretches[0].sound is Sound.SPEECH
    assert stretches[-1].sound is Sound.MUSIC


@pytest.mark.parametrize("limit", [0.0, 6.0, 20.0])
def test_a_limit_holds_for_every_stretch(limit: float) -> None:
    samples = noise(30)
    found, _ = treated(samples, [(Sound.SPEECH, 15), (Sound.MUSIC, 15)], attenuation_limit_db=limit)
    kept = 10 ** (-limit / 20)
    np.testing.assert_allclose(found[:RATE], samples[:RATE] * (kept + (1 - kept) / 2), atol=1e-7)
    np.testing.assert_allclose(found[-RATE:], samples[-RATE:], atol=1e-7)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000])
@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.3, 0.5, 3.21])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_recording_keeps_its_length(rate: int, seconds: float, channels: int) -> None:
    samples = noise(seconds, channels, rate)
    found, stretches = treated(samples, [(Sound.SPEECH, 1), (Sound.MUSIC, 1)], rate=rate)
    assert found.shape == samples.shape
    assert (stretches[-1].end if stretches else 0) == len(samples)


@pytest.mark.parametrize("block", [997, pytest.param(10**7, marks=pytest.mark.long)])
def test_the_result_does_not_depend_on_how_the_recording_comes(block: int) -> None:
    samples = noise(50)
    swell = (0.02 + np.sin(np.arange(len(samples)) / RATE) ** 2)[:, None].astype(np.float32)
    samples = 0.03 * samples + swell * np.sin(np.arange(len(samples))[:, None] * 0.05).astype(np.float32)
    told = [(Sound.SPEECH, 15), (Sound.SPEECH_OVER_MUSIC, 15), (Sound.MUSIC, 10), (Sound.OTHER, 10)]
    one, other = treated(samples, told), treated(samples, told, block=block)
    np.testing.assert_array_equal(one[0], other[0])
    assert one[1] == other[1]


@pytest.mark.long
def test_hiss_goes_from_under_a_voice_and_its_music_which_stay() -> None:
    """Bed and voice within 1.5 dB, and the hiss 8 dB and more down, with DeepFilterNet3."""
    random = np.random.default_rng(0)
    voice, bed = speech(40) * 0, np.zeros((40 * RATE, 1), np.float32)
    voice += np.resize(recording("speech16k/clean/p232_023.wav"), voice.shape)
    song = recording("music_stems/mixture.flac")[:, :1]
    bed[15 * RATE :] = np.resize(song, (25 * RATE, 1))
    bed *= np.float32(10 ** (-12 / 20)) * np.sqrt(np.mean(voice**2) / np.mean(song**2))
    hiss = (10 ** (-20 / 20) * np.sqrt(np.mean(voice**2)) * random.standard_normal(voice.shape)).astype(
        np.float32
    )
    network = load("deepfilternet3")
    stream = ProgrammeStream(
        Passage(network, RATE, 1, None),
        network.name,
        ToldEar([(Sound.SPEECH, 15), (Sound.SPEECH_OVER_MUSIC, 25)]),
        sample_rate=RATE,
        channels=1,
    )
    mixed = voice + bed + hiss
    found = np.concatenate([stream.process(mixed), stream.flush()])[: len(mixed)]
    over = slice(16 * RATE, None)
    parts = np.concatenate([voice[over], bed[over], hiss[over]], axis=1).astype(np.float64)
    gains = np.linalg.lstsq(parts, found[over, 0].astype(np.float64), rcond=None)[0]
    decibels = 20 * np.log10(np.abs(gains))
    assert np.abs(decibels[:2]).max() <= 1.5
    assert decibels[2] <= -8
    wanted = voice[over] + bed[over]
    assert si_sdr_db(wanted, found[over]) >= si_sdr_db(wanted, mixed[over])


def test_a_talk_is_denoised_as_if_it_were_alone() -> None:
    talk = speech(20)
    song = recording("music_stems/mixture.flac")[: 10 * RATE, :1]
    network = load("deepfilternet3")
    stream = ProgrammeStream(
        Passage(network, RATE, 1, None),
        network.name,
        ToldEar([(Sound.MUSIC, len(song) / RATE), (Sound.SPEECH, 20)]),
        sample_rate=RATE,
        channels=1,
    )
    found = np.concatenate([stream.process(np.concatenate([song, talk])), stream.flush()])
    alone = denoise(network, talk)
    clean = np.resize(recording("speech16k/clean/p232_023.wav"), talk.shape)
    inside = slice(RATE, None)
    loss = si_sdr_db(clean[inside], alone[inside]) - si_sdr_db(clean[inside], found[len(song) :][inside])
    assert loss <= 0.5


@pytest.mark.long
def test_what_is_remembered_does_not_grow_with_the_recording() -> None:
    rate = 8_000
    held: list[int] = []
    network = Passage(Halves(), rate, 1, None)
    stream = ProgrammeStream(network, "halves", ToldEar([(Sound.SPEECH, 1)]), sample_rate=rate, channels=1)
    minute = noise(60, rate=rate)
    tracemalloc.start()
    for _ in range(10):
        stream.process(minute)
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[9] - held[5] <= 0.05 * held[5]
