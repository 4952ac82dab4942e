"""Steps of an installation run in a child that has limits, and ends with whoever waits for it."""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from daemons import eventually
from unmix import children
from unmix_models import child
from unmix_models.child._limits import Limits
from unmix_models.errors import InvalidWeights

STEP = """
import os, resource, sys, time
def main(source, what):
    if what == "memory":
        bytearray(8 << 30)
    elif what == "nesting":
        def deeper(): deeper()
        deeper()
    elif what == "file":
        with open(source + ".out", "wb") as file:
            file.truncate(1 << 30)
            file.seek(1 << 30)
            file.write(b"x")
    elif what == "limits":
        print(*(resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_CPU, resource.RLIMIT_CORE)))
        print(sys.flags.safe_path, os.getcwd(), sys.stdin.buffer.raw.fileno())
    elif what == "wait":
        open(source + ".pid", "w").write(str(os.getpid()))
        time.sleep(600)
    elif what == "chatter":
        sys.exit("x" * 100_000)
"""


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a step that does as it is told."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a_step.py").write_text(STEP)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "code"), *sys.path]))
    (tmp_path / "file").write_bytes(b"model")

    def run(what: str, **more: Any) -> str:
        return child.run("a_step", tmp_path / "file", what, name="mine", **more)

    return run


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is of Linux")
@pytest.mark.parametrize(
    ("what", "message"),
    [
        (
            "memory",
            "'mine' was not installed: it needs more memory than a model of its size may. Check the files.",
        ),
        (
            "file",
            "'mine' was not installed: it becomes longer than a model of its size may. Check the files.",
        ),
        ("nesting", "'mine' was not installed: it is nested too deeply. Check the files."),
    ],
)
def test_a_step_that_goes_beyond_its_limits_is_refused_in_a_sentence(
    step: Callable[..., str], what: str, message: str
) -> None:
    with pytest.raises(InvalidWeights) as caught:
        step(what)
    assert str(caught.value) == message


def test_a_step_has_limits_and_nothing_of_the_folder_that_it_is_started_in(step: Callable[..., str]) -> None:
    assert step("limits").splitlines() == ["300 0", f"True {children.FOLDER} 0"]


def test_the_last_words_of_a_step_are_bounded(step: Callable[..., str]) -> None:
    with pytest.raises(InvalidWeights) as caught:
        step("chatter")
    assert len(str(caught.value)) < 400


def test_limits_grow_with_the_model_and_never_beyond_those_that_are_set() -> None:
    assert Limits.of(0).memory_bytes == 3 << 30
    assert Limits.of(10 << 30).memory_bytes == 30 << 30
    code = (
        "import resource; from unmix_models.child._limits import Limits;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 2000));"
        "Limits.of(0).enforce(); print(*resource.getrlimit(resource.RLIMIT_FSIZE))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["2000", "2000"]
    assert resource.getrlimit(resource.RLIMIT_CORE)  # ours are as they were


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_step_that_nobody_waits_for_any_more_is_ended(step: Callable[..., str], tmp_path: Path) -> None:
    stop, failed = threading.Event(), list[str]()

    def work() -> None:
        try:
            step("wait", stop=stop.is_set)
        except InvalidWeights as error:
            failed.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    note = tmp_path / "file.pid"
    eventually(lambda: note.exists() and note.read_text())
    stop.set()
    thread.join(60)
    assert failed == ["'mine' was not installed: nobody waits for it any more."]
    assert is_gone(int(note.read_text()))


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of POSIX")
def test_a_step_ends_with_whoever_started_it_though_that_is_killed(
    step: Callable[..., str], tmp_path: Path
) -> None:
    code = (
        "from pathlib import Path; from unmix_models import child;"
        f"child.run('a_step', Path({str(tmp_path / 'file')!r}), 'wait', name='mine')"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], env=os.environ)
    note = tmp_path / "file.pid"
    eventually(lambda: note.exists() and note.read_text())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    eventually(lambda: is_gone(int(note.read_text())))
