"""Made programmes say truly what is in them."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sounds import voice, write
from unmix_models.listen.ear import CELL, SAMPLE_RATE, Sound

from training.listening import synthetic
from training.listening.material import LEVEL_DB, Clips, decode
from training.listening.noises import PASSING, STEADY, noise
from training.listening.programmes import CLASSES, Programme, programmes
from training.listening.sources import SOURCES, Kind, Source, Split

pytestmark = pytest.mark.long  # what trains ears is no part of the product

RATE = SAMPLE_RATE
SPLIT_INSIDE = {"hedgewars-data", "lomiri-sounds"}


def clips(kind: Kind, samples: NDArray[np.float32]) -> Clips:
    source = Source(f"some_{kind}", kind, Split.TEST, "none", ("*",), "ours")
    stored = (samples / 4 * 32768).astype(np.int16)
    return Clips(source, (Path("a"),), (0.0,), (0, len(stored)), stored)


def material() -> list[Clips]:
    """Talk is a tone of 1 kHz, music one of 2 kHz and noise one of 3 kHz, all at the same level."""
    time = np.arange(40 * RATE) / RATE
    level = 10 ** (LEVEL_DB / 20) * np.sqrt(2)
    tones = {kind: level * np.sin(2 * np.pi * hertz * time) for kind, hertz in _HERTZ.items()}
    return [clips(kind, tone.astype(np.float32)) for kind, tone in tones.items()]


_HERTZ = {Kind.SPEECH: 1000, Kind.MUSIC: 2000, Kind.SINGING: 2000, Kind.RINGTONE: 2000, Kind.NOISE: 3000}


def made(seed: int, count: int) -> list[Programme]:
    return list(islice(programmes(Split.TEST, seed, material=material()), count))


def test_the_same_seed_makes_the_same() -> None:
    for first, second in zip(made(1, 3), made(1, 3), strict=True):
        np.testing.assert_array_equal(first.samples, second.samples)
        assert first.stretches == second.stretches
    assert len(made(1, 1)[0].samples) != len(made(2, 1)[0].samples)


def test_minutes_are_reached_and_no_more_is_made() -> None:
    lengths = [len(p.samples) / RATE for p in programmes(Split.TEST, 3, 3, material())]
    assert sum(lengths) >= 180
    assert sum(lengths[:-1]) < 180


def test_stretches_follow_one_another_and_cells_are_labelled_by_them() -> None:
    for programme in made(4, 4):
        assert len(programme.samples) == len(programme.labels) * CELL
        assert programme.stretches[0].begin == 0
        assert programme.stretches[-1].end == len(programme.samples)
        for before, after in zip(programme.stretches, programme.stretches[1:], strict=False):
            assert before.end == after.begin
        for cell in np.flatnonzero(programme.pure).tolist():
            stretch = programme.stretches[programme.stretch[cell]]
            assert stretch.begin <= cell * CELL
            assert (cell + 1) * CELL <= stretch.end
            assert CLASSES[programme.labels[cell]] is stretch.sound


def test_what_is_labelled_is_what_is_heard() -> None:
    """Where nothing lies under a programme, and nothing in it is made, each tone sounds where its label says."""
    checked = 0
    for programme in made(5, 14):
        names = {source for stretch in programme.stretches for source in stretch.sources}
        if programme.noise or any(not name.startswith("some_") for name in names):
            continue
        heard = np.abs(np.fft.rfft(programme.samples.reshape(-1, CELL), axis=1))
        talk, music = heard[:, 500], heard[:, 1000]
        for cell in np.flatnonzero(programme.pure).tolist():
            match CLASSES[programme.labels[cell]]:
                case Sound.MUSIC:
                    assert music[cell] > 20 * talk[cell]
                    checked += 1
                case Sound.SPEECH:
                    assert talk[cell] >= 20 * music[cell]
                    checked += 1
                case _:
                    pass
    assert checked > 9


@pytest.mark.parametrize("split", Split)
@pytest.mark.parametrize("steady", [False, True])
def test_noises_are_at_the_level_of_all(split: Split, *, steady: bool) -> None:
    random = np.random.default_rng(1)
    for _ in range(6):
        samples, name = noise(random, 2 * RATE, split, steady=steady)
        assert name in (STEADY if steady else {**STEADY, **PASSING})
        assert 20 * np.log10(samples.std()) == pytest.approx(LEVEL_DB, abs=0.5)


@pytest.mark.parametrize("make", [synthetic.music, synthetic.voice, synthetic.singing])
@pytest.mark.parametrize("seed", range(4))
def test_made_sounds_are_as_long_as_wanted(make: type, seed: int) -> None:
    samples = make(np.random.default_rng(seed), 3 * RATE + 1)
    assert samples.shape == (3 * RATE + 1,)
    assert samples.dtype == np.float32
    assert np.isfinite(samples).all()


def test_train_and_test_have_no_package_in_common_but_those_that_are_divided() -> None:
    packages = [{source.package for source in SOURCES if source.split is split} for split in Split]
    assert packages[0] & packages[1] <= SPLIT_INSIDE
    assert len({source.name for source in SOURCES}) == len(SOURCES)


def test_a_file_is_heard_at_16_khz(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ogg", voice(3, 44100, channels=2), 44100, subtype="VORBIS")
    assert len(decode(path, 2)) == pytest.approx(2 * RATE, abs=2)
    assert len(decode(path, 9)) == pytest.approx(3 * RATE, abs=2)
    (tmp_path / "b.ogg").write_bytes(b"no sound")
    assert len(decode(tmp_path / "b.ogg", 2)) == 0
