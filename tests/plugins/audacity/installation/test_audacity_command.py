"""`unmix audacity` from a shell, with a bridge that answers what a test says."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from plugins.audacity.homes import Home
from typer.testing import CliRunner, Result
from unmix_plugins.audacity.bridge.control import Event, Request, Server
from unmix_plugins.audacity.program.places import FOLDER
from unmix_plugins.cli._main import app
from unmix_plugins.version import version

JOB = {
    "id": "3",
    "operation": "remove_vocals",
    "tracks": ["Größe", "\x1b[31mred"],
    "state": "working",
    "fraction": 0.42,
    "remaining_seconds": 12.0,
    "message": "",
}


class Bridge:
    """Keeps what was asked, and answers with `answers`, or its status."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[Request] = []
        self.answers: list[Event] = [{"event": "done", "message": "It is done."}]
        self.jobs: list[dict[str, object]] = []
        self.audacity: dict[str, object] = {"connected": True, "pid": 4711}
        self.server = Server(folder, self._handle)

    def _handle(self, request: Request) -> Iterator[Event]:
        if request["do"] == "status":
            said = {"pid": os.getpid(), "version": version(), "audacity": self.audacity, "jobs": self.jobs}
            yield {"event": "status", **said}
        else:
            self.asked.append(request)
            yield from self.answers


@pytest.fixture
def bridge(state: Path) -> Iterator[Bridge]:
    made = Bridge(state / FOLDER)
    made.server.start()
    yield made
    made.server.close()


def unmix(*arguments: object) -> Result:
    result = CliRunner().invoke(app, ["audacity", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        (["denoise"], {"operation": "denoise"}),
        (
            ["denoise", "--new-track", "--model", "rnnoise", "--strength", 12],
            {"operation": "denoise_copy", "model": "rnnoise", "attenuation_limit_db": 12.0},
        ),
        (["denoise", "--noise"], {"operation": "noise_copy"}),
        (["separate"], {"operation": "separate"}),
        (
            ["separate", "--stems", "vocals,-vocals", "--model", "htdemucs"],
            {"operation": "separate", "model": "htdemucs", "stems": ["vocals", "-vocals"]},
        ),
        (["remove-vocals", "--model", "dsp"], {"operation": "remove_vocals", "model": "dsp"}),
    ],
)
def test_work_is_asked_for_with_what_was_said_and_nothing_else(
    bridge: Bridge, arguments: list[object], request_: Event
) -> None:
    result = unmix(*arguments)
    assert (result.exit_code, result.stdout) == (0, "It is done.\n")
    assert bridge.asked == [{"do": "run", **request_}]


def test_contradictions_are_refused_before_anything_is_asked(bridge: Bridge) -> None:
    assert unmix("denoise", "--new-track", "--noise").exit_code == 2
    assert unmix("denoise", "--strength", 101).exit_code == 2
    assert unmix("separate", "--stems", "vo cals").exit_code == 2
    assert bridge.asked == []


def test_a_failure_is_a_sentence_and_exits_with_1(bridge: Bridge) -> None:
    bridge.answers = [{"event": "failed", "message": "No audio track is selected in Audacity."}]
    result = unmix("denoise")
    assert (result.exit_code, result.stderr) == (1, "unmix: No audio track is selected in Audacity.\n")


def test_a_bridge_that_dies_in_the_middle_is_a_failure(bridge: Bridge) -> None:
    bridge.answers = [{"event": "progress", "fraction": 0.5}]
    result = unmix("denoise")
    assert result.exit_code == 1
    assert "ended before it was done" in result.stderr


