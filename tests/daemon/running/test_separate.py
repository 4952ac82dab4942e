"""Stems through the whole product, with a small network that was imported as a user's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import soundfile
import sounds
import torch
from daemons import Daemon, eventually
from demucs.apply import apply_model
from demucs.htdemucs import HTDemucs
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from separators import STEMS, song, trained
from unmix.v1 import audio_pb2, audio_pb2_grpc, models_pb2, models_pb2_grpc
from unmix_plugins.errors import UnmixError

MINE = "mine"


class Session:
    """A daemon with the imported network, and that network as demucs has it."""

    def __init__(self, daemon: Daemon, network: HTDemucs) -> None:
        self.daemon = daemon
        self.network = network

    def separate(self, source: Path, **task: Any) -> tuple[dict[str, np.ndarray], audio_pb2.Summary]:
        """Run one call; return each stem's samples and the summary."""
        options = audio_pb2.JobOptions(**task.pop("options", {}))
        task.setdefault("model", MINE)
        spec = audio_pb2.SeparateSpec(task=audio_pb2.SeparateTask(**task), options=options)
        requests = [audio_pb2.SeparateRequest(spec=spec), audio_pb2.SeparateRequest(data=source.read_bytes())]
        files: dict[str, bytearray] = {}
        summary = None
        with self.daemon.channel() as (channel, metadata):
            for answer in audio_pb2_grpc.AudioServiceStub(channel).Separate(
                iter(requests), metadata=metadata
            ):
                match answer.event.WhichOneof("event"):
                    case "output":
                        files[answer.event.output.stem] = bytearray()
                    case "data":
                        piece = answer.event.data
                        files[piece.stem][piece.offset : piece.offset + len(piece.data)] = piece.data
                    case "summary":
                        summary = answer.event.summary
        assert summary
        read = {}
        for stem, data in files.items():
            path = source.with_name(f"{stem}.out")
            path.write_bytes(data)
            read[stem], rate = soundfile.read(path, dtype="float64", always_2d=True)
            assert rate == soundfile.info(source).samplerate
        return read, summary


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("separate")
    network = trained(folder / "checkpoint")
    with Daemon(folder / "state", weights=folder / "weights", threads=1) as daemon:
        with daemon.client() as client:
            assert client.models.install(MINE, folder / "checkpoint").installed
        yield Session(daemon, network)


def refused(session: Session, source: Path, **task: Any) -> tuple[error_details_pb2.ErrorInfo, str]:
    """The reason with its facts, and the message, of a call that must fail."""
    with pytest.raises(grpc.RpcError) as caught:
        session.separate(source, **task)
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(caught.value).details[0].Unpack(info)
    return info, caught.value.details()


@pytest.mark.long
def test_raw_stems_equal_the_reference_at_the_models_rate(session: Session, tmp_path: Path) -> None:
    mixture = song(8000 * 5)
    source = sounds.write(tmp_path / "in.wav", mixture, 8000, "FLOAT")
    stems, summary = session.separate(source, consistency=audio_pb2.CONSISTENCY_NONE)
    wave = torch.from_numpy(mixture.T.copy())
    reference = wave.mean(0)
    with torch.no_grad():
        expected = apply_model(
            session.network,
            ((wave - reference.mean()) / (reference.std() + 1e-8))[None],
            shifts=0,
            overlap=0.25,
        )[0]
    expected = expected * (reference.std() + 1e-8) + reference.mean()
    assert tuple(stems) == STEMS
    for number, stem in enumerate(STEMS):
        wanted = expected[number].numpy().T
        error = np.abs(stems[stem] - wanted).max() / np.abs(wanted).max()
        assert error < (1e-4 if summary.precision == "float32" else 1e-2), stem
    assert summary.model == MINE
    assert summary.quality == "high"


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2])
def test_all_stems_add_up_to_the_mixture(session: Session, tmp_path: Path, rate: int, channels: int) -> None:
    mixture = song(rate * 2, channels=channels)
    source = sounds.write(tmp_path / "in.wav", mixture, rate, "FLOAT")
    stems, _ = session.separate(source)
    assert tuple(stems) == STEMS
    assert all(stem.shape == mixture.shape for stem in stems.values())
    assert np.abs(sum(stems.values()) - mixture).max() <= 1e-6


@pytest.mark.parametrize(
    "wanted", [("vocals", "-vocals"), ("drums", "-drums", "bass"), ("instrumental", "vocals")]
)
@pytest.mark.parametrize("depth", ["f32", "s16", "s24"])
def test_a_stem_and_its_complement_are_the_mixture(
    session: Session, tmp_path: Path, wanted: tuple[str, ...], depth: str
) -> None:
    mixture = song(48000 * 2)
    subtype = {"f32": "FLOAT", "s16": "PCM_16", "s24": "PCM_24"}[depth]
    source = sounds.write(tmp_path / "in.wav", mixture, 48000, subtype)
    given = soundfile.read(source, dtype="float64")[0]
    stems, _ = session.separate(source, stems=wanted)
    names = {name.replace("-", "no_") for name in wanted}
    assert set(stems) == names
    pair = ("vocals", "instrumental") if "instrumental" in names else (wanted[0], f"no_{wanted[0]}")
    assert np.abs(stems[pair[0]] + stems[pair[1]] - given).max() <= (1e-6 if depth == "f32" else 0)


