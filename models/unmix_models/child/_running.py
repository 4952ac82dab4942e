"""Starting such a step, and what is made of its end."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from unmix import children

from unmix_models.child._limits import size_of
from unmix_models.errors import InvalidWeights

_SECONDS = 600
_INTERVAL = 0.05
_TAIL = 4096
_LONGEST = 300
"""Characters of its last words that are passed on."""
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Each thread takes up address space."""


def run(
    module: str, source: Path, *arguments: object, name: str, stop: Callable[[], bool] = lambda: False
) -> str:
    """Run `module.main(source, *arguments)` on behalf of the model `name`; return what it printed.

    `source` is the file or folder that it reads, whose size says what it may use (`Limits`). It ends with this process,
    or when `stop()` is true. Raises InvalidWeights with its last words where it fails.
    """
    with (
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as complained,
        subprocess.Popen(
            children.command("unmix_models.child", module, size_of(source), source, *arguments),
            cwd=children.FOLDER,
            env=children.environment(_ONE_THREAD),
            stdin=subprocess.PIPE,  # nobody else has our end of it, so the child sees how we end, whatever ends us
            stdout=said,
            stderr=complained,
        ) as process,
    ):
        try:
            _wait(process, name, stop)
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            reason = _last_words(complained) or _how_it_ended(process.returncode)
            raise InvalidWeights(f"'{name}' was not installed: {reason.rstrip('.')}. Check the files.")
        return _end_of(said)


def _wait(process: "subprocess.Popen[bytes]", name: str, stop: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while process.poll() is None:
        if stop():
            raise InvalidWeights(f"'{name}' was not installed: nobody waits for it any more.")
        if time.monotonic() > deadline:
            raise InvalidWeights(f"'{name}' took too long to convert; download it again.")
        time.sleep(_INTERVAL)


def _last_words(complained: IO[bytes]) -> str:
    lines = _end_of(complained).strip().splitlines()
    return lines[-1][:_LONGEST] if lines else ""


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"the converter ended with {code}"
    if code == -getattr(signal, "SIGXCPU", 0):
        return "it takes longer to convert than a model may"
    return f"the converter was ended by signal {-code}"


def _end_of(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
    return file.read().decode("utf-8", "replace")
