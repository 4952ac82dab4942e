"""What can be seen of Audacity and clicked: its windows, menus and dialogs, through X11."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from daemons import eventually

_CLASS = "audacity"
_BAR_HEIGHT = 25
_ITEM_HEIGHT = 25
_LINE_HEIGHT = 1
"""Pixels of the menu bar, and of an item and a dividing line in a menu; checked against each menu's height."""
_LINE = "----"
_PROGRESS = (199, 159)
"""Pixels of the window that shows the progress of a command, be it for an instant; it waits for no answer."""
_STEP = 6
_ROUNDS = 5
_TEXT_TOP = 14
_SELECTION = "import tkinter; print(tkinter.Tk().selection_get())"


@dataclass(frozen=True, slots=True)
class Window:
    number: str
    title: str
    kind: str
    """NORMAL, DIALOG, POPUP_MENU …; PROGRESS for a dialog that only shows how far a command is."""
    x: int
    y: int
    width: int
    height: int


class Screen:
    """One display with one Audacity on it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment` names the display."""
        self._environment = environment
        self._lefts: list[int] = []

    def windows(self, *kinds: str) -> list[Window]:
        """All that can be seen, or what is of these kinds; the one on top last."""
        numbers: list[str] = eventually(self._search)[0]
        windows = [window for number in numbers if (window := self._window(number))]
        return [window for window in windows if not kinds or window.kind in kinds]

    def _search(self) -> tuple[list[str]] | None:
        """The numbers of the program's windows, of which there may be none; None where the search broke off.

        It does where a window goes while it is looked at, and what it then prints is not all there is.
        """
        search = ("xdotool", "search", "--onlyvisible", "--class", _CLASS)
        done = subprocess.run(
            search, env=self._environment, check=False, capture_output=True, text=True, timeout=60
        )
        return None if "X Error" in done.stderr else (done.stdout.split(),)

    def click(self, x: int, y: int) -> None:
        self._tool("xdotool", "mousemove", str(x), str(y), "click", "1")

    def press(self, *keys: str) -> None:
        """Press keys, such as `ctrl+z`, in the dialog on top or else in the main window."""
        eventually(lambda: self._press(*keys))

    def _press(self, *keys: str) -> bool:
        on_top = self.windows("NORMAL", "DIALOG")[-1:]
        return bool(on_top) and self.press_in(on_top[0], *keys)

    def press_in(self, window: Window, *keys: str) -> bool:
        """Press keys in this window and in no other; False where it has just gone."""
        focus = ("xdotool", "windowfocus", window.number, "key", "--window", window.number)
        done = subprocess.run([*focus, *keys], env=self._environment, capture_output=True, check=False)
        return done.returncode == 0

    def message(self) -> str:
        """The text of the message box on top; waits until there is one. Enter closes it.

        Audacity's error dialogs are no such boxes: of them only the title can be read.
        """
        return eventually(self._message)

    def _message(self) -> str:
        # GTK's message boxes let their text be selected, and X11 gives the selection to anybody.
        for box in self.windows("DIALOG")[-1:]:
            x, y = str(box.x + box.width // 2), str(box.y + _TEXT_TOP)
            focus = ("xdotool", "windowfocus", box.number, "mousemove", x, y, "click", "1", "key", "ctrl+a")
            self._tool(
                *focus, may_fail=True
            )  # it may just have gone: an effect's own window was the one on top
            return self._tool(sys.executable, "-c", _SELECTION, may_fail=True).strip()
        return ""

    def picture(self, path: Path) -> Path:
        """A screenshot."""
        self._tool("import", "-window", "root", str(path))
        return path

    def click_menu(self, menus: Sequence[tuple[int, str]], *labels: str) -> None:
        """Click from menu to menu with the mouse; `menus` are (depth, label) from the top left."""
        bar = self.windows("NORMAL")[0]
        names = _below(menus, ())
        self.click(bar.x + 8, bar.y + _BAR_HEIGHT // 2)
        eventually(self._popups)
        if not self._lefts:
            self._find_left_edges(bar, len(names))
        left = bar.x + self._lefts[names.index(labels[0])]
        self._move(left + 8, bar.y + _BAR_HEIGHT // 2)
        eventually(lambda: [menu.x for menu in self._popups()] == [left])
        for depth, label in enumerate(labels[1:], 1):
            menu = eventually(lambda depth=depth: self._popups()[depth - 1 :])[-1]
            items = _below(menus, labels[:depth])
            heights = [_LINE_HEIGHT if item == _LINE else _ITEM_HEIGHT for item in items]
            assert sum(heights) == menu.height, f"the menu {labels[:depth]} is not what it is taken for"
            at = next(
                at for at, item in enumerate(items) if f"{item} ".startswith(f"{label} ")
            )  # “Undo Invert”
            self._move(menu.x + menu.width // 2, menu.y + sum(heights[:at]) + heights[at] // 2)
        self._tool("xdotool", "click", "1")  # a menu opens under the mouse; a click there may close it again

    def _popups(self) -> list[Window]:
        return self.windows("POPUP_MENU", "DROPDOWN_MENU")

    def _move(self, x: int, y: int) -> None:
        self._tool("xdotool", "mousemove", str(x), str(y))

    def _find_left_edges(self, bar: Window, count: int) -> None:
        """Where each name begins in the menu bar: there its menu opens while the mouse goes along an open one.

        A busy program may be slower than the mouse and leave one out, so that it goes along several times.
        """
        lefts: set[int] = set()
        for x in [*range(bar.x + 8, bar.x + bar.width, _STEP)] * _ROUNDS:
            if len(lefts) == count:
                break
            self._move(x, bar.y + _BAR_HEIGHT // 2)
            lefts |= {menu.x - bar.x for menu in self._popups()[:1]}
        assert len(lefts) == count, f"only {len(lefts)} menus were found"
        self._lefts = sorted(lefts)

    def _window(self, number: str) -> Window | None:
        said = self._tool("xwininfo", "-id", number, may_fail=True)
        kinds = self._tool("xprop", "-id", number, "_NET_WM_WINDOW_TYPE", may_fail=True)
        kind = re.search(r"_NET_WM_WINDOW_TYPE_(\w+)", kinds)
        title = re.search(r'Window id: \w+ "(.*)"', said)
        numbers = re.findall(r"(?:Absolute upper-left [XY]|Width|Height): +(-?\d+)", said)
        if not kind or len(numbers) != 4:  # it has just gone
            return None
        x, y, width, height = map(int, numbers)
        is_progress = kind[1] == "DIALOG" and (width, height) == _PROGRESS
        return Window(
            number, title[1] if title else "", "PROGRESS" if is_progress else kind[1], x, y, width, height
        )

    def _tool(self, *command: str, may_fail: bool = False) -> str:
        done = subprocess.run(
            command, env=self._environment, check=not may_fail, capture_output=True, text=True, timeout=60
        )
        return done.stdout


def _below(menus: Sequence[tuple[int, str]], path: Sequence[str]) -> list[str]:
    """The labels of the items in the menu at `path`."""
    here: list[str] = []
    found: list[str] = []
    for depth, label in menus:
        del here[depth:]
        if here == list(path):
            found.append(label)
        here.append(label)
    return found
