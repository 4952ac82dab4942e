"""The command as a process: signals, pipes, locales and exit codes are only there what they are for users."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon, Upload, accepted, output, piece, result_of
from plugins.client.fake_unmixd import install
from unmix.locations import read_endpoint
from unmix.v1 import audio_pb2

COMMAND = [sys.executable, "-c", "from unmix_plugins.cli import main; main()"]
posix_only = pytest.mark.skipif(os.name == "nt", reason="signals and terminals are of POSIX")


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more}


def unmix(
    *arguments: object, stdin: bytes = b"", env: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*COMMAND, *map(os.fsencode, map(str, arguments))],
        input=stdin,
        capture_output=True,
        env=env or environment(),
        timeout=60,
        check=False,
    )


def start(*arguments: object, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )


@posix_only
def test_ctrl_c_cancels_on_the_daemon_and_says_so(daemon: FakeDaemon, talk: Path) -> None:
    half_done, gone = threading.Event(), threading.Event()

    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        upload.context.add_callback(gone.set)
        yield accepted()
        yield output("clean")
        yield piece("clean", 0, b"half")
        half_done.set()
        gone.wait(30)

    daemon.script.denoise = script
    process = start("denoise", talk, talk.with_name("next.wav"))
    assert half_done.wait(30)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == b""
    assert err.decode() == (
        f"unmix: cancelled {talk} on the daemon, nothing of it was written; 1 more was not begun.\n"
    )
    assert gone.wait(30)
    assert [path.name for path in talk.parent.iterdir()] == ["talk.wav"]


@posix_only
@pytest.mark.parametrize("run", range(6))
def test_ctrl_c_while_stdin_says_nothing_ends_at_once(daemon: FakeDaemon, run: int) -> None:
    # Several runs, because the moment of the signal is chance: inside gRPC it left locks taken in one of four.
    begun = threading.Event()
    daemon.script.before_upload = lambda _: begun.set()
    process = start("denoise", "-", "-o", "-", stdin=subprocess.PIPE)
    assert begun.wait(30)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read() == b""
    assert process.stderr.read().count(b"\n") == 1
    assert daemon.script.ended.wait(30)


def test_pipes_carry_the_result_and_nothing_else(daemon: FakeDaemon) -> None:
    sound = os.urandom(3_000_000)
    done = unmix("denoise", "-", "-o", "-", stdin=sound)
    assert done.returncode == 0
    assert done.stdout == result_of("clean", sound)
    assert b"Traceback" not in done.stderr


@posix_only
def test_a_reader_who_went_away_is_told_without_a_traceback(daemon: FakeDaemon) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(
            [*COMMAND, "denoise", "-", "-o", "-"],
            input=b"x" * 1_000_000,
            stdout=closed,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert b"Broken pipe" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="names there are text")
def test_a_name_of_bytes_that_are_no_text_works(daemon: FakeDaemon, tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9 \n1.wav")  # noqa: PTH118  # bytes
    Path(os.fsdecode(path)).write_bytes(b"x")
    done = unmix("denoise", os.fsdecode(path), "--json")
    assert done.returncode == 0
    [told] = json.loads(done.stdout)["outputs"]
    assert os.fsencode(told["path"]) == path.replace(b".wav", b".clean.wav")


LOCALES = {
    "C": {"LC_ALL": "C"},
    "ASCII": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "German": {"LC_ALL": "de_DE.UTF-8"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8"},
    "Turkish, old": {"LC_ALL": "tr_TR.ISO8859-9", "PYTHONIOENCODING": "iso8859-9"},
}


@pytest.mark.long
@pytest.mark.parametrize("settings", LOCALES.values(), ids=LOCALES)
def test_the_locale_changes_no_result(daemon: FakeDaemon, tmp_path: Path, settings: dict[str, str]) -> None:
    path = tmp_path / "STİL.WAV"
    path.write_bytes(b"x")
    done = unmix("denoise", path, "--strength", "12.5", "--keep-alive", "1.5h", env=environment(**settings))
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert b"62.0 s in 1.9 s (33" in done.stdout
    [spec] = daemon.script.requests
    assert isinstance(spec, audio_pb2.DenoiseSpec)
    assert spec.task.attenuation_limit_db == 12.5
    assert spec.options.keep_alive.seconds == 5400
    assert (tmp_path / "STİL.clean.wav").exists()


@posix_only
def test_progress_is_drawn_on_a_terminal_only(daemon: FakeDaemon, talk: Path) -> None:
    import pty  # noqa: PLC0415  # not on Windows

    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [*COMMAND, "denoise", talk], stdout=subprocess.PIPE, stderr=theirs, env=environment(TERM="xterm")
    )
    os.close(theirs)
    drawn = b""
    while select.select([ours], [], [], 30)[0]:
        try:
            drawn += os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
    os.close(ours)
    assert done.wait(30) == 0
    assert b"talk.wav" in drawn
    assert b"100 %" in drawn
    assert done.stdout is not None
    assert done.stdout.read().startswith(os.fsencode(talk))


@posix_only
def test_the_daemon_is_started_and_stopped(tmp_path: Path, state: Path) -> None:
    env = environment()
    env["PYTHONPATH"] = install(tmp_path / "programs")
    started = unmix("start", env=env)
    endpoint = read_endpoint(state)
    assert endpoint is not None
    assert started.returncode == 0
    assert f"is up: process {endpoint.pid}".encode() in started.stdout
    again = unmix("start", env=env)
    assert f"was up already: process {endpoint.pid}".encode() in again.stdout
    stopped = unmix("stop", env=env)
    assert stopped.stdout == f"unmixd, process {endpoint.pid}, has ended.\n".encode()
    assert read_endpoint(state) is None
    assert unmix("stop", env=env).stdout == b"No daemon runs.\n"


@posix_only
def test_the_first_denoise_starts_the_daemon_and_says_so(tmp_path: Path, talk: Path) -> None:
    env = environment()
    env["PYTHONPATH"] = install(tmp_path / "programs")
    done = unmix("denoise", talk, env=env)
    unmix("stop", env=env)
    assert done.returncode == 0
    assert (
        done.stderr
        == b"unmix: no daemon runs; starting one, which stays for the next call (`unmix stop` ends it).\n"
    )


def test_an_error_of_our_own_is_one_sentence(talk: Path) -> None:
    broken = (
        "import unmix_plugins.cli._denoise as d; d.process = None; from unmix_plugins.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken, "denoise", str(talk)],
        capture_output=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"unmix: unmix met an error of its own (TypeError:")
    assert done.stderr.count(b"\n") == 1
