"""Our buttons in reaper-menu.ini.

A section there replaces a menu or toolbar of REAPER whole: `item_0=<command> <text>`, `item_1=…`, with `icon_<n>` and
further keys for the looks of item n. `-1` is a line, `-2 <text>` opens a submenu, `-3` closes it. What a user never
changed has no section. So a new toolbar can be made where there was none, but the menu of items is only added to where
the user has one of their own: a section with our entries alone would take REAPER's menu away.
"""

import re
from collections.abc import Iterator

from unmix_plugins.files.ini_file import IniFile, Section
from unmix_plugins.reaper.installation.actions import ACTIONS

TITLE = "Unmix"
_ITEM_MENU = "Media item context"
_TOOLBARS = tuple(f"Floating toolbar {number}" for number in range(16, 0, -1))
"""From the last, as users begin with the first. REAPER 7 has more, but not every REAPER that is in use."""
_KEY = re.compile(r"([A-Za-z]+)_([0-9]{1,6})")
_OPEN, _CLOSE = "-2", "-3"
_COMMANDS = frozenset(f"_{action.id}" for action in ACTIONS)


def with_toolbar(content: bytes) -> tuple[bytes, str]:
    """reaper-menu.ini with a toolbar of our actions, and its name; no name where all sixteen are taken.

    A file that has our buttons on some toolbar already is returned as it is, with the name of that one.
    """
    file = IniFile.parse(content)
    if place := next((name for name in places(content) if "toolbar" in name.casefold()), None):
        return content, place
    taken = {section.name.casefold() for section in file.sections()}
    name = next((name for name in _TOOLBARS if name.casefold() not in taken), "")
    if not name:
        return content, ""
    lines = [
        f"[{name}]",
        *(f"icon_{number}=text_wide" for number in range(len(ACTIONS))),
        *(f"item_{number}=_{action.id} {action.button}" for number, action in enumerate(ACTIONS)),
        f"title={TITLE}",
        "",
    ]
    # Before the others, so that the end of the user's file, which may lack an ending, stays as it is.
    first = next((section.begin for section in file.sections()), len(file.lines))
    return file.with_lines(first, lines).content, name


def with_item_menu(content: bytes) -> tuple[bytes, bool]:
    """reaper-menu.ini with a submenu in the menu of items, and whether it is there.

    It is left out where the user has no item menu of their own, or one with a gap in its numbers, of which nobody
    knows what REAPER makes.
    """
    file = IniFile.parse(content)
    section = file.section(_ITEM_MENU)
    if section is None:
        return content, False
    items = _items(file, section)
    if any(_is_ours(command) for _, command in items.values()):
        return content, True
    if not items or sorted(items) != list(range(len(items))):
        return content, False
    commands = [f"{_OPEN} {TITLE}", *(f"_{action.id} {action.title}" for action in ACTIONS), _CLOSE]
    lines = [f"item_{number}={command}" for number, command in enumerate(commands, len(items))]
    return file.with_lines(items[len(items) - 1][0] + 1, lines).content, True


def without_ours(content: bytes) -> bytes:
    """reaper-menu.ini without the toolbar and the submenu named Unmix; buttons that users placed elsewhere stay."""
    file = IniFile.parse(content)
    for name in (*_TOOLBARS, _ITEM_MENU):
        if section := file.section(name):
            file = _without_submenu(file, section) if name == _ITEM_MENU else _without_toolbar(file, section)
    return file.content


def places(content: bytes) -> Iterator[str]:
    """The sections that hold a button of ours."""
    file = IniFile.parse(content)
    for section in file.sections():
        if any(_is_ours(command) for _, command in _items(file, section).values()):
            yield section.name


def _without_toolbar(file: IniFile, section: Section) -> IniFile:
    items = _items(file, section)
    ours = {number for number, (_, command) in items.items() if _is_ours(command)}
    if not ours or file.value(section.name, "title") != TITLE.encode():
        return file
    if ours != set(items):
        return _without_items(file, section, ours)
    gone = [section.begin, *(at for at, _, _ in file.pairs(section))]
    blank = max(gone) + 1
    if blank < section.end and not file.lines[blank].strip():
        gone.append(blank)
    return file.without(gone)


def _without_submenu(file: IniFile, section: Section) -> IniFile:
    commands = {number: command for number, (_, command) in _items(file, section).items()}
    gone: set[int] = set()
    for begin, command in commands.items():
        if command == f"{_OPEN} {TITLE}":
            end = next((n for n in sorted(commands) if n > begin and commands[n] == _CLOSE), begin)
            inside = {number for number in commands if begin < number < end}
            ours = {number for number in inside if _is_ours(commands[number])}
            gone |= ours | ({begin, end} if ours and ours == inside else set())
    return _without_items(file, section, gone) if gone else file


def _without_items(file: IniFile, section: Section, gone: set[int]) -> IniFile:
    """The file without these items; those behind them move up, with all that belongs to them."""
    lines = list(file.lines)
    dropped: list[int] = []
    for at, key, _ in file.pairs(section):
        if not (found := _KEY.fullmatch(key)):
            continue
        number = int(found[2])
        if number in gone:
            dropped.append(at)
        elif ahead := sum(other < number for other in gone):
            old, new = f"{key}".encode(), f"{found[1]}_{number - ahead}".encode()
            lines[at] = lines[at].replace(old, new, 1)
    return IniFile(file.mark, tuple(lines)).without(dropped)


def _items(file: IniFile, section: Section) -> dict[int, tuple[int, str]]:
    """The line and the command, with its text, of each item."""
    return {
        int(found[2]): (at, value.decode("utf-8", "replace"))
        for at, key, value in file.pairs(section)
        if (found := _KEY.fullmatch(key)) and found[1] == "item"
    }


def _is_ours(command: str) -> bool:
    return command.split(" ", 1)[0] in _COMMANDS
