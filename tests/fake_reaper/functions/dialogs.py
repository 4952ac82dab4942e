# ruff: noqa: N802 - the functions are named as REAPER names them
"""Message boxes, the console, and questions to the user."""

from typing import TYPE_CHECKING

from fake_reaper.marshal import Reference

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper

MOST_INPUTS = 16


def ShowMessageBox(reaper: "FakeReaper", message: str, title: str, kind: int) -> int:
    return reaper.windows.message_box(message, title, kind)


def MB(reaper: "FakeReaper", message: str, title: str, kind: int) -> int:
    return reaper.windows.message_box(message, title, kind)


def ShowConsoleMsg(reaper: "FakeReaper", message: str) -> None:
    reaper.windows.write_console(message)


def ClearConsole(reaper: "FakeReaper") -> None:
    reaper.windows.write_console("")


def GetUserInputs(
    reaper: "FakeReaper", title: str, count: int, captions: str, values: Reference, _size: int
) -> int:
    """Ask for several texts, which come back with commas between them, or what `separator=` names."""
    if not 1 <= count <= MOST_INPUTS:
        reaper.note(f"GetUserInputs was asked for {count} fields.")
        return 0
    parts = captions.split(",")
    if sum(not part.startswith(("extrawidth=", "separator=")) for part in parts) != count:
        reaper.note(f"GetUserInputs was asked for {count} fields with the captions {captions!r}.")
    answer = reaper.windows.ask(title, captions, values.value)
    if answer is None:
        return 0
    separator = next((part[10:] for part in parts if part.startswith("separator=")), ",")
    values.write(separator.join(answer))
    return 1


def GetUserFileNameForRead(reaper: "FakeReaper", name: Reference, title: str, _extension: str) -> int:
    answer = reaper.windows.ask(title, "", name.value)
    if answer is None:
        return 0
    name.write(answer[0])
    return 1


def Help_Set(reaper: "FakeReaper", text: str, _temporary: int) -> None:
    reaper.windows.help_text = text


def ReaScriptError(reaper: "FakeReaper", message: str) -> None:
    reaper.note(f"The script told REAPER of an error: {message}")
