"""Telling a program or a server, on a real server of this machine."""

import hashlib
import hmac
import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from daemons import eventually
from unmix_plugins.watch.config.address import check_url
from unmix_plugins.watch.config.folder import CommandHook, ConfigError, Webhook
from unmix_plugins.watch.notify.hook import HookEvent, HookFailed, call_hook
from unmix_plugins.watch.notify.hook_queue import HookQueue

DONE = HookEvent(
    "event-1", "inbox", "done", Path("/in/a b.wav"), (Path("/out/a b.wav"), Path("/out/c.wav")), duration=2.5
)
FAILED = HookEvent(
    "event-2", "inbox", "failed", Path("/in/x.wav"), reason="UNREADABLE", message="It is broken."
)


@dataclass
class Receiver:
    """A server that answers with the given statuses, the last one for ever, and keeps what it is sent."""

    statuses: list[int]
    location: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    server: ThreadingHTTPServer | None = None

    def encrypt(self, certificate: Path) -> None:
        """Speak HTTPS from now on."""
        assert self.server
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = self.url.replace("http://127.0.0.1", "https://localhost")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver([204])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the standard library's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.requests.append((self.path, dict(self.headers), body))
            self.send_response(made.statuses.pop(0) if len(made.statuses) > 1 else made.statuses[0])
            if made.location:
                self.send_header("Location", made.location)
            self.end_headers()

        def do_GET(self) -> None:
            made.requests.append((self.path, {}, b"followed"))

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.server = server
        made.url = f"http://127.0.0.1:{server.server_port}/hook?a=b"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield made
        server.shutdown()