def test_json_gives_every_event_as_a_line(bridge: Bridge) -> None:
    bridge.answers = [{"event": "progress", "fraction": 0.5}, {"event": "done", "message": "x"}]
    lines = unmix("separate", "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == bridge.answers


def test_status_tells_jobs_and_garbles_no_terminal(bridge: Bridge) -> None:
    bridge.jobs = [
        JOB,
        {**JOB, "id": "4", "state": "changed", "message": "The tracks have changed meanwhile."},
    ]
    told = unmix("status").stdout
    assert f"process {os.getpid()}" in told
    assert "Audacity is connected." in told
    assert "working 42%, 12.0 s left" in told
    assert "remove vocals" in told
    assert "Größe, \\x1b[31mred" in told
    assert "4: The tracks have changed meanwhile." in told
    assert json.loads(unmix("status", "--json").stdout)["jobs"] == bridge.jobs


def test_status_tells_whether_audacity_is_there(bridge: Bridge) -> None:
    bridge.audacity = {"connected": False, "pid": 4711}
    assert "(process 4711), but its script pipe does not answer" in unmix("status").stdout
    bridge.audacity = {"connected": False, "pid": None}
    assert "Audacity does not run." in unmix("status").stdout


@pytest.mark.parametrize("command", ["status", "cancel", "collect", "dismiss"])
def test_without_a_bridge_it_says_so_and_starts_none(state: Path, command: str) -> None:
    result = unmix(command)
    assert result.exit_code == 1
    assert "`unmix audacity run` starts it" in result.stderr
    assert not (state / FOLDER).exists()


def test_the_only_job_need_not_be_named(bridge: Bridge) -> None:
    bridge.jobs = [JOB, {**JOB, "id": "4", "state": "changed"}]
    assert unmix("cancel").exit_code == 0
    assert unmix("collect", "--as-new-track").exit_code == 0
    assert unmix("dismiss", "4").exit_code == 0
    assert bridge.asked == [
        {"do": "cancel", "job": "3"},
        {"do": "collect", "job": "4", "as_new_track": True},
        {"do": "dismiss", "job": "4"},
    ]


def test_one_of_several_jobs_has_to_be_named(bridge: Bridge) -> None:
    bridge.jobs = [JOB, {**JOB, "id": "4"}]
    result = unmix("cancel")
    assert result.exit_code == 1
    assert "several, 3, 4" in result.stderr
    bridge.jobs = []
    assert "nothing of the kind" in unmix("collect").stderr
    assert bridge.asked == []


def test_stop_without_a_bridge_is_no_failure(state: Path) -> None:
    result = unmix("stop")
    assert (result.exit_code, result.stdout) == (0, "No bridge runs.\n")


def test_install_says_what_it_changes_and_uninstall_too(home: Home, state: Path) -> None:
    home.install_audacity().start_audacity_once()
    before = home.files()
    dry = unmix("install", "--dry-run")
    assert home.files() == before
    real = unmix("install", "--no-autostart")
    assert real.exit_code == 0
    for told in (dry.stdout, real.stdout):
        assert str(home.plug_ins) in told
        assert "audacity.cfg: the script pipe is turned on" in told
        assert "unmix-denoise.ny: new" in told
    assert f'"{state}/audacity/"' in (home.plug_ins / "unmix-folder.lsp").read_text()
    assert "Nothing is to be done." in unmix("install", "--no-autostart").stdout
    gone = unmix("uninstall")
    assert gone.exit_code == 0
    assert "the script pipe is as it was before" in gone.stdout
    assert home.files() == before


def test_install_while_audacity_runs_exits_with_1_and_says_what_is_left(
    home: Home, start_sleeper: Callable[..., int]
) -> None:
    home.install_audacity().start_audacity_once()
    pid = start_sleeper(home.folder)
    result = unmix("install", "--no-autostart")
    assert result.exit_code == 1
    assert "unmix-denoise.ny: new" in result.stdout
    assert f"Audacity runs (process {pid})" in result.stderr


def test_help_names_every_command() -> None:
    told = unmix("--help").stdout
    for command in ("install", "uninstall", "run", "doctor", "status", "collect", "denoise", "separate"):
        assert command in told
