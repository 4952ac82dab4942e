"""What is done around a network: it hears every voice at one level, around zero, and nobody else notices."""

import numpy as np
import pytest
from models.denoise.examples import RATE, denoise, level_db, load, recording, si_sdr_db, snr_db
from support import shared
from unmix_models.audio import Block, empty
from unmix_models.denoise.levelled.stream import LevelledStream
from unmix_models.denoise.levelled.track import GainTrack

NETWORKS = ["deepfilternet3", "rnnoise"]
SLOW_TOO = ["deepfilternet3", pytest.param("rnnoise", marks=pytest.mark.long)]
NAMES = ("p232_003", "p232_021")


def pairs(names: tuple[str, ...] = NAMES) -> list[tuple[Block, Block]]:
    """Voices, and the same in noise."""
    return [
        (recording(f"speech16k/clean/{name}.wav"), recording(f"speech16k/noisy/{name}.wav")) for name in names
    ]


def voice_gain_db(clean: Block, found: Block) -> float:
    a, b = clean.ravel() - clean.mean(), found.ravel() - found.mean()
    return float(20 * np.log10(a @ b / (a @ a)))


def change_db(clean: Block, usual: Block, found: Block) -> tuple[float, float]:
    """By how much the voice is further from the clean one, and by how much it is louder."""
    return (
        si_sdr_db(clean, found) - si_sdr_db(clean, usual),
        voice_gain_db(clean, found) - voice_gain_db(clean, usual),
    )


def gain(db: float) -> np.float32:
    return np.float32(10 ** (db / 20))


@pytest.mark.parametrize("name", SLOW_TOO)
@pytest.mark.parametrize("db", [12, -60])
def test_a_voice_is_as_good_at_any_level(name: str, db: float) -> None:
    for clean, noisy in pairs():
        usual, found = denoise(load(name), noisy), denoise(load(name), noisy * gain(db))
        assert np.abs(change_db(clean, usual, found / gain(db))).max() < 0.5


@pytest.mark.long
@pytest.mark.parametrize("name", SLOW_TOO)
def test_a_voice_30_db_down_in_16_bits_is_as_good_on_average(name: str) -> None:
    """Rounding is a noise of its own: these voices hold nothing above 8 kHz, and single ones differ by 2 dB."""
    every = sorted(path.stem for path in shared("audio/speech16k/clean").glob("*.wav"))
    changes: list[tuple[float, float]] = []
    for clean, noisy in pairs(tuple(every)):
        quiet = np.round(noisy * gain(-30) * 32768) / np.float32(32768)
        changes.append(change_db(clean, denoise(load(name), noisy), denoise(load(name), quiet) / gain(-30)))
    assert np.abs(np.mean(changes, axis=0)).max() < 0.5


@pytest.mark.parametrize("name", SLOW_TOO)
def test_each_channel_has_a_level_of_its_own(name: str) -> None:
    (clean, noisy), *_ = pairs()
    usual = denoise(load(name), noisy)
    both = denoise(load(name), np.concatenate([noisy, noisy * gain(-40)], axis=1))
    assert np.abs(change_db(clean, usual, both[:, :1])).max() < 0.5
    assert np.abs(change_db(clean, usual, both[:, 1:] / gain(-40))).max() < 0.5