class Pauses:
    """The pauses that were asked for, none of which takes time."""

    def __init__(self, *, is_over: bool = False) -> None:
        self.seconds: list[float] = []
        self._is_over = is_over

    def __call__(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        return self._is_over


def test_a_request_says_how_it_ended_and_is_signed_over_time_and_body(receiver: Receiver) -> None:
    call_hook(Webhook(receiver.url, "secret"), DONE, Pauses(), lambda: 1234.9)
    [(path, headers, body)] = receiver.requests
    assert path == "/hook?a=b"
    assert json.loads(body) == {
        "event_id": "event-1",
        "folder": "inbox",
        "state": "done",
        "source": "/in/a b.wav",
        "outputs": ["/out/a b.wav", "/out/c.wav"],
        "reason": "",
        "message": "",
        "job_id": "",
        "model": "",
        "device": "",
        "duration": 2.5,
        "processing_seconds": 0.0,
    }
    expected = hmac.new(b"secret", b"1234." + body, hashlib.sha256).hexdigest()
    assert headers["Unmix-Signature"] == f"v1={expected}"
    assert headers["Unmix-Timestamp"] == "1234"
    assert headers["Unmix-Event"] == "event-1"
    assert headers["Content-Type"] == "application/json"


def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    call_hook(Webhook(receiver.url), FAILED, Pauses())
    [(_, headers, body)] = receiver.requests
    assert "Unmix-Signature" not in headers
    assert json.loads(body)["reason"] == "UNREADABLE"


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_that_is_not_well_is_asked_again_with_growing_pauses(
    receiver: Receiver, status: int
) -> None:
    receiver.statuses = [status, status, 200]
    pauses = Pauses()
    call_hook(Webhook(receiver.url), DONE, pauses)
    assert len(receiver.requests) == 3
    assert pauses.seconds == [1, 2]
    assert {headers["Unmix-Event"] for _, headers, _ in receiver.requests} == {"event-1"}


def test_a_server_that_does_not_get_well_is_given_up(receiver: Receiver) -> None:
    receiver.statuses = [500]
    pauses = Pauses()
    with pytest.raises(HookFailed, match=r"was not reached \(it answered 500\): nobody was told"):
        call_hook(Webhook(receiver.url, attempts=3), DONE, pauses)
    assert len(receiver.requests) == 3
    assert pauses.seconds == [1, 2]


def test_nobody_is_asked_again_when_the_watcher_ends(receiver: Receiver) -> None:
    receiver.statuses = [500]
    with pytest.raises(HookFailed):
        call_hook(Webhook(receiver.url), DONE, Pauses(is_over=True))
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusal_is_final(receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    with pytest.raises(HookFailed, match=f"refused \\(it answered {status}\\)"):
        call_hook(Webhook(receiver.url), DONE, Pauses())
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    receiver.location = receiver.url.replace("/hook", "/elsewhere")
    with pytest.raises(HookFailed):
        call_hook(Webhook(receiver.url), DONE, Pauses())
    assert [path for path, _, _ in receiver.requests] == ["/hook?a=b"]


def test_a_server_that_is_not_there_is_told(receiver: Receiver) -> None:
    pauses = Pauses()
    with pytest.raises(HookFailed, match="was not reached"):
        call_hook(Webhook("http://127.0.0.1:1/hook", attempts=2), DONE, pauses)
    assert pauses.seconds == [1]
    with pytest.raises(HookFailed, match="was not reached"):
        call_hook(
            Webhook(f"https://{'x' * 70}.invalid/", attempts=1), DONE, pauses
        )  # no name that can be asked for


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "http://127.0.0.1.example.org/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://",
        "https://user:password@example.org/",
        "https://example.org/a b",
        "https://example.org/\r\nX: y",
        "https://exämple.org/",
        "https://example.org:99999/",
        "127.0.0.1/hook",
    ],
)
def test_an_address_that_is_plain_text_elsewhere_or_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["https://example.org", "http://127.0.0.1:80/x", "http://[::1]:8080/", "http://localhost/"]
)
def test_https_and_this_machine_are_allowed(url: str) -> None:
    assert check_url(url).hostname


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """For localhost, signed by itself; the key is in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    path = tmp_path / "certificate.pem"
    options = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "crt")]
    subprocess.run(["openssl", *options.split(), *files], check=True, capture_output=True)
    path.write_bytes((tmp_path / "key").read_bytes() + (tmp_path / "crt").read_bytes())
    return path


def test_https_is_spoken_only_with_whom_the_system_trusts(
    receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.encrypt(certificate)
    with pytest.raises(HookFailed, match="CERTIFICATE_VERIFY_FAILED"):
        call_hook(Webhook(receiver.url, attempts=1), DONE, Pauses())
    assert receiver.requests == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    call_hook(Webhook(receiver.url, attempts=1), DONE, Pauses())
    assert len(receiver.requests) == 1


def test_an_address_that_holds_a_secret_is_not_told_on(receiver: Receiver) -> None:
    receiver.statuses = [404]
    with pytest.raises(HookFailed) as caught:
        call_hook(Webhook(f"{receiver.url}&token=t0ps3cret"), DONE, Pauses())
    assert "t0ps3cret" not in str(caught.value)


def script(folder: Path, body: str) -> tuple[str, ...]:
    path = folder / "hook.py"
    path.write_text(f"import json, os, sys, time\n{body}\n")
    return (sys.executable, str(path))


def test_a_command_gets_everything_as_variables_and_as_json(tmp_path: Path) -> None:
    out = tmp_path / "seen.json"
    command = script(
        tmp_path,
        "facts = {k: v for k, v in os.environ.items() if k.startswith('UNMIX_')}\n"
        "facts['stdin'] = json.load(sys.stdin)\nfacts['argv'] = sys.argv[1:]\n"
        "json.dump(facts, open(sys.argv[1], 'w'))",
    )
    call_hook(CommandHook((*command, str(out), "$HOME; `id`")), DONE, Pauses())
    seen = json.loads(out.read_text())
    assert seen["UNMIX_RESULT"] == "done"
    assert seen["UNMIX_FOLDER"] == "inbox"
    assert seen["UNMIX_SOURCE"] == "/in/a b.wav"
    assert seen["UNMIX_OUTPUTS"] == "/out/a b.wav\n/out/c.wav"
    assert seen["UNMIX_STATE"] == os.environ["UNMIX_STATE"]  # the state folder: the hook may call unmix
    assert seen["stdin"] == json.loads(DONE.as_json())
    assert seen["argv"] == [str(out), "$HOME; `id`"]


@pytest.mark.parametrize("name", [b"caf\xe9.wav", b"$(touch x).wav", b"`touch x`.wav", b"a\n; touch x\n.wav"])
def test_a_command_gets_the_bytes_of_any_name_and_no_shell_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "seen"
    command = script(tmp_path, "open(sys.argv[1], 'wb').write(os.environb[b'UNMIX_SOURCE'])")
    source = Path(os.fsdecode(b"/in/" + name))
    call_hook(CommandHook((*command, str(out))), HookEvent("1", source.name, "done", source), Pauses())
    assert out.read_bytes() == b"/in/" + name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hook.py", "seen"]


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    command = script(tmp_path, "sys.exit('x' * 10_000 + ' no such thing')")
    with pytest.raises(HookFailed) as caught:
        call_hook(CommandHook(command), DONE, Pauses())
    assert str(caught.value).endswith("no such thing.")
    assert len(str(caught.value)) < 500


def test_a_command_that_is_not_there_is_told() -> None:
    with pytest.raises(HookFailed, match="cannot be run"):
        call_hook(CommandHook(("no-such-program",)), DONE, Pauses())


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    out = tmp_path / "pids"
    command = ("sh", "-c", 'sleep 60 & echo $$ $! > "$0"; wait', str(out))  # a shell is there at once
    with pytest.raises(HookFailed, match=r"was ended after 2 s"):
        call_hook(CommandHook(command, timeout=2.0), DONE, Pauses())
    pids = [int(pid) for pid in out.read_text().split()]
    eventually(lambda: all(_has_ended(pid) for pid in pids))


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def hooks() -> Iterator[HookQueue]:
    made = HookQueue()
    made.start()
    yield made
    made.stop()


def test_the_thread_that_calls_hooks_goes_on_after_a_failure(hooks: HookQueue, receiver: Receiver) -> None:
    assert hooks.put(CommandHook(("no-such-program",)), FAILED)
    assert hooks.put(Webhook(receiver.url), DONE)
    eventually(lambda: receiver.requests)
    told = []
    eventually(lambda: told.extend(hooks.take()) or len(told) == 2)
    assert [one.event for one in told] == [FAILED, DONE]
    assert told[0].problem is not None
    assert told[1].problem is None


def test_when_it_ends_it_tells_what_is_left_without_waiting_between_attempts(receiver: Receiver) -> None:
    receiver.statuses = [500]
    hooks = HookQueue()
    for _ in range(3):
        assert hooks.put(Webhook(receiver.url), DONE)
    hooks.start()
    hooks.stop()
    assert len(receiver.requests) == 3
    assert len(hooks.take()) == 3


def test_no_more_wait_to_be_told_than_fit(receiver: Receiver) -> None:
    hooks = HookQueue()  # not started: nobody is told
    accepted = [hooks.put(Webhook(receiver.url), DONE) for _ in range(300)]
    assert accepted == [True] * 256 + [False] * 44
