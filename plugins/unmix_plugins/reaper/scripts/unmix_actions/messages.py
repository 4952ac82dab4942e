"""What the user hears: in a window, in the line of help, in the console."""

import traceback
from typing import List

from reaper_python import *

TITLE = "Unmix"
MOST_LINES = 20


class Trouble(Exception):
    """What the user is told in a sentence: about one item, or about the whole action."""


def tell(text: str) -> None:
    """Say something that the user has to confirm."""
    RPR_ShowMessageBox(text, TITLE, 0)


def show(text: str) -> None:
    """Say something in the line of help below the tracks, all that Python can write to without a window."""
    RPR_Help_Set(f"{TITLE}: {text}" if text else "", 1)


def some(lines: List[str]) -> List[str]:
    """Return not more lines than a window can show."""
    return lines[:MOST_LINES] + ["..."] * (len(lines) > MOST_LINES)


def in_words(error: BaseException) -> str:
    return str(error) if isinstance(error, Trouble) else f"{type(error).__name__}: {error}"


def confess(error: BaseException) -> None:
    """Tell the user what ended the action."""
    try:
        if isinstance(error, Trouble):
            tell(str(error))
        else:
            RPR_ShowConsoleMsg("".join(traceback.format_exception(type(error), error, error.__traceback__)))
            tell(f"The script of unmix failed ({in_words(error)}). The console says where: please report it.")
    except BaseException:
        pass  # not even a message can be shown
