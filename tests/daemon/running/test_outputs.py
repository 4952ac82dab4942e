"""An output has a name, a stem and a format: one stem leaves in several formats at once."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import sounds
from daemons import Daemon
from media_files import decode
from unmix.words import DenoiseStem, DenoiseTask, Options, OutputStarted, SeparateTask
from unmix_plugins.errors import InvalidRequest

BOTH = tuple(DenoiseStem)


def test_a_stem_leaves_in_each_format_that_was_asked_for(daemon: Daemon, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "talk.wav", sounds.voice(1.5, channels=2))
    begun: list[OutputStarted] = []

    def target(started: OutputStarted) -> Path:
        begun.append(started)
        return tmp_path / f"{started.name}.{started.extension}"

    with daemon.client() as client:
        summary = client.denoise(
            source, target, DenoiseTask("rnnoise", stems=BOTH), Options(also_formats=("flac", "mp3"))
        )
    assert [(one.name, one.stem, one.format) for one in summary.outputs] == [
        ("clean", "clean", "wav"),
        ("noise", "noise", "wav"),
        ("clean_flac", "clean", "flac"),
        ("noise_flac", "noise", "flac"),
        ("clean_mp3", "clean", "mp3"),
        ("noise_mp3", "noise", "mp3"),
    ]
    assert {(one.name, one.stem, one.extension) for one in begun} == {
        (one.name, one.stem, one.extension) for one in summary.outputs
    }
    original = soundfile.read(source, dtype="int16")[0]
    stems = {stem: soundfile.read(tmp_path / f"{stem}.wav", dtype="int16")[0] for stem in ("clean", "noise")}
    np.testing.assert_array_equal(stems["clean"] + stems["noise"], original)
    for stem, samples in stems.items():
        np.testing.assert_array_equal(
            soundfile.read(tmp_path / f"{stem}_flac.flac", dtype="int16")[0], samples
        )
        info, coded = decode(tmp_path / f"{stem}_mp3.mp3")
        assert info.container == "mp3"
        assert len(coded) == len(samples)
    levels = {one.name: one.level_dbfs for one in summary.outputs}
    assert levels["clean"] == levels["clean_flac"] == levels["clean_mp3"]


def test_a_jobs_output_in_a_further_format_is_read_by_its_name(daemon: Daemon, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "song.wav", sounds.voice(1.0, 44_100, channels=2), 44_100)
    task = SeparateTask("dsp", ("vocals", "-vocals"))
    with daemon.client() as client:
        job = client.jobs.submit(source, task, Options(also_formats=("flac",)))
        for _ in client.jobs.watch(job.job_id):
            pass
        whole = b"".join(piece.data for piece in client.jobs.read_output(job.job_id, "no_vocals_flac"))
        targets = {name: tmp_path / name for name in ("vocals", "no_vocals_flac")}
        summary = client.jobs.save(job.job_id, targets)
        client.jobs.delete(job.job_id)
    assert targets["no_vocals_flac"].read_bytes() == whole
    assert whole.startswith(b"fLaC")
    assert [one.name for one in summary.outputs] == [
        "vocals",
        "no_vocals",
        "vocals_flac",
        "no_vocals_flac",
    ]


@pytest.mark.parametrize("formats", [("tape",), ("mp3", "mp3"), ("flac", "wav", "mp3", "ogg", "opus")])
def test_a_further_format_that_cannot_be_leaves_nothing(
    daemon: Daemon, tmp_path: Path, formats: tuple[str, ...]
) -> None:
    source = sounds.write(tmp_path / "talk.wav", sounds.voice(0.5))
    before = daemon.files()
    with daemon.client() as client, pytest.raises(InvalidRequest):
        client.denoise(source, {"clean": tmp_path / "out"}, None, Options(also_formats=formats))
    assert not (tmp_path / "out").exists()
    assert daemon.files() == before
