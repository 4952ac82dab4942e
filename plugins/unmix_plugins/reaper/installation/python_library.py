"""The Python that REAPER loads into itself: which one it was told to, and which one this machine has for it."""

import os
import platform
import re
import struct
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unmix_plugins.files.ini_file import IniFile

_NAME = re.compile(r"(lib)?python3\.?([0-9]{1,2})(\.so[.0-9]*|\.dylib|\.dll)")
"""Not `libpython3.so` and `python3.dll`, which only pass calls on and lack what REAPER asks for."""
_OLDEST = 6
"""The scripts are written for Python 3.6 and later."""
_ELF = {3: "x86", 62: "x86_64", 183: "arm64"}
_MACH = {0x01000007: "x86_64", 0x0100000C: "arm64"}
_PE = {0x014C: "x86", 0x8664: "x86_64", 0xAA64: "arm64"}
_SAME = {"amd64": "x86_64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class PythonSettings:
    """What reaper.ini says about Python."""

    enabled: bool
    folder: str
    name: str

    @property
    def library(self) -> Path | None:
        """The library that REAPER is told to load; None where it is told nothing, and looks for one itself."""
        return Path(self.folder) / self.name if self.name else None


def python_settings(content: bytes) -> PythonSettings:
    """Read them from reaper.ini."""
    file = IniFile.parse(content)
    enabled, folder, name = (
        os.fsdecode(file.value("REAPER", key) or b"")
        for key in ("reascript", "pythonlibpath64", "pythonlibdll64")
    )
    return PythonSettings(enabled == "1", folder, name)


def usable_library() -> Path | None:
    """A Python on this machine that REAPER can load, our own first; None where all are built without a library."""
    return next((library for library in _candidates() if not library_fault(library)), None)


def library_fault(library: Path) -> str:
    """Why REAPER cannot load this file as its Python; empty when it can, as far as a look into it tells."""
    name = _NAME.fullmatch(library.name)
    is_framework = sys.platform == "darwin" and library.name == "Python"
    if not is_framework and (not name or int(name[2]) < _OLDEST):
        return f"it is not the library of a Python 3.{_OLDEST} or later"
    try:
        built_for = architectures(library)
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    machine = _SAME.get(platform.machine().lower(), platform.machine().lower())
    fitting = {machine}
    if machine == "arm64" and sys.platform in {"darwin", "win32"}:
        fitting.add(
            "x86_64"
        )  # these systems run such a REAPER as well, and nobody sees from outside which one it is
    if fitting.isdisjoint(built_for):
        return (
            f"it is built for {' and '.join(sorted(built_for)) or 'no machine known here'}, this is {machine}"
        )
    return ""


def architectures(library: Path) -> frozenset[str]:
    """The processors that an ELF, PE or Mach-O file is for; empty where it is none of them. Raises OSError."""
    with library.open("rb") as file:
        head = file.read(4096)
    try:
        return frozenset(_architectures(head))
    except struct.error:
        return frozenset()


def _architectures(head: bytes) -> Iterator[str]:
    if head.startswith(b"\x7fELF"):
        yield _ELF.get(struct.unpack_from("<H" if head[5:6] == b"\1" else ">H", head, 18)[0], "another")
    elif head.startswith(b"MZ"):
        begin = struct.unpack_from("<I", head, 0x3C)[0]
        if head[begin : begin + 4] == b"PE\0\0":
            yield _PE.get(struct.unpack_from("<H", head, begin + 4)[0], "another")
    elif head.startswith(b"\xcf\xfa\xed\xfe"):
        yield _MACH.get(struct.unpack_from("<I", head, 4)[0], "another")
    elif head.startswith(b"\xca\xfe\xba\xbe"):
        for number in range(min(16, struct.unpack_from(">I", head, 4)[0])):
            yield _MACH.get(struct.unpack_from(">I", head, 8 + 20 * number)[0], "another")


def _candidates() -> Iterator[Path]:
    base = Path(sys.base_prefix)
    major, minor = sys.version_info[:2]
    if sys.platform == "win32":
        yield base / f"python{major}{minor}.dll"
        return
    told = [Path(str(sysconfig.get_config_var(key) or "")).name for key in ("INSTSONAME", "LDLIBRARY")]
    names = [f"libpython{major}.{minor}.dylib", *told] if sys.platform == "darwin" else told
    # Where Python was moved after it was built, sysconfig still tells the old place.
    for folder in (Path(str(sysconfig.get_config_var("LIBDIR") or base)), base / "lib", base):
        yield from (folder / name for name in names if name)
    if sys.platform == "darwin":
        patterns = ["Library/Frameworks/Python.framework/Versions/3.*/lib/libpython3.*.dylib"]
    else:
        folders = ("usr/lib/*-linux-gnu", "usr/lib64", "usr/lib", "usr/local/lib")
        patterns = [f"{folder}/libpython3.*.so*" for folder in folders]
    for pattern in patterns:
        yield from sorted(Path("/").glob(pattern), reverse=True)