@pytest.mark.parametrize("name", SLOW_TOO)
@pytest.mark.parametrize(("first_db", "second_db"), [(0, -40), pytest.param(-40, 0, marks=pytest.mark.long)])
@pytest.mark.parametrize("place", ["in a pause", pytest.param("within a word", marks=pytest.mark.long)])
def test_a_step_in_level_costs_neither_side(name: str, first_db: float, second_db: float, place: str) -> None:
    (first, _), (second, _) = pairs(("p232_021", "p232_023"))
    clean, noisy = (np.concatenate(parts) for parts in zip(*pairs(("p232_021", "p232_023")), strict=True))
    pause = len(first)
    step, left_out = (pause, 0) if place == "in a pause" else (pause + loudest(second), RATE // 10)
    usual = denoise(load(name), noisy)
    gains = np.where(np.arange(len(noisy)) < step, gain(first_db), gain(second_db))[:, None]
    found = denoise(load(name), noisy * gains) / gains
    for side in (slice(0, step - left_out), slice(step + left_out, None)):
        assert np.abs(change_db(clean[side], usual[side], found[side])).max() < 0.5


def test_nothing_clicks_where_a_tone_is_followed_by_a_pause() -> None:
    """Its level says at first that it is a voice in a pause, and then that it is a tone."""
    hiss = gain(-55) * np.random.default_rng(1).standard_normal((9 * RATE, 1))
    tone = np.where(np.arange(9 * RATE) % (9 * RATE // 2) < 2 * RATE, 0.1, 0)
    samples = (hiss + (tone * np.sin(np.arange(9 * RATE) * (2 * np.pi * 440 / RATE)))[:, None]).astype(
        np.float32
    )
    found = denoise(load("deepfilternet3"), samples)
    assert np.abs(np.diff(found, axis=0)).max() < 0.05
    assert np.abs(found).max() < 0.12


def loudest(voice: Block) -> int:
    """A sample in the middle of a word."""
    return int(np.argmax(np.convolve(voice[:, 0] ** 2, np.ones(RATE // 10), "same")))


@pytest.mark.parametrize("name", SLOW_TOO)
@pytest.mark.parametrize(("offset", "db"), [(-0.1, 0), (0.3, -40)])
def test_an_offset_costs_nothing(name: str, offset: float, db: float) -> None:
    for clean, noisy in pairs():
        usual = denoise(load(name), noisy)
        found = denoise(load(name), noisy * gain(db) + np.float32(offset))
        assert np.abs(change_db(clean, usual, found / gain(db))).max() < 0.5
        assert found.mean() == pytest.approx(offset, abs=1e-3)


@pytest.mark.parametrize("name", SLOW_TOO)
def test_a_voice_behind_digital_silence_is_as_good_as_alone(name: str) -> None:
    for clean, noisy in pairs():
        silence = np.zeros((4 * RATE, 1), np.float32)
        found = denoise(load(name), np.concatenate([silence, noisy]))
        change = change_db(clean, denoise(load(name), noisy), found[len(silence) :])
        assert np.abs(change).max() < 0.6
        assert not found[: len(silence) - RATE // 10].any()


def test_one_channels_silence_costs_the_other_nothing() -> None:
    (_, noisy), *_ = pairs()
    late = np.concatenate([np.zeros((2 * RATE, 1), np.float32), noisy])[: len(noisy)]
    both = denoise(load("deepfilternet3"), np.concatenate([noisy, late], axis=1))
    for channel, alone in enumerate((noisy, late)):
        assert snr_db(denoise(load("deepfilternet3"), alone), both[:, channel : channel + 1]) > 90


class Listener:
    """A network that changes nothing, and a note of what it hears."""

    def __init__(self, channels: int = 1) -> None:
        self._heard = [empty(channels)]

    def process(self, block: Block) -> Block:
        self._heard.append(block)
        return block

    def flush(self) -> Block:
        return self._heard[0]

    @property
    def heard(self) -> Block:
        return np.concatenate(self._heard)


def talk(seconds: float) -> Block:
    """What has the levels of a voice: noise at −20 dBFS in bursts, over noise at −50 dBFS."""
    noise = np.random.default_rng(3).standard_normal((round(seconds * RATE), 1)).astype(np.float32)
    said = np.sin(np.arange(len(noise)) * (2 * np.pi * 1.5 / RATE))[:, None] > -0.3
    return noise * np.where(said, gain(-20), gain(-50))


def through(samples: Block, *, block: int = 10_000, limit: float | None = None) -> tuple[Block, Block]:
    """What a network hears, and what comes out behind it."""
    network = Listener(samples.shape[1])
    stream = LevelledStream(network, channels=samples.shape[1], attenuation_limit_db=limit, target_db=-20.0)
    done = [stream.process(samples[start : start + block]) for start in range(0, len(samples), block)]
    return np.concatenate([*done, stream.flush()]), network.heard


@pytest.mark.parametrize("db", [120, 40, 0, -60, -95])
@pytest.mark.parametrize("frames", [1, 19, 959, 960, 961, RATE // 3, 10 * RATE + 7])
def test_what_the_network_leaves_alone_comes_out_as_it_was(frames: int, db: float) -> None:
    samples = talk(11)[:frames] * gain(db)
    found, heard = through(samples)
    assert heard.shape == found.shape == samples.shape
    assert snr_db(samples, found) > 120


@pytest.mark.parametrize("db", [120, 0, -40, -75])
def test_the_network_hears_every_voice_at_one_level(db: float) -> None:
    _, heard = through(talk(10) * gain(db))
    assert level_db(heard) == pytest.approx(level_db(talk(10)), abs=1)


def test_steady_noise_changes_no_gain() -> None:
    voice, noise = np.resize([-20.0, -20.0, -50.0], (300, 1)), np.resize([-50.0, -52.0], (700, 1))
    track = GainTrack(1, -20.0)
    gains = np.concatenate([track.process(voice), track.process(noise), track.process(voice, last=True)])
    assert len(gains) == 1300
    assert len(set(gains[500:800, 0])) == 1


def test_the_first_voice_says_what_gain_a_recording_starts_with() -> None:
    noise, voice = np.resize([-50.0, -52.0], (60, 1)), np.resize([-20.0, -20.0, -50.0], (300, 1))
    (first, *_), *_ = GainTrack(1, -20.0).process(np.concatenate([noise, voice]), last=True)
    assert first == pytest.approx(1)


def test_a_loud_voice_says_nothing_of_the_pause_behind_a_quiet_one() -> None:
    loud, pause = np.resize([-20.0, -20.0, -50.0], (300, 1)), np.resize([-90.0, -92.0], (300, 1))
    gains = GainTrack(1, -20.0).process(np.concatenate([loud, loud[:90] - 40, pause]), last=True)[:, 0]
    assert gains[330:].min() > gain(34)


def test_what_dies_away_before_a_voice_is_not_lifted() -> None:
    beats, voice = np.resize([0.0, -2.0], (200, 1)), np.resize([-20.0, -20.0, -50.0], (300, 1))
    end_of_music = np.linspace(-40, -70, 200)[:, None] + beats
    silence = np.full((50, 1), -300.0)
    gains = GainTrack(1, -20.0).process(np.concatenate([silence, end_of_music, voice]), last=True)[:, 0]
    assert gains[150:].max() < gain(6)


def test_the_gain_switches_at_the_very_sample_of_a_step() -> None:
    step = round(29 / 6 * RATE) + 311  # within a burst
    gains = np.where(np.arange(10 * RATE) < step, gain(0), gain(-40))[:, None]
    burst = slice(step - RATE // 10, step + RATE // 10)
    (_, heard), (_, usual) = through(talk(10) * gains), through(talk(10))
    off = np.abs(20 * np.log10(np.abs(heard / usual)))[burst] > 10
    assert off.sum() < RATE // 1000


@pytest.mark.parametrize("offset", [-0.3, 0.1, 3])
def test_the_network_hears_no_offset(offset: float) -> None:
    samples = talk(6) * gain(-40) + np.float32(offset)
    found, heard = through(samples)
    assert np.abs(heard.reshape(-1, RATE).mean(axis=1)).max() < 0.01
    assert np.abs(found - samples).max() < 1e-6


def test_digital_silence_is_heard_as_digital_silence_whatever_is_beside_it() -> None:
    samples = np.concatenate([talk(3) + np.float32(0.2), np.zeros((3 * RATE, 1), np.float32), talk(3)])
    found, heard = through(samples)
    silent = slice(3 * RATE, 6 * RATE)
    assert not heard[silent].any()
    assert not found[silent].any()


def test_a_limit_of_0_db_returns_every_bit_of_any_level() -> None:
    samples = np.concatenate([talk(2) * gain(80), talk(2) * gain(-60), talk(2) + np.float32(0.3)])
    assert np.array_equal(through(samples, limit=0)[0], samples)


@pytest.mark.parametrize("beginning", [talk(2), talk(2) * 0, talk(2)[:1].repeat(2 * RATE, axis=0)])
def test_no_more_is_kept_waiting_the_longer_a_recording_is(beginning: Block) -> None:
    stream = LevelledStream(Listener(), channels=1, attenuation_limit_db=None, target_db=-20.0)
    late: list[int] = []
    taken = given = 0
    for block in [beginning, *[talk(1), np.zeros((RATE, 1), np.float32)] * 20]:
        taken += len(block)
        given += len(stream.process(block))
        late.append(taken - given)
    assert max(late) <= 6 * RATE
    assert max(late[8:]) <= 4 * RATE
