"""Commands that only look start no daemon; what cannot be used is told, and can be taken away."""

import json
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon
from typer.testing import CliRunner, Result
from unmix.locations import LOG, Endpoint, write_endpoint
from unmix.v1 import models_pb2
from unmix_plugins.cli._main import app
from unmix_plugins.version import version


def unmix(*arguments: object, stdin: str = "") -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """State folders for which a daemon would have been started."""
    seen: list[Path] = []

    def start(state: Path, _: object) -> None:
        seen.append(state)
        raise AssertionError("a command that only looks starts a daemon")

    monkeypatch.setattr("unmix_plugins.client._link.start_daemon", start)
    return seen


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("models", "list"),
        ("models", "list", "--json"),
        ("models", "unload", "rnnoise"),
        ("jobs", "list"),
        ("jobs", "watch", "some-job"),
    ],
    ids=" ".join,
)
def test_who_only_looks_is_told_that_none_runs(
    state: Path, starts: list[Path], words: tuple[str, ...]
) -> None:
    result = unmix(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"unmix: No daemon runs for {state}: `unmix start` starts one.\n"
    assert not starts


def test_the_doctor_starts_none_and_finds_nothing_wrong_with_that(state: Path, starts: list[Path]) -> None:
    state.mkdir(exist_ok=True)
    (state / LOG).write_text("2025-01-01 ERROR an old one\n")
    result = unmix("doctor", "--json")
    found = {finding["subject"]: finding for finding in json.loads(result.stdout)["findings"]}
    assert result.exit_code == 0
    assert found["daemon"]["text"] == "none runs; whatever needs one starts it"
    assert "unmix start" in found["daemon"]["cure"]
    assert not starts


def test_the_doctor_finds_a_daemon_that_is_gone_without_a_word(state: Path, starts: list[Path]) -> None:
    state.mkdir(exist_ok=True)
    write_endpoint(state, Endpoint(1, "1", (f"unix:{state}/nobody.sock",)))
    result = unmix("doctor", "--json")
    found = {finding["subject"]: finding for finding in json.loads(result.stdout)["findings"]}
    assert result.exit_code == 1
    assert found["daemon"]["ok"] is False
    assert not starts


@pytest.fixture
def broken(daemon: FakeDaemon) -> str:
    daemon.script.status.version = version()
    reason = "The model says sample_rate=1099511627776; it may be a whole number from 1000 to 384000."
    daemon.script.left_out.append(models_pb2.LeftOutModel(name="mine", reason=reason))
    return f"mine is left out: {reason}"


def test_a_model_that_is_left_out_is_told_and_hides_no_other(broken: str) -> None:
    listed = unmix("models", "list", "--json")
    assert [model["name"] for model in json.loads(listed.stdout)] == ["rnnoise", "deepfilternet3"]
    assert listed.stderr == f"unmix: model {broken} `unmix models remove mine` takes it away.\n"
    assert unmix("models", "list").exit_code == unmix("status").exit_code == 0


def test_the_doctor_says_how_to_be_rid_of_it(broken: str) -> None:
    told = json.loads(unmix("doctor", "--json").stdout)
    [finding] = [each for each in told["findings"] if each["subject"] == "model"]
    assert (finding["ok"], finding["text"], finding["cure"]) == (False, broken, "`unmix models remove mine`")


def test_a_model_is_removed_once_somebody_agrees(daemon: FakeDaemon) -> None:
    refused = unmix("models", "remove", "mine", stdin="n\n")
    assert (refused.exit_code, daemon.script.requests) == (1, [])
    assert "Remove mine and its weights?" in refused.stderr
    assert "add --yes" in unmix("models", "remove", "mine").stderr
    assert unmix("models", "remove", "mine", stdin="y\n").stdout.endswith(
        "mine is removed; 8.4 MB are free again.\n"
    )
    assert json.loads(unmix("models", "remove", "mine", "--yes", "--json").stdout) == {
        "name": "mine",
        "freed_bytes": 8_400_000,
    }
    assert daemon.script.requests == [models_pb2.RemoveModelRequest(name="mine")] * 2
