"""The `unmix` command. Here it begins: whatever happens, the user sees no traceback."""

import signal
import sys
from io import TextIOWrapper

__all__ = ["main"]

_INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""


def main() -> None:
    """Run the command and exit: 0 done, 1 failed, 2 wrong usage, 130 for Ctrl-C."""
    is_interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_interruptible:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules load, Ctrl-C would show their import
    try:
        from unmix_plugins.cli._main import app  # noqa: PLC0415  # takes long enough to be interrupted
        from unmix_plugins.cli.shown.terminal import PLAIN  # noqa: PLC0415

        if is_interruptible:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors=PLAIN)
        app(prog_name="unmix")
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except Exception as error:  # noqa: BLE001  # the last border
        sys.exit(f"unmix: unmix met an error of its own ({type(error).__name__}: {error}): please report it.")
