"""Results as new tracks: named after their source, placed where the selection was."""

from pathlib import Path

from unmix_plugins.audacity.bridge.click import Click
from unmix_plugins.audacity.program import aup
from unmix_plugins.audacity.program.float_wave import read_header

_WORDS = {"no_vocals": "without vocals"}


def write_new_tracks(click: Click, folder: Path) -> Path:
    """A project file with one track for each output of each track; Audacity adds it in one undo step.

    Raises what the work failed with, and OSError.
    """
    tracks: list[aup.NewTrack] = []
    for handed, result in zip(click.handed, click.work.wait_for_all(), strict=True):
        for name, path in result.outputs.items():
            wave = read_header(path)
            tracks.append(
                aup.NewTrack(
                    name=f"{handed.request.name} – {_WORDS.get(name, name)}",
                    wav=path,
                    frames=wave.frames,
                    sample_rate=wave.sample_rate,
                    channels=wave.channels,
                    start_frame=handed.first_frame,
                )
            )
    path = folder / f"{click.run}.aup"
    click.more_files += [path, path.with_name(f"{path.stem}_data")]
    aup.write(path, tracks, click.project.sample_rate, audacity=click.project.audacity)
    return path
