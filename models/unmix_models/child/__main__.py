"""`python -m unmix_models.child MODULE BYTES SOURCE …`: one step of an installation, within its limits.

The module's `main` is called with what follows BYTES, the size of what it reads. On failure the last line of stderr
says why. The parent holds the other end of stdin, and its end is ours.
"""

import errno
import importlib
import os
import sys
import threading

from unmix_models.child._limits import Limits
from unmix_models.errors import InvalidWeights


def main() -> None:
    """Entry point."""
    module, size, *arguments = sys.argv[1:]
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    step = importlib.import_module(module)
    Limits.of(int(size)).enforce()
    try:
        step.main(*arguments)
    except InvalidWeights as error:
        sys.exit(str(error))
    except MemoryError:
        sys.exit("it needs more memory than a model of its size may")
    except RecursionError:
        sys.exit("it is nested too deeply")
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        sys.exit("it becomes longer than a model of its size may")


def _end_with_the_parent() -> None:
    """Also where a long call of a library runs; PR_SET_PDEATHSIG would speak of the thread that started us."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
