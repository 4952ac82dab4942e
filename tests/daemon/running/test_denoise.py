"""One clip, cleaned, through the whole product: client, daemon, worker, file."""

import hashlib
from pathlib import Path

import grpc
import numpy as np
import pytest
import soundfile
import sounds
from daemons import Daemon, eventually
from unmix.v1 import audio_pb2, audio_pb2_grpc
from unmix.words import Accepted, AudioFacts, DenoiseStem, DenoiseTask, Event, Options, OutputPiece, Progress
from unmix_plugins.errors import UnmixError

BOTH = (DenoiseStem.CLEAN, DenoiseStem.NOISE)


def test_clean_and_noise_add_up_to_the_input_exactly_in_its_own_depth(daemon: Daemon, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(2.5, 44100, 2), 44100, "PCM_24")
    with daemon.client() as client:
        summary = client.denoise(
            source,
            {"clean": tmp_path / "clean.wav", "noise": tmp_path / "noise.wav"},
            DenoiseTask(stems=BOTH),
        )
    given, rate = soundfile.read(source, dtype="int32", always_2d=True)
    clean, clean_rate = soundfile.read(tmp_path / "clean.wav", dtype="int32", always_2d=True)
    noise, _ = soundfile.read(tmp_path / "noise.wav", dtype="int32", always_2d=True)
    assert (clean_rate, clean.shape) == (rate, given.shape)
    assert soundfile.info(tmp_path / "clean.wav").subtype == "PCM_24"
    np.testing.assert_array_equal(clean + noise, given)
    assert summary.audio == AudioFacts(len(given), 44100, 2)


@pytest.mark.parametrize("model", ["rnnoise", "wiener"])
def test_clean_and_noise_add_up_to_1e_6_in_float(daemon: Daemon, tmp_path: Path, model: str) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(1.3, 22050), 22050, "FLOAT")
    with daemon.client() as client:
        client.denoise(
            source,
            {"clean": tmp_path / "clean.wav", "noise": tmp_path / "noise.wav"},
            DenoiseTask(model=model, stems=BOTH),
        )
    given, clean, noise = (
        soundfile.read(tmp_path / name, dtype="float64")[0] for name in ("in.wav", "clean.wav", "noise.wav")
    )
    assert np.abs(clean + noise - given).max() <= 1e-6
    assert np.abs(noise).max() > 0.01


def test_the_summary_says_what_was_done_and_why(daemon: Daemon, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(3))
    with daemon.client() as client:
        summary = client.denoise(source, {"clean": tmp_path / "clean.wav"})
    assert summary.model == "rnnoise"
    assert "speech" in summary.model_reason
    assert summary.better_models == ("deepfilternet3",)
    assert summary.device == "cpu"
    assert "no cuda:0" in summary.device_reason
    (output,) = summary.outputs
    data = (tmp_path / "clean.wav").read_bytes()
    assert output.size_bytes == len(data)
    assert output.sha256 == hashlib.sha256(data).hexdigest()
    samples = soundfile.read(tmp_path / "clean.wav")[0]
    assert output.level_dbfs == pytest.approx(10 * np.log10(np.mean(samples**2)), abs=0.01)
    assert output.peak_dbfs == pytest.approx(20 * np.log10(np.abs(samples).max()), abs=0.01)


@pytest.mark.long
def test_first_audio_arrives_while_the_rest_is_still_computed(daemon: Daemon, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(60))
    events: list[Event] = []
    with daemon.client() as client:
        client.denoise(source, {"clean": tmp_path / "clean.wav"}, on_event=events.append)
    assert isinstance(events[0], Accepted)
    first_piece = next(i for i, event in enumerate(events) if isinstance(event, OutputPiece))
    later = [event.fraction for event in events[first_piece:] if isinstance(event, Progress)]
    assert later
    assert later[0] < 0.9


def test_zero_strength_changes_nothing_not_by_one_bit(daemon: Daemon, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(1.1, 44100, 2), 44100)
    with daemon.client() as client:
        client.denoise(
            source, {"clean": tmp_path / "clean.wav"}, DenoiseTask("rnnoise", attenuation_limit_db=0)
        )
    np.testing.assert_array_equal(
        soundfile.read(tmp_path / "clean.wav", dtype="int16")[0], soundfile.read(source, dtype="int16")[0]
    )