def test_integer_stems_add_up_to_the_bit(session: Session, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", song(44100), 44100, "PCM_16")
    stems, _ = session.separate(source)
    np.testing.assert_array_equal(
        sum(stems.values()), soundfile.read(source, dtype="float64", always_2d=True)[0]
    )


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((30000, 2)),
        np.full((9000, 2), 0.25),
        np.sign(np.sin(np.arange(20000) / 7))[:, None],
        np.full((1, 2), 0.5),
    ],
    ids=["silence", "DC", "full scale", "one sample"],
)
def test_odd_inputs_give_finite_stems_of_their_length_that_add_up(
    session: Session, tmp_path: Path, samples: np.ndarray
) -> None:
    source = sounds.write(tmp_path / "in.wav", samples.astype(np.float32), 44100, "FLOAT")
    stems, _ = session.separate(source)
    for stem in stems.values():
        assert stem.shape == samples.shape
        assert np.isfinite(stem).all()
        if not samples.any():
            assert not stem.any()
    assert np.abs(sum(stems.values()) - samples).max() <= 1e-6


def test_signal_processing_is_used_when_named_and_says_that_it_is_low_quality(
    session: Session, tmp_path: Path
) -> None:
    mixture = song(44100 * 3)
    source = sounds.write(tmp_path / "in.wav", mixture, 44100, "FLOAT")
    stems, summary = session.separate(source, model="dsp")
    assert summary.quality == "low"
    assert "Low quality" in " ".join(summary.notes)
    assert summary.better_models == ["htdemucs"]
    assert np.abs(sum(stems.values()) - mixture).max() <= 1e-6


def test_signal_processing_is_never_chosen_silently(tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", song(8000), 44100)
    with Daemon(tmp_path / "state") as daemon:
        bare = Session(daemon, None)  # type: ignore[arg-type]  # no network is installed
        info, message = refused(bare, source, model="auto")
        assert (info.reason, message) == (
            "MODEL_MISSING",
            "No model that can separate is installed; get one.",
        )
        assert dict(info.metadata) == {"models": "htdemucs", "alternative": "dsp"}
        info, _ = refused(bare, source, model="auto", stems=["guitar"])
        assert dict(info.metadata) == {"models": "htdemucs_6s"}
        assert "strings" in refused(bare, source, model="auto", stems=["strings"])[1]


def test_auto_takes_an_imported_network_that_has_the_stems(session: Session, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", song(8000), 44100)
    _, summary = session.separate(source, model="auto", stems=["bass"])
    assert summary.model == MINE
    assert summary.better_models == ["htdemucs_ft"]


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ({"stems": ["trumpet"]}, "UNSUPPORTED_FORMAT"),
        ({"stems": ["../x"]}, "INVALID_REQUEST"),
        ({"overlap": 1.0}, "INVALID_REQUEST"),
        ({"shifts": -1}, "INVALID_REQUEST"),
        ({"model": "nonesuch"}, "UNKNOWN_MODEL"),
        ({"model": "rnnoise"}, "UNKNOWN_MODEL"),
        ({"model": "htdemucs"}, "MODEL_MISSING"),
    ],
)
def test_a_wrong_separation_is_refused_by_reason(
    session: Session, tmp_path: Path, task: dict[str, Any], reason: str
) -> None:
    source = sounds.write(tmp_path / "in.wav", song(8000), 44100)
    assert refused(session, source, **task)[0].reason == reason
    eventually(lambda: session.daemon.files() == [])


@pytest.mark.long
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_precision_can_be_set_and_is_told(session: Session, tmp_path: Path, precision: str) -> None:
    source = sounds.write(tmp_path / "in.wav", song(8000), 8000)
    weights = session.daemon.state.parent / "weights"
    with Daemon(tmp_path / "state", weights=weights, threads=1, precision=precision) as daemon:
        _, summary = Session(daemon, session.network).separate(source)
    assert summary.precision == precision


def test_more_than_two_channels_are_refused(session: Session, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", song(8000, channels=6), 44100)
    info, message = refused(session, source)
    assert info.reason == "UNSUPPORTED_FORMAT"
    assert "6 channels" in message


def test_the_catalogue_answers_what_can_be_separated_now(session: Session) -> None:
    with session.daemon.channel() as (channel, metadata):
        listed = models_pb2_grpc.ModelServiceStub(channel).ListModels(
            models_pb2.ListModelsRequest(task=models_pb2.TASK_SEPARATE, installed_only=True),
            metadata=metadata,
        )
    stems = {model.name: tuple(model.stems) for model in listed.models}
    assert {name: set(own) for name, own in stems.items()} == {"dsp": set(STEMS), MINE: set(STEMS)}


@pytest.mark.long
def test_a_pickle_that_is_no_checkpoint_is_refused_and_runs_nothing(session: Session, tmp_path: Path) -> None:
    import pickle  # noqa: PLC0415  # to write what must never be read

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "exploded",))

    for name in ("plain", "packed"):
        (tmp_path / name).mkdir()
    (tmp_path / "plain" / "evil.th").write_bytes(pickle.dumps(Bomb()))
    torch.save({"klass": HTDemucs, "state": Bomb()}, tmp_path / "packed" / "evil.th")
    for name in ("plain", "packed"):
        with (
            session.daemon.client() as client,
            pytest.raises(UnmixError, match="no checkpoint that unmix can read") as caught,
        ):
            client.models.install("evil", tmp_path / name)
        assert caught.value.reason == "INVALID_WEIGHTS"
    assert not (tmp_path / "exploded").exists()
    assert not (session.daemon.state.parent / "weights" / "evil").exists()
