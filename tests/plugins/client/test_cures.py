"""What each face tells its user to do, for every failure that has a cure: the daemon's words, and the face's own."""

import ast
import re
from pathlib import Path
from typing import NamedTuple, cast

import grpc
import pytest
from click import Group
from fake_daemon import FakeDaemon, fail
from typer.main import get_command
from unmix.words import BETTER_MODEL, REASONS, UNTOUCHED_MUSIC, Cures, JobError, cured
from unmix_plugins.audacity.bridge.wording import CURES as AUDACITY
from unmix_plugins.audacity.bridge.wording import UNCHANGED, explained
from unmix_plugins.cli._main import app
from unmix_plugins.cli.shown.cures import CURES as COMMAND
from unmix_plugins.client import Client
from unmix_plugins.errors import UnmixError, from_job_failure
from unmix_plugins.reaper.run.cures import CURES as REAPER
from unmix_plugins.watch.cures import CURES as WATCH

FACES = {"command": COMMAND, "audacity": AUDACITY, "reaper": REAPER, "watch": WATCH}
ROOT = Path(__file__).parents[3]


class Case(NamedTuple):
    """A failure, as the daemon or the client tells it, and as it is shown."""

    reason: str
    facts: dict[str, str]
    sentence: str
    command: str
    audacity: str
    reaper: str
    watch: str


_MISSING = "'htdemucs' is not installed; get it"
_NONE = "No model that can separate is installed; get one"
_DAMAGED = "DeepFilterNet3 cannot be loaded from /w (cut off): get it again"
_NO_RNNOISE = "RNNoise is not installed: install it"
_ODD_RNNOISE = "RNNoise cannot be loaded (no ELF): install it again"
_UNKNOWN = "There is no model 'x' that can denoise; choose one of: rnnoise, wiener"
_NO_DEVICE = "This machine has no device 'cuda:0'; use auto or cpu"
_FULL = "The disk that holds /state is full; free some space or delete finished jobs"
_NO_JOB = "There is no job 'x'"
_BETTER = "htdemucs would be better; get it"
_LEFT = "The music at 0:00–0:12 was left as it is; filter it all the same"

