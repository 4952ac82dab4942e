"""Whether Audacity records, seen from outside."""

import mmap
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from daemons import eventually
from plugins.audacity.real_audacity import Audacity
from plugins.audacity.sound_server import SoundServer
from unmix_plugins.audacity.program import capture as recording
from unmix_plugins.audacity.program.capture import is_recording
from unmix_plugins.audacity.program.editor import Editor
from unmix_plugins.audacity.program.process import audacity_pids

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux shows what others record"
)


@pytest.fixture(scope="module")
def shared_recorder(
    new_display: Callable[[], str], sound_server: SoundServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Audacity]:
    home = tmp_path_factory.mktemp("recorder")
    sound_server.take_in(home)
    shared = [tmp_path_factory.getbasetemp()]
    with Audacity(home, new_display(), shared=shared, environment=sound_server.environment) as audacity:
        yield audacity.start()


@pytest.fixture
def recorder(
    shared_recorder: Audacity, sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Audacity]:
    """A real Audacity with something to play on and to record from."""
    if not shared_recorder.is_fit():
        shared_recorder.start_anew()
    with monkeypatch.context() as patched:
        for name, value in sound_server.environment.items():
            patched.setenv(name, value)
        yield shared_recorder
    shared_recorder.pipe.command("Message: Text=stop")
    eventually(lambda: not sound_server.streams("source-outputs") + sound_server.streams("sink-inputs"))
    shared_recorder.clear()


def record(audacity: Audacity, sound_server: SoundServer) -> None:
    audacity.press("r")
    eventually(lambda: sound_server.streams("source-outputs"))


@pytest.mark.long
def test_only_a_recording_is_one(recorder: Audacity, sound_server: SoundServer, tmp_path: Path) -> None:
    assert is_recording(recorder.pid) is False
    record(recorder, sound_server)
    assert is_recording(recorder.pid) is True
    recorder.press("space")
    eventually(lambda: is_recording(recorder.pid) is False)
    assert sound_server.streams("source-outputs") == []
    soundfile.write(tmp_path / "long.wav", np.zeros(441_000, np.float32), 44100)
    recorder.import_files(tmp_path / "long.wav")
    recorder.press("space")
    eventually(lambda: sound_server.streams("sink-inputs"))
    assert is_recording(recorder.pid) is False


def test_any_command_ends_a_recording(recorder: Audacity, sound_server: SoundServer) -> None:
    record(recorder, sound_server)
    assert not recorder.pipe.is_lost
    assert is_recording(recorder.pid) is True
    Editor(recorder.pipe).tracks()
    eventually(lambda: not sound_server.streams("source-outputs"))


def test_without_pactl_it_cannot_be_known_while_there_is_a_stream(
    recorder: Audacity, sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        assert is_recording(recorder.pid) is False
    record(recorder, sound_server)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        assert is_recording(recorder.pid) is None


def test_a_server_that_does_not_know_it_is_not_believed(
    recorder: Audacity, sound_server: SoundServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(recorder, sound_server)
    with SoundServer(tmp_path) as other:
        monkeypatch.setenv("PULSE_SERVER", other.environment["PULSE_SERVER"])
        assert is_recording(recorder.pid) is None


@pytest.fixture
def capture_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the kernel says about the state of a sound card's input."""
    status = tmp_path / "card0" / "pcm0c" / "sub0" / "status"
    status.parent.mkdir(parents=True)
    monkeypatch.setattr(recording, "_CARDS", tmp_path)
    return status


def test_who_owns_a_sound_cards_input_records(capture_device: Path) -> None:
    capture_device.write_text(f"state: RUNNING\nowner_pid   : {os.getpid()}\ntrigger_time: 1.2\n")
    assert is_recording(os.getpid()) is True
    assert is_recording(os.getppid()) is False


@pytest.mark.parametrize("status", ["closed\n", "", "owner_pid   : 1\n"])
def test_an_input_that_is_nobodys_or_anothers_is_no_recording(capture_device: Path, status: str) -> None:
    capture_device.write_text(status)
    assert is_recording(os.getpid()) is False


def test_of_a_client_of_jack_it_cannot_be_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_JACK", str(tmp_path / "jack"))
    assert is_recording(os.getpid()) is False
    shared = tmp_path / "jack-shm-registry"
    shared.write_bytes(bytes(4096))
    with shared.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ):
        assert is_recording(os.getpid()) is None


def test_a_program_that_has_ended_does_not_record() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert is_recording(ended.pid) is False


@pytest.mark.long
def test_every_audacity_of_this_user_is_found(make_audacity: Callable[..., Audacity]) -> None:
    first = make_audacity().start()
    second = make_audacity().start()
    assert [pid for pid in audacity_pids() if pid in {first.pid, second.pid}] == [first.pid, second.pid]
    first.kill()
    assert first.pid not in audacity_pids()


@pytest.fixture
def other_program(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One with another name, in a folder called audacity."""
    folder = tmp_path / "audacity"
    folder.mkdir()
    with subprocess.Popen(["sleep", "60"], cwd=folder) as process:
        yield process
        process.kill()


def test_other_programs_are_none(other_program: subprocess.Popen[bytes]) -> None:
    assert other_program.pid not in audacity_pids()
