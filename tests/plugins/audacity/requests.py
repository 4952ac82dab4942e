"""Requests as effects send them, and a daemon whose results are easy to tell, for tests of the bridge."""

import io
import threading
from collections.abc import Sequence
from pathlib import Path

import fake_daemon
import numpy as np
import soundfile
from fake_daemon import Events, Script, Upload
from unmix.v1 import audio_pb2
from unmix_plugins.audacity.effect.request import Project, Span, Surroundings, TrackRequest

FACTORS = {
    "clean": -0.5,
    "noise": 1.5,
    "no_vocals": 0.25,
    "vocals": 0.75,
    "drums": 0.1,
    "bass": 0.2,
    "other": 0.3,
}
"""What the fake daemon multiplies with, so that each stem shows where it came from."""


def track_request(
    *,
    start: float = 0.0,
    frames: int = 1000,
    clips: tuple[Span, ...] = (Span(0.0, 100.0),),
    selected: tuple[int, ...] = (0,),
    sample_rate: float = 44_100.0,
    surroundings: Surroundings | None = None,
) -> TrackRequest:
    """The first of the selected tracks."""
    selection = Span(start, start + frames / sample_rate)
    project = Project("talk", 3, 44_100.0, selection, selected)
    return TrackRequest(
        "denoise", "1.5", 0, project, "Voice", sample_rate, 1, frames, clips, surroundings, {}
    )


def request_text(
    samples: np.ndarray,
    folder: Path,
    *,
    operation: str = "denoise",
    run: str = "1795254470.482182026",
    index: int = 1,
    selected: Sequence[int] = (1,),
    sample_rate: int = 44_100,
    start: float = 1.0,
    clips: Sequence[tuple[float, float]] = ((0.0, 100.0),),
    envelope: bool = False,
    name: str = "Voice",
    settings: dict[str, str] | None = None,
    said_frames: int | None = None,
) -> str:
    """What `unmix.lsp` writes for one track of (frames,) or (frames, channels) samples, and its WAV file."""
    (folder / "in").mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "in" / f"{run}.{index}.wav", samples, sample_rate, subtype="FLOAT")
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    one = " ".join(f"({begin:.9f} {end:.9f})" for begin, end in clips)
    lines = [
        f"operation={operation}",
        'project="talk"',
        "projects=1",
        "tracks=3",
        "project_rate=44100.000000000",
        "version=(3 2 4)",
        f"selected=({' '.join(map(str, selected))})",
        f"start={start:.9f}",
        f"end={start + len(samples) / sample_rate:.9f}",
        *(f'setting.{key}="{value}"' for key, value in (settings or {}).items()),
        f"run={run}",
        f"index={index}",
        f'name="{name}"',
        f"sample_rate={sample_rate:.9f}",
        f"channels={channels}",
        f"frames={said_frames or len(samples):.9f}",
        f"clips=({one})" if channels == 1 else f"clips=#(({one}) ({one}))",
    ]
    if index == 1:
        points = "(points(((t 2) (y 0.5))))" if envelope else "(points())"
        spans = [(track - 1, begin, end) for track in selected for begin, end in clips]
        every = "\n  ".join(f"((track {track}) (start {a:g}) (end {b:g}) (color 0))" for track, a, b in spans)
        curves = "\n  ".join(
            f"((track {track}) (clip 0) (start {a:g}) {points} (end {b:g}))" for track, a, b in spans
        )
        lines += [f"all_clips=({every})", f"envelopes=({curves})"]
    return "\n".join([*lines, ""])


LEFT = (
    "The music at 0:00–1:02 was left as it is: no noise is known to lie under it; filter it all the same:"
    " Effect > Unmix > Denoise with Options, model “Wiener: music”."
)
"""What is said where a daemon, as `fake_daemon.untouched`, has heard music alone."""


def multiply(gate: threading.Event | None = None) -> Script:
    """A daemon that multiplies by FACTORS, once `gate` is open."""

    def answer(upload: Upload) -> Events:
        yield fake_daemon.accepted()
        yield fake_daemon.progress(0.25)
        while gate and not gate.wait(0.02):
            if not upload.context.is_active():
                return
            yield fake_daemon.progress(0.5)
        samples, sample_rate = soundfile.read(io.BytesIO(upload.data), dtype="float32", always_2d=True)
        files: dict[str, bytes] = {}
        for stem in fake_daemon.stem_names(upload.spec):
            file = io.BytesIO()
            made = (samples * np.float32(FACTORS[stem])).astype(np.float32)
            soundfile.write(file, made, sample_rate, format="WAV", subtype="FLOAT")
            files[stem] = file.getvalue()
            yield fake_daemon.output(stem)
            yield fake_daemon.piece(stem, 0, files[stem])
        yield audio_pb2.AudioEvent(summary=fake_daemon.summary(files))

    return Script(denoise=answer, separate=answer)