def test_a_strength_between_leaves_that_much_noise(daemon: Daemon, tmp_path: Path) -> None:
    hiss = 0.02 * np.random.default_rng(1).standard_normal((48000 * 4, 1)).astype(np.float32)
    source = sounds.write(tmp_path / "in.wav", hiss, subtype="FLOAT")
    with daemon.client() as client:
        client.denoise(
            source, {"clean": tmp_path / "clean.wav"}, DenoiseTask("rnnoise", attenuation_limit_db=6)
        )
    clean = soundfile.read(tmp_path / "clean.wav")[0][48000:]
    assert 10 * np.log10(np.mean(hiss[48000:] ** 2) / np.mean(clean**2)) == pytest.approx(6, abs=0.7)


def test_digital_silence_stays_digital_silence(daemon: Daemon, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", np.zeros((96000, 2), np.float32), 44100, "FLOAT")
    for model in ("rnnoise", "wiener"):
        with daemon.client() as client:
            summary = client.denoise(
                source, {"clean": tmp_path / "c.wav"}, DenoiseTask(model), overwrite=True
            )
        assert not soundfile.read(tmp_path / "c.wav")[0].any()
        assert summary.outputs[0].level_dbfs == -np.inf


def test_a_spec_must_come_first_and_nothing_but_data_after_it(daemon: Daemon) -> None:
    for requests in (
        [audio_pb2.DenoiseRequest(data=b"x")],
        [audio_pb2.DenoiseRequest(spec=audio_pb2.DenoiseSpec())] * 2,
        [],
    ):
        with daemon.channel() as (channel, metadata), pytest.raises(grpc.RpcError) as caught:
            list(audio_pb2_grpc.AudioServiceStub(channel).Denoise(iter(requests), metadata=metadata))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_isolate_says_that_it_is_missing(daemon: Daemon) -> None:
    request = audio_pb2.IsolateRequest(spec=audio_pb2.IsolateSpec())
    with daemon.channel() as (channel, metadata), pytest.raises(grpc.RpcError) as caught:
        list(audio_pb2_grpc.AudioServiceStub(channel).Isolate(iter([request]), metadata=metadata))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "model" in caught.value.details()


@pytest.mark.parametrize(
    ("task", "options", "reason"),
    [
        (DenoiseTask(model="nonesuch"), Options(), "UNKNOWN_MODEL"),
        (DenoiseTask(model="deepfilternet3"), Options(), "MODEL_MISSING"),
        (DenoiseTask(attenuation_limit_db=-3), Options(), "INVALID_REQUEST"),
        (DenoiseTask(attenuation_limit_db=float("nan")), Options(), "INVALID_REQUEST"),
        (DenoiseTask(), Options(format="vhs"), "INVALID_REQUEST"),
        (DenoiseTask(), Options(depth="s17"), "INVALID_REQUEST"),
        (DenoiseTask(), Options(device="cuda:7"), "DEVICE_UNAVAILABLE"),
        (DenoiseTask(), Options(labels={"x": "y" * 2000}), "INVALID_REQUEST"),
    ],
)
def test_a_wrong_request_is_refused_by_reason_and_leaves_nothing(
    daemon: Daemon, tmp_path: Path, task: DenoiseTask, options: Options, reason: str
) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(0.5))
    with daemon.client() as client, pytest.raises(UnmixError) as caught:
        client.denoise(source, {"clean": tmp_path / "clean.wav"}, task, options)
    assert caught.value.reason == reason
    assert not (tmp_path / "clean.wav").exists()
    eventually(lambda: daemon.files() == [])


def test_an_upload_of_another_length_than_announced_is_refused(daemon: Daemon) -> None:
    spec = audio_pb2.DenoiseSpec(options=audio_pb2.JobOptions(size_bytes=5))
    requests = [audio_pb2.DenoiseRequest(spec=spec), audio_pb2.DenoiseRequest(data=b"123")]
    with daemon.channel() as (channel, metadata), pytest.raises(grpc.RpcError) as caught:
        list(audio_pb2_grpc.AudioServiceStub(channel).Denoise(iter(requests), metadata=metadata))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "3 bytes arrived of the 5 announced" in caught.value.details()
    eventually(lambda: daemon.files() == [])
