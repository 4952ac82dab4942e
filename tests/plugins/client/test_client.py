import logging
import os
import socket
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import grpc
import pytest
from fake_daemon import (
    TOKEN,
    FakeDaemon,
    Upload,
    accepted,
    answers,
    calls_of,
    output,
    piece,
    progress,
    result_of,
)
from unmix.ownership import write_secret
from unmix.v1 import audio_pb2
from unmix.words import DenoiseStem, DenoiseTask, Event, Music, Options, Priority, Progress, Summary
from unmix_daemon.listening.certificate import new_credentials
from unmix_plugins.client import Client
from unmix_plugins.errors import (
    AccessRefused,
    BrokenResult,
    Cancelled,
    DaemonUnreachable,
    InvalidRequest,
    OutputExists,
    SourceError,
)

BOTH = DenoiseTask(stems=(DenoiseStem.CLEAN, DenoiseStem.NOISE))


def outputs_beside(talk: Path) -> dict[str, Path]:
    return {stem: talk.with_name(f"talk.{stem}.wav") for stem in ("clean", "noise")}


def names_beside(talk: Path) -> list[str]:
    return sorted(path.name for path in talk.parent.iterdir())


def test_both_stems_are_written_as_the_daemon_made_them(client: Client, talk: Path) -> None:
    summary = client.denoise(talk, outputs_beside(talk), BOTH)
    for stem, path in outputs_beside(talk).items():
        assert path.read_bytes() == result_of(stem, talk.read_bytes())
    assert names_beside(talk) == ["talk.clean.wav", "talk.noise.wav", "talk.wav"]
    assert summary.duration == 62.0
    assert summary.real_time_factor == pytest.approx(62.0 / 1.9)


def test_a_recording_of_many_messages_arrives_whole(client: Client, tmp_path: Path) -> None:
    talk = tmp_path / "talk.wav"
    talk.write_bytes(os.urandom(5_000_001))
    client.denoise(talk, {"clean": tmp_path / "out.wav"})
    assert (tmp_path / "out.wav").read_bytes() == result_of("clean", talk.read_bytes())


def test_streams_are_taken_and_given(client: Client) -> None:
    result = BytesIO()
    client.denoise(BytesIO(b"from a pipe"), {"clean": result})
    assert result.getvalue() == result_of("clean", b"from a pipe")


def test_the_daemon_is_told_everything(daemon: FakeDaemon, client: Client, talk: Path) -> None:
    task = DenoiseTask("rnnoise", 12.5, (DenoiseStem.NOISE,), Music.REMOVE)
    options = Options(
        format="flac",
        depth="s24",
        device="cpu",
        keep_alive=-1.5,
        priority=Priority.FOLDER,
        labels={"take": "3"},
    )
    client.denoise(talk, {"noise": talk.with_name("n.flac")}, task, options)
    [spec] = daemon.script.requests
    assert isinstance(spec, audio_pb2.DenoiseSpec)
    assert spec.task == audio_pb2.DenoiseTask(
        model="rnnoise",
        attenuation_limit_db=12.5,
        stems=[audio_pb2.DENOISE_STEM_NOISE],
        music=audio_pb2.MUSIC_REMOVE,
    )
    assert (spec.options.file_name, spec.options.size_bytes) == ("talk.wav", len(talk.read_bytes()))
    assert (spec.options.format, spec.options.depth, spec.options.device) == ("flac", "s24", "cpu")
    assert (spec.options.keep_alive.seconds, spec.options.keep_alive.nanos) == (-1, -500_000_000)
    assert spec.options.priority == audio_pb2.PRIORITY_FOLDER
    assert dict(spec.options.labels) == {"take": "3"}


def test_what_is_not_said_stays_unset(daemon: FakeDaemon, client: Client) -> None:
    client.denoise(BytesIO(b"x"), {"clean": BytesIO()})
    [spec] = daemon.script.requests
    assert isinstance(spec, audio_pb2.DenoiseSpec)
    assert not spec.task.HasField("attenuation_limit_db")
    assert not spec.options.HasField("size_bytes")
    assert not spec.options.HasField("keep_alive")
    assert spec.options.priority == audio_pb2.PRIORITY_UNSPECIFIED


