"""The standard output of a child of the front: what is said on it is for the front alone."""

import os
import signal
from typing import BinaryIO


def own_stdout() -> BinaryIO:
    """The pipe to the front. Libraries that print must not garble it: from here on what they say goes to stderr.

    Ctrl-C in a terminal is the front's to handle, and passes by.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return pipe


def write(pipe: BinaryIO, data: bytes) -> None:
    """Write all of it. A front that has ended hears nothing any more, and we end with it."""
    view = memoryview(data)
    try:
        while view:
            view = view[pipe.write(view) :]
    except BrokenPipeError:
        os._exit(0)
