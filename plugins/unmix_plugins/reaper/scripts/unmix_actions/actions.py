"""The actions of REAPER's action list."""

from typing import Any, Dict

from reaper_python import *

from .client import remove_old_folders
from .messages import TITLE, confess
from .running import Running, cancel, running_job
from .settings import ask_for_settings

YES_OR_NO, YES = 4, 6


def run(action: str, main: Dict[str, Any]) -> None:
    """Do an action; deferred code is executed in `main`. Nothing that goes wrong comes out of it."""
    try:
        main["RPR_defer"]("0")  # REAPER makes an undo point for scripts that neither defer nor make one
        if action == "settings":
            ask_for_settings()
        elif action == "cancel":
            cancel()
        else:
            start(action, main)
    except BaseException as error:
        confess(error)


def start(action: str, main: Dict[str, Any]) -> None:
    """Begin a job, unless one runs; then the user may cancel that."""
    if running_job():
        if RPR_ShowMessageBox("unmix still works on the last action. Cancel that?", TITLE, YES_OR_NO) == YES:
            cancel()
        return
    remove_old_folders()
    Running(action, main).tick()
