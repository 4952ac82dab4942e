"""What a recording is taken for, from real speech, real noise and our own song."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile
import soxr
from models.denoise.examples import hiss, recording, with_noise
from support import shared
from unmix_models.audio import Block
from unmix_models.listen.content import Content, Profile, analyse

STEMS = ["mixture", "drums", "bass", "guitar", "piano", "strings", "synth", "wind", "other"]
SENTENCES = [f"p232_{n:03}" for n in (3, 5, 6, 11, 14, 15, 16, 19, 21, 22, 23, 24, 52, 170)]


def original(path: str) -> tuple[Block, int]:
    return soundfile.read(shared("audio/" + path), dtype="float32", always_2d=True)


def excerpts(samples: Block, rate: int, seconds: float) -> Iterator[Block]:
    """Consecutive excerpts that are not silent for most of the time."""
    length = int(seconds * rate)
    for start in range(0, max(len(samples) - length, 0) + 1, length):
        excerpt = samples[start : start + length]
        if np.mean(np.abs(excerpt) > 1e-3 * np.abs(samples).max()) > 0.3:
            yield excerpt


@pytest.mark.parametrize("seconds", [2, 5, 60])
@pytest.mark.parametrize("kind", ["clean", "noisy"])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_sentences_are_speech(sentence: str, kind: str, seconds: float) -> None:
    samples, rate = original(f"speech16k/{kind}/{sentence}.wav")
    for excerpt in excerpts(samples, rate, min(seconds, len(samples) / rate)):
        assert analyse([excerpt], rate).content is Content.SPEECH


@pytest.mark.parametrize("snr", [0, 5, 10])
@pytest.mark.parametrize("noise", ["n_dishes.wav", "noise_freesound_573577.wav", None])
@pytest.mark.parametrize("voice", ["arctic_aew_1.wav", "p360_001_mic1.flac"])
def test_speech_in_noise_is_speech(voice: str, noise: str | None, snr: float) -> None:
    clean = recording("fullband/" + voice)[:, :1]
    added = hiss(len(clean), 1) if noise is None else recording("fullband/" + noise)[:, :1]
    noisy = with_noise(clean, np.resize(added, clean.shape), snr)
    assert analyse([noisy], 48000).content is Content.SPEECH
    for excerpt in excerpts(noisy, 48000, 2):
        assert analyse([excerpt], 48000).content is Content.SPEECH


@pytest.mark.parametrize("seconds", [2, 5, 20])
@pytest.mark.parametrize("stem", STEMS)
def test_instruments_are_music(stem: str, seconds: float) -> None:
    samples, rate = original(f"music_stems/{stem}.flac")
    found = [analyse([excerpt], rate).content for excerpt in excerpts(samples, rate, seconds)]
    assert set(found) == {Content.MUSIC}


@pytest.mark.parametrize("snr", [10, 20])
def test_music_in_hiss_is_music(snr: float) -> None:
    samples, rate = original("music_stems/mixture.flac")
    noisy = with_noise(samples, hiss(len(samples), 2, rate), snr)
    for seconds in (2, 5, 20):
        assert {analyse([part], rate).content for part in excerpts(noisy, rate, seconds)} == {Content.MUSIC}


@pytest.mark.parametrize("rate", [8000, 11025, 96000, 192000])
def test_the_sample_rate_does_not_matter(rate: int) -> None:
    song, song_rate = original("music_stems/mixture.flac")
    voice, voice_rate = original("speech16k/noisy/p232_021.wav")
    assert analyse([soxr.resample(song[: 6 * song_rate], song_rate, rate)], rate).content is Content.MUSIC
    assert analyse([soxr.resample(voice, voice_rate, rate)], rate).content is Content.SPEECH


def test_the_level_does_not_matter() -> None:
    samples, rate = original("speech16k/noisy/p232_021.wav")
    traits = analyse([samples], rate).traits
    quieter = analyse([samples / 30], rate).traits
    assert traits is not None
    assert quieter is not None
    assert dataclasses.astuple(quieter) == pytest.approx(dataclasses.astuple(traits), rel=1e-2)


def test_steady_noise_is_left_to_the_speech_denoiser() -> None:
    assert analyse([hiss(5 * 48000, 2) * np.float32(0.1)], 48000).content is Content.SPEECH


def test_silence_is_silence() -> None:
    assert analyse([np.zeros((48000, 2), np.float32)], 48000).content is Content.SILENCE
    assert analyse([], 48000).content is Content.SILENCE


@pytest.mark.parametrize("frames", [1, 100, 2000, 4800])
def test_a_clip_too_short_to_tell_says_so(frames: int) -> None:
    profile = analyse([np.full((frames, 1), 0.5, np.float32)], 48000)
    assert profile.content is Content.SPEECH
    assert profile.confidence == 0.5
    assert "Too short" in profile.reason


def test_cuts_do_not_matter() -> None:
    samples, rate = original("speech16k/noisy/p232_021.wav")

    def look(block: int) -> Profile:
        return analyse([samples[at : at + block] for at in range(0, len(samples), block)], rate)

    traits, cut = look(len(samples)).traits, look(777).traits
    assert traits is not None
    assert cut is not None
    assert dataclasses.astuple(cut) == pytest.approx(dataclasses.astuple(traits), rel=1e-5)


def test_no_more_than_the_first_minute_is_read() -> None:
    read: list[int] = []

    def blocks() -> Iterator[Block]:
        for second in range(100):
            read.append(second)
            yield np.zeros((8000, 1), np.float32)

    analyse(blocks(), 8000)
    assert len(read) == 60


def test_the_noise_floor_is_found() -> None:
    samples, rate = original("music_stems/guitar.flac")
    noise = hiss(len(samples), 2, rate)
    noisy = with_noise(samples, noise, 20)
    floor = analyse([noisy], rate).noise
    assert floor is not None
    assert floor.level_db == pytest.approx(10 * np.log10(np.mean((noisy - samples) ** 2)), abs=1.5)
