"""The script pipe's setting in audacity.cfg."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmix_plugins.audacity.installation.configuration import (
    Setting,
    is_on,
    setting_of,
    switched_on,
    time_of,
    version_of,
    with_setting,
)

WRITTEN = b"""PrefsVersion=1.1.1r1
[Version]
Major=3
Minor=2
Micro=4
[Module]
mod-ffmpeg=1
mod-script-pipe=4
[ModulePath]
mod-ffmpeg=/usr/lib/audacity/modules/mod-ffmpeg.so
mod-script-pipe=/usr/lib/audacity/modules/mod-script-pipe.so
[ModuleDateTime]
mod-script-pipe=2023-02-01T20:56:51
[GUI]
ShowSplashScreen=0
"""
ON: Setting = {
    "Module": "1",
    "ModulePath": "/usr/lib/mod-script-pipe.so",
    "ModuleDateTime": "2023-02-01T20:56:51",
}


def changed_lines(old: bytes, new: bytes) -> list[bytes]:
    assert len(old.splitlines()) == len(new.splitlines())
    return [line for before, line in zip(old.splitlines(), new.splitlines(), strict=True) if before != line]


def test_what_audacity_wrote_is_read() -> None:
    assert setting_of(WRITTEN) == {
        "Module": "4",
        "ModulePath": "/usr/lib/audacity/modules/mod-script-pipe.so",
        "ModuleDateTime": "2023-02-01T20:56:51",
    }
    assert not is_on(setting_of(WRITTEN))
    assert version_of(WRITTEN) == (3, 2, 4)
    assert version_of(b"[Version]\nMajor=3\n") == ()


def test_only_the_status_changes_where_the_rest_is_right() -> None:
    new = with_setting(WRITTEN, {**setting_of(WRITTEN), "Module": "1"})
    assert changed_lines(WRITTEN, new) == [b"mod-script-pipe=1"]
    assert is_on(setting_of(new))


def test_an_empty_file_gets_three_sections() -> None:
    assert with_setting(b"", ON) == (
        b"[Module]\nmod-script-pipe=1\n[ModulePath]\nmod-script-pipe=/usr/lib/mod-script-pipe.so\n"
        b"[ModuleDateTime]\nmod-script-pipe=2023-02-01T20:56:51\n"
    )


def test_a_last_line_without_an_end_stays_a_line_of_its_section() -> None:
    new = with_setting(b"[GUI]\nShowSplashScreen=0", ON)
    assert new.startswith(b"[GUI]\nShowSplashScreen=0\n[Module]\n")


def test_line_ends_of_windows_are_kept() -> None:
    new = with_setting(WRITTEN.replace(b"\n", b"\r\n"), ON)
    assert new.count(b"\n") == new.count(b"\r\n")
    assert setting_of(new) == ON


@pytest.mark.parametrize(
    "path",
    [
        "C:\\Program Files\\Audacity\\new\\mod-script-pipe.dll",
        " /leading blank",
        '"quoted"',
        "/Jörg/\udcff.so",
        "",
    ],
)
def test_any_path_is_read_back_as_it_was_written(path: str) -> None:
    assert setting_of(with_setting(WRITTEN, {**ON, "ModulePath": path}))["ModulePath"] == path


def test_a_path_of_windows_is_written_as_wxwidgets_does() -> None:
    new = with_setting(b"", {**ON, "ModulePath": "C:\\Audacity\\pipe.dll"})
    assert b"mod-script-pipe=C:\\\\Audacity\\\\pipe.dll\n" in new


def test_the_last_of_two_entries_counts_as_in_audacity() -> None:
    twice = b"[Module]\nmod-script-pipe=0\n[GUI]\n[module]\nMOD-SCRIPT-PIPE=4\n"
    assert setting_of(twice) == {"Module": "4"}
    assert b"MOD-SCRIPT-PIPE=1\n" in with_setting(twice, {"Module": "1"})


OTHER_LINES = st.sampled_from(
    [
        b"[GUI]\n",
        b"[Module]\n",
        b"[ModulePath]\n",
        b"mod-ffmpeg=1\n",
        b"# a remark\n",
        b"\n",
        b"Title=J\xc3\xb6rg\\n\n",
        b"odd \xff bytes\r\n",
        b"  [ModuleDateTime]\n",
    ]
)


@given(st.lists(OTHER_LINES, max_size=12).map(b"".join), st.booleans(), st.booleans())
def test_switching_on_and_back_gives_the_same_bytes(rest: bytes, has_entry: bool, says_windows: bool) -> None:
    content = rest + (b"[Module]\nmod-script-pipe = 4\n[Next]\na=b\n" if has_entry else b"")
    content = content.replace(b"\n", b"\r\n") if says_windows else content
    on = with_setting(content, ON)
    assert setting_of(on) == ON
    assert with_setting(on, ON) == on
    assert with_setting(on, setting_of(content)) == content


@pytest.fixture
def east_of_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC-05:30")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_time_of_a_module_is_local_and_whole_seconds(tmp_path: Path, east_of_greenwich: None) -> None:
    module = tmp_path / "mod-script-pipe.so"
    module.write_bytes(b"")
    os.utime(module, ns=(0, 1_675_285_011_900_000_000))
    assert time_of(module) == "2023-02-02T02:26:51"
    assert switched_on({}, module) == {
        "Module": "1",
        "ModulePath": str(module),
        "ModuleDateTime": "2023-02-02T02:26:51",
    }