@pytest.mark.skipif(os.name == "nt", reason="names there are text")
def test_a_name_that_is_no_text_is_told_as_far_as_it_is(
    daemon: FakeDaemon, client: Client, tmp_path: Path
) -> None:
    talk = tmp_path / os.fsdecode(b"caf\xe9.wav")
    talk.write_bytes(b"x")
    client.denoise(talk, {"clean": BytesIO()})
    [spec] = daemon.script.requests
    assert isinstance(spec, audio_pb2.DenoiseSpec)
    assert spec.options.file_name == "caf\ufffd.wav"


def test_no_length_of_time_is_refused_before_anything_is_sent(client: Client, talk: Path) -> None:
    with pytest.raises(InvalidRequest, match="nan s is no length of time"):
        client.denoise(talk, {"clean": BytesIO()}, options=Options(keep_alive=float("nan")))


def test_every_call_carries_the_token_and_the_clients_name(
    daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    client.denoise(talk, {"clean": BytesIO()})
    client.jobs.submit(talk)
    list(client.jobs.watch("job-1"))
    client.status()
    for method in ("Process", "SubmitJob", "WatchJob", "GetStatus", "Check"):
        [metadata] = calls_of(daemon, method)
        assert metadata["authorization"] == f"Bearer {TOKEN}"
        assert metadata["unmix-client"] == "test"


def test_events_come_in_order_and_the_summary_last(client: Client, talk: Path) -> None:
    events: list[Event] = []
    client.denoise(talk, outputs_beside(talk), BOTH, on_event=events.append)
    kinds = [type(event).__name__ for event in events]
    assert kinds[0] == "Accepted"
    assert kinds[-1] == "Summary"
    assert Progress("denoising", 0.5, 2.5) in events
    assert kinds.count("Summary") == 1


def test_an_existing_file_is_kept_unless_overwrite_is_said(client: Client, talk: Path) -> None:
    target = talk.with_name("out.wav")
    target.write_bytes(b"old")
    with pytest.raises(OutputExists):
        client.denoise(talk, {"clean": target})
    assert target.read_bytes() == b"old"
    client.denoise(talk, {"clean": target}, overwrite=True)
    assert target.read_bytes() == result_of("clean", talk.read_bytes())


def test_a_failing_callback_cancels_on_the_daemon_and_leaves_no_file(
    daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, Progress):
            raise KeyboardInterrupt

    released = threading.Event()

    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        upload.context.add_callback(released.set)
        yield accepted()
        yield output("clean")
        yield piece("clean", 0, b"half")
        yield progress(0.5)
        released.wait(10)

    daemon.script.denoise = script
    with pytest.raises(KeyboardInterrupt):
        client.denoise(talk, {"clean": talk.with_name("out.wav")}, on_event=stop)
    assert daemon.script.ended.wait(10)
    assert released.is_set()
    assert names_beside(talk) == ["talk.wav"]


def test_a_daemon_that_dies_in_the_middle_leaves_no_file(
    daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        yield accepted()
        yield output("clean")
        yield piece("clean", 0, b"half")
        threading.Thread(target=daemon.stop).start()
        daemon.script.ended.wait(10)

    daemon.script.denoise = script
    with pytest.raises((DaemonUnreachable, Cancelled)):
        client.denoise(talk, {"clean": talk.with_name("out.wav")})
    assert names_beside(talk) == ["talk.wav"]


def test_the_next_call_finds_the_daemon_that_came_after(
    daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    daemon.stop()
    with pytest.raises(DaemonUnreachable):
        client.status()
    heir = FakeDaemon(daemon.state, version="2.0", token="of the heir")
    heir.start()
    try:
        assert client.status().version == "2.0"
    finally:
        heir.stop()


def test_a_result_with_a_wrong_hash_is_thrown_away(daemon: FakeDaemon, client: Client, talk: Path) -> None:
    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        for event in answers(upload):
            if event.WhichOneof("event") == "summary":
                event.summary.outputs[0].sha256 = "0" * 64
            yield event

    daemon.script.denoise = script
    with pytest.raises(BrokenResult, match="damaged"):
        client.denoise(talk, {"clean": talk.with_name("out.wav")})
    assert names_beside(talk) == ["talk.wav"]


def test_events_of_a_newer_daemon_are_passed_over(daemon: FakeDaemon, client: Client, talk: Path) -> None:
    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        yield audio_pb2.AudioEvent.FromString(b"\xfa\x01\x01x")  # field 31, which nobody has defined
        yield from answers(upload)

    daemon.script.denoise = script
    assert client.denoise(talk, {"clean": BytesIO()}).model == "deepfilternet3"


def test_a_source_that_grows_while_it_is_sent_is_told_and_not_processed(
    daemon: FakeDaemon, client: Client, talk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def grow(context: grpc.ServicerContext) -> None:
        with talk.open("ab") as file:
            file.write(bytes(8 << 20))

    talk.write_bytes(bytes(8 << 20))
    daemon.script.before_upload = grow
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(SourceError, match=r"talk\.wav changed while it was sent"),
    ):
        client.denoise(talk, {"clean": talk.with_name("out.wav")})
    assert daemon.script.ended.wait(10)
    assert not daemon.script.requests
    assert not caplog.records
    with pytest.raises(SourceError, match="changed while"):
        client.jobs.submit(talk.with_name("talk.wav"))
    assert not daemon.script.jobs


def test_a_wrong_token_is_told_and_no_daemon_is_started(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNMIX_TOKEN", "wrong")
    with pytest.raises(AccessRefused, match="UNMIX_TOKEN"):
        Client.connect(client_name="test", on_start=lambda: pytest.fail("started one"))


def test_address_and_token_of_the_environment_come_first(
    daemon: FakeDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNMIX_STATE", str(tmp_path / "empty"))
    monkeypatch.setenv("UNMIX_ADDRESS", daemon.address)
    monkeypatch.setenv("UNMIX_TOKEN", TOKEN)
    with Client.connect(client_name="test") as client:
        assert client.status().addresses == (daemon.address,)
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), (b"RIFF", "holds no certificate with its key")]
)
def test_a_certificate_that_is_none_is_told_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, said: str
) -> None:
    file = tmp_path / "copy.pem"
    if content is not None:
        write_secret(file, content)
    monkeypatch.setenv("UNMIX_CERT", str(file))
    monkeypatch.setenv("UNMIX_ADDRESS", "127.0.0.1:9")
    with pytest.raises(
        AccessRefused, match=rf"{said}.*: name a copy of the daemon's unmixd\.pem in UNMIX_CERT"
    ):
        Client.connect(client_name="test")


def test_a_given_address_that_does_not_answer_starts_no_daemon(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_credentials(tmp_path / "copy.pem")
    monkeypatch.setenv("UNMIX_CERT", str(tmp_path / "copy.pem"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("UNMIX_ADDRESS", address)
        with pytest.raises(
            DaemonUnreachable,
            match=f"Nothing that shows your certificate answers at {address}: .* check UNMIX_ADDRESS",
        ):
            Client.connect(client_name="test")
    assert not list(state.iterdir())


def test_where_no_daemon_runs_the_message_says_how_to_start_one(state: Path) -> None:
    with pytest.raises(DaemonUnreachable, match="`unmix start` starts one"):
        Client.connect(client_name="test", start=False)


def test_a_web_proxy_is_not_asked(daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:9")
    for name in ("no_proxy", "no_grpc_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Client.connect(client_name="test", start=False) as client:
        assert client.status().pid == os.getpid()


def test_closing_from_another_thread_ends_a_running_call(
    daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        yield accepted()
        threading.Thread(target=client.close).start()
        daemon.script.ended.wait(10)

    daemon.script.denoise = script
    with pytest.raises(Cancelled):
        client.denoise(talk, {"clean": talk.with_name("out.wav")})
    assert names_beside(talk) == ["talk.wav"]


def test_a_summary_of_nothing_has_no_real_time_factor() -> None:
    nothing = Summary("", "", "", "", "", "", 0.0, 0.0, (), None)
    assert nothing.duration == 0
    assert nothing.real_time_factor is None