CASES = (
    Case(
        "MODEL_MISSING",
        {"model": "htdemucs"},
        f"{_MISSING}.",
        command=f"{_MISSING} with: unmix models pull htdemucs",
        audacity=f"{_MISSING} in a terminal with:   unmix models pull htdemucs",
        reaper=f"{_MISSING} in a terminal with: unmix models pull htdemucs",
        watch=f"{_MISSING} with: unmix models pull htdemucs",
    ),
    Case(
        "MODEL_MISSING",
        {"models": "htdemucs,scnet"},
        f"{_NONE}.",
        command=f"{_NONE} with: unmix models pull htdemucs or scnet",
        audacity=f"{_NONE} in a terminal with:   unmix models pull htdemucs or scnet",
        reaper=f"{_NONE} in a terminal with: unmix models pull htdemucs or scnet",
        watch=f"{_NONE} with: unmix models pull htdemucs or scnet",
    ),
    Case(
        "MODEL_MISSING",
        {"models": "htdemucs", "alternative": "dsp"},
        f"{_NONE}.",
        command=f"{_NONE} with: unmix models pull htdemucs, or use --model dsp, which needs no download and is of low"
        " quality",
        audacity=f"{_NONE} in a terminal with:   unmix models pull htdemucs\n\nWithout a download, and of low quality:"
        " Effect > Unmix > Separate with Options, model “Signal processing”.",
        reaper=f"{_NONE} in a terminal with: unmix models pull htdemucs, or choose the model dsp with the action"
        " Unmix_Settings, which needs no download and is of low quality",
        watch=f'{_NONE} with: unmix models pull htdemucs, or write model = "dsp" in watch.toml (--model dsp where there'
        " is none), which needs no download and is of low quality",
    ),
    Case(
        "MODEL_MISSING",
        {"package": "pyrnnoise"},
        f"{_NO_RNNOISE}.",
        command=f"{_NO_RNNOISE} with `pip install pyrnnoise`.",
        audacity=f"{_NO_RNNOISE} in a terminal with:   pip install pyrnnoise",
        reaper=f"{_NO_RNNOISE} in a terminal with `pip install pyrnnoise`.",
        watch=f"{_NO_RNNOISE} with `pip install pyrnnoise`.",
    ),
    Case(
        "INVALID_WEIGHTS",
        {"model": "deepfilternet3"},
        f"{_DAMAGED}.",
        command=f"{_DAMAGED} with `unmix models pull deepfilternet3`.",
        audacity=f"{_DAMAGED} in a terminal with:   unmix models pull deepfilternet3",
        reaper=f"{_DAMAGED} in a terminal with `unmix models pull deepfilternet3`.",
        watch=f"{_DAMAGED} with `unmix models pull deepfilternet3`.",
    ),
    Case(
        "INVALID_WEIGHTS",
        {"package": "pyrnnoise"},
        f"{_ODD_RNNOISE}.",
        command=f"{_ODD_RNNOISE} with `pip install --force-reinstall pyrnnoise`.",
        audacity=f"{_ODD_RNNOISE} in a terminal with:   pip install --force-reinstall pyrnnoise",
        reaper=f"{_ODD_RNNOISE} in a terminal with `pip install --force-reinstall pyrnnoise`.",
        watch=f"{_ODD_RNNOISE} with `pip install --force-reinstall pyrnnoise`.",
    ),
    Case(
        "UNKNOWN_MODEL",
        {"model": "x"},
        f"{_UNKNOWN}.",
        command=f"{_UNKNOWN}.",
        audacity=f"{_UNKNOWN}.",
        reaper=f"{_UNKNOWN} with the action Unmix_Settings.",
        watch=f"{_UNKNOWN} (the key model in watch.toml, or --model).",
    ),
    Case(
        "DEVICE_UNAVAILABLE",
        {"device": "cuda:0"},
        f"{_NO_DEVICE}.",
        command=f"{_NO_DEVICE}.",
        audacity=f"{_NO_DEVICE}.",
        reaper=f"{_NO_DEVICE} with the action Unmix_Settings.",
        watch=f"{_NO_DEVICE} (the key device in watch.toml, or --device).",
    ),
    Case(
        "STORAGE_FULL",
        {"jobs": "finished"},
        f"{_FULL}.",
        command=f"{_FULL} (unmix jobs delete).",
        audacity=f"{_FULL} (in a terminal:   unmix jobs delete).",
        reaper=f"{_FULL} (in a terminal: unmix jobs delete).",
        watch=f"{_FULL} (unmix jobs delete).",
    ),
    Case(
        "NOT_FOUND",
        {"job": "x"},
        f"{_NO_JOB}.",
        command=f"{_NO_JOB}; see: unmix jobs list",
        audacity=f"{_NO_JOB}.",
        reaper=f"{_NO_JOB}.",
        watch=f"{_NO_JOB}.",
    ),
    Case(
        "NOT_FOUND",
        {"model": "x"},
        "There is no model x.",
        command="There is no model x: `unmix models list` shows those that there are.",
        audacity="There is no model x.",
        reaper="There is no model x.",
        watch="There is no model x.",
    ),
    Case(
        "NOT_POSSIBLE_NOW",
        {"job": "x"},
        "Job x is processing.",
        command="Job x is processing: `unmix jobs watch x` waits for it.",
        audacity="Job x is processing.",
        reaper="Job x is processing.",
        watch="Job x is processing.",
    ),
    Case(
        BETTER_MODEL,
        {"models": "htdemucs"},
        f"{_BETTER}.",
        command=f"{_BETTER} with: unmix models pull htdemucs",
        audacity=f"{_BETTER}.",
        reaper=f"{_BETTER} in a terminal with: unmix models pull htdemucs",
        watch=f"{_BETTER} with: unmix models pull htdemucs.",
    ),
    Case(
        UNTOUCHED_MUSIC,
        {"model": "wiener"},
        f"{_LEFT}.",
        command=f"{_LEFT} with --model wiener",
        audacity=f"{_LEFT}: Effect > Unmix > Denoise with Options, model “Wiener: music”.",
        reaper=f"{_LEFT}: choose the model wiener with the action Unmix_Settings.",
        watch=f'{_LEFT} with model = "wiener" in watch.toml (--model wiener where there is none).',
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.reason}-{'-'.join(case.facts)}")
@pytest.mark.parametrize("face", FACES)
def test_a_face_says_what_its_user_can_do(face: str, case: Case) -> None:
    error = UnmixError(case.sentence, reason=case.reason, facts=case.facts)
    assert error.worded(FACES[face]) == getattr(case, face)
    assert str(error) == case.sentence


def test_every_cure_is_in_the_table_above_and_of_a_reason_that_there_is() -> None:
    shown = {(case.reason, fact) for case in CASES for fact in case.facts}
    assert {key for cures in FACES.values() for key in cures} <= shown
    assert {case.reason for case in CASES} <= REASONS.keys() | {
        BETTER_MODEL,
        UNTOUCHED_MUSIC,
        "NOT_POSSIBLE_NOW",
    }


@pytest.mark.parametrize("cures", FACES.values(), ids=FACES)
def test_what_has_no_cure_stays_as_it_is(cures: Cures) -> None:
    for reason in (*REASONS, "OF_A_LATER_VERSION"):
        for facts in ({}, {"of_a_later_version": "x"}):
            assert cured("It is so.", reason, facts, cures) == "It is so."


def test_audacity_adds_that_nothing_was_changed() -> None:
    error = UnmixError("It is so.", reason="MODEL_MISSING", facts={"model": "x"})
    assert explained(error) == f"It is so in a terminal with:   unmix models pull x{UNCHANGED}"


def test_facts_come_from_a_call_and_from_a_job(daemon: FakeDaemon, client: Client, talk: Path) -> None:
    facts = {"models": "htdemucs", "alternative": "dsp"}
    daemon.script.denoise = lambda upload: fail(
        upload.context, grpc.StatusCode.FAILED_PRECONDITION, "It is so.", reason="MODEL_MISSING", facts=facts
    )
    with pytest.raises(UnmixError) as raised:
        client.denoise(talk, {"clean": talk.with_name("clean.wav")})
    assert raised.value.facts == facts
    assert from_job_failure(JobError("MODEL_MISSING", "It is so.", facts=facts)).facts == facts


_COMMANDS = "|".join(cast("Group", get_command(app)).commands)
_SHELL = re.compile(rf"\bunmix ({_COMMANDS})\b|`unmix|\bpip install|(^|[\s`(])--[a-z]")
"""A command of ours, one of pip's, an option."""
_FACES_OF_THE_DAEMON = {"cli.py", "config.py", "install.py"}


@pytest.mark.parametrize("package", ["models/unmix_models", "daemon/unmix_daemon", "protos/unmix/words"])
def test_what_knows_no_face_speaks_no_shell(package: str) -> None:
    said = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in (ROOT / package).rglob("*.py")
        if path.name not in _FACES_OF_THE_DAEMON
        for text in _texts(path)
        if _SHELL.search(text)
    }
    assert said == set()


def _texts(path: Path) -> list[str]:
    """Every text but documentation; of one with values inside, its parts."""
    tree = ast.parse(path.read_text("utf-8"))
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    ]
