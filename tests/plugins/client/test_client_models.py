from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from unmix.v1 import models_pb2
from unmix.words import PullStep
from unmix_plugins.client import Client
from unmix_plugins.errors import BrokenResult, NotFound, SourceError


def test_the_catalogue_is_told_with_what_is_resident(daemon: FakeDaemon, client: Client) -> None:
    daemon.script.models[0].residency[0].expire_time.CopyFrom(Timestamp(seconds=1_700_000_000))
    rnnoise, deepfilternet = client.models.list()
    assert (rnnoise.name, rnnoise.task, rnnoise.installed) == ("rnnoise", "denoise", True)
    assert rnnoise.residency[0].expire_time == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (deepfilternet.download_bytes, deepfilternet.residency) == (8_400_000, ())
    assert [model.name for model in client.models.list(installed_only=True)] == ["rnnoise"]


def test_an_unknown_model_is_named(client: Client) -> None:
    with pytest.raises(NotFound, match="There is no model nosuch") as caught:
        client.models.get("nosuch")
    assert caught.value.facts == {"model": "nosuch"}


def test_a_pull_tells_its_progress_and_ends_with_the_model(daemon: FakeDaemon, client: Client) -> None:
    def pull(name: str) -> Iterator[models_pb2.PullModelResponse]:
        yield models_pb2.PullModelResponse(stage="downloading", done_bytes=5, total_bytes=10)
        yield models_pb2.PullModelResponse(stage="done", model=models_pb2.Model(name=name, installed=True))

    daemon.script.pull = pull
    seen: list[PullStep] = []
    assert client.models.pull("deepfilternet3", seen.append).installed
    assert seen[0] == PullStep("downloading", 5, 10)


def test_a_pull_that_ends_without_a_model_is_an_error(client: Client) -> None:
    with pytest.raises(BrokenResult, match="ended without a model"):
        client.models.pull("deepfilternet3")


def test_of_a_folder_its_weights_are_sent_and_nothing_else(
    daemon: FakeDaemon, client: Client, tmp_path: Path
) -> None:
    weights = {
        "955717e8-8726e21a.th": b"e" * 3_000_000,
        "a.safetensors": b"",
        "a.tflite": b"t",
        "bag.yaml": b"y",
        "e.onnx": b"o",
    }
    others = ["._a.safetensors", ".hidden.th", "notes.txt", "history.json", "sub/b.th", "song.wav", "README"]
    for name, data in [*weights.items(), *((other, b"x") for other in others)]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder.th").mkdir()
    assert client.models.install("mine", tmp_path).name == "mine"
    assert daemon.script.imported == weights


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "empty",
            r"empty holds no weights \(\.onnx, \.safetensors, \.tflite, \.th, \.yaml\): name the folder",
        ),
        ("songs", "songs holds no weights"),
        ("missing", "missing cannot be read .*: name the folder"),
        ("songs/a.wav", r"a\.wav cannot be read .*: name the folder"),
    ],
)
def test_a_folder_without_weights_is_told(
    daemon: FakeDaemon, client: Client, tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "a.wav").write_bytes(b"x")
    with pytest.raises(SourceError, match=message):
        client.models.install("mine", tmp_path / name)
    assert not daemon.script.imported


def test_a_model_is_loaded_and_unloaded_where_it_is_asked_for(daemon: FakeDaemon, client: Client) -> None:
    model, seconds = client.models.load("rnnoise", "cpu", 90)
    assert (model.residency[0].device, seconds) == ("cpu", 0.5)
    assert daemon.script.requests == [
        models_pb2.LoadModelRequest(name="rnnoise", device="cpu", keep_alive=Duration(seconds=90))
    ]
    assert client.models.unload("rnnoise").residency == ()


def test_the_daemon_describes_itself(daemon: FakeDaemon, client: Client) -> None:
    daemon.script.status.keep_alive.CopyFrom(Duration(seconds=300))
    status = client.status()
    assert status.addresses == (daemon.address,)
    assert status.keep_alive == 300
    assert [(device.name, device.available) for device in status.devices] == [
        ("cpu", True),
        ("cuda:0", False),
    ]
