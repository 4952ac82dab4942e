"""`unmix watch --config` as it runs for ever: the configuration changes under it, and others are told."""

import http.server
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sounds
from daemons import Daemon, eventually
from unmix_plugins.watch.notify.hook import signature

COMMAND = [sys.executable, "-c", "from unmix_plugins.cli import main; main()"]
CONFIG = """
state = "ledger.sqlite3"
[[folder]]
name = "inbox"
source = "in"
target = "{target}"
settle_seconds = 0.1
denoise = {{ model = "rnnoise" }}
{more}
"""


class Watcher:
    """A watcher in a folder of its own."""

    def __init__(self, folder: Path, daemon: Daemon) -> None:
        self.folder = folder
        self._daemon = daemon
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "in").mkdir()
        self.sound = sounds.write(folder / "sound.wav", sounds.voice(0.3)).read_bytes()

    def configure(self, target: str = "out", more: str = "") -> None:
        (self.folder / "watch.toml").write_text(CONFIG.format(target=target, more=more))

    def start(self) -> None:
        with (self.folder / "said").open("wb") as said:
            self._process = subprocess.Popen(
                [*COMMAND, "watch", "--config", str(self.folder / "watch.toml")],
                env=self._daemon.environment | {"HOOK_SECRET": "s3cret"},
                stdout=said,
                stderr=said,
            )

    def drop(self, name: str) -> None:
        (self.folder / "in" / name).write_bytes(self.sound)

    def said(self) -> str:
        return (self.folder / "said").read_text("utf-8")

    def stop(self) -> int:
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)

    def end(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("daemon")) as running:
        yield running


@pytest.fixture
def watcher(tmp_path: Path, daemon: Daemon) -> Iterator[Watcher]:
    made = Watcher(tmp_path, daemon)
    yield made
    made.end()


@contextmanager
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A web server's address, and the requests that it has had."""
    requests: list[tuple[dict[str, str], bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the standard library's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append((dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", requests
        server.shutdown()


@pytest.mark.long
def test_a_changed_configuration_is_taken_up_and_a_wrong_one_is_told(watcher: Watcher) -> None:
    out, other = watcher.folder / "out", watcher.folder / "other"
    watcher.configure()
    watcher.start()
    watcher.drop("a.wav")
    eventually((out / "a.wav").exists)
    watcher.configure(more="settle_second = 1")
    eventually(lambda: "did you mean “settle_seconds”?" in watcher.said())
    watcher.drop("b.wav")
    eventually((out / "b.wav").exists)
    watcher.configure(target="other")
    eventually(lambda: "The configuration has changed" in watcher.said())
    watcher.drop("c.wav")
    eventually((other / "c.wav").exists)
    assert watcher.stop() == 0
    assert [path.name for path in sorted(out.iterdir())] == ["a.wav", "b.wav"]
    assert [path.name for path in sorted(other.iterdir())] == ["c.wav"]


@pytest.mark.long
def test_a_command_and_a_webhook_are_told_of_what_is_done_and_of_what_has_failed(watcher: Watcher) -> None:
    told = watcher.folder / "told"
    script = watcher.folder / "hook.py"
    script.write_text(f"import sys\nopen({str(told)!r}, 'a').write(sys.stdin.read() + chr(10))\n")
    watcher.configure(more=f"on_done = {{ command = ['{sys.executable}', '{script}'] }}")
    watcher.start()
    watcher.drop("a.wav")
    eventually(lambda: told.exists() and told.read_text().endswith("\n"))
    [done] = [json.loads(line) for line in told.read_text().splitlines()]
    assert (done["state"], done["folder"]) == ("done", "inbox")
    assert done["source"] == str(watcher.folder / "in/a.wav")
    assert done["outputs"] == [str(watcher.folder / "out/a.wav")]
    with receiver() as (url, requests):
        watcher.configure(more=f'on_done = {{ url = "{url}", secret_env = "HOOK_SECRET" }}')
        eventually(lambda: "The configuration has changed" in watcher.said())
        (watcher.folder / "in/bad.wav").write_bytes(b"no sound")
        eventually(lambda: requests)
        assert watcher.stop() == 0
    [(headers, body)] = requests
    failed = json.loads(body)
    assert (failed["state"], failed["reason"]) == ("failed", "INVALID_AUDIO")
    assert headers["Unmix-Signature"] == f"v1={signature('s3cret', headers['Unmix-Timestamp'], body)}"
    assert len(told.read_text().splitlines()) == 1  # nobody is told twice
