"""The setting in audacity.cfg that turns the script pipe on; every other byte of the file stays as it is.

A module is loaded when `[Module]` says 1, `[ModulePath]` is the path that Audacity finds (3.7.1 and newer correct it),
and `[ModuleDateTime]` is the file's time of change in local time. Otherwise Audacity sets it back to 4, “new”, which is
the same as off (`ModuleSettings.cpp`). The format is that of wxFileConfig.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from unmix_plugins.files.ini_file import IniFile

ENTRY = "mod-script-pipe"
STATUS, PATH, TIME = "Module", "ModulePath", "ModuleDateTime"
SECTIONS = (STATUS, PATH, TIME)
ON = "1"

Setting = Mapping[str, str | None]
"""What the sections say about the script pipe: None where a section says nothing, no key where it is not there."""

_VALUE = re.compile(rb"([^=]*=[ \t]*)(.*?)(\s*)", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"'}


def setting_of(content: bytes) -> Setting:
    """What the bytes of an audacity.cfg say about the script pipe."""
    file = IniFile.parse(content)
    found: dict[str, str | None] = {}
    for section in file.sections():
        name = next((name for name in SECTIONS if name.casefold() == section.name.casefold()), None)
        if name is None:
            continue
        values = [value for _, key, value in file.pairs(section) if key.casefold() == ENTRY]
        found[name] = _unescaped(values[-1]) if values else found.get(name)
    return found


def with_setting(content: bytes, setting: Setting) -> bytes:
    """The file's bytes when it says this; a section that `setting` lacks goes, if nothing else is in it."""
    for section in SECTIONS:
        if (value := setting.get(section)) is not None:
            content = _with_value(content, section, value)
        else:
            content = _without_value(content, section, keep_section=section in setting)
    return content


def switched_on(setting: Setting, module: Path) -> Setting:
    """The setting that has Audacity load this file, as far as it is not said already."""
    return {**setting, STATUS: ON, PATH: str(module), TIME: time_of(module)}


def is_on(setting: Setting) -> bool:
    """True where the script pipe is to be loaded, if it is the file that it was."""
    return setting.get(STATUS) == ON


def time_of(module: Path) -> str:
    """The file's time of change as Audacity writes it: local, in whole seconds."""
    moment = datetime.fromtimestamp(int(module.stat().st_mtime))  # local: what Audacity compares
    return moment.isoformat(timespec="seconds")


def version_of(content: bytes) -> tuple[int, ...]:
    """The version of the Audacity that last wrote this file, such as (3, 2, 4); empty where it does not say."""
    file = IniFile.parse(content)
    numbers = [file.value("Version", name) or b"" for name in ("Major", "Minor", "Micro")]
    return tuple(int(number) for number in numbers) if all(number.isdigit() for number in numbers) else ()


def _with_value(content: bytes, section_name: str, value: str) -> bytes:
    file = IniFile.parse(content)
    text = _escaped(value)
    sections = [found for found in file.sections() if found.name.casefold() == section_name.casefold()]
    lines = list(file.lines)
    if places := [at for found in sections for at, key, _ in file.pairs(found) if key.casefold() == ENTRY]:
        match = _VALUE.fullmatch(lines[places[-1]])
        assert match  # noqa: S101  # what `pairs` gives has this form
        lines[places[-1]] = match[1] + text + match[3]
        return file.mark + b"".join(lines)
    if lines and not lines[-1].endswith((b"\n", b"\r")):
        lines[-1] += file.newline
    entry = ENTRY.encode() + b"=" + text + file.newline
    if sections:
        lines.insert(sections[-1].begin + 1, entry)
    else:
        lines += [b"[" + section_name.encode() + b"]" + file.newline, entry]
    return file.mark + b"".join(lines)


def _without_value(content: bytes, section_name: str, *, keep_section: bool) -> bytes:
    file = IniFile.parse(content)
    gone: list[int] = []
    for section in file.sections():
        if section.name.casefold() != section_name.casefold():
            continue
        entries = [at for at, key, _ in file.pairs(section) if key.casefold() == ENTRY]
        rest = set(range(section.begin + 1, section.end)) - set(entries)
        gone += entries
        if not keep_section and not any(file.lines[at].strip() for at in rest):
            gone.append(section.begin)
    return file.without(gone).content


def _unescaped(value: bytes) -> str:
    """A value as wxFileConfig reads it (`FilterInValue`)."""
    text = value.decode("utf-8", "surrogateescape")
    if text.startswith('"'):
        text = text[1:].removesuffix('"')
    return re.sub(r"\\(.?)", lambda found: _LETTERS.get(found[1], ""), text)


def _escaped(value: str) -> bytes:
    """A value as wxFileConfig writes it (`FilterOutValue`)."""
    quotes = value[:1].isspace() or value.startswith('"')
    escapes = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"} | ({'"': '\\"'} if quotes else {})
    text = "".join(escapes.get(letter, letter) for letter in value)
    return (f'"{text}"' if quotes else text).encode("utf-8", "surrogateescape")
