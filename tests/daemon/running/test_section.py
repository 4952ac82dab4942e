"""A part of a recording through the whole product: exact to the frame, and nothing else of it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import sounds
from daemons import Daemon, eventually
from media_files import decode, encode, spec_for
from unmix.v1 import audio_pb2, jobs_pb2, jobs_pb2_grpc
from unmix.words import DenoiseTask, JobState, Options, Section, SeparateTask
from unmix_models.audio import Depth
from unmix_plugins.errors import InvalidRequest

UNCHANGED = DenoiseTask("rnnoise", attenuation_limit_db=0)
FRAMES = 100_003


def given(path: Path, name: str, depth: Depth, rate: int) -> Path:
    encode(path, spec_for(name, rate, depth=depth), sounds.voice(FRAMES / rate, rate, 2))
    return path


@pytest.mark.long
@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize(
    ("name", "depth"),
    [
        ("wav", Depth.S16),
        ("wav", Depth.S24),
        ("wav", Depth.F32),
        ("flac", Depth.S16),
        ("flac", Depth.S24),
        ("mp3", Depth.F32),
    ],
)
def test_a_section_that_is_not_changed_is_that_part_of_the_recording_to_the_bit(
    daemon: Daemon, tmp_path: Path, name: str, depth: Depth, rate: int
) -> None:
    source = given(tmp_path / "in", name, depth, rate)
    _, whole = decode(source)
    with daemon.client() as client:
        for first_frame, frames in [(0, 1), (1, 65_536), (33_333, 44_444), (FRAMES - 7, 7), (50_000, 0)]:
            summary = client.denoise(
                source,
                {"clean": tmp_path / "clean.wav"},
                UNCHANGED,
                Options(format="wav", section=Section(first_frame, frames)),
                overwrite=True,
            )
            expected = whole[first_frame : first_frame + frames if frames else None]
            info, clean = decode(tmp_path / "clean.wav")
            np.testing.assert_array_equal(clean, expected)
            assert summary.audio
            assert (info.sample_rate, info.depth, summary.audio.frames) == (rate, depth, len(expected))


@pytest.mark.parametrize("model", [pytest.param("auto", marks=pytest.mark.long), "wiener"])
def test_a_denoised_section_is_the_cut_file_denoised(daemon: Daemon, tmp_path: Path, model: str) -> None:
    voice = sounds.voice(4, 44_100, 2)
    source = sounds.write(tmp_path / "in.flac", voice, 44_100, "PCM_24")
    part = soundfile.read(source, dtype="int32", always_2d=True)[0][30_000:130_000]
    cut = tmp_path / "cut.wav"
    soundfile.write(cut, part, 44_100, "PCM_24")
    with daemon.client() as client:
        client.denoise(cut, {"clean": tmp_path / "one.wav"}, DenoiseTask(model))
        summary = client.denoise(
            source,
            {"clean": tmp_path / "other.wav"},
            DenoiseTask(model),
            Options(format="wav", section=Section(30_000, 100_000)),
        )
    one, other = (soundfile.read(tmp_path / name, dtype="int32")[0] for name in ("one.wav", "other.wav"))
    np.testing.assert_array_equal(one, other)
    assert np.abs(one - part).max() > 1 << 16
    assert summary.audio
    assert summary.audio.frames == 100_000


def test_stems_of_a_section_are_those_of_the_cut_file_and_add_up_to_it(
    daemon: Daemon, tmp_path: Path
) -> None:
    voice = sounds.voice(3, 44_100, 2)
    source = sounds.write(tmp_path / "in.wav", voice, 44_100, "PCM_16")
    part = soundfile.read(source, dtype="int16")[0][20_000:90_001]
    cut = tmp_path / "cut.wav"
    soundfile.write(cut, part, 44_100, "PCM_16")
    task = SeparateTask("dsp", ("vocals", "-vocals"))
    names = ("vocals", "no_vocals")
    stems = {}
    with daemon.client() as client:
        for path, section in ((cut, None), (source, Section(20_000, 70_001))):
            client.process(
                path,
                {name: tmp_path / f"{name}.{path.stem}" for name in names},
                task,
                Options(section=section),
            )
            stems[path] = [
                soundfile.read(tmp_path / f"{name}.{path.stem}", dtype="int16")[0] for name in names
            ]
    np.testing.assert_array_equal(stems[cut], stems[source])
    np.testing.assert_array_equal(sum(stems[source]), part)


def test_a_durable_job_keeps_its_section(daemon: Daemon, tmp_path: Path) -> None:
    source = given(tmp_path / "in.wav", "wav", Depth.S16, 48_000)
    with daemon.client() as client:
        job = client.jobs.submit(source, UNCHANGED, Options(section=Section(40_000, 5000)))
        *_, last = client.jobs.watch(job.job_id)
        assert last.state is JobState.COMPLETED
        client.jobs.save(job.job_id, {"clean": tmp_path / "clean.wav"})
        with daemon.channel() as (channel, metadata):
            stored = jobs_pb2_grpc.JobServiceStub(channel).GetJob(
                jobs_pb2.GetJobRequest(job_id=job.job_id), metadata=metadata
            )
        client.jobs.delete(job.job_id)
    assert stored.job.options.section == audio_pb2.Section(first_frame=40_000, frames=5000)
    np.testing.assert_array_equal(decode(tmp_path / "clean.wav")[1], decode(source)[1][40_000:45_000])


@pytest.mark.parametrize("section", [(0, FRAMES + 1), (FRAMES, 0), (FRAMES - 1, 2), (1 << 62, 1 << 62)])
@pytest.mark.parametrize("name", ["wav", "flac", "mp3"])
@pytest.mark.parametrize("task", [UNCHANGED, SeparateTask("dsp", ("vocals",))])
def test_a_section_outside_is_refused_with_the_recordings_length(
    daemon: Daemon, tmp_path: Path, name: str, section: tuple[int, int], task: DenoiseTask | SeparateTask
) -> None:
    source = given(tmp_path / "in", name, Depth.S16, 48_000)
    before = daemon.files()
    targets = {"clean": tmp_path / "out.wav", "vocals": tmp_path / "out.wav"}
    with daemon.client() as client, pytest.raises(InvalidRequest, match=f"has {FRAMES} frames") as caught:
        client.process(source, targets, task, Options(format="wav", section=Section(*section)))
    assert caught.value.reason == "INVALID_SECTION"
    assert not (tmp_path / "out.wav").exists()
    eventually(lambda: daemon.files() == before)


@pytest.mark.parametrize("section", [(-1, 5), (5, -1), (-(1 << 63), 1), (0, 1 << 63)])
def test_a_section_of_impossible_numbers_is_refused_before_the_upload(
    daemon: Daemon, tmp_path: Path, section: tuple[int, int]
) -> None:
    source = given(tmp_path / "in.wav", "wav", Depth.S16, 48_000)
    before = daemon.files()
    with daemon.client() as client:
        for send in (client.jobs.submit, lambda *task: client.process(source, {}, *task[1:])):
            with pytest.raises(InvalidRequest, match="section"):
                send(source, UNCHANGED, Options(section=Section(*section)))
    eventually(lambda: daemon.files() == before)
