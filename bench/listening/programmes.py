"""What becomes of whole programmes: jingles, concerts, calls and beds, each against what it should be.

    python bench/listening/programmes.py [--ears own yamnet] [--only jingle bed …]

Real music of packages that no ear has learnt from (see `training/listening/sources.py`), and noisy speech beside the
checkout. Music is compared with the recording itself (SI-SDR, from a second off each join, and whole), speech with the
clean voice, against the same talk denoised alone. Voice, bed and noise of a mixture are told apart by least squares.
The exit status is 1 when a threshold is missed.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from hearing import ears
from product import SHARED, weights
from recordings import (
    MUSIC_DB,
    RATE,
    VOICE_DB,
    at_level,
    fan,
    music,
    original,
    paths,
    si_sdr,
    speech,
    talk,
    telephone,
)
from unmix_models.audio import Block
from unmix_models.denoise import deepfilternet3
from unmix_models.denoise.passage import Passage
from unmix_models.denoise.programme.stream import ProgrammeStream
from unmix_models.listen.ear import Ear

BLOCK = 32_768
"""Frames that are given at a time."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a programme."""

    samples: Block
    clean: Block | None = None
    """Of speech: the voice alone. None: the stretch is to stay as it is."""
    counts: bool = True
    """Whether anything is asked of it."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, and what it must be."""

    name: str
    value: float
    least: float

    def show(self) -> bool:
        """Print it; whether it holds."""
        holds = self.value >= self.least
        print(f"{self.name:64s}{self.value:8.2f}  ≥ {self.least:5.1f} {'yes' if holds else 'NO'}", flush=True)
        return holds


class Bench:
    """The product's denoising with one ear."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._network = deepfilternet3.load(weights() / "deepfilternet3")

    def denoise(self, samples: Block) -> Block:
        """As `auto` does it; prints what was heard."""
        network = Passage(self._network, RATE, samples.shape[1], None)
        stream = ProgrammeStream(
            network, "deepfilternet3", self._ear, sample_rate=RATE, channels=samples.shape[1]
        )
        done = [stream.process(samples[at : at + BLOCK]) for at in range(0, len(samples), BLOCK)]
        done.append(stream.flush())
        heard = ", ".join(
            f"{part.start / RATE:.0f}–{part.end / RATE:.0f} {part.sound}{'' if part.models else ' (left)'}"
            for part in stream.stretches
        )
        print(f"    [{heard}]")
        return np.concatenate(done)[: len(samples)]

    def alone(self, samples: Block) -> Block:
        """By the network alone."""
        passage = Passage(self._network, RATE, samples.shape[1], None)
        return np.concatenate([passage.process(samples), passage.flush()])[: len(samples)]

    def programme(self, name: str, *parts: Part) -> Iterator[Row]:
        """Rows for each part that counts."""
        found = self.denoise(np.concatenate([part.samples for part in parts]))
        start = 0
        for number, part in enumerate(parts):
            end = start + len(part.samples)
            if part.counts:
                inner = slice(RATE if number else 0, -RATE if number < len(parts) - 1 else None)
                yield from self._part(f"{name}, part {number + 1}", part, found[start:end], inner)
            start = end

    def _part(self, name: str, part: Part, found: Block, inner: slice) -> Iterator[Row]:
        if part.clean is None:
            yield Row(f"{name}: music from 1 s off", si_sdr(part.samples[inner], found[inner]), 30)
            yield Row(f"{name}: music whole", si_sdr(part.samples, found), 20)
        else:
            alone = si_sdr(part.clean[inner], self.alone(part.samples)[inner])
            yield Row(f"{name}: speech against alone", si_sdr(part.clean[inner], found[inner]) - alone, -0.5)


def talked(seconds: float = 47, begin: float = 0) -> Part:
    """A part of the talk with its noise."""
    return Part(speech(begin, seconds), speech(begin, seconds, "clean"))


def jingles(bench: Bench) -> Iterator[Row]:
    """A piece before, between and after talk."""
    for source, number in (
        ("sectoid", 0),
        ("singularity", 3),
        ("xmoto", 0),
        ("horizons_music", 2),
        ("tux_racer", 2),
    ):
        for seconds in (5, 10, 20, 60):
            if seconds == 60 and source not in ("sectoid", "horizons_music"):  # long ones cost most
                continue
            piece = Part(music(seconds, source, number))
            yield from bench.programme(f"jingle {source} {seconds} s", piece, talked(), piece)


def concerts(bench: Bench) -> Iterator[Row]:
    """A song after a minute of silence, of hiss, of talk."""
    song = Part(music(40, "singularity", 5))
    hiss = np.random.default_rng(0).standard_normal((62 * RATE, 1)).astype(np.float32)
    before = {
        "silence": Part(np.zeros_like(hiss), counts=False),
        "hiss": Part(at_level(hiss, -70), counts=False),
        "talk": talked(62),
    }
    for name, part in before.items():
        yield from bench.programme(f"song after 62 s of {name}", part, song)
    for source, number in (("drascula", 4), ("sectoid", 2)):
        concert = Part(music(90, source, number))
        yield from bench.programme(f"announcer and concert {source}", talked(20), concert, talked(10, 30))


def calls(bench: Bench) -> Iterator[Row]:
    """A ring tone in a call, in the telephone's band."""
    for number in (0, 5, 9):
        ring = Part(telephone(music(8, "ringtones_test", number)))
        talks = [
            Part(telephone(part.samples), telephone(part.clean))
            for part in (talked(20), talked(20, 40))
            if part.clean is not None
        ]
        yield from bench.programme(f"ring tone {number} in a call", talks[0], ring, talks[1])


