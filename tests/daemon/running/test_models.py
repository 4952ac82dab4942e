"""Models of strangers in a running daemon: what cannot be used hides nothing, can be removed, and holds nobody up."""

import json
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import grpc
import psutil
import pytest
import sounds
from daemons import Daemon, eventually
from grpc_health.v1 import health_pb2, health_pb2_grpc
from unmix.v1 import models_pb2, models_pb2_grpc
from unmix_models.catalogue.description import NAME, Description
from unmix_plugins.checkup import check
from unmix_plugins.errors import InvalidRequest, NotFound, NotPossibleNow, UnmixError

SAID = {"stems": ["vocals"], "sample_rate": 44100, "family": "htdemucs"}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("models")
    (folder / "state").mkdir(mode=0o700)
    (folder / "state" / "imports" / "left").mkdir(parents=True)
    with Daemon(folder / "state", weights=folder / "weights", threads=1) as running:
        yield running


@pytest.fixture
def weights(daemon: Daemon) -> Path:
    return daemon.state.parent / "weights"


def put(weights: Path, name: str, **changes: object) -> Path:
    folder = weights / name
    folder.mkdir(parents=True)
    (folder / NAME).write_text(json.dumps({**SAID, **changes}))
    return folder


def test_what_a_model_says_of_itself_breaks_no_call_and_it_is_removed(
    daemon: Daemon, weights: Path, tmp_path: Path
) -> None:
    put(weights, "large", sample_rate=1 << 40)
    put(weights, "lone", stems=["\ud800"])
    put(weights, "outside", stems=[str(tmp_path / "evil"), "../evil"])
    put(weights, "sound")
    source = sounds.write(tmp_path / "in.wav", sounds.voice(0.5), 48000)
    with daemon.client() as client:
        models, left_out = client.models.look()
        assert {model.name for model in left_out} == {"large", "lone", "outside"}
        assert "sound" in {model.name for model in models if model.installed}
        assert client.status().pid == daemon.pid
        client.denoise(source, {"clean": tmp_path / "clean.wav"})
        found = list(check(daemon.state, daemon.client))
        assert [finding.cure for finding in found if finding.subject == "model"] == [
            f"`unmix models remove {name}`" for name in ("large", "lone", "outside")
        ]
        for model in left_out:
            assert client.models.remove(model.name) > 0
        assert client.models.look()[1] == ()
        assert client.models.remove("sound") > 0
        with pytest.raises(NotFound):
            client.models.get("sound")
    assert not [path for path in weights.iterdir() if not path.name.startswith(".")]


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("rnnoise", InvalidRequest, "ships with unmix; there is nothing to remove"),
        ("dsp", InvalidRequest, "ships with unmix"),
        ("htdemucs", NotPossibleNow, "'htdemucs' is not installed: there is nothing to remove"),
        ("nosuch", NotFound, "There is no model 'nosuch'"),
        ("../state", UnmixError, "no name for a model"),
        ("..", UnmixError, "no name for a model"),
        ("/", UnmixError, "no name for a model"),
        ("", UnmixError, "no name for a model"),
    ],
)
def test_what_is_not_there_or_ships_is_not_removed(
    daemon: Daemon, weights: Path, name: str, kind: type[UnmixError], message: str
) -> None:
    put(weights, "kept")
    try:
        with daemon.client() as client, pytest.raises(kind, match=message):
            client.models.remove(name)
        assert (weights / "kept" / NAME).exists()
        assert daemon.state.exists()
    finally:
        with daemon.client() as client:
            client.models.remove("kept")


def test_a_folder_that_lost_its_description_is_removed_by_its_name(daemon: Daemon, weights: Path) -> None:
    (put(weights, "half") / NAME).unlink()
    with daemon.client() as client:
        assert client.models.remove("half") == 0
    assert not (weights / "half").exists()


def test_time_that_a_model_stays_is_told_however_long_it_is(daemon: Daemon) -> None:
    with daemon.client() as client:
        client.models.load("rnnoise", "cpu", 300_000_000_000.0)
        assert [model.name for model in client.models.list() if model.residency] == ["rnnoise"]
        client.models.unload("rnnoise")


def children_of(daemon: Daemon) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in psutil.Process(daemon.pid).children():
        with suppress(psutil.Error):
            if "unmix_models.child" in process.cmdline():
                found.append(process)
    return found


def import_requests() -> Iterator[models_pb2.ImportModelRequest]:
    """What is no checkpoint, though it takes a while to see that."""
    header = json.dumps([0] * (1 << 20)).encode()
    yield models_pb2.ImportModelRequest(name="mine")
    yield models_pb2.ImportModelRequest(file_name="a.safetensors")
    yield models_pb2.ImportModelRequest(data=len(header).to_bytes(8, "little") + header)


def test_an_import_that_nobody_waits_for_ends_and_the_next_goes_on(daemon: Daemon, weights: Path) -> None:
    """Its child is stopped, as one that takes for ever."""
    with daemon.channel() as (channel, metadata):
        models = models_pb2_grpc.ModelServiceStub(channel)
        call = models.ImportModel.future(import_requests(), metadata=metadata)
        [child] = eventually(lambda: children_of(daemon))
        child.send_signal(signal.SIGSTOP)
        call.cancel()
        eventually(lambda: is_gone(child))
        with pytest.raises(grpc.RpcError) as refused:
            models.ImportModel(import_requests(), metadata=metadata, timeout=300)
    assert "no checkpoint that unmix can read" in refused.value.details()
    assert list(weights.glob(".mine*")) == []
    assert list(weights.parent.glob("state/imports/*")) == []  # nor what a kill had left


def is_gone(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    return True


@pytest.mark.parametrize("name", ["a\0b.th", "x" * 300 + ".th", "a\nb.th", "../a.th", ".a.th"])
def test_files_of_odd_names_are_not_written(daemon: Daemon, weights: Path, name: str) -> None:
    requests = [
        models_pb2.ImportModelRequest(name="mine"),
        models_pb2.ImportModelRequest(file_name=name),
        models_pb2.ImportModelRequest(data=b"x"),
    ]
    with daemon.channel() as (channel, metadata), pytest.raises(grpc.RpcError) as refused:
        models_pb2_grpc.ModelServiceStub(channel).ImportModel(iter(requests), metadata=metadata)
    assert "holds no checkpoint" in refused.value.details()
    assert not weights.exists() or list(weights.glob(".mine*")) == []


def test_a_daemon_says_in_its_log_what_it_leaves_out(tmp_path: Path) -> None:
    folder = tmp_path / "weights" / "mine"
    folder.mkdir(parents=True)
    Description(("a",), 44_100, "of a later version").write(folder)
    with Daemon(tmp_path / "state", weights=tmp_path / "weights") as daemon:
        assert (
            "WARNING unmix_daemon.model_manager: model mine is left out: It is of the family" in daemon.log()
        )


def health(daemon: Daemon, model: str) -> str:
    with daemon.channel() as (channel, metadata):
        request = health_pb2.HealthCheckRequest(service=f"model:{model}")
        answer = health_pb2_grpc.HealthStub(channel).Check(request, metadata=metadata)
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


def test_a_model_that_was_removed_is_not_told_as_ready(tmp_path: Path) -> None:
    put(tmp_path / "weights", "mine")
    with Daemon(tmp_path / "state", weights=tmp_path / "weights") as daemon:
        assert health(daemon, "mine") == "SERVING"
        with daemon.client() as client:
            client.models.remove("mine")
        assert health(daemon, "mine") == "NOT_SERVING"
