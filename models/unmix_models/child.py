"""Steps of an installation that run in a process of their own, because old checkpoints are pickles."""

import subprocess
import sys

from unmix_models.errors import InvalidWeights

_SECONDS = 600


def run(module: str, *arguments: object, name: str) -> str:
    """Run a module of this package on behalf of the model `name`; return what it printed.

    Raises InvalidWeights with the last line of its stderr where it fails.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise InvalidWeights(f"'{name}' took too long to convert; download it again.") from error
    if child.returncode:
        reason = (child.stderr.strip().splitlines() or [f"the converter ended with {child.returncode}"])[-1]
        raise InvalidWeights(f"'{name}' was not installed: {reason.rstrip('.')}. Check the files.")
    return child.stdout