def a_cappella(bench: Bench) -> Iterator[Row]:
    """Singing alone."""
    for stem in ("lead_vocals", "vocals", "backing_vocals"):
        samples = at_level(original(SHARED / "audio" / "music_stems" / f"{stem}.flac", 20), MUSIC_DB)
        yield Row(f"a cappella {stem}", si_sdr(samples, bench.denoise(samples)), 15)


def beds(bench: Bench) -> Iterator[Row]:
    """Talk with noise, over real music in its middle."""
    random = np.random.default_rng(1)
    voice = at_level(speech(0, 75, "clean"), VOICE_DB)
    begin, end = 25 * RATE, 60 * RATE
    noises = {
        "hiss": random.standard_normal(voice.shape),
        "fan": fan(random, len(voice)),
    }
    for kind, made in noises.items():
        noise = at_level(np.asarray(made, np.float32), VOICE_DB - 20)
        for source, number in (("singularity", 5), ("horizons_music", 2)):
            for level in (-6, -12, -18):
                bed = np.zeros_like(voice)
                bed[begin:end] = at_level(music((end - begin) / RATE, source, number), VOICE_DB + level)
                name = f"bed {source} {level} dB, {kind}"
                yield from _bed(
                    bench, name, voice, bed, noise, slice(begin + RATE, end - RATE), kind == "hiss"
                )


def _bed(
    bench: Bench, name: str, voice: Block, bed: Block, noise: Block, inside: slice, is_hiss: bool
) -> Iterator[Row]:
    mixed = voice + bed + noise
    found = bench.denoise(mixed)
    wanted = voice[inside] + bed[inside]
    parts = np.concatenate([voice[inside], bed[inside], noise[inside]], axis=1).astype(np.float64)
    gains = np.linalg.lstsq(parts, found[inside, 0].astype(np.float64), rcond=None)[0]
    change = 20 * np.log10(np.abs(gains))
    yield Row(f"{name}: bed stays (least change)", -abs(float(change[1])), -1.5)
    yield Row(f"{name}: over the input", si_sdr(wanted, found[inside]) - si_sdr(wanted, mixed[inside]), 0)
    if is_hiss:
        yield Row(f"{name}: hiss down", -float(change[2]), 8)
    pause = slice(0, inside.start - 2 * RATE)
    loss = si_sdr(voice[pause], found[pause]) - si_sdr(voice[pause], bench.alone(voice + noise)[pause])
    yield Row(f"{name}: speech before it against alone", loss, -0.5)


def levels(bench: Bench) -> Iterator[Row]:
    """A talk at other levels, on an offset, behind silence: what it loses to the talk as it is."""
    noisy, clean = speech(), speech(kind="clean")
    found = bench.denoise(noisy)
    as_it_is = si_sdr(clean, found)

    def change(other: Block, gain: float = 1.0) -> float:
        return -abs(si_sdr(clean, (other - other.mean()) / gain) - as_it_is)

    for decibels in (12, -20, -40, -60):
        gain = np.float32(10 ** (decibels / 20))
        yield Row(
            f"talk at {decibels:+d} dB: change of SI-SDR", change(bench.denoise(noisy * gain), gain), -0.5
        )
    yield Row("talk on an offset of 0.3: change", change(bench.denoise(noisy + np.float32(0.3))), -0.5)
    silence = np.zeros((4 * RATE, 1), np.float32)
    behind = bench.denoise(np.concatenate([silence, noisy]))[len(silence) :]
    yield Row("talk behind 4 s of digital silence: change", change(behind), -0.6)


def speed(bench: Bench) -> Iterator[Row]:
    """Ten minutes of talk, listening included."""
    for channels in (1, 2):
        talks = np.resize(talk("noisy"), (600 * RATE, 1)).repeat(channels, axis=1)
        began = time.process_time()
        bench.denoise(talks)
        yield Row(f"{channels} channels: × real time on one core", 600 / (time.process_time() - began), 20)


ROWS = {
    "level": levels,
    "speed": speed,
    "jingle": jingles,
    "concert": concerts,
    "call": calls,
    "a_cappella": a_cappella,
    "bed": beds,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="What becomes of whole programmes.")
    parser.add_argument("--ears", nargs="+", default=["own_ear", "yamnet"])
    parser.add_argument("--only", nargs="+", choices=list(ROWS), default=list(ROWS))
    options = parser.parse_args()
    if not SHARED.exists() or not paths():
        print("skipped: it needs speech beside the checkout, and free music (see training/listening)")
        return 0
    missed = 0
    with TemporaryDirectory() as folder:
        for ear in ears(Path(folder), options.ears):
            print(f"\n== {ear.name} ==")
            bench = Bench(ear)
            for kind in options.only:
                missed += sum(not row.show() for row in ROWS[kind](bench))
    print(f"\n{missed} rows do not hold.")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
